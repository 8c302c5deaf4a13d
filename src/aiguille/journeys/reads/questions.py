"""The questions of a session's day as staff ask them, and the versions of a patient's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, has_right
from aiguille.audit.operations import record
from aiguille.booking.queries import AppointmentView
from aiguille.booking.states import NotYet
from aiguille.clinics.queries import list_sites
from aiguille.journeys.ask_again import askable, is_on_its_day
from aiguille.journeys.reads.findings import AnswerLine, answer_line
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.patients import events
from aiguille.patients.access import get_patient_by_number_for
from aiguille.patients.queries import (
    Answers,
    Identity,
    changed_answers,
    get_identity,
    latest_answers,
    list_answers,
    surviving_id,
)
from aiguille.patients.questionnaire import walk_again
from aiguille.rulebook import Question, load_rulebook
from aiguille.treatment_sessions.asked_again import asked_again_at, is_asked_on_its_day

SHOWN_VERSIONS = 30


@dataclass(frozen=True, slots=True)
class DayQuestions:
    """What is asked on a session's day; `before` are the answers so far, for those who may read."""

    appointment: AppointmentView
    identity: Identity
    answers: Answers | None
    before: Mapping[str, AnswerLine]
    is_asked: bool

    def questions(self, given: Mapping[str, Mapping[str, Any]]) -> tuple[Question, ...]:
        """Return the questions to ask, those that the answers `given` so far lead to included."""
        return walk_again(
            load_rulebook(),
            procedure=self.appointment.procedure,
            earlier=self.answers.answers if self.answers else {},
            answers=given,
            on_the_day=True,
        ).questions


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose answer changed; without `before` it was not answered then."""

    question: str
    before: AnswerLine | None
    after: AnswerLine | None


@dataclass(frozen=True, slots=True)
class AnswersVersion:
    """A version of the answers with what it changed; the first one changed nothing."""

    answers: Answers
    is_first: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class AnswersHistory:
    """The versions of a patient's answers for a procedure, latest first, in the clinic's time."""

    identity: Identity
    procedure: Procedure
    time_zone: str
    versions: tuple[AnswersVersion, ...]
    is_cut: bool


def read_day_questions(*, appointment_id: UUID, actor: Actor, at: datetime) -> DayQuestions:
    """Return what is asked on a session's day; at most ten queries.

    Reading the answers so far is noted; who may not read records does not see them.

    Raises:
        NotVisible: no such session, or the actor receives no patients.
        NotYet: the session is on another day.
        StateRefuses: it does not take place any more, or has begun.
    """
    appointment = askable(appointment_id=appointment_id, actor=actor, at=at)
    if not is_on_its_day(appointment, at=at):
        raise NotYet
    patient_id = surviving_id(appointment.patient_id)
    answers = latest_answers(patient_id, appointment.procedure)
    book, before = load_rulebook(), {}
    if answers is not None and has_right(actor, Right.READ_RECORD):
        _note_reading(patient_id, answers.id, actor=actor, at=at)
        before = {
            name: answer_line(book.questions[name], answer)
            for name, answer in answers.answers.items()
        }
    asked = asked_again_at([appointment.id]).get(appointment.id)
    return DayQuestions(
        appointment=appointment,
        identity=get_identity(patient_id),
        answers=answers,
        before=before,
        is_asked=is_asked_on_its_day(appointment, asked),
    )


def read_answers_history(
    *, number: int, procedure: Procedure, actor: Actor, at: datetime
) -> AnswersHistory:
    """Return every version of the answers with what each changed, and note the reading.

    Raises:
        NotVisible, NotAllowed: no such patient, or the actor reads no records.
    """
    patient_id = get_patient_by_number_for(
        actor=actor, number=number, at=at, right=Right.READ_RECORD
    )
    found = list_answers(patient_id, procedure, limit=SHOWN_VERSIONS + 1)
    if found:
        _note_reading(patient_id, found[0].id, actor=actor, at=at)
    return AnswersHistory(
        identity=get_identity(patient_id),
        procedure=procedure,
        time_zone=next((site.time_zone for site in list_sites()), "UTC"),
        versions=versions_of(found)[:SHOWN_VERSIONS],
        is_cut=len(found) > SHOWN_VERSIONS,
    )


def versions_of(found: Sequence[Answers]) -> tuple[AnswersVersion, ...]:
    """Return versions, latest first as they are given, each with what it changed."""
    changed = [
        AnswersVersion(after, is_first=False, changes=changes_between(before, after))
        for after, before in pairwise(found)
    ]
    first = [AnswersVersion(one, is_first=True, changes=()) for one in found[-1:]]
    return (*changed, *first)


def changes_between(before: Answers, after: Answers) -> tuple[Change, ...]:
    """Return what changed from one version to another, in the order of the questionnaire.

    What is asked about a day alone is no change from another day.
    """
    book = load_rulebook()
    names = set(changed_answers(before.answers, after.answers))
    return tuple(
        Change(
            question=name,
            before=_line(name, before),
            after=_line(name, after),
        )
        for theme in book.themes
        for name in theme.questions
        if name in names and not book.questions[name].day_only
    )


def _line(name: str, answers: Answers) -> AnswerLine | None:
    given = answers.answers.get(name)
    return None if given is None else answer_line(load_rulebook().questions[name], given)


def _note_reading(patient_id: UUID, answer_set_id: UUID, *, actor: Actor, at: datetime) -> None:
    with transaction.atomic():
        record(
            action=events.ANSWERS_READ,
            actor=actor,
            at=at,
            subject_kind="answer_set",
            subject_id=answer_set_id,
            patient_id=patient_id,
        )
