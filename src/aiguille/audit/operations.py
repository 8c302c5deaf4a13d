"""Writing audit events: always in the transaction of what they tell."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from aiguille.audit.chain import GENESIS, digest
from aiguille.audit.models import AuditEvent, ChainHead
from aiguille.audit.registry import Action
from aiguille.kernel.actor import Actor
from aiguille.plumbing.statements import Insertion, Part, Question, Statement, run_together


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a record's chain: how many events it has, and the digest of the last."""

    length: int
    mac: str


def chain_key() -> tuple[str, bytes]:
    """Return the identifier and the bytes of the key in use."""
    return _key(settings.AUDIT_KEY)


@lru_cache(maxsize=4)
def _key(secret: str) -> tuple[str, bytes]:
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
    event, head = recording(
        action=action,
        actor=actor,
        at=at,
        subject_kind=subject_kind,
        subject_id=subject_id,
        patient_id=patient_id,
        site_id=site_id,
        details=details,
        after=locked_head(patient_id or subject_id),
    )
    run_together(event, head)


def recording(
    *,
    action: Action,
    actor: Actor,
    at: datetime,
    subject_kind: str,
    subject_id: UUID,
    patient_id: UUID | None = None,
    site_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
    after: Head,
) -> tuple[Part, Part]:
    """Return what `record` writes as two parts of the statement that writes what they tell.

    `after` is the end of the chain, read before. Where somebody else has written to the chain
    since, `one_event_per_position` refuses the whole statement.
    """
    record_id = patient_id or subject_id
    key_id, key = chain_key()
    event = AuditEvent(
        record_id=record_id,
        position=after.length + 1,
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
        previous_mac=after.mac,
        key_id=key_id,
    )
    event.mac = digest(chained_content(event), previous=after.mac, key=key)
    return (
        Part(_EVENT.sql(), _EVENT.values([event])),
        Part(_MOVE_HEAD, (record_id, event.position, event.mac)),
    )


def locked_head(record_id: UUID) -> Head:
    """Return the end of a record's chain, locked: nobody writes to it before we have."""
    found = _LOCKED_HEAD.row(record_id, GENESIS)
    assert found is not None, "an upsert returns its row"
    return Head(*found)


def head_question(record_id: UUID) -> Question:
    """Ask for the end of a record's chain as it is now; somebody else may write to it before us."""
    return Question(_HEAD, 2, (record_id,))


def head_from(rows: Sequence[Sequence[Any]]) -> Head:
    """Return the answer to `head_question`; a chain that nobody began is empty."""
    return Head(*rows[0]) if rows else Head(0, GENESIS)


_TABLE = ChainHead._meta.db_table
_HEAD = f"SELECT length, mac FROM {_TABLE} WHERE record_id = %s"  # noqa: S608 -- our own table
_LOCKED_HEAD = Statement(
    f"INSERT INTO {_TABLE} AS head (record_id, length, mac)"  # noqa: S608 -- our own table
    " VALUES (%s, 0, %s) ON CONFLICT (record_id) DO UPDATE SET length = head.length"
    " RETURNING length, mac"
)
_EVENT = Insertion(AuditEvent)
# Where the head is not the one that the event follows any more, the event's position is taken.
_MOVE_HEAD = (
    f"INSERT INTO {_TABLE} AS head (record_id, length, mac) VALUES (%s, %s, %s)"  # noqa: S608
    " ON CONFLICT (record_id) DO UPDATE SET length = excluded.length, mac = excluded.mac"
    " WHERE head.length = excluded.length - 1"
)
