"""How the portal writes texts of data and local times."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from aiguille.booking.preparation import preparation_in_words
from aiguille.booking.queries import AppointmentView
from aiguille.care.prescriptions import CreamTimes
from aiguille.kernel.text import Text
from aiguille.plumbing.phones import show_phone

register = template.Library()


@register.filter
def in_language(text: Text) -> str:
    """Return a text of data in the language of the page."""
    return text.in_language(get_language() or "fr")


@register.filter
def wall_clock(local: datetime) -> str:
    """Write a site's local time as its walls show it, whatever the server's zone."""
    return gettext("%(day)s at %(hour)s") % {
        "day": date_format(local, "l j F Y"),
        "hour": date_format(local, "H:i"),
    }


@register.filter
def cancel_dialog(appointment: AppointmentView) -> str:
    """Return the id of the dialog that cancels an appointment."""
    return f"cancel-{appointment.id}"


@register.filter
def preparation_of(
    preparations: Mapping[UUID, CreamTimes], appointment: AppointmentView
) -> str | None:
    """Write when the cream of a session is put on and taken off; None without one."""
    times = preparations.get(appointment.id)
    if times is None:
        return None
    return preparation_in_words(
        times,
        time_zone=appointment.time_zone,
        day=appointment.local_date.isoformat(),
        language=get_language() or "fr",
        is_private=True,
    )


@register.filter
def phone(number: str) -> str:
    """Write a telephone number as people do."""
    return show_phone(number)
