"""What happened without a network is admitted, and what the world says against it is kept."""

from dataclasses import replace

import pytest

from aiguille.kernel.codes import LotStatus, StaffRole
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.protocols.accepting import Accepted, Admitted, accept, admit
from aiguille.protocols.events import Event, StepDone, UnitOpened, ZonePassed
from aiguille.protocols.example import example_facts, facts_for
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.machine import describe
from aiguille.protocols.references import Facts, RuleAnswer
from aiguille.protocols.refusals import Refused
from aiguille.protocols.state import fold
from aiguille.protocols.tests.runs import MESOLIFT, NINE, ROLLER, Run, protocol_of, whole_run

NAMES = sorted(shipped_protocols())


def everything_blocked(_question: object) -> RuleAnswer:
    return RuleAnswer(decision=Decision.BLOCK, messages=(Text(fr="Non.", en="No."),), rules=("X",))


def hostile(facts: Facts) -> Facts:
    """Return a world where everything that can be asked is against the event."""
    unit = facts.unit and replace(
        facts.unit, used_for_other_patient=True, lot_status=LotStatus.RECALLED
    )
    return replace(
        facts,
        roles=frozenset({StaffRole.FRONT_DESK}),
        consent_current=False,
        verdict_valid=False,
        decide=everything_blocked,
        unit=unit,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_session_is_admitted_in_the_worst_of_worlds_and_folds_alike(name: str) -> None:
    protocol, log = protocol_of(name), whole_run(name)
    state, concerned = fold(protocol, log[:1]), 0
    for event in log[1:-1]:
        world = hostile(facts_for(event.body, example_facts(at=NINE)))
        refused = accept(protocol, state, event, world)
        assert isinstance(refused, Refused), event.body.type  # the guards are not asleep
        answer = admit(protocol, state, event, world)
        assert isinstance(answer, Admitted), answer
        assert answer.concerns
        assert answer.concerns[0].guard == refused.guard
        concerned += len(answer.concerns)
        state = answer.state
    assert describe(state) == describe(fold(protocol, log[:-1]))
    assert concerned > len(log)


@pytest.mark.parametrize("name", NAMES)
def test_in_a_world_without_objection_it_is_accepting(name: str) -> None:
    protocol, state = protocol_of(name), fold(protocol_of(name), ())
    for event in whole_run(name):
        world = facts_for(event.body, example_facts(at=NINE))
        accepted, admitted = (
            accept(protocol, state, event, world),
            admit(protocol, state, event, world),
        )
        assert isinstance(accepted, Accepted)
        assert admitted == Admitted(state=accepted.state)
        state = accepted.state


def test_a_unit_that_stock_does_not_know_is_a_concern() -> None:
    log = whole_run(ROLLER)
    place = next(at for at, event in enumerate(log) if isinstance(event.body, UnitOpened))
    protocol = protocol_of(ROLLER)
    answer = admit(protocol, fold(protocol, log[:place]), log[place], example_facts(at=NINE))
    assert isinstance(answer, Admitted)
    assert [concern.guard for concern in answer.concerns] == ["unit_unknown"]


@pytest.mark.parametrize(
    ("change", "guard"),
    [
        ({"seq": 99}, "sequence"),
        ({"by": " "}, "author_missing"),
        ({"at": NINE.replace(year=2020)}, "time_backwards"),
        ({"body": StepDone(step="nowhere")}, "step_unknown"),
        ({"body": StepDone(step="protect")}, "step_done"),
    ],
)
def test_what_makes_no_sense_in_the_list_is_refused(change: dict[str, object], guard: str) -> None:
    run = Run.up_to(ROLLER, "passes")
    event = Event(seq=len(run.state.log) + 1, at=run.at, by=run.by, body=StepDone(step="passes"))
    refused = admit(run.protocol, run.state, replace(event, **change), hostile(run.facts))  # type: ignore[arg-type]
    assert isinstance(refused, Refused)
    assert refused.guard == guard


@pytest.mark.parametrize("name", [ROLLER, MESOLIFT])
def test_the_limits_that_the_tablet_knew_still_hold(name: str) -> None:
    log = whole_run(name)
    place = next(
        at
        for at, event in enumerate(log)
        if hasattr(event.body, "needle_mm") and not isinstance(event.body, UnitOpened)
    )
    protocol = protocol_of(name)
    body = log[place].body
    wrong = (
        replace(body, passes=dict.fromkeys(body.passes, 0))
        if isinstance(body, ZonePassed)
        else replace(body, points=0)  # type: ignore[type-var]
    )
    event = replace(log[place], body=wrong)
    refused = admit(protocol, fold(protocol, log[:place]), event, example_facts(at=NINE))
    assert isinstance(refused, Refused)
    assert refused.guard == "not_positive"
