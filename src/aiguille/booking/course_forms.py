"""What pages ask and post of a course: wishes and chosen starts, in an address and in a form.

A start is written `site/instant/practitioner`, the last one empty for anybody; a change that is
posted has the appointment that moves and its version before it, both empty for a new session.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from aiguille.booking.courses import (
    PARTS_OF_DAY,
    Alternative,
    Chosen,
    CourseProposal,
    Move,
    ProposedSession,
    Wishes,
)
from aiguille.plumbing.components.widgets import DateInput

PART_NAMES = (_("Morning"), _("Afternoon"), _("Evening"))
_MOST_CHOSEN = 24
_ANYBODY = "any"


class WishesForm(forms.Form):
    """On which days, in which part of the day, with whom and where a course would suit."""

    use_required_attribute = False

    first = forms.DateField(label=_("Not before"), required=False, widget=DateInput())
    day = forms.MultipleChoiceField(
        label=_("Days of the week"),
        help_text=_("None chosen: any day."),
        choices=[(str(number), name) for number, name in WEEKDAYS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    part = forms.ChoiceField(
        label=_("Part of the day"),
        choices=[("", _("Any")), *((str(n), name) for n, name in enumerate(PART_NAMES))],
        required=False,
    )
    doctor = forms.ChoiceField(label=_("With whom"), required=False)
    site = forms.ChoiceField(label=_("Where"), required=False)

    def __init__(self, *args: Any, proposal: CourseProposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        doctors = [(str(one.id), one.name) for one in proposal.practitioners]
        if len(doctors) > 1:
            same = (("", _("The same person")), (_ANYBODY, _("Whoever is free each time")))
            self._offer("doctor", [*same, *doctors])
        else:
            del self.fields["doctor"]
        sites = [(str(one.id), one.name) for one in proposal.sites]
        if len(sites) > 1:
            self._offer("site", [("", _("Any clinic")), *sites])
        else:
            del self.fields["site"]

    def _offer(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


@dataclass(frozen=True, slots=True)
class CourseQuery:
    """What the address of a course's page says; nonsense in it counts as not said."""

    wishes: Wishes
    chosen: tuple[Chosen, ...]

    @classmethod
    def read(cls, given: QueryDict) -> "CourseQuery":
        """Read an address."""
        doctor = given.get("doctor", "")
        part = _number(given.get("part", ""))
        days = {number for each in given.getlist("day") if (number := _number(each)) is not None}
        starts = (start_in(each) for each in given.getlist("t")[:_MOST_CHOSEN])
        return cls(
            wishes=Wishes(
                first_day=read_day(given.get("first", "")),
                weekdays=frozenset(day for day in days if day < len(WEEKDAYS)),
                part_of_day=PARTS_OF_DAY[part]
                if part is not None and part < len(PARTS_OF_DAY)
                else None,
                practitioner_id=read_key(doctor),
                site_id=read_key(given.get("site", "")),
                same_practitioner=doctor != _ANYBODY,
            ),
            chosen=tuple(start for start in starts if start is not None),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """Return the wishes and the chosen starts as an address writes them."""
        wishes = self.wishes
        doctor = str(wishes.practitioner_id or ("" if wishes.same_practitioner else _ANYBODY))
        part = PARTS_OF_DAY.index(wishes.part_of_day) if wishes.part_of_day else ""
        said = [
            ("first", wishes.first_day.isoformat() if wishes.first_day else ""),
            *(("day", str(day)) for day in sorted(wishes.weekdays)),
            ("part", str(part)),
            ("doctor", doctor),
            ("site", str(wishes.site_id or "")),
            *(("t", written(one)) for one in self.chosen),
        ]
        return [(name, value) for name, value in said if value]

    def address(self, *more: tuple[str, str]) -> str:
        """Return the address's query, beginning with a question mark, empty for nothing said."""
        pairs = [*self.pairs(), *more]
        return f"?{urlencode(pairs)}" if pairs else ""

    def with_chosen(self, chosen: Iterable[Chosen]) -> "CourseQuery":
        """Return the same wishes with other starts chosen."""
        return replace(self, chosen=tuple(chosen))

    def as_alternative(self, other: Alternative) -> "CourseQuery":
        """Return the wishes with the days or the part of the day of an alternative."""
        days = self.wishes.weekdays if other.weekday is None else frozenset({other.weekday})
        part = other.part_of_day or self.wishes.part_of_day
        return CourseQuery(replace(self.wishes, weekdays=days, part_of_day=part), ())


def written(start: Chosen) -> str:
    """Return a start as an address or a form writes it."""
    instant = start.starts_at.astimezone(UTC).isoformat()
    return f"{start.site_id}/{instant}/{start.practitioner_id or ''}"


def start_in(value: str) -> Chosen | None:
    """Return the start that is written, or None where there is none."""
    site, _slash, rest = value.partition("/")
    instant, _slash, practitioner = rest.partition("/")
    site_id = read_key(site)
    try:
        starts_at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    if site_id is None or starts_at.tzinfo is None or not 2000 < starts_at.year < 2200:
        return None
    return Chosen(site_id, starts_at, read_key(practitioner))


def change_of(session: ProposedSession) -> str:
    """Return a change as a form posts it."""
    view = session.appointment
    return f"{view.id if view else ''}/{view.version if view else ''}/{written(session.chosen)}"


def changes_in(values: Iterable[str]) -> tuple[list[Move], list[Chosen]] | None:
    """Return the moves and the new starts that a form posts, or None where one makes no sense."""
    moves: list[Move] = []
    starts: list[Chosen] = []
    for value in list(values)[:_MOST_CHOSEN]:
        appointment, _slash, rest = value.partition("/")
        version, _slash, where = rest.partition("/")
        start = start_in(where)
        if start is None:
            return None
        if not appointment:
            starts.append(start)
            continue
        appointment_id = read_key(appointment)
        if appointment_id is None:
            return None
        moves.append(Move(appointment_id, _number(version), start))
    return moves, starts


def part_name(part: tuple[int, int]) -> object:
    """Return what a part of the day is called."""
    return PART_NAMES[PARTS_OF_DAY.index(part)]


def initial_of(wishes: Wishes) -> Mapping[str, Any]:
    """Return what the form shows of the wishes."""
    query = CourseQuery(wishes, ())
    found: dict[str, Any] = {name: value for name, value in query.pairs() if name != "day"}
    found["day"] = [str(day) for day in sorted(wishes.weekdays)]
    return found


def read_day(value: str) -> date | None:
    """Return a date of an address, None for what is none."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    return found if 2000 < found.year < 2200 else None


def read_key(value: str) -> UUID | None:
    """Return a key of an address or a form, None for what is none."""
    try:
        return UUID(value)
    except ValueError:
        return None


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
