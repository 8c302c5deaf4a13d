"""What the server holds against entries that a tablet made without it, and who settled it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import authored_by
from aiguille.treatment_sessions import events
from aiguille.treatment_sessions.models import (
    IncidentSettlement,
    SessionEvent,
    SessionIncident,
    TreatmentSession,
)

LONGEST_NOTE = 2000


class SettlementSaysNothing(DomainError):
    """An incident is settled by words."""

    code = "settlement_says_nothing"
    default_text = Text(
        fr="Écrivez ce que vous avez vérifié (2 000 caractères au plus).",
        en="Write what you checked (2,000 characters at most).",
    )


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident of a session; `sequence` is None where the entry is not in the list of events.

    `settled_by` and `settled_at` are None, and `note` empty, while it is open.
    """

    id: UUID
    sequence: int | None
    guard: str
    reason: Text
    payload: Mapping[str, Any]
    occurred_at: datetime
    received_at: datetime
    received_from: str
    note: str
    settled_by: str | None
    settled_at: datetime | None


def open_incident(
    session: TreatmentSession,
    *,
    event: SessionEvent | None,
    idempotency_key: UUID,
    guard: str,
    reason: Text,
    payload: Mapping[str, Any],
    occurred_at: datetime,
    actor: Actor,
    at: datetime,
    lot_id: UUID | None = None,
    unit_id: UUID | None = None,
) -> UUID:
    """Write what the server holds against an entry; runs in the transaction that receives it.

    `lot_id` and `unit_id` are what the entry opened and could not consume.
    """
    incident = SessionIncident.objects.create(
        session=session,
        event=event,
        lot_id=lot_id,
        unit_id=unit_id,
        idempotency_key=idempotency_key,
        guard=guard,
        reason=reason,
        payload=dict(payload),
        occurred_at=occurred_at,
        **authored_by(actor, at=at),
    )
    record(
        action=events.INCIDENT,
        actor=actor,
        at=at,
        subject_kind="session",
        subject_id=session.id,
        patient_id=session.patient_id,
        site_id=session.site_id,
        details={"guard": guard, "sequence": event.sequence if event else None},
    )
    return incident.id


def open_incidents(session_id: UUID) -> int:
    """Return how many incidents of a session wait to be settled (one query)."""
    return SessionIncident.objects.filter(session_id=session_id, settlement__isnull=True).count()


def incidents_of(session_id: UUID) -> tuple[IncidentView, ...]:
    """Return the incidents of a session, open ones first, in the order they happened (one query)."""
    rows = (
        SessionIncident.objects.filter(session_id=session_id)
        .select_related("event", "settlement")
        .order_by("occurred_at", "id")
    )
    views = [_view(row) for row in rows]
    return tuple(sorted(views, key=lambda one: one.settled_at is not None))


def _view(row: SessionIncident) -> IncidentView:
    settlement: IncidentSettlement | None = getattr(row, "settlement", None)
    return IncidentView(
        id=row.id,
        sequence=row.event.sequence if row.event else None,
        guard=row.guard,
        reason=row.reason,
        payload=row.payload,
        occurred_at=row.occurred_at,
        received_at=row.recorded_at,
        received_from=row.author_name,
        note=settlement.note if settlement else "",
        settled_by=settlement.author_name if settlement else None,
        settled_at=settlement.recorded_at if settlement else None,
    )


@transaction.atomic
def settle_incident(
    *, session_id: UUID, incident_id: UUID, note: str, actor: Actor, at: datetime
) -> None:
    """Say what was checked of an incident; settled twice, the first word stays.

    Raises:
        NotAllowed: the actor may not run sessions.
        NotVisible: the session has no such incident.
        SettlementSaysNothing: there are no words, or too many.
    """
    require(actor, Right.RUN_SESSION)
    session = TreatmentSession.objects.select_for_update(of=("self",)).filter(id=session_id).first()
    incident = SessionIncident.objects.filter(id=incident_id, session_id=session_id).first()
    if session is None or incident is None:
        raise NotVisible
    if not 0 < len(note.strip()) <= LONGEST_NOTE:
        raise SettlementSaysNothing(field="note")
    if IncidentSettlement.objects.filter(incident=incident).exists():
        return
    IncidentSettlement.objects.create(
        incident=incident, note=note.strip(), **authored_by(actor, at=at)
    )
    record(
        action=events.INCIDENT_SETTLED,
        actor=actor,
        at=at,
        subject_kind="session",
        subject_id=session.id,
        patient_id=session.patient_id,
        site_id=session.site_id,
        details={"guard": incident.guard},
    )
