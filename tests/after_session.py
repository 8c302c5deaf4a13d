"""A session that went to its end through the journey, so that everything after it is there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from aiguille.journeys.run_session import begin_session, record_session_event
from aiguille.kernel.codes import Procedure
from aiguille.protocols.events import body_as_json
from tests.session_day import SessionDay, ready_for_session, whole_session
from tests.world import SpacePerson, World


@dataclass(frozen=True)
class Ended:
    """A session that ended at the instant `at`."""

    day: SessionDay
    session_id: UUID
    at: datetime


def end_session(
    world: World,
    procedure: Procedure = Procedure.MESOTHERAPY,
    *,
    person: SpacePerson | None = None,
) -> Ended:
    """Lead a patient, Anna by default, through a whole session of the procedure."""
    day = ready_for_session(world, procedure, person=person)
    session_id = begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)
    at = day.at
    for event in whole_session(day):
        at = event.at
        record_session_event(
            session_id=session_id,
            idempotency_key=uuid4(),
            body=body_as_json(event.body),
            acknowledged=event.acknowledged,
            actor=world.bruno.actor.confirmed(at),
            at=at,
        )
    return Ended(day=day, session_id=session_id, at=at)
