"""The appointment as a calendar file: neutral words, instants in UTC."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from icalendar import Calendar, Event

from aiguille.booking.models import AppointmentState
from aiguille.booking.queries import AppointmentView
from aiguille.clinics.queries import GroupView, SiteView
from aiguille.kernel.text import Text

MEDIA_TYPE = "text/calendar"
FILE_NAME = "appointment.ics"
_SUMMARY = Text(fr="Rendez-vous, {name}", en="Appointment, {name}")


def calendar_file(
    appointment: AppointmentView,
    *,
    site: SiteView,
    group: GroupView,
    language: str,
    link: str = "",
    at: datetime,
) -> bytes:
    """Return the calendar file of an appointment (RFC 5545).

    A later version replaces an earlier one in the person's calendar: the identifier stays and the
    sequence grows.
    """
    event = _event(appointment, site, group=group, language=language, at=at)
    if link:
        event.add("url", link)
    return _file([event], is_cancelled=appointment.state == AppointmentState.CANCELLED)


def calendar_file_of_all(
    appointments: Iterable[tuple[AppointmentView, SiteView]],
    *,
    group: GroupView,
    language: str,
    at: datetime,
) -> bytes:
    """Return one calendar file of several appointments that stand."""
    return _file(
        [
            _event(appointment, site, group=group, language=language, at=at)
            for appointment, site in appointments
        ],
        is_cancelled=False,
    )


def _event(
    appointment: AppointmentView, site: SiteView, *, group: GroupView, language: str, at: datetime
) -> Event:
    event = Event()
    event.add("uid", uid_of(appointment.id))
    event.add("sequence", appointment.version)
    event.add("dtstamp", at)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", _SUMMARY.in_language(language).format(name=group.name))
    event.add("location", f"{site.name}, {site.address}")
    is_cancelled = appointment.state == AppointmentState.CANCELLED
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    return event


def _file(events: Iterable[Event], *, is_cancelled: bool) -> bytes:
    file = Calendar()
    file.add("prodid", "-//Clinic//Appointments//EN")
    file.add("version", "2.0")
    file.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    for event in events:
        file.add_component(event)
    return bytes(file.to_ical())


def uid_of(appointment_id: UUID) -> str:
    """Return what names the appointment in every calendar: the same in a file and in a feed."""
    return f"{appointment_id}@appointments"
