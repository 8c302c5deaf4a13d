"""The consultation in hand: what the patient answered, what was found, and what is written so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.booking.access import get_appointment_for
from aiguille.booking.queries import AppointmentView
from aiguille.care import events
from aiguille.care.consultations import Progress
from aiguille.care.queries import (
    BirthDateMissing,
    ConsultationView,
    PlanView,
    PrescriptionView,
    Screening,
    VerdictView,
    consultation_of_appointment,
    depth_ruling,
    draft_of_consultation,
    list_consultations,
    list_plans,
    list_prescriptions,
    list_verdicts,
    phototype_of,
    screening,
    versions_of_consultation,
)
from aiguille.care.rules import unasked_for_cream
from aiguille.catalogue.queries import (
    ProductView,
    ProtocolVersionView,
    TreatmentView,
    products_for,
    protocol_versions,
    rules_in_force,
    treatments_by_id,
)
from aiguille.journeys.reads.findings import (
    ANYWHERE,
    AnswerLine,
    FindingLine,
    answer_line,
    quiet_answers,
    screened_lines,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Answer, ProductKind, ServiceKind, VerdictOutcome
from aiguille.patients.queries import (
    Answers,
    Identity,
    NoteLine,
    get_identity,
    latest_answers,
    list_notes,
)
from aiguille.patients.questionnaire import asked_in_person
from aiguille.plumbing.access import NotVisible
from aiguille.protocols.model import Course, Protocol
from aiguille.protocols.reading import read_protocol
from aiguille.rulebook import Question, load_rulebook


@dataclass(frozen=True, slots=True)
class ConsultationPage:
    """Everything the pages of one consultation share.

    `findings` are those of today, on the zones written or, before, on all. `to_ask` are the
    questions that nobody answered with yes or no. `verdicts`, `plans` and `prescriptions` are those
    of this consultation.
    """

    appointment: AppointmentView
    identity: Identity
    today: date
    notes: tuple[NoteLine, ...]
    consultation: ConsultationView | None
    earlier: tuple[ConsultationView, ...]
    draft: Mapping[str, Any] | None
    answers: Answers | None
    findings: tuple[FindingLine, ...]
    quiet: tuple[AnswerLine, ...]
    questions: tuple[Question, ...]
    to_ask: tuple[Question, ...]
    treatments: tuple[TreatmentView, ...]
    verdicts: tuple[VerdictView, ...]
    plans: tuple[PlanView, ...]
    prescriptions: tuple[PrescriptionView, ...]

    @property
    def age(self) -> int | None:
        """Return the patient's age today."""
        return self.identity.age_on(self.today)

    @property
    def is_over(self) -> bool:
        """Tell whether nothing of it can be changed any more."""
        return self.appointment.state in {"DONE", "CANCELLED", "NO_SHOW"}

    @property
    def has_no_birth_date(self) -> bool:
        """Tell whether the rule book cannot be asked yet."""
        return self.identity.birth_date is None

    @property
    def given(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the patient's answers, none before any were handed in."""
        return self.answers.answers if self.answers else {}

    @property
    def cream_questions(self) -> tuple[AnswerLine, ...]:
        """Return what must be asked before the numbing cream is prescribed."""
        book = load_rulebook()
        return tuple(
            answer_line(book.questions[name], None) for name in unasked_for_cream(self.given)
        )

    @property
    def progress(self) -> Progress:
        """Return how far the consultation has come."""
        opening = [one for one in self.verdicts if one.outcome is not VerdictOutcome.NOT_ELIGIBLE]
        planned = next((one for one in opening if self.plan_under(one.id)), None)
        under = planned or (opening[0] if opening else None)
        return Progress(
            appointment_id=self.appointment.id,
            is_written=self.consultation is not None,
            is_decided=bool(self.verdicts),
            plan_under=under.id if under else None,
            is_planned=planned is not None,
            is_prescribed=bool(self.prescriptions),
            is_over=self.is_over,
        )

    def treatment(self, treatment_id: UUID) -> TreatmentView | None:
        """Return a treatment of the consultation's procedure."""
        return next((one for one in self.treatments if one.id == treatment_id), None)

    def plan_under(self, verdict_id: UUID) -> PlanView | None:
        """Return the plan made under a verdict."""
        return next((plan for plan in self.plans if plan.verdict_id == verdict_id), None)


@dataclass(frozen=True, slots=True)
class ProtocolChoice:
    """An adopted protocol that serves the treatment, with what its file proposes for it."""

    version: ProtocolVersionView
    protocol: Protocol
    course: Course

    @property
    def last_session_after_days(self) -> int:
        """Return the day of the last session proposed, counted from the first."""
        if self.course.offsets_days:
            return self.course.offsets_days[-1]
        return (self.course.sessions_default - 1) * self.course.interval_default_days


def read_consultation(*, appointment_id: UUID, actor: Actor, at: datetime) -> ConsultationPage:
    """Return the consultation of an appointment and note who opened it; at most twenty queries.

    Raises:
        NotVisible: no such appointment, an outsider, or the appointment is a session.
        NotAllowed: the actor is not a physician at work.
    """
    require(actor, Right.WRITE_CONSULTATION)
    appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    if appointment.kind is ServiceKind.SESSION:
        raise NotVisible
    patient_id = appointment.patient_id
    with transaction.atomic():
        record(
            action=events.CONSULTATION_READ,
            actor=actor,
            at=at,
            subject_kind="appointment",
            subject_id=appointment.id,
            patient_id=patient_id,
        )
    identity = get_identity(patient_id)
    today = at.astimezone(ZoneInfo(appointment.time_zone)).date()
    consultation = consultation_of_appointment(appointment_id)
    answers = latest_answers(patient_id, appointment.procedure)
    given = answers.answers if answers else {}
    zones = consultation.content["zones"] if consultation else []
    screened = screened_on(appointment, day=today, zones=zones, identity=identity)
    findings = screened_lines(screened) if screened else ()
    questions = asked_in_person(load_rulebook(), procedure=appointment.procedure, answers=given)
    versions = versions_of_consultation(appointment_id)
    return ConsultationPage(
        appointment=appointment,
        identity=identity,
        today=today,
        notes=tuple(list_notes(patient_id)),
        consultation=consultation,
        earlier=tuple(
            one for one in list_consultations(patient_id=patient_id) if one.id not in versions
        ),
        draft=draft_of_consultation(appointment_id),
        answers=answers,
        findings=findings,
        quiet=quiet_answers(given, findings),
        questions=questions,
        to_ask=tuple(
            question
            for question in questions
            if given.get(question.id, {}).get("answer", Answer.UNKNOWN) == Answer.UNKNOWN
        ),
        treatments=tuple(
            one
            for one in treatments_by_id().values()
            if one.procedure == appointment.procedure and one.is_offered
        ),
        verdicts=tuple(
            one
            for one in list_verdicts(patient_id=patient_id)
            if one.consultation_id in versions and one.status != "SUPERSEDED"
        ),
        plans=tuple(list_plans(patient_id=patient_id)),
        prescriptions=tuple(
            one
            for one in list_prescriptions(patient_id=patient_id)
            if one.consultation_id in versions
        ),
    )


def screened_on(
    appointment: AppointmentView, *, day: date, zones: list[str], identity: Identity
) -> Screening | None:
    """Return what the rule book says of an act on `day`; None without a birth date."""
    if identity.birth_date is None:
        return None
    try:
        return screening(
            patient_id=appointment.patient_id,
            procedure=appointment.procedure,
            act_date=day,
            zones=zones or ANYWHERE,
        )
    except BirthDateMissing:
        return None


def protocol_choices(treatment: TreatmentView) -> tuple[ProtocolChoice, ...]:
    """Return the adopted protocols that serve a treatment, standard ones first (two queries)."""
    choices = []
    for version in protocol_versions(treatment.id):
        protocol = read_protocol(version.content)
        choices.append(ProtocolChoice(version, protocol, protocol.course(treatment.indication)))
    return tuple(sorted(choices, key=lambda choice: choice.protocol.disagreement is not None))


def injectables() -> list[ProductView]:
    """Return the products that may be chosen for mesotherapy (one query)."""
    return products_for(ProductKind.INJECTABLE.value)


def creams() -> list[ProductView]:
    """Return the numbing creams of the catalogue (one query)."""
    return products_for(ProductKind.NUMBING_CREAM.value)


def proposed_lengths(
    choice: ProtocolChoice, *, patient_id: UUID, treatment: TreatmentView
) -> dict[str, Decimal]:
    """Return the needle length (mm) to propose for each zone of a protocol.

    The course's own where the zone and the phototype allow it without a warning, else the zone's.
    """
    phototype, rules = phototype_of(patient_id=patient_id), rules_in_force()
    wanted = choice.course.needle_mm_default
    lengths = {}
    for zone in choice.protocol.zones:
        least = rules.book.value(f"R16.{zone}.default_mm")
        length = least if wanted is None else wanted
        ruling = depth_ruling(
            zone=zone,
            indication=treatment.indication.value,
            needle_mm=length,
            phototype=phototype,
            rules=rules,
        )
        lengths[zone.value] = least if ruling["findings"] else length
    return lengths
