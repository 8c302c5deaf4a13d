"""What patients are told about their appointments: queued in the transaction that decides it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.booking.models import Appointment
from aiguille.messaging.operations import (
    Said,
    drop_for_subject,
    queue_all,
    queueing,
    wake_for,
)
from aiguille.patients.queries import Contact, get_contact
from aiguille.plumbing.statements import Part, run_together

SUBJECT = "appointment"
COURSE = "course"
REMINDED_AT = time(10)
"""The local time, on the day before, at which a reminder leaves (DEF, to confirm)."""


@dataclass(frozen=True, slots=True)
class News:
    """Messages about an appointment, and the part of a statement that queues them.

    Once it is written, whoever sends them is to be told: `wake_for(messages)`.
    """

    messages: Sequence[Said]
    parts: Sequence[Part]


def news_of_booking(row: Appointment, *, contact: Contact, is_told: bool, at: datetime) -> News:
    """Confirm a booking, where the patient is told of it now, and prepare its reminders."""
    news = {"appointment_booked": at} if is_told else {}
    return _news(news | _reminders(row, at=at), row, contact=contact, at=at)


def announce_move(row: Appointment, *, told_after: timedelta | None, at: datetime) -> None:
    """Say the new time `told_after` this (never where None), and nothing about the old one."""
    drop(row, at=at)
    news = {} if told_after is None else {"appointment_moved": at + told_after}
    _queue(news | _reminders(row, at=at), row, at=at)


def announce_cancellation(row: Appointment, *, at: datetime) -> None:
    """Say that the appointment is cancelled, and nothing else about it any more."""
    drop(row, at=at)
    _queue({"appointment_cancelled": at}, row, at=at)


def remind(row: Appointment, *, at: datetime) -> None:
    """Prepare the reminders of an appointment as it is now, as far as their time has not passed."""
    _queue(_reminders(row, at=at), row, at=at)


def send_link(row: Appointment, *, at: datetime) -> None:
    """Send a new link to the appointment."""
    _queue({"appointment_link": at}, row, at=at, again=at)


def say(kind: str, row: Appointment, *, due_at: datetime, known_by: str, at: datetime) -> None:
    """Queue one message about an appointment, once for `known_by`."""
    _queue({kind: due_at}, row, at=at, known_by=known_by)


def drop(row: Appointment, *, at: datetime) -> None:
    """Take back what is not said yet."""
    drop_for_subject(subject_kind=SUBJECT, subject_id=row.id, at=at)


def announce_course(
    *,
    patient_id: UUID,
    plan_id: UUID,
    appointment_ids: Sequence[UUID],
    is_news: bool,
    at: datetime,
) -> None:
    """Say in one message when the sessions of a course are; each is reminded of by itself.

    `is_news` for sessions that were booked, and none that was there before moved.
    """
    contact = get_contact(patient_id)
    recipient = contact.email or contact.phone
    if not recipient:
        return
    kind = "course_booked" if is_news else "course_moved"
    named = f"{appointment_ids[0]}:{len(appointment_ids)}:{at.isoformat()}"
    queue_all(
        [Said(kind, at, f"{kind}:{named}")],
        channel="EMAIL" if contact.email else "SMS",
        recipient=recipient,
        language=contact.language,
        patient_id=patient_id,
        subject_kind=COURSE,
        subject_id=plan_id,
        subject_version=1,
        at=at,
    )


def _reminders(row: Appointment, *, at: datetime) -> dict[str, datetime]:
    """Return the reminders whose time has not passed, by kind, with the instant each leaves."""
    zone = ZoneInfo(row.time_zone)
    found: dict[str, datetime] = {}
    day_before = row.local_date - timedelta(days=1)
    reminder = datetime.combine(day_before, REMINDED_AT, tzinfo=zone)
    if reminder > at:
        found["appointment_reminder"] = reminder
    return found


def _queue(
    due: Mapping[str, datetime],
    row: Appointment,
    *,
    at: datetime,
    again: datetime | None = None,
    known_by: str = "",
) -> None:
    """Queue messages, by kind, to the patient's mailbox, else to their telephone."""
    news = _news(
        due, row, contact=get_contact(row.patient_id), at=at, again=again, known_by=known_by
    )
    for part in news.parts:
        run_together(part)
    wake_for(news.messages, at=at)


def _news(
    due: Mapping[str, datetime],
    row: Appointment,
    *,
    contact: Contact,
    at: datetime,
    again: datetime | None = None,
    known_by: str = "",
) -> News:
    recipient = contact.email or contact.phone
    if not recipient or not due:
        return News((), ())
    suffix = f":{again.isoformat(timespec='minutes')}" if again else ""
    messages = [
        Said(kind, due_at, known_by or f"{kind}:{row.id}:{row.version}{suffix}")
        for kind, due_at in due.items()
    ]
    queued = queueing(
        messages,
        channel="EMAIL" if contact.email else "SMS",
        recipient=recipient,
        language=contact.language,
        patient_id=row.patient_id,
        subject_kind=SUBJECT,
        subject_id=row.id,
        subject_version=row.version,
        at=at,
    )
    return News(messages, (queued,))
