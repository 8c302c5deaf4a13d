"""A plan with the outcome scales that measure its start, kept together or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from aiguille.care.operations import make_plan
from aiguille.care.queries import get_plan
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ScoreMoment
from aiguille.outcomes.operations import record_scale


@transaction.atomic(durable=True)
def plan_course(
    *,
    scores: Sequence[tuple[str, Mapping[str, str]]],
    form_key: UUID,
    actor: Actor,
    at: datetime,
    **planned: Any,
) -> UUID:
    """Make a plan and record each scale answered at its start; return the plan's id.

    `planned` is what `care.operations.make_plan` takes; `scores` are scales with their answers.

    Raises:
        What `care.operations.make_plan` and `outcomes.operations.record_scale` raise.
    """
    plan_id = make_plan(**planned, actor=actor, at=at)
    plan = get_plan(plan_id)
    for scale, answers in scores:
        record_scale(
            patient_id=plan.patient_id,
            treatment_id=plan.treatment_id,
            plan_id=plan_id,
            scale=scale,
            moment=ScoreMoment.START.value,
            answers=answers,
            form_key=uuid5(form_key, f"{plan_id}:{scale}"),
            actor=actor,
            at=at,
        )
    return plan_id
