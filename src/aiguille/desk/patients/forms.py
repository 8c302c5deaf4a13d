"""What staff type about a patient."""

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.patients.rules import NAME_LENGTH
from aiguille.plumbing.components.widgets import DayMonthYearField, EmailInput, PhoneInput

LANGUAGES = [("fr", "Français"), ("en", "English")]
SEXES = [("F", _("Female")), ("M", _("Male")), ("U", _("Not stated"))]


class ContactForm(forms.Form):
    """How the patient is reached, and in which language."""

    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False, widget=EmailInput())
    phone = forms.CharField(
        label=_("Telephone"), max_length=30, required=False, widget=PhoneInput()
    )
    language = forms.ChoiceField(
        label=_("Language of our messages"), choices=LANGUAGES, widget=forms.RadioSelect
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class IdentityForm(forms.Form):
    """The traits of an identity, in the order of an identity document."""

    birth_name = forms.CharField(label=_("Name at birth"), max_length=NAME_LENGTH)
    first_names = forms.CharField(label=_("First names"), max_length=NAME_LENGTH)
    used_name = forms.CharField(
        label=_("Name used, if another"), max_length=NAME_LENGTH, required=False
    )
    birth_date = DayMonthYearField(label=_("Date of birth"))
    sex = forms.ChoiceField(label=_("Sex"), choices=SEXES, widget=forms.RadioSelect)
    birthplace = forms.CharField(label=_("Place of birth"), max_length=NAME_LENGTH, required=False)


class NewPatientForm(IdentityForm):
    """A patient at the desk: the identity may be completed later, the name may not."""

    birth_date = DayMonthYearField(label=_("Date of birth"), required=False)
    sex = forms.ChoiceField(label=_("Sex"), choices=SEXES, widget=forms.RadioSelect, initial="U")
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=EmailInput(),
        help_text=_("An e-mail address or a telephone number is needed."),
    )
    phone = forms.CharField(
        label=_("Telephone"), max_length=30, required=False, widget=PhoneInput()
    )
    language = forms.ChoiceField(
        label=_("Language of our messages"),
        choices=LANGUAGES,
        widget=forms.RadioSelect,
        initial="fr",
    )


class CheckForm(forms.Form):
    """Against which document the identity was compared."""

    document = forms.ChoiceField(
        label=_("Document seen"),
        choices=[
            ("identity_card", _("Identity card")),
            ("passport", _("Passport")),
            ("residence_permit", _("Residence permit")),
        ],
        widget=forms.RadioSelect,
    )


class NoteForm(forms.Form):
    """A short fact of the record."""

    topic = forms.ChoiceField(
        label=_("About"),
        choices=[
            ("ALLERGY", _("Allergy")),
            ("HISTORY", _("History")),
            ("TREATMENT", _("Treatment in course")),
        ],
    )
    text = forms.CharField(label=_("Note"), max_length=500)
