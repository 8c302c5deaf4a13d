"""A session as the demo's physicians hold it: the protocol's example run, with the clinic's units."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from aiguille.demo.courses import Menu
from aiguille.kernel.codes import EndPoint
from aiguille.protocols.events import (
    Body,
    InjectionRecorded,
    SessionBegun,
    StepDone,
    UnitOpened,
    ZonePassed,
    body_as_json,
)
from aiguille.protocols.example import example_run

_BASE = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
# The cream goes on at home two hours before the session, as the prescription says.
CREAM_ON_BEFORE = timedelta(hours=2)
_VALUES: Mapping[str, object] = {
    "antiseptic": "Antiseptique Démo Netderme",
    "views": 3,
    "pain_vas": "3",
    "erythema_cea": 2,
    "note": "Rien de nouveau depuis la consultation.",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a session: how long after its beginning, and its body."""

    after: timedelta
    body: Body


@cache
def happenings(menu: Menu) -> tuple[Happening, ...]:
    """Return what happens in a session of a course after it has begun, in order."""
    events = example_run(
        menu.protocol, begins_at=_BASE, indication=menu.indication, zones=menu.zones
    )
    return tuple(
        Happening(after=event.at - _BASE, body=_as_planned(event.body, menu))
        for event in events
        if not isinstance(event.body, SessionBegun)
    )


def as_json(
    body: Body, menu: Menu, *, begun_at: datetime, unit: str, next_day: date
) -> Mapping[str, Any]:
    """Return the body that is recorded: with the unit that is opened, and dates as they are."""
    if isinstance(body, UnitOpened):
        return {"type": body.type, "step": body.step, "field": body.field, "unit": unit}
    if isinstance(body, StepDone):
        values = {
            name: _value(name, value, menu, begun_at=begun_at, next_day=next_day)
            for name, value in body.values.items()
        }
        return body_as_json(replace(body, values=values))
    return body_as_json(body)


def _value(name: str, value: object, menu: Menu, *, begun_at: datetime, next_day: date) -> object:
    known = {
        "applied_at": (begun_at - CREAM_ON_BEFORE).isoformat(),
        "next_date": next_day.isoformat(),
        "grams": str(menu.cream_grams),
        "area_cm2": str(menu.cream_area_cm2),
        "zones": [zone.value for zone in menu.zones],
        "end_point": _end_point(menu).value,
    }
    return known.get(name, _VALUES.get(name, value))


def _as_planned(body: Body, menu: Menu) -> Body:
    if isinstance(body, ZonePassed):
        assert menu.needle_mm is not None
        return replace(body, needle_mm=menu.needle_mm, end_point=_end_point(menu))
    if isinstance(body, InjectionRecorded):
        return replace(body, angle=30, inserted_mm=Decimal("0.8"), volume_ml=Decimal("0.01"))
    return body


def _end_point(menu: Menu) -> EndPoint:
    """Return what the skin shows: redness with short needles, pin-point bleeding with long ones."""
    is_long = menu.needle_mm is not None and menu.needle_mm >= 1
    return EndPoint.PINPOINT_BLEEDING if is_long else EndPoint.ERYTHEMA


def lasts(menu: Menu) -> timedelta:
    """Return how long after its beginning a session is closed."""
    return happenings(menu)[-1].after
