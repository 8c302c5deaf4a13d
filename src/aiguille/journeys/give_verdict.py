"""From a new verdict to the sessions that relied on the one before it, or waited for one."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from aiguille.booking.states import (
    confirm_under_verdict,
    flag_needs_verdict,
    wait_for_sessions,
)
from aiguille.care import operations as care
from aiguille.care.queries import list_verdicts
from aiguille.care.rules import Override
from aiguille.journeys.change_rule import TASK as RULE_CHANGED
from aiguille.journeys.record_answers import ANSWERS_CHANGED
from aiguille.journeys.suspend_verdict import SESSIONS_WAIT, ask_for_verdict
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import VerdictOutcome
from aiguille.plumbing.deadlocks import once_more
from aiguille.worklist.operations import finish_tasks_about


@once_more
def give_verdict(
    *,
    patient_id: UUID,
    treatment_id: UUID,
    consultation_id: UUID,
    outcome: VerdictOutcome,
    reason: str,
    conditions: str,
    valid_from: date,
    valid_until: date,
    overrides: Sequence[Override],
    today: date,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Give a verdict and let it decide over the sessions ahead; return its id.

    Sessions on days that it opens are confirmed under it. The others of the verdict before it keep
    their time, wait, and open a task for a physician.

    Raises:
        What `care.operations.give_verdict` raises.
    """
    with transaction.atomic(durable=True):
        wait_for_sessions(patient_id=patient_id, treatment_id=treatment_id)
        before = [
            verdict.id
            for verdict in list_verdicts(patient_id=patient_id)
            if verdict.treatment_id == treatment_id
        ]
        verdict_id = care.give_verdict(
            patient_id=patient_id,
            treatment_id=treatment_id,
            consultation_id=consultation_id,
            outcome=outcome,
            reason=reason,
            conditions=conditions,
            valid_from=valid_from,
            valid_until=valid_until,
            overrides=overrides,
            today=today,
            actor=actor,
            at=at,
        )
        for earlier in before:
            flag_needs_verdict(verdict_id=earlier, actor=actor, at=at)
            for kind in (ANSWERS_CHANGED, RULE_CHANGED, SESSIONS_WAIT):
                finish_tasks_about(kind=kind, subject_id=earlier, actor=actor, at=at)
        confirm_under_verdict(verdict_id=verdict_id, actor=actor, at=at)
        ask_for_verdict(
            patient_id=patient_id,
            treatment_id=treatment_id,
            verdict_id=verdict_id,
            actor=actor,
            at=at,
        )
    return verdict_id
