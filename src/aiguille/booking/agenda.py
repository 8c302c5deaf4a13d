"""What an agenda draws: who and what is held when, when each is open, and what is closed why."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from aiguille.booking import facts
from aiguille.booking.models import EveryOccupancy
from aiguille.catalogue.queries import ServiceView, for_engine
from aiguille.clinics.queries import ResourceHours, SiteView
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.intervals import Interval
from aiguille.scheduling.facts import dates_span
from aiguille.scheduling.timeline import TICK_MINUTES, Span, flags_of, instant_of
from aiguille.scheduling.wallclock import WallClock, wall_of


@dataclass(frozen=True, slots=True)
class Held:
    """One stretch that a resource is held, buffers included.

    Without an appointment it is a hold: somebody is booking online right now.
    """

    resource_id: UUID
    kind: ResourceKind
    name: str
    period: Interval
    appointment_id: UUID | None


def held_stretches(
    *,
    resource_ids: Collection[UUID],
    appointment_ids: Collection[UUID],
    within: Interval,
    at: datetime,
) -> list[Held]:
    """Return what the resources, or the appointments, hold within an interval (one query).

    By start; holds that expired by `at` are none.
    """
    rows = (
        EveryOccupancy.objects.filter(
            Q(resource_id__in=resource_ids) | Q(appointment_id__in=appointment_ids),
            Q(hold=None) | Q(hold__expires_at__gt=at),
            resource__isnull=False,
            period__overlap=DateTimeTZRange(within.start, within.end),
        )
        .order_by("period", "resource_id")
        .values_list(
            "resource_id",
            "resource__kind",
            "resource__title",
            "resource__name",
            "period",
            "appointment_id",
        )
    )
    return [
        Held(
            resource_id=resource_id,
            kind=ResourceKind(kind),
            name=f"{title} {name}".strip(),
            period=Interval(period.lower, period.upper),
            appointment_id=appointment_id,
        )
        for resource_id, kind, title, name, period, appointment_id in rows
    ]


def day_of_site(day: date, *, site: SiteView) -> Interval:
    """Return the instants that the site's walls date `day`: 23, 24 or 25 hours of them."""
    span = dates_span(zone=site.time_zone, first_date=day, last_date=day)
    return Interval(instant_of(span.first), instant_of(span.end))


def open_stretches(hours: ResourceHours, *, site: SiteView, day: date) -> list[Interval]:
    """Return when a resource is open at a site on a local date, in order."""
    span = dates_span(zone=site.time_zone, first_date=day, last_date=day)
    return list(_runs(span, facts.open_ticks(hours, site=site, span=span)))


def closed_instants(
    start: datetime, end: datetime, *, site: SiteView, day: date | None = None
) -> Interval | None:
    """Return which instants, of one local date if it is given, a closure takes; None for none.

    `start` and `end` are what the site's walls show, without zone.
    """
    span = dates_span(
        zone=site.time_zone, first_date=day or start.date(), last_date=day or end.date()
    )
    first, stop = WallClock(site.time_zone, span).closed_ticks(wall_of(start), wall_of(end))
    first, stop = max(first, span.first), min(stop, span.end)
    return Interval(instant_of(first), instant_of(stop)) if first < stop else None


def without_buffers(
    held: Held, *, starts_at: datetime, ends_at: datetime, service: ServiceView | None
) -> Interval:
    """Return the part of a held stretch in which the resource is at work, its buffers left out.

    As the service says today; where it was changed since, the part within the appointment.
    """
    if service is not None:
        for need in service.needs:
            if need.kind is not held.kind:
                continue
            for run in for_engine(service).stretches[need.name]:
                busy = _after(starts_at, run.busy_from), _after(starts_at, run.busy_to)
                if busy == (held.period.start, held.period.end):
                    return Interval(
                        _after(starts_at, run.open_from), _after(starts_at, run.open_to)
                    )
    start, end = max(held.period.start, starts_at), min(held.period.end, ends_at)
    return Interval(start, end) if start < end else held.period


def _after(starts_at: datetime, ticks: int) -> datetime:
    return starts_at + timedelta(minutes=TICK_MINUTES * ticks)


def _runs(span: Span, bits: int) -> Iterator[Interval]:
    """Yield the stretches of consecutive ticks in `bits`."""
    first: int | None = None
    for tick, flag in enumerate((*flags_of(bits), 0), start=span.first):
        if flag and first is None:
            first = tick
        elif not flag and first is not None:
            yield Interval(instant_of(first), instant_of(tick))
            first = None
