"""Appointments that what they hold does not bear any more, and times to which they could move.

Hours change, people leave, rooms close: an appointment that stands keeps its time, and nothing
moves by itself. It is displaced when something that it holds is not active any more, lacks the
skill that the service asks for, or is not open over the part of the appointment that needs it.
What an external calendar says displaces nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aiguille.booking import facts
from aiguille.booking.facts import Ignored
from aiguille.booking.free_times import Start, starts_in
from aiguille.booking.gate import session_terms
from aiguille.booking.models import AHEAD_STATES, Occupancy
from aiguille.booking.queries import AppointmentView, appointments_named
from aiguille.booking.rules import CHANGE_LIMIT
from aiguille.catalogue.queries import ServiceView, for_engine, get_service, list_all_services
from aiguille.clinics.queries import ResourceHours, resources_with_hours
from aiguille.clinics.timetable import open_bits
from aiguille.kernel.codes import ResourceKind, ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.intervals import Interval, merge
from aiguille.scheduling.services import Need, Service, Stretch
from aiguille.scheduling.timeline import TICK_MINUTES, Span, between, tick_from, tick_of
from aiguille.scheduling.wallclock import WallClock

PROPOSALS = 3
_APART = timedelta(hours=3)
# As long ahead as a patient may change an appointment alone: a message must have time to be read.
_SOONEST = CHANGE_LIMIT
_MOST_DAYS_ASKED = 8
# How far from its day an appointment is looked for a place, in days, and with its own practitioner.
_REACHES = ((7, True), (42, True), (42, False))
_DAYS_AHEAD = timedelta(days=1)


class Why(StrEnum):
    """Why something that is held does not bear its appointment any more."""

    INACTIVE = "INACTIVE"
    UNSKILLED = "UNSKILLED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something held that does not bear its appointment, and why."""

    resource_id: UUID
    kind: ResourceKind
    name: str
    why: Why


