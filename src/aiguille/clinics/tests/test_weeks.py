"""Weekly hours that change on a date: which hold when, and walls of two zones that meet."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiguille.clinics.openings import add_extra_opening
from aiguille.clinics.operations import (
    Opening,
    OpeningUnsound,
    SetUpStale,
    SetUpUnsound,
    create_site,
    drop_weekly_hours,
    set_weekly_hours,
)
from aiguille.clinics.queries import ResourceHours, WeeklyOpening, list_practitioners
from aiguille.clinics.timetable import mark_of_hours, open_stretches, weekly_hours
from aiguille.clinics.weeks import changed_from, clash_of, dated, weeks_of, without_change
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.text import Text
from tests.world import AT, World

HERE, THERE, FAR = UUID(int=1), UUID(int=2), UUID(int=3)
ZONES = {HERE: "Europe/Paris", THERE: "Indian/Reunion", FAR: "America/Cayenne"}
TODAY = AT.date()
MARCH = date(2026, 3, 2)

openings = st.builds(
    lambda site, weekday, start, length: WeeklyOpening(
        site, weekday, 60 * start, min(1440, 60 * (start + length))
    ),
    st.sampled_from([HERE, THERE, FAR]),
    st.integers(0, 6),
    st.integers(0, 23),
    st.integers(1, 6),
)
a_week = st.lists(openings, max_size=4, unique_by=lambda o: o.weekday)
changes = st.lists(
    st.tuples(st.integers(0, 40).map(lambda n: MARCH + timedelta(days=n)), a_week), max_size=5
)


def resource(weekly: list[WeeklyOpening]) -> ResourceHours:
    return ResourceHours(
        id=UUID(int=9),
        code="anna",
        kind=ResourceKind.PRACTITIONER,
        name="Anna",
        title="",
        site_id=None,
        skills=frozenset(),
        weekly=tuple(weekly),
        extra=(),
        closures=(),
    )


class TestATimeline:
    @settings(max_examples=60)
    @given(first=a_week, later=changes)
    def test_has_each_date_in_one_week_and_the_engine_opens_by_it(self, first, later):
        weeks = weeks_of(first)
        for day, week in later:
            weeks = changed_from(weeks, day, week)
        stored = dated(weeks)

        assert weeks_of(stored) == weeks
        last = MARCH + timedelta(days=60)
        shown = {
            (one.day, one.site_id, one.from_minute, one.until_minute)
            for one in open_stretches(resource(stored), zones=ZONES, first_day=MARCH, last_day=last)
        }
        expected = set()
        for number in range(61):
            day = MARCH + timedelta(days=number)
            (holding,) = [week for week in weeks if week.holds_on(day)]
            expected |= {
                (day, o.site_id, o.from_minute, o.until_minute)
                for o in holding.openings
                if o.weekday == day.weekday()
            }
        spring = date(2026, 3, 29)  # an hour of Paris is left out
        assert {e for e in shown if e[0] != spring} == {e for e in expected if e[0] != spring}

    @given(first=a_week, second=a_week, day=st.integers(1, 40))
    def test_is_as_it_was_when_a_change_is_taken_back(self, first, second, day):
        turn = MARCH + timedelta(days=day)
        weeks = weeks_of(first)

        assert without_change(changed_from(weeks, turn, second), turn) == weeks

    def test_keeps_a_change_that_is_planned_for_later(self):
        one, two, three = ([WeeklyOpening(HERE, day, 540, 720)] for day in (0, 1, 2))
        weeks = changed_from(weeks_of(one), date(2026, 9, 1), three)
        weeks = changed_from(weeks, date(2026, 7, 1), two)

        assert [(w.first_day, w.end_day, w.openings[0].weekday) for w in weeks] == [
            (None, date(2026, 7, 1), 0),
            (date(2026, 7, 1), date(2026, 9, 1), 1),
            (date(2026, 9, 1), None, 2),
        ]


def instants(opening: WeeklyOpening, day: date) -> set[datetime]:
    """Return the instants, five minutes apart, at which an opening of a date is open."""
    zone = ZoneInfo(ZONES[opening.site_id])
    midnight = datetime.combine(day, datetime.min.time())
    return {
        (midnight + timedelta(minutes=minute)).replace(tzinfo=zone).astimezone(UTC)
        for minute in range(opening.from_minute, opening.until_minute, 5)
    }


class TestTwoSitesInTwoZones:
    @pytest.mark.parametrize(
        ("one", "other", "meets"),
        [
            # Réunion is two hours ahead of Paris in summer, three in winter.
            ((HERE, 0, 540, 720), (THERE, 0, 540, 720), True),
            ((HERE, 0, 540, 720), (THERE, 0, 780, 900), True),
            ((HERE, 0, 540, 720), (THERE, 0, 900, 960), False),
            ((HERE, 0, 540, 720), (THERE, 0, 840, 900), True),  # in winter alone
            ((HERE, 0, 840, 1080), (THERE, 0, 540, 960), False),
            # Cayenne is four or five hours behind Paris, seven behind Réunion.
            ((HERE, 0, 840, 1080), (FAR, 0, 540, 720), True),
            ((HERE, 0, 540, 720), (FAR, 0, 540, 720), False),
            ((THERE, 1, 60, 240), (FAR, 0, 1080, 1200), True),  # Monday evening is Tuesday there
            ((THERE, 0, 60, 240), (FAR, 6, 1080, 1200), True),  # over the week's end
            ((THERE, 1, 240, 300), (FAR, 0, 1080, 1200), False),
        ],
    )
    def test_meet_by_instants_and_not_by_walls(self, one, other, meets):
        pair = [WeeklyOpening(*one), WeeklyOpening(*other)]

        found = clash_of(pair, zones=ZONES, around=TODAY)

        assert (found is not None) == meets
        assert (clash_of(pair[::-1], zones=ZONES, around=TODAY) is not None) == meets

    @settings(max_examples=40)
    @given(one=openings, other=openings)
    def test_meet_where_an_obvious_comparison_meets(self, one, other):
        days = [TODAY + timedelta(days=number) for number in range(-7, 380)]
        if one.site_id == other.site_id:
            return
        both = [
            {tick for day in days if day.weekday() == o.weekday for tick in instants(o, day)}
            for o in (one, other)
        ]
        inner = {tick for tick in both[0] & both[1] if abs(tick - AT) < timedelta(days=370)}

        # The night of a change of clocks alone may differ: the engine leaves no hour out.
        if inner or clash_of([one, other], zones=ZONES, around=TODAY) is not None:
            assert (clash_of([one, other], zones=ZONES, around=TODAY) is not None) == bool(inner)


@pytest.fixture
def reunion(world: World) -> UUID:
    return create_site(
        code="reunion",
        name="Peau & Soin Réunion",
        street="1 rue de la Plage",
        postcode="97434",
        city="Saint-Gilles",
        phone="+262262000000",
        email="reunion@example.org",
        access=Text(fr="Au bord de la mer.", en="By the sea."),
        time_zone="Indian/Reunion",
        actor=SYSTEM,
        at=AT,
    )


@pytest.mark.django_db
class TestHoursFromADate:
    def of(self, world: World, *openings: Opening, **other: object) -> None:
        given: dict[str, object] = {"actor": world.ines.actor, "at": AT}
        set_weekly_hours(
            resource_id=world.bruno_resource,
            openings=openings,
            **given | other,  # type: ignore[arg-type]
        )

    def test_leave_the_old_ones_until_the_day_before(self, world):
        june = date(2026, 6, 1)
        self.of(world, Opening(world.paris, 0, 600, 720), valid_from=june)

        old, new = weeks_of(weekly_hours(world.bruno_resource))
        assert (old.last_day, len(old.openings)) == (date(2026, 5, 31), 5)
        assert (new.first_day, [o.site_id for o in new.openings]) == (june, [world.paris])
        at_work = {p.id: p.site_ids for p in list_practitioners(on=june)}
        assert at_work[world.bruno_resource] == {world.paris}

    def test_never_begin_on_a_day_that_is_over(self, world):
        with pytest.raises(SetUpUnsound) as refusal:
            self.of(world, valid_from=TODAY - timedelta(days=1))

        assert refusal.value.field == "valid_from"

    def test_may_be_taken_back_before_they_begin(self, world):
        before = weekly_hours(world.bruno_resource)
        june = date(2026, 6, 1)
        self.of(world, valid_from=june)
        seen = mark_of_hours(world.bruno_resource)
        change = {
            "resource_id": world.bruno_resource,
            "valid_from": june,
            "actor": world.ines.actor,
            "at": AT,
        }
        with pytest.raises(SetUpStale):
            drop_weekly_hours(**change, seen="another")
        drop_weekly_hours(**change, seen=seen)

        assert weekly_hours(world.bruno_resource) == before
        with pytest.raises(SetUpUnsound):
            drop_weekly_hours(**change)

    def test_at_two_sites_are_compared_by_instants(self, world, reunion):
        self.of(world, Opening(world.lyon, 0, 840, 1080), Opening(reunion, 0, 540, 960))
        with pytest.raises(OpeningUnsound) as refusal:
            self.of(world, Opening(world.lyon, 0, 540, 720), Opening(reunion, 0, 780, 900))

        assert (refusal.value.place, refusal.value.field) == (1, "from_minute")

    def test_are_compared_with_those_before_where_one_week_ends_in_another(self, world, reunion):
        # Until Sunday evening in Paris, from Monday morning in Réunion: the nights meet.
        monday = date(2026, 6, 1)
        self.of(world, Opening(world.lyon, 6, 1320, 1440))
        with pytest.raises(OpeningUnsound):
            self.of(world, Opening(reunion, 0, 0, 60), valid_from=monday)
        self.of(world, Opening(reunion, 0, 120, 180), valid_from=monday)

    def test_bind_an_extra_opening_elsewhere_by_instants(self, world, reunion):
        monday = date(2026, 6, 1)
        extra = {
            "resource_id": world.bruno_resource,
            "site_id": reunion,
            "on": monday,
            "actor": world.ines.actor,
            "at": AT,
        }
        with pytest.raises(SetUpUnsound):  # 11:00 in Réunion is 9:00 in Lyon
            add_extra_opening(from_minute=600, until_minute=720, **extra)
        add_extra_opening(from_minute=480, until_minute=660, **extra)
