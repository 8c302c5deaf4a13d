"""The consultation's first page: what is known of the patient beside what is being written.

The later steps read `journeys.reads.consultation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from aiguille.accounts.rights import Right, has_right, require
from aiguille.audit.operations import record
from aiguille.booking.access import get_appointment_for
from aiguille.booking.queries import AppointmentView
from aiguille.care import events
from aiguille.care.consultations import (
    Progress,
    VerdictLine,
    consultations_of,
    progress_of,
    verdict_lines,
)
from aiguille.care.examination import Contradiction, contradictions, examined_in
from aiguille.care.queries import ConsultationView, draft_of_consultation, screener_of
from aiguille.catalogue.queries import TreatmentView, rules_in_force, treatments_by_id
from aiguille.follow_up.queries import ReportLine, reports_since
from aiguille.journeys.reads.findings import (
    ANYWHERE,
    AnswerLine,
    FindingLine,
    answer_line,
    quiet_answers,
    screened_lines,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Answer, ServiceKind
from aiguille.outcomes.queries import PhotoLine, photos_of
from aiguille.patients.queries import (
    Answers,
    Identity,
    Judged,
    NoteLine,
    changed_answers,
    get_identity,
    latest_and_earlier_answers,
    list_notes,
)
from aiguille.patients.questionnaire import asked_in_person
from aiguille.plumbing.access import NotVisible
from aiguille.rulebook import Question, load_rulebook
from aiguille.treatment_sessions.acts import Act, Acts, acts_of_person

# What stands on the page; the record shows all.
SHOWN_ACTS = 12
SHOWN_PHOTOS = 6
_EARLIER_ACTS = "earlier_acts"


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """An answer that is not what it was at the last consultation."""

    before: AnswerLine
    after: AnswerLine


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since the last consultation; `sessions` are the latest, of `session_count`."""

    last: ConsultationView
    answers: tuple[AnswerChange, ...]
    notes: tuple[NoteLine, ...]
    reports: tuple[ReportLine, ...]
    verdicts: tuple[VerdictLine, ...]
    sessions: tuple[Act, ...]
    photo_count: int

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing happened."""
        return not (
            self.answers
            or self.notes
            or self.reports
            or self.verdicts
            or self.sessions
            or self.photo_count
        )


@dataclass(frozen=True, slots=True)
class ConsultationSheet:
    """The page of an appointment's consultation.

    `findings` are those of today on the zones to treat or, before those are written, on all; the
    most severe first. `acts_elsewhere` are the earlier acts that the patient told of, `acts` the
    sessions here. Whoever may not write reads the same page.
    """

    appointment: AppointmentView
    identity: Identity
    today: date
    can_write: bool
    progress: Progress
    notes: tuple[NoteLine, ...]
    consultation: ConsultationView | None
    earlier: tuple[ConsultationView, ...]
    draft: Mapping[str, Any] | None
    answers: Answers | None
    findings: tuple[FindingLine, ...]
    quiet: tuple[AnswerLine, ...]
    to_ask: tuple[Question, ...]
    contradictions: tuple[Contradiction, ...]
    since: Since | None
    acts_elsewhere: tuple[AnswerLine, ...]
    acts: Acts
    treatments: Mapping[UUID, TreatmentView]
    photos: tuple[PhotoLine, ...]

    @property
    def age(self) -> int | None:
        """Return the patient's age today."""
        return self.identity.age_on(self.today)

    @property
    def is_over(self) -> bool:
        """Tell whether the appointment is done or was given up."""
        return self.progress.is_over

    @property
    def has_no_birth_date(self) -> bool:
        """Tell whether the rule book cannot be asked yet."""
        return self.identity.birth_date is None

    @property
    def phototype_before(self) -> ConsultationView | None:
        """Return the latest earlier consultation that gives a phototype."""
        return next((one for one in self.earlier if one.content.get("phototype")), None)


