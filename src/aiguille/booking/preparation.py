"""What a session asks of the patient at home: when the cream prescribed is put on and taken off.

All of it is reckoned from the appointment and the prescription as they are when somebody asks, so
that a move moves it, a cancellation ends it, and each session has its own.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import override

from aiguille.booking import notices
from aiguille.booking.models import Appointment, AppointmentState
from aiguille.booking.queries import AppointmentView
from aiguille.booking.rules import CREAM_NOTICE
from aiguille.booking.wording import when_in, word
from aiguille.care.prescriptions import CreamOrdered, CreamTimes, creams_ordered
from aiguille.clinics.queries import list_sites
from aiguille.kernel.codes import ServiceKind
from aiguille.messaging.queries import known_messages

REMINDER = "preparation_reminder"
BEFORE_APPLYING = timedelta(minutes=15)
"""How long before the cream is put on its reminder leaves at the latest (DEF, to confirm)."""
STILL_USEFUL = timedelta(minutes=30)
"""How long after that time a late reminder still leaves (DEF, to confirm)."""
# No cream is put on longer before a session than it may stay on the skin (R12: 300 minutes).
_HORIZON = timedelta(hours=12)


def preparations(appointments: Sequence[AppointmentView]) -> dict[UUID, CreamTimes]:
    """Return when the cream of each session booked is put on and taken off, by appointment.

    Sessions without one, and appointments that do not stand, are not there (one query).
    """
    sessions = [
        one
        for one in appointments
        if one.kind is ServiceKind.SESSION and one.state == AppointmentState.BOOKED
    ]
    if not sessions:
        return {}
    creams = creams_ordered({one.patient_id for one in sessions})
    return {
        one.id: cream.before(one.starts_at)
        for one in sessions
        if one.treatment_id is not None
        and (cream := creams.get((one.patient_id, one.treatment_id))) is not None
    }


def reminder_due(times: CreamTimes, *, starts_at: datetime) -> datetime:
    """Return when the reminder of a cream leaves: two hours before, or before it is put on."""
    return min(starts_at - CREAM_NOTICE, times.apply_at - BEFORE_APPLYING)


@transaction.atomic
def queue_preparations(*, at: datetime) -> int:
    """Put in the outbox the reminders of creams whose time has come; return how many are new.

    Run again, it finds what was queued: one reminder for an appointment's version and prescription
    (three queries, and two more for each new reminder).
    """
    ahead = Appointment.objects.filter(
        site_id__in=[site.id for site in list_sites()],
        local_date__range=(
            (at - timedelta(days=1)).date(),
            (at + _HORIZON + timedelta(days=1)).date(),
        ),
        starts_at__gt=at,
        starts_at__lte=at + _HORIZON,
        kind=ServiceKind.SESSION,
        state=AppointmentState.BOOKED,
    )
    rows = list(ahead.order_by("starts_at", "id"))
    creams = creams_ordered({row.patient_id for row in rows}) if rows else {}
    due: dict[str, tuple[Appointment, datetime]] = {}
    for row in rows:
        cream = creams.get((row.patient_id, row.treatment_id)) if row.treatment_id else None
        if cream is not None and (leaves_at := _leaves_at(row, cream, at=at)) is not None:
            due[_key(row, cream)] = row, leaves_at
    known = known_messages(due) if due else frozenset()
    for key in due.keys() - known:
        row, leaves_at = due[key]
        notices.say(REMINDER, row, due_at=leaves_at, known_by=key, at=at)
    return len(due.keys() - known)


def preparation_stands(row: Appointment, *, at: datetime) -> bool:
    """Tell whether a reminder of the session's cream is still worth sending."""
    cream = _cream_of(row)
    return cream is not None and at <= cream.before(row.starts_at).apply_at + STILL_USEFUL


def preparation_in_words(
    times: CreamTimes, *, time_zone: str, day: str, language: str, is_private: bool = False
) -> str:
    """Return what to do when, on the walls of the site; `day` is the session's local date (ISO).

    A mailbox is not private: it says when, and not what. The patient's space `is_private`.
    """
    zone = ZoneInfo(time_zone)

    def at_clock(instant: datetime) -> str:
        local = instant.astimezone(zone)
        if local.date().isoformat() != day:
            shown = when_in(local, language)
        else:
            with override(language):
                shown = date_format(local, "H:i")
        twin = local.replace(fold=1 - local.fold)
        if twin.utcoffset() == local.utcoffset():
            return shown
        # The night when the clocks go back has this hour twice.
        hours = (local.utcoffset() or timedelta(0)) // timedelta(hours=1)
        return f"{shown} (UTC{hours:+d})"

    removed = "remove_at_clinic" if times.is_removed_at_clinic else "remove_at_home"
    said = [
        word("apply_cream" if is_private else "apply", language).format(
            apply=at_clock(times.apply_at)
        ),
        word(removed, language).format(remove=at_clock(times.remove_at)),
    ]
    if times.latest_at is not None:
        said.append(word("remove_latest", language).format(latest=at_clock(times.latest_at)))
    return " ".join(said)


def _cream_of(row: Appointment) -> CreamOrdered | None:
    if row.treatment_id is None:
        return None
    return creams_ordered([row.patient_id]).get((row.patient_id, row.treatment_id))


def _leaves_at(row: Appointment, cream: CreamOrdered, *, at: datetime) -> datetime | None:
    times = cream.before(row.starts_at)
    leaves_at = reminder_due(times, starts_at=row.starts_at)
    return leaves_at if leaves_at <= at <= times.apply_at + STILL_USEFUL else None


def _key(row: Appointment, cream: CreamOrdered) -> str:
    return f"{REMINDER}:{row.id}:{row.version}:{cream.prescription_id}"
