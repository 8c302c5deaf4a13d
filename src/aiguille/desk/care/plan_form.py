"""The form of a plan, made from what the protocol's file proposes for the indication."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aiguille.care.examination import treated_zone_sides
from aiguille.care.planning import Limit, PlannedPlace
from aiguille.care.reflection import reflection_days
from aiguille.catalogue.queries import ProductView, TreatmentView, rules_in_force
from aiguille.desk.care.forms import LONGEST_REASON, Quantity, as_decimal
from aiguille.desk.care.words import local
from aiguille.desk.templatetags.desk import decimal_text
from aiguille.journeys.reads.consultation import ProtocolChoice
from aiguille.kernel.codes import Procedure, Zone
from aiguille.kernel.ids import new_id
from aiguille.kernel.labels import label
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import ZoneSide, sides_in_words
from aiguille.plumbing.components.shapes import Described
from aiguille.plumbing.components.widgets import DateInput
from aiguille.plumbing.components.zones import ZonesField, zone_sides_of

_REASON = "reason:"


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit as the page shows it, with what was ticked or written about it.

    `sources` are (tag, reference).
    """

    limit: Limit
    sources: tuple[tuple[str, str], ...]
    is_seen: bool
    reason: str


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A zone on one side with its fields, each with what stands against it."""

    name: str
    cells: tuple[tuple[forms.BoundField, str, list[LimitLine]], ...]


class PlanForm(forms.Form):
    """How many sessions, how far apart, where, how deep or by which technique, with what product."""

    sessions_planned = forms.IntegerField(label=_("Sessions"), min_value=1, max_value=24)
    interval_min_days = forms.IntegerField(label=_("At least (days)"), min_value=1, max_value=366)
    interval_default_days = forms.IntegerField(
        label=_("Usually (days)"), min_value=1, max_value=366
    )
    interval_max_days = forms.IntegerField(label=_("At most (days)"), min_value=1, max_value=366)
    zones = ZonesField(
        label=_("Zones"), error_messages={"required": _("Choose at least one zone.")}
    )
    product_id = forms.ChoiceField(label=_("Product"), widget=forms.RadioSelect, required=False)
    reflection_requested_on = forms.DateField(
        label=_("Written request to shorten the reflection period, dated"),
        required=False,
        widget=DateInput(),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        choice: ProtocolChoice,
        treatment: TreatmentView,
        lengths: Mapping[str, Decimal],
        products: Iterable[ProductView],
        **kwargs: Any,
    ) -> None:
        self.choice, self.treatment, self.lengths = choice, treatment, lengths
        self.unseen: set[str] = set()
        self.limits: tuple[Limit, ...] = ()
        super().__init__(self._with_proposals(data), **kwargs)
        zones = cast("ZonesField", self.fields["zones"])
        zones.offer(zone.value for zone in choice.protocol.zones)
        for code in zones.codes:
            self._add_place(ZoneSide.from_code(code))
        self.offered = self._offer(products)
        days = reflection_days()
        self.fields["reflection_requested_on"].help_text = gettext(
            "A first session comes %(usual)d days after the consultation that informed the patient;"
            " %(short)d where the patient asked so in a dated writing."
        ) % {"usual": days.usual, "short": days.on_request}

    @property
    def is_needling(self) -> bool:
        """Tell whether needle lengths are asked, rather than techniques."""
        return self.treatment.procedure is Procedure.NEEDLING

    @property
    def chosen(self) -> tuple[ZoneSide, ...]:
        """Return the zones and sides that are ticked now, whether the form is valid or not."""
        zones = cast("ZonesField", self.fields["zones"])
        ticked = set(self["zones"].value() or ())
        return zone_sides_of(code for code in zones.codes if code in ticked)

    def rows(self) -> list[PlaceRow]:
        """Return a row of fields for each zone and side that is ticked."""
        lines = self.lines()
        return [
            PlaceRow(
                name=" ".join(map(local, sides_in_words([one]))),
                cells=tuple((self[name], name, lines.get(name, [])) for name in self._names(one)),
            )
            for one in self.chosen
        ]

    def places(self) -> list[PlannedPlace]:
        """Return how each ticked zone and side is treated, as far as it is typed."""
        return [
            PlannedPlace(
                one,
                needle_mm=self._number(f"needle_mm_{key}") if self.is_needling else None,
                technique="" if self.is_needling else str(self._typed(f"technique_{key}") or ""),
                depth_mm=None if self.is_needling else self._number(f"depth_mm_{key}"),
            )
            for one in self.chosen
            if (key := _key(one))
        ]

    @property
    def product(self) -> UUID | None:
        """Return the product that is ticked now, None for none."""
        return self.offered.get(str(self._typed("product_id") or ""))

    def whole(self, name: str) -> int | None:
        """Return a whole number as far as it is typed."""
        typed = str(self._typed(name) or "").strip()
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else None

    @property
    def seen(self) -> set[str]:
        """Return the keys of the warnings that were ticked."""
        return set(self.data.getlist("seen")) if isinstance(self.data, QueryDict) else set()

    @property
    def reasons(self) -> dict[str, str]:
        """Return the reasons that were written, by the key of what they decide upon."""
        return {
            name.removeprefix(_REASON): str(value).replace("\x00", "")[:LONGEST_REASON]
            for name, value in self.data.items()
            if name.startswith(_REASON)
        }

    def lines(self) -> dict[str, list[LimitLine]]:
        """Return what stands against the plan as it is, by the field beside which it stands."""
        references = rules_in_force().book.sources
        found: dict[str, list[LimitLine]] = {}
        for limit in self.limits:
            line = LimitLine(
                limit=limit,
                sources=tuple((tag, references.get(tag, "")) for tag in limit.sources),
                is_seen=limit.key in self.seen,
                reason=self.reasons.get(limit.key, ""),
            )
            found.setdefault(limit.field, []).append(line)
        return found

    def slots(self) -> list[tuple[str, list[LimitLine]]]:
        """Return every place of the page where a limit may stand, with what stands there."""
        lines = self.lines()
        shown = [name for one in self.chosen for name in self._names(one)]
        names = ("sessions_planned", "interval_min_days", "zones", *shown, "product_id")
        return [(name, lines.get(name, [])) for name in names]

    def clean(self) -> dict[str, Any]:
        """Ask that what is proposed for a zone ticked just now be looked at."""
        given: dict[str, Any] = super().clean() or {}
        for name in sorted(self.unseen & self.fields.keys()):
            self.add_error(name, _("Check what is proposed here, then save again."))
        return given

    def _with_proposals(self, data: QueryDict | None) -> QueryDict | None:
        """Fill in what a page without scripts could not show for the zones ticked on it."""
        if data is None:
            return None
        filled = data.copy()
        for code in filled.getlist("zones"):
            try:
                one = ZoneSide.from_code(code)
            except ValueError:
                continue
            proposed = self._proposed(one)
            for name in self._names(one):
                if name not in filled:
                    filled[name] = decimal_text(str(proposed[name]))
                    if proposed[name]:
                        self.unseen.add(name)
        return filled

    def _names(self, one: ZoneSide) -> tuple[str, ...]:
        key = _key(one)
        return (
            (f"needle_mm_{key}",) if self.is_needling else (f"technique_{key}", f"depth_mm_{key}")
        )

    def _proposed(self, one: ZoneSide) -> dict[str, Any]:
        key = _key(one)
        techniques = self.choice.protocol.techniques
        return {
            f"needle_mm_{key}": self.lengths.get(one.zone.value, ""),
            f"technique_{key}": techniques[0].technique.value if techniques else "",
            f"depth_mm_{key}": "",
        }

    def _add_place(self, one: ZoneSide) -> None:
        key, name = _key(one), " ".join(map(local, sides_in_words([one])))
        proposed = self._proposed(one)
        is_chosen = one in self.chosen
        if self.is_needling:
            self.fields[f"needle_mm_{key}"] = Quantity(
                label=gettext("Needle, %(zone)s (mm)") % {"zone": name},
                initial=proposed[f"needle_mm_{key}"],
                max_digits=4,
                decimal_places=2,
                required=is_chosen,
            )
            return
        self.fields[f"technique_{key}"] = forms.ChoiceField(
            label=gettext("Technique, %(zone)s") % {"zone": name},
            initial=proposed[f"technique_{key}"],
            choices=[
                (limits.technique.value, local(limits.label))
                for limits in self.choice.protocol.techniques
            ],
            required=is_chosen,
        )
        self.fields[f"depth_mm_{key}"] = Quantity(
            label=gettext("Depth, %(zone)s (mm)") % {"zone": name},
            max_digits=4,
            decimal_places=2,
            required=False,
        )

    def _offer(self, products: Iterable[ProductView]) -> dict[str, UUID]:
        """Offer products, each with its status and composition; return their keys by choice."""
        found = {str(one.id): one for one in products}
        field = cast("forms.ChoiceField", self.fields["product_id"])
        field.label = _("Product put on after the needle") if self.is_needling else _("Product")
        field.choices = [
            *((key, Described(one.name, composition(one))) for key, one in found.items()),
            ("", _("Chosen at the session")),
        ]
        return {key: one.id for key, one in found.items()}

    def _typed(self, name: str) -> Any:
        return self[name].value()

    def _number(self, name: str) -> Decimal | None:
        return as_decimal(self._typed(name))

    @staticmethod
    def initial_of(choice: ProtocolChoice, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the protocol proposes, on the zones that the consultation wants treated."""
        course = choice.course
        return {
            "sessions_planned": course.sessions_default,
            "interval_min_days": course.interval_min_days,
            "interval_default_days": course.interval_default_days,
            "interval_max_days": course.interval_max_days or course.interval_default_days,
            "zones": [
                one.code for one in treated_zone_sides(content) if one.zone in choice.protocol.zones
            ],
            "product_id": "",
        }


def composition(product: ProductView) -> str:
    """Return who makes a product, what it is in law and what it contains, in the page's language."""
    return " · ".join(_said_of(product))


def zones_left_out(choice: ProtocolChoice, content: Mapping[str, Any]) -> list[str]:
    """Return the zones to be treated that the protocol does not treat."""
    return [zone for zone in content["zones"] if Zone(zone) not in choice.protocol.zones]


def _said_of(product: ProductView) -> Iterator[str]:
    yield product.maker
    yield local(label(product.status))
    if product.actives:
        yield ", ".join(local(label(active)) for active in product.actives)
    if not product.is_sterile:
        yield local(Text(fr="Non stérile", en="Not sterile"))


def _key(one: ZoneSide) -> str:
    return f"{one.zone}_{one.side}"
