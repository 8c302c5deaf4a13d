"""Half-open intervals of aware instants."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


def in_utc(instant: datetime) -> datetime:
    """Return `instant` in UTC.

    Raises:
        ValueError: `instant` has no offset.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return instant.astimezone(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The instants from `start` up to, not including, `end`, both in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", in_utc(self.start))
        object.__setattr__(self, "end", in_utc(self.end))
        if self.end < self.start:
            raise ValueError("an interval ends before it begins")

    @property
    def duration(self) -> timedelta:
        """Return the length."""
        return self.end - self.start

    def overlaps(self, other: "Interval") -> bool:
        """Tell whether the two share an instant; an empty interval shares none."""
        return max(self.start, other.start) < min(self.end, other.end)

    def contains(self, instant: datetime) -> bool:
        """Tell whether `instant` lies inside."""
        return self.start <= in_utc(instant) < self.end


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the union of `intervals`, sorted; those that touch become one, empty ones vanish."""
    merged: list[Interval] = []
    for interval in sorted(i for i in intervals if i.start < i.end):
        if merged and interval.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, interval.end))
        else:
            merged.append(interval)
    return merged
