"""What is asked about another calendar."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.clinics.external.operations import LONGEST_ADDRESS, LONGEST_NAME
from aiguille.kernel.ids import new_id
from aiguille.plumbing.fetching import MOST_BYTES

_FILE = {"accept": ".ics,text/calendar"}


class CalendarForm(forms.Form):
    """Another calendar: its address, or a file of it; `key` makes a second press harmless."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("How you call this calendar: “Hospital”, “Private”."),
        max_length=LONGEST_NAME,
    )
    address = forms.CharField(
        label=_("Address of the calendar"),
        help_text=_(
            "The secret address in iCal format that your other calendar offers, https:// or"
            " webcal://. It is read every half hour."
        ),
        max_length=LONGEST_ADDRESS,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    file = forms.FileField(
        label=_("Or a file"),
        help_text=_("A file that ends in .ics, of 4 MB at most. It is read once."),
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs=_FILE),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("For whole days, and for times that name no zone."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, zones: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **({"initial": {"key": new_id()}} | kwargs))
        if len(zones) > 1:
            self.fields["time_zone"] = forms.ChoiceField(
                label=self.fields["time_zone"].label,
                help_text=self.fields["time_zone"].help_text,
                choices=[(zone, zone.replace("_", " ")) for zone in zones],
            )
        else:
            del self.fields["time_zone"]

    def clean(self) -> dict[str, Any]:
        """Ask for an address or a file, not both."""
        given = super().clean() or {}
        address, file = given.get("address"), given.get("file")
        if not address and file is None and "file" not in self.errors:
            self.add_error("address", _("Give an address, or choose a file."))
        elif address and file is not None:
            self.add_error("file", _("Give either an address or a file."))
        return given


class FileForm(forms.Form):
    """A newer file of a calendar."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A file that ends in .ics, of 4 MB at most. It is read once."),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs=_FILE),
    )


def content_of(file: Any) -> bytes:
    """Return what an uploaded file holds; of one that is too large, enough to be refused."""
    content: bytes = file.read(MOST_BYTES + 1)
    return content
