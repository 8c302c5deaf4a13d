"""Repetitions: as the standard's own examples, and as an independent library counts them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiguille.clinics.external.recurrence import NotUnderstood, occurrences, read_rule

# A library that icalendar brings with it, as the judge.
judge = pytest.importorskip("dateutil.rrule")
PARIS = ZoneInfo("Europe/Paris")
NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def wall(*numbers):
    """Return a time as a wall shows it, of no zone."""
    return datetime(*numbers)  # noqa: DTZ001


FOREVER = wall(2040, 1, 1)


def parts_of(text):
    pairs = [part.split("=") for part in text.split(";")]
    return {name: value.split(",") for name, value in pairs}


def walls(text, start, *, first=None, end=FOREVER):
    rule = read_rule(parts_of(text), start=start, zone=PARIS)
    return list(
        occurrences(rule, start=start, first=first or start, end=end, pay=lambda _steps: None)
    )


def days(text, start, **window):
    return [f"{each:%Y-%m-%d}" for each in walls(text, start, **window)]


class TestOccurrences:
    @pytest.mark.parametrize(
        ("rule", "start", "expected"),
        [
            ("FREQ=DAILY;COUNT=3", (2026, 3, 28), ["2026-03-28", "2026-03-29", "2026-03-30"]),
            (
                "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH;COUNT=4",
                (1997, 9, 2),
                ["1997-09-02", "1997-09-04", "1997-09-16", "1997-09-18"],
            ),
            (
                "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
                (1997, 8, 5),
                ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"],
            ),
            (
                "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
                (1997, 8, 5),
                ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"],
            ),
            (
                "FREQ=MONTHLY;COUNT=3;BYDAY=-2MO",
                (1997, 9, 22),
                ["1997-09-22", "1997-10-20", "1997-11-17"],
            ),
            (
                "FREQ=MONTHLY;COUNT=3;BYMONTHDAY=-3",
                (1997, 9, 28),
                ["1997-09-28", "1997-10-29", "1997-11-28"],
            ),
            (
                "FREQ=MONTHLY;COUNT=3;BYDAY=FR;BYMONTHDAY=13",
                (1997, 9, 2),
                ["1998-02-13", "1998-03-13", "1998-11-13"],
            ),
            (
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
                (2026, 1, 30),
                ["2026-01-30", "2026-02-27", "2026-03-31"],
            ),
            ("FREQ=MONTHLY;COUNT=3", (2026, 1, 31), ["2026-01-31", "2026-03-31", "2026-05-31"]),
            ("FREQ=YEARLY;COUNT=3", (2024, 2, 29), ["2024-02-29", "2028-02-29", "2032-02-29"]),
            (
                "FREQ=YEARLY;BYDAY=20MO;COUNT=3",
                (1997, 5, 19),
                ["1997-05-19", "1998-05-18", "1999-05-17"],
            ),
            (
                "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=2",
                (1996, 11, 5),
                ["1996-11-05", "2000-11-07"],
            ),
            ("FREQ=DAILY;UNTIL=20260302T083000Z", (2026, 3, 1), None),
        ],
    )
    def test_are_those_of_the_standard(self, rule, start, expected):
        begin = wall(*start, 9, 0)
        if expected is None:
            rule = read_rule(
                {"FREQ": ["DAILY"], "UNTIL": [datetime(2026, 3, 2, 8, 30, tzinfo=UTC)]},
                start=begin,
                zone=PARIS,
            )
            found = occurrences(rule, start=begin, first=begin, end=FOREVER, pay=lambda _: None)
            assert [each.day for each in found] == [1, 2]
        else:
            assert days(rule, begin) == expected

    def test_end_with_the_day_that_a_date_names(self):
        begin = wall(2026, 3, 1, 23, 30)
        rule = read_rule({"FREQ": ["DAILY"], "UNTIL": [date(2026, 3, 3)]}, start=begin, zone=PARIS)
        found = occurrences(rule, start=begin, first=begin, end=FOREVER, pay=lambda _: None)
        assert [each.day for each in found] == [1, 2, 3]

    def test_pass_over_years_without_walking_them(self):
        steps: list[int] = []
        begin = wall(1970, 1, 1, 9, 0)
        rule = read_rule(parts_of("FREQ=DAILY"), start=begin, zone=PARIS)
        first = wall(2026, 3, 2)
        found = occurrences(
            rule, start=begin, first=first, end=first + timedelta(days=2), pay=steps.append
        )
        assert [f"{each:%m-%d}" for each in found] == ["03-02", "03-03"]
        assert sum(steps) < 10

    def test_that_never_come_end_all_the_same(self):
        assert days("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", wall(2026, 1, 1, 9)) == []

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=HOURLY",
            "FREQ=MINUTELY;COUNT=3",
            "FREQ=SECONDLY",
            "FREQ=FORTNIGHTLY",
            "INTERVAL=2",
            "FREQ=YEARLY;BYWEEKNO=20",
            "FREQ=YEARLY;BYYEARDAY=100",
            "FREQ=DAILY;BYHOUR=9,15",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;COUNT=some",
            "FREQ=WEEKLY;BYDAY=2MO",
            "FREQ=MONTHLY;BYDAY=XX",
            "FREQ=MONTHLY;BYDAY=54MO",
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=DAILY;RSCALE=HEBREW",
        ],
    )
    def test_of_other_kinds_are_not_guessed(self, rule):
        with pytest.raises(NotUnderstood):
            walls(rule, wall(2026, 3, 2, 9))

    def test_may_name_the_events_own_hour(self):
        rule = "FREQ=DAILY;COUNT=2;BYHOUR=9;BYMINUTE=30;BYSECOND=0"
        assert len(days(rule, wall(2026, 3, 2, 9, 30))) == 2


def few(values):
    return st.lists(values, min_size=1, max_size=4, unique=True)


@st.composite
def rules(draw):
    """Draw a rule that the judge reads as the standard does: positions and plain days apart."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}"]
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 30))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(NAMES))}")
    if draw(st.booleans()):
        chosen = draw(few(st.sampled_from(NAMES)))
        if frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans()):
            places = st.sampled_from([-5, -2, -1, 1, 2, 4, 5])
            chosen = [f"{draw(places)}{name}" for name in chosen]
        parts.append(f"BYDAY={','.join(chosen)}")
    if frequency != "WEEKLY" and draw(st.booleans()):
        numbers = draw(few(st.sampled_from([1, 2, 13, 28, 29, 30, 31, -1, -3, -31])))
        parts.append(f"BYMONTHDAY={','.join(map(str, numbers))}")
    if draw(st.booleans()):
        months = draw(few(st.integers(1, 12)))
        parts.append(f"BYMONTH={','.join(map(str, months))}")
    if draw(st.booleans()) and any(part.startswith("BYDAY") for part in parts):
        parts.append(f"BYSETPOS={draw(st.sampled_from(['1', '-1', '1,-1', '2']))}")
    return ";".join(parts)


@given(
    rule=rules(),
    start=st.datetimes(wall(2019, 1, 1), wall(2026, 6, 1)),
    until=st.dates(date(2026, 6, 2), date(2027, 6, 1)),
)
@settings(max_examples=150, deadline=None)
def test_an_independent_library_counts_the_same(rule, start, until):
    start = start.replace(second=0, microsecond=0)
    first = wall(2025, 12, 1)
    end = wall(until.year, until.month, until.day)
    judged = judge.rrulestr(rule, dtstart=start).between(first, end, inc=True)
    expected = [each for each in judged if first <= each < end]
    assert walls(rule, start, first=first, end=end) == expected
