"""Courses: chains of appointments at one site, with gaps counted in local calendar days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from aiguille.scheduling.facts import Facts
from aiguille.scheduling.search import find_starts
from aiguille.scheduling.services import Service
from aiguille.scheduling.starts import SiteStarts, Starts
from aiguille.scheduling.timeline import any_ahead, instant_of, lowest, ones
from aiguille.scheduling.wallclock import WallClock

_MOST_DAYS = 4_000_000  # more than the calendar has: a longer gap is never met
# How far before the facts an appointment that stays may lie, in days.
_DAYS_BEFORE = 1_000


class Gap(NamedTuple):
    """The local calendar days from one appointment to the next, both bounds included."""

    min_days: int
    max_days: int


class OnDay(NamedTuple):
    """An appointment that stays where it is: on that local day (`wallclock.day_of`)."""

    day: int


class Link(NamedTuple):
    """An appointment of a chain: its local day and its tick, -1 for one that stays."""

    day: int
    tick: int


class _Cut(NamedTuple):
    """A set of starts by day: a set of days, and the first tick of each."""

    days: int
    first: dict[int, int]


@dataclass(frozen=True, slots=True)
class Course:
    """A chain that can be completed: its starts as ticks, its site, and who does all of it.

    `practitioner` is None unless one and the same was asked for.
    """

    ticks: tuple[int, ...]
    site: str
    practitioner: str | None

    @property
    def starts(self) -> list[datetime]:
        """Return the starts, in UTC."""
        return [instant_of(tick) for tick in self.ticks]


def find_course(
    *,
    facts: Facts,
    services: Sequence[Service],
    gaps: Sequence[Gap],
    at: datetime,
    first_date: date,
    last_date: date,
    same_practitioner: bool = False,
    practitioner: str | None = None,
    site: str | None = None,
    within: Sequence[int | None] | None = None,
) -> Course | None:
    """Return the chain whose list of starts is the smallest, or None where there is none.

    One appointment per service, all at one site, `gaps[k]` between appointments k and k+1. With
    `same_practitioner`, one practitioner is possible in all; a named one is in all anyway. Ties:
    the smallest site, then the smallest practitioner. `within` may narrow each appointment to a
    set of ticks (preferred hours, or the one start of an appointment that stays).

    Raises:
        ValueError: there is not one gap fewer than services.
    """
    if not services or len(gaps) != len(services) - 1:
        raise ValueError("a course has one gap between one appointment and the next")
    narrowed = within or [None] * len(services)
    known: dict[tuple[str, int | None], Starts] = {}  # a course repeats its services
    for service, ticks in zip(services, narrowed, strict=True):
        if (service.id, ticks) not in known:
            known[service.id, ticks] = find_starts(
                facts=facts,
                service=service,
                at=at,
                first_date=first_date,
                last_date=last_date,
                practitioner=practitioner,
                site=site,
                within=ticks,
            )
    found = [known[s.id, ticks] for s, ticks in zip(services, narrowed, strict=True)]
    best: Course | None = None
    chains = Chains(facts.clock)
    for at_site in zip(*(starts.sites for starts in found), strict=True):
        for who, chain in _chains_of(at_site, same_practitioner=same_practitioner):
            # Sites and practitioners come in order: a chain that only equals the best loses.
            links = chains.first(chain, gaps)
            chosen = tuple(link.tick for link in links or ())
            if chosen and (best is None or chosen < best.ticks):
                best = Course(chosen, at_site[0].site, who)
    return best


def _chains_of(
    at_site: Sequence[SiteStarts], *, same_practitioner: bool
) -> list[tuple[str | None, list[int]]]:
    """Return the starts of each appointment, for each practitioner who may do all of them."""
    if not same_practitioner:
        return [(None, [starts.bits for starts in at_site])]
    everywhere = set.intersection(*(set(starts.by_practitioner) for starts in at_site))
    return [
        (who, [starts.by_practitioner[who] for starts in at_site]) for who in sorted(everywhere)
    ]


class Chains:
    """First chains over sets of starts; a set is cut into days once, however often it is asked."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._origin = min((day.day for day in clock.all_days), default=0) - _DAYS_BEFORE
        self._cuts: dict[int, _Cut] = {}

    def first(self, chain: Sequence[int | OnDay], gaps: Sequence[Gap]) -> tuple[Link, ...] | None:
        """Return the smallest chain, one link out of each set of `chain`, or None.

        Backward, the days from which the chain can be completed: a set of days is one integer.
        Forward, the first start on such a day, then the first one after it, and so on.
        """
        cuts = [self._cut(each) for each in chain]
        completing = [0] * len(cuts)
        for place in reversed(range(len(cuts))):
            days = cuts[place].days
            if days and place < len(gaps):
                least, most = (min(bound, _MOST_DAYS) for bound in gaps[place])
                days &= any_ahead(completing[place + 1] >> least, most - least + 1)
            if not days:
                return None
            completing[place] = days
        links: list[Link] = []
        days, last = completing[0], 0
        for place, cut in enumerate(cuts):
            if place:
                least, most = gaps[place - 1]
                days = completing[place] >> (last + least)
                days = (days & ones(min(most - least + 1, days.bit_length()))) << (last + least)
            last = lowest(days)
            # Where a wall goes back over midnight, the next day's first start may come before.
            if days >> (last + 1) & 1 and cut.first[last + 1] < cut.first[last]:
                last += 1
            links.append(Link(last + self._origin, cut.first[last]))
        return tuple(links)

    def _cut(self, place: int | OnDay) -> _Cut:
        if isinstance(place, OnDay):
            day = place.day - self._origin
            return _Cut(1 << day, {day: -1}) if day >= 0 else _Cut(0, {})
        if place not in self._cuts:
            first: dict[int, int] = {}
            for piece, cut in self._clock.by_day(place):
                first.setdefault(piece.day - self._origin, piece.first + lowest(cut))
            self._cuts[place] = _Cut(sum(1 << day for day in first), first)
        return self._cuts[place]
