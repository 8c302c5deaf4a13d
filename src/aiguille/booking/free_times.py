"""Free times: the engine's answers about the clinic's calendar, as pages and operations read them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import compress
from operator import attrgetter, or_
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.crypto import salted_hmac

from aiguille.booking import facts
from aiguille.booking.facts import Calendar, Ignored
from aiguille.catalogue.queries import ServiceView
from aiguille.clinics.queries import ResourceHours
from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.search import find_starts
from aiguille.scheduling.starts import SiteStarts
from aiguille.scheduling.starts import Starts as EngineStarts
from aiguille.scheduling.timeline import bits_of, flags_of, instant_of, tick_from, tick_of
from aiguille.scheduling.wallclock import date_of, day_of


@dataclass(frozen=True, slots=True, order=True)
class Start:
    """A free start at a site, with each practitioner possible (none where the service has none).

    `local` is the start as the site's walls show it, with its offset.
    """

    starts_at: datetime
    site_id: UUID
    time_zone: str
    practitioner_ids: tuple[UUID, ...]
    local: datetime = field(compare=False)

    @property
    def local_date(self) -> date:
        """Return the date at the site."""
        return self.local.date()


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A local date with its number of distinct free starts."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Choosable:
    """A site or a practitioner that a search may be narrowed to."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a search may be narrowed to, and what it is narrowed to."""

    sites: tuple[Choosable, ...]
    practitioners: tuple[Choosable, ...]
    site_id: UUID | None
    practitioner_id: UUID | None


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """A page of free times: what they are of, what narrows them, and how many there are by day.

    `starts_on` gives the times themselves, of a few days: a page shows weeks of counts, and making
    every start of them would cost more than all the rest. `times_on` leaves the practitioners out.
    """

    service: ServiceView
    sites: tuple[Choosable, ...]
    practitioners: tuple[Choosable, ...]
    time_zones: tuple[str, ...]
    site_id: UUID | None
    practitioner_id: UUID | None
    days: tuple[FreeDay, ...]
    starts_on: Callable[[Collection[date]], list[Start]]
    times_on: Callable[[Collection[date]], list[Start]]

    def site_name(self, site_id: UUID) -> str:
        """Return a site's name."""
        return next((site.name for site in self.sites if site.id == site_id), "")


def free_starts(
    *,
    service_id: UUID,
    first_day: date,
    last_day: date,
    at: datetime,
    site_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    patient_id: UUID | None = None,
    browser: str = "",
    moving: UUID | None = None,
) -> list[Start]:
    """Return every free start with a local date in `first_day` to `last_day`, both included.

    By instant, then by site; three queries where the set-up is known already, one more for a
    patient, whatever is busy. What the browser itself holds and what the appointment `moving` takes
    count as free; where a patient is named, the times at which that patient is taken do not.

    Raises:
        NotInCatalogue: there is no such service.
    """
    calendar = facts.calendar_of(service_id)
    return starts_in(
        calendar,
        first_day=first_day,
        last_day=last_day,
        at=at,
        site_id=site_id,
        practitioner_id=practitioner_id,
        patient_id=patient_id,
        ignored=Ignored(appointment_id=moving, browser_hash=hash_of(browser)),
    )


def free_times(
    *,
    service: ServiceView,
    first_day: date,
    last_day: date,
    at: datetime,
    site_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    patient_id: UUID | None = None,
    browser: str = "",
    moving: UUID | None = None,
) -> FreeTimes:
    """Return `free_starts` with what a page needs around them (three queries, four for a patient).

    A site or practitioner that cannot be chosen for the service counts as not named.
    """
    calendar = facts.read_calendar(service)
    choice = narrowed(calendar, site_id=site_id, practitioner_id=practitioner_id)
    found = Found.search(
        calendar,
        first_day=first_day,
        last_day=last_day,
        at=at,
        site_id=choice.site_id,
        practitioner_id=choice.practitioner_id,
        ignored=Ignored(appointment_id=moving, browser_hash=hash_of(browser)),
    )
    if patient_id is not None:
        found = found.without(patient_id)
    return FreeTimes(
        service=calendar.service,
        sites=choice.sites,
        practitioners=choice.practitioners,
        time_zones=tuple(calendar.zones),
        site_id=choice.site_id,
        practitioner_id=choice.practitioner_id,
        days=tuple(found.days()),
        starts_on=found.starts_on,
        times_on=found.times_on,
    )


