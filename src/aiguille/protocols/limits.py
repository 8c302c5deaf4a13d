"""The limits that a protocol and a plan set on passes and injections."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from decimal import Decimal

from aiguille.kernel.codes import ProductKind, Side, Zone
from aiguille.kernel.decisions import Decision
from aiguille.kernel.numbers import exact
from aiguille.kernel.text import Text
from aiguille.protocols.events import InjectionRecorded, UnitOpened, ZonePassed
from aiguille.protocols.model import PassPlan, TechniqueLimits, VolumeCap
from aiguille.protocols.references import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """A limit that an event crosses: a refusal's code, and whether a reason lets it pass."""

    code: str
    field: str
    decision: Decision
    names: Mapping[str, str | Text] = attribute(default_factory=dict)


def limits_crossed(moment: Moment) -> Iterator[Crossed]:
    """Yield the limits that a pass or an injection crosses, what cannot be so first."""
    body = moment.event.body
    if isinstance(body, ZonePassed):
        yield from _of_pass(moment, body)
    elif isinstance(body, InjectionRecorded):
        yield from _of_injection(moment, body)


def penetration_mm(body: InjectionRecorded) -> Decimal:
    """Return how deep the needle went: inserted length x sin(angle), to the hundredth."""
    inserted = body.needle_mm if body.inserted_mm is None else body.inserted_mm
    sine = Decimal(str(round(math.sin(math.radians(body.angle)), 6)))
    return (inserted * sine).quantize(Decimal("0.01"))


def _blocked(code: str, name: str, **names: str | Text) -> Crossed:
    return Crossed(code=code, field=name, decision=Decision.BLOCK, names=names)


def _warned(code: str, name: str, **names: str | Text) -> Crossed:
    return Crossed(code=code, field=name, decision=Decision.WARN, names=names)


def _of_both(
    moment: Moment, zone: Zone, needle_mm: Decimal, kind: ProductKind
) -> Iterator[Crossed]:
    if zone not in moment.state.protocol.zones:
        yield _blocked("zone", "zone", zone=zone)
    if needle_mm <= 0:
        yield _blocked("not_positive", "needle_mm")
    opened = {
        unit.needle_mm
        for unit in moment.state.bodies(UnitOpened)
        if unit.kind is kind and unit.needle_mm is not None
    }
    if opened and needle_mm not in opened:
        yield _blocked("needle_not_opened", "needle_mm", given=exact(needle_mm))
    planned = moment.facts.plan.needle_mm
    if planned is not None and needle_mm > planned:
        yield _warned("plan_needle", "needle_mm", planned=exact(planned))


def _of_pass(moment: Moment, body: ZonePassed) -> Iterator[Crossed]:
    yield from _of_both(moment, body.zone, body.needle_mm, ProductKind.ROLLER)
    if body.count <= 0:
        yield _blocked("not_positive", "passes")
    planned = moment.facts.plan.cycles
    if planned is not None and moment.state.cycle_for(moment.step) > planned:
        yield _warned("plan_cycles", "cycle", planned=str(planned))
    if plan := moment.step.passes:
        yield from _of_plan(plan, body)


def _of_plan(plan: PassPlan, body: ZonePassed) -> Iterator[Crossed]:
    made = {direction: count for direction, count in body.passes.items() if count}
    if set(made) - set(plan.directions):
        yield _blocked("direction", "passes")
    if len(made) < plan.directions_min:
        yield _warned("directions_few", "passes", minimum=str(plan.directions_min))
    for count in made.values():
        if _outside(count, plan.per_direction_min, plan.per_direction_max):
            yield _warned(
                "passes_per_direction",
                "passes",
                minimum=str(plan.per_direction_min or ""),
                maximum=str(plan.per_direction_max or ""),
            )
            break
    if _outside(body.count, plan.per_zone_min, plan.per_zone_max):
        yield _warned(
            "passes_per_zone",
            "passes",
            minimum=str(plan.per_zone_min or ""),
            maximum=str(plan.per_zone_max or ""),
        )


def _outside(count: int, minimum: int | None, maximum: int | None) -> bool:
    return (minimum is not None and count < minimum) or (maximum is not None and count > maximum)


def _of_injection(moment: Moment, body: InjectionRecorded) -> Iterator[Crossed]:
    yield from _of_both(moment, body.zone, body.needle_mm, ProductKind.NEEDLE)
    if body.points <= 0:
        yield _blocked("not_positive", "points")
    if body.volume_ml <= 0:
        yield _blocked("not_positive", "volume_ml")
    if body.inserted_mm is not None and not 0 < body.inserted_mm <= body.needle_mm:
        yield _blocked("inserted", "inserted_mm")
    limits = moment.state.protocol.technique(body.technique)
    if limits is None:
        yield _blocked("technique", "technique", given=body.technique)
    else:
        yield from _of_technique(limits, body)
    for cap in moment.state.protocol.volume_caps:
        yield from _of_cap(cap, moment, body)
    planned = moment.facts.plan.volume_ml
    if planned is not None and moment.state.totals.volume_ml + body.total_ml > planned:
        yield _warned("plan_volume", "volume_ml", planned=exact(planned))


def _of_technique(limits: TechniqueLimits, body: InjectionRecorded) -> Iterator[Crossed]:
    if not 0 < body.angle <= 90:
        yield _blocked("angle", "angle")
        return
    names: dict[str, str | Text] = {"technique": limits.label}
    depth = penetration_mm(body)
    if depth > limits.depth_max_mm:
        yield _blocked(
            "depth", "needle_mm", depth=exact(depth), maximum=exact(limits.depth_max_mm), **names
        )
    elif limits.depth_warn_mm is not None and depth > limits.depth_warn_mm:
        yield _warned(
            "depth", "needle_mm", depth=exact(depth), maximum=exact(limits.depth_warn_mm), **names
        )
    if body.volume_ml > limits.volume_max_ml:
        yield _blocked("volume", "volume_ml", maximum=exact(limits.volume_max_ml), **names)
    elif limits.volume_warn_ml is not None and body.volume_ml > limits.volume_warn_ml:
        yield _warned("volume", "volume_ml", maximum=exact(limits.volume_warn_ml), **names)
    if _outside(body.angle, limits.angle_min, limits.angle_max):
        yield _warned(
            "angle_unusual",
            "angle",
            minimum=str(limits.angle_min or ""),
            maximum=str(limits.angle_max or ""),
            **names,
        )
    if body.spacing_mm is not None and _outside(
        body.spacing_mm, limits.spacing_min_mm, limits.spacing_max_mm
    ):
        yield _warned(
            "spacing",
            "spacing_mm",
            minimum=str(limits.spacing_min_mm or ""),
            maximum=str(limits.spacing_max_mm or ""),
            **names,
        )


def _of_cap(cap: VolumeCap, moment: Moment, body: InjectionRecorded) -> Iterator[Crossed]:
    """Sum what the cap covers; a record on both sides counts as one side's, the cautious way."""
    if cap.zones and body.zone not in cap.zones:
        return
    received = sum(
        (
            each.total_ml
            for each in (*moment.state.bodies(InjectionRecorded), body)
            if (not cap.zones or each.zone in cap.zones)
            and (not cap.per_side or each.side is body.side or Side.BOTH in {each.side, body.side})
        ),
        Decimal(0),
    )
    if received > cap.maximum_ml:
        yield _blocked(
            "volume_cap", "volume_ml", received=exact(received), maximum=exact(cap.maximum_ml)
        )
