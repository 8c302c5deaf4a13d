"""Whatever is tried, in whatever order: no needle where it must not be, and nothing erased."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiguille.kernel.codes import Side, StaffRole, Zone
from aiguille.protocols.accepting import Accepted, accept
from aiguille.protocols.events import (
    Body,
    Corrected,
    Event,
    InjectionRecorded,
    SessionClosed,
    StepDone,
    StepSkipped,
    Stopped,
    StopReason,
    UnitOpened,
    ZonePassed,
)
from aiguille.protocols.example import example_facts, facts_for
from aiguille.protocols.machine import describe
from aiguille.protocols.model import Purpose
from aiguille.protocols.references import Facts
from aiguille.protocols.state import RunState, effective, fold
from aiguille.protocols.tests.runs import MESOLIFT, NINE, ROLLER, protocol_of, whole_run

NEEDLE = (ZonePassed, InjectionRecorded)
Attempt = tuple[Body, timedelta, Mapping[str, object]]
REASONABLE = settings(max_examples=80, deadline=None)


@st.composite
def attempts(draw: st.DrawFn, name: str) -> list[Attempt]:
    """Draw what somebody tries: mostly the right thing next, often something else.

    Each attempt is a body (an empty `StepDone` stands for "the next right thing", a correction of
    0 for the latest event), the time since the one before, and what is wrong with the world.
    """
    protocol = protocol_of(name)
    bodies = [event.body for event in whole_run(name)]
    steps = [step.id for step in protocol.steps]
    needles = [body for body in bodies if isinstance(body, NEEDLE)]
    anything = st.one_of(
        st.just(StepDone(step="")),
        st.sampled_from(bodies),
        st.sampled_from(needles),
        st.builds(StepSkipped, step=st.sampled_from(steps), reason=st.sampled_from(["", "Pressé"])),
        st.builds(StepDone, step=st.sampled_from(steps)),
        st.builds(
            Corrected,
            replaces=st.integers(1, 30),
            reason=st.just("Erreur"),
            body=st.one_of(st.none(), st.sampled_from(bodies)),
        ),
        st.builds(Corrected, replaces=st.integers(-3, 0), reason=st.just("Erreur")),
        st.just(SessionClosed()),
    )
    stop = st.builds(Stopped, reason=st.sampled_from(StopReason))
    mostly_right = st.integers(0, 99).flatmap(
        lambda die: stop if die == 99 else anything if die > 75 else st.just(StepDone(step=""))
    )
    worlds = st.fixed_dictionaries(
        {},
        optional={
            "consent_current": st.just(False),
            "verdict_valid": st.just(False),
            "roles": st.sampled_from(
                [frozenset[StaffRole](), frozenset({StaffRole.ASSISTANT, StaffRole.NURSE})]
            ),
            "used": st.just(True),
        },
    )
    world = st.integers(0, 7).flatmap(lambda die: worlds if die == 0 else st.just({}))
    seconds = st.sampled_from([0, 1, 29, 30, 60, 3600])
    count = draw(st.integers(10, 60))
    return [
        (
            draw(mostly_right),
            timedelta(seconds=draw(seconds)),
            draw(world),
        )
        for _ in range(count)
    ]


def next_right_thing(name: str, state: RunState, tried: Sequence[Event]) -> Body:
    """Return the first body of the whole run that the log does not hold yet."""
    held = [event.body for event in effective(tried)]
    for event in whole_run(name):
        if event.body not in held:
            return event.body
    return SessionClosed()


def live(name: str, plan: list[Attempt]) -> tuple[RunState, dict[int, Facts]]:
    """Try everything and return where it led, with the world of each accepted event."""
    protocol = protocol_of(name)
    state, at, worlds = fold(protocol, ()), NINE, dict[int, Facts]()
    for body, pause, wrong in plan:
        at += pause
        chosen = next_right_thing(name, state, state.log) if body == StepDone(step="") else body
        if isinstance(chosen, Corrected) and chosen.replaces <= 0:
            chosen = replace(chosen, replaces=len(state.log) + chosen.replaces)
        facts = facts_for(chosen, in_world(wrong))
        if facts.unit is not None and wrong.get("used"):
            facts = replace(facts, unit=replace(facts.unit, used_in_other_session=True))
        event = Event(
            seq=len(state.log) + 1,
            at=at,
            by="Dr Bruno",
            body=chosen,
            acknowledged={"limits": "Essai", "density": "Essai"},
        )
        answer = accept(protocol, state, event, facts)
        if isinstance(answer, Accepted):
            assert answer.state.log[:-1] == state.log
            state = answer.state
            worlds[event.seq] = facts
    return state, worlds


def in_world(wrong: Mapping[str, object]) -> Facts:
    facts = example_facts(at=NINE)
    roles = wrong.get("roles", facts.roles)
    assert isinstance(roles, frozenset)
    return replace(
        facts,
        roles=roles,
        consent_current="consent_current" not in wrong,
        verdict_valid="verdict_valid" not in wrong,
    )


def assert_safe(state: RunState, worlds: dict[int, Facts]) -> None:
    """Judge the list of events by itself, without the engine's own idea of its state."""
    held = effective(state.log)
    done: dict[str, Event] = {}
    opened: list[UnitOpened] = []
    for event in held:
        match event.body:
            case StepDone(step=step):
                done[step] = event
            case StepSkipped(step=step):
                found = state.protocol.step(step)
                assert found is not None
                assert found.skippable
                assert not found.safety
                assert found.purpose is None
            case UnitOpened() as unit:
                known = worlds[event.seq].unit
                assert known is not None
                assert not known.used_in_other_session
                assert unit.unit not in {each.unit for each in opened}
                opened.append(unit)
            case ZonePassed() | InjectionRecorded():
                assert worlds[event.seq].consent_current
                assert worlds[event.seq].verdict_valid
                assert StaffRole.PHYSICIAN in worlds[event.seq].roles
                cream = done["cream_on"].body
                assert isinstance(cream, StepDone)
                assert cream.values["applied"] == "none" or "cream_off" in done
                assert event.at - done["antisepsis"].at >= timedelta(seconds=30)
                assert "identity_consent" in done
                wanted = {"ROLLER"} if state.protocol.id == ROLLER else {
                    "SYRINGE", "NEEDLE", "INJECTABLE",
                }  # fmt: skip
                assert wanted <= {unit.kind.value for unit in opened}
    if state.closed:
        assert {"sharps", "advice"} <= done.keys()


