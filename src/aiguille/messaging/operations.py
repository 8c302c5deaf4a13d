"""Writing to the outbox: always in the transaction that decides what there is to say."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction

from aiguille.clinics.queries import the_group
from aiguille.kernel.codes import Language
from aiguille.messaging import wake
from aiguille.messaging.models import MessageState, OutboxMessage

Channel = Literal["EMAIL", "SMS"]


@transaction.atomic
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
) -> UUID:
    """Put a message in the outbox, to leave at `due_at`, and return its key.

    The same `dedupe_key` again changes nothing: the message is there once. Where the message is
    due already, the worker is told so when the transaction commits.

    Raises:
        ValueError: nobody would receive it.
    """
    if not recipient:
        raise ValueError("a message needs a recipient")
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                group_id=the_group().id,
                kind=kind,
                channel=channel,
                recipient=recipient,
                language=Language(language),
                patient_id=patient_id,
                subject_kind=subject_kind,
                subject_id=subject_id,
                subject_version=subject_version,
                dedupe_key=dedupe_key,
                due_at=due_at,
                created_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    if due_at <= at:
        transaction.on_commit(wake.worker, robust=True)
    return OutboxMessage.objects.values_list("id", flat=True).get(dedupe_key=dedupe_key)


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
