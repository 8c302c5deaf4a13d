"""A patient's record as the roles of the reader let it be seen; reading it is noted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, has_right
from aiguille.audit.operations import record
from aiguille.audit.queries import AuditLine, list_events_of_patient
from aiguille.audit.registry import action_for
from aiguille.booking.course_words import notices_of
from aiguille.booking.gate import earliest_session_start
from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.booking.rules import Earliest
from aiguille.care import events as care_events
from aiguille.care.informing import Information
from aiguille.care.prescriptions import every_prescription
from aiguille.care.queries import (
    BirthDateMissing,
    ConsultationView,
    PlanView,
    PrescriptionView,
    Screening,
    VerdictView,
    current_verdict,
    list_consultations,
    list_plans,
    list_verdicts,
    screening,
)
from aiguille.catalogue.queries import TreatmentView, treatments_by_id
from aiguille.clinics.queries import list_sites
from aiguille.consent.queries import ConsentView, list_consents
from aiguille.follow_up.queries import ReportView, reports_of_patient
from aiguille.journeys.read_information import reading_of
from aiguille.journeys.reads.course import state_of_course
from aiguille.journeys.reads.findings import (
    ANYWHERE,
    AnswerLine,
    FindingLine,
    quiet_answers,
    screened_lines,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.kernel.text import Text
from aiguille.outcomes import events as outcome_events
from aiguille.outcomes.queries import PhotoLine, photos_of
from aiguille.patients import events as patient_events
from aiguille.patients.access import get_patient_by_number_for
from aiguille.patients.queries import (
    Answers,
    DocumentLine,
    Duplicate,
    Identity,
    NoteLine,
    get_identity,
    joined_records,
    latest_answers,
    list_documents,
    list_notes,
    probable_duplicates,
    record_ids,
)
from aiguille.treatment_sessions.queries import SessionView, sessions_of_patient

Row = TypeVar("Row")
_PHOTOS_SHOWN = 8
_READING = (
    care_events.RECORD_READ,
    care_events.CONSULTATION_READ,
    patient_events.READ,
    patient_events.ANSWERS_READ,
    patient_events.DOCUMENT_READ,
    outcome_events.PHOTO_READ,
    outcome_events.PHOTOS_SEEN,
)


@dataclass(frozen=True, slots=True)
class AnswersOf:
    """A questionnaire with what it triggers today; no findings without a birth date."""

    procedure: Procedure
    answers: Answers
    findings: tuple[FindingLine, ...]
    quiet: tuple[AnswerLine, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """A plan with where its sessions stand, when the next one may be, and what is to be read."""

    plan: PlanView
    treatment: TreatmentView
    done: int
    booked: int
    next_session: Earliest
    notices: tuple[str, ...]
    information: tuple[Information, ...]

    @property
    def is_open(self) -> bool:
        """Tell whether a session is left to book."""
        return self.done + self.booked < self.plan.sessions_planned


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """A verdict with the name of its treatment."""

    verdict: VerdictView
    treatment: TreatmentView


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody read something of the record."""

    sentence: Text
    line: AuditLine


