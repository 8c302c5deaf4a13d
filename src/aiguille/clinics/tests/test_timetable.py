"""What a week's picture shows: openings less closures, on the wall of each site."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from aiguille.clinics.queries import ClosedStretch, DatedOpening, ResourceHours, WeeklyOpening
from aiguille.clinics.timetable import open_bits, open_stretches
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.ids import new_id
from aiguille.scheduling.facts import dates_span
from aiguille.scheduling.timeline import instant_of
from aiguille.scheduling.wallclock import WallClock

HERE, THERE = new_id(), new_id()
ZONES = {HERE: "Europe/Paris", THERE: "Indian/Reunion"}
MONDAY = date(2026, 3, 23)  # the clocks go forward on its Sunday


def hours(
    weekly: list[WeeklyOpening],
    *,
    extra: list[DatedOpening] | None = None,
    closures: list[ClosedStretch] | None = None,
) -> ResourceHours:
    return ResourceHours(
        id=new_id(),
        code="r",
        kind=ResourceKind.ROOM,
        name="r",
        title="",
        site_id=HERE,
        skills=frozenset(),
        weekly=tuple(weekly),
        extra=tuple(extra or ()),
        closures=tuple(closures or ()),
    )


def wall(day: date, minute: int) -> datetime:
    return datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)


def shown(resource: ResourceHours, days: int = 7) -> list[tuple[int, int, int]]:
    return [
        ((each.day - MONDAY).days, each.from_minute, each.until_minute)
        for each in open_stretches(
            resource, zones=ZONES, first_day=MONDAY, last_day=MONDAY + timedelta(days=days - 1)
        )
    ]


def test_a_week_is_its_hours_and_extras_less_what_is_closed() -> None:
    resource = hours(
        [
            WeeklyOpening(HERE, 0, 540, 720),
            WeeklyOpening(HERE, 0, 780, 1080),
            WeeklyOpening(THERE, 2, 540, 720),
        ],
        extra=[DatedOpening(HERE, MONDAY + timedelta(days=5), 600, 1440)],
        closures=[
            ClosedStretch(wall(MONDAY, 600), wall(MONDAY, 840), None),
            ClosedStretch(wall(MONDAY + timedelta(days=2), 0), wall(MONDAY, 3 * 1440), HERE),
        ],
    )

    assert shown(resource) == [(0, 540, 600), (0, 840, 1080), (2, 540, 720), (5, 600, 1440)]


def test_the_night_of_a_change_of_clocks_is_shown_as_the_wall_shows_it() -> None:
    resource = hours([WeeklyOpening(HERE, 6, 60, 240)])

    # 02:00 to 03:00 does not exist on 29 March: the ticks are fewer, the wall reads the same.
    assert shown(resource) == [(6, 60, 240)]


openings = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 280), st.integers(1, 60)).map(
        lambda o: WeeklyOpening(HERE, o[0], 5 * o[1], min(1440, 5 * (o[1] + o[2])))
    ),
    max_size=5,
)
closures = st.lists(
    st.tuples(st.integers(0, 7 * 1440), st.integers(1, 2000)).map(
        lambda c: ClosedStretch(wall(MONDAY, c[0]), wall(MONDAY, c[0] + c[1]), None)
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(openings, closures)
def test_a_tick_is_open_where_the_wall_says_so_and_nothing_closes_it(
    weekly: list[WeeklyOpening], closed: list[ClosedStretch]
) -> None:
    last = MONDAY + timedelta(days=5)  # up to the change of clocks
    span = dates_span(zone=ZONES[HERE], first_date=MONDAY, last_date=last)
    bits = open_bits(WallClock(ZONES[HERE], span), hours(weekly, closures=closed), HERE)
    for place, tick in enumerate(range(span.first, span.end)):
        at = instant_of(tick).astimezone(ZoneInfo(ZONES[HERE])).replace(tzinfo=None)
        minute = at.hour * 60 + at.minute
        is_open = any(
            o.weekday == at.weekday() and o.from_minute <= minute < o.until_minute for o in weekly
        ) and not any(c.start < at + timedelta(minutes=5) and at < c.end for c in closed)
        assert bool(bits >> place & 1) is is_open, at.replace(tzinfo=UTC)
