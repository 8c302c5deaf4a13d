"""A doctor's answer."""

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.follow_up.operations import LONGEST_NOTE


class AnswerForm(forms.Form):
    """What the patient reads, and whether the matter is closed."""

    note = forms.CharField(
        label=_("Your answer to the patient"),
        help_text=_("The patient reads it in their space, word for word."),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=LONGEST_NOTE,
        error_messages={"required": _("Write an answer.")},
    )
    closes = forms.BooleanField(
        label=_("Close this report"),
        help_text=_("The task ends, and sessions may be booked and begun again."),
        required=False,
    )
