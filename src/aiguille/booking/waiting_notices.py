"""What people on the waiting list are told: queued in the transaction that decides it."""

from datetime import datetime

from aiguille.booking.models import Offer, WaitingEntry
from aiguille.messaging.operations import drop_for_subject, queue
from aiguille.patients.queries import get_identity

ENTRY, OFFER = "waiting_entry", "waiting_offer"
JOINED, OFFERED = "waiting_joined", "waiting_offer"


def announce_joining(row: WaitingEntry, *, at: datetime) -> None:
    """Say that the person is on the list, with the link by which they leave it."""
    _queue(JOINED, row, version=row.version, at=at)


def announce_offer(offer: Offer, *, at: datetime) -> None:
    """Say which time is kept, and until when."""
    _queue(OFFERED, offer, version=1, at=at)


def send_waiting_link(row: WaitingEntry, *, at: datetime) -> None:
    """Send a new link to a place on the list."""
    _queue(JOINED, row, version=row.version, at=at, again=at)


def drop_messages(subject: WaitingEntry | Offer, *, at: datetime) -> None:
    """Take back what is not said yet."""
    kind = OFFER if isinstance(subject, Offer) else ENTRY
    drop_for_subject(subject_kind=kind, subject_id=subject.id, at=at)


def _queue(
    kind: str,
    subject: WaitingEntry | Offer,
    *,
    version: int,
    at: datetime,
    again: datetime | None = None,
) -> None:
    identity = get_identity(subject.patient_id)
    recipient = identity.email or identity.phone
    if not recipient:
        return  # the desk's list shows the offer, and whom to call
    suffix = f":{again.isoformat(timespec='minutes')}" if again else ""
    queue(
        kind=kind,
        channel="EMAIL" if identity.email else "SMS",
        recipient=recipient,
        language=identity.language,
        patient_id=subject.patient_id,
        subject_kind=OFFER if isinstance(subject, Offer) else ENTRY,
        subject_id=subject.id,
        subject_version=version,
        due_at=at,
        dedupe_key=f"{kind}:{subject.id}:{version}{suffix}",
        at=at,
    )
