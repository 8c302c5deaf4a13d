"""Words, colours and icons of the agenda's states: none is told by its colour alone."""

from django import template
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()

# A booked appointment whose hour came without its patient is late: reckoned, never stored.
_SHADES: dict[str, tuple[Promise, str, str]] = {
    "BOOKED": (_("Booked"), "info", "calendar"),
    "LATE": (_("Late"), "warning", "clock"),
    "NEEDS_VERDICT": (_("Awaiting the doctor’s verdict"), "error", "alert"),
    "ARRIVED": (_("Has arrived"), "accent", "user"),
    "IN_PROGRESS": (_("In progress"), "primary", "syringe"),
    "DONE": (_("Done"), "success", "check"),
    "CANCELLED": (_("Cancelled"), "plain", "close"),
    "NO_SHOW": (_("Did not come"), "error", "minus"),
}


@register.filter
def shade_word(shade: str) -> Promise:
    """Return a state in words."""
    return _SHADES[shade][0]


@register.filter
def shade_tone(shade: str) -> str:
    """Return the tone that colours a state."""
    return _SHADES[shade][1]


@register.filter
def shade_icon(shade: str) -> str:
    """Return the name of the icon of a state."""
    return _SHADES[shade][2]


@register.simple_tag
def shade_badge(shade: str) -> SafeString:
    """Show a state in words, colour and icon."""
    words, tone, icon = _SHADES[shade]
    return render_to_string("components/badge.html", {"label": words, "tone": tone, "icon": icon})
