"""What times a person waits for, asked the same way on every page."""

from collections.abc import Sequence
from datetime import date, time
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from aiguille.booking.queries import Choosable
from aiguille.booking.waiting_rules import MINUTES_A_DAY, waiting_values
from aiguille.plumbing.components.widgets import DateInput, TimeInput


class WaitingForm(forms.Form):
    """Where, with whom, on which days and at which hours; nothing chosen means any."""

    use_required_attribute = False

    sites = forms.MultipleChoiceField(
        label=_("Clinics that would do"), required=False, widget=forms.CheckboxSelectMultiple
    )
    practitioners = forms.MultipleChoiceField(
        label=_("Doctors who would do"), required=False, widget=forms.CheckboxSelectMultiple
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days of the week"),
        help_text=_("None chosen: any day."),
        coerce=int,
        choices=[(number, name) for number, name in WEEKDAYS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    from_minute = forms.TimeField(
        label=_("Not before"),
        help_text=_("The hour at the clinic. Leave it empty for any hour."),
        required=False,
        widget=TimeInput(),
    )
    until_minute = forms.TimeField(
        label=_("Over by"),
        help_text=_("The whole appointment is over by then."),
        required=False,
        widget=TimeInput(),
    )
    first_day = forms.DateField(label=_("First day"), widget=DateInput())
    last_day = forms.DateField(label=_("Last day"), widget=DateInput())

    def __init__(
        self,
        *args: Any,
        sites: Sequence[Choosable],
        practitioners: Sequence[Choosable],
        today: date,
        **kwargs: Any,
    ) -> None:
        usual = {"first_day": today, "last_day": today + waiting_values().usual_wait}
        kwargs["initial"] = usual | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self._offer("sites", sites)
        self._offer("practitioners", practitioners)

    def _offer(self, name: str, offered: Sequence[Choosable]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        if len(offered) < 2:
            del self.fields[name]  # nothing to choose
            return
        field.choices = [(str(one.id), one.name) for one in offered]
        field.help_text = _("None chosen: any of them.")

    def times(self) -> dict[str, Any]:
        """Return what was asked for, in the words of `waiting.join_waiting_list`; it is valid."""
        said = self.cleaned_data
        begins: time | None = said["from_minute"]
        ends: time | None = said["until_minute"]
        return {
            "sites": [UUID(one) for one in said.get("sites", ())],
            "practitioners": [UUID(one) for one in said.get("practitioners", ())],
            "weekdays": said["weekdays"],
            "from_minute": 0 if begins is None else _minute(begins),
            "until_minute": MINUTES_A_DAY if ends is None else _minute(ends) or MINUTES_A_DAY,
            "first_day": said["first_day"],
            "last_day": said["last_day"],
        }


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
