"""What was sent, for the demo's page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiguille.messaging.models import DemoMail, OutboxMessage


@dataclass(frozen=True, slots=True)
class MailView:
    """A message as the demo kept it; `attachments` are (name, media type, text)."""

    id: UUID
    recipient: str
    channel: str
    subject: str
    text: str
    html: str
    attachments: tuple[tuple[str, str, str], ...]
    sent_at: datetime


def known_messages(dedupe_keys: Collection[str]) -> frozenset[str]:
    """Return which of these messages were put in the outbox already, sent or not (one query)."""
    rows = OutboxMessage.objects.filter(dedupe_key__in=list(dedupe_keys))
    return frozenset(rows.values_list("dedupe_key", flat=True))


def latest_mail(*, limit: int = 50, recipient: str = "") -> list[MailView]:
    """Return the latest messages, newest first, of one recipient or of all (one query)."""
    rows = DemoMail.objects.order_by("-sent_at", "-id")
    if recipient:
        rows = rows.filter(recipient__iexact=recipient)
    return [_view(row) for row in rows[:limit]]


def get_mail(message_id: UUID) -> MailView | None:
    """Return a message that the demo kept, or None (one query)."""
    row = DemoMail.objects.filter(id=message_id).first()
    return _view(row) if row else None


def _view(row: DemoMail) -> MailView:
    return MailView(
        id=row.id,
        recipient=row.recipient,
        channel=row.channel,
        subject=row.subject,
        text=row.text,
        html=row.html,
        attachments=tuple((a["name"], a["media_type"], a["content"]) for a in row.attachments),
        sent_at=row.sent_at,
    )
