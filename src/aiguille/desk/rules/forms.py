"""What the medical director types to change a value or to confirm a rule."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from aiguille.catalogue.rule_changes import LONGEST_REASON
from aiguille.plumbing.components.shapes import Label
from aiguille.plumbing.components.widgets import DateInput, DecimalInput

LONGEST_NUMBER, LONGEST_SEARCH = 16, 100


class FilterForm(forms.Form):
    """Which rules are listed."""

    q = forms.CharField(label=_("Number or word"), max_length=LONGEST_SEARCH, required=False)
    subject = forms.ChoiceField(label=_("Subject"), required=False)

    def __init__(self, *args: Any, subjects: Sequence[tuple[str, Label]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"] = forms.ChoiceField(
            label=_("Subject"), choices=[("", _("All")), *subjects], required=False
        )


class ReasonForm(forms.Form):
    """Why, in the director's own words."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("What it rests on: a notice, a paper, your own experience."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ValueForm(ReasonForm):
    """A value of the clinic's own; `seen` is the one in force that the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_NUMBER)
    value = forms.CharField(label=_("New value"), max_length=LONGEST_NUMBER, widget=DecimalInput)
    effective_on = forms.DateField(
        label=_("Applies from"),
        help_text=_("Today, or within twelve months."),
        widget=DateInput,
    )
    field_order = ("value", "effective_on", "reason", "seen")

    def __init__(self, *args: Any, label: str, limits: str, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].label = label
        self.fields["value"].help_text = limits
        self.fields["effective_on"].initial = today

    def clean_value(self) -> Decimal:
        """Read a number written with a comma or a point."""
        return self._number("value")

    def clean_seen(self) -> Decimal:
        """Read the value that the page showed."""
        return self._number("seen")

    def _number(self, name: str) -> Decimal:
        typed = "".join(str(self.cleaned_data[name]).split()).replace(",", ".")
        try:
            number = Decimal(typed)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise forms.ValidationError(_t("Write a number."))
        return number
