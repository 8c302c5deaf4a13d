"""The starred questions, asked again before a session: by the patient, or at the desk."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.patients import events, questionnaire
from aiguille.patients.access import get_patient_for
from aiguille.patients.models import AnswerSet, Patient
from aiguille.patients.operations.answers import (
    AnswersChanged,
    AnswersIncomplete,
    NothingToSubmit,
    clean_named,
    draft_of,
    latest_set,
    write_set,
)
from aiguille.patients.questionnaire import AnswerUnsound
from aiguille.rulebook.book import load_rulebook

ASKED_AGAIN = "asked again before a session"
ASKED_ON_THE_DAY = "asked again on the day of a session"


@transaction.atomic
def submit_again(
    *,
    patient_id: UUID,
    procedure: Procedure,
    asked_for: UUID,
    on_the_day: bool,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Hand in what was typed again before a session, and return the new answers' id.

    All other answers stay as they were. `asked_for` is the session's appointment; on its day the
    questions of the day are asked too.

    Raises:
        NothingToSubmit: nothing was typed since.
        AnswersIncomplete: a question has no answer; `field` is its id.
        NotVisible, NotAllowed.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    patient = Patient.objects.select_for_update().get(id=patient_id)
    draft = draft_of(patient_id, procedure, asked_for)
    if draft is None:
        raise NothingToSubmit
    answer_set = _write(
        patient,
        procedure,
        draft.answers,
        latest=latest_set(patient_id, procedure),
        on_the_day=on_the_day,
        actor=actor,
        at=at,
    )
    draft.delete()
    return answer_set.id


@transaction.atomic
def answer_again(
    *,
    patient_id: UUID,
    procedure: Procedure,
    answers: Mapping[str, Mapping[str, Any]],
    seen_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Write what a patient says at the clinic on the day of a session; return the answers' id.

    `answers` map each question asked again to an answer as `save_draft_answer` takes it. `seen_id`
    is the version of the answers that the page was made from, None where there was none.

    Raises:
        AnswersChanged: there is another version by now.
        AnswersIncomplete: a question has no answer; `field` is its id.
        AnswerUnsound: a question is not asked, or an answer is none that it takes; its `field`
            begins with the question's id.
        NotVisible, NotAllowed: the actor does not receive patients.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.ASK_AGAIN)
    patient = Patient.objects.select_for_update().get(id=patient_id)
    latest = latest_set(patient_id, procedure)
    if seen_id != (latest.id if latest else None):
        raise AnswersChanged
    known = {q.id: q for q in load_rulebook().questions_for(procedure, with_day_only=True)}
    cleaned = {}
    for question_id, answer in answers.items():
        if question_id not in known:
            raise AnswerUnsound(field=question_id)
        cleaned[question_id] = clean_named(known[question_id], procedure, answer, at=at)
    return _write(
        patient, procedure, cleaned, latest=latest, on_the_day=True, actor=actor, at=at
    ).id


def _write(
    patient: Patient,
    procedure: Procedure,
    answers: Mapping[str, Mapping[str, Any]],
    *,
    latest: AnswerSet | None,
    on_the_day: bool,
    actor: Actor,
    at: datetime,
) -> AnswerSet:
    book, earlier = load_rulebook(), latest.answers if latest else {}
    walked = questionnaire.walk_again(
        book, procedure=procedure, earlier=earlier, answers=answers, on_the_day=on_the_day
    )
    if missing := walked.first_missing:
        raise AnswersIncomplete(field=missing.id)
    answer_set = write_set(
        patient,
        procedure,
        questionnaire.settle_again(book, walked, earlier=earlier, answers=answers),
        latest=latest,
        reason=ASKED_ON_THE_DAY if on_the_day else ASKED_AGAIN,
        actor=actor,
        at=at,
    )
    record(
        action=events.ANSWERS_ASKED_AGAIN,
        actor=actor,
        at=at,
        subject_kind="answer_set",
        subject_id=answer_set.id,
        patient_id=patient.id,
        details={"procedure": procedure, "version": answer_set.version, "on_the_day": on_the_day},
    )
    return answer_set
