"""The commands `aiguille protocols check`, `rehearse` and `export`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from aiguille.protocols.accepting import Accepted
from aiguille.protocols.events import Event, EventMalformed
from aiguille.protocols.example import everything_allowed
from aiguille.protocols.fhir import plan_definition
from aiguille.protocols.machine import describe
from aiguille.protocols.model import Protocol
from aiguille.protocols.reading import read_file
from aiguille.protocols.references import Decide
from aiguille.protocols.refusals import Refused
from aiguille.protocols.rehearsal import as_json, read_lines, rehearsed
from aiguille.protocols.sources import digest_of
from aiguille.protocols.state import fold

Lines = list[tuple[int, Mapping[str, object]]]


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


def rehearse(
    path: Path,
    events_path: Path,
    out: TextIO,
    decide: Decide | None = None,
    *,
    is_json: bool = False,
) -> int:
    """Run a file of events through a protocol; print the state after each and every refusal.

    The file has one JSON object a line: an event, or `{"facts": {...}}`, which changes the world
    for the lines after it (`roles`, `performer`, `consent_current`, `verdict_valid`, `act_date`,
    `phototype`, `weight_kg`, `cream_conditions`, `days_since_last`, `plan`, and `unit` with what
    stock knows beside the label). An event without `seq` takes the next number. A refused event
    does not happen. With `is_json`, one object holds the compiled protocol and each event with
    its world and answer, for another interpreter to compare. Returns 0 where all were accepted,
    1 after a refusal, 2 for a bad file.
    """
    protocol, source = read_file(path)
    if protocol is None:
        for problem in source.problems:
            print(problem, file=out)
        return 2
    if decide is None and not is_json:
        print("The rule book is not asked: every question is answered OK.", file=out)
    try:
        lines = read_lines(events_path)
        if is_json:
            return _print_json(protocol, lines, decide or everything_allowed, out)
        return _print_run(protocol, lines, decide or everything_allowed, out)
    except OSError as failure:
        print(f"{events_path.name}: cannot be read: {failure.strerror}", file=out)
    except EventMalformed as wrong:
        print(f"{events_path.name}: {wrong}", file=out)
    return 2


def export(path: Path, out: TextIO, *, citations: Mapping[str, str]) -> int:
    """Print a protocol as a FHIR PlanDefinition, `citations` giving each source its words.

    Returns 0, or 2 for a file with faults, which are printed instead.
    """
    protocol, source = read_file(path)
    if protocol is None:
        for problem in source.problems:
            print(problem, file=out)
        return 2
    resource = plan_definition(protocol, citations=citations)
    print(json.dumps(resource, ensure_ascii=False, indent=2), file=out)
    return 0


def _print_json(protocol: Protocol, lines: Lines, decide: Decide, out: TextIO) -> int:
    rows = list(rehearsed(protocol, lines, decide))
    json.dump(as_json(protocol, iter(rows)), out, ensure_ascii=False)
    print(file=out)
    return 1 if any(isinstance(row.answer, Refused) for row in rows) else 0


def _print_run(protocol: Protocol, lines: Lines, decide: Decide, out: TextIO) -> int:
    state, refusals = fold(protocol, ()), 0
    for row in rehearsed(protocol, lines, decide):
        if isinstance(row.answer, Accepted):
            state = row.answer.state
            _print_state(row.event, row.answer, out)
        else:
            refusals += 1
            _print_refusal(row.line, row.event, row.answer, out)
    for obstacle in () if state.closed else state.obstacles:
        print(f"  still open: {obstacle.code} {obstacle.step}".rstrip(), file=out)
    return 1 if refusals else 0


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
