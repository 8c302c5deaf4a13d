"""Free starts: every one of a service, and what pages ask of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from heapq import nsmallest
from itertools import compress, repeat
from operator import itemgetter
from typing import NamedTuple

from aiguille.scheduling.timeline import (
    Span,
    bits_of,
    flags_of,
    instant_of,
    lowest,
    ones,
    tick_of,
    ticks_in,
)
from aiguille.scheduling.wallclock import WallClock, date_of, day_of


class Slot(NamedTuple):
    """A start that is offered: an instant in UTC, a site, and who could be the practitioner.

    `practitioners` is sorted, and empty where the service needs none.
    """

    start: datetime
    site: str
    practitioners: tuple[str, ...]


class Row(NamedTuple):
    """A start as the engine counts it: its tick, its site, and a set of practitioners.

    Bit i of `practitioners` stands for the i-th of the site's (`SiteStarts.practitioners`).
    """

    tick: int
    site: str
    practitioners: int


@dataclass(frozen=True, slots=True)
class SiteStarts:
    """The starts at one site, as sets of ticks: all of them, and by practitioner (sorted ids).

    `by_practitioner` leaves out those who have none; it is empty where the service needs none.
    """

    site: str
    bits: int
    by_practitioner: dict[str, int]

    @property
    def practitioners(self) -> tuple[str, ...]:
        """Return the ids for which the bits of a `Row` stand."""
        return tuple(self.by_practitioner)


@dataclass(frozen=True, slots=True)
class Starts:
    """Every free start of a service, by site in order; asking more of them costs little."""

    clock: WallClock
    sites: tuple[SiteStarts, ...]

    @property
    def bits(self) -> int:
        """Return the ticks at which there is a start at any site."""
        found = 0
        for site in self.sites:
            found |= site.bits
        return found

    def dates(self) -> list[date]:
        """Return the local dates on which there is a start, in order."""
        return [date_of(day) for day in sorted(self.clock.days_in(self.bits))]

    def on_dates(self, first_date: date, last_date: date) -> "Starts":
        """Return the starts whose local date lies within two dates, both included."""
        return self.among(self.clock.dated(day_of(first_date), day_of(last_date)))

    def among(self, bits: int) -> "Starts":
        """Return the starts that are in `bits` too."""
        kept = []
        for site in self.sites:
            by = {key: held & bits for key, held in site.by_practitioner.items() if held & bits}
            kept.append(SiteStarts(site.site, site.bits & bits, by))
        return Starts(self.clock, tuple(kept))

    def rows(self) -> list[Row]:
        """Return every start with its set of practitioners, by instant, then by site."""
        found = [row for site in self.sites for row in _rows_of(self.clock, site)]
        if sum(1 for site in self.sites if site.bits) > 1:
            found.sort()
        return found

    def named_rows(self) -> Iterator[tuple[int, str, tuple[str, ...]]]:
        """Yield every start as its tick, its site and its practitioners' ids, in order."""
        ids = {site.site: site.practitioners for site in self.sites}
        for tick, site, practitioners in self.rows():
            yield tick, site, tuple(compress(ids[site], flags_of(practitioners)))

    def slots(self) -> list[Slot]:
        """Return every start, by instant, then by site."""
        return [Slot(instant_of(tick), site, ids) for tick, site, ids in self.named_rows()]

    def nearest(self, *, wanted: datetime, count: int) -> list[Slot]:
        """Return the `count` starts nearest to an instant, the nearest (then the earlier) first."""
        target = tick_of(wanted)
        ticks = nsmallest(
            count, ticks_in(self.clock.span, self.bits), key=lambda tick: (abs(tick - target), tick)
        )
        span = self.clock.span
        kept = self.among(bits_of(span, ((tick, tick + 1) for tick in ticks)))
        ranked = sorted(kept.named_rows(), key=lambda row: (abs(row[0] - target), row[0], row[1]))
        return [Slot(instant_of(tick), site, ids) for tick, site, ids in ranked[:count]]


def _rows_of(clock: WallClock, site: SiteStarts) -> Iterable[Row]:
    if not site.bits:
        return ()
    # Of a few days within a span of months, only those days are turned.
    low = lowest(site.bits)
    size = site.bits.bit_length() - low
    places = ticks_in(Span(0, size), site.bits >> low)
    columns = [bits >> low & ones(size) for bits in site.by_practitioner.values()]
    sets = sets_at(places, columns, size)
    ticks = map((clock.span.first + low).__add__, places)
    # What `Row(...)` does, without a Python frame for each of thousands.
    return map(partial(tuple.__new__, Row), zip(ticks, repeat(site.site), sets, strict=False))


def sets_at(places: list[int], columns: list[int], size: int) -> list[int]:
    """Return, for each place (below `size`), the set of the columns that have that bit.

    Bit i of a set stands for `columns[i]`. Eight columns at a time are laid side by side and
    turned, so that a byte per place comes out: no loop in Python runs over columns and places.
    """
    if not places:
        return []
    if not columns:
        return [0] * len(places)
    at_places = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
    if len(columns) == 1:
        return list(at_places(flags_of(columns[0] | 1 << size)))
    groups = [columns[i : i + 8] for i in range(0, len(columns), 8)]
    width = len(groups)
    joined = bytearray(width * len(places))
    for number, group in enumerate(groups):
        joined[number::width] = bytes(at_places(_turned(group, size // 8 + 1)))
    return [int.from_bytes(joined[i : i + width], "little") for i in range(0, len(joined), width)]


@lru_cache(maxsize=64)
def _masks(blocks: int) -> tuple[tuple[int, int], ...]:
    patterns = ((7, 0x00AA00AA00AA00AA), (14, 0x0000CCCC0000CCCC), (28, 0x00000000F0F0F0F0))
    return tuple(
        (shift, int.from_bytes(pattern.to_bytes(8, "little") * blocks, "little"))
        for shift, pattern in patterns
    )


def _turned(columns: list[int], blocks: int) -> bytes:
    """Return a byte per place, of which bit i is that of `columns[i]`; at most eight columns.

    Each block of 8 bytes is a square of 8 columns by 8 places, turned over its diagonal by the
    three classic exchanges of bits (Hacker's Delight, 7-3), all blocks at once.
    """
    square = bytearray(8 * blocks)
    for number, column in enumerate(columns):
        square[number::8] = column.to_bytes(blocks, "little")
    bits = int.from_bytes(square, "little")
    for shift, mask in _masks(blocks):
        moved = (bits ^ (bits >> shift)) & mask
        bits ^= moved ^ (moved << shift)
    return bits.to_bytes(8 * blocks, "little")
