"""What is typed about a delivery, and about a lot that is taken out of use."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.catalogue.queries import ProductView
from aiguille.clinics.queries import SiteView
from aiguille.kernel.codes import ContactMeans
from aiguille.kernel.labels import label
from aiguille.plumbing.components.widgets import DateInput
from aiguille.plumbing.refusals import explain
from aiguille.stock.operations import LONGEST_LOT_NUMBER, LONGEST_SERIAL
from aiguille.stock.rules import MOST_UNITS_A_DELIVERY
from aiguille.stock.scanning import CodeUnreadable, ScannedCode, read_code
from aiguille.treatment_sessions.recalls import LONGEST_NOTE

LONGEST_CODE = 200


class DeliveryForm(forms.Form):
    """A delivery of one lot; a scanned code fills in what is not typed."""

    code = forms.CharField(
        label=_("Code of the box"),
        help_text=_(
            "Scan the GS1 DataMatrix with a hand scanner or the camera, or paste what it says."
        ),
        max_length=LONGEST_CODE,
        required=False,
        # Python counts the separator of a GS1 code as space: the rule book deals with it.
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    site = forms.ChoiceField(label=_("Site"))
    product = forms.ChoiceField(label=_("Product"), required=False)
    number = forms.CharField(label=_("Lot"), max_length=LONGEST_LOT_NUMBER, required=False)
    expiry = forms.DateField(label=_("Expires"), widget=DateInput, required=False)
    quantity = forms.IntegerField(
        label=_("Number of units"), min_value=1, max_value=MOST_UNITS_A_DELIVERY, initial=1
    )
    serials = forms.CharField(
        label=_("Serial numbers"),
        help_text=_("One on each line; left empty, the units are counted."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=MOST_UNITS_A_DELIVERY * (LONGEST_SERIAL + 2),
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        sites: Sequence[SiteView],
        products: Sequence[ProductView],
        today: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["site"] = forms.ChoiceField(
            label=_("Site"), choices=[(str(site.id), site.name) for site in sites]
        )
        self.fields["product"] = forms.ChoiceField(
            label=_("Product"),
            choices=[("", _("Choose")), *((str(each.id), each.name) for each in products)],
            required=False,
        )

    def clean_code(self) -> ScannedCode | None:
        """Read the code."""
        typed: str = self.cleaned_data["code"]
        if not typed.strip():
            return None
        try:
            return read_code(typed, today=self.today)
        except CodeUnreadable as error:
            raise forms.ValidationError(explain(error)) from error

    def clean(self) -> dict[str, Any]:
        """Take what is not typed from the code, refuse what contradicts it, and miss nothing."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        said = read_as_values(typed.get("code"))
        for name, value in said.items():
            if name not in typed:
                continue
            if not typed[name]:
                typed[name] = value
            elif name != "serials" and str(typed[name]) != str(value):
                self.add_error(name, _("The code says something else."))
        for name in ("product", "number", "expiry"):
            if name in typed and not typed[name]:
                self.add_error(name, _("Scan the code, or fill this in."))
        return typed

    @property
    def serial_numbers(self) -> list[str]:
        """Return the serial numbers typed."""
        return [line.strip() for line in self.cleaned_data["serials"].splitlines() if line.strip()]

    @property
    def chosen(self) -> tuple[UUID, UUID]:
        """Return the product and the site."""
        return UUID(self.cleaned_data["product"]), UUID(self.cleaned_data["site"])


def read_as_values(code: ScannedCode | None) -> dict[str, Any]:
    """Return what a code says, by the form's fields."""
    if code is None:
        return {}
    said = {
        "product": str(code.product.id) if code.product else "",
        "number": code.lot,
        "expiry": code.expiry,
        "serials": code.serial,
    }
    return {name: value for name, value in said.items() if value}


class ChangeForm(forms.Form):
    """Why a lot changes its status, and that it is meant."""

    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    confirmed = forms.BooleanField(
        label=_("I have checked the lot number on the box."),
        error_messages={"required": _("Tick this box to confirm.")},
    )


class TraceForm(forms.Form):
    """A lot to follow to everybody who received it."""

    q = forms.CharField(
        label=_("Lot or code"),
        help_text=_("Type the beginning of the lot’s number, or scan the box."),
        max_length=LONGEST_CODE,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ContactForm(forms.Form):
    """That a patient was told of a recalled lot, or could not be reached."""

    was_reached = forms.TypedChoiceField(
        label=_("What came of it"),
        choices=[("yes", _("The person was told")), ("no", _("Not reached yet"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Remark"),
        help_text=_("No clinical detail: what belongs to the record is written there."),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["means"] = forms.ChoiceField(
            label=_("How"),
            choices=[(means.value, label(means).in_language(language)) for means in ContactMeans],
            widget=forms.RadioSelect,
        )
        self.order_fields(["means", "was_reached", "note"])
