"""From the tables to the scheduling engine: openings, closures and busy time, one zone at a time.

Each site has its own time zone and the engine answers for one zone, so a search over several is
answered zone by zone and merged by instant.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from aiguille.booking.busy import busy_ticks
from aiguille.booking.models import Occupancy
from aiguille.catalogue.queries import ServiceView, for_engine, get_service
from aiguille.clinics.queries import ResourceHours, SiteView
from aiguille.clinics.setup import Setup, current_setup
from aiguille.clinics.timetable import open_bits
from aiguille.kernel.codes import ResourceKind
from aiguille.plumbing.statements import array_of
from aiguille.scheduling.facts import Facts, Openings, Resource
from aiguille.scheduling.services import Service
from aiguille.scheduling.timeline import (
    TICK_SECONDS,
    TICKS_PER_DAY,
    TICKS_PER_WEEK,
    Span,
    bits_of,
    tick_from,
    tick_of,
    weeks_of,
)
from aiguille.scheduling.wallclock import WallClock, day_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(seconds=TICK_SECONDS)


@dataclass(frozen=True, slots=True)
class Ignored:
    """Occupancy that is no obstacle: of the appointment being moved, of the browser's own hold."""

    appointment_id: UUID | None = None
    browser_hash: str = ""


# A resource, its name for the engine, and its open ticks by the name of the site.
Opened = tuple[ResourceHours, str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class _Openings:
    """When resources are open by the walls of a zone; each is reckoned once."""

    clock: WallClock
    known: dict[UUID, Mapping[str, int]]

    def of(self, hours: ResourceHours, sites: Iterable[UUID]) -> Mapping[str, int]:
        """Return the resource's open ticks by the site's name; none where it is never open."""
        if hours.id not in self.known:
            opened: dict[str, int] = {}
            for site_id in sites:
                opened.update(_open_at(self.clock, hours, site_id))
            self.known[hours.id] = Openings(opened)
        return self.known[hours.id]


@dataclass(frozen=True, slots=True)
class Needed:
    """What a search reads: every resource of the calendar, or all but the other practitioners."""

    keys: str
    practitioner_id: UUID | None

    def has(self, resource: ResourceHours) -> bool:
        """Tell whether the resource is one of them."""
        return (
            self.practitioner_id is None
            or resource.id == self.practitioner_id
            or resource.kind is not ResourceKind.PRACTITIONER
        )


@dataclass(frozen=True)
class Calendar:
    """The clinic's resources and sites, read once; facts are made from it for any span."""

    service: ServiceView
    sites: tuple[SiteView, ...]
    resources: tuple[ResourceHours, ...]
    setup: Setup = field(compare=False, repr=False)

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

    @cached_property
    def keys(self) -> dict[str, UUID]:
        """The keys of resources and sites by the names that the engine knows them by."""
        keys = [*(one.id for one in self.resources), *(site.id for site in self.sites)]
        return {str(key): key for key in keys}

    def openings(self, zone: str, span: Span) -> tuple[WallClock, list[Opened]]:
        """Return the clock of a zone and which resources are ever open in it, with their ticks."""
        of_all = self.setup.make(
            "openings", (zone, span), lambda: _Openings(WallClock(zone, span), {}), most=32
        )

        def make() -> list[Opened]:
            sites = tuple(site.id for site in self.zones[zone])
            every = ((hours, of_all.of(hours, sites)) for hours in self.resources)
            return [(hours, str(hours.id), opened) for hours, opened in every if opened]

        key = (self.service, zone, span)
        return of_all.clock, self.setup.make("openings of services", key, make, most=128)

    def needed(self, practitioner_id: UUID | None) -> Needed:
        """Return what is read to search with anybody, or with one practitioner only."""

        def make() -> Needed:
            all_of_them = Needed("", practitioner_id)
            keys = array_of(r.id for r in self.resources if all_of_them.has(r))
            return Needed(keys, practitioner_id)

        return self.setup.make("needed", (self.service, practitioner_id), make, most=256)

    def site(self, site_id: UUID) -> SiteView | None:
        """Return an open site."""
        return next((site for site in self.sites if site.id == site_id), None)

    def name_of(self, resource_id: UUID) -> str:
        """Return a resource's name with its title, empty where it is not active any more."""
        found = next((r for r in self.resources if r.id == resource_id), None)
        return f"{found.title} {found.name}".strip() if found else ""


def calendar_of(service_id: UUID) -> Calendar:
    """Return a service with what it can be held with (one query where the set-up is known already).

    Raises:
        NotInCatalogue: there is no such service.
    """
    setup = current_setup()
    return read_calendar(get_service(service_id, setup), setup)


def read_calendar(service: ServiceView, setup: Setup | None = None) -> Calendar:
    """Return what the service can be held with (one query where the set-up is known already)."""
    setup = setup or current_setup()
    sites, resources = setup.sites(), setup.resources()

    def make() -> Calendar:
        wanted = {(need.kind, need.skill) for need in service.needs}
        return Calendar(
            service=service,
            sites=tuple(site for site in sites if service.is_held_at(site.id)),
            resources=tuple(
                resource
                for resource in resources
                if any(
                    resource.kind == kind and (not skill or skill in resource.skills)
                    for kind, skill in wanted
                )
            ),
            setup=setup,
        )

    return setup.make("calendars", service, make)


def facts_for_dates(
    calendar: Calendar,
    *,
    at: datetime,
    first_date: date,
    last_date: date,
    site_id: UUID | None,
    ignored: Ignored,
    practitioner_id: UUID | None = None,
) -> list[Facts]:
    """Return the facts of each zone for starts on these local dates (one query).

    Where a practitioner is named, the others' are left out.

    They cover whole weeks, so that the openings of a week are made once for all who ask about it.
    """
    zones = [
        zone
        for zone, sites in calendar.zones.items()
        if site_id is None or any(site.id == site_id for site in sites)
    ]
    # No wall is further than a day from UTC.
    dates = Span((day_of(first_date) - 1) * TICKS_PER_DAY, (day_of(last_date) + 2) * TICKS_PER_DAY)
    starts = calendar.engine_service.start_span(at=at, within=dates)
    if not zones or not starts.size:
        return []
    reach = calendar.engine_service.reach
    span = _whole_weeks(Span(starts.first + reach.first, starts.end + reach.end))
    resources = calendar.needed(practitioner_id)
    busy = _busy(resources, span, at=at, ignored=ignored)
    return [_facts(calendar, zone, span, busy, resources) for zone in zones]


def facts_for_start(
    calendar: Calendar,
    *,
    site: SiteView,
    starts_at: datetime,
    at: datetime,
    ignored: Ignored,
    practitioner_id: UUID | None = None,
) -> Facts:
    """Return the facts that decide about one start at one site (one query).

    Where a practitioner is named, the others' are left out.

    Raises:
        ValueError: `starts_at` is not a multiple of five minutes.
    """
    tick = tick_of(starts_at)
    reach = calendar.engine_service.reach
    span = _whole_weeks(Span(tick + reach.first, tick + reach.end + 1))
    resources = calendar.needed(practitioner_id)
    busy = _busy(resources, span, at=at, ignored=ignored)
    return _facts(calendar, site.time_zone, span, busy, resources)


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


def _whole_weeks(span: Span) -> Span:
    weeks = weeks_of(span)
    return Span(weeks.start * TICKS_PER_WEEK, weeks.stop * TICKS_PER_WEEK)


def _busy(resources: Needed, span: Span, *, at: datetime, ignored: Ignored) -> Mapping[UUID, int]:
    """Return each resource's busy ticks; holds that expired by `at` are none."""
    return busy_ticks(
        resources.keys,
        weeks_of(span),
        at=at,
        moving=ignored.appointment_id,
        browser_hash=ignored.browser_hash,
    )


def _ticks(start: datetime, end: datetime) -> tuple[int, int]:
    """Return the ticks that a stretch of instants touches."""
    return (start - _EPOCH) // _TICK, tick_from(end)


def _facts(
    calendar: Calendar, zone: str, span: Span, busy: Mapping[UUID, int], resources: Needed
) -> Facts:
    """Return the facts, the ones made before where what they say is the same.

    `busy` is the same mapping until something is taken or freed; inside a transaction it is
    another each time, and nothing is kept.
    """
    key = (calendar.service, zone, span, resources.practitioner_id)
    kept: list[tuple[Mapping[UUID, int], Facts]] = calendar.setup.make("facts", key, list, most=24)
    for of, made in kept[:1]:
        if of is busy:
            return made
    clock, openings = calendar.openings(zone, span)
    facts = Facts(
        clock=clock,
        step_minutes=calendar.service.slot_step_minutes,
        sites=tuple(str(site.id) for site in calendar.zones[zone]),
        resources=tuple(
            [
                Resource(name, hours.kind, hours.skills, opened, busy.get(hours.id, 0))
                for hours, name, opened in openings
                if resources.has(hours)
            ]
        ),
    )
    if not connection.in_atomic_block:
        kept[:] = [(busy, facts)]
    return facts


def _open_at(clock: WallClock, hours: ResourceHours, site_id: UUID) -> dict[str, int]:
    """Return the resource's open ticks at the site, by the site's id; empty where never open."""
    if site_id not in {o.site_id for o in hours.weekly} | {o.site_id for o in hours.extra}:
        return {}
    elsewhere = bits_of(clock.span, (_ticks(start, end) for start, end in hours.elsewhere))
    return {str(site_id): open_bits(clock, hours, site_id, also_closed=elsewhere)}


def open_ticks(hours: ResourceHours, *, site: SiteView, span: Span) -> int:
    """Return the ticks of `span` at which the resource is open at the site."""
    return _open_at(WallClock(site.time_zone, span), hours, site.id).get(str(site.id), 0)
