"""Wall-clock times on the days that have an hour too few or too many, in many zones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aiguille.scheduling.timeline import Span, instant_of, tick_of, ticks_in
from aiguille.scheduling.wallclock import (
    UnknownTimeZone,
    WallClock,
    date_of,
    day_of,
    wall_of,
    weekday_of,
)


def clock_of(zone: str, written: str, days: int = 4) -> WallClock:
    """Return a zone's clock over the days around a date."""
    middle = tick_of(datetime.fromisoformat(written).replace(tzinfo=UTC))
    return WallClock(zone, Span(middle - days * 288, middle + days * 288))


@pytest.mark.parametrize(
    ("zone", "start", "end", "expected"),
    [
        # 02:00 to 03:00 does not exist: it is the instant of the change.
        ("Europe/Paris", "2027-03-28T02:30", "2027-03-28T04:00", ("01:00", "02:00")),
        ("Europe/Paris", "2027-03-28T01:00", "2027-03-28T02:30", ("00:00", "01:00")),
        ("Europe/Paris", "2027-03-28T02:00", "2027-03-28T02:55", ("01:00", "01:00")),
        ("Europe/Paris", "2027-03-28T03:00", "2027-03-28T03:30", ("01:00", "01:30")),
        # 02:00 to 03:00 exists twice: the first as a beginning, the second as an end.
        ("Europe/Paris", "2027-10-31T02:00", "2027-10-31T02:30", ("00:00", "01:30")),
        ("Europe/Paris", "2027-10-31T02:55", "2027-10-31T03:00", ("00:55", "02:00")),
        ("Europe/Paris", "2027-10-31T01:55", "2027-10-31T02:00", ("23:55", "01:00")),
        ("Europe/Paris", "2027-10-31T02:30", "2027-10-31T02:30", ("00:30", "00:30")),
        # Half an hour only, over 01:30 to 02:00 (twice) and 02:00 to 02:30 (never).
        ("Australia/Lord_Howe", "2027-04-04T01:30", "2027-04-04T01:45", ("14:30", "15:15")),
        ("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-03T03:00", ("15:30", "16:00")),
        # Midnight itself exists twice: 24:00 is the second one, 00:00 as a beginning the first.
        ("America/Havana", "2027-11-06T22:00", "2027-11-07T00:00", ("02:00", "05:00")),
        ("America/Havana", "2027-11-07T00:00", "2027-11-07T00:30", ("04:00", "05:30")),
        # Midnight does not exist.
        ("Africa/Cairo", "2027-04-29T22:00", "2027-04-30T00:00", ("20:00", "22:00")),
        ("Africa/Cairo", "2027-04-30T00:00", "2027-04-30T01:00", ("22:00", "22:00")),
        # A whole day that Samoa never had.
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T17:00", ("10:00", "10:00")),
    ],
)
def test_a_wall_clock_interval_is_one_of_instants(
    zone: str, start: str, end: str, expected: tuple[str, str]
) -> None:
    clock = clock_of(zone, start[:10])
    walls = (wall_of(datetime.fromisoformat(time)) for time in (start, end))
    found = clock.open_ticks(*walls)
    assert tuple(f"{instant_of(tick):%H:%M}" for tick in found) == expected


@pytest.mark.parametrize("zone", ["", "Europe", "Europe/Lutece", "posix/Europe/Paris", "\0"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(UnknownTimeZone):
        WallClock(zone, Span(0, 288))


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("Europe/Paris", "2027-03-28"),
        ("Europe/Paris", "2027-10-31"),
        ("America/Havana", "2027-11-07"),
        ("America/Nuuk", "2027-10-30"),
        ("America/St_Johns", "2009-11-01"),  # put back a minute after midnight
        ("Pacific/Apia", "2011-12-30"),
        ("Europe/Paris", "1911-03-11"),  # from the sun of Paris to standard time
    ],
)
def test_what_the_wall_shows_is_what_the_zone_says(zone: str, written: str) -> None:
    clock = clock_of(zone, written)
    on_step = set(ticks_in(clock.span, clock.on_step(15)))
    dated = {tick: piece.day for piece in clock.all_days for tick in range(piece.first, piece.end)}
    for tick in range(*clock.span):
        local = instant_of(tick).astimezone(ZoneInfo(zone))
        assert clock.written(tick) == local.isoformat()
        assert date_of(dated[tick]) == local.date()
        assert (tick in on_step) == (local.minute % 15 == 0 and local.second == 0)


def test_a_day_put_back_over_midnight_comes_in_pieces() -> None:
    clock = clock_of("America/St_Johns", "2009-11-01")
    saturday = day_of(date(2009, 10, 31))
    pieces = clock.days(saturday, saturday)
    assert len(pieces) == 2
    assert sum(piece.end - piece.first for piece in pieces) == 24 * 12 + 11  # all but a tick
    assert set(ticks_in(clock.span, clock.dated(saturday, saturday))) == {
        tick for piece in pieces for tick in range(piece.first, piece.end)
    }


@pytest.mark.parametrize("zone", ["Europe/Paris", "Africa/Cairo", "America/Havana", "Asia/Tehran"])
def test_copied_weeks_equal_days_computed_one_by_one(zone: str) -> None:
    hours = [(weekday, 0, 105) for weekday in range(7)] + [(6, 150, 1440), (5, 1380, 1440)]
    first = tick_of(datetime(2027, 1, 1, tzinfo=UTC))
    clock = WallClock(zone, Span(first, first + 365 * 288))
    expected: set[int] = set()
    day = day_of(date(2026, 12, 31))
    while day <= day_of(date(2028, 1, 1)):
        for weekday, start, end in hours:
            if weekday == weekday_of(day):
                expected.update(range(*clock.open_ticks(day * 1440 + start, day * 1440 + end)))
        day += 1
    assert set(ticks_in(clock.span, clock.weekly(hours))) == expected & set(range(*clock.span))


def test_a_wall_clock_time_has_no_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        wall_of(datetime(2027, 3, 28, tzinfo=UTC))
    assert wall_of(datetime(1970, 1, 1) + timedelta(days=1)) == 1440  # noqa: DTZ001
