"""Words and colours of the desk's states."""

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()

_STATES = {
    "BOOKED": (_("Booked"), "info"),
    "NEEDS_VERDICT": (_("Waits for the doctor’s verdict"), "error"),
    "ARRIVED": (_("Has arrived"), "accent"),
    "IN_PROGRESS": (_("In progress"), "primary"),
    "DONE": (_("Done"), "success"),
    "CANCELLED": (_("Cancelled"), "plain"),
    "NO_SHOW": (_("Did not come"), "error"),
}


@register.simple_tag
def appointment_state(state: str) -> SafeString:
    """Show where an appointment stands, in words and colour."""
    label, tone = _STATES[state]
    return render_to_string("components/badge.html", {"label": label, "tone": tone})
