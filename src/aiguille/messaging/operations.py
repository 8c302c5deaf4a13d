"""Writing to the outbox: always in the transaction that decides what there is to say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction

from aiguille.clinics.queries import GROUP_ID
from aiguille.kernel.codes import Language
from aiguille.kernel.ids import new_id
from aiguille.messaging import wake
from aiguille.messaging.models import MessageState, OutboxMessage
from aiguille.plumbing.statements import Part, array_of, run_together

Channel = Literal["EMAIL", "SMS"]
# What messages about one subject have in common is sent once, however many they are.
_QUEUE = f"""
    INSERT INTO {OutboxMessage._meta.db_table} (
           id, group_id, kind, channel, recipient, language, patient_id, subject_kind, subject_id,
           subject_version, dedupe_key, due_at, state, attempts, outcome, created_at)
    SELECT said.id, ({GROUP_ID}), said.kind, %s, %s, %s, %s::uuid, %s, %s::uuid, %s::integer,
           said.dedupe_key, said.due_at, '{MessageState.QUEUED.value}', 0, '', %s::timestamptz
      FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[])
           AS said (id, kind, dedupe_key, due_at)
    ON CONFLICT DO NOTHING
"""  # noqa: S608 -- our own table and codes


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
    messages: Sequence[Said],
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
    if messages:
        run_together(
            queueing(
                messages,
                channel=channel,
                recipient=recipient,
                language=language,
                patient_id=patient_id,
                subject_kind=subject_kind,
                subject_id=subject_id,
                subject_version=subject_version,
                at=at,
            )
        )
        wake_for(messages, at=at)


def queueing(
    messages: Sequence[Said],
    *,
    channel: Channel,
    recipient: str,
    language: Language | str,
    patient_id: UUID | None,
    subject_kind: str,
    subject_id: UUID,
    subject_version: int,
    at: datetime,
) -> Part:
    """Return what `queue_all` writes, as a part of another statement; then call `wake_for`.

    Raises:
        ValueError: nobody would receive them.
    """
    if not recipient:
        raise ValueError("a message needs a recipient")
    shared = (channel, recipient, Language(language).value, patient_id, subject_kind, subject_id)
    return Part(
        _QUEUE,
        (
            *shared,
            subject_version,
            at,
            array_of(new_id() for _ in messages),
            [message.kind for message in messages],
            [message.dedupe_key for message in messages],
            array_of(message.due_at for message in messages),
        ),
    )


def wake_for(messages: Iterable[Said], *, at: datetime) -> None:
    """Tell the worker, once they are there to be seen, of messages that are due by now."""
    if any(message.due_at <= at for message in messages):
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