@dataclass(frozen=True, slots=True)
class Displaced:
    """An appointment ahead with what does not bear it any more."""

    appointment: AppointmentView
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A free start for a displaced appointment.

    `is_unseen` tells that the patient would see no difference: same time, same practitioner.
    """

    start: Start
    practitioner_id: UUID | None
    practitioner_name: str
    is_unseen: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """What one appointment holds of one resource."""

    appointment_id: UUID
    service_id: UUID
    site_id: UUID
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    resource_id: UUID
    kind: ResourceKind
    name: str
    skills: frozenset[str]
    is_active: bool
    periods: tuple[Interval, ...]


def list_displaced(
    *, first_day: date, last_day: date | None, at: datetime, site_id: UUID | None = None
) -> list[Displaced]:
    """Return the displaced appointments ahead with a local date in these days, by start.

    Both days are included; no `last_day` is no end. At most four queries, whatever there is.
    """
    held = _held(first_day=first_day, last_day=last_day, at=at, site_id=site_id)
    if not held:
        return []
    services = {service.id: service for service in list_all_services()}
    hours = {resource.id: resource for resource in resources_with_hours()}
    engine = {service_id: for_engine(services[service_id]) for service_id in _ids(held)}
    opened = _Opened(hours, held)
    faults: dict[UUID, list[Fault]] = defaultdict(list)
    for each in held:
        why = _why(each, engine[each.service_id], opened)
        if why is not None:
            faults[each.appointment_id].append(Fault(each.resource_id, each.kind, each.name, why))
    if not faults:
        return []
    return [
        Displaced(view, tuple(sorted(faults[view.id], key=lambda fault: (fault.kind, fault.name))))
        for view in appointments_named(list(faults))
    ]


def all_displaced(*, at: datetime, site_id: UUID | None = None) -> list[Displaced]:
    """Return every displaced appointment ahead, by start (at most four queries)."""
    # The walls of a site may be a day behind UTC.
    return list_displaced(first_day=at.date() - _DAYS_AHEAD, last_day=None, at=at, site_id=site_id)


def propose(appointment: AppointmentView, *, at: datetime) -> tuple[Proposal, ...]:
    """Return a few free starts to which an appointment may be moved, the nearest first.

    None is so soon that the patient might not read the message; who calls finds others by hand.
    The site stays, and the practitioner where one of theirs is free within six weeks. A session is
    proposed on days that its verdict, its plan's interval and the answers allow.
    """
    service = get_service(appointment.service_id)
    calendar = facts.read_calendar(service)
    ignored = Ignored(appointment_id=appointment.id)
    there = {resource.id for resource in calendar.resources}
    allowed: dict[date, bool] = {}
    for days, keeps_practitioner in _REACHES:
        who = appointment.practitioner_id if keeps_practitioner else None
        if keeps_practitioner and who not in there and who is not None:
            continue
        starts = starts_in(
            calendar,
            first_day=appointment.local_date - timedelta(days=days),
            last_day=appointment.local_date + timedelta(days=days),
            at=at,
            site_id=appointment.site_id,
            practitioner_id=who,
            patient_id=appointment.patient_id,
            ignored=ignored,
        )
        starts = [start for start in starts if start.starts_at >= at + _SOONEST]
        chosen = _nearest(appointment, service, starts, allowed)
        if chosen:
            return tuple(_proposal(appointment, start, calendar) for start in chosen)
    return ()


# --- Whether something bears its appointment ------------------------------------------------------


class _Opened:
    """When what is held is open by the clinic's set-up, over the stretch of time concerned."""

    def __init__(self, hours: dict[UUID, ResourceHours], held: Sequence[_Held]) -> None:
        self.hours = hours
        self.span = Span(
            min(tick_of(each.starts_at) for each in held),
            max(tick_from(each.ends_at) for each in held),
        )
        self.clocks: dict[str, WallClock] = {}
        self.bits: dict[tuple[UUID, UUID], int] = {}

    def is_open(self, held: _Held, first: int, end: int) -> bool:
        """Tell whether the resource is open at the appointment's site from a tick up to another."""
        key = (held.resource_id, held.site_id)
        if key not in self.bits:
            if held.time_zone not in self.clocks:
                self.clocks[held.time_zone] = WallClock(held.time_zone, self.span)
            self.bits[key] = open_bits(
                self.clocks[held.time_zone], self.hours[held.resource_id], held.site_id
            )
        asked = between(self.span, first, end)
        return self.bits[key] & asked == asked


def _why(held: _Held, service: Service, opened: _Opened) -> Why | None:
    if not held.is_active or held.resource_id not in opened.hours:
        return Why.INACTIVE
    needs = _needs_of(held, service)
    if needs and not any(need.skill is None or need.skill in held.skills for need in needs):
        return Why.UNSKILLED
    begin = tick_of(held.starts_at)
    for first, end in _open_parts(held, service, needs):
        if not opened.is_open(held, begin + first, begin + end):
            return Why.CLOSED
    return None


def _needs_of(held: _Held, service: Service) -> list[Need]:
    """Return the needs of the service that the resource may have been taken for.

    Those of its kind which hold exactly what is held; where the service was changed since, those
    of its kind.
    """
    of_kind = [need for need in service.needs if need.kind == held.kind]
    exact = [need for need in of_kind if _taken(held, service.stretches[need.name]) == held.periods]
    return exact or of_kind


def _taken(held: _Held, stretches: Iterable[Stretch]) -> tuple[Interval, ...]:
    tick = timedelta(minutes=TICK_MINUTES)
    return tuple(
        merge(
            Interval(held.starts_at + s.busy_from * tick, held.starts_at + s.busy_to * tick)
            for s in stretches
        )
    )


def _open_parts(held: _Held, service: Service, needs: Sequence[Need]) -> list[tuple[int, int]]:
    """Return the ticks, counted from the start, at which the resource must be open.

    Buffers need no opening. Where the service was changed since, all that is held between the
    appointment's start and its end counts.
    """
    exact = [need for need in needs if _taken(held, service.stretches[need.name]) == held.periods]
    if exact:
        return [(s.open_from, s.open_to) for s in service.stretches[exact[0].name]]
    begin = tick_of(held.starts_at)
    inside = (
        (max(period.start, held.starts_at), min(period.end, held.ends_at))
        for period in held.periods
    )
    return [(tick_of(s) - begin, tick_from(e) - begin) for s, e in inside if s < e]


