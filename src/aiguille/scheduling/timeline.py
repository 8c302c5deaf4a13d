"""Time in ticks of five minutes, and sets of ticks as big integers.

A tick is numbered from 1970-01-01T00:00Z. A set of ticks within a span is one integer: bit i
stands for the tick `span.first + i`. Sets are combined with `&`, `|` and `~`, a thousand ticks
at a time; the functions here are what those operators do not give.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import NamedTuple

TICK_MINUTES = 5
TICK_SECONDS = 60 * TICK_MINUTES
TICKS_PER_DAY = 24 * 60 // TICK_MINUTES
TICKS_PER_WEEK = 7 * TICKS_PER_DAY
BYTES_PER_WEEK = TICKS_PER_WEEK // 8

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_READING = _EPOCH.replace(tzinfo=None)
_TICK = timedelta(seconds=TICK_SECONDS)
_DIGIT_TO_FLAG = bytes.maketrans(b"01", b"\x00\x01")


class Span(NamedTuple):
    """The ticks from `first` up to, not including, `end`."""

    first: int
    end: int

    @property
    def size(self) -> int:
        """Return how many ticks there are; never negative."""
        return max(0, self.end - self.first)


def _since_epoch(instant: datetime) -> timedelta:
    # Without going through UTC, which has no room for the first and the last day of the calendar.
    offset = instant.utcoffset()
    if offset is None:
        raise ValueError("an instant needs an offset")
    return instant.replace(tzinfo=None) - _EPOCH_READING - offset


def tick_of(instant: datetime) -> int:
    """Return the tick that begins at `instant`.

    Raises:
        ValueError: `instant` has no offset, or lies between two ticks.
    """
    tick, rest = divmod(_since_epoch(instant), _TICK)
    if rest:
        raise ValueError(f"{instant.isoformat()} is not a multiple of {TICK_MINUTES} minutes")
    return tick


def tick_from(instant: datetime) -> int:
    """Return the first tick that begins at or after `instant`.

    Raises:
        ValueError: `instant` has no offset.
    """
    return -(-_since_epoch(instant) // _TICK)


def instant_of(tick: int) -> datetime:
    """Return the instant, in UTC, at which `tick` begins."""
    return _EPOCH + tick * _TICK


def ones(count: int) -> int:
    """Return the set of the first `count` ticks (none where `count` is negative)."""
    return (1 << count) - 1 if count > 0 else 0


def between(span: Span, first: int, end: int) -> int:
    """Return the ticks of `span` from tick `first` up to tick `end`."""
    low, high = max(first, span.first), min(end, span.end)
    return ones(high - low) << (low - span.first) if high > low else 0


def bits_of(span: Span, intervals: Iterable[tuple[int, int]]) -> int:
    """Return the ticks of `span` that lie in any of the half-open `intervals` of ticks."""
    size = span.size
    digits = bytearray()
    for first, end in intervals:
        low, high = max(first, span.first), min(end, span.end)
        if high > low:
            # Digits are written highest first, as `int` reads them: a slice of text costs its
            # own length, where an OR would cost the whole span for each interval.
            digits = digits or bytearray(b"0" * size)
            digits[span.end - high : span.end - low] = b"1" * (high - low)
    return int(digits, 2) if digits else 0


def all_ahead(bits: int, length: int) -> int:
    """Return the ticks t such that t, t+1, ... t+length-1 are all in `bits` (length >= 1)."""
    reached = 1
    while reached < length and bits:
        step = min(reached, length - reached)
        bits &= bits >> step
        reached += step
    return bits


def any_ahead(bits: int, length: int) -> int:
    """Return the ticks t such that one of t, t+1, ... t+length-1 is in `bits` (length >= 1)."""
    reached = 1
    length = min(length, max(1, bits.bit_length()))
    while reached < length:
        step = min(reached, length - reached)
        bits |= bits >> step
        reached += step
    return bits


def shifted(bits: int, ticks: int) -> int:
    """Return the ticks t such that t + ticks is in `bits`."""
    return bits >> ticks if ticks >= 0 else bits << -ticks


def flags_of(bits: int) -> bytes:
    """Return one byte per tick, 0 or 1, the first tick first, up to the last one in `bits`."""
    return f"{bits:b}"[::-1].encode().translate(_DIGIT_TO_FLAG)


def ticks_in(span: Span, bits: int) -> list[int]:
    """Return the ticks in `bits`, in order."""
    return list(compress(range(span.first, span.end), flags_of(bits)))


def lowest(bits: int) -> int:
    """Return the position of the first tick in `bits`, which has one at least."""
    return (bits & -bits).bit_length() - 1


def weeks_of(span: Span) -> range:
    """Return the numbers of the weeks that `span` touches.

    Week w has the ticks from `w * TICKS_PER_WEEK`: it begins, in UTC, on a Thursday at 00:00, as
    1970 did. Weeks are a unit of storage and nothing a person sees: BYTES_PER_WEEK bytes, of which
    bit 0 of the first is the first tick.
    """
    return range(span.first // TICKS_PER_WEEK, -(-span.end // TICKS_PER_WEEK))
