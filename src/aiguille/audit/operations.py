"""Writing audit events: always in the transaction of what they tell."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from aiguille.audit.chain import GENESIS, digest
from aiguille.audit.models import AuditEvent, ChainHead
from aiguille.audit.registry import Action
from aiguille.kernel.actor import Actor
from aiguille.plumbing.statements import Insertion, Statement


def chain_key() -> tuple[str, bytes]:
    """Return the identifier and the bytes of the key in use."""
    secret: str = settings.AUDIT_KEY
    return hashlib.sha256(secret.encode()).hexdigest()[:12], secret.encode()


def chained_content(event: AuditEvent) -> dict[str, Any]:
    """Return the part of `event` that its digest covers: everything but the digests."""
    return {
        "record_id": str(event.record_id),
        "position": event.position,
        "action": event.action,
        "subject_kind": event.subject_kind,
        "subject_id": str(event.subject_id),
        "patient_id": str(event.patient_id) if event.patient_id else None,
        "site_id": str(event.site_id) if event.site_id else None,
        "actor_kind": event.actor_kind,
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "actor_name": event.actor_name,
        "actor_roles": list(event.actor_roles),
        "details": event.details,
        "occurred_at": event.occurred_at.astimezone(UTC).isoformat(),
        "key_id": event.key_id,
    }


def record(
    *,
    action: Action,
    actor: Actor,
    at: datetime,
    subject_kind: str,
    subject_id: UUID,
    patient_id: UUID | None = None,
    site_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Append one event to the chain of the patient's record, or of the subject where there is none.

    `details` is JSON: codes, keys and counts; no clinical free text. Must run inside the
    transaction of the act itself, so that neither can exist without the other.

    Raises:
        RuntimeError: there is no transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an audit event is written in the transaction of what it tells")
    record_id = patient_id or subject_id
    key_id, key = chain_key()
    length, mac = _locked_head(record_id)
    event = AuditEvent(
        record_id=record_id,
        position=length + 1,
        action=action.code,
        subject_kind=subject_kind,
        subject_id=subject_id,
        patient_id=patient_id,
        site_id=site_id or actor.site_id,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_name=actor.display_name,
        actor_roles=sorted(role.value for role in actor.roles),
        details=dict(details or {}),
        occurred_at=at,
        previous_mac=mac,
        key_id=key_id,
    )
    event.mac = digest(chained_content(event), previous=mac, key=key)
    _APPEND.run(event.position, event.mac, event.record_id, *_EVENT.values([event]))


def _locked_head(record_id: UUID) -> tuple[int, str]:
    """Return the length and the end of a record's chain, locked; a new one is empty.

    One statement makes, locks and reads it, as one writes it with the event: every operation pays
    for what an event costs.
    """
    found = _HEAD.row(record_id, GENESIS)
    assert found is not None, "an upsert returns its row"
    return found[0], found[1]


_HEAD = Statement(
    f"INSERT INTO {ChainHead._meta.db_table} AS head (record_id, length, mac)"  # noqa: S608 -- our own table
    " VALUES (%s, 0, %s) ON CONFLICT (record_id) DO UPDATE SET length = head.length"
    " RETURNING length, mac"
)
_EVENT = Insertion(AuditEvent)
_APPEND = Statement(
    f"WITH head AS (UPDATE {ChainHead._meta.db_table} SET length = %s, mac = %s"  # noqa: S608 -- our own tables
    f" WHERE record_id = %s) {_EVENT.sql()}"
)
