"""A physician asks the patient what the online questionnaire did not, and verdicts are judged."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.journeys.record_answers import RecordedAnswers, judge_again
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.patients.operations import complete_answers
from aiguille.patients.queries import latest_answers


def ask_in_person(
    *,
    patient_id: UUID,
    procedure: Procedure,
    answers: Mapping[str, Mapping[str, Any]],
    seen_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> RecordedAnswers:
    """Record answers given to a physician, and judge the verdicts on the procedure again.

    Raises:
        AnswersChanged, AnswerUnsound, NotVisible, NotAllowed.
    """
    with transaction.atomic(durable=True):
        before = latest_answers(patient_id, procedure)
        answer_set_id = complete_answers(
            patient_id=patient_id,
            procedure=procedure,
            answers=answers,
            seen_id=seen_id,
            actor=actor,
            at=at,
        )
        suspended = judge_again(
            patient_id=patient_id, procedure=procedure, before=before, actor=actor, at=at
        )
    return RecordedAnswers(answer_set_id=answer_set_id, suspended=suspended)