def read_consultation_sheet(
    *, appointment_id: UUID, actor: Actor, at: datetime
) -> ConsultationSheet:
    """Return the page of an appointment's consultation and note who opened it.

    At most 16 queries, however long the patient's history.

    Raises:
        NotVisible: no such appointment, an outsider, or the appointment is a session.
        NotAllowed: the actor reads no records.
    """
    require(actor, Right.READ_RECORD)
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
    can_write = has_right(actor, Right.WRITE_CONSULTATION)
    consultations = consultations_of(patient_id)
    every = consultations.latest_first
    own = next((one for one in every if one.appointment_id == appointment_id), None)
    is_over = appointment.state in {"DONE", "CANCELLED", "NO_SHOW"}
    earlier = _before(every, appointment, is_over=is_over)
    last = next((one for one in earlier if one.procedure == appointment.procedure), None)
    answers, answers_then = latest_and_earlier_answers(
        patient_id, appointment.procedure, earlier_id=last.answer_set_id if last else None
    )
    given = answers.answers if answers else {}
    phototype = next((n for one in every if (n := one.content.get("phototype"))), None)
    findings = _findings(identity, answers, own, appointment, phototype=phototype, today=today)
    verdicts = verdict_lines(patient_id)
    notes = tuple(list_notes(patient_id))
    acts = acts_of_person(patient_id, limit=SHOWN_ACTS)
    photos = photos_of(patient_id=patient_id, limit=SHOWN_PHOTOS)
    return ConsultationSheet(
        appointment=appointment,
        identity=identity,
        today=today,
        can_write=can_write,
        progress=progress_of(
            appointment_id,
            own,
            verdicts,
            is_prescribed=own is not None and own.id in consultations.prescribed,
            is_over=is_over,
        ),
        notes=notes,
        consultation=own,
        earlier=earlier,
        draft=draft_of_consultation(appointment_id) if can_write else None,
        answers=answers,
        findings=findings,
        quiet=quiet_answers(given, findings),
        to_ask=_unknown(
            asked_in_person(load_rulebook(), procedure=appointment.procedure, answers=given), given
        ),
        contradictions=contradictions(examined_in(own.content), given) if own else (),
        since=_since(
            earlier[0],
            reports=reports_since(patient_id, after=earlier[0].effective_at),
            answers=_changes(answers_then, answers),
            notes=notes,
            verdicts=verdicts,
            acts=acts,
            photos=photos,
        )
        if earlier
        else None,
        acts_elsewhere=_acts_elsewhere(given),
        acts=acts,
        treatments=treatments_by_id(),
        photos=photos,
    )


def _findings(
    identity: Identity,
    answers: Answers | None,
    own: ConsultationView | None,
    appointment: AppointmentView,
    *,
    phototype: int | None,
    today: date,
) -> tuple[FindingLine, ...]:
    """Return what the rule book finds today; nothing before the birth date is known."""
    if identity.birth_date is None:
        return ()
    judged = Judged(
        birth_date=identity.birth_date,
        answer_set_id=answers.id if answers else None,
        answers=answers.answers if answers else {},
        answered_at=answers.recorded_at if answers else None,
    )
    screener = screener_of(
        judged, procedure=appointment.procedure, phototype=phototype, rules=rules_in_force()
    )
    zones = own.content["zones"] if own else ()
    return screened_lines(screener.on(today, zones=zones or ANYWHERE))


def _before(
    every: Sequence[ConsultationView], appointment: AppointmentView, *, is_over: bool
) -> tuple[ConsultationView, ...]:
    """Return the consultations before this one; of one that is over, not those that followed."""
    return tuple(
        one
        for one in every
        if one.appointment_id != appointment.id
        and not (is_over and one.effective_at > appointment.starts_at)
    )


def _unknown(
    questions: Sequence[Question], given: Mapping[str, Mapping[str, Any]]
) -> tuple[Question, ...]:
    """Return the questions that nobody answered with yes or no."""
    return tuple(
        question
        for question in questions
        if given.get(question.id, {}).get("answer", Answer.UNKNOWN) == Answer.UNKNOWN
    )


def _changes(before: Answers | None, after: Answers | None) -> tuple[AnswerChange, ...]:
    if before is None or after is None or before.id == after.id:
        return ()
    questions = load_rulebook().questions
    return tuple(
        AnswerChange(
            before=answer_line(questions[name], before.answers.get(name)),
            after=answer_line(questions[name], after.answers.get(name)),
        )
        for name in changed_answers(before.answers, after.answers)
        if name in questions
    )


def _acts_elsewhere(given: Mapping[str, Mapping[str, Any]]) -> tuple[AnswerLine, ...]:
    """Return the earlier acts that the patient answered "yes" to, the latest first."""
    book = load_rulebook()
    lines = [
        answer_line(book.questions[name], given[name])
        for theme in book.themes
        if theme.code == _EARLIER_ACTS
        for name in theme.questions
        if given.get(name, {}).get("answer") == Answer.YES
    ]
    return tuple(sorted(lines, key=lambda one: one.ended or date.max, reverse=True))


def _since(
    last: ConsultationView,
    *,
    reports: Sequence[ReportLine],
    answers: tuple[AnswerChange, ...],
    notes: Sequence[NoteLine],
    verdicts: Sequence[VerdictLine],
    acts: Acts,
    photos: Sequence[PhotoLine],
) -> Since:
    then = last.effective_at
    return Since(
        last=last,
        answers=answers,
        notes=tuple(one for one in notes if one.recorded_at > then),
        reports=tuple(reports),
        verdicts=tuple(
            one
            for one in verdicts
            if one.status != "ACTIVE"
            and one.status_changed_at is not None
            and one.status_changed_at > then
        ),
        sessions=tuple(one for one in acts.latest if one.begun_at > then),
        photo_count=sum(one.recorded_at > then for one in photos),
    )
