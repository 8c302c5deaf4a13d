"""Which chain of a course's sessions is best: as few moves as possible, then as early as possible.

Plain Python over the engine's sets. A session that stays is fixed on its day; the others are free
among a group's starts, one group for each practitioner and site who could do all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from uuid import UUID

from aiguille.scheduling.courses import Chains, Gap, Link, OnDay
from aiguille.scheduling.wallclock import WallClock, day_of

# How many chains are looked at before the search is given up for fewer sessions or more moves.
MOST_CHAINS = 4_000
_ANY = Gap(0, 4_000_000)


@dataclass(frozen=True, slots=True)
class Group:
    """The starts at one site, of one practitioner or of whoever is free (None), as a set of ticks."""

    clock: WallClock
    chains: Chains
    site_id: UUID
    practitioner_id: UUID | None
    bits: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """A session on a day of its own; `key` says which. One that `may_move` is kept if possible."""

    day: date
    key: UUID | int
    may_move: bool


@dataclass(frozen=True, slots=True)
class Spacing:
    """What holds between sessions, in local calendar days, and from when the first may be.

    A free session is `usual` days at least from the one before it and after it, sessions that stay
    `least`. `last` is the day of the latest session that took place; the first one after it is at most
    `most` days later, unless `may_be_late`. No free session comes before `first_day` or after
    `last_day`, nor before a fixed one that may not move.
    """

    least: int
    most: int
    last: date | None
    first_day: date
    last_day: date
    may_be_late: bool = False
    usual: int = 0


@dataclass(frozen=True, slots=True)
class Solution:
    """A chain: for each place, in order, a fixed session or None for a free one, and its link."""

    group: Group
    places: tuple[Fixed | None, ...]
    links: tuple[Link, ...]

    @property
    def rank(self) -> tuple[tuple[Link, ...], str, str]:
        """Return what makes a chain better than another: earlier starts, then a smaller id."""
        return self.links, str(self.group.site_id), str(self.group.practitioner_id or "")


class Budget:
    """How many chains may still be looked at."""

    def __init__(self, chains: int = MOST_CHAINS) -> None:
        self._left = chains

    def spend(self) -> bool:
        """Count one chain, and tell whether it may be looked at."""
        self._left -= 1
        return self._left >= 0


def best_chain(
    groups: Sequence[Group],
    *,
    fixed: Sequence[Fixed],
    booked: Sequence[Fixed],
    moved: int,
    free: int,
    spacing: Spacing,
    budget: Budget,
) -> Solution | None:
    """Return the smallest chain of `free` sessions around the `fixed` and the `booked`.

    `moved` of the booked ones are left out: they are among the free, or among the fixed.
    """
    best: Solution | None = None
    ready = [(group, _allowed(group, fixed, spacing)) for group in groups]
    for places in _arrangements(fixed, booked, moved=moved, free=free):
        gaps = _gaps(places, spacing)
        if gaps is None:
            continue
        for group, (bits, first_bits) in ready:
            if not budget.spend():
                return best
            chain = [
                OnDay(day_of(place.day)) if place else (bits if number else first_bits)
                for number, place in enumerate(places)
            ]
            links = group.chains.first(chain, gaps)
            if links is None:
                continue
            found = Solution(group, places, links)
            if best is None or found.rank < best.rank:
                best = found
    return best


def _arrangements(
    fixed: Sequence[Fixed], booked: Sequence[Fixed], *, moved: int, free: int
) -> Iterator[tuple[Fixed | None, ...]]:
    """Yield every order of kept and free sessions; a free one is not before one that must stay."""
    for kept in combinations(booked, len(booked) - moved):
        staying = sorted((*fixed, *kept), key=lambda one: one.day)
        count = len(staying) + free
        must = max((n for n, one in enumerate(staying) if not one.may_move), default=-1)
        for positions in combinations(range(count), len(staying)):
            if positions[: must + 1] != tuple(range(must + 1)):
                continue
            at = dict(zip(positions, staying, strict=True))
            yield tuple(at.get(number) for number in range(count))


def _gaps(places: Sequence[Fixed | None], spacing: Spacing) -> list[Gap] | None:
    """Return the gap after each place but the last; None where the first one cannot be kept."""
    if places and places[0] is not None and places[0].may_move and spacing.last is not None:
        days = (places[0].day - spacing.last).days
        if days < spacing.least or (days > spacing.most and not spacing.may_be_late):
            return None
    kept = Gap(spacing.least, spacing.most)
    usual = Gap(max(spacing.usual, spacing.least), spacing.most)
    gaps = []
    for one, other in pairwise(places):
        if one is None or other is None:
            gaps.append(usual)
        else:
            gaps.append(kept if one.may_move or other.may_move else _ANY)
    return gaps


def _allowed(group: Group, fixed: Sequence[Fixed], spacing: Spacing) -> tuple[int, int]:
    """Return the starts of a free session, and those of one that is the first of all."""
    first = spacing.first_day
    if fixed:
        first = max(first, *(one.day for one in fixed))
    bits = group.bits & group.clock.dated(day_of(first), day_of(spacing.last_day))
    if spacing.last is None or spacing.may_be_late:
        return bits, bits
    latest = min(day_of(spacing.last) + spacing.most, day_of(spacing.last_day))
    return bits, bits & group.clock.dated(day_of(first), latest)
