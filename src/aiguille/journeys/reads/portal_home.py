"""What the first page of a patient's space says: what is next, and how far the course is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from aiguille.booking.course_words import notices_of
from aiguille.booking.gate import earliest_session_start
from aiguille.booking.preparation import preparations
from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.booking.waiting_queries import OfferView, open_offers_of_patient
from aiguille.care.prescriptions import CreamTimes
from aiguille.care.queries import PlanView, current_verdict, list_plans
from aiguille.catalogue.queries import TreatmentView, get_treatment
from aiguille.consent.queries import current_consent, current_text
from aiguille.follow_up.queries import AdviceView, aftercare_of_patient
from aiguille.journeys.ask_again import is_near, is_on_its_day
from aiguille.journeys.read_information import reading_of
from aiguille.journeys.reads.course import state_of_course
from aiguille.kernel.codes import Procedure, ServiceKind
from aiguille.kernel.text import Text
from aiguille.patients.queries import Identity, get_draft, get_draft_again, get_identity
from aiguille.patients.questionnaire import walk
from aiguille.rulebook import load_rulebook
from aiguille.treatment_sessions.asked_again import asked_again_at, is_asked_on_its_day

_PLANNED_STATES = ("BOOKED", "ARRIVED", "IN_PROGRESS", "DONE", "NEEDS_VERDICT")


@dataclass(frozen=True, slots=True)
class QuestionnaireToDo:
    """A questionnaire that the clinic waits for, or that was changed and not handed in."""

    procedure: Procedure
    answered: int
    total: int
    is_started: bool
    was_handed_in: bool


@dataclass(frozen=True, slots=True)
class Course:
    """A plan of sessions: how far it is, and what stands before the next one.

    `notices` say what does not keep the course's intervals as it stands.
    `to_read` counts the texts that the patient has to read before the next session.
    `earliest` is None where no session can be booked now; `bound_by` says why.
    """

    plan_id: UUID
    treatment: Text
    treatment_code: str
    done: int
    planned: int
    booked: int
    needs_consent: bool
    to_read: int
    earliest: date | None
    bound_by: Text
    missing: int
    notices: tuple[str, ...]

    @property
    def may_book(self) -> bool:
        """Tell whether the next session can be booked."""
        return self.earliest is not None

    @property
    def is_complete(self) -> bool:
        """Tell whether every session was done."""
        return self.done >= self.planned


@dataclass(frozen=True, slots=True)
class PortalHome:
    """The first page."""

    identity: Identity
    offers: tuple[OfferView, ...]
    next_appointment: AppointmentView | None
    preparations: Mapping[UUID, CreamTimes]
    questionnaires: tuple[QuestionnaireToDo, ...]
    questions_again: tuple[AppointmentView, ...]
    courses: tuple[Course, ...]
    advice: tuple[AdviceView, ...]
    has_history: bool

    @property
    def is_quiet(self) -> bool:
        """Tell whether there is nothing to do and nothing to come."""
        return not (
            self.offers
            or self.next_appointment
            or self.questionnaires
            or self.questions_again
            or self.courses
            or self.advice
        )


def portal_home(*, patient_id: UUID, at: datetime) -> PortalHome:
    """Return the first page of a patient's space.

    The number of queries grows with the patient's plans and procedures, of which there are two at
    most, and with nothing else.
    """
    identity = get_identity(patient_id)
    appointments = appointments_of_patient(patient_id)
    ahead = sorted(
        (a for a in appointments if a.is_ahead and a.ends_at > at), key=lambda a: a.starts_at
    )
    plans = _latest_by_treatment(list_plans(patient_id=patient_id))
    treatments = {plan.id: get_treatment(plan.treatment_id) for plan in plans}
    procedures = {a.procedure for a in ahead} | {t.procedure for t in treatments.values()}
    return PortalHome(
        identity=identity,
        offers=tuple(open_offers_of_patient(patient_id, at=at)),
        next_appointment=next(iter(ahead), None),
        preparations=preparations(ahead[:1]),
        questionnaires=tuple(
            todo
            for procedure in sorted(procedures)
            if (todo := _questionnaire(identity, procedure)) is not None
        ),
        questions_again=_questions_again(patient_id, appointments, at=at),
        courses=tuple(
            _course(plan, treatments[plan.id], appointments, identity=identity, at=at)
            for plan in plans
        ),
        advice=_advice(patient_id, at=at),
        has_history=bool(appointments),
    )


def _questionnaire(identity: Identity, procedure: Procedure) -> QuestionnaireToDo | None:
    draft = get_draft(identity.id, procedure)
    if draft.was_handed_in and not draft.is_started:
        return None
    walked = walk(
        load_rulebook(),
        procedure=procedure,
        answers=draft.answers,
        is_birth_date_known=identity.birth_date is not None,
    )
    return QuestionnaireToDo(
        procedure=procedure,
        answered=len(walked.answered),
        total=len(walked.questions),
        is_started=draft.is_started,
        was_handed_in=draft.was_handed_in,
    )


def _questions_again(
    patient_id: UUID, appointments: Sequence[AppointmentView], *, at: datetime
) -> tuple[AppointmentView, ...]:
    """Return the sessions before which the starred questions are to be answered again now."""
    near = [
        one
        for one in sorted(appointments, key=lambda one: one.starts_at)
        if one.kind is ServiceKind.SESSION
        and (one.is_ahead or one.state == "ARRIVED")
        and one.ends_at > at
        and is_near(one, at=at)
        and get_draft_again(patient_id, one.procedure, asked_for=one.id).was_handed_in
    ]
    if not near:
        return ()
    asked = asked_again_at([one.id for one in near])
    return tuple(
        one
        for one in near
        if one.id not in asked
        or (is_on_its_day(one, at=at) and not is_asked_on_its_day(one, asked[one.id]))
    )


def _course(
    plan: PlanView,
    treatment: TreatmentView,
    appointments: Sequence[AppointmentView],
    *,
    identity: Identity,
    at: datetime,
) -> Course:
    sessions = [a for a in appointments if a.plan_id == plan.id and a.state in _PLANNED_STATES]
    earliest = earliest_session_start(patient_id=identity.id, plan_id=plan.id, at=at)
    verdict = current_verdict(patient_id=identity.id, treatment_id=plan.treatment_id)
    done = sum(1 for session in sessions if session.state == "DONE")
    state = state_of_course(plan, treatment.procedure, appointments, at=at)
    reading = reading_of(plan, verdict=verdict, at=at) if done < plan.sessions_planned else None
    return Course(
        plan_id=plan.id,
        treatment=treatment.name,
        treatment_code=treatment.code,
        done=done,
        planned=plan.sessions_planned,
        booked=len(sessions) - done,
        needs_consent=verdict is not None
        and verdict.opens(verdict.valid_from)
        and done < plan.sessions_planned
        and current_text(plan.treatment_id, identity.language) is not None
        and current_consent(patient_id=verdict.patient_id, treatment_id=plan.treatment_id) is None,
        to_read=len(reading.waiting) if reading else 0,
        earliest=earliest.date,
        bound_by=earliest.bound_by,
        missing=state.missing,
        notices=tuple(notices_of(state, most=plan.interval_max_days))
        if state.needs_attention
        else (),
    )


def _latest_by_treatment(plans: Sequence[PlanView]) -> list[PlanView]:
    latest: dict[UUID, PlanView] = {}
    for plan in plans:
        latest.setdefault(plan.treatment_id, plan)
    return list(latest.values())


def _advice(patient_id: UUID, *, at: datetime) -> tuple[AdviceView, ...]:
    return tuple(
        item
        for aftercare in aftercare_of_patient(patient_id)[:1]
        for item in aftercare.items
        if item.until is not None and item.holds(at)
    )
