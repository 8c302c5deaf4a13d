"""What patients are told about their appointments: queued in the transaction that decides it."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.booking.models import Appointment
from aiguille.booking.rules import CREAM_NOTICE
from aiguille.kernel.codes import ServiceKind
from aiguille.messaging.operations import drop_for_subject, queue
from aiguille.patients.queries import Identity, get_identity

SUBJECT = "appointment"
REMINDED_AT = time(10)
"""The local time, on the day before, at which a reminder leaves (DEF, to confirm)."""


def announce_booking(row: Appointment, *, at: datetime) -> None:
    """Confirm a booking and prepare its reminders."""
    _queue("appointment_booked", row, due_at=at, at=at)
    remind(row, at=at)


def announce_move(row: Appointment, *, at: datetime) -> None:
    """Say the new time, and nothing about the old one any more."""
    drop(row, at=at)
    _queue("appointment_moved", row, due_at=at, at=at)
    remind(row, at=at)


def announce_cancellation(row: Appointment, *, at: datetime) -> None:
    """Say that the appointment is cancelled, and nothing else about it any more."""
    drop(row, at=at)
    _queue("appointment_cancelled", row, due_at=at, at=at)


def remind(row: Appointment, *, at: datetime) -> None:
    """Prepare the reminders of an appointment as it is now, as far as their time has not passed."""
    zone = ZoneInfo(row.time_zone)
    day_before = row.local_date - timedelta(days=1)
    reminder = datetime.combine(day_before, REMINDED_AT, tzinfo=zone)
    if reminder > at:
        _queue("appointment_reminder", row, due_at=reminder, at=at)
    preparation = row.starts_at - CREAM_NOTICE
    if row.kind == ServiceKind.SESSION and row.plan_id is not None and preparation > at:
        # Whether there is anything to prepare is asked when the time has come.
        _queue("preparation_reminder", row, due_at=preparation, at=at)


def send_link(row: Appointment, *, at: datetime) -> None:
    """Send a new link to the appointment."""
    _queue("appointment_link", row, due_at=at, at=at, again=at)


def drop(row: Appointment, *, at: datetime) -> None:
    """Take back what is not said yet."""
    drop_for_subject(subject_kind=SUBJECT, subject_id=row.id, at=at)


def _queue(
    kind: str, row: Appointment, *, due_at: datetime, at: datetime, again: datetime | None = None
) -> UUID | None:
    """Queue a message to the patient's mailbox, else to their telephone."""
    identity = get_identity(row.patient_id)
    recipient = _recipient(identity)
    if not recipient:
        return None
    suffix = f":{again.isoformat(timespec='minutes')}" if again else ""
    return queue(
        kind=kind,
        channel="EMAIL" if identity.email else "SMS",
        recipient=recipient,
        language=identity.language,
        patient_id=row.patient_id,
        subject_kind=SUBJECT,
        subject_id=row.id,
        subject_version=row.version,
        due_at=due_at,
        dedupe_key=f"{kind}:{row.id}:{row.version}{suffix}",
        at=at,
    )


def _recipient(identity: Identity) -> str:
    return identity.email or identity.phone
