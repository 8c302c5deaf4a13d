"""Where what a clock on the wall shows meets instants.

A wall-clock time is a count of minutes since 1970-01-01T00:00 as the wall shows them: it has no
zone. A day is a count of days since 1970-01-01. `WallClock.seconds` is the one function that
turns wall-clock times into instants; opening hours and closures all pass through it, save on the
many days whose clock is never moved, where `WallClock.showing` copies whole weeks.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.scheduling.timeline import (
    BYTES_PER_WEEK,
    TICK_MINUTES,
    TICK_SECONDS,
    TICKS_PER_DAY,
    TICKS_PER_WEEK,
    Span,
    between,
    bits_of,
    ones,
)

MINUTES_PER_DAY = 24 * 60
_DAY_SECONDS = 24 * 60 * 60
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH_WALL = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall-clock time has no zone
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; 0 is Monday
_EPOCH_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
# Offsets are asked for between these instants: beyond them, datetime has no room for an offset.
_FIRST_SECOND = (date(1, 1, 3).toordinal() - _EPOCH_DAY) * _DAY_SECONDS
_LAST_SECOND = (date(9999, 12, 29).toordinal() - _EPOCH_DAY) * _DAY_SECONDS
_FURTHEST = 26 * 60 * 60  # seconds; no offset from UTC is as large
_ALWAYS = 1 << 60  # seconds; beyond every calendar
# Files that stand among the zones of some systems without being zones of the IANA list.
_NOT_ZONES = ("posix/", "right/", "posixrules", "localtime")


class UnknownTimeZone(DomainError):
    """The name is not one of the IANA list of time zones."""

    code = "unknown_time_zone"
    default_text: ClassVar[Text] = Text(
        fr="Ce fuseau horaire n’existe pas.", en="This time zone does not exist."
    )


class Era(NamedTuple):
    """From second `first` up to second `end`, local time is UTC plus `offset` seconds."""

    first: int
    end: int
    offset: int


class LocalDay(NamedTuple):
    """The ticks from `first` up to `end`, all of which the wall dates `day`."""

    day: int
    first: int
    end: int


def day_of(value: date) -> int:
    """Return the number of a calendar day."""
    return value.toordinal() - _EPOCH_DAY


def date_of(day: int) -> date:
    """Return the calendar date of a day."""
    return date.fromordinal(day + _EPOCH_DAY)


def weekday_of(day: int) -> int:
    """Return a day's weekday; 0 is Monday."""
    return (day + _EPOCH_WEEKDAY) % 7


def wall_of(reading: datetime) -> int:
    """Return the wall-clock time, in minutes, of a reading without offset.

    Raises:
        ValueError: the reading has an offset: it is an instant.
    """
    if reading.tzinfo is not None:
        raise ValueError("a wall-clock time has no offset")
    return (reading - _EPOCH_WALL) // timedelta(minutes=1)


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """Return the zone of an IANA name.

    Raises:
        UnknownTimeZone: there is none.
    """
    if name.startswith(_NOT_ZONES):
        raise UnknownTimeZone
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # what a name like "Europe" or "" raises
        raise UnknownTimeZone from error


def _offset(zone: ZoneInfo, second: int) -> int:
    """Return the offset, in seconds, at an instant."""
    known = min(max(second, _FIRST_SECOND), _LAST_SECOND)
    offset = (_EPOCH_INSTANT + timedelta(seconds=known)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)


