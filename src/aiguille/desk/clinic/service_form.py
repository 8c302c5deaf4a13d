"""A service as a form: what it needs, its phases and what each holds, and how it is offered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aiguille.catalogue.queries import NeedView, PhaseView, ServiceView
from aiguille.catalogue.soundness import ServiceUnsound
from aiguille.clinics.people_and_things import LONGEST_SKILL
from aiguille.clinics.queries import SiteView
from aiguille.desk.clinic.words import KINDS, need_name
from aiguille.kernel.codes import ResourceKind, ServiceKind
from aiguille.kernel.text import Text
from aiguille.plumbing.refusals import explain

MOST_NEEDS, MOST_PHASES = 8, 12
_NEED_FIELDS = ("kind", "skill", "new", "before", "after", "name")
LONGEST_PHASE_NAME = 80
# Minutes in each unit in which a notice is typed.
UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
STEPS = (5, 10, 15, 20, 30, 45, 60, 90, 120)
_NEED_PARTS = {
    "kind": "kind",
    "name": "kind",
    "skill": "skill",
    "buffer_before_minutes": "before",
    "buffer_after_minutes": "after",
}
_PHASE_PARTS = {"minutes": "minutes", "needs": "needs", "name": "fr"}


@dataclass(frozen=True, slots=True)
class NeedRow:
    """The fields of one need."""

    number: int
    kind: BoundField
    skill: BoundField
    new: BoundField
    before: BoundField
    after: BoundField
    name: BoundField


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """The fields of one phase."""

    number: int
    fr: BoundField
    en: BoundField
    minutes: BoundField
    needs: BoundField
    place: BoundField


class ServiceForm(forms.Form):
    """Fields of a need are `n<row>_…`, of a phase `p<row>_…`; an empty row is no need, no phase."""

    notice = forms.IntegerField(
        label=_("Notice"),
        help_text=_("How long before its start a patient may still book online."),
        min_value=0,
        max_value=129600,
    )
    notice_unit = forms.ChoiceField(
        label=_("Unit"),
        choices=[("minutes", _("minutes")), ("hours", _("hours")), ("days", _("days"))],
    )
    max_horizon_days = forms.IntegerField(
        label=_("Horizon, in days"),
        help_text=_("How far ahead times are offered."),
        min_value=1,
        max_value=730,
    )
    slot_step_minutes = forms.TypedChoiceField(label=_("Starts offered"), coerce=int)
    sites = forms.MultipleChoiceField(
        label=_("Sites"),
        help_text=_("Where it may take place. Without a choice: at every site."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    is_bookable_online = forms.BooleanField(label=_("Visitors may book it online"), required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        service: ServiceView,
        skills: Sequence[tuple[str, list[tuple[str, str]]]],
        sites: Sequence[SiteView],
        initial: Mapping[str, Any] | None = None,
        rows: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.service = service
        needs, phases = rows or (len(service.needs) or 2, len(service.phases) or 1)
        self.need_count, self.phase_count = min(needs, MOST_NEEDS), min(phases, MOST_PHASES)
        self.need_rows: list[int] = []
        self.phase_rows: list[int] = []
        steps = sorted({*STEPS, service.slot_step_minutes})
        self.fields["slot_step_minutes"] = forms.TypedChoiceField(
            label=_("Starts offered"),
            choices=[(step, gettext("every %(n)s minutes") % {"n": step}) for step in steps],
            coerce=int,
        )
        self.site_count = len(sites)
        if len(sites) > 1:
            self.fields["sites"] = forms.MultipleChoiceField(
                label=_("Sites"),
                help_text=_("Where it may take place. Without a choice: at every site."),
                choices=[(str(site.id), site.name) for site in sites],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        else:
            del self.fields["sites"]
        if service.kind is not ServiceKind.CONSULTATION:
            # A session goes by its verdict and plan, whoever books it.
            del self.fields["is_bookable_online"]
        for row in range(self.need_count):
            self._add_need(row, skills)
        for row in range(self.phase_count):
            self._add_phase(row)

    def _add_need(self, row: int, skills: Sequence[tuple[str, list[tuple[str, str]]]]) -> None:
        said = {"number": row + 1}
        key = f"n{row}"
        self.fields[f"{key}_kind"] = forms.ChoiceField(
            label=gettext("Need %(number)s") % said,
            choices=[("", _("Nothing")), *((kind.value, word) for kind, word in KINDS.items())],
            required=False,
        )
        self.fields[f"{key}_skill"] = forms.ChoiceField(
            label=gettext("Need %(number)s: who can, or which serves for") % said,
            choices=[("", _("Any")), *skills],
            required=False,
        )
        self.fields[f"{key}_new"] = forms.CharField(
            label=gettext("Need %(number)s: a skill or use of its own") % said,
            max_length=LONGEST_SKILL,
            required=False,
        )
        for part, label in (
            ("before", gettext("Need %(number)s: minutes before") % said),
            ("after", gettext("Need %(number)s: minutes after") % said),
        ):
            self.fields[f"{key}_{part}"] = forms.IntegerField(
                label=label, min_value=0, max_value=240, required=False
            )
        self.fields[f"{key}_name"] = forms.CharField(
            widget=forms.HiddenInput, max_length=40, required=False
        )

    def _add_phase(self, row: int) -> None:
        said = {"number": row + 1}
        key = f"p{row}"
        self.fields[f"{key}_fr"] = forms.CharField(
            label=gettext("Phase %(number)s, in French") % said,
            max_length=LONGEST_PHASE_NAME,
            required=False,
        )
        self.fields[f"{key}_en"] = forms.CharField(
            label=gettext("Phase %(number)s, in English") % said,
            max_length=LONGEST_PHASE_NAME,
            required=False,
        )
        self.fields[f"{key}_minutes"] = forms.IntegerField(
            label=gettext("Phase %(number)s, minutes") % said,
            min_value=0,
            max_value=720,
            required=False,
            widget=forms.NumberInput(attrs={"step": "5"}),
        )
        self.fields[f"{key}_place"] = forms.IntegerField(
            label=gettext("Phase %(number)s, place in the order") % said,
            min_value=1,
            max_value=99,
            required=False,
        )
        self.fields[f"{key}_needs"] = forms.MultipleChoiceField(
            label=gettext("Phase %(number)s holds") % said,
            choices=[(str(need), self._need_label(need)) for need in range(self.need_count)],
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )

    def _need_label(self, row: int) -> str:
        """Return the words of a need as it stands, or its number where it is new."""
        said = self.data if self.is_bound else self.initial
        kind = str(said.get(f"n{row}_kind", ""))
        same = row < len(self.service.needs) and self.service.needs[row].kind.value == kind
        if same and self.service.needs[row].skill == said.get(f"n{row}_skill", ""):
            return f"{row + 1}. {need_name(self.service.needs[row])}"
        words = {k.value: str(word) for k, word in KINDS.items()}.get(kind)
        return f"{row + 1}. {words or gettext('to be said')}"

    @property
    def needs(self) -> list[NeedRow]:
        """Return the rows of needs."""
        return [
            NeedRow(
                row + 1,
                *(self[f"n{row}_{part}"] for part in _NEED_FIELDS),
            )
            for row in range(self.need_count)
        ]

    @property
    def phases(self) -> list[PhaseRow]:
        """Return the rows of phases."""
        return [
            PhaseRow(
                row + 1,
                *(self[f"p{row}_{part}"] for part in ("fr", "en", "minutes", "needs", "place")),
            )
            for row in range(self.phase_count)
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a phase without its name or its length, and one that holds a need left empty."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        for row in range(self.phase_count):
            if not self._is_phase(row):
                continue
            for part in ("fr", "en", "minutes"):
                name = f"p{row}_{part}"
                if name in typed and not typed[name]:
                    self.add_error(name, _("Fill this in, or empty the whole phase."))
            held = typed.get(f"p{row}_needs", [])
            if any(not typed.get(f"n{need}_kind") for need in held):
                self.add_error(f"p{row}_needs", _("This need says nothing: say what it is."))
        return typed

    def parts(self) -> tuple[list[NeedView], list[PhaseView]]:
        """Return the needs and the phases typed, and keep which row each came from."""
        typed = self.cleaned_data
        self.need_rows = [row for row in range(self.need_count) if typed[f"n{row}_kind"]]
        names: dict[int, str] = {}
        for row in self.need_rows:
            names[row] = _name_for(
                typed[f"n{row}_name"] or slugify(typed[f"n{row}_kind"]), names.values()
            )
        needs = [
            NeedView(
                name=names[row],
                kind=ResourceKind(typed[f"n{row}_kind"]),
                skill=typed[f"n{row}_new"].strip() or typed[f"n{row}_skill"],
                buffer_before_minutes=typed[f"n{row}_before"] or 0,
                buffer_after_minutes=typed[f"n{row}_after"] or 0,
            )
            for row in self.need_rows
        ]
        self.phase_rows = sorted(
            (row for row in range(self.phase_count) if self._is_phase(row)),
            key=lambda row: (typed[f"p{row}_place"] or row + 1, row),
        )
        phases = [
            PhaseView(
                name=Text(fr=typed[f"p{row}_fr"], en=typed[f"p{row}_en"]),
                minutes=typed[f"p{row}_minutes"],
                needs=tuple(names[int(need)] for need in typed[f"p{row}_needs"]),
            )
            for row in self.phase_rows
        ]
        return needs, phases

    def notice_minutes(self) -> int:
        """Return the notice in minutes."""
        return int(self.cleaned_data["notice"]) * UNITS[self.cleaned_data["notice_unit"]]

    def site_ids(self) -> list[UUID]:
        """Return the sites ticked; none where every one is, for sites to come are meant too."""
        ticked = self.cleaned_data.get("sites", [])
        everywhere = "sites" not in self.fields or len(ticked) == self.site_count
        return [] if everywhere else [UUID(site) for site in ticked]

    def refuse(self, error: ServiceUnsound) -> None:
        """Show a refusal beside the field that it names."""
        self.add_error(self._field_of(error.field or ""), explain(error))

    def _field_of(self, named: str) -> str | None:
        kind, _dot, rest = named.partition(".")
        place, _dot, part = rest.partition(".")
        if kind == "needs" and place.isdigit():
            return f"n{self.need_rows[int(place)]}_{_NEED_PARTS.get(part, 'kind')}"
        if kind == "phases" and place.isdigit():
            return f"p{self.phase_rows[int(place)]}_{_PHASE_PARTS.get(part, 'minutes')}"
        if named in {"min_notice_minutes", "site_ids"}:
            named = {"min_notice_minutes": "notice", "site_ids": "sites"}[named]
        return named if named in self.fields else None

    def _is_phase(self, row: int) -> bool:
        typed = self.cleaned_data
        return any(typed.get(f"p{row}_{part}") for part in ("fr", "en", "minutes", "needs"))


def from_service(service: ServiceView, *, seen: str) -> dict[str, Any]:
    """Return what stands in the form of a service."""
    unit = next(
        unit
        for unit in ("days", "hours", "minutes")
        if service.min_notice_minutes % UNITS[unit] == 0
    )
    if service.min_notice_minutes in {0, UNITS["days"]}:
        unit = "hours"
    initial: dict[str, Any] = {
        "notice": service.min_notice_minutes // UNITS[unit],
        "notice_unit": unit,
        "max_horizon_days": service.max_horizon_days,
        "slot_step_minutes": service.slot_step_minutes,
        "is_bookable_online": service.is_bookable_online,
        "sites": [str(site_id) for site_id in service.site_ids],
        "seen": seen,
    }
    places = {need.name: row for row, need in enumerate(service.needs)}
    for row, need in enumerate(service.needs):
        initial |= {
            f"n{row}_kind": need.kind.value,
            f"n{row}_skill": need.skill,
            f"n{row}_before": need.buffer_before_minutes,
            f"n{row}_after": need.buffer_after_minutes,
            f"n{row}_name": need.name,
        }
    for row, phase in enumerate(service.phases):
        initial |= {
            f"p{row}_fr": phase.name.fr,
            f"p{row}_en": phase.name.en,
            f"p{row}_minutes": phase.minutes,
            f"p{row}_place": row + 1,
            f"p{row}_needs": [str(places[name]) for name in phase.needs],
        }
    return initial


def typed_rows(data: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many needs and phases there are in what was sent."""
    return _rows(data, "n", "kind"), _rows(data, "p", "minutes")


def typed_values(data: QueryDict) -> dict[str, Any]:
    """Return what was sent, field by field, right or wrong."""
    return {
        name: data.getlist(name) if name.endswith("_needs") or name == "sites" else data[name]
        for name in data
        if name not in {"csrfmiddlewaretoken", "action", "confirmed"}
    }


def _rows(data: Mapping[str, Any], letter: str, part: str) -> int:
    row = 0
    while f"{letter}{row}_{part}" in data and row < max(MOST_NEEDS, MOST_PHASES):
        row += 1
    return row


def _name_for(wanted: str, taken: Iterable[str]) -> str:
    """Return a name that no other need of the service has."""
    used, name, number = set(taken), wanted, 2
    while name in used:
        name, number = f"{wanted}-{number}", number + 1
    return name
