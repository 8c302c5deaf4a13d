"""Weekly hours that change on a date: one week after the other, and what they are for the engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from aiguille.clinics.queries import WeeklyOpening
from aiguille.scheduling import facts as engine
from aiguille.scheduling.timeline import TICKS_PER_DAY, Span, lowest
from aiguille.scheduling.wallclock import WallClock, date_of, day_of

# More than a year, so that both of its changes of clocks are looked at in every pair of zones.
_LOOKED_AT = timedelta(weeks=54)
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """The weekly hours from a local date (None: always were) up to, not including, another.

    Without any opening, the resource is closed meanwhile.
    """

    first_day: date | None
    end_day: date | None
    openings: tuple[WeeklyOpening, ...]

    def holds_on(self, day: date) -> bool:
        """Tell whether these are the hours of a date."""
        return (self.first_day is None or self.first_day <= day) and (
            self.end_day is None or day < self.end_day
        )

    def is_over(self, day: date) -> bool:
        """Tell whether they hold neither on a date nor afterwards."""
        return self.end_day is not None and self.end_day <= day

    @property
    def last_day(self) -> date | None:
        """Return the last date on which they hold, None without end."""
        return self.end_day - timedelta(days=1) if self.end_day else None


class Clash(NamedTuple):
    """Two openings at two sites, by their places, that are open at one instant, and a date of it."""

    earlier: int
    later: int
    day: date


def weeks_of(openings: Iterable[WeeklyOpening]) -> list[Week]:
    """Return the hours one week after the other, from always to without end, closed ones included.

    Two neighbours differ; where nothing was ever set, there is one week without openings.
    """
    openings = list(openings)
    turns = {o.valid_from for o in openings} | {o.valid_until for o in openings}
    bounds = [None, *sorted(turn for turn in turns if turn is not None), None]
    weeks = []
    for place, first in enumerate(bounds[:-1]):
        end = bounds[place + 1]
        weeks.append(
            Week(
                first,
                end,
                tuple(
                    _undated(o)
                    for o in openings
                    if (o.valid_from is None or (first is not None and o.valid_from <= first))
                    and (o.valid_until is None or (end is not None and end <= o.valid_until))
                ),
            )
        )
    return _joined(weeks)


def changed_from(
    weeks: Sequence[Week], first_day: date, openings: Iterable[WeeklyOpening]
) -> list[Week]:
    """Return the weeks where other hours hold from a date until the next change that is planned."""
    made: list[Week] = []
    for week in weeks:
        if not week.holds_on(first_day):
            made.append(week)
            continue
        if week.first_day != first_day:
            made.append(replace(week, end_day=first_day))
        made.append(Week(first_day, week.end_day, tuple(_undated(o) for o in openings)))
    return _joined(made)


def without_change(weeks: Sequence[Week], first_day: date) -> list[Week]:
    """Return the weeks where the one before goes on instead of that which begins on a date."""
    made: list[Week] = []
    for week in weeks:
        if week.first_day == first_day and made:
            made[-1] = replace(made[-1], end_day=week.end_day)
        else:
            made.append(week)
    return _joined(made)


def dated(weeks: Iterable[Week]) -> list[WeeklyOpening]:
    """Return the openings of all weeks, each with the dates between which it holds."""
    return [
        replace(opening, valid_from=week.first_day, valid_until=week.end_day)
        for week in weeks
        for opening in week.openings
    ]


def for_engine(
    openings: Iterable[WeeklyOpening], *, site_id: UUID, span: Span
) -> tuple[list[engine.WeeklyOpening], list[engine.DatedOpening]]:
    """Return a site's weekly hours over a span of ticks: those of all of it, and single dates."""
    site = str(site_id)
    # No wall is further than a day from UTC, and an opening may have begun on the day before.
    first = span.first // TICKS_PER_DAY - 2
    last = span.end // TICKS_PER_DAY + 2
    whole: list[engine.WeeklyOpening] = []
    days: list[engine.DatedOpening] = []
    for opening in openings:
        if opening.site_id != site_id:
            continue
        begins = first if opening.valid_from is None else day_of(opening.valid_from)
        ends = last if opening.valid_until is None else day_of(opening.valid_until) - 1
        minutes = (opening.from_minute, opening.until_minute, site)
        if begins <= first and last <= ends:
            whole.append(engine.WeeklyOpening(opening.weekday, *minutes))
            continue
        begins, ends = max(begins, first), min(ends, last)
        to_weekday = (opening.weekday - date_of(begins).weekday()) % 7
        days += [
            engine.DatedOpening(day, *minutes) for day in range(begins + to_weekday, ends + 1, 7)
        ]
    return whole, days


def clash_of(
    openings: Sequence[WeeklyOpening], *, zones: Mapping[UUID, str], around: date
) -> Clash | None:
    """Return two openings at two sites that are open at one instant in the year after a date.

    Walls of two zones are compared by the instants that they show, both changes of clocks included.
    """
    places: dict[UUID, list[int]] = {}
    for place, opening in enumerate(openings):
        places.setdefault(opening.site_id, []).append(place)
    if len(places) < 2:
        return None
    first, last = around - _A_WEEK, around + _LOOKED_AT
    span = Span((day_of(first) - 1) * TICKS_PER_DAY, (day_of(last) + 1) * TICKS_PER_DAY)
    clocks = {zone: WallClock(zone, span) for zone in {zones[site] for site in places}}

    def ticks(site: UUID, of: Iterable[int]) -> int:
        weekly, days = for_engine((openings[place] for place in of), site_id=site, span=span)
        opened = engine.opening_bits(clock=clocks[zones[site]], hours=weekly, extra=days)
        return opened.get(str(site), 0)

    together = {site: ticks(site, of) for site, of in places.items()}
    for one, other in combinations(places, 2):
        if not together[one] & together[other]:
            continue
        single = {place: ticks(site, [place]) for site in (one, other) for place in places[site]}
        for here in places[one]:
            for there in places[other]:
                if both := single[here] & single[there]:
                    reading, _offset = clocks[zones[other]].shown_at(span.first + lowest(both))
                    pair = sorted((here, there), key=lambda place: _order(openings[place]))
                    return Clash(pair[0], pair[1], reading.date())
    return None


def _order(opening: WeeklyOpening) -> tuple[int, int]:
    return opening.weekday, opening.from_minute


def _undated(opening: WeeklyOpening) -> WeeklyOpening:
    return replace(opening, valid_from=None, valid_until=None)


def _joined(weeks: Iterable[Week]) -> list[Week]:
    """Return the weeks with equal neighbours as one, each week's openings in order."""
    made: list[Week] = []
    for week in weeks:
        ordered = tuple(sorted(week.openings, key=lambda o: (*_order(o), str(o.site_id))))
        if made and made[-1].openings == ordered:
            made[-1] = replace(made[-1], end_day=week.end_day)
        else:
            made.append(replace(week, openings=ordered))
    return made
