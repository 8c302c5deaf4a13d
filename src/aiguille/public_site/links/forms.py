"""What opens a link: the birth date, and at the first time the identity."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.patients.operations import IdentityTraits
from aiguille.plumbing.components.widgets import DayMonthYearField, EmailInput


class BirthDateForm(forms.Form):
    """The birth date of the patient whom the link speaks of."""

    birth_date = DayMonthYearField(label=_("Your date of birth"), birthday=True)


class FirstTimeForm(BirthDateForm):
    """Who the patient is, as an identity document says it."""

    field_order = ("relation", "first_names", "birth_name", "used_name", "birth_date")

    relation = forms.ChoiceField(
        label=_("You are"),
        choices=[
            ("SELF", _("The patient")),
            ("PARENT", _("The patient’s parent")),
            ("GUARDIAN", _("The patient’s guardian")),
        ],
        widget=forms.RadioSelect,
        initial="SELF",
    )
    first_names = forms.CharField(
        label=_("First names"),
        help_text=_("As on the identity card or passport."),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "given-name"}),
    )
    birth_name = forms.CharField(
        label=_("Name at birth"),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "family-name"}),
    )
    used_name = forms.CharField(
        label=_("Name used"),
        help_text=_("If it is another one, for instance by marriage."),
        max_length=100,
        required=False,
    )
    birth_date = DayMonthYearField(label=_("Date of birth"), birthday=True)
    sex = forms.ChoiceField(
        label=_("Sex in the civil register"),
        choices=[("F", _("Female")), ("M", _("Male")), ("U", _("I prefer not to say"))],
        widget=forms.RadioSelect,
    )
    birthplace = forms.CharField(label=_("Place of birth"), max_length=100, required=False)

    def traits(self) -> IdentityTraits:
        """Return what was declared; the form is valid."""
        given: dict[str, Any] = {
            name: value for name, value in self.cleaned_data.items() if name != "relation"
        }
        return IdentityTraits(**given)


class AskLinkForm(forms.Form):
    """The address at which the clinic writes to the patient."""

    email = forms.EmailField(label=_("Your e-mail address"), max_length=254, widget=EmailInput())
