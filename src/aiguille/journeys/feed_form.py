"""What is asked before a calendar feed is made: the same of patients and of practitioners."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aiguille.booking.feeds import LONGEST_NAME
from aiguille.kernel.ids import new_id


class FeedForm(forms.Form):
    """A name to know the feed by, and its language; `key` makes a second press harmless."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("It is the calendar’s name in your program: “Clinic, my telephone”."),
        max_length=LONGEST_NAME,
    )
    language = forms.ChoiceField(
        label=_("Language of the entries"),
        choices=[("fr", "Français"), ("en", "English")],
        widget=forms.RadioSelect,
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        initial = {"language": get_language() or "fr", "key": new_id()}
        super().__init__(*args, **({"initial": initial} | kwargs))


class PractitionerFeedForm(FeedForm):
    """A practitioner's feed may show the patients' initials."""

    has_initials = forms.BooleanField(
        label=_("Show the patients’ initials"),
        help_text=_("Without it, an entry says “Appointment”, the site and the time."),
        required=False,
    )
    field_order = ("name", "language", "has_initials", "key")


def key_of(request: HttpRequest) -> UUID | None:
    """Return the key that a form without fields was sent with, or None."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return None
