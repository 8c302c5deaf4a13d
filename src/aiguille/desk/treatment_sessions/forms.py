"""Forms made from a protocol's step: its fields, its passes, its injections.

They only turn what is typed into an event's body; whether the event may happen is the guards'
answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.kernel.codes import EndPoint, Side, Zone
from aiguille.kernel.labels import label
from aiguille.plumbing.components.widgets import DateInput, DateTimeInput, DecimalInput
from aiguille.protocols.model import Field, FieldType, PassPlan, Protocol, Step
from aiguille.treatment_sessions.wording import (
    PRESSURES,
    STOP_REASONS,
    option_words,
    words,
)


def code_choices(codes: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """Return choices of codes with their words."""
    return [(code.value, words(label(code))) for code in codes]


class StepForm(forms.Form):
    """What a step records besides units, passes and injections."""

    def __init__(
        self,
        *args: Any,
        step: Step,
        protocol: Protocol,
        zones: Sequence[str],
        clinic_zone: ZoneInfo,
        at: datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.step = step
        self.clinic_zone = clinic_zone
        for field in step.fields:
            if field.type is not FieldType.UNIT_SCAN:
                self.fields[field.id] = _form_field(
                    field, protocol=protocol, zones=zones, now=at.astimezone(clinic_zone)
                )

    def values(self) -> dict[str, Any]:
        """Return what was typed as an event keeps it: decimals, dates and instants as text."""
        found = {}
        for field in self.step.fields:
            value = self.cleaned_data.get(field.id)
            if value in (None, "", []):
                continue
            if isinstance(value, datetime):
                value = value.replace(tzinfo=self.clinic_zone).isoformat()
            elif isinstance(value, Decimal):
                value = str(value)
            elif field.type is FieldType.DATE:
                value = value.isoformat()
            found[field.id] = value
        return found


def _form_field(
    field: Field, *, protocol: Protocol, zones: Sequence[str], now: datetime
) -> forms.Field:
    unit = f" ({field.unit})" if field.unit else ""
    common: dict[str, Any] = {
        "label": words(field.label) + unit,
        # A field that depends on another is asked for by the guards when it is needed.
        "required": field.required and field.when is None,
    }
    match field.type:
        case FieldType.BOOLEAN:
            # Left unticked it says no; the guard explains why that is not enough.
            return forms.BooleanField(label=common["label"], required=False)
        case FieldType.INTEGER:
            return forms.IntegerField(
                min_value=_whole(field.minimum), max_value=_whole(field.maximum), **common
            )
        case FieldType.DECIMAL:
            return forms.DecimalField(
                widget=DecimalInput, min_value=field.minimum, max_value=field.maximum, **common
            )
        case FieldType.INSTANT:
            return forms.DateTimeField(
                widget=DateTimeInput, initial=now.strftime("%Y-%m-%dT%H:%M"), **common
            )
        case FieldType.DATE:
            return forms.DateField(widget=DateInput, **common)
        case FieldType.TEXT:
            return forms.CharField(
                widget=forms.Textarea(attrs={"rows": 3}), max_length=_whole(field.maximum), **common
            )
    choices = _choices(field, protocol=protocol, zones=zones)
    if field.many:
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **common
        )
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)


def _whole(bound: Decimal | None) -> int | None:
    return None if bound is None else int(bound)


def _choices(field: Field, *, protocol: Protocol, zones: Sequence[str]) -> list[tuple[str, str]]:
    if field.type is FieldType.ZONE:
        return code_choices(Zone(zone) for zone in zones)
    if field.type is FieldType.TECHNIQUE:
        return code_choices(each.technique for each in protocol.techniques)
    return [(option.value, option_words(option)) for option in field.options]


class PassForm(forms.Form):
    """One zone passed with a roller or a pen."""

    zone = forms.ChoiceField(label=_("Zone"))
    side = forms.ChoiceField(label=_("Side"))
    needle_mm = forms.DecimalField(
        label=_("Needle length (mm)"), widget=DecimalInput, min_value=Decimal("0.1"), max_value=5
    )
    pressure = forms.ChoiceField(
        label=_("Pressure"), choices=[(p.value, text) for p, text in PRESSURES.items()]
    )
    end_point = forms.ChoiceField(label=_("End point seen"), required=False)

    def __init__(
        self,
        *args: Any,
        plan: PassPlan,
        zones: Sequence[str],
        lengths: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.fields["zone"] = forms.ChoiceField(
            label=_("Zone"), choices=code_choices(Zone(zone) for zone in zones)
        )
        self.fields["side"] = forms.ChoiceField(label=_("Side"), choices=code_choices(Side))
        self.fields["end_point"] = forms.ChoiceField(
            label=_("End point seen"),
            required=False,
            choices=[
                ("", _("Not yet")),
                *code_choices([*plan.end_points, EndPoint.FRANK_BLEEDING]),
            ],
        )
        self.initial.setdefault("needle_mm", next(iter(lengths.values()), None))
        for direction in plan.directions:
            self.fields[f"passes_{direction.value}"] = forms.IntegerField(
                label=words(label(direction)), min_value=0, max_value=60, required=False
            )
        if plan.device == "pen":
            self.fields["seconds"] = forms.IntegerField(
                label=_("Duration (s)"), min_value=1, max_value=3600, required=False
            )
            self.fields["area_cm2"] = forms.DecimalField(
                label=_("Area (cm²)"), widget=DecimalInput, min_value=Decimal("0.1"), required=False
            )
            self.fields["frequency_hz"] = forms.IntegerField(
                label=_("Frequency (Hz)"), min_value=1, max_value=500, required=False
            )

    def body(self, step_id: str) -> dict[str, Any]:
        """Return the event's body."""
        typed = self.cleaned_data
        passes = {
            direction.value: typed[f"passes_{direction.value}"]
            for direction in self.plan.directions
            if typed.get(f"passes_{direction.value}")
        }
        found: dict[str, Any] = {
            "type": "zone_passed",
            "step": step_id,
            "zone": typed["zone"],
            "side": typed["side"],
            "needle_mm": str(typed["needle_mm"]),
            "passes": passes,
            "pressure": typed["pressure"],
        }
        for name in ("end_point", "seconds", "frequency_hz"):
            if typed.get(name):
                found[name] = typed[name]
        if typed.get("area_cm2"):
            found["area_cm2"] = str(typed["area_cm2"])
        return found


