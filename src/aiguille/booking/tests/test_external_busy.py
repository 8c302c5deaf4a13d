"""Busy time read in from other calendars: closes new times, and leaves what is booked alone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from aiguille.booking.displaced import list_displaced
from aiguille.booking.models import Appointment, Occupancy
from aiguille.booking.operations import book, move_appointment
from aiguille.booking.overlaps import overlapping_elsewhere
from aiguille.booking.placing import SlotTaken
from aiguille.booking.queries import free_starts
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.external.operations import add_file, remove_calendar, replace_file
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from aiguille.kernel.errors import DomainError

pytestmark = pytest.mark.django_db
WEDNESDAY = date(2026, 3, 4)
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # in Lyon


def file(*stretches):
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{index}\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\n"
        f"DTEND:{end:%Y%m%dT%H%M%SZ}\r\nEND:VEVENT\r\n"
        for index, (start, end) in enumerate(stretches)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode()


MORNING = (TEN, TEN + timedelta(hours=2))


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY).id


def taken_elsewhere(world, *stretches):
    return add_file(
        resource_id=world.bruno_resource,
        name="Hôpital",
        content=file(*(stretches or [MORNING])),
        actor=world.bruno.actor,
        at=world.at,
    )


def offered(world, service):
    return [
        start.starts_at
        for start in free_starts(
            service_id=service,
            first_day=WEDNESDAY,
            last_day=WEDNESDAY,
            at=world.at,
            site_id=world.lyon,
        )
    ]


def booked(world, service, starts_at=TEN):
    return book(
        patient_id=world.anna.patient_id,
        service_id=service,
        site_id=world.lyon,
        starts_at=starts_at,
        actor=world.diane.actor,
        at=world.at,
    )


class TestNewTimes:
    def test_are_not_offered_while_taken_elsewhere(self, world, service):
        before = offered(world, service)
        taken_elsewhere(world)
        after = offered(world, service)
        gone = set(before) - set(after)
        assert gone
        assert set(after) < set(before)
        assert all(TEN - timedelta(hours=1) < start < TEN + timedelta(hours=2) for start in gone)
        assert not any(TEN <= start < TEN + timedelta(hours=2) for start in after)

    def test_that_only_touch_a_tick_are_closed_whole(self, world, service):
        start = TEN + timedelta(minutes=3)
        taken_elsewhere(world, (start, start + timedelta(minutes=1)))
        assert TEN not in offered(world, service)

    def test_are_refused_too_where_somebody_insists(self, world, service):
        taken_elsewhere(world)
        with pytest.raises(SlotTaken):
            booked(world, service)
        assert Appointment.objects.count() == 0

    def test_are_offered_again_when_the_calendar_is_removed(self, world, service):
        before = offered(world, service)
        calendar_id = taken_elsewhere(world)
        remove_calendar(calendar_id=calendar_id, actor=world.bruno.actor, at=world.at)
        assert offered(world, service) == before

    def test_follow_a_change_of_the_calendar(self, world, service):
        before = offered(world, service)
        calendar_id = taken_elsewhere(world)
        replace_file(calendar_id=calendar_id, content=file(), actor=world.bruno.actor, at=world.at)
        assert offered(world, service) == before

    def test_of_another_practitioner_are_not_touched(self, world, service):
        add_file(
            resource_id=world.paula_resource,
            name="Hôpital",
            content=file(MORNING),
            actor=world.paula.actor,
            at=world.at,
        )
        assert TEN in offered(world, service)


class TestWhatIsBooked:
    def test_stays_and_is_shown_to_the_practitioner(
        self, world, service, django_assert_num_queries
    ):
        inside = booked(world, service, TEN + timedelta(minutes=30))
        before = list(Occupancy.objects.order_by("id").values())
        taken_elsewhere(world, MORNING, (TEN + timedelta(days=1), TEN + timedelta(days=2)))
        assert list(Occupancy.objects.order_by("id").values()) == before
        with django_assert_num_queries(3):
            found = overlapping_elsewhere(resource_id=world.bruno_resource, at=world.at)
        assert [view.id for view in found] == [inside]

    def test_is_not_displaced(self, world, service):
        booked(world, service)
        taken_elsewhere(world)
        assert list_displaced(first_day=WEDNESDAY, last_day=None, at=world.at) == []

    def test_outside_of_it_is_not_shown(self, world, service):
        booked(world, service, TEN + timedelta(hours=4))
        taken_elsewhere(world)
        assert overlapping_elsewhere(resource_id=world.bruno_resource, at=world.at) == []

    def test_is_not_shown_once_it_is_over(self, world, service):
        booked(world, service)
        taken_elsewhere(world)
        later = TEN + timedelta(hours=3)
        assert overlapping_elsewhere(resource_id=world.bruno_resource, at=later) == []

    def test_may_leave_but_not_come_back(self, world, service):
        appointment_id = booked(world, service)
        taken_elsewhere(world)
        afternoon = TEN + timedelta(hours=5)
        given = {
            "appointment_id": appointment_id,
            "site_id": world.lyon,
            "actor": world.diane.actor,
            "at": world.at,
        }
        move_appointment(starts_at=afternoon, **given)
        assert overlapping_elsewhere(resource_id=world.bruno_resource, at=world.at) == []
        with pytest.raises(DomainError):
            move_appointment(starts_at=TEN, **given)