def _held(
    *, first_day: date, last_day: date | None, at: datetime, site_id: UUID | None
) -> list[_Held]:
    rows = Occupancy.objects.filter(
        appointment__state__in=AHEAD_STATES,
        appointment__starts_at__gt=at,
        appointment__local_date__gte=first_day,
        resource__isnull=False,
        period__endswith__gt=at,
    )
    if last_day is not None:
        rows = rows.filter(appointment__local_date__lte=last_day)
    if site_id is not None:
        rows = rows.filter(appointment__site_id=site_id)
    periods: dict[tuple[UUID, UUID], list[Interval]] = defaultdict(list)
    known = {}
    for row in rows.values(
        "appointment_id",
        "appointment__service_id",
        "appointment__site_id",
        "appointment__time_zone",
        "appointment__starts_at",
        "appointment__ends_at",
        "resource_id",
        "resource__kind",
        "resource__title",
        "resource__name",
        "resource__skills",
        "resource__is_active",
        "period",
    ):
        key = (row["appointment_id"], row["resource_id"])
        periods[key].append(Interval(row["period"].lower, row["period"].upper))
        known[key] = row
    return [
        _Held(
            appointment_id=row["appointment_id"],
            service_id=row["appointment__service_id"],
            site_id=row["appointment__site_id"],
            time_zone=row["appointment__time_zone"],
            starts_at=row["appointment__starts_at"],
            ends_at=row["appointment__ends_at"],
            resource_id=row["resource_id"],
            kind=ResourceKind(row["resource__kind"]),
            name=f"{row['resource__title']} {row['resource__name']}".strip(),
            skills=frozenset(row["resource__skills"]),
            is_active=row["resource__is_active"],
            periods=tuple(sorted(periods[key])),
        )
        for key, row in known.items()
    ]


def _ids(held: Iterable[_Held]) -> set[UUID]:
    return {each.service_id for each in held}


# --- Where it could go ----------------------------------------------------------------------------


def _nearest(
    appointment: AppointmentView,
    service: ServiceView,
    starts: Iterable[Start],
    allowed: dict[date, bool],
) -> list[Start]:
    """Return the nearest starts that are hours apart, of days on which the service is allowed."""
    chosen: list[Start] = []
    for start in sorted(starts, key=lambda start: abs(start.starts_at - appointment.starts_at)):
        if len(chosen) == PROPOSALS:
            break
        if any(abs(start.starts_at - other.starts_at) < _APART for other in chosen):
            continue
        day = start.local_date
        if day not in allowed:
            if len(allowed) == _MOST_DAYS_ASKED:
                continue
            allowed[day] = _is_allowed(appointment, service, day)
        if allowed[day]:
            chosen.append(start)
    return chosen


def _is_allowed(appointment: AppointmentView, service: ServiceView, day: date) -> bool:
    if service.kind is not ServiceKind.SESSION or service.treatment_id is None:
        return True
    try:
        session_terms(
            patient_id=appointment.patient_id,
            treatment_id=service.treatment_id,
            plan_id=appointment.plan_id,
            day=day,
            moving=appointment.id,
        )
    except DomainError:
        return False
    return True


def _proposal(appointment: AppointmentView, start: Start, calendar: facts.Calendar) -> Proposal:
    possible = start.practitioner_ids
    who = (
        appointment.practitioner_id
        if appointment.practitioner_id in possible
        else next(iter(possible), None)
    )
    return Proposal(
        start=start,
        practitioner_id=who,
        practitioner_name=calendar.name_of(who) if who else "",
        is_unseen=(start.starts_at, who) == (appointment.starts_at, appointment.practitioner_id),
    )
