"""What a service is called and costs, and what a new one is for."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aiguille.catalogue.queries import PriceDisplay, ServiceView, TreatmentView
from aiguille.catalogue.soundness import (
    HIGHEST_PRICE_MINOR,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
)
from aiguille.clinics.timetable import ResourceState
from aiguille.kernel.codes import Procedure, ServiceKind
from aiguille.kernel.money import Money
from aiguille.kernel.text import Text
from aiguille.plumbing.components.shapes import Described
from aiguille.plumbing.components.widgets import DecimalInput

PROCEDURES = {Procedure.NEEDLING: _("Needling"), Procedure.MESOTHERAPY: _("Mesotherapy")}
KINDS = {
    ServiceKind.CONSULTATION: (
        _("Consultation"),
        _("For a whole procedure; visitors may book it online."),
    ),
    ServiceKind.SESSION: (
        _("Session"),
        _("Of one treatment; booked under a verdict and a plan."),
    ),
    ServiceKind.CHECK_UP: (_("Check-up"), _("Booked by the desk.")),
}
PRICES = {
    PriceDisplay.EXACT: _("The price"),
    PriceDisplay.FROM: _("“From” this price on"),
    PriceDisplay.QUOTE: _("By a quote, without a price"),
}


class ServiceTextForm(forms.Form):
    """Names and descriptions in both languages, and the price as patients see it."""

    name_fr = forms.CharField(label=_("Name in French"), max_length=LONGEST_NAME)
    name_en = forms.CharField(label=_("Name in English"), max_length=LONGEST_NAME)
    description_fr = forms.CharField(
        label=_("What patients read, in French"),
        max_length=LONGEST_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    description_en = forms.CharField(
        label=_("What patients read, in English"),
        max_length=LONGEST_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    price_display = forms.ChoiceField(
        label=_("What the price list shows"), choices=list(PRICES.items()), widget=forms.RadioSelect
    )
    price = forms.DecimalField(
        label=_("Price in euros, all taxes included"),
        help_text=_("Not needed where a quote says it."),
        min_value=Decimal(0),
        max_value=Decimal(HIGHEST_PRICE_MINOR) / 100,
        decimal_places=2,
        localize=True,
        widget=DecimalInput,
        required=False,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the price where it is shown."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        shows = typed.get("price_display") not in {None, PriceDisplay.QUOTE.value}
        if shows and "price" in typed and typed["price"] is None:
            self.add_error("price", _("Give the price that is shown."))
        return typed

    def said(self) -> dict[str, Any]:
        """Return what was typed, as operations take it."""
        typed = self.cleaned_data
        return {
            "name": Text(fr=typed["name_fr"].strip(), en=typed["name_en"].strip()),
            "description": Text(
                fr=typed["description_fr"].strip(), en=typed["description_en"].strip()
            ),
            "price": Money(int((typed["price"] or Decimal(0)) * 100)),
            "price_display": PriceDisplay(typed["price_display"]),
        }


class NewServiceForm(ServiceTextForm):
    """A service that does not exist yet: what it is for, besides."""

    kind = forms.ChoiceField(label=_("What is it?"), widget=forms.RadioSelect)
    subject = forms.ChoiceField(label=_("What for?"))

    field_order = ("kind", "subject")

    def __init__(self, *args: Any, treatments: Sequence[TreatmentView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"] = forms.ChoiceField(
            label=_("What is it?"),
            choices=[(kind.value, Described(str(w), hint)) for kind, (w, hint) in KINDS.items()],
            widget=forms.RadioSelect,
        )
        self.fields["subject"] = forms.ChoiceField(
            label=_("What for?"),
            help_text=_(
                "A session is of one treatment; anything else may serve a whole procedure."
            ),
            choices=[
                ("", _("Choose")),
                (_("A whole procedure"), [(p.value, words) for p, words in PROCEDURES.items()]),
                (
                    _("One treatment"),
                    [
                        (
                            str(one.id),
                            f"{PROCEDURES[one.procedure]} – {one.name.in_language(get_language() or 'fr')}",
                        )
                        for one in treatments
                    ],
                ),
            ],
        )
        self.treatments = {str(one.id): one for one in treatments}

    def clean(self) -> dict[str, Any]:
        """Refuse a session of a whole procedure."""
        typed = super().clean()
        is_session = typed.get("kind") == ServiceKind.SESSION.value
        if is_session and typed.get("subject") and typed["subject"] not in self.treatments:
            self.add_error("subject", _("Choose the treatment that this is a session of."))
        return typed

    def said(self) -> dict[str, Any]:
        """Return what was typed, as operations take it."""
        kind, subject = ServiceKind(self.cleaned_data["kind"]), self.cleaned_data["subject"]
        treatment = self.treatments.get(subject)
        return {
            **super().said(),
            "kind": kind,
            "procedure": treatment.procedure if treatment else Procedure(subject),
            "treatment_id": treatment.id if treatment and kind is ServiceKind.SESSION else None,
        }


class PerformersForm(forms.Form):
    """Who performs a service: the practitioners with the skill that it asks for."""

    people = forms.MultipleChoiceField(
        label=_("Performed by"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, doctors: Sequence[ResourceState], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"] = forms.MultipleChoiceField(
            label=_("Performed by"),
            choices=[(str(one.id), one.full_name) for one in doctors],
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )

    def ids(self) -> set[UUID]:
        """Return the practitioners ticked."""
        return {UUID(one) for one in self.cleaned_data["people"]}


def from_service(service: ServiceView, *, seen: str) -> dict[str, Any]:
    """Return what stands in the form of a service's texts."""
    return {
        "name_fr": service.name.fr,
        "name_en": service.name.en,
        "description_fr": service.description.fr,
        "description_en": service.description.en,
        "price": Decimal(service.price.minor) / 100,
        "price_display": service.price_display.value,
        "seen": seen,
    }
