"""The appointment as a calendar file: neutral words, instants in UTC."""

from datetime import datetime

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
    event = Event()
    event.add("uid", f"{appointment.id}@appointments")
    event.add("sequence", appointment.version)
    event.add("dtstamp", at)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", _SUMMARY.in_language(language).format(name=group.name))
    event.add("location", f"{site.name}, {site.address}")
    is_cancelled = appointment.state == AppointmentState.CANCELLED
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    if link:
        event.add("url", link)
    file = Calendar()
    file.add("prodid", "-//Clinic//Appointments//EN")
    file.add("version", "2.0")
    file.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    file.add_component(event)
    return bytes(file.to_ical())
