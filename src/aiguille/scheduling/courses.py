"""Courses: chains of appointments at one site, with gaps counted in local calendar days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from aiguille.scheduling.facts import Facts
from aiguille.scheduling.search import find_starts
from aiguille.scheduling.services import Service
from aiguille.scheduling.starts import SiteStarts, Starts
from aiguille.scheduling.timeline import TICKS_PER_DAY, any_ahead, instant_of, lowest, ones
from aiguille.scheduling.wallclock import LocalDay, WallClock

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
        self._span = clock.span
        self._origin = min((piece.day for piece in clock.all_days), default=0) - _DAYS_BEFORE
        self._pieces: dict[int, list[LocalDay]] = {}
        for piece in clock.all_days:
            self._pieces.setdefault(piece.day - self._origin, []).append(piece)
        self._runs = _runs_of(clock.all_days)
        self._cuts: dict[int, int] = {}

    def first(self, chain: Sequence[int | OnDay], gaps: Sequence[Gap]) -> tuple[Link, ...] | None:
        """Return the smallest chain, one link out of each set of `chain`, or None.

        Backward, the days from which the chain can be completed: a set of days is one integer.
        Forward, the first start on such a day, then the first one after it, and so on.
        """
        cuts: list[int] = []
        for place, each in enumerate(chain):
            is_same = place > 0 and each is chain[place - 1]  # most chains repeat one set
            cuts.append(cuts[-1] if is_same else self._days_of(each))
        completing = [0] * len(cuts)
        for place in reversed(range(len(cuts))):
            days = cuts[place]
            if days and place < len(gaps):
                least, most = (min(bound, _MOST_DAYS) for bound in gaps[place])
                days &= any_ahead(completing[place + 1] >> least, most - least + 1)
            if not days:
                return None
            completing[place] = days
        links: list[Link] = []
        days, last = completing[0], 0
        for place, each in enumerate(chain):
            if place:
                least, most = gaps[place - 1]
                days = completing[place] >> (last + least)
                days = (days & ones(min(most - least + 1, days.bit_length()))) << (last + least)
            last = lowest(days)
            tick = self._first_on(each, last)
            # Where a wall goes back over midnight, the next day's first start may come before.
            if days >> (last + 1) & 1 and (next_day := self._first_on(each, last + 1)) < tick:
                last, tick = last + 1, next_day
            links.append(Link(last + self._origin, tick))
        return tuple(links)

    def _days_of(self, place: int | OnDay) -> int:
        """Return the days of a set of starts as one integer, bit 0 for the origin."""
        if isinstance(place, OnDay):
            return 1 << (place.day - self._origin) if place.day >= self._origin else 0
        if place not in self._cuts:
            days = 0
            for run in self._runs:
                ticks = place >> (run[0].first - self._span.first)
                size = run[0].end - run[0].first
                if len(run) == 1:
                    held = "1" if ticks & ones(size) else "0"
                else:
                    width = size // 8
                    raw = (ticks & ones(size * len(run))).to_bytes(width * len(run), "little")
                    nothing = bytes(width)
                    held = "".join(
                        [
                            "0" if raw[n : n + width] == nothing else "1"
                            for n in range(0, len(raw), width)
                        ]
                    )
                days |= int(held[::-1], 2) << (run[0].day - self._origin)
            self._cuts[place] = days
        return self._cuts[place]

    def _first_on(self, place: int | OnDay, day: int) -> int:
        """Return the first tick of a place on a day that it has, -1 where it stays anyway."""
        if isinstance(place, OnDay):
            return -1
        for piece in self._pieces[day]:
            cut = place >> (piece.first - self._span.first) & ones(piece.end - piece.first)
            if cut:
                return piece.first + lowest(cut)
        raise AssertionError("a day of the set has a start")


def _runs_of(pieces: Sequence[LocalDay]) -> list[list[LocalDay]]:
    """Return the days in order, those of 24 hours that follow each other together."""
    runs: list[list[LocalDay]] = []
    for piece in pieces:
        before = runs[-1][-1] if runs else None
        if (
            before is not None
            and (piece.day, piece.first) == (before.day + 1, before.end)
            and piece.end - piece.first == before.end - before.first == TICKS_PER_DAY
        ):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs
