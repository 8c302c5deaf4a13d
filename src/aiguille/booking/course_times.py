"""The free times of a course, read once for its whole horizon, as sets that chains are made of."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from aiguille.booking import facts
from aiguille.booking.course_chains import Group
from aiguille.booking.facts import Calendar, Ignored
from aiguille.booking.models import Occupancy
from aiguille.clinics.queries import SiteView
from aiguille.scheduling.courses import Chains
from aiguille.scheduling.facts import Facts
from aiguille.scheduling.search import find_starts
from aiguille.scheduling.starts import Starts
from aiguille.scheduling.timeline import (
    TICK_SECONDS,
    bits_of,
    instant_of,
    lowest,
    tick_from,
)
from aiguille.scheduling.wallclock import day_of

DAY_MINUTES = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(seconds=TICK_SECONDS)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asks of a course: nothing, some days, some hours, somebody, somewhere.

    No `weekdays` (0 is Monday) means any; `part_of_day` is from and until which minute a session
    may start.
    """

    first_day: date | None = None
    weekdays: frozenset[int] = frozenset()
    part_of_day: tuple[int, int] | None = None
    practitioner_id: UUID | None = None
    site_id: UUID | None = None
    same_practitioner: bool = True

    @property
    def narrows_hours(self) -> bool:
        """Tell whether some days or hours are wished for."""
        return bool(self.weekdays) or self.part_of_day is not None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A start that was chosen for a session; any practitioner will do where none is named."""

    site_id: UUID
    starts_at: datetime
    practitioner_id: UUID | None = None


class CourseTimes:
    """The free starts of a service over a course's horizon, the patient's own time left out.

    `moving` are the appointments whose time counts as free, because they may be moved.
    """

    def __init__(
        self,
        *,
        calendar: Calendar,
        patient_id: UUID,
        moving: Collection[UUID],
        first_day: date,
        last_day: date,
        site_id: UUID | None,
        at: datetime,
    ) -> None:
        self.calendar = calendar
        zones = facts.facts_for_dates(
            calendar,
            at=at,
            first_date=first_day,
            last_date=last_day,
            site_id=site_id,
            ignored=Ignored(),
        )
        held = _held_by(moving)
        self._zones = [
            _Zone(
                find_starts(
                    facts=_without(zone, held) if held else zone,
                    service=calendar.engine_service,
                    at=at,
                    first_date=first_day,
                    last_date=last_day,
                    site=str(site_id) if site_id else None,
                )
            )
            for zone in zones
        ]
        self._patient_id, self._moving = patient_id, moving
        self._ids = {str(resource.id): resource.id for resource in calendar.resources}
        self._ids |= {str(site.id): site.id for site in calendar.sites}

    def groups(self, wishes: Wishes, *, without: Iterable[tuple[date, date]] = ()) -> list[Group]:
        """Return the starts that are wished for, for each site and who could do all of a course.

        Where the same practitioner is not asked for, that is whoever is free. Days in `without`,
        both ends included, are left out.
        """
        closed = tuple(without)
        found = []
        for zone in self._zones:
            mask = self._free_of_patient(zone) & self._wished(zone, wishes)
            for first, last in closed:
                mask &= ~zone.starts.clock.dated(day_of(first), day_of(last))
            for site in zone.starts.sites:
                site_id = self._ids[site.site]
                if wishes.site_id not in {None, site_id}:
                    continue
                by: dict[UUID | None, int] = {
                    self._ids[key]: bits for key, bits in site.by_practitioner.items()
                }
                sets: dict[UUID | None, int] = {}
                if wishes.practitioner_id is not None:
                    sets[wishes.practitioner_id] = by.get(wishes.practitioner_id, 0)
                elif wishes.same_practitioner and by:
                    sets = by
                else:
                    sets[None] = site.bits
                found += [
                    Group(zone.starts.clock, zone.chains, site_id, who, bits & mask)
                    for who, bits in sets.items()
                    if bits & mask
                ]
        return found

    def first_date(
        self,
        wishes: Wishes | None,
        from_day: date,
        until: date,
        *,
        beside_patients_own: bool = False,
    ) -> date | None:
        """Return the first date with a start from one date to another, both included, or None.

        With `beside_patients_own`, also at times at which the patient is taken.
        """
        days = []
        for zone in self._zones:
            bits = zone.starts.bits
            if not beside_patients_own:
                bits &= self._free_of_patient(zone)
            if wishes is not None:
                bits &= self._wished(zone, wishes)
                bits &= self._wanted(zone, wishes)
            bits &= zone.starts.clock.dated(day_of(from_day), day_of(until))
            if bits:
                tick = zone.starts.clock.span.first + lowest(bits)
                days.append(facts.local_day(instant_of(tick), zone.starts.clock.zone))
        return min(days, default=None)

    def has(self, chosen: Chosen) -> bool:
        """Tell whether a start is free at its site, with its practitioner."""
        tick, rest = divmod(chosen.starts_at - _EPOCH, _TICK)
        if rest:
            return False
        for zone in self._zones:
            span = zone.starts.clock.span
            if not span.first <= tick < span.end:
                continue
            free = self._free_of_patient(zone)
            for site in zone.starts.sites:
                if self._ids[site.site] != chosen.site_id:
                    continue
                bits = site.bits
                if chosen.practitioner_id is not None:
                    bits = site.by_practitioner.get(str(chosen.practitioner_id), 0)
                return bool((bits & free) >> (tick - span.first) & 1)
        return False

    def site(self, site_id: UUID) -> SiteView:
        """Return a site of the calendar."""
        found = self.calendar.site(site_id)
        assert found is not None
        return found

    def _free_of_patient(self, zone: "_Zone") -> int:
        """Return the ticks of a zone at which the whole service finds the patient free."""
        if zone.of_patient is None:
            span = zone.starts.clock.span
            ticks = self.calendar.service.minutes * 60 // TICK_SECONDS
            taken = (
                ((lower - _EPOCH) // _TICK - ticks + 1, tick_from(upper))
                for lower, upper in self._patients_own
            )
            everything = (1 << span.size) - 1
            zone.of_patient = everything & ~bits_of(span, taken)
        return zone.of_patient

    @cached_property
    def _patients_own(self) -> list[tuple[datetime, datetime]]:
        """When the patient is taken, the sessions that may be moved aside (one query)."""
        spans = [zone.starts.clock.span for zone in self._zones if zone.starts.clock.span.size]
        if not spans:
            return []
        period = DateTimeTZRange(
            instant_of(min(span.first for span in spans)),
            instant_of(max(span.end for span in spans)),
        )
        rows = Occupancy.objects.filter(
            patient_id=self._patient_id, period__overlap=period
        ).exclude(appointment_id__in=self._moving)
        return [(held.lower, held.upper) for held in rows.values_list("period", flat=True)]

    def _wished(self, zone: "_Zone", wishes: Wishes) -> int:
        """Return the ticks on the weekdays and in the part of the day that are wished for."""
        clock = zone.starts.clock
        if not wishes.narrows_hours:
            return (1 << clock.span.size) - 1
        start, end = wishes.part_of_day or (0, DAY_MINUTES)
        return clock.weekly((day, start, end) for day in sorted(wishes.weekdays or range(7)))

    def _wanted(self, zone: "_Zone", wishes: Wishes) -> int:
        """Return the starts at the site and with the practitioner that are wished for."""
        bits = 0
        for site in zone.starts.sites:
            if wishes.site_id in {None, self._ids[site.site]}:
                if wishes.practitioner_id is None:
                    bits |= site.bits
                else:
                    bits |= site.by_practitioner.get(str(wishes.practitioner_id), 0)
        return bits


class _Zone:
    """The starts of the sites of one zone, and what is worked out from them once."""

    def __init__(self, starts: Starts) -> None:
        self.starts = starts
        self.chains = Chains(starts.clock)
        self.of_patient: int | None = None


def _held_by(appointment_ids: Collection[UUID]) -> dict[str, list[tuple[int, int]]]:
    """Return the ticks that appointments hold, by resource (one query, none for none)."""
    held: dict[str, list[tuple[int, int]]] = {}
    if appointment_ids:
        rows = Occupancy.objects.filter(
            Q(resource__isnull=False), appointment_id__in=appointment_ids
        ).values_list("resource_id", "period")
        for resource_id, period in rows:
            ticks = ((period.lower - _EPOCH) // _TICK, tick_from(period.upper))
            held.setdefault(str(resource_id), []).append(ticks)
    return held


def _without(zone: Facts, held: dict[str, list[tuple[int, int]]]) -> Facts:
    """Return the facts with these stretches free; nothing else can be in them."""
    span = zone.clock.span
    return replace(
        zone,
        resources=tuple(
            replace(resource, busy=resource.busy & ~bits_of(span, held[resource.id]))
            if resource.id in held
            else resource
            for resource in zone.resources
        ),
    )
