"""What a physician types on a prescription: the cream, other medicines line by line, measures."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from aiguille.care.prescribing import (
    LONGEST_TEXT,
    LONGEST_WORDS,
    MOST_LINES,
    MOST_PACKS,
    MOST_RENEWALS,
    Cream,
    Line,
    Measures,
    holds_anaesthetic,
    mentions,
    missing_text,
    reasons_at,
    routes,
)
from aiguille.desk.care.forms import LONGEST_REASON, Paragraph, Quantity
from aiguille.desk.care.words import local, zone_name
from aiguille.kernel.codes import CreamCondition
from aiguille.rulebook import load_rulebook

# The rules of the cream that may warn: its amount, and how long it stays on.
WARNING = ("R11", "R12")

# Conditions of the cream that no question of the questionnaire gives.
NOT_ASKED = (
    CreamCondition.METHAEMOGLOBIN_INDUCING_DRUG,
    CreamCondition.CLASS_I_ANTIARRHYTHMIC,
    CreamCondition.SEVERE_HEPATIC_DISEASE,
)

# The fields of a line that are always seen; the others are for what is rarer.
USUAL = (
    ("drug", "brand"),
    ("strength", "form"),
    ("dose", "frequency"),
    ("route", "duration"),
    ("packs", "renewals"),
)
RARE = ("not_substitutable", "is_off_label", "is_preparation", "formula", "lidocaine_mg")
_OF_CREAM = (
    "product",
    "area_cm2",
    "grams",
    "minutes_before",
    "minutes_on_skin",
    "cream_zones",
    "conditions",
)


class PrescriptionForm(forms.Form):
    """A prescription: `lines` lines, some of them perhaps removed and still there to put back."""

    product = forms.ChoiceField(label=_("Cream"), widget=forms.RadioSelect)
    area_cm2 = Quantity(
        label=_("Area (cm²)"), min_value=Decimal("0.1"), max_digits=7, decimal_places=1
    )
    grams = Quantity(
        label=_("Amount (g)"),
        help_text=_("Leave empty for the amount that the area requires."),
        min_value=Decimal("0.1"),
        max_digits=6,
        decimal_places=2,
        required=False,
    )
    minutes_before = forms.IntegerField(
        label=_("Minutes before the session"), min_value=1, max_value=1440
    )
    minutes_on_skin = forms.IntegerField(
        label=_("Minutes on the skin"),
        help_text=_("Empty: until the session, taken off at the clinic."),
        min_value=1,
        max_value=1440,
        required=False,
    )
    cream_zones = forms.MultipleChoiceField(label=_("Where"), widget=forms.CheckboxSelectMultiple)
    conditions = forms.MultipleChoiceField(
        label=_("Do any of these apply?"), widget=forms.CheckboxSelectMultiple, required=False
    )
    override_reason = Paragraph(
        label=_("Reason for going on in spite of a review"),
        max_length=LONGEST_REASON,
        required=False,
    )
    acknowledged = forms.MultipleChoiceField(
        label=_("Warnings that you have seen"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    weight_kg = Quantity(
        label=_("Weight (kg)"),
        min_value=Decimal("0.1"),
        max_digits=5,
        decimal_places=1,
        required=False,
    )
    height_cm = forms.IntegerField(label=_("Height (cm)"), min_value=1, required=False)
    measures_confirmed = forms.BooleanField(
        label=_("I have checked the weight and the height: they are right"), required=False
    )
    correction_reason = Paragraph(
        label=_("Why it is corrected"), max_length=LONGEST_REASON, required=False
    )
    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    lines = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        creams: Iterable[str],
        zones: Iterable[str],
        age: int | None,
        lines: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.count = max(0, min(lines, MOST_LINES))
        self._choose(
            "product",
            [
                *((name, name) for name in creams),
                ("", _("No numbing cream")),
            ],
        )
        self._choose("cream_zones", [(zone, zone_name(zone)) for zone in zones])
        rules = load_rulebook().rules
        self._choose("acknowledged", [(name, local(rules[name].title)) for name in WARNING])
        cases = rules["R14"].cases
        self._choose(
            "conditions",
            [
                (code.value, local(message))
                for code in NOT_ASKED
                if (message := cases[code.value].message) is not None
            ],
        )
        for number in range(self.count):
            self._add_line(number, age=age)

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _add_line(self, number: int, *, age: int | None) -> None:
        def words(label: Any, **more: Any) -> forms.CharField:
            return forms.CharField(label=label, max_length=LONGEST_WORDS, **more)

        fields: dict[str, forms.Field] = {
            "drug": words(_("Medicine, by its common name (INN)")),
            "brand": words(_("Brand"), required=False),
            "strength": words(_("Strength"), required=False),
            "form": words(_("Form"), required=False),
            "dose": words(_("Dose")),
            "frequency": words(_("How often")),
            "route": forms.ChoiceField(
                label=_("How it is used"),
                choices=[
                    ("", _("Choose")),
                    *((code, local(name)) for code, name in routes().items()),
                ],
            ),
            "duration": words(
                _("Duration"), required=False, help_text=_("Or the number of packs.")
            ),
            "packs": forms.IntegerField(
                label=_("Packs"), min_value=1, max_value=MOST_PACKS, required=False
            ),
            "renewals": forms.IntegerField(
                label=_("Renewals"), min_value=0, max_value=MOST_RENEWALS, required=False
            ),
            "instructions": Paragraph(
                label=_("Instructions"), max_length=LONGEST_TEXT, required=False
            ),
            "not_substitutable": forms.ChoiceField(
                label=_("Not substitutable"),
                choices=[
                    ("", _("May be substituted")),
                    *((one.code, local(one.name)) for one in reasons_at(age)),
                ],
                required=False,
            ),
            "is_off_label": forms.BooleanField(
                label=_("Outside its authorisation: I have told the patient"), required=False
            ),
            "is_preparation": forms.BooleanField(label=_("Magistral preparation"), required=False),
            "formula": Paragraph(
                label=_("Detailed formula"), max_length=LONGEST_TEXT, required=False
            ),
            "lidocaine_mg": Quantity(
                label=_("Lidocaine in a day (mg)"),
                min_value=Decimal("0.1"),
                max_digits=7,
                decimal_places=1,
                required=False,
            ),
            "removed": forms.CharField(widget=forms.HiddenInput, required=False),
        }
        for mention in mentions():
            place, _dot, name = mention.at.partition(".")
            if place == "line" and name in fields:
                fields[name].error_messages["required"] = local(missing_text(mention))
        for name, field in fields.items():
            self.fields[f"line_{number}_{name}"] = field

    def clean(self) -> dict[str, Any]:
        """Ask nothing of a cream that is not prescribed, nor of lines removed or left empty."""
        cleaned = super().clean() or {}
        if not self["product"].value():
            cleaned["product"] = ""
            for name in _OF_CREAM:
                self.errors.pop(name, None)
        for number in range(self.count):
            if self._is_removed(number) or self._is_empty(number):
                for name in [name for name in self.errors if name.startswith(f"line_{number}_")]:
                    del self.errors[name]
        return cleaned

    # --- What is prescribed ---

    def cream(self) -> Cream | None:
        """Return the cream, None for none; the form is valid."""
        given = self.cleaned_data
        if not given["product"]:
            return None
        return Cream(
            product=given["product"],
            area_cm2=given["area_cm2"],
            grams=given["grams"],
            minutes_before=given["minutes_before"],
            minutes_on_skin=given["minutes_on_skin"],
            zones=given["cream_zones"],
            conditions=given["conditions"],
        )

    def medicines(self) -> list[Line]:
        """Return the lines that stand, in order; the form is valid."""
        return [self._line(number) for number in self.standing()]

    def standing(self) -> list[int]:
        """Return the numbers of the lines that are neither removed nor empty."""
        return [
            number
            for number in range(self.count)
            if not (self._is_removed(number) or self._is_empty(number))
        ]

    def measures(self) -> Measures:
        """Return weight and height; the form is valid."""
        given = self.cleaned_data
        return Measures(
            weight_kg=given["weight_kg"],
            height_cm=given["height_cm"],
            are_confirmed=given["measures_confirmed"],
        )

    def field_of(self, field: str | None) -> str | None:
        """Return this form's field for the one that an error names: its lines are those standing."""
        prefix, _, rest = (field or "").partition("_")
        number, _, name = rest.partition("_")
        if prefix != "line" or not number.isdigit():
            return field
        return f"line_{self.standing()[int(number)]}_{name}"

    def _line(self, number: int) -> Line:
        given = {name: self.cleaned_data[f"line_{number}_{name}"] for name in _LINE}
        return Line(**{**given, "renewals": given["renewals"] or 0})

    def _is_removed(self, number: int) -> bool:
        return bool(self[f"line_{number}_removed"].value())

    def _is_empty(self, number: int) -> bool:
        return not any(self[f"line_{number}_{name}"].value() for name in _LINE)

    # --- How it is shown ---

    def hidden_fields(self) -> list[forms.BoundField]:
        """Return what the form carries unseen; the lines carry their own."""
        return [
            field
            for field in super().hidden_fields()
            if field.name != "lines" and not field.name.endswith("_removed")
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Return each line as the page lays it out: its fields, or what is needed to put it back."""
        rows = []
        for number in range(self.count):
            fields = {name: self[f"line_{number}_{name}"] for name in (*_LINE, "removed")}
            drug = str(fields["drug"].value() or "")
            rare = [fields[name] for name in RARE]
            rows.append(
                {
                    "number": number,
                    "shown": sum(not self._is_removed(n) for n in range(number + 1)),
                    "is_removed": self._is_removed(number),
                    "drug": drug,
                    "pairs": [[fields[name] for name in pair] for pair in USUAL],
                    "instructions": fields["instructions"],
                    "rare": rare,
                    "is_rare_open": any(field.value() or field.errors for field in rare)
                    or holds_anaesthetic(
                        Line(
                            drug=drug,
                            dose="",
                            frequency="",
                            route="",
                            brand=str(fields["brand"].value() or ""),
                        )
                    ),
                    "all": list(fields.values()),
                }
            )
        return rows

    def put_cursor(self, name: str) -> None:
        """Let typing begin in a field, where it exists."""
        if name in self.fields:
            self.fields[name].widget.attrs["autofocus"] = True

    @property
    def may_add(self) -> bool:
        """Tell whether there is room for another line."""
        return self.count < MOST_LINES

    @classmethod
    def initial_of(cls, items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Return what the form shows of a prescription's lines, to correct it."""
        shown: dict[str, Any] = {"product": "", "lines": 0}
        for item in items:
            if item["kind"] == "medicine":
                number = shown["lines"]
                shown["lines"] += 1
                line = Line.of_item(item)
                shown |= {f"line_{number}_{name}": getattr(line, name) for name in _LINE}
                continue
            on_skin = item.get("minutes_on_skin", item["minutes_before"])
            shown |= {
                "product": item["drug"],
                "area_cm2": Decimal(item["area_cm2"]),
                "grams": Decimal(item["grams"]),
                "minutes_before": item["minutes_before"],
                "minutes_on_skin": None if on_skin == item["minutes_before"] else on_skin,
                "cream_zones": item["zones"],
                "conditions": item.get("conditions", []),
                "override_reason": item["override_reason"],
                "acknowledged": [one["rule"] for one in item["acknowledged"]],
            }
        return shown


_LINE = (
    "drug",
    "brand",
    "strength",
    "form",
    "dose",
    "frequency",
    "route",
    "duration",
    "packs",
    "renewals",
    "instructions",
    "not_substitutable",
    "is_off_label",
    "is_preparation",
    "formula",
    "lidocaine_mg",
)
_TICKED = ("is_off_label", "is_preparation", "measures_confirmed")
_SEVERAL = ("cream_zones", "conditions", "acknowledged")


def count_of(typed: QueryDict) -> int:
    """Return how many lines a form that was sent has."""
    said = typed.get("lines", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0


def edited(typed: QueryDict) -> tuple[dict[str, Any], int, str]:
    """Return what was typed with one line added, removed or put back, as a form's first values.

    Beside it how many lines there are then, and the field that is to be typed in next.
    """
    values: dict[str, Any] = {
        name: typed.getlist(name) if name in _SEVERAL else typed.get(name) for name in typed
    }
    values |= {
        name: said not in {"", "False"} for name, said in values.items() if name.endswith(_TICKED)
    }
    count, (verb, _, which) = count_of(typed), typed.get("do", "").partition(":")
    focus = ""
    if verb == "add" and count < MOST_LINES:
        focus = f"line_{count}_drug"
        count += 1
    elif verb in {"remove", "restore"} and which.isascii() and which.isdigit():
        values[f"line_{int(which)}_removed"] = "1" if verb == "remove" else ""
        focus = f"line_{int(which)}_drug" if verb == "restore" else ""
    return values | {"lines": count}, count, focus