@lru_cache(maxsize=4096)
def _changes_in(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """Return the changes of offset in a UTC year: (second of the change, offset after it).

    `zoneinfo` does not list them, so each day is looked at and each change found by halving.
    """
    start = (date(year, 1, 1).toordinal() - _EPOCH_DAY) * _DAY_SECONDS
    stop = (date(year, 12, 31).toordinal() + 1 - _EPOCH_DAY) * _DAY_SECONDS
    found = []
    low, before = start - 1, _offset(zone, start - 1)
    for high in range(start, stop + 1, _DAY_SECONDS):
        after = _offset(zone, high)
        while before != after:
            unchanged, changed = low, high
            while changed - unchanged > 1:
                middle = (unchanged + changed) // 2
                if _offset(zone, middle) == before:
                    unchanged = middle
                else:
                    changed = middle
            low, before = changed, _offset(zone, changed)
            found.append((low, before))
        low = high
    return tuple(change for change in found if change[0] < stop)


def _eras(zone: ZoneInfo, first: int, end: int) -> tuple[Era, ...]:
    """Return the eras that meet the seconds from `first` up to `end`, without a gap.

    The first one is taken to have begun, and the last one to go on, for ever.
    """
    first = min(max(first, _FIRST_SECOND), _LAST_SECOND)
    end = min(max(end, _FIRST_SECOND), _LAST_SECOND)
    low, high = (date_of(second // _DAY_SECONDS).year for second in (first, end))
    changes = [
        change
        for year in range(low, high + 1)
        for change in _changes_in(zone, year)
        if first < change[0] <= end
    ]
    starts = [-_ALWAYS, *(second for second, _ in changes)]
    ends = [*starts[1:], _ALWAYS]
    offsets = [_offset(zone, first), *(offset for _, offset in changes)]
    return tuple(Era(*era) for era in zip(starts, ends, offsets, strict=True))


def _ticks_up(second: int) -> int:
    return -(-second // TICK_SECONDS)


class WallClock:
    """The wall clocks of one zone, over one span of ticks.

    Raises:
        UnknownTimeZone: there is no such zone.
    """

    def __init__(self, zone: str, span: Span) -> None:
        self.zone = zone
        self.span = span
        # Three days more on each side: no zone is further than that from UTC, and a day's
        # opening may begin before the span.
        self.eras = _eras(
            zone_named(zone),
            span.first * TICK_SECONDS - 3 * _DAY_SECONDS,
            span.end * TICK_SECONDS + 3 * _DAY_SECONDS,
        )
        self._era_starts = [era.first for era in self.eras]
        self._weekly: dict[tuple[tuple[int, int, int], ...], int] = {}
        self._steps: dict[int, int] = {}

    def seconds(self, from_wall: int, to_wall: int) -> tuple[int, int]:
        """Return the instants, in seconds since 1970, at which a wall-clock interval begins and ends.

        A wall-clock time that exists twice is its first occurrence as a beginning and its second
        as an end; one that does not exist is the instant of the change. Written with equal ends,
        an interval is empty, even where that time exists twice.
        """
        begins, ends = 60 * from_wall, 60 * to_wall
        # The first era whose wall goes beyond the time has it, or begins past it. Eras that end
        # a day and more before the time, as UTC would read it, need no look.
        place = bisect_right(self._era_starts, begins - _FURTHEST) - 1
        while self.eras[place].end + self.eras[place].offset <= begins:
            place += 1
        start = max(self.eras[place].first, begins - self.eras[place].offset)
        if from_wall == to_wall:
            return start, start
        # The last era whose wall begins by then has it, or ends before it.
        place = bisect_right(self._era_starts, ends + _FURTHEST) - 1
        while self.eras[place].first + self.eras[place].offset > ends:
            place -= 1
        return start, min(self.eras[place].end, ends - self.eras[place].offset)

    def open_ticks(self, from_wall: int, to_wall: int) -> tuple[int, int]:
        """Return the whole ticks inside a wall-clock interval, as first and end."""
        start, end = self.seconds(from_wall, to_wall)
        return _ticks_up(start), end // TICK_SECONDS

    def closed_ticks(self, from_wall: int, to_wall: int) -> tuple[int, int]:
        """Return the ticks that a wall-clock interval touches, as first and end."""
        start, end = self.seconds(from_wall, to_wall)
        return start // TICK_SECONDS, _ticks_up(end)

    def days(self, first_day: int, last_day: int) -> list[LocalDay]:
        """Return the ticks of the span that the wall dates from `first_day` to `last_day`.

        In order of time. A day is in one piece, save where clocks are put back over midnight and
        a few minutes of the new day come before the rest of the old one.
        """
        pieces: list[LocalDay] = []
        for era in self.eras:
            low = max(_ticks_up(era.first), self.span.first)
            high = min(_ticks_up(era.end), self.span.end)
            if low >= high:
                continue
            start = max(first_day, (low * TICK_SECONDS + era.offset) // _DAY_SECONDS)
            stop = min(last_day, ((high - 1) * TICK_SECONDS + era.offset) // _DAY_SECONDS)
            for day in range(start, stop + 1):
                first = max(low, _ticks_up(day * _DAY_SECONDS - era.offset))
                end = min(high, _ticks_up((day + 1) * _DAY_SECONDS - era.offset))
                if pieces and pieces[-1].day == day and pieces[-1].end == first:
                    pieces[-1] = LocalDay(day, pieces[-1].first, end)
                elif first < end:
                    pieces.append(LocalDay(day, first, end))
        return pieces

    def dated(self, first_day: int, last_day: int) -> int:
        """Return the ticks that the wall dates from `first_day` to `last_day`."""
        bits = 0
        for era in self.eras:
            first = max(_ticks_up(era.first), _ticks_up(first_day * _DAY_SECONDS - era.offset))
            end = min(_ticks_up(era.end), _ticks_up((last_day + 1) * _DAY_SECONDS - era.offset))
            bits |= between(self.span, first, end)
        return bits

    @cached_property
    def all_days(self) -> list[LocalDay]:
        """All local days of the span, in order of time (see `days`)."""
        return self.days(-_ALWAYS, _ALWAYS)

    def by_day(self, bits: int) -> list[tuple[LocalDay, int]]:
        """Return the days that have ticks in `bits`, each with those ticks, from its first on."""
        if not bits:
            return []
        # Cutting a day out of bytes costs the day; out of the integer, the whole span.
        raw = bits.to_bytes(self.span.size // 8 + 1, "little")
        found = []
        for day in self.all_days:
            low, high = day.first - self.span.first, day.end - self.span.first
            piece = int.from_bytes(raw[low // 8 : high // 8 + 1], "little")
            if cut := piece >> (low % 8) & ones(high - low):
                found.append((day, cut))
        return found

    def days_in(self, bits: int) -> set[int]:
        """Return the days on which there is a tick of `bits`."""
        return {day.day for day, _ in self.by_day(bits)}

    def showing(self, week: int) -> int:
        """Return the ticks at which the wall shows a time of `week`.

        `week` is a set of TICKS_PER_WEEK ticks, of which the first is Monday 00:00. Each tick is
        judged by what the wall shows as it begins, on days with a change of clocks too.
        """
        pattern = week.to_bytes(BYTES_PER_WEEK, "little")
        weeks = self.span.size // TICKS_PER_WEEK + 2
        copied = int.from_bytes(pattern * weeks, "little")
        monday = _EPOCH_WEEKDAY * TICKS_PER_DAY
        bits = 0
        for offset, ticks in self._by_offset.items():
            place = self.span.first + offset // TICK_SECONDS + monday
            bits |= copied >> (place % TICKS_PER_WEEK) & ticks
        return bits

    @cached_property
    def _by_offset(self) -> dict[int, int]:
        """The ticks at which each offset holds, where the wall shows multiples of five minutes."""
        held: dict[int, list[tuple[int, int]]] = {}
        for era in self.eras:
            if era.offset % TICK_SECONDS == 0:
                period = (_ticks_up(era.first), _ticks_up(era.end))
                held.setdefault(era.offset, []).append(period)
        return {offset: bits_of(self.span, periods) for offset, periods in held.items()}

    def on_step(self, minutes: int) -> int:
        """Return the ticks at which the wall's minute of the day is a multiple of `minutes`."""
        if minutes not in self._steps:
            shown = range(0, MINUTES_PER_DAY, minutes)
            day = sum(1 << (minute // TICK_MINUTES) for minute in shown)
            self._steps[minutes] = self.showing(
                sum(day << (weekday * TICKS_PER_DAY) for weekday in range(7))
            )
        return self._steps[minutes]

    def weekly(self, hours: Iterable[tuple[int, int, int]]) -> int:
        """Return the ticks inside weekly `hours`: (weekday, from, to), in minutes of the day.

        Weeks are copied; the few days on which a clock is moved are computed one by one.
        """
        key = tuple(sorted(hours))
        if key not in self._weekly:
            week = bits_of(
                Span(0, TICKS_PER_WEEK),
                (
                    (
                        weekday * TICKS_PER_DAY + start // TICK_MINUTES,
                        weekday * TICKS_PER_DAY + end // TICK_MINUTES,
                    )
                    for weekday, start, end in key
                ),
            )
            bits = self.showing(week)
            if self._moved_days:
                bits &= ~self._moved
                bits |= bits_of(
                    self.span,
                    (
                        self.open_ticks(day * MINUTES_PER_DAY + start, day * MINUTES_PER_DAY + end)
                        for day in self._moved_days
                        for weekday, start, end in key
                        if weekday == weekday_of(day)
                    ),
                )
            self._weekly[key] = bits
        return self._weekly[key]

    @cached_property
    def _moved_days(self) -> list[int]:
        """The days, from 00:00 to 24:00 inclusive, that a change of clocks touches."""
        moved: set[int] = set()
        for before, after in zip(self.eras, self.eras[1:], strict=False):
            shown = sorted((after.first + before.offset, after.first + after.offset))
            moved.update(range((shown[0] - 1) // _DAY_SECONDS, shown[1] // _DAY_SECONDS + 1))
        odd = [era for era in self.eras if era.offset % TICK_SECONDS]
        if odd:
            # Before standard time a zone's offset was that of its capital's sun, to the second.
            moved.update(piece.day for piece in self.all_days)
        return sorted(moved)

    @cached_property
    def _moved(self) -> int:
        moved = set(self._moved_days)
        if not moved:
            return 0
        pieces = self.days(min(moved), max(moved))
        return bits_of(self.span, ((p.first, p.end) for p in pieces if p.day in moved))

    def shown_at(self, tick: int) -> tuple[datetime, timedelta]:
        """Return what the wall shows as `tick` begins (without zone), and its offset from UTC."""
        second = tick * TICK_SECONDS
        offset = self.eras[bisect_right(self._era_starts, second) - 1].offset
        return _EPOCH_WALL + timedelta(seconds=second + offset), timedelta(seconds=offset)

    def written(self, tick: int) -> str:
        """Return the instant of `tick` in ISO 8601, as the wall shows it, with its offset."""
        reading, offset = self.shown_at(tick)
        sign = "-" if offset < timedelta(0) else "+"
        minutes, seconds = divmod(int(abs(offset).total_seconds()), 60)
        tail = f":{seconds:02}" if seconds else ""
        return f"{reading.isoformat()}{sign}{minutes // 60:02}:{minutes % 60:02}{tail}"
