"""Plain JSON of protocols and states: for the tablet's interpreter, for print and comparison."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from aiguille.kernel.numbers import exact
from aiguille.protocols.events import Body, body_as_json
from aiguille.protocols.model import Protocol
from aiguille.protocols.refusals import refusal_texts
from aiguille.protocols.state import RunState

FORMAT = 1


def compile_protocol(protocol: Protocol) -> dict[str, object]:
    """Return a protocol as a machine of plain JSON that an interpreter can run by itself.

    Everything is resolved: defaults are written out, each step names the steps before it, its
    guards and its repeat, and the texts of refusals come along. Exact numbers are strings.
    """
    machine = plain(protocol)
    assert isinstance(machine, dict)
    repeats = {step: repeat.id for repeat in protocol.repeats for step in repeat.steps}
    for step in machine["steps"]:
        step["repeat"] = repeats.get(step["id"], "")
        step["followers"] = [each.id for each in protocol.steps if step["id"] in each.after]
    return {"format": FORMAT, **machine, "refusals": plain(refusal_texts())}


def describe(state: RunState) -> dict[str, object]:
    """Return a state as plain JSON: equal states describe equally, whoever folded them."""
    return {
        "events": len(state.log),
        "available": list(state.available),
        "settled": [
            {
                "step": each.step,
                "cycle": each.cycle,
                "at": plain(each.at),
                **({"skipped": each.skipped} if each.skipped else {}),
                **({"values": plain(each.values)} if each.values else {}),
            }
            for each in state.settled
        ],
        "cycles": dict(state.cycles),
        "totals": plain(state.totals),
        "units": [plain(each.body) for each in state.units],
        "timers": plain(state.timers),
        "must_stop": state.must_stop,
        "stopped": plain(state.stopped.body) if state.stopped else None,
        "closed": state.closed is not None,
        "obstacles": plain(state.obstacles),
    }


def plain(value: object) -> object:  # noqa: PLR0911  one line for each type
    """Return any value of this engine as plain JSON; private attributes are left out."""
    match value:
        case Body():
            return body_as_json(value)
        case StrEnum():
            return value.value
        case Decimal():
            return exact(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(each) for key, each in value.items()}
        case tuple() | list() | frozenset():
            return [plain(each) for each in value]
    if is_dataclass(value):
        return {
            each.name: plain(getattr(value, each.name))
            for each in fields(value)
            if not each.name.startswith("_")
        }
    return value
