"""The week of a resource as a form: any number of stretches a day, at one site or at several."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aiguille.clinics.queries import SiteView, WeeklyOpening
from aiguille.clinics.weekly_hours import Opening, OpeningUnsound
from aiguille.desk.clinic.forms import YEARS_AHEAD
from aiguille.desk.clinic.words import DAY_MINUTES, as_time, weekday_name
from aiguille.plumbing import clock
from aiguille.plumbing.components.widgets import DateInput, TimeInput
from aiguille.plumbing.refusals import explain

WEEK = range(7)
MOST_STRETCHES = 8
# The operation's word for a part of an opening, and ours.
_PARTS = {"from_minute": "from", "until_minute": "until", "site_id": "site", "weekday": "from"}


@dataclass(frozen=True, slots=True)
class StretchRow:
    """One stretch of a day, as the page lays it out; `site` is None where there is one only."""

    begins: BoundField
    ends: BoundField
    site: BoundField | None


@dataclass(frozen=True, slots=True)
class DayRows:
    """A weekday with its stretches; `can_grow` tells that one more may be asked for."""

    number: int
    name: str
    rows: tuple[StretchRow, ...]
    can_grow: bool


class HoursForm(forms.Form):
    """The weekly hours. Fields are `d<day>_<row>_from`, `_until` and `_site`.

    A row without times is no stretch; a row with one time of the two is an error.
    """

    valid_from = forms.DateField(
        label=_("They hold from"),
        help_text=_("The hours before hold until the day before. Empty: from today."),
        widget=DateInput,
        required=False,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        sites: Sequence[SiteView],
        rows: Sequence[int],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.sites = sites
        self.counts = tuple(rows)
        self.placed: list[tuple[int, int]] = []
        choices = [(str(site.id), site.name) for site in sites]
        for day in WEEK:
            for row in range(self.counts[day]):
                said = {"day": weekday_name(day), "number": row + 1}
                key = f"d{day}_{row}"
                self.fields[f"{key}_from"] = _time_field(
                    gettext("%(day)s, stretch %(number)s: from") % said
                )
                self.fields[f"{key}_until"] = _time_field(
                    gettext("%(day)s, stretch %(number)s: until") % said
                )
                if len(sites) > 1:
                    self.fields[f"{key}_site"] = forms.ChoiceField(
                        label=gettext("%(day)s, stretch %(number)s: site") % said,
                        choices=choices,
                        required=False,
                    )

    @property
    def days(self) -> list[DayRows]:
        """Return the weekdays with their rows."""
        return [
            DayRows(
                number=day,
                name=weekday_name(day),
                rows=tuple(
                    StretchRow(
                        begins=self[f"d{day}_{row}_from"],
                        ends=self[f"d{day}_{row}_until"],
                        site=self[f"d{day}_{row}_site"] if len(self.sites) > 1 else None,
                    )
                    for row in range(self.counts[day])
                ),
                can_grow=self.counts[day] < MOST_STRETCHES,
            )
            for day in WEEK
        ]

    def clean_valid_from(self) -> date | None:
        """Refuse a date that nobody plans for."""
        day: date | None = self.cleaned_data["valid_from"]
        if day is not None and day > clock.now().date() + YEARS_AHEAD:
            raise forms.ValidationError(_("This date is too far away."))
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse half a stretch."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        for key in self._keys():
            begins, ends = f"{key}_from", f"{key}_until"
            if (
                begins in typed
                and ends in typed
                and (typed[begins] is None) != (typed[ends] is None)
            ):
                lacking = begins if typed[begins] is None else ends
                self.add_error(lacking, _("Fill in both times, or neither."))
        return typed

    def openings(self) -> list[Opening]:
        """Return the stretches typed, and keep which row each came from."""
        found, self.placed = [], []
        for day in WEEK:
            for row in range(self.counts[day]):
                key = f"d{day}_{row}"
                begins = self.cleaned_data[f"{key}_from"]
                ends = self.cleaned_data[f"{key}_until"]
                if begins is None:
                    continue
                chosen = self.cleaned_data.get(f"{key}_site") or str(self.sites[0].id)
                found.append(
                    Opening(
                        site_id=UUID(chosen),
                        weekday=day,
                        from_minute=begins.hour * 60 + begins.minute,
                        until_minute=ends.hour * 60 + ends.minute or DAY_MINUTES,
                    )
                )
                self.placed.append((day, row))
        return found

    def refuse(self, error: OpeningUnsound) -> None:
        """Show a refusal beside the row and the field at fault."""
        day, row = self.placed[error.place]
        name = f"d{day}_{row}_{_PARTS.get(error.field or '', 'from')}"
        self.add_error(name if name in self.fields else f"d{day}_{row}_from", explain(error))

    def _keys(self) -> Iterable[str]:
        return (f"d{day}_{row}" for day in WEEK for row in range(self.counts[day]))


def from_hours(weekly: Iterable[WeeklyOpening]) -> tuple[list[int], dict[str, Any]]:
    """Return how many rows each day has, one of them free, and what stands in them."""
    counts = [0] * 7
    initial: dict[str, Any] = {}
    for opening in weekly:
        key = f"d{opening.weekday}_{counts[opening.weekday]}"
        initial[f"{key}_from"] = as_time(opening.from_minute)
        initial[f"{key}_until"] = as_time(opening.until_minute)
        initial[f"{key}_site"] = str(opening.site_id)
        counts[opening.weekday] += 1
    return [min(count + 1, MOST_STRETCHES) for count in counts], initial


def typed_rows(data: Mapping[str, Any]) -> list[int]:
    """Return how many rows each day has in what was sent."""
    counts = []
    for day in WEEK:
        row = 0
        while row < MOST_STRETCHES and f"d{day}_{row}_from" in data:
            row += 1
        counts.append(max(1, row))
    return counts


def typed_values(data: Mapping[str, Any], counts: Sequence[int]) -> dict[str, Any]:
    """Return what was sent, field by field, right or wrong."""
    return {
        name: data[name]
        for day in WEEK
        for row in range(counts[day])
        for name in (f"d{day}_{row}_from", f"d{day}_{row}_until", f"d{day}_{row}_site")
        if name in data
    }


def copied(
    values: Mapping[str, Any], counts: Sequence[int], *, source: int, targets: Iterable[int]
) -> tuple[list[int], dict[str, Any]]:
    """Return the rows and values after a day was copied over others."""
    new_counts, new_values = list(counts), dict(values)
    for target in targets:
        if target == source:
            continue
        for row in range(new_counts[target]):
            for part in ("from", "until", "site"):
                new_values.pop(f"d{target}_{row}_{part}", None)
        new_counts[target] = counts[source]
        for row in range(counts[source]):
            for part in ("from", "until", "site"):
                name = f"d{source}_{row}_{part}"
                if name in values:
                    new_values[f"d{target}_{row}_{part}"] = values[name]
    return new_counts, new_values


def _time_field(label: str) -> forms.TimeField:
    return forms.TimeField(label=label, widget=TimeInput({"step": "300"}), required=False)
