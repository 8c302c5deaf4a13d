"""Booking at the desk: what may be booked for a patient, and the free times of a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from aiguille.booking.access import get_appointment_for
from aiguille.booking.course_words import notices_of
from aiguille.booking.gate import earliest_session_start
from aiguille.booking.queries import (
    AppointmentView,
    FreeTimes,
    Start,
    appointments_of_patient,
    first_free_days,
    free_times,
)
from aiguille.booking.rules import Earliest
from aiguille.care.queries import PlanView, list_plans
from aiguille.catalogue.queries import (
    ServiceView,
    TreatmentView,
    get_service,
    list_services,
    session_service,
    treatments_by_id,
)
from aiguille.journeys.reads.agenda_card import for_staff
from aiguille.journeys.reads.course import state_of_course
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ServiceKind
from aiguille.patients.access import get_patient_by_number_for
from aiguille.patients.queries import Identity, get_identity
from aiguille.plumbing.access import NotVisible

DAYS_A_PAGE = 7
LOOK_AHEAD_DAYS = 84


@dataclass(frozen=True, slots=True)
class SessionOffer:
    """The next session of a plan, and from when it may be; without a date it says why not."""

    plan: PlanView
    treatment: TreatmentView
    earliest: Earliest
    missing: int
    notices: tuple[str, ...]

    @property
    def has_course(self) -> bool:
        """Tell whether several sessions may be booked at once, or the course needs a look."""
        return bool(self.notices) or (self.missing > 1 and self.earliest.date is not None)


@dataclass(frozen=True, slots=True)
class Bookable:
    """What the desk may book for a patient."""

    identity: Identity
    consultations: tuple[ServiceView, ...]
    sessions: tuple[SessionOffer, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of free times from `first` on; `previous` is None where nothing lies before."""

    identity: Identity
    service: ServiceView
    first: date
    previous: date | None
    next: date
    days: tuple[tuple[date, tuple[Start, ...]], ...]
    times: FreeTimes
    earliest: Earliest | None
    appointment: AppointmentView | None = None

    @property
    def has_starts(self) -> bool:
        """Tell whether the week offers a time at all."""
        return any(starts for _day, starts in self.days)


def bookable_for(*, number: int, actor: Actor, at: datetime) -> Bookable:
    """Return what may be booked for the patient with the short `number`.

    Raises:
        NotVisible, NotAllowed.
    """
    patient_id = get_patient_by_number_for(actor=actor, number=number, at=at)
    treatments = treatments_by_id()
    services = list_services()
    appointments = appointments_of_patient(patient_id)
    return Bookable(
        identity=get_identity(patient_id),
        consultations=tuple(one for one in services if one.kind is not ServiceKind.SESSION),
        sessions=tuple(
            _offer(plan, treatments[plan.treatment_id], appointments, at=at)
            for plan in list_plans(patient_id=patient_id)
        ),
    )


def _offer(
    plan: PlanView,
    treatment: TreatmentView,
    appointments: Sequence[AppointmentView],
    *,
    at: datetime,
) -> SessionOffer:
    state = state_of_course(plan, treatment.procedure, appointments, at=at)
    return SessionOffer(
        plan=plan,
        treatment=treatment,
        earliest=earliest_session_start(patient_id=plan.patient_id, plan_id=plan.id, at=at),
        missing=state.missing,
        notices=tuple(notices_of(state, most=plan.interval_max_days))
        if state.needs_attention
        else (),
    )


def week_for_service(
    *,
    number: int,
    service_id: UUID,
    wanted: date | None,
    site_id: UUID | None,
    practitioner_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> Week:
    """Return a week of free times for a consultation or a check-up.

    Raises:
        NotVisible: no such patient or service, or the service is a session.
    """
    patient_id = get_patient_by_number_for(actor=actor, number=number, at=at)
    service = next((one for one in list_services() if one.id == service_id), None)
    if service is None or service.kind is ServiceKind.SESSION:
        raise NotVisible
    return _week(
        identity=get_identity(patient_id),
        service=service,
        least=at.date(),
        wanted=wanted,
        site_id=site_id,
        practitioner_id=practitioner_id,
        at=at,
    )


def week_for_plan(
    *,
    number: int,
    plan_id: UUID,
    wanted: date | None,
    site_id: UUID | None,
    practitioner_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> Week:
    """Return a week of free times for the next session of a plan, from the first day allowed.

    Raises:
        NotVisible: no such patient, or no such plan of theirs in force.
    """
    patient_id = get_patient_by_number_for(actor=actor, number=number, at=at)
    plan = next((one for one in list_plans(patient_id=patient_id) if one.id == plan_id), None)
    if plan is None:
        raise NotVisible
    earliest = earliest_session_start(patient_id=patient_id, plan_id=plan_id, at=at)
    return _week(
        identity=get_identity(patient_id),
        service=session_service(plan.treatment_id),
        least=earliest.date or at.date(),
        wanted=wanted,
        site_id=site_id,
        practitioner_id=practitioner_id,
        earliest=earliest,
        at=at,
    )


def week_for_move(
    *,
    appointment_id: UUID,
    wanted: date | None,
    site_id: UUID | None,
    practitioner_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> Week:
    """Return a week of free times to which an appointment may be moved.

    Raises:
        NotVisible: there is none, or nothing can be moved any more.
    """
    appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    if not appointment.is_ahead:
        raise NotVisible
    return _week(
        identity=get_identity(appointment.patient_id),
        service=get_service(appointment.service_id),
        least=at.date(),
        wanted=wanted or max(appointment.local_date, at.date()),
        site_id=site_id,
        practitioner_id=practitioner_id,
        appointment=appointment,
        at=at,
    )


def _week(
    *,
    identity: Identity,
    service: ServiceView,
    least: date,
    wanted: date | None,
    site_id: UUID | None,
    practitioner_id: UUID | None,
    at: datetime,
    earliest: Earliest | None = None,
    appointment: AppointmentView | None = None,
) -> Week:
    first = max(wanted or least, least)
    if wanted is None:
        free = first_free_days(
            service_id=service.id,
            first_day=least,
            days=LOOK_AHEAD_DAYS,
            site_id=site_id,
            practitioner_id=practitioner_id,
            patient_id=identity.id,
            at=at,
        )
        first = free[0].day if free else least
    times = free_times(
        service=for_staff(service),
        first_day=first,
        last_day=first + timedelta(days=DAYS_A_PAGE - 1),
        at=at,
        site_id=site_id,
        practitioner_id=practitioner_id,
        patient_id=identity.id,
        moving=appointment.id if appointment else None,
    )
    days = [first + timedelta(days=number) for number in range(DAYS_A_PAGE)]
    return Week(
        identity=identity,
        service=service,
        first=first,
        previous=max(first - timedelta(days=DAYS_A_PAGE), least) if first > least else None,
        next=first + timedelta(days=DAYS_A_PAGE),
        days=tuple((day, tuple(times.starts_on([day]))) for day in days),
        times=times,
        earliest=earliest,
        appointment=appointment,
    )
