"""Asking for a new link."""

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.plumbing.components.widgets import EmailInput


class AskLinkForm(forms.Form):
    """The address with which the appointment was booked."""

    use_required_attribute = False

    email = forms.EmailField(label=_("Your e-mail address"), max_length=254, widget=EmailInput())