@dataclass(frozen=True, slots=True)
class Found:
    """The free starts of a calendar as the engine's sets, zone by zone; a `Start` is made late."""

    calendar: Calendar
    ignored: Ignored
    zones: tuple[EngineStarts, ...]

    @classmethod
    def search(
        cls,
        calendar: Calendar,
        *,
        first_day: date,
        last_day: date,
        at: datetime,
        site_id: UUID | None,
        practitioner_id: UUID | None,
        ignored: Ignored,
    ) -> "Found":
        """Search every zone that has a site asked for (one query)."""
        zones = facts.facts_for_dates(
            calendar,
            at=at,
            first_date=first_day,
            last_date=last_day,
            site_id=site_id,
            ignored=ignored,
            practitioner_id=practitioner_id,
        )
        found = tuple(
            find_starts(
                facts=zone,
                service=calendar.engine_service,
                at=at,
                first_date=first_day,
                last_date=last_day,
                practitioner=str(practitioner_id) if practitioner_id else None,
                site=str(site_id) if site_id else None,
            )
            for zone in zones
        )
        return cls(calendar, ignored, found)

    def without(self, patient_id: UUID) -> "Found":
        """Return the starts at which the patient is not taken (one query)."""
        length = timedelta(minutes=self.calendar.service.minutes)
        spans = [starts.clock.span for starts in self.zones]
        if not spans:
            return self
        taken = facts.busy_stretches_of_patient(
            patient_id,
            first=instant_of(min(span.first for span in spans)),
            end=instant_of(max(span.end for span in spans)) + length,
            ignored=self.ignored,
        )
        # A start collides that comes before the end, and whose own end comes after the beginning.
        after = timedelta.resolution - length
        blocked = [(tick_from(lower + after), tick_from(upper)) for lower, upper in taken]
        return replace(
            self,
            zones=tuple(
                starts.among(~bits_of(starts.clock.span, blocked)) for starts in self.zones
            ),
        )

    def days(self) -> list[FreeDay]:
        """Return the local dates with a free start and how many each offers, in order."""
        counted: Counter[date] = Counter()
        for starts in self.zones:
            for site in starts.sites:
                for day, free in starts.clock.by_day(site.bits):
                    counted[date_of(day.day)] += free.bit_count()
        return [FreeDay(day, counted[day]) for day in sorted(counted)]

    def starts_on(self, days: Collection[date]) -> list[Start]:
        """Return the starts of these local dates, by instant, then by site."""
        return self._made(self.on(days))

    def nearest(self, wanted: datetime, count: int) -> tuple[Start, ...]:
        """Return the `count` starts nearest to an instant, by instant, then by site."""
        asked = instant_of(tick_from(wanted))
        # An instant between two ticks is nearer to one side than its tick says: two ticks more.
        more = (count + 2) * max(1, len(self.calendar.sites))
        near = self._made(
            starts.among(
                bits_of(
                    starts.clock.span,
                    (
                        (tick_of(slot.start), tick_of(slot.start) + 1)
                        for slot in starts.nearest(wanted=asked, count=more)
                    ),
                )
            )
            for starts in self.zones
        )
        near.sort(key=lambda start: abs(start.starts_at - wanted))
        return tuple(sorted(near[:count]))

    def times_on(self, days: Collection[date]) -> list[Start]:
        """Return the same without their practitioners."""
        return self._made(
            EngineStarts(
                starts.clock, tuple(SiteStarts(site.site, site.bits, {}) for site in starts.sites)
            )
            for starts in self.on(days)
        )

    def on(self, days: Collection[date]) -> list[EngineStarts]:
        """Return the engine's starts of these local dates, zone by zone."""
        wanted = [day_of(day) for day in days]
        return [
            starts.among(reduce(or_, (starts.clock.dated(day, day) for day in wanted), 0))
            for starts in self.zones
        ]

    def starts(self) -> list[Start]:
        """Return every start, by instant, then by site."""
        return self._made(self.zones)

    def _made(self, sets: Iterable[EngineStarts]) -> list[Start]:
        keys = self.calendar.keys
        made: list[Start] = []
        for starts in sets:
            zone = starts.clock.zone
            wall = ZoneInfo(zone)
            who = {s.site: [keys[name] for name in s.practitioners] for s in starts.sites}
            for tick, site, practitioners in starts.rows():
                instant = instant_of(tick)
                made.append(
                    Start(
                        instant,
                        keys[site],
                        zone,
                        tuple(compress(who[site], flags_of(practitioners))),
                        instant.astimezone(wall),
                    )
                )
        made.sort(key=attrgetter("starts_at", "site_id"))
        return made


