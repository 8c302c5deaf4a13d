"""The form of a plan, made from what the protocol's file proposes for the indication."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aiguille.care.queries import depth_ruling
from aiguille.care.reflection import reflection_days
from aiguille.catalogue.queries import ProductView, TreatmentView, rules_in_force
from aiguille.desk.care.forms import Quantity, as_decimal
from aiguille.desk.care.words import local, zone_name
from aiguille.journeys.reads.consultation import ProtocolChoice
from aiguille.kernel.codes import Procedure
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.plumbing.components.shapes import Described
from aiguille.plumbing.components.widgets import DateInput


class PlanForm(forms.Form):
    """How many sessions, how far apart, where, and how deep or by which technique.

    A needle length above its zone's warning needs the physician's tick, which appears beside it.
    """

    sessions_planned = forms.IntegerField(label=_("Sessions"), min_value=1, max_value=24)
    interval_min_days = forms.IntegerField(label=_("At least (days)"), min_value=1, max_value=366)
    interval_default_days = forms.IntegerField(
        label=_("Usually (days)"), min_value=1, max_value=366
    )
    interval_max_days = forms.IntegerField(label=_("At most (days)"), min_value=1, max_value=366)
    zones = forms.MultipleChoiceField(
        label=_("Zones"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one zone.")},
    )
    reflection_requested_on = forms.DateField(
        label=_("Written request to shorten the reflection period, dated"),
        required=False,
        widget=DateInput(),
    )

    def __init__(
        self,
        *args: Any,
        choice: ProtocolChoice,
        treatment: TreatmentView,
        phototype: int | None,
        lengths: Mapping[str, Decimal],
        products: Iterable[ProductView],
        zones: Iterable[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.choice, self.treatment, self.phototype = choice, treatment, phototype
        days = reflection_days()
        self.fields["reflection_requested_on"].help_text = gettext(
            "A first session comes %(usual)d days after the consultation that informed the patient;"
            " %(short)d where the patient asked so in a dated writing."
        ) % {"usual": days.usual, "short": days.on_request}
        self.zone_codes = [zone.value for zone in choice.protocol.zones if zone in set(zones)]
        chosen = self.fields["zones"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [(zone, zone_name(zone)) for zone in self.zone_codes]
        if self.is_needling:
            for zone in self.zone_codes:
                self._add_length(zone, lengths[zone])
        else:
            self._add_technique(products)

    @property
    def is_needling(self) -> bool:
        """Tell whether needle lengths are asked, rather than a technique and a product."""
        return self.treatment.procedure is Procedure.NEEDLING

    def length_rows(self) -> list[dict[str, Any]]:
        """Return each zone with its length, the limit, and the warning to acknowledge."""
        return [
            {
                "zone": zone_name(zone),
                "field": self[f"needle_mm_{zone}"],
                "warning": local(self.warnings[zone]) if zone in self.warnings else "",
                "acknowledge": self[f"seen_{zone}"] if zone in self.warnings else None,
            }
            for zone in self.zone_codes
        ]

    @property
    def warnings(self) -> dict[str, Text]:
        """Return the depth warnings of the lengths typed, by zone."""
        found: dict[str, Text] = {}
        if not self.is_needling:
            return found
        rules = rules_in_force()
        for zone in self.zone_codes:
            length = as_decimal(self[f"needle_mm_{zone}"].value())
            if length is None:
                continue
            ruling = depth_ruling(
                zone=zone,
                indication=self.treatment.indication.value,
                needle_mm=length,
                phototype=self.phototype,
                rules=rules,
            )
            if ruling.get("decision") == Decision.WARN:
                found[zone] = Text.from_mapping(ruling["findings"][0]["message"])
        return found

    def settings(self) -> dict[str, Any]:
        """Return the plan's settings; the form is valid."""
        given = self.cleaned_data
        if self.is_needling:
            return {
                "needle_mm": {
                    zone: str(given[f"needle_mm_{zone}"])
                    for zone in given["zones"]
                    if given[f"needle_mm_{zone}"] is not None
                }
            }
        return {"technique": given["technique"], "product_id": given["product_id"] or None}

    def acknowledged(self) -> list[str]:
        """Return the zones whose warning was ticked."""
        return [zone for zone in self.zone_codes if self.data.get(f"seen_{zone}")]

    def _add_length(self, zone: str, proposed: Decimal) -> None:
        self.fields[f"needle_mm_{zone}"] = Quantity(
            label=gettext("Needle, %(zone)s (mm)") % {"zone": zone_name(zone)},
            initial=proposed,
            max_digits=4,
            decimal_places=2,
            required=False,
        )
        self.fields[f"seen_{zone}"] = forms.BooleanField(
            label=_("I have seen this warning"), required=False
        )

    def _add_technique(self, products: Iterable[ProductView]) -> None:
        self.fields["technique"] = forms.ChoiceField(
            label=_("Technique"),
            widget=forms.RadioSelect,
            choices=[
                (limits.technique.value, local(limits.label))
                for limits in self.choice.protocol.techniques
            ],
        )
        self.fields["product_id"] = forms.ChoiceField(
            label=_("Product"),
            widget=forms.RadioSelect,
            choices=[
                *((str(one.id), Described(one.name, one.maker)) for one in products),
                ("", _("Chosen at the session")),
            ],
            required=False,
        )

    @staticmethod
    def initial_of(
        choice: ProtocolChoice, *, zones: Iterable[str], treated: Iterable[str]
    ) -> dict[str, Any]:
        """Return what the protocol proposes: sessions, intervals, and the zones examined."""
        course = choice.course
        allowed = set(zones)
        return {
            "sessions_planned": course.sessions_default,
            "interval_min_days": course.interval_min_days,
            "interval_default_days": course.interval_default_days,
            "interval_max_days": course.interval_max_days or course.interval_default_days,
            "zones": [zone for zone in treated if zone in allowed],
            "technique": next(
                (limits.technique.value for limits in choice.protocol.techniques), ""
            ),
        }
