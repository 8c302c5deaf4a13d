"""What patients change of themselves."""

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.plumbing.components.widgets import DayMonthYearField, EmailInput, PhoneInput


class ContactForm(forms.Form):
    """How the clinic reaches the patient."""

    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("Your links and reminders go there."),
        max_length=254,
        widget=EmailInput(),
    )
    phone = forms.CharField(
        label=_("Telephone"), max_length=30, required=False, widget=PhoneInput()
    )
    language = forms.ChoiceField(
        label=_("Language of our messages"),
        choices=[("fr", "Français"), ("en", "English")],
        widget=forms.RadioSelect,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class BirthDateForm(forms.Form):
    """The birth date that opens another patient's space."""

    birth_date = DayMonthYearField(label=_("Date of birth"), birthday=True)
