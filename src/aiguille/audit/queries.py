"""Reading the audit trail, and proving that it is whole."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiguille.audit.chain import GENESIS, digest
from aiguille.audit.models import AuditEvent, ChainHead
from aiguille.audit.operations import chain_key, chained_content
from aiguille.audit.registry import Action


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One event as people read it; the sentence is in `registry`."""

    action: str
    subject_kind: str
    subject_id: UUID
    actor_name: str
    actor_roles: tuple[str, ...]
    occurred_at: datetime


def list_events_of_patient(
    *, patient_id: UUID, actions: Collection[Action] = (), limit: int = 100
) -> list[AuditLine]:
    """Return the latest events of a patient's record, latest first (one query).

    Where `actions` are named, only those.
    """
    rows = AuditEvent.objects.filter(patient_id=patient_id)
    if actions:
        rows = rows.filter(action__in=[action.code for action in actions])
    rows = rows.order_by("-position")[:limit]
    return [
        AuditLine(
            action=row.action,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            actor_name=row.actor_name,
            actor_roles=tuple(row.actor_roles),
            occurred_at=row.occurred_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Where a chain does not hold, and why."""

    record_id: UUID
    position: int
    what: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a record's chain, as it is exported and kept elsewhere."""

    record_id: UUID
    length: int
    mac: str


def list_heads() -> list[Head]:
    """Return the end of every chain (one query)."""
    rows = ChainHead.objects.order_by("record_id")
    return [Head(row.record_id, row.length, row.mac) for row in rows]


def find_flaws(*, exported: Iterable[Head] = ()) -> Iterator[Flaw]:
    """Yield each place where a chain was edited, cut, reordered or lost an event.

    Whoever may rewrite the database may also cut a chain and its head together; `exported` heads,
    kept elsewhere, show that too.
    """
    kept = {(head.record_id, head.length): head.mac for head in exported}
    key_id, key = chain_key()
    record_id: UUID | None = None
    previous, position = GENESIS, 0
    heads = {head.record_id: head for head in ChainHead.objects.all()}
    ends: dict[UUID, tuple[int, str]] = {}
    for event in AuditEvent.objects.order_by("record_id", "position").iterator(chunk_size=2000):
        if event.record_id != record_id:
            record_id, previous, position = event.record_id, GENESIS, 0
        position += 1
        if event.position != position:
            yield Flaw(event.record_id, position, "an event is missing")
            position = event.position
        elif event.previous_mac != previous:
            yield Flaw(event.record_id, position, "the link to the event before is broken")
        if event.key_id != key_id:
            yield Flaw(event.record_id, position, "another key was used")
        elif event.mac != digest(chained_content(event), previous=event.previous_mac, key=key):
            yield Flaw(event.record_id, position, "the content was changed")
        if kept.pop((event.record_id, position), event.mac) != event.mac:
            yield Flaw(event.record_id, position, "it is not what was exported")
        previous = event.mac
        ends[event.record_id] = (event.position, event.mac)
    for found_id, head in heads.items():
        if ends.get(found_id, (0, GENESIS)) != (head.length, head.mac):
            yield Flaw(found_id, head.length, "the end of the chain was cut")
    for found_id in ends.keys() - heads.keys():
        yield Flaw(found_id, 0, "the chain has no head")
    for missing_id, length in kept:
        yield Flaw(missing_id, length, "the chain was longer when it was exported")