@dataclass(frozen=True, slots=True)
class Clinical:
    """What only those see who read records."""

    notes: tuple[NoteLine, ...]
    questionnaires: tuple[AnswersOf, ...]
    consultations: tuple[ConsultationView, ...]
    verdicts: tuple[VerdictLine, ...]
    courses: tuple[Course, ...]
    prescriptions: tuple[PrescriptionView, ...]
    consents: tuple[tuple[ConsentView, TreatmentView], ...]
    sessions: tuple[tuple[SessionView, TreatmentView], ...]
    reports: tuple[ReportView, ...]
    documents: tuple[DocumentLine, ...]
    photos: tuple[PhotoLine, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A patient's record, its instants to be shown in the clinic's `time_zone`.

    `clinical` is None for those who see identity and appointments only.
    """

    identity: Identity
    age: int | None
    time_zone: str
    target: Identity | None
    joined: tuple[Identity, ...]
    duplicates: tuple[Duplicate, ...]
    appointments: tuple[AppointmentView, ...]
    clinical: Clinical | None


def read_record(*, number: int, actor: Actor, at: datetime) -> Record:
    """Return the record of the patient with the short `number`, and note who read it.

    At most 57 queries for a patient with one open course, whatever the length of the record.

    Raises:
        NotVisible: no such patient, or an outsider.
        NotAllowed: a role that sees no identities.
    """
    patient_id = get_patient_by_number_for(actor=actor, number=number, at=at)
    identity = get_identity(patient_id)
    reads = has_right(actor, Right.READ_RECORD)
    with transaction.atomic():
        record(
            action=care_events.RECORD_READ if reads else patient_events.READ,
            actor=actor,
            at=at,
            subject_kind="patient",
            subject_id=patient_id,
            patient_id=patient_id,
        )
    appointments = appointments_of_patient(patient_id)
    return Record(
        identity=identity,
        age=identity.age_on(at.date()),
        time_zone=next((site.time_zone for site in list_sites()), "UTC"),
        target=get_identity(identity.merged_into_id) if identity.merged_into_id else None,
        joined=tuple(joined_records(patient_id)),
        duplicates=() if identity.merged_into_id else tuple(probable_duplicates(patient_id)),
        appointments=tuple(appointments),
        clinical=_clinical(identity, appointments, at=at) if reads else None,
    )


def _clinical(identity: Identity, appointments: list[AppointmentView], *, at: datetime) -> Clinical:
    patient_id = identity.id
    records = record_ids(patient_id)
    treatments = treatments_by_id()

    def of_person(read: Callable[[UUID], list[Row]]) -> list[Row]:
        return list(chain.from_iterable(read(record_id) for record_id in records))

    consultations = of_person(lambda one: list_consultations(patient_id=one))
    consents = of_person(lambda one: list_consents(patient_id=one))
    plans = list_plans(patient_id=patient_id)
    verdicts = list_verdicts(patient_id=patient_id)
    found = (latest_answers(patient_id, procedure) for procedure in Procedure)
    return Clinical(
        notes=tuple(list_notes(patient_id)),
        questionnaires=tuple(
            _answers(answers, consultations, at=at) for answers in found if answers is not None
        ),
        consultations=tuple(consultations),
        verdicts=tuple(VerdictLine(one, treatments[one.treatment_id]) for one in verdicts),
        courses=tuple(_course(plan, treatments, appointments, at=at) for plan in plans),
        prescriptions=tuple(of_person(lambda one: every_prescription(patient_id=one))),
        consents=tuple((one, treatments[one.treatment_id]) for one in consents),
        sessions=tuple(
            (one, treatments[one.treatment_id]) for one in of_person(sessions_of_patient)
        ),
        reports=tuple(of_person(reports_of_patient)),
        documents=tuple(list_documents(patient_id)),
        photos=photos_of(patient_id=patient_id, limit=_PHOTOS_SHOWN),
        readings=tuple(
            Reading(sentence=action.sentence, line=line)
            for line in list_events_of_patient(patient_id=patient_id, actions=_READING, limit=30)
            if (action := action_for(line.action)) is not None
        ),
    )


def _answers(answers: Answers, consultations: list[ConsultationView], *, at: datetime) -> AnswersOf:
    screened = _screened(answers, consultations, act_date=at.date())
    findings = screened_lines(screened) if screened else ()
    return AnswersOf(
        procedure=answers.procedure,
        answers=answers,
        findings=findings,
        quiet=quiet_answers(answers.answers, findings),
    )


def _screened(
    answers: Answers, consultations: list[ConsultationView], *, act_date: date
) -> Screening | None:
    zones = next((one.content["zones"] for one in consultations if one.content["zones"]), None)
    try:
        return screening(
            patient_id=answers.patient_id,
            procedure=answers.procedure,
            act_date=act_date,
            zones=zones or ANYWHERE,
        )
    except BirthDateMissing:
        return None


def _course(
    plan: PlanView,
    treatments: Mapping[UUID, TreatmentView],
    appointments: list[AppointmentView],
    *,
    at: datetime,
) -> Course:
    of_course = [
        a
        for a in appointments
        if a.treatment_id == plan.treatment_id
        and (a.plan_id == plan.id or a.verdict_id == plan.verdict_id)
    ]
    done = sum(a.state == "DONE" for a in of_course)
    booked = sum(a.is_ahead or a.state in {"ARRIVED", "IN_PROGRESS"} for a in of_course)
    state = state_of_course(plan, treatments[plan.treatment_id].procedure, of_course, at=at)
    verdict = current_verdict(patient_id=plan.patient_id, treatment_id=plan.treatment_id)
    reading = reading_of(plan, verdict=verdict, at=at) if done < plan.sessions_planned else None
    return Course(
        plan=plan,
        treatment=treatments[plan.treatment_id],
        done=done,
        booked=booked,
        next_session=earliest_session_start(patient_id=plan.patient_id, plan_id=plan.id, at=at),
        notices=tuple(notices_of(state, most=plan.interval_max_days))
        if state.needs_attention
        else (),
        information=reading.information if reading else (),
    )
