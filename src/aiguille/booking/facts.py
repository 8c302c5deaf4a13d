"""From the tables to the scheduling engine: openings, closures and busy time, one zone at a time.

Each site has its own time zone and the engine answers for one zone, so a search over several is
answered zone by zone and merged by instant.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from aiguille.booking.models import Occupancy
from aiguille.catalogue.queries import ServiceView, for_engine
from aiguille.clinics.queries import ResourceHours, SiteView, list_sites, resources_with_hours
from aiguille.scheduling.facts import (
    Closure,
    DatedOpening,
    Facts,
    Resource,
    WeeklyOpening,
    closed_bits,
    opening_bits,
    window_for,
)
from aiguille.scheduling.services import Service
from aiguille.scheduling.timeline import TICK_SECONDS, Span, bits_of, instant_of, tick_from, tick_of
from aiguille.scheduling.wallclock import WallClock, day_of, wall_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(seconds=TICK_SECONDS)

Busy = Mapping[UUID, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Occupancy that is no obstacle: of the appointment being moved, of the browser's own hold."""

    appointment_id: UUID | None = None
    browser_hash: str = ""


@dataclass(frozen=True)
class Calendar:
    """The clinic's resources and sites, read once; facts are made from it for any span."""

    service: ServiceView
    sites: tuple[SiteView, ...]
    resources: tuple[ResourceHours, ...]

    @cached_property
    def engine_service(self) -> Service:
        """The service as the engine reads it."""
        return for_engine(self.service)

    @cached_property
    def zones(self) -> dict[str, list[SiteView]]:
        """The sites by their time zone."""
        found: dict[str, list[SiteView]] = defaultdict(list)
        for site in self.sites:
            found[site.time_zone].append(site)
        return dict(found)

    def site(self, site_id: UUID) -> SiteView | None:
        """Return an open site."""
        return next((site for site in self.sites if site.id == site_id), None)

    def name_of(self, resource_id: UUID) -> str:
        """Return a resource's name with its title, empty where it is not active any more."""
        found = next((r for r in self.resources if r.id == resource_id), None)
        return f"{found.title} {found.name}".strip() if found else ""


def read_calendar(service: ServiceView) -> Calendar:
    """Return what the service can be held with (two queries)."""
    resources = resources_with_hours()
    wanted = {(need.kind, need.skill) for need in service.needs}
    return Calendar(
        service=service,
        sites=tuple(list_sites()),
        resources=tuple(
            resource
            for resource in resources
            if any(
                resource.kind == kind and (not skill or skill in resource.skills)
                for kind, skill in wanted
            )
        ),
    )


def facts_for_dates(
    calendar: Calendar,
    *,
    at: datetime,
    first_date: date,
    last_date: date,
    site_id: UUID | None,
    ignored: Ignored,
) -> list[Facts]:
    """Return the facts of each zone for starts on these local dates (one query)."""
    spans = {
        zone: window_for(
            zone=zone,
            services=[calendar.engine_service],
            at=at,
            first_date=first_date,
            last_date=last_date,
        )
        for zone, sites in calendar.zones.items()
        if site_id is None or any(site.id == site_id for site in sites)
    }
    spans = {zone: span for zone, span in spans.items() if span.size}
    if not spans:
        return []
    hull = Span(min(s.first for s in spans.values()), max(s.end for s in spans.values()))
    busy = _busy(calendar, hull, at=at, ignored=ignored)
    return [_facts(calendar, zone, span, busy) for zone, span in spans.items()]


def facts_for_start(
    calendar: Calendar, *, site: SiteView, starts_at: datetime, at: datetime, ignored: Ignored
) -> Facts:
    """Return the facts that decide about one start at one site (one query).

    Raises:
        ValueError: `starts_at` is not a multiple of five minutes.
    """
    tick = tick_of(starts_at)
    reach = calendar.engine_service.reach
    span = Span(tick + reach.first, tick + reach.end + 1)
    return _facts(calendar, site.time_zone, span, _busy(calendar, span, at=at, ignored=ignored))


def busy_stretches_of_patient(
    patient_id: UUID, *, first: datetime, end: datetime, ignored: Ignored
) -> list[tuple[datetime, datetime]]:
    """Return when the patient is taken already (one query)."""
    rows = Occupancy.objects.filter(
        patient_id=patient_id, period__overlap=DateTimeTZRange(first, end)
    )
    if ignored.appointment_id is not None:
        rows = rows.exclude(appointment_id=ignored.appointment_id)
    return [(period.lower, period.upper) for period in rows.values_list("period", flat=True)]


def local_day(starts_at: datetime, time_zone: str) -> date:
    """Return the date that the site's walls show at an instant."""
    return starts_at.astimezone(ZoneInfo(time_zone)).date()


def _busy(calendar: Calendar, span: Span, *, at: datetime, ignored: Ignored) -> Busy:
    """Return each resource's busy ticks as intervals; holds that expired by `at` are none."""
    period = DateTimeTZRange(instant_of(span.first), instant_of(span.end))
    rows = Occupancy.objects.filter(
        Q(hold=None) | Q(hold__expires_at__gt=at),
        resource_id__in=[resource.id for resource in calendar.resources],
        period__overlap=period,
    )
    if ignored.appointment_id is not None:
        rows = rows.exclude(appointment_id=ignored.appointment_id)
    if ignored.browser_hash:
        rows = rows.exclude(hold__browser_hash=ignored.browser_hash)
    busy: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    for resource_id, held in rows.values_list("resource_id", "period"):
        busy[resource_id].append(_ticks(held.lower, held.upper))
    return busy


def _ticks(start: datetime, end: datetime) -> tuple[int, int]:
    """Return the ticks that a stretch of instants touches."""
    return (start - _EPOCH) // _TICK, tick_from(end)


def _facts(calendar: Calendar, zone: str, span: Span, busy: Busy) -> Facts:
    clock = WallClock(zone, span)
    sites = [site.id for site in calendar.zones[zone]]
    resources = []
    for hours in calendar.resources:
        opened: dict[str, int] = {}
        for site_id in sites:
            opened.update(_open_at(clock, hours, site_id))
        if opened:
            resources.append(
                Resource(
                    id=str(hours.id),
                    kind=hours.kind,
                    skills=hours.skills,
                    open=opened,
                    busy=bits_of(span, busy.get(hours.id, ())),
                )
            )
    return Facts(
        clock=clock,
        step_minutes=calendar.service.slot_step_minutes,
        sites=tuple(str(site_id) for site_id in sites),
        resources=tuple(resources),
    )


def _open_at(clock: WallClock, hours: ResourceHours, site_id: UUID) -> dict[str, int]:
    """Return the resource's open ticks at the site, by the site's id; empty where never open."""
    weekly = [o for o in hours.weekly if o.site_id == site_id]
    extra = [o for o in hours.extra if o.site_id == site_id]
    if not weekly and not extra:
        return {}
    site = str(site_id)
    closures: Iterable[Closure] = (
        Closure(wall_of(closure.start), wall_of(closure.end))
        for closure in hours.closures
        if closure.site_id in {None, site_id}
    )
    elsewhere = (_ticks(start, end) for start, end in hours.elsewhere)
    return opening_bits(
        clock=clock,
        hours=[WeeklyOpening(o.weekday, o.from_minute, o.until_minute, site) for o in weekly],
        extra=[DatedOpening(day_of(o.on), o.from_minute, o.until_minute, site) for o in extra],
        closed=closed_bits(clock, closures) | bits_of(clock.span, elsewhere),
    )
