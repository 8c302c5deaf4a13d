"""A service that no opening is long enough for: nothing is offered, held or booked."""

from datetime import UTC, datetime, timedelta

import pytest

from aiguille.booking.operations import book, hold_slot
from aiguille.booking.placing import SlotTaken
from aiguille.booking.queries import free_starts
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.operations import Opening, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY)


def offered(world, service):
    today = world.at.date()
    return free_starts(
        service_id=service.id, first_day=today, last_day=today + timedelta(days=27), at=world.at
    )


def open_rooms_for(world, minutes):
    """Open the rooms of both sites every hour, for so many minutes."""
    for room, site in ((world.lyon_room, world.lyon), (world.paris_room, world.paris)):
        openings = [
            Opening(site, weekday, start, start + minutes)
            for weekday in range(5)
            for start in range(9 * 60, 18 * 60, 60)
        ]
        set_weekly_hours(resource_id=room, openings=openings, actor=SYSTEM, at=world.at)


def test_is_offered_at_no_time_and_refused_without_another(world, service):
    open_rooms_for(world, service.minutes - 5)
    assert offered(world, service) == []
    wish = {"service_id": service.id, "site_id": world.lyon, "starts_at": TEN, "at": world.at}
    with pytest.raises(SlotTaken) as held:
        hold_slot(browser="somebody", **wish)
    with pytest.raises(SlotTaken) as booked:
        book(patient_id=world.anna.patient_id, actor=world.diane.actor, **wish)
    assert held.value.nearest == booked.value.nearest == ()


def test_is_offered_where_it_just_fits(world, service):
    open_rooms_for(world, service.minutes)
    assert {start.local.minute for start in offered(world, service)} == {0}
