"""One appointment as the agenda shows it when it is chosen, and free starts around a wish."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.accounts.rights import Right, has_right
from aiguille.booking.access import get_appointment_for
from aiguille.booking.agenda import held_stretches
from aiguille.booking.gate import session_terms
from aiguille.booking.queries import AppointmentView, Start, free_times
from aiguille.booking.rooms import other_rooms
from aiguille.catalogue.queries import ServiceView, get_service
from aiguille.clinics.queries import ResourceHours, list_sites
from aiguille.consent.queries import consented_treatments
from aiguille.journeys.reads.agenda import is_late
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ResourceKind, ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.intervals import Interval
from aiguille.patients.queries import patients_with_answers
from aiguille.treatment_sessions.asked_again import asked_again_at, is_asked_on_its_day
from aiguille.treatment_sessions.queries import sessions_of_appointments

REACH_DAYS = 10
NEAREST = 3
MOST_DAYS_TRIED = 8


@dataclass(frozen=True, slots=True)
class Card:
    """An appointment, what it holds when, what is missing, and what its hour allows."""

    appointment: AppointmentView
    held: tuple[tuple[str, ResourceKind, datetime, datetime], ...]
    is_late: bool
    has_started: bool
    is_today: bool
    lacks_answers: bool
    lacks_consent: bool
    lacks_questions: bool
    session_id: UUID | None
    other_rooms: tuple[ResourceHours, ...] = ()


def read_card(*, appointment_id: UUID, actor: Actor, at: datetime) -> Card:
    """Return an appointment with what an agenda's reader may want to know (nine queries).

    Raises:
        NotVisible.
    """
    one = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    zone = ZoneInfo(one.time_zone)
    held = held_stretches(
        resource_ids=[],
        appointment_ids=[one.id],
        within=Interval(one.starts_at - timedelta(days=1), one.ends_at + timedelta(days=1)),
        at=at,
    )
    return Card(
        appointment=one,
        held=tuple(
            (
                each.name,
                each.kind,
                each.period.start.astimezone(zone),
                each.period.end.astimezone(zone),
            )
            for each in held
        ),
        is_late=is_late(one, at=at),
        has_started=one.starts_at <= at,
        is_today=one.local_date == at.astimezone(zone).date(),
        lacks_answers=(one.patient_id, one.procedure)
        not in patients_with_answers([one.patient_id]),
        lacks_consent=one.kind is ServiceKind.SESSION
        and one.treatment_id is not None
        and (one.patient_id, one.treatment_id) not in consented_treatments([one.patient_id]),
        lacks_questions=not is_asked_on_its_day(one, asked_again_at([one.id]).get(one.id)),
        session_id=sessions_of_appointments([one.id]).get(one.id),
        other_rooms=tuple(other_rooms(one, at=at))
        if one.is_ahead and has_right(actor, Right.BOOK)
        else (),
    )


def for_staff(service: ServiceView) -> ServiceView:
    """Return the service as it binds staff: without the notice that binds who books online."""
    return replace(service, min_notice_minutes=0)


def nearest_for_move(
    *, appointment: AppointmentView, wanted: datetime, practitioner_id: UUID | None, at: datetime
) -> tuple[Start, ...]:
    """Return the free starts nearest to a wish to which an appointment may be moved, in order.

    Where it stands already is none of them.
    """
    return nearest_starts(
        service=get_service(appointment.service_id),
        site_id=appointment.site_id,
        patient_id=appointment.patient_id,
        plan_id=appointment.plan_id,
        wanted=wanted,
        practitioner_id=practitioner_id,
        moving=appointment.id,
        but_for=appointment.starts_at,
        at=at,
    )


def nearest_starts(
    *,
    service: ServiceView,
    site_id: UUID,
    patient_id: UUID,
    plan_id: UUID | None,
    wanted: datetime,
    practitioner_id: UUID | None,
    moving: UUID | None = None,
    but_for: datetime | None = None,
    at: datetime,
) -> tuple[Start, ...]:
    """Return the free starts nearest to a wish, on days that the patient's course allows.

    `but_for` is no answer. At the site, with the practitioner where possible, within ten days; by time, at most three.
    """
    site = next((one for one in list_sites() if one.id == site_id), None)
    if site is None:
        return ()
    zone = ZoneInfo(site.time_zone)
    day, today = wanted.astimezone(zone).date(), at.astimezone(zone).date()
    for who in dict.fromkeys((practitioner_id, None)):
        times = free_times(
            service=for_staff(service),
            first_day=max(today, day - timedelta(days=REACH_DAYS)),
            last_day=max(today, day) + timedelta(days=REACH_DAYS),
            site_id=site_id,
            practitioner_id=who,
            patient_id=patient_id,
            moving=moving,
            at=at,
        )
        found: dict[datetime, Start] = {}
        days = sorted((free.day for free in times.days if free.count), key=lambda d: abs(d - day))
        for tried in days[:MOST_DAYS_TRIED]:
            if _allows(service, patient_id, plan_id, tried, moving):
                starts = times.starts_on([tried])
                found |= {one.starts_at: one for one in starts if one.starts_at != but_for}
            if len(found) >= NEAREST:
                break
        if found:
            near = sorted(found.values(), key=lambda start: abs(start.starts_at - wanted))
            return tuple(sorted(near[:NEAREST]))
    return ()


def _allows(
    service: ServiceView, patient_id: UUID, plan_id: UUID | None, day: date, moving: UUID | None
) -> bool:
    """Tell whether the gate lets a session stand on a day; anything else stands on any."""
    if service.kind is not ServiceKind.SESSION or service.treatment_id is None:
        return True
    try:
        session_terms(
            patient_id=patient_id,
            treatment_id=service.treatment_id,
            plan_id=plan_id,
            day=day,
            moving=moving,
        )
    except DomainError:
        return False
    return True
