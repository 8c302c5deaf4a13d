"""Moving a session of a course together with those that its intervals move."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.booking.access import get_appointment_for
from aiguille.booking.courses import Move
from aiguille.booking.courses import move_course as move_sessions
from aiguille.journeys.book_session import refuse_blocking_symptom
from aiguille.kernel.actor import Actor
from aiguille.plumbing.access import NotVisible


def move_course(
    *,
    appointment_id: UUID,
    moves: Sequence[Move],
    is_told: bool = True,
    actor: Actor,
    at: datetime,
) -> tuple[UUID, ...]:
    """Move a session of a course and others of the same course, all or none.

    The patient is told of the new times where `is_told`.

    Raises:
        NotVisible: the actor may not see the session, or it is none of a plan.
        SymptomBlocks: a physician must close a report first.
        and what `booking.courses.move_course` raises.
    """
    with transaction.atomic(durable=True):
        view = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
        if view.plan_id is None:
            raise NotVisible
        refuse_blocking_symptom(patient_id=view.patient_id)
        return move_sessions(plan_id=view.plan_id, moves=moves, is_told=is_told, actor=actor, at=at)
