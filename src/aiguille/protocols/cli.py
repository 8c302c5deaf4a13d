"""`aiguille protocols check FILE` and `aiguille protocols rehearse FILE --events FILE`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from aiguille.kernel.codes import CreamCondition, LotStatus, PerformerRole, StaffRole, Zone
from aiguille.protocols.accepting import Accepted, accept
from aiguille.protocols.events import Event, EventMalformed, UnitOpened, event_from_json, instant_of
from aiguille.protocols.example import everything_allowed, example_facts, facts_for
from aiguille.protocols.machine import describe
from aiguille.protocols.model import Protocol
from aiguille.protocols.reading import read_file
from aiguille.protocols.references import Decide, Facts, PlanLimits
from aiguille.protocols.refusals import Refused
from aiguille.protocols.sources import digest_of
from aiguille.protocols.state import fold


def check_file(path: Path, out: TextIO) -> int:
    """Print every fault of a protocol file with its file and field; return 0 where it has none."""
    protocol, source = read_file(path)
    for problem in source.problems:
        print(problem, file=out)
    if protocol is None:
        return 2
    print(
        f"{path.name}: {protocol.id} {protocol.version} is sound: "
        f"{len(protocol.steps)} steps, {protocol.adoption.value}, "
        f"digest {digest_of(source.content)[:12]}",
        file=out,
    )
    return 0


def rehearse(path: Path, events_path: Path, out: TextIO, decide: Decide | None = None) -> int:
    """Run a file of events through a protocol; print the state after each and every refusal.

    The file has one JSON object a line: an event, or `{"facts": {...}}`, which changes the world
    for the lines after it (`roles`, `performer`, `consent_current`, `verdict_valid`, `act_date`,
    `phototype`, `weight_kg`, `cream_conditions`, `days_since_last`, `plan`, and `unit` with what
    stock knows beside the label). An event without `seq` takes the next number. A refused event
    does not happen. Returns 0 where all were accepted, 1 after a refusal, 2 for a bad file.
    """
    protocol, source = read_file(path)
    if protocol is None:
        for problem in source.problems:
            print(problem, file=out)
        return 2
    if decide is None:
        print("The rule book is not asked: every question is answered OK.", file=out)
    try:
        lines = list(_lines(events_path))
        return _run(protocol, lines, decide or everything_allowed, out)
    except OSError as failure:
        print(f"{events_path.name}: cannot be read: {failure.strerror}", file=out)
    except EventMalformed as wrong:
        print(f"{events_path.name}: {wrong}", file=out)
    return 2


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line, parse_float=Decimal)
        except ValueError as failure:
            raise EventMalformed(f"line {number}", f"is not JSON: {failure}") from failure
        if not isinstance(raw, dict):
            raise EventMalformed(f"line {number}", "an object is needed")
        yield number, raw


def _run(
    protocol: Protocol,
    lines: list[tuple[int, Mapping[str, object]]],
    decide: Decide,
    out: TextIO,
) -> int:
    state, refusals = fold(protocol, ()), 0
    begins_at = next((raw["at"] for _, raw in lines if "at" in raw), None)
    facts = replace(example_facts(at=instant_of(begins_at, "at")), decide=decide)
    stock: Mapping[str, Any] = {}
    for number, raw in lines:
        try:
            if "facts" in raw:
                facts, stock = _facts(facts, raw["facts"])
                continue
            event = event_from_json({"seq": len(state.log) + 1, **raw})
        except EventMalformed as wrong:
            raise EventMalformed(f"line {number}: {wrong.field}", str(wrong)) from wrong
        answer = accept(protocol, state, event, _with_stock(event, facts, stock))
        if isinstance(answer, Accepted):
            state = answer.state
            _print_state(event, answer, out)
        else:
            refusals += 1
            _print_refusal(number, event, answer, out)
    for obstacle in () if state.closed else state.obstacles:
        print(f"  still open: {obstacle.code} {obstacle.step}".rstrip(), file=out)
    return 1 if refusals else 0


def _with_stock(event: Event, facts: Facts, stock: Mapping[str, Any]) -> Facts:
    """Let stock agree to what an event opens, save for what the rehearsal says otherwise."""
    facts = facts_for(event.body, facts)
    if isinstance(event.body, UnitOpened) and facts.unit is not None:
        facts = replace(facts, unit=replace(facts.unit, **stock))
    return facts


def _facts(facts: Facts, raw: object) -> tuple[Facts, Mapping[str, Any]]:
    if not isinstance(raw, Mapping):
        raise EventMalformed("facts", "an object is needed")
    changes: dict[str, Any] = {}
    stock: dict[str, Any] = {}
    for key, value in raw.items():
        try:
            if key == "unit":
                stock = {
                    name: LotStatus(each) if name == "lot_status" else bool(each)
                    for name, each in value.items()
                    if name in {"lot_status", "used_for_other_patient", "used_in_other_session"}
                }
            else:
                changes[key] = _FACTS[key](value)
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError) as wrong:
            raise EventMalformed(f"facts.{key}", f"{value!r} is not understood") from wrong
    return replace(facts, **changes), stock


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


_FACTS: dict[str, Any] = {
    "roles": lambda value: frozenset(StaffRole(each) for each in value),
    "performer": PerformerRole,
    "consent_current": _boolean,
    "verdict_valid": _boolean,
    "act_date": date.fromisoformat,
    "phototype": lambda value: None if value is None else int(value),
    "weight_kg": _number,
    "cream_conditions": lambda value: tuple(CreamCondition(each) for each in value),
    "days_since_last": lambda value: {Zone(zone): int(days) for zone, days in value.items()},
    "plan": lambda value: PlanLimits(
        needle_mm=_number(value.get("needle_mm")),
        cycles=value.get("cycles"),
        volume_ml=_number(value.get("volume_ml")),
    ),
}


def _print_state(event: Event, answer: Accepted, out: TextIO) -> None:
    state = answer.state
    step = getattr(event.body, "step", "")
    print(f"{event.seq} {event.at.isoformat()} {event.body.type} {step}".rstrip(), file=out)
    for notice in answer.notices:
        for text in notice.messages:
            print(f"  {notice.decision.value} {notice.ask}: {text.en}", file=out)
    found = describe(state)
    shown = {key: found[key] for key in ("available", "cycles", "totals", "timers", "obstacles")}
    if state.must_stop or state.stopped or state.closed:
        shown |= {key: found[key] for key in ("must_stop", "stopped", "closed")}
    print(f"  {json.dumps(shown, ensure_ascii=False)}", file=out)


def _print_refusal(number: int, event: Event, refused: Refused, out: TextIO) -> None:
    where = " ".join(each for each in (refused.step, refused.field) if each)
    print(
        f"line {number}: REFUSED {event.body.type} by {refused.guard}"
        f"{f' ({where})' if where else ''}: {refused.text.en} / {refused.text.fr}",
        file=out,
    )
