"""A course as the pages of desk and portal show it: proposed, or around a session that moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from aiguille.booking.access import get_appointment_for
from aiguille.booking.courses import (
    Chosen,
    CourseProposal,
    CourseState,
    ProposedSession,
    Wishes,
    course_state,
    propose_course,
    propose_following,
    sessions_of_course,
)
from aiguille.booking.gate import PlanNeeded, interval_days
from aiguille.booking.queries import AppointmentView, Start, free_starts
from aiguille.booking.rules import is_bound_by_notice
from aiguille.care.queries import PlanView, list_plans
from aiguille.catalogue.queries import TreatmentView, get_treatment
from aiguille.consent.queries import current_text
from aiguille.follow_up.queries import blocking_report
from aiguille.journeys.sign_consent import consent_in_force
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure, ServiceKind
from aiguille.patients.access import get_patient_for
from aiguille.patients.queries import Identity, get_identity, record_ids
from aiguille.plumbing.access import NotVisible

DAYS_A_PAGE = 7


@dataclass(frozen=True, slots=True)
class CoursePage:
    """The proposal of a plan's sessions, and what else the plan waits for."""

    identity: Identity
    treatment: TreatmentView
    proposal: CourseProposal
    needs_consent: bool
    has_symptom: bool


@dataclass(frozen=True, slots=True)
class PlaceTimes:
    """A week of free times for one session of a proposal; `before` are the starts that stay."""

    course: CoursePage
    session: ProposedSession
    before: tuple[Chosen, ...]
    days: tuple[tuple[date, tuple[Start, ...]], ...]
    previous: date | None
    next: date | None


@dataclass(frozen=True, slots=True)
class FollowingPage:
    """What moving one session does to the others of its course."""

    appointment: AppointmentView
    moving: ProposedSession
    proposal: CourseProposal
    may_move_alone: bool

    @property
    def concerns_others(self) -> bool:
        """Tell whether the move is to be looked at before it is made."""
        return len(self.proposal.moved) > 1 or not self.proposal.is_sound


def course_page(
    *,
    patient_id: UUID,
    plan_id: UUID,
    wishes: Wishes,
    chosen: Sequence[Chosen],
    actor: Actor,
    at: datetime,
) -> CoursePage:
    """Return the proposal of a plan in force (about twenty-five queries).

    Raises:
        NotVisible: no such patient, or no such plan of theirs.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at)
    plan = next((one for one in list_plans(patient_id=patient_id) if one.id == plan_id), None)
    if plan is None:
        raise NotVisible
    identity = get_identity(patient_id)
    return CoursePage(
        identity=identity,
        treatment=get_treatment(plan.treatment_id),
        proposal=propose_course(
            plan_id=plan_id,
            at=at,
            first_day=wishes.first_day,
            weekdays=wishes.weekdays,
            part_of_day=wishes.part_of_day,
            practitioner_id=wishes.practitioner_id,
            site_id=wishes.site_id,
            same_practitioner=wishes.same_practitioner,
            chosen=chosen,
            is_offered_only=is_bound_by_notice(actor),
        ),
        needs_consent=current_text(plan.treatment_id, identity.language) is not None
        and consent_in_force(patient_id=patient_id, treatment_id=plan.treatment_id) is None,
        has_symptom=any(blocking_report(one) is not None for one in record_ids(patient_id)),
    )


def place_times(
    *,
    patient_id: UUID,
    plan_id: UUID,
    place: int,
    wishes: Wishes,
    chosen: Sequence[Chosen],
    wanted: date | None,
    actor: Actor,
    at: datetime,
) -> PlaceTimes:
    """Return the free times for the proposal's change number `place`, a week of them.

    Raises:
        NotVisible: no such patient, plan or session.
    """
    course = course_page(
        patient_id=patient_id, plan_id=plan_id, wishes=wishes, chosen=chosen, actor=actor, at=at
    )
    changes = course.proposal.changes
    if not 0 <= place < len(changes):
        raise NotVisible
    session = changes[place]
    assert session.not_before is not None  # a change that is proposed has its bounds
    assert session.not_after is not None
    last = max(session.not_after, session.local_date)
    first = min(max(wanted or session.local_date, session.not_before), last)
    until = min(first + timedelta(days=DAYS_A_PAGE - 1), last)
    found = free_starts(
        service_id=course.proposal.service.id,
        first_day=first,
        last_day=until,
        at=at,
        site_id=session.site_id if place else wishes.site_id,
        practitioner_id=session.practitioner_id if place else wishes.practitioner_id,
        patient_id=patient_id,
        moving=session.appointment.id if session.appointment else None,
    )
    following = until + timedelta(days=1)
    return PlaceTimes(
        course=course,
        session=session,
        before=tuple(one.chosen for one in changes[:place]),
        days=tuple(
            (day, tuple(start for start in found if start.local_date == day))
            for day in (first + timedelta(days=n) for n in range((until - first).days + 1))
        ),
        previous=max(first - timedelta(days=DAYS_A_PAGE), session.not_before)
        if first > session.not_before
        else None,
        next=following if following <= last else None,
    )


def following_page(
    *, appointment_id: UUID, start: Chosen, actor: Actor, at: datetime
) -> FollowingPage | None:
    """Return what moving a session to `start` does to its course; None where it has none.

    Raises:
        NotVisible: the actor may not see the appointment, or it waits for nobody any more.
    """
    view = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    if not view.is_ahead:
        raise NotVisible
    return following_of(view, start=start, actor=actor, at=at)


def following_of(
    view: AppointmentView, *, start: Chosen, actor: Actor, at: datetime
) -> FollowingPage | None:
    """Return the same of an appointment ahead that the actor sees already, be it by its link."""
    if view.kind is not ServiceKind.SESSION or view.plan_id is None:
        return None
    try:
        proposal = propose_following(
            appointment_id=view.id,
            starts_at=start.starts_at,
            site_id=start.site_id,
            practitioner_id=start.practitioner_id,
            at=at,
            is_offered_only=is_bound_by_notice(actor),
        )
    except PlanNeeded:
        return None
    moving = next(one for one in proposal.moved if one.appointment == view)
    others = [
        one.local_date for one in (*proposal.state.past, *proposal.state.ahead) if one.id != view.id
    ]
    return FollowingPage(
        appointment=view,
        moving=moving,
        proposal=proposal,
        may_move_alone=all(
            abs((moving.local_date - day).days) >= proposal.interval_days for day in others
        ),
    )


def state_of_course(
    plan: PlanView,
    procedure: Procedure,
    appointments: Sequence[AppointmentView],
    *,
    at: datetime,
) -> CourseState:
    """Return how a plan's course stands among its patient's appointments (no query)."""
    return course_state(
        plan=plan,
        interval=interval_days(plan, procedure),
        sessions=sessions_of_course(plan, appointments),
        is_offered_only=False,
        at=at,
    )
