"""A rehearsal: a file of events run through a protocol, in a world that the file may change."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiguille.kernel.codes import CreamCondition, LotStatus, PerformerRole, StaffRole, Zone
from aiguille.protocols.accepting import Accepted, accept
from aiguille.protocols.events import (
    Event,
    EventMalformed,
    UnitOpened,
    event_as_json,
    event_from_json,
    instant_of,
)
from aiguille.protocols.example import example_facts, facts_for
from aiguille.protocols.machine import compile_protocol, describe, plain
from aiguille.protocols.model import Protocol
from aiguille.protocols.references import Decide, Facts, PlanLimits, RuleAnswer
from aiguille.protocols.refusals import Refused
from aiguille.protocols.state import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What became of one event: the line it stood on, the world around it, the answer.

    `asked` holds what the rule book was asked on the way, by `question_key`.
    """

    line: int
    event: Event
    facts: Facts
    asked: Mapping[str, RuleAnswer]
    answer: Accepted | Refused


def read_lines(path: Path) -> list[tuple[int, Mapping[str, object]]]:
    """Return the objects of a file with one a line, by the number of the line.

    Raises:
        EventMalformed: a line is no JSON object.
        OSError: the file cannot be read.
    """
    return list(_lines(path))


def rehearsed(
    protocol: Protocol, lines: list[tuple[int, Mapping[str, object]]], decide: Decide
) -> Iterator[Rehearsed]:
    """Yield what becomes of each event; a refused event does not happen.

    Raises:
        EventMalformed: a line is neither an event nor facts; it names the line and the key.
    """
    state = fold(protocol, ())
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
        asked: dict[str, RuleAnswer] = {}
        world = _with_stock(event, replace(facts, decide=_heard(facts.decide, asked)), stock)
        answer = accept(protocol, state, event, world)
        if isinstance(answer, Accepted):
            state = answer.state
        yield Rehearsed(line=number, event=event, facts=world, asked=asked, answer=answer)


def question_key(question: Mapping[str, object]) -> str:
    """Return a question of the rule book as a key, whatever the order of its facts."""
    return json.dumps(
        {name: plain(value) for name, value in question.items()},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )


def as_json(protocol: Protocol, rows: Iterator[Rehearsed]) -> dict[str, object]:
    """Return a rehearsal whole: the compiled protocol, and each event with world and answer.

    Another interpreter agrees with this one where it gives each event the same answer.
    """
    return {
        "machine": compile_protocol(protocol),
        "rows": [
            {
                "line": row.line,
                "event": event_as_json(row.event),
                "world": world_as_json(row.facts),
                "asked": {key: plain(answer) for key, answer in row.asked.items()},
                "answer": answer_as_json(row.answer),
            }
            for row in rows
        ],
    }


def world_as_json(facts: Facts) -> dict[str, object]:
    """Return a world as plain JSON, without the rule book."""
    return {
        "roles": sorted(facts.roles),
        "performer": facts.performer.value,
        "consent_current": facts.consent_current,
        "verdict_valid": facts.verdict_valid,
        "act_date": facts.act_date.isoformat(),
        "phototype": facts.phototype,
        "weight_kg": plain(facts.weight_kg),
        "cream_conditions": plain(facts.cream_conditions),
        "days_since_last": plain(facts.days_since_last),
        "unit": plain(facts.unit),
        "plan": plain(facts.plan),
    }


def answer_as_json(answer: Accepted | Refused) -> dict[str, object]:
    """Return an answer as plain JSON: the state after the event, or the refusal."""
    if isinstance(answer, Refused):
        return {"refused": plain(answer)}
    return {"accepted": describe(answer.state), "notices": plain(answer.notices)}


def _heard(decide: Decide, asked: dict[str, RuleAnswer]) -> Decide:
    """Return `decide` that notes what it was asked."""

    def listen(question: Mapping[str, object]) -> RuleAnswer:
        answer = decide(question)
        asked[question_key(question)] = answer
        return answer

    return listen


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
