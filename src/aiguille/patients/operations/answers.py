"""The questionnaire: saved answer by answer, then handed in as an entry of the record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from aiguille.accounts.rights import Right
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients import events, questionnaire
from aiguille.patients.access import get_patient_for
from aiguille.patients.models import AnswerDraft, AnswerSet, Patient
from aiguille.patients.questionnaire import AnswerUnsound
from aiguille.plumbing.models import authored_by
from aiguille.rulebook.book import load_rulebook


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


@transaction.atomic
def save_draft_answer(
    *,
    patient_id: UUID,
    procedure: Procedure,
    question_id: str,
    answer: Mapping[str, Any],
    actor: Actor,
    at: datetime,
) -> None:
    """Keep one answer until the questionnaire is handed in.

    `answer` holds `answer` and, where they apply, `ended` (a date), `zones` and `type`. The first
    answer after a hand-in starts from what was handed in.

    Raises:
        AnswerUnsound: the question is not asked, or the answer is none that it takes.
        NotVisible, NotAllowed.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    book = load_rulebook()
    asked = {
        question.id: question for question in book.questions_for(procedure, only_blocking=True)
    }
    if question_id not in asked:
        raise AnswerUnsound(field="question")
    cleaned = questionnaire.clean_answer(
        asked[question_id],
        procedure=procedure,
        answer=str(answer.get("answer", "")),
        ended=answer.get("ended"),
        zones=answer.get("zones", ()),
        type_code=answer.get("type", ""),
    )
    Patient.objects.select_for_update().get(id=patient_id)
    draft = AnswerDraft.objects.filter(patient_id=patient_id, procedure=procedure).first()
    if draft is None:
        latest = latest_set(patient_id, procedure)
        draft = AnswerDraft(
            patient_id=patient_id,
            procedure=procedure,
            answers={name: value for name, value in latest.answers.items() if name in asked}
            if latest
            else {},
            version=0,
        )
    draft.answers[question_id] = cleaned
    draft.version += 1
    draft.updated_at = at
    draft.save()


@transaction.atomic
def discard_draft(*, patient_id: UUID, procedure: Procedure, actor: Actor, at: datetime) -> None:
    """Forget the answers typed since the last hand-in.

    Raises:
        NotVisible, NotAllowed.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    AnswerDraft.objects.filter(patient_id=patient_id, procedure=procedure).delete()


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
    draft = AnswerDraft.objects.filter(patient_id=patient_id, procedure=procedure).first()
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
    latest = latest_set(patient_id, procedure)
    replaces = latest if latest and latest.patient_id == patient_id else None
    answer_set = AnswerSet(
        patient_id=patient_id,
        procedure=procedure,
        answers=questionnaire.settle(book, walked, draft.answers),
        rulebook_version=book.version,
        language=patient.language,
        version=replaces.version + 1 if replaces else 1,
        replaces=replaces,
        effective_at=at,
        **authored_by(actor, at=at),
    )
    answer_set.save(force_insert=True)
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


def latest_set(patient_id: UUID, procedure: str) -> AnswerSet | None:
    """Return the latest answers of a patient or of a record joined to it."""
    sets = AnswerSet.objects.filter(procedure=procedure, entered_in_error=False)
    own = sets.filter(patient_id=patient_id) | sets.filter(patient__merged_into_id=patient_id)
    return own.order_by(F("recorded_at").desc(), F("id").desc()).first()
