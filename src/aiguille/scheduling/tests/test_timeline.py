"""Sets of ticks as integers, against sets of Python."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.scheduling.timeline import (
    TICKS_PER_WEEK,
    Span,
    all_ahead,
    any_ahead,
    between,
    bits_of,
    instant_of,
    tick_from,
    tick_of,
    ticks_in,
    weeks_of,
)

_SETS = st.sets(st.integers(0, 60))
_INTERVALS = st.lists(st.tuples(st.integers(-50, 150), st.integers(-50, 150)), max_size=6)


def bits(members: set[int]) -> int:
    return sum(1 << member for member in members)


@given(members=_SETS, length=st.integers(1, 70))
def test_a_run_is_ahead_where_all_its_ticks_are(members: set[int], length: int) -> None:
    runs = {t for t in members if all(t + k in members for k in range(length))}
    assert all_ahead(bits(members), length) == bits(runs)


@given(members=_SETS, length=st.integers(1, 70))
def test_something_is_ahead_where_one_tick_is(members: set[int], length: int) -> None:
    near = {t for t in range(61) if any(t + k in members for k in range(length))}
    assert any_ahead(bits(members), length) == bits(near)


@given(intervals=_INTERVALS, first=st.integers(-20, 20), size=st.integers(0, 100))
def test_intervals_become_the_ticks_inside_them(
    intervals: list[tuple[int, int]], first: int, size: int
) -> None:
    span = Span(first, first + size)
    inside = {t for start, end in intervals for t in range(start, end)}
    expected = [t for t in range(*span) if t in inside]
    assert ticks_in(span, bits_of(span, intervals)) == expected
    for start, end in intervals:
        assert ticks_in(span, between(span, start, end)) == [
            t for t in range(*span) if start <= t < end
        ]


@given(first=st.integers(-5000, 5000), size=st.integers(0, 7000))
def test_a_span_lies_in_the_weeks_that_it_touches(first: int, size: int) -> None:
    weeks = weeks_of(Span(first, first + size))
    touched = {tick // TICKS_PER_WEEK for tick in range(first, first + size)}
    assert touched <= set(weeks)
    assert set(weeks) == touched or not touched


@pytest.mark.parametrize(
    ("seconds", "tick"), [(-301, -1), (-300, -1), (-1, 0), (0, 0), (0.000001, 1), (300, 1)]
)
def test_a_start_waits_for_the_next_tick(seconds: float, tick: int) -> None:
    asked = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert tick_from(asked.astimezone(timezone(timedelta(hours=-9)))) == tick


def test_a_tick_is_its_instant() -> None:
    instant = datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert instant_of(tick_of(instant)) == instant
    for wrong in (instant.replace(minute=1), instant.replace(tzinfo=None)):
        with pytest.raises(ValueError, match=r"multiple|offset"):
            tick_of(wrong)