def narrowed(calendar: Calendar, *, site_id: UUID | None, practitioner_id: UUID | None) -> Narrowed:
    """Return what can be chosen; a site or practitioner that cannot be counts as not named."""
    keep = calendar.setup.make
    sites = keep("choosable sites", calendar.service, lambda: _choosable_sites(calendar))
    site_id = site_id if site_id in {site.id for site in sites} else None
    doctors = keep(
        "choosable practitioners",
        (calendar.service, site_id),
        lambda: _choosable_practitioners(calendar, site_id),
    )
    known = practitioner_id in {doctor.id for doctor in doctors}
    return Narrowed(sites, doctors, site_id, practitioner_id if known else None)


def _choosable_sites(calendar: Calendar) -> tuple[Choosable, ...]:
    return tuple(
        Choosable(site.id, f"{site.city}, {site.street}")
        for site in calendar.sites
        if _has_practitioner(calendar, site.id)
    )


def _choosable_practitioners(calendar: Calendar, site_id: UUID | None) -> tuple[Choosable, ...]:
    doctors = [
        resource
        for resource in calendar.resources
        if resource.kind is ResourceKind.PRACTITIONER
        and (site_id is None or site_id in _sites_of(resource))
    ]
    return tuple(
        Choosable(doctor.id, f"{doctor.title} {doctor.name}".strip())
        for doctor in sorted(doctors, key=lambda doctor: doctor.name)
    )


def _has_practitioner(calendar: Calendar, site_id: UUID) -> bool:
    """Tell whether the service may take place at the site at all, as far as practitioners go."""
    if not calendar.service.has_practitioner:
        return True
    return any(
        site_id in _sites_of(resource)
        for resource in calendar.resources
        if resource.kind is ResourceKind.PRACTITIONER
    )


def _sites_of(resource: ResourceHours) -> set[UUID]:
    return {one.site_id for one in resource.weekly} | {one.site_id for one in resource.extra}


def starts_in(
    calendar: Calendar,
    *,
    first_day: date,
    last_day: date,
    at: datetime,
    site_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    patient_id: UUID | None = None,
    ignored: Ignored = Ignored(),  # noqa: B008 -- frozen, and made once
) -> list[Start]:
    """Return free starts of a calendar that is read already (one or two queries)."""
    found = Found.search(
        calendar,
        first_day=first_day,
        last_day=last_day,
        at=at,
        site_id=site_id,
        practitioner_id=practitioner_id,
        ignored=ignored,
    )
    return (found if patient_id is None else found.without(patient_id)).starts()


def first_free_days(
    *,
    service_id: UUID,
    first_day: date,
    at: datetime,
    days: int = 42,
    site_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    patient_id: UUID | None = None,
) -> list[FreeDay]:
    """Return the dates with a free start among the `days` from `first_day` on, in order."""
    found = Found.search(
        facts.calendar_of(service_id),
        first_day=first_day,
        last_day=first_day + timedelta(days=days - 1),
        at=at,
        site_id=site_id,
        practitioner_id=practitioner_id,
        ignored=Ignored(),
    )
    return (found if patient_id is None else found.without(patient_id)).days()


def nearest_starts(
    calendar: Calendar,
    *,
    wanted: datetime,
    day: date,
    at: datetime,
    site_id: UUID | None,
    practitioner_id: UUID | None,
    patient_id: UUID | None,
    ignored: Ignored,
    count: int = 3,
) -> tuple[Start, ...]:
    """Return the free starts nearest to `wanted`, within a week, else within ten weeks, in order.

    The practitioner asked for is kept where possible.
    """
    for reach, who in ((7, practitioner_id), (70, practitioner_id), (70, None)):
        found = Found.search(
            calendar,
            first_day=day - timedelta(days=reach),
            last_day=day + timedelta(days=reach),
            at=at,
            site_id=site_id,
            practitioner_id=who,
            ignored=ignored,
        )
        if patient_id is not None:
            found = found.without(patient_id)
        if near := found.nearest(wanted, count):
            return near
    return ()


def hash_of(browser: str) -> str:
    """Return under what a browser's secret is kept; nothing for no browser."""
    return salted_hmac("booking.hold", browser, algorithm="sha256").hexdigest() if browser else ""
