"""What the engine is told: which resources there are, and when each is open and busy.

The engine reads `Facts` only. Whoever asks fills them: `window_for` says which ticks they must
cover, `opening_bits` turns opening hours into ticks, and busy time is one integer per resource.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.services import Need, Service
from aiguille.scheduling.timeline import TICKS_PER_DAY, Span, all_ahead, bits_of
from aiguille.scheduling.wallclock import WallClock, day_of

# Of each set, how many that were made of it are kept: some services are asked for most of the time.
_MOST_REMEMBERED = 4


class Openings(dict[str, int]):
    """Open ticks by site, with the runs of open ticks that were asked for: searches ask again."""

    __slots__ = ("_runs",)

    def __init__(self, ticks: Mapping[str, int]) -> None:
        super().__init__(ticks)
        self._runs: dict[tuple[str, int], int] = {}

    def ahead(self, site: str, length: int) -> int:
        """Return the ticks from which the resource is open at the site for `length` ticks."""
        key = (site, length)
        found = self._runs.get(key)
        if found is None:
            if len(self._runs) >= _MOST_REMEMBERED:
                self._runs.clear()
            found = self._runs[key] = all_ahead(self[site], length)
        return found


class Busy(int):
    """Taken ticks, with what was made of them for an appointment's shape: searches ask again."""

    def __init__(self, _ticks: int) -> None:
        self._free: dict[Hashable, int] = {}

    def free_for(self, shape: Hashable, make: Callable[[], int]) -> int:
        """Return what `make` makes of these ticks for `shape`, made once."""
        found = self._free.get(shape)
        if found is None:
            if len(self._free) >= _MOST_REMEMBERED:
                self._free.clear()
            found = self._free[shape] = make()
        return found


@dataclass(frozen=True, slots=True)
class Resource:
    """A practitioner, a room or a device; `open` by site and `busy` are ticks of the window."""

    id: str
    kind: ResourceKind
    skills: frozenset[str]
    open: Mapping[str, int]
    busy: int = 0

    def suits(self, need: Need) -> bool:
        """Tell whether the resource is of the need's kind and has its skill."""
        return self.kind == need.kind and (need.skill is None or need.skill in self.skills)


@dataclass(frozen=True, slots=True)
class Facts:
    """The calendar of the sites of one time zone, over the ticks of `clock.span`."""

    clock: WallClock
    step_minutes: int
    sites: tuple[str, ...]
    resources: tuple[Resource, ...]
    # What searches made of these facts: whoever keeps them asks again.
    made: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)


class WeeklyOpening(NamedTuple):
    """Open every week on `weekday` (0 is Monday), in minutes of the day; 24:00 is 1440."""

    weekday: int
    from_minute: int
    to_minute: int
    site: str


class DatedOpening(NamedTuple):
    """Open on one day (`wallclock.day_of`), in minutes of the day; 24:00 is 1440."""

    day: int
    from_minute: int
    to_minute: int
    site: str


class Closure(NamedTuple):
    """Closed from one wall-clock time up to another (`wallclock.wall_of`)."""

    from_wall: int
    to_wall: int


def closed_bits(clock: WallClock, closures: Iterable[Closure]) -> int:
    """Return the ticks of the clock's span that any of the closures touches."""
    return bits_of(clock.span, (clock.closed_ticks(*closure) for closure in closures))


def opening_bits(
    *,
    clock: WallClock,
    hours: Iterable[WeeklyOpening],
    extra: Iterable[DatedOpening] = (),
    closed: int = 0,
) -> dict[str, int]:
    """Return, by site, the ticks at which a resource is open: hours and extra, less `closed`."""
    weekly: dict[str, list[tuple[int, int, int]]] = {}
    for opening in hours:
        weekly.setdefault(opening.site, []).append(opening[:3])
    dated: dict[str, list[tuple[int, int]]] = {}
    for day, start, end, site in extra:
        midnight = day * 24 * 60
        dated.setdefault(site, []).append(clock.open_ticks(midnight + start, midnight + end))
    return {
        site: (clock.weekly(weekly.get(site, ())) | bits_of(clock.span, dated.get(site, ())))
        & ~closed
        for site in {**weekly, **dated}
    }


def dates_span(*, zone: str, first_date: date, last_date: date) -> Span:
    """Return the ticks from the first to the last that a zone's walls date within two dates.

    Raises:
        UnknownTimeZone: there is no such zone.
    """
    first, last = day_of(first_date), day_of(last_date)
    # No wall is further than a day from UTC.
    hull = Span((first - 1) * TICKS_PER_DAY, (last + 2) * TICKS_PER_DAY)
    days = WallClock(zone, hull).days(first, last)
    if not days:
        return Span(hull.first, hull.first)
    return Span(days[0].first, max(day.end for day in days))


def window_for(
    *, zone: str, services: Sequence[Service], at: datetime, first_date: date, last_date: date
) -> Span:
    """Return the ticks that facts must cover to answer about `services` on these dates.

    Raises:
        UnknownTimeZone: there is no such zone.
    """
    dates = dates_span(zone=zone, first_date=first_date, last_date=last_date)
    spans = []
    for service in services:
        starts = service.start_span(at=at, within=dates)
        if starts.size:
            reach = service.reach
            spans.append(Span(starts.first + reach.first, starts.end + reach.end))
    if not spans:
        return Span(dates.first, dates.first)
    return Span(min(span.first for span in spans), max(span.end for span in spans))
