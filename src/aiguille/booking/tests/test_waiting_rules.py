"""Whom a free time fits, and until when an offer stands: on any day, clock changes included."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.booking.waiting_rules import Wish, deadline_of, waiting_values

LYON, PARIS = UUID(int=1), UUID(int=2)
BRUNO, PAULA = UUID(int=3), UUID(int=4)
ZONES = ("Europe/Paris", "Indian/Reunion", "America/Toronto", "Australia/Lord_Howe")
ANY_DAY = {"first_day": date(2024, 1, 1), "last_day": date(2035, 12, 31)}
# Wednesday 4 March 2026, 10:00 to 10:30 in Lyon.
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def wish(**other):
    facts: dict[str, Any] = {
        "sites": frozenset(),
        "practitioners": (),
        "weekdays": frozenset(),
        "from_minute": 0,
        "until_minute": 1440,
        **ANY_DAY,
    }
    return Wish(**(facts | other))


def fits(wanted, starts_at=TEN, *, minutes=30, time_zone="Europe/Paris", site_id=LYON):
    return wanted.fits(starts_at=starts_at, minutes=minutes, time_zone=time_zone, site_id=site_id)


@pytest.mark.parametrize(
    ("asked", "is_fit"),
    [
        ({}, True),
        ({"sites": frozenset({LYON, PARIS})}, True),
        ({"sites": frozenset({PARIS})}, False),
        ({"weekdays": frozenset({2})}, True),
        ({"weekdays": frozenset({0, 1, 3, 4})}, False),
        ({"from_minute": 600}, True),
        ({"from_minute": 601}, False),
        ({"until_minute": 630}, True),
        ({"until_minute": 629}, False),
        ({"first_day": date(2026, 3, 4), "last_day": date(2026, 3, 4)}, True),
        ({"first_day": date(2026, 3, 5)}, False),
        ({"last_day": date(2026, 3, 3)}, False),
    ],
)
def test_a_time_fits_where_every_part_of_the_wish_does(asked, is_fit):
    assert fits(wish(**asked)) is is_fit


@pytest.mark.parametrize(
    ("starts_at", "minutes", "hours", "is_fit"),
    [
        # 29 March 2026: from 2:00 the clocks show 3:00. 1:30 and an hour on, it is 3:30.
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 60, (90, 210), True),
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 60, (90, 209), False),
        # 25 October 2026: 3:00 is 2:00 again. From the first 2:30 an hour on, it is 2:30.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 60, (150, 150 + 1), True),
        # Late on an evening, into the next day.
        (datetime(2026, 3, 4, 22, 30, tzinfo=UTC), 60, (0, 1440), False),
        (datetime(2026, 3, 4, 22, 30, tzinfo=UTC), 30, (0, 1440), True),
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall(starts_at, minutes, hours, is_fit):
    wanted = wish(from_minute=hours[0], until_minute=hours[1])
    assert fits(wanted, starts_at, minutes=minutes) is is_fit


@pytest.mark.parametrize(
    ("asked", "free", "found"),
    [
        ((), (BRUNO, PAULA), (None,)),
        ((), (), (None,)),
        ((PAULA,), (BRUNO, PAULA), (PAULA,)),
        ((PAULA,), (BRUNO,), ()),
        ((PAULA, BRUNO), (BRUNO,), (BRUNO,)),
    ],
)
def test_who_is_asked_for_must_be_free(asked, free, found):
    assert wish(practitioners=asked).who(free) == found


def test_the_clinics_values_are_defaults_that_it_confirms():
    values = waiting_values()
    assert values.least_answer <= values.answer
    assert values.day_begins_minute < values.day_ends_minute
    assert values.usual_wait <= values.longest_wait


@pytest.mark.parametrize(
    ("made", "answered_by"),
    [
        # By day: two hours.
        ("2026-03-02T09:00", "2026-03-02T11:00"),
        ("2026-03-02T19:59", "2026-03-02T21:59"),
        # By night the two hours begin in the morning.
        ("2026-03-02T20:00", "2026-03-03T10:00"),
        ("2026-03-02T03:15", "2026-03-02T10:00"),
        # Also in the night in which the clocks change.
        ("2026-03-28T23:00", "2026-03-29T10:00"),
        ("2026-10-24T23:00", "2026-10-25T10:00"),
    ],
)
def test_the_deadline_leaves_the_hours_of_the_day(made, answered_by):
    wall = ZoneInfo("Europe/Paris")
    at = datetime.fromisoformat(made).replace(tzinfo=wall)
    found = deadline_of(
        at=at,
        time_zone="Europe/Paris",
        starts_at=at + timedelta(days=9),
        notice=timedelta(hours=24),
    )
    assert found == datetime.fromisoformat(answered_by).replace(tzinfo=wall)


instants = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 -- hypothesis adds the zone
    datetime(2035, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(
    at=instants,
    ahead=st.timedeltas(timedelta(0), timedelta(days=4)),
    notice=st.timedeltas(timedelta(0), timedelta(days=2)),
    zone=st.sampled_from(ZONES),
)
def test_an_offer_is_never_open_below_the_notice_nor_too_short_to_answer(at, ahead, notice, zone):
    values = waiting_values()
    found = deadline_of(at=at, time_zone=zone, starts_at=at + ahead, notice=notice)
    if found is None:
        # Then not even the least time was left, by day.
        assert ahead - notice < values.least_answer + timedelta(hours=14)
        return
    assert found <= at + ahead - notice
    assert found < at + ahead
    assert found - at >= values.least_answer
    # Half an hour before the deadline it is day at the site: somebody could answer then.
    local = (found - values.least_answer).astimezone(ZoneInfo(zone))
    assert local.hour * 60 + local.minute >= values.day_begins_minute


@given(
    starts_at=instants,
    minutes=st.integers(1, 180),
    zone=st.sampled_from(ZONES),
    hours=st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda h: h[0] < h[1]),
    weekdays=st.frozensets(st.integers(0, 6)),
)
def test_what_fits_lies_within_what_was_asked_on_the_wall(
    starts_at, minutes, zone, hours, weekdays
):
    wanted = wish(weekdays=weekdays, from_minute=hours[0], until_minute=hours[1])
    wall = ZoneInfo(zone)
    begins = starts_at.astimezone(wall)
    ends = (starts_at + timedelta(minutes=minutes)).astimezone(wall)
    midnight = datetime.combine(begins.date(), datetime.min.time())
    on_the_wall = [
        (one.replace(tzinfo=None) - midnight) / timedelta(minutes=1) for one in (begins, ends)
    ]
    is_inside = hours[0] <= int(on_the_wall[0]) and int(on_the_wall[1]) <= hours[1]
    is_day = not weekdays or begins.isoweekday() - 1 in weekdays
    found = fits(wanted, starts_at, minutes=minutes, time_zone=zone)
    assert found == (is_inside and is_day)
