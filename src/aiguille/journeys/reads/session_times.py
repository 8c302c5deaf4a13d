"""Free times for the next session of a patient's plan, a week at a time."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from aiguille.booking.access import get_appointment_for
from aiguille.booking.gate import earliest_session_start
from aiguille.booking.queries import AppointmentView, Start, first_free_days, free_starts
from aiguille.care.queries import list_plans
from aiguille.catalogue.queries import get_treatment, session_service
from aiguille.clinics.queries import list_sites
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible

DAYS_A_PAGE = 7
# Nobody books further ahead; a date typed into the address may lie anywhere.
FURTHEST = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Week:
    """The days of one page with their free starts, and where the neighbouring pages begin."""

    days: tuple[tuple[date, tuple[Start, ...]], ...]
    previous: date | None
    next: date
    cities: dict[UUID, str]


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """What the booking page of a session shows; without `week` it says in `bound_by` why not."""

    plan_id: UUID
    service_id: UUID
    treatment: Text
    earliest: date | None
    bound_by: Text
    week: Week | None


@dataclass(frozen=True, slots=True)
class MoveTimes:
    """What the page that moves an appointment shows."""

    appointment: AppointmentView
    week: Week


def session_times(
    *, patient_id: UUID, plan_id: UUID, wanted: date | None, at: datetime
) -> SessionTimes:
    """Return the free times from `wanted` on, or from the first permitted day that has any.

    Raises:
        NotVisible: the patient has no such plan in force.
    """
    plan = next((p for p in list_plans(patient_id=patient_id) if p.id == plan_id), None)
    if plan is None:
        raise NotVisible
    service = session_service(plan.treatment_id)
    earliest = earliest_session_start(patient_id=patient_id, plan_id=plan_id, at=at)
    week = None
    if earliest.date is not None:
        week = _week(
            service_id=service.id,
            patient_id=patient_id,
            least=earliest.date,
            wanted=wanted,
            at=at,
        )
    return SessionTimes(
        plan_id=plan_id,
        service_id=service.id,
        treatment=get_treatment(plan.treatment_id).name,
        earliest=earliest.date,
        bound_by=earliest.bound_by,
        week=week,
    )


def move_times(
    *, appointment_id: UUID, wanted: date | None, actor: Actor, at: datetime
) -> MoveTimes:
    """Return the free times to which a patient may move an appointment.

    Raises:
        NotVisible: it is somebody else's.
    """
    view = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    week = _week(
        service_id=view.service_id,
        patient_id=view.patient_id,
        least=at.date(),
        wanted=wanted,
        at=at,
        moving=view.id,
    )
    return MoveTimes(appointment=view, week=week)


def _week(
    *,
    service_id: UUID,
    patient_id: UUID,
    least: date,
    wanted: date | None,
    at: datetime,
    moving: UUID | None = None,
) -> Week:
    first = max(min(wanted or least, at.date() + FURTHEST), least)
    if wanted is None:
        free = first_free_days(service_id=service_id, first_day=least, at=at, patient_id=patient_id)
        first = free[0].day if free else first
    starts = free_starts(
        service_id=service_id,
        first_day=first,
        last_day=first + timedelta(days=DAYS_A_PAGE - 1),
        at=at,
        patient_id=patient_id,
        moving=moving,
    )
    by_day: dict[date, list[Start]] = defaultdict(list)
    for start in starts:
        by_day[start.local_date].append(start)
    days = [first + timedelta(days=n) for n in range(DAYS_A_PAGE)]
    return Week(
        days=tuple((day, tuple(by_day[day])) for day in days),
        previous=max(first - timedelta(days=DAYS_A_PAGE), least) if first > least else None,
        next=first + timedelta(days=DAYS_A_PAGE),
        cities={site.id: site.city for site in list_sites()},
    )
