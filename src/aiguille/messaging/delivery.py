"""From the outbox to the world: claim, send, settle.

1. Claim: one due message is locked (`SKIP LOCKED`, so that workers never wait for each other); the
   area that owns its subject locks the subject and says whether the message is still true; then it
   is rendered and marked as claimed. A change of the subject comes either before this transaction,
   and the message is dropped, or after it.
2. Send, outside any transaction.
3. Settle: sent, or put back with a delay, or given up after `MOST_ATTEMPTS`.

A worker that dies between 1 and 3 leaves a claimed message; after `CLAIM_LASTS` it is due again,
with the same message identifier, by which mail servers recognise it.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import F

from aiguille.kernel.codes import Language
from aiguille.messaging import transports
from aiguille.messaging.models import MessageState, OutboxMessage
from aiguille.messaging.resolvers import Due, Rendered, resolver_for

MOST_ATTEMPTS = 6
CLAIM_LASTS = timedelta(minutes=10)
FIRST_DELAY = timedelta(minutes=1)

# Locks that a page holds are waited for this long: shorter than PostgreSQL takes to look for a
# deadlock, so that where the two wait for each other it is the worker that gives way.
LOCK_TIMEOUT = "500ms"
BUSY_DELAY = timedelta(seconds=15)
_LOCK_NOT_AVAILABLE = "55P03"

logger = logging.getLogger(__name__)


def send_all_due(*, at: datetime, limit: int = 500) -> int:
    """Send every message due at the instant `at` (at most `limit`); return how many were sent."""
    _take_back_lost_claims(at=at)
    sent = 0
    for _ in range(limit):
        claimed = _claim_one(at=at)
        if claimed is None:
            break
        message, rendered = claimed
        if rendered is not None and _send(message, rendered):
            sent += 1
    return sent


def _take_back_lost_claims(*, at: datetime) -> None:
    OutboxMessage.objects.filter(
        state=MessageState.CLAIMED, claimed_at__lt=at - CLAIM_LASTS
    ).update(state=MessageState.QUEUED)


def _claim_one(*, at: datetime) -> tuple[Due, Rendered | None] | None:
    """Settle the truth of the next due message; None when nothing is due.

    The second value is None where the message will not be sent.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        row = (
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(state=MessageState.QUEUED, due_at__lte=at)
            .order_by("due_at", "id")
            .first()
        )
        if row is None:
            return None
        message = _due(row, at=at)
        rendered = _render_if_true(message)
        if rendered is not None:
            row.state, row.claimed_at = MessageState.CLAIMED, at
            row.attempts += 1
            row.save(update_fields=["state", "claimed_at", "attempts"])
        return message, rendered


def _render_if_true(message: Due) -> Rendered | None:
    """Return what to send, or settle the message and return None."""
    resolver = resolver_for(message.subject_kind)
    if resolver is None:
        _settle(message, MessageState.FAILED, "nobody speaks for this subject")
        return None
    try:
        with transaction.atomic():
            if resolver.still_true(message):
                return resolver.render(message)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        OutboxMessage.objects.filter(id=message.id).update(due_at=message.at + BUSY_DELAY)
        return None
    except Exception:  # one message that cannot be written must not hold up all the others
        logger.exception("message %s could not be written", message.id)
        OutboxMessage.objects.filter(id=message.id).update(attempts=F("attempts") + 1)
        _put_back(message, "could not be written")
        return None
    _settle(message, MessageState.DROPPED, "no longer true")
    return None


def _send(message: Due, rendered: Rendered) -> bool:
    try:
        transports.transport_for(message.channel).send(message, rendered)
    except transports.NotDelivered as error:
        logger.warning("message %s was not delivered: %s", message.id, error.reason)
        if error.is_final:
            _settle(message, MessageState.FAILED, error.reason)
        else:
            _put_back(message, error.reason)
        return False
    _settle(message, MessageState.SENT, "")
    return True


def _settle(message: Due, state: MessageState, outcome: str) -> None:
    OutboxMessage.objects.filter(id=message.id).update(
        state=state, settled_at=message.at, outcome=outcome[:200]
    )


def _put_back(message: Due, reason: str) -> None:
    """Try again later, each time after twice the delay, until it has been tried enough."""
    attempts = OutboxMessage.objects.values_list("attempts", flat=True).get(id=message.id)
    if attempts >= MOST_ATTEMPTS:
        _settle(message, MessageState.FAILED, reason)
        return
    OutboxMessage.objects.filter(id=message.id).update(
        state=MessageState.QUEUED,
        due_at=message.at + FIRST_DELAY * 2 ** (attempts - 1),
        outcome=reason[:200],
    )


def _due(row: OutboxMessage, *, at: datetime) -> Due:
    identifier: UUID = row.id
    return Due(
        id=identifier,
        kind=row.kind,
        channel=row.channel,
        recipient=row.recipient,
        language=Language(row.language),
        patient_id=row.patient_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        subject_version=row.subject_version,
        due_at=row.due_at,
        at=at,
    )