@pytest.mark.parametrize("name", [ROLLER, MESOLIFT])
@REASONABLE
@given(data=st.data())
def test_no_order_of_events_brings_the_needle_where_it_must_not_be(
    name: str, data: st.DataObject
) -> None:
    state, worlds = live(name, data.draw(attempts(name)))
    assert_safe(state, worlds)


@pytest.mark.parametrize("name", [ROLLER, MESOLIFT])
@REASONABLE
@given(data=st.data())
def test_folding_the_log_gives_the_state_that_accepting_led_to(
    name: str, data: st.DataObject
) -> None:
    state, _ = live(name, data.draw(attempts(name)))
    again = fold(state.protocol, state.log)
    assert again == state
    assert describe(again) == describe(fold(state.protocol, state.log)) == describe(state)


def test_the_attempts_do_reach_the_needle_and_the_end() -> None:
    """The control: without it, the properties above could hold because nothing ever happens."""
    for name in (ROLLER, MESOLIFT):
        plan: list[Attempt] = [(StepDone(step=""), timedelta(seconds=60), {})] * 60
        state, worlds = live(name, plan)
        assert state.needle_started
        assert state.closed
        assert_safe(state, worlds)
        needle = protocol_of(name).for_purpose(Purpose.NEEDLE)[0]
        assert needle.id in state.latest


@given(zone=st.sampled_from(Zone), side=st.sampled_from(Side), points=st.integers(-5, 900))
@settings(max_examples=100, deadline=None)
def test_no_volume_beyond_its_cap_is_ever_recorded(zone: Zone, side: Side, points: int) -> None:
    log = whole_run(MESOLIFT)
    at = next(i for i, event in enumerate(log) if isinstance(event.body, InjectionRecorded))
    first = log[at].body
    assert isinstance(first, InjectionRecorded)
    protocol = protocol_of(MESOLIFT)
    state = fold(protocol, log[: at + 1])
    body = replace(first, zone=zone, side=side, points=points)
    event = replace(log[at], seq=at + 2, body=body, acknowledged={"limits": "Essai"})
    answer = accept(protocol, state, event, example_facts(at=NINE))
    if isinstance(answer, Accepted):
        assert zone in protocol.zones
        for cap in protocol.volume_caps:
            received = sum(
                total.volume_ml
                for total in answer.state.totals.zones
                if not cap.zones or total.zone in cap.zones
            )
            assert received <= cap.maximum_ml
