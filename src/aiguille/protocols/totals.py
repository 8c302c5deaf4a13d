"""What a run adds up to, by zone and for the session."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from aiguille.kernel.codes import ProductKind, Side, Zone
from aiguille.protocols.events import InjectionRecorded, UnitOpened, ZonePassed
from aiguille.protocols.model import PassPlan, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneTotal:
    """What one zone and side received.

    `holes_per_cm2` is the estimate for a pen (needles x frequency x seconds / area), None for a
    roller, whose density is a question to the rule book, and where a figure is missing.
    """

    zone: Zone
    side: Side
    passes: int = 0
    rolls: int = 0
    holes_per_cm2: int | None = None
    points: int = 0
    volume_ml: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the session adds up to; volumes in millilitres, lidocaine in milligrams injected."""

    zones: tuple[ZoneTotal, ...]
    points: int
    volume_ml: Decimal
    lidocaine_mg: Decimal


def totals_of(
    *,
    protocol: Protocol,
    passes: Sequence[ZonePassed],
    injections: Sequence[InjectionRecorded],
    units: Sequence[UnitOpened],
) -> Totals:
    """Add up what was passed, injected and opened, zones in the order they were first treated."""
    places = dict.fromkeys([(body.zone, body.side) for body in passes])
    places |= dict.fromkeys([(body.zone, body.side) for body in injections])
    volume = sum((body.total_ml for body in injections), Decimal(0))
    return Totals(
        zones=tuple(
            _zone_total(
                protocol,
                zone,
                side,
                [p for p in passes if (p.zone, p.side) == (zone, side)],
                [i for i in injections if (i.zone, i.side) == (zone, side)],
                units,
            )
            for zone, side in places
        ),
        points=sum(body.points for body in injections),
        volume_ml=volume,
        lidocaine_mg=volume * lidocaine_mg_per_ml(units),
    )


def lidocaine_mg_per_ml(units: Sequence[UnitOpened]) -> Decimal:
    """Return the strongest concentration among the opened units: the cautious reading."""
    return max((unit.lidocaine_mg_per_ml or Decimal(0) for unit in units), default=Decimal(0))


def rolls_of(plan: PassPlan | None, count: int) -> int:
    """Return how many rolls `count` passes are: a to-and-fro is two."""
    return count * plan.rolls_per_pass if plan else 0


def _zone_total(
    protocol: Protocol,
    zone: Zone,
    side: Side,
    passes: list[ZonePassed],
    injections: list[InjectionRecorded],
    units: Sequence[UnitOpened],
) -> ZoneTotal:
    needles = next(
        (u.needles for u in reversed(units) if u.kind is ProductKind.PEN_CARTRIDGE), None
    )
    rolls = 0
    for body in passes:
        step = protocol.step(body.step)
        rolls += rolls_of(step.passes if step else None, body.count)
    return ZoneTotal(
        zone=zone,
        side=side,
        passes=sum(body.count for body in passes),
        rolls=rolls,
        holes_per_cm2=_pen_density(passes, needles),
        points=sum(body.points for body in injections),
        volume_ml=sum((body.total_ml for body in injections), Decimal(0)),
    )


def _pen_density(passes: list[ZonePassed], needles: int | None) -> int | None:
    total = Decimal(0)
    for body in passes:
        if not (needles and body.frequency_hz and body.seconds and body.area_cm2):
            return None
        total += Decimal(needles * body.frequency_hz * body.seconds) / body.area_cm2
    return int(total.to_integral_value(ROUND_HALF_UP)) if total else None