class InjectionForm(forms.Form):
    """One zone injected by a named technique."""

    zone = forms.ChoiceField(label=_("Zone"))
    side = forms.ChoiceField(label=_("Side"))
    technique = forms.ChoiceField(label=_("Technique"))
    needle_mm = forms.DecimalField(
        label=_("Needle length (mm)"), widget=DecimalInput, min_value=Decimal("0.1"), max_value=40
    )
    inserted_mm = forms.DecimalField(
        label=_("Length inserted (mm)"),
        help_text=_("Leave empty when the whole needle goes in."),
        widget=DecimalInput,
        min_value=Decimal("0.1"),
        max_value=40,
        required=False,
    )
    angle = forms.IntegerField(label=_("Angle (degrees)"), min_value=1, max_value=90)
    volume_ml = forms.DecimalField(
        label=_("Volume per point (ml)"),
        widget=DecimalInput,
        min_value=Decimal("0.001"),
        max_value=5,
    )
    points = forms.IntegerField(label=_("Number of points"), min_value=1, max_value=2000)
    spacing_mm = forms.IntegerField(
        label=_("Spacing (mm)"), min_value=1, max_value=60, required=False
    )

    def __init__(
        self, *args: Any, protocol: Protocol, zones: Sequence[str], technique: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"] = forms.ChoiceField(
            label=_("Zone"), choices=code_choices(Zone(zone) for zone in zones)
        )
        self.fields["side"] = forms.ChoiceField(label=_("Side"), choices=code_choices(Side))
        self.fields["technique"] = forms.ChoiceField(
            label=_("Technique"),
            choices=[(t.technique.value, words(t.label)) for t in protocol.techniques],
        )
        self.order_fields(["zone", "side", "technique"])
        self.initial.setdefault("technique", technique)

    def body(self, step_id: str) -> dict[str, Any]:
        """Return the event's body."""
        found: dict[str, Any] = {"type": "injection_recorded", "step": step_id}
        for name, value in self.cleaned_data.items():
            if value not in (None, ""):
                found[name] = str(value) if isinstance(value, Decimal) else value
        return found


class StopForm(forms.Form):
    """Why the session is stopped."""

    reason = forms.ChoiceField(
        label=_("Why"), choices=[(r.value, text) for r, text in STOP_REASONS.items()]
    )
    note = forms.CharField(
        label=_("What happened"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )


class ReasonForm(forms.Form):
    """Why a step is left out, or an entry withdrawn."""

    reason = forms.CharField(label=_("Reason"), max_length=500)
