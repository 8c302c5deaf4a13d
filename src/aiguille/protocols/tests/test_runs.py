"""Whole runs: state as a fold, repeats, corrections, JSON, the rehearsal."""

import io
import json
from pathlib import Path

import pytest

from aiguille.kernel.codes import Direction, EndPoint, Zone
from aiguille.protocols.accepting import Accepted, accept
from aiguille.protocols.cli import check_file, rehearse
from aiguille.protocols.events import (
    BODIES,
    Corrected,
    EventMalformed,
    SessionClosed,
    StepDone,
    StepSkipped,
    Stopped,
    StopReason,
    ZonePassed,
    event_as_json,
    event_from_json,
)
from aiguille.protocols.example import example_facts, facts_for
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.machine import describe
from aiguille.protocols.refusals import Refused
from aiguille.protocols.sources import SHIPPED
from aiguille.protocols.state import fold
from aiguille.protocols.tests.runs import MESOLIFT, NINE, ROLLER, Run, protocol_of, whole_run
from aiguille.protocols.tests.test_refusals import injecting, passing

NAMES = sorted(shipped_protocols())


@pytest.mark.parametrize("applied", ["at_home", "none"])
@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_protocol_can_be_walked_to_its_end(name: str, applied: str) -> None:
    protocol = protocol_of(name)
    log = whole_run(name, applied)
    state = fold(protocol, log)
    assert state.closed
    assert state.obstacles == ()
    assert state.available == ()
    done = set(state.latest)
    cream = {"cream_wait", "cream_off"}
    assert {step.id for step in protocol.steps} - done == (cream if applied == "none" else set())


@pytest.mark.parametrize("name", NAMES)
def test_folding_equals_accepting_step_by_step_and_survives_json(name: str) -> None:
    protocol = protocol_of(name)
    log = whole_run(name)
    state = fold(protocol, ())
    for event in log:
        answer = accept(protocol, state, event, facts_for(event.body, example_facts(at=NINE)))
        assert isinstance(answer, Accepted)
        state = answer.state
    again = [event_from_json(json.loads(json.dumps(event_as_json(event)))) for event in log]
    assert tuple(again) == log
    assert fold(protocol, again) == fold(protocol, log) == state
    assert describe(fold(protocol, again)) == describe(state)
    assert json.loads(json.dumps(describe(state))) == describe(state)


def test_a_cycle_repeats_its_steps_and_ends_where_the_protocol_says() -> None:
    run = Run.up_to(ROLLER, "passes")
    for cycle in (1, 2, 3):
        run.do(passing(), acknowledged={"density": "Cycle prévu"})
        run.do(passing(zone=Zone.NOSE), acknowledged={"density": "Cycle prévu"})
        assert run.state.cycles == {"cycle": cycle}
        assert run.state.available == ("passes",)
        run.do(StepDone(step="passes"))
        refused = run.attempt(passing())
        assert isinstance(refused, Refused)
        assert refused.guard == "already_done"
        run.do(StepDone(step="end_point", values={"end_point": EndPoint.ERYTHEMA.value}))
        run.do(StepDone(step="clean", values={"cleaned": True}))
        assert run.state.available == (("passes", "protect") if cycle < 3 else ("protect",))
    assert [(z.zone, z.passes, z.rolls) for z in run.state.totals.zones] == [
        (Zone.CHEEK, 24, 48),
        (Zone.NOSE, 24, 48),
    ]


def test_a_new_cycle_cannot_begin_once_the_skin_is_protected() -> None:
    run = Run.up_to(ROLLER, "sharps")
    refused = run.attempt(passing())
    assert isinstance(refused, Refused)
    assert refused.guard == "already_done"


def test_undo_is_a_correction_and_erases_nothing() -> None:
    run = Run.up_to(ROLLER, "passes")
    before = describe(run.state)
    run.do(passing())
    run.do(Corrected(replaces=len(run.state.log), reason="Mauvaise zone"))
    after = describe(run.state)
    assert after.pop("events") == before.pop("events") + 2  # type: ignore[operator]
    after.pop("cycles"), before.pop("cycles")
    assert after == before
    assert any(isinstance(event.body, ZonePassed) for event in run.state.log)
    run.do(Corrected(replaces=len(run.state.log) - 1, reason="C’était la bonne", body=passing()))
    assert len(run.state.passes) == 1


def test_a_correction_replaces_a_value_at_its_place() -> None:
    run = Run.up_to(ROLLER, "sharps")
    seq = run.state.passes[0].seq
    new = passing(zone=Zone.NOSE, passes=dict.fromkeys(Direction, 2))
    run.do(Corrected(replaces=seq, reason="C’était le nez", body=new))
    assert [total.zone for total in run.state.totals.zones] == [Zone.NOSE]
    assert run.state.passes[0].seq == seq


def test_a_correction_that_would_leave_a_needle_under_cream_is_refused() -> None:
    run = Run.up_to(ROLLER, "sharps")
    for step in ("cream_off", "antisepsis", "identity_consent"):
        seq = run.state.latest[step].seq
        refused = run.attempt(Corrected(replaces=seq, reason="Erreur"))
        assert isinstance(refused, Refused)
        assert refused.guard == "correction_breaks"
    opened = run.state.units[0].seq
    refused = run.attempt(Corrected(replaces=opened, reason="Erreur"))
    assert isinstance(refused, Refused)
    assert refused.guard == "correction_breaks"


def test_a_correction_after_consent_was_withdrawn_still_tells_what_happened() -> None:
    run = Run.up_to(MESOLIFT, "pain")
    seq = run.state.injections[0].seq
    body = Corrected(replaces=seq, reason="Compté deux fois", body=injecting(points=25))
    assert isinstance(run.attempt(body, consent_current=False), Accepted)


