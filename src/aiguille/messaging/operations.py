"""Writing to the outbox: always in the transaction that decides what there is to say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction

from aiguille.clinics.queries import GROUP_ID
from aiguille.kernel.codes import Language
from aiguille.messaging import wake
from aiguille.messaging.models import MessageState, OutboxMessage
from aiguille.plumbing.statements import Insertion, insert_all

Channel = Literal["EMAIL", "SMS"]
_MESSAGES = Insertion(OutboxMessage, {"group_id": f"({GROUP_ID})"})


@dataclass(frozen=True, slots=True)
class Said:
    """One message of several about a subject: what kind, when it leaves, what it is known by."""

    kind: str
    due_at: datetime
    dedupe_key: str


def queue(
    *,
    kind: str,
    channel: Channel,
    recipient: str,
    language: Language | str,
    patient_id: UUID | None,
    subject_kind: str,
    subject_id: UUID,
    subject_version: int,
    due_at: datetime,
    dedupe_key: str,
    at: datetime,
) -> None:
    """Put a message in the outbox, to leave at `due_at`; see `queue_all`.

    Raises:
        ValueError: nobody would receive it.
    """
    queue_all(
        [Said(kind, due_at, dedupe_key)],
        channel=channel,
        recipient=recipient,
        language=language,
        patient_id=patient_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        subject_version=subject_version,
        at=at,
    )


def queue_all(
    messages: Iterable[Said],
    *,
    channel: Channel,
    recipient: str,
    language: Language | str,
    patient_id: UUID | None,
    subject_kind: str,
    subject_id: UUID,
    subject_version: int,
    at: datetime,
) -> None:
    """Put messages about one subject in the outbox, each to leave at its `due_at` (one query).

    The same `dedupe_key` again changes nothing: the message is there once. Where one is due
    already, the worker is told so when the transaction commits.

    Raises:
        ValueError: nobody would receive them.
    """
    if not recipient:
        raise ValueError("a message needs a recipient")
    rows = [
        OutboxMessage(
            kind=message.kind,
            channel=channel,
            recipient=recipient,
            language=Language(language),
            patient_id=patient_id,
            subject_kind=subject_kind,
            subject_id=subject_id,
            subject_version=subject_version,
            dedupe_key=message.dedupe_key,
            due_at=message.due_at,
            created_at=at,
        )
        for message in messages
    ]
    insert_all(_MESSAGES, rows, ending="ON CONFLICT DO NOTHING")
    if any(row.due_at <= at for row in rows):
        transaction.on_commit(wake.worker, robust=True)


@transaction.atomic
def drop_for_subject(*, subject_kind: str, subject_id: UUID, at: datetime) -> int:
    """Drop what still waits to be said about a subject, and return how many messages that were.

    A message that a worker is looking at right now is left to it: the worker waits for our change
    of the subject, sees the new version and drops the message itself. Waiting for the worker here
    would be a deadlock.
    """
    waiting = (
        OutboxMessage.objects.select_for_update(skip_locked=True)
        .filter(subject_kind=subject_kind, subject_id=subject_id, state=MessageState.QUEUED)
        .values_list("id", flat=True)
    )
    return OutboxMessage.objects.filter(id__in=list(waiting)).update(
        state=MessageState.DROPPED, settled_at=at, outcome="superseded"
    )


@transaction.atomic
def drop_due_before(*, before: datetime, reason: str, at: datetime) -> int:
    """Drop what was due before an instant and was never sent, and return how many that were.

    For an installation that begins with a past of its own (a demo, an import): nobody is told
    today what was news weeks ago. `reason` is kept as the outcome.
    """
    return OutboxMessage.objects.filter(state=MessageState.QUEUED, due_at__lt=before).update(
        state=MessageState.DROPPED, settled_at=at, outcome=reason
    )
