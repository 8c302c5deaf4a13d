"""Courses: chains of appointments at one site, with gaps counted in local calendar days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from aiguille.scheduling.facts import Facts
from aiguille.scheduling.search import find_starts
from aiguille.scheduling.services import Service
from aiguille.scheduling.starts import SiteStarts, Starts
from aiguille.scheduling.timeline import any_ahead, instant_of, lowest
from aiguille.scheduling.wallclock import WallClock

_MOST_DAYS = 4_000_000  # more than the calendar has: a longer gap is never met


class Gap(NamedTuple):
    """The local calendar days from one appointment to the next, both bounds included."""

    min_days: int
    max_days: int


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
    for at_site in zip(*(starts.sites for starts in found), strict=True):
        for who, chain in _chains_of(at_site, same_practitioner=same_practitioner):
            # Sites and practitioners come in order: a chain that only equals the best loses.
            chosen = _first_chain(facts.clock, chain, gaps)
            if chosen is not None and (best is None or chosen < best.ticks):
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


def _first_chain(
    clock: WallClock, chain: Sequence[int], gaps: Sequence[Gap]
) -> tuple[int, ...] | None:
    """Return the smallest list of ticks, one out of each set of `chain`, or None.

    Backward, the days from which the chain can be completed: a set of days is one integer.
    Forward, the first start on such a day, then the first one after it, and so on.
    """
    by_day: dict[int, list[tuple[int, int]]] = {}
    for bits in chain:
        if not bits:
            return None
        if bits not in by_day:
            by_day[bits] = [(day.day, day.first + lowest(cut)) for day, cut in clock.by_day(bits)]
    origin = min(day.day for day in clock.all_days)
    completing = [0] * len(chain)
    for place in reversed(range(len(chain))):
        days = sum(1 << day for day in {day - origin for day, _ in by_day[chain[place]]})
        if place < len(gaps):
            least, most = (min(bound, _MOST_DAYS) for bound in gaps[place])
            days &= any_ahead(completing[place + 1] >> least, most - least + 1)
        completing[place] = days
    chosen: list[tuple[int, int]] = []
    for place, bits in enumerate(chain):
        days = completing[place]
        for day, tick in by_day[bits]:
            if days >> (day - origin) & 1 and (
                place == 0
                or gaps[place - 1].min_days <= day - chosen[-1][0] <= gaps[place - 1].max_days
            ):
                chosen.append((day, tick))
                break
        else:
            return None
    return tuple(tick for _, tick in chosen)
