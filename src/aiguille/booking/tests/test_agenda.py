"""What an agenda draws: stretches for each resource, days of 23 and 25 hours, buffers apart."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.booking.agenda import (
    closed_instants,
    day_of_site,
    held_stretches,
    open_stretches,
    without_buffers,
)
from aiguille.booking.holds import hold_slot
from aiguille.booking.queries import get_appointment
from aiguille.catalogue.queries import consultation_service, get_service
from aiguille.clinics.operations import Opening, set_weekly_hours
from aiguille.clinics.queries import SiteView, resources_with_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ResourceKind
from aiguille.kernel.intervals import Interval
from aiguille.kernel.text import Text
from tests.course import open_catalogue
from tests.session_day import ready_for_session

PARIS = ZoneInfo("Europe/Paris")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def site(zone="Europe/Paris"):
    return SiteView(
        id=UUID(int=1),
        code="x",
        name="X",
        street="",
        postcode="",
        city="",
        country="FR",
        phone="",
        email="",
        time_zone=zone,
        access=Text(fr="", en=""),
    )


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 6, 1), 24)])
def test_a_day_is_as_long_as_the_walls_say(day, hours):
    whole = day_of_site(day, site=site())
    assert whole.duration == timedelta(hours=hours)
    assert whole.start.astimezone(PARIS).date() == day


@given(
    day=st.dates(date(2024, 1, 1), date(2035, 12, 30)),
    zone=st.sampled_from(["Europe/Paris", "Indian/Reunion", "America/Toronto", "Europe/Lisbon"]),
)
def test_days_follow_each_other_without_a_gap(day, zone):
    today, tomorrow = (day_of_site(d, site=site(zone)) for d in (day, day + timedelta(days=1)))
    assert today.end == tomorrow.start


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        ("2026-10-25T01:00", "2026-10-25T04:00", timedelta(hours=4)),
        ("2026-03-29T01:00", "2026-03-29T04:00", timedelta(hours=2)),
        ("2026-10-24T12:00", "2026-10-26T12:00", timedelta(hours=25)),
        ("2026-10-27T00:00", "2026-10-28T00:00", None),
    ],
)
def test_what_is_closed_is_read_on_the_wall(start, end, length):
    day = SPRING if "03-29" in start else AUTUMN
    walls = datetime.fromisoformat(start), datetime.fromisoformat(end)
    found = closed_instants(*walls, site=site(), day=day)
    assert (found and found.duration) == length


@pytest.mark.django_db
class TestAtTheClinic:
    def test_the_numbing_holds_the_room_and_not_the_doctor(self, world):
        ready = ready_for_session(world, Procedure.NEEDLING)
        one = get_appointment(ready.appointment)
        held = held_stretches(
            resource_ids=[],
            appointment_ids=[one.id],
            within=Interval(one.starts_at - timedelta(hours=2), one.ends_at + timedelta(hours=2)),
            at=world.at,
        )
        by_kind = {each.kind: each for each in held}
        room, doctor = by_kind[ResourceKind.ROOM], by_kind[ResourceKind.PRACTITIONER]
        assert room.resource_id == world.lyon_room
        assert doctor.resource_id == world.bruno_resource
        assert room.period.start == one.starts_at
        assert doctor.period.start >= one.starts_at + timedelta(minutes=30)
        service = get_service(one.service_id)
        for each in held:
            need = next(need for need in service.needs if need.kind is each.kind)
            core = without_buffers(
                each, starts_at=one.starts_at, ends_at=one.ends_at, service=service
            )
            assert core.start - each.period.start == timedelta(minutes=need.buffer_before_minutes)
            assert each.period.end - core.end == timedelta(minutes=need.buffer_after_minutes)
            # A service that is not known any more: what lies within the appointment.
            unknown = without_buffers(
                each, starts_at=one.starts_at, ends_at=one.ends_at, service=None
            )
            assert one.starts_at <= unknown.start < unknown.end <= one.ends_at

    def test_a_hold_is_taken_until_it_expires(self, world):
        open_catalogue(at=world.at)
        nine = datetime(2026, 3, 4, 8, tzinfo=UTC)
        hold_slot(
            browser="a-browser",
            service_id=consultation_service(Procedure.NEEDLING).id,
            site_id=world.lyon,
            starts_at=nine,
            at=world.at,
        )

        def taken(at):
            found = held_stretches(
                resource_ids=[world.bruno_resource],
                appointment_ids=[],
                within=Interval(nine, nine + timedelta(hours=1)),
                at=at,
            )
            return [each.appointment_id for each in found]

        assert taken(world.at) == [None]
        assert taken(world.at + timedelta(minutes=11)) == []

    @pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
    def test_open_day_and_night_is_open_for_all_its_hours(self, world, day, hours):
        set_weekly_hours(
            resource_id=world.lyon_room,
            openings=[Opening(world.lyon, weekday, 0, 1440) for weekday in range(7)],
            actor=SYSTEM,
            at=world.at,
        )
        room = next(r for r in resources_with_hours() if r.id == world.lyon_room)
        here = site()
        here = SiteView(**{**{f: getattr(here, f) for f in here.__slots__}, "id": world.lyon})
        assert [i.duration for i in open_stretches(room, site=here, day=day)] == [
            timedelta(hours=hours)
        ]
