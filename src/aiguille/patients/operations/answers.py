"""The questionnaire: saved answer by answer, then handed in as an entry of the record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients import events, questionnaire
from aiguille.patients.access import get_patient_for
from aiguille.patients.models import AnswerDraft, AnswerSet, Patient
from aiguille.patients.person import of_same_person
from aiguille.patients.questionnaire import AnswerUnsound
from aiguille.plumbing.models import authored_by
from aiguille.plumbing.statements import Lookup
from aiguille.rulebook.book import load_rulebook
from aiguille.rulebook.entries import Question

ASKED_IN_PERSON = "asked in person"


class AnswersIncomplete(DomainError):
    """Questions are left to answer; `field` is the first one's id."""

    code = "answers_incomplete"
    default_text = Text(
        fr="Il reste des questions sans réponse.", en="Some questions are not answered yet."
    )


class NothingToSubmit(DomainError):
    """The answers were handed in already, and nothing was changed since."""

    code = "nothing_to_submit"
    default_text = Text(
        fr="Vos réponses ont déjà été remises.", en="Your answers were already handed in."
    )


class AnswersChanged(DomainError):
    """The answers changed since the page was shown."""

    code = "answers_changed"
    default_text = Text(
        fr="Les réponses ont changé entre-temps : relisez-les avant d’enregistrer.",
        en="The answers have changed meanwhile: read them again before saving.",
    )


def save_draft_answer(
    *,
    patient_id: UUID,
    procedure: Procedure,
    question_id: str,
    answer: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    asked_for: UUID | None = None,
) -> None:
    """Keep one answer until the questionnaire is handed in; see `save_draft_answers`."""
    save_draft_answers(
        patient_id=patient_id,
        procedure=procedure,
        answers={question_id: answer},
        actor=actor,
        at=at,
        asked_for=asked_for,
    )


@transaction.atomic
def save_draft_answers(
    *,
    patient_id: UUID,
    procedure: Procedure,
    answers: Mapping[str, Mapping[str, Any]],
    actor: Actor,
    at: datetime,
    asked_for: UUID | None = None,
) -> None:
    """Keep answers, by question, until the questionnaire is handed in.

    Each holds `answer` and, where they apply, `ended` (a date), `zones` and `type`. The first
    answers after a hand-in start from what was handed in; those asked again before a session, whose
    appointment is then `asked_for`, start from nothing.

    Raises:
        AnswerUnsound: a question is not asked, or an answer is none that it takes.
        NotVisible, NotAllowed.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    known = {
        q.id: q
        for q in load_rulebook().questions_for(procedure, with_day_only=asked_for is not None)
    }
    cleaned = {}
    for question_id, answer in answers.items():
        if question_id not in known:
            raise AnswerUnsound(field="question")
        cleaned[question_id] = clean(known[question_id], procedure, answer, at=at)
    Patient.objects.select_for_update().get(id=patient_id)
    draft = draft_of(patient_id, procedure, asked_for)
    if draft is None:
        latest = latest_set(patient_id, procedure) if asked_for is None else None
        begun = latest.answers if latest else {}
        draft = AnswerDraft(
            patient_id=patient_id,
            procedure=procedure,
            asked_for=asked_for,
            answers={name: value for name, value in begun.items() if name in known},
            version=0,
        )
    draft.answers |= cleaned
    draft.version += 1
    draft.updated_at = at
    draft.save()


@transaction.atomic
def discard_draft(
    *,
    patient_id: UUID,
    procedure: Procedure,
    actor: Actor,
    at: datetime,
    asked_for: UUID | None = None,
) -> None:
    """Forget the answers typed since the last hand-in, or for the session `asked_for`.

    Raises:
        NotVisible, NotAllowed.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    AnswerDraft.objects.filter(
        patient_id=patient_id, procedure=procedure, asked_for=asked_for
    ).delete()


