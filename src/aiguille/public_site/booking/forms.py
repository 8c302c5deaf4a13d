"""What a visitor chooses and says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.choices import BaseChoiceIterator
from django.utils.translation import gettext_lazy as _

from aiguille.booking.queries import Choosable
from aiguille.journeys.book_online import Visitor
from aiguille.plumbing.components.widgets import EmailInput, PhoneInput

NAME_LENGTH = 100


class WhereForm(forms.Form):
    """Where, and with whom; sent in the address, so that a page of times can be kept."""

    use_required_attribute = False

    site = forms.ChoiceField(label=_("Clinic"))
    doctor = forms.ChoiceField(label=_("Doctor"))

    def __init__(
        self, *args: Any, sites: Sequence[Choosable], doctors: Sequence[Choosable], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer("site", _("Any clinic"), sites)
        self._offer("doctor", _("Whoever is free first"), doctors)

    def _offer(self, name: str, anyone: object, offered: Sequence[Choosable]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _Offered([("", anyone), *((str(one.id), one.name) for one in offered)])


class _Offered(BaseChoiceIterator):
    """Choices as they are: Django would go through a hundred doctors six times to be sure."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        self.pairs = pairs

    def __iter__(self) -> Iterator[tuple[str, object]]:
        return iter(self.pairs)


class DetailsForm(forms.Form):
    """Who comes, and how they are reached. The birth date is asked later, in the person's space."""

    use_required_attribute = False

    first_names = forms.CharField(
        label=_("First name"),
        max_length=NAME_LENGTH,
        widget=forms.TextInput({"autocomplete": "given-name"}),
    )
    birth_name = forms.CharField(
        label=_("Last name"),
        max_length=NAME_LENGTH,
        widget=forms.TextInput({"autocomplete": "family-name"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("The confirmation goes there, with a link to move or cancel."),
        max_length=254,
        widget=EmailInput(),
    )
    phone = forms.CharField(
        label=_("Telephone"),
        help_text=_("In case we have to reach you before the appointment."),
        max_length=30,
        widget=PhoneInput(),
    )
    language = forms.ChoiceField(label=_("Language of our messages"), choices=settings.LANGUAGES)
    key = forms.CharField(widget=forms.HiddenInput(), max_length=100)
    # People do not see this field; programs that fill every field do.
    website = forms.CharField(required=False, max_length=200)

    @property
    def is_a_program(self) -> bool:
        """Tell whether the field that people do not see was filled."""
        return bool(self.data.get("website"))

    def visitor(self) -> Visitor:
        """Return who comes; the form is valid."""
        said = self.cleaned_data
        return Visitor(
            birth_name=said["birth_name"],
            first_names=said["first_names"],
            email=said["email"],
            phone=said["phone"],
            language=said["language"],
        )


@dataclass(frozen=True, slots=True)
class ChosenStart:
    """A start as a button of a page of times posts it."""

    starts_at: datetime
    site_id: UUID
    practitioner_id: UUID | None

    @property
    def value(self) -> str:
        """Return what the button posts."""
        return self.starts_at.isoformat() + self.where(self.site_id, self.practitioner_id)

    @staticmethod
    def where(site_id: UUID, practitioner_id: UUID | None) -> str:
        """Return the part of `value` that is the same for every start at a site."""
        return f"/{site_id}/{practitioner_id or ''}"

    @classmethod
    def read(cls, value: str) -> "ChosenStart | None":
        """Return the start that a button posted, None for what no button posts."""
        instant, _slash, rest = value.partition("/")
        site, _slash, practitioner = rest.partition("/")
        try:
            starts_at = datetime.fromisoformat(instant)
            chosen = cls(starts_at, UUID(site), UUID(practitioner) if practitioner else None)
        except ValueError:
            return None
        return chosen if starts_at.tzinfo else None


def read_day(value: str) -> date | None:
    """Return a date of the address, None for what is none."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read_key(value: str) -> UUID | None:
    """Return a key of the address, None for what is none."""
    try:
        return UUID(value)
    except ValueError:
        return None
