"""Booking the sessions of a plan at once: the gates of booking, and no symptom in the way."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from aiguille.booking.courses import Chosen, Move, arrange_course
from aiguille.care.queries import get_plan
from aiguille.journeys.book_session import refuse_blocking_symptom
from aiguille.kernel.actor import Actor
from aiguille.patients.access import get_patient_for
from aiguille.plumbing.access import NotVisible


def book_course(
    *,
    patient_id: UUID,
    plan_id: UUID,
    starts: Sequence[Chosen],
    moves: Sequence[Move] = (),
    request_key: UUID | None,
    actor: Actor,
    at: datetime,
) -> tuple[UUID, ...]:
    """Book the sessions of a plan for its patient, and move others of it, all or none.

    Returns the appointments' keys, the moved ones first.

    Raises:
        NotVisible: the patient, or the plan, is none of the actor's.
        SymptomBlocks: a physician must close a report first.
        and what `booking.courses.arrange_course` raises.
    """
    with transaction.atomic(durable=True):
        get_patient_for(actor=actor, patient_id=patient_id, at=at)
        try:
            plan = get_plan(plan_id)
        except ObjectDoesNotExist as error:
            raise NotVisible from error
        if plan.patient_id != patient_id:
            raise NotVisible
        refuse_blocking_symptom(patient_id=patient_id)
        return arrange_course(
            plan_id=plan_id,
            moves=moves,
            starts=starts,
            request_key=request_key,
            actor=actor,
            at=at,
        )