@transaction.atomic
def submit_answers(*, patient_id: UUID, procedure: Procedure, actor: Actor, at: datetime) -> UUID:
    """Hand in the draft as a new version of the patient's answers and return its id.

    Raises:
        NothingToSubmit: there is no draft.
        AnswersIncomplete: a question that the answers lead to has none, or the birth date is
            unknown.
        NotVisible, NotAllowed.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    patient = Patient.objects.select_for_update().get(id=patient_id)
    draft = draft_of(patient_id, procedure)
    if draft is None:
        raise NothingToSubmit
    book = load_rulebook()
    walked = questionnaire.walk(
        book,
        procedure=procedure,
        answers=draft.answers,
        is_birth_date_known=patient.birth_date is not None,
    )
    if missing := walked.first_missing:
        raise AnswersIncomplete(field=missing.id)
    answer_set = write_set(
        patient,
        procedure,
        questionnaire.settle(book, walked, draft.answers),
        latest=latest_set(patient_id, procedure),
        actor=actor,
        at=at,
    )
    draft.delete()
    record(
        action=events.ANSWERS_SUBMITTED,
        actor=actor,
        at=at,
        subject_kind="answer_set",
        subject_id=answer_set.id,
        patient_id=patient_id,
        details={"procedure": procedure, "version": answer_set.version},
    )
    return answer_set.id


@transaction.atomic
def complete_answers(
    *,
    patient_id: UUID,
    procedure: Procedure,
    answers: Mapping[str, Mapping[str, Any]],
    seen_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Write what a physician asked in person as a new version of the answers; return its id.

    `answers` map a question to an answer as `save_draft_answer` takes it; all others stay as they
    were. `seen_id` is the version that the physician read, None where there was none.

    Raises:
        AnswersChanged: there is another version by now.
        AnswerUnsound: a question is not asked, or an answer is none that it takes; its `field`
            begins with the question's id.
        NotVisible, NotAllowed: the actor is not a physician at work.
    """
    require(actor, Right.WRITE_CONSULTATION)
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    patient = Patient.objects.select_for_update().get(id=patient_id)
    latest = latest_set(patient_id, procedure)
    if seen_id != (latest.id if latest else None):
        raise AnswersChanged
    book = load_rulebook()
    known = {q.id: q for q in book.questions_for(procedure)}
    before = latest.answers if latest else {}
    # What only followed from other answers follows again from the new ones.
    kept = {q.id: before[q.id] for q in known.values() if _was_given(q, before)}
    for question_id, answer in answers.items():
        if question_id not in known:
            raise AnswerUnsound(field=question_id)
        kept[question_id] = clean_named(known[question_id], procedure, answer, at=at)
    reached = questionnaire.plain(kept)
    kept = {name: answer for name, answer in kept.items() if known[name].is_reached(reached)}
    answer_set = write_set(
        patient,
        procedure,
        questionnaire.with_implied(book, kept),
        latest=latest,
        reason=ASKED_IN_PERSON,
        actor=actor,
        at=at,
    )
    record(
        action=events.ANSWERS_COMPLETED,
        actor=actor,
        at=at,
        subject_kind="answer_set",
        subject_id=answer_set.id,
        patient_id=patient_id,
        details={"procedure": procedure, "questions": sorted(answers)},
    )
    return answer_set.id


def _was_given(question: Question, answers: Mapping[str, Mapping[str, Any]]) -> bool:
    return question.id in answers and question.is_reached(questionnaire.plain(answers))


def clean(
    question: Question, procedure: Procedure, answer: Mapping[str, Any], *, at: datetime
) -> dict[str, Any]:
    """Return an answer as it is kept. Raises `AnswerUnsound`."""
    return questionnaire.clean_answer(
        question,
        procedure=procedure,
        answer=str(answer.get("answer", "")),
        ended=answer.get("ended"),
        zones=answer.get("zones", ()),
        type_code=answer.get("type", ""),
        today=at.date(),
    )


def clean_named(
    question: Question, procedure: Procedure, answer: Mapping[str, Any], *, at: datetime
) -> dict[str, Any]:
    """Do the same on a page of many questions: the error's `field` begins with the question."""
    try:
        return clean(question, procedure, answer, at=at)
    except AnswerUnsound as error:
        raise AnswerUnsound(error.text, field=f"{question.id}_{error.field}") from error


def draft_of(
    patient_id: UUID, procedure: Procedure, asked_for: UUID | None = None
) -> AnswerDraft | None:
    """Return what is typed and not handed in, of the whole or for the session `asked_for`."""
    return AnswerDraft.objects.filter(
        patient_id=patient_id, procedure=procedure, asked_for=asked_for
    ).first()


def write_set(
    patient: Patient,
    procedure: Procedure,
    answers: Mapping[str, Mapping[str, Any]],
    *,
    latest: AnswerSet | None,
    actor: Actor,
    at: datetime,
    reason: str = "",
) -> AnswerSet:
    """Write a new version of the answers; the patient's row is locked."""
    replaces = latest if latest and latest.patient_id == patient.id else None
    answer_set = AnswerSet(
        patient_id=patient.id,
        procedure=procedure,
        answers=answers,
        rulebook_version=load_rulebook().version,
        language=patient.language,
        version=replaces.version + 1 if replaces else 1,
        replaces=replaces,
        reason=reason,
        effective_at=at,
        **authored_by(actor, at=at),
    )
    answer_set.save(force_insert=True)
    return answer_set


def latest_set(patient_id: UUID, procedure: str) -> AnswerSet | None:
    """Return the latest answers of a person, under whichever of their records."""
    return _LATEST_SET.first(str(procedure), patient_id)


_LATEST_SET: Lookup[AnswerSet] = Lookup(
    lambda procedure, patient_id: AnswerSet.objects.filter(
        # Joined the other way round, every answer of the clinic would be read.
        patient_id__in=of_same_person(patient_id),
        procedure=procedure,
        entered_in_error=False,
    ).order_by("-recorded_at", "-id")[:1],
    str,
    UUID,
)
