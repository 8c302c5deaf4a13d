"""The treatment room: begin a session, record its events, and what follows when it closes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.booking import states
from aiguille.booking.access import get_appointment_for
from aiguille.booking.queries import AppointmentState
from aiguille.follow_up.notices import announce_aftercare
from aiguille.follow_up.operations import start_aftercare
from aiguille.journeys.book_session import refuse_blocking_symptom
from aiguille.journeys.documents import file_session_documents
from aiguille.kernel.actor import Actor
from aiguille.plumbing.deadlocks import once_more
from aiguille.protocols.state import RunState
from aiguille.treatment_sessions import operations
from aiguille.treatment_sessions.queries import get_session


@once_more
@transaction.atomic(durable=True)
def begin_session(*, appointment_id: UUID, actor: Actor, at: datetime) -> UUID:
    """Begin the session of an appointment whose patient arrived, and return the session.

    A second tap returns the session that runs.

    Raises:
        NotVisible, NotAllowed: the actor may not.
        ConsentNeeded, VerdictNeeded, QuestionsNotAsked, NotASession, EventRefused: a gate refuses.
        SymptomBlocks: a physician must close a report of the patient's first.
        StateRefuses: the patient has not arrived, or the appointment is over.
    """
    appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    if appointment.state is not AppointmentState.IN_PROGRESS:
        refuse_blocking_symptom(patient_id=appointment.patient_id)
    states.locked(appointment.id)  # the session's appointment before its verdict, as everywhere
    session_id = operations.begin_session(appointment_id=appointment.id, actor=actor, at=at)
    if appointment.state is not AppointmentState.IN_PROGRESS:
        states.begin(appointment_id=appointment.id, actor=actor, at=at)
    return session_id


def record_session_event(
    *,
    session_id: UUID,
    idempotency_key: UUID,
    body: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    acknowledged: Mapping[str, str] | None = None,
) -> RunState:
    """Record one event; the one that closes the session ends the appointment and starts aftercare.

    A refusal by a guard is left in the audit trail.

    Raises:
        NotVisible, NotAllowed, EventUnreadable, EventRefused, UnitGone: see
            `treatment_sessions.operations`.
    """
    try:
        with transaction.atomic(durable=True):
            state = operations.record_event(
                session_id=session_id,
                idempotency_key=idempotency_key,
                body=body,
                acknowledged=acknowledged,
                actor=actor,
                at=at,
            )
            if state.closed is not None and state.closed.at == at:
                _close(session_id, state, actor=actor, at=at)
    except (operations.EventRefused, operations.UnitGone) as refused:
        operations.note_refusal(
            session_id=session_id, body=body, refused=refused, actor=actor, at=at
        )
        raise
    return state


def _close(session_id: UUID, state: RunState, *, actor: Actor, at: datetime) -> None:
    session = get_session(session_id)
    states.finish(appointment_id=session.appointment_id, actor=actor, at=at)
    if state.needle_started:
        aftercare_id = start_aftercare(
            session=session,
            zones={total.zone for total in state.totals.zones},
            ended_at=at,
            actor=actor,
            at=at,
        )
        announce_aftercare(aftercare_id=aftercare_id, session=session, ended_at=at, at=at)
    file_session_documents(session_id=session.id)