def test_timers_say_when_they_are_due_and_when_they_stopped() -> None:
    run = Run.up_to(ROLLER, "cream_off")
    cream = run.state.timer("cream")
    assert cream is not None
    assert cream.stopped_at is None
    assert (cream.due_at - cream.started_at).total_seconds() == 3600
    run.do(StepDone(step="cream_off", values={"washed_off": True}))
    stopped = run.state.timer("cream")
    assert stopped is not None
    assert stopped.stopped_at == run.at


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({}, "seq"),
        ({"seq": 1}, "at"),
        ({"seq": True, "at": "2026-03-02T09:00:00Z"}, "seq"),
        ({"seq": 1, "at": "2026-03-02T09:00:00"}, "at"),
        ({"seq": 1, "at": "soon"}, "at"),
        ({"seq": 1, "at": "2026-03-02T09:00:00Z"}, "by"),
        ({"seq": 1, "at": "2026-03-02T09:00:00Z", "by": "x"}, "type"),
        ({"seq": 1, "at": "2026-03-02T09:00:00Z", "by": "x", "type": "dance"}, "type"),
        ({"seq": 1, "at": "2026-03-02T09:00:00Z", "by": "x", "acknowledged": []}, "acknowledged"),
    ],
)
def test_a_malformed_event_names_its_key(raw: dict[str, object], field: str) -> None:
    with pytest.raises(EventMalformed) as wrong:
        event_from_json(raw)
    assert wrong.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": "ELBOW"}, "zone"),
        ({"needle_mm": 0.5}, "needle_mm"),
        ({"needle_mm": "NaN"}, "needle_mm"),
        ({"passes": {"up": 2}}, "passes"),
        ({"passes": {"vertical": "2"}}, "passes"),
        ({"colour": "blue"}, "colour"),
        ({"step": None}, "step"),
    ],
)
def test_a_malformed_pass_names_its_key(change: dict[str, object], field: str) -> None:
    good = {
        "seq": 1, "at": "2026-03-02T09:00:00Z", "by": "x", "type": "zone_passed",
        "step": "passes", "zone": "CHEEK", "side": "left", "needle_mm": "0.5",
        "passes": {"vertical": 2}, "pressure": "light",
    }  # fmt: skip
    event_from_json(good)
    with pytest.raises(EventMalformed) as wrong:
        event_from_json(good | change)
    assert wrong.value.field == field


def test_the_set_of_events_is_closed() -> None:
    assert set(BODIES) == {
        "session_begun", "step_done", "step_skipped", "unit_opened", "zone_passed",
        "injection_recorded", "stopped", "session_closed", "corrected",
    }  # fmt: skip


def rehearsed(tmp_path: Path, name: str, lines: list[object]) -> tuple[int, str]:
    events = tmp_path / "events.jsonl"
    events.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    out = io.StringIO()
    return rehearse(SHIPPED / f"{name}.toml", events, out), out.getvalue()


def test_the_commands_check_a_file_and_rehearse_a_whole_session(tmp_path: Path) -> None:
    out = io.StringIO()
    assert check_file(SHIPPED / f"{MESOLIFT}.toml", out) == 0
    assert "mesotherapy-mesolift 1.0.0 is sound" in out.getvalue()
    log = whole_run(MESOLIFT)
    code, printed = rehearsed(tmp_path, MESOLIFT, [event_as_json(event) for event in log])
    assert code == 0
    assert printed.count("\n  {") == len(log)
    assert "REFUSED" not in printed


def test_the_rehearsal_prints_every_refusal_with_its_guard(tmp_path: Path) -> None:
    log = [event_as_json(event) for event in whole_run(ROLLER)]
    lines: list[object] = [
        {"facts": {"consent_current": False}},
        log[0],
        {"facts": {"consent_current": True, "unit": {"used_for_other_patient": True}}},
        *log,
    ]
    code, printed = rehearsed(tmp_path, ROLLER, lines)
    assert code == 1
    assert "REFUSED session_begun by consent_current" in printed
    assert "REFUSED unit_opened by unit_used (open_device device)" in printed
    assert "still open: not_settled open_device" in printed


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"facts": {"moon": 1}}, "facts.moon"),
        ({"facts": {"consent_current": "yes"}}, "facts.consent_current"),
        ({"type": "dance", "at": "2026-03-02T09:00:00Z", "by": "x"}, "type"),
        ([], "line 2"),
    ],
)
def test_a_bad_rehearsal_file_names_line_and_key(tmp_path: Path, line: object, words: str) -> None:
    first = event_as_json(whole_run(ROLLER)[0])
    code, printed = rehearsed(tmp_path, ROLLER, [first, line])
    assert code == 2
    assert words in printed


def test_a_file_that_is_no_protocol_is_not_rehearsed(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('id = "x"', "utf-8")
    out = io.StringIO()
    assert check_file(path, out) == 2
    assert rehearse(path, path, out) == 2
    assert "x.toml: version: a text is needed" in out.getvalue()


def test_a_stopped_session_needs_no_end_of_the_steps_it_never_reached() -> None:
    run = Run.up_to(MESOLIFT, "injections")
    run.do(Stopped(reason=StopReason.FAINTNESS, note="Malaise vagal"))
    assert [each.step for each in run.state.obstacles] == ["antisepsis_after", "advice", "sharps"]
    refused = run.attempt(SessionClosed())
    assert isinstance(refused, Refused)
    assert refused.guard == "closing"
    assert isinstance(run.attempt(StepSkipped(step="pain", reason="Malaise")), Accepted)
