"""Changing a service: what fits, what is refused and where, what no opening can hold."""

from dataclasses import replace
from typing import Any

import pytest

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.models import AuditEvent
from aiguille.catalogue import seed
from aiguille.catalogue.operations import ServiceUnsound, update_service
from aiguille.catalogue.possible import Openings
from aiguille.catalogue.queries import (
    NeedView,
    NotInCatalogue,
    PhaseView,
    ServiceView,
    get_service,
    service_by_code,
)
from aiguille.catalogue.soundness import mark_of_service
from aiguille.clinics.changing import SetUpStale
from aiguille.clinics.openings import WITHOUT_END
from aiguille.clinics.operations import (
    Opening,
    add_closure,
    add_extra_opening,
    set_resource_active,
    set_weekly_hours,
)
from aiguille.clinics.queries import resources_with_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text
from tests.world import AT, World

pytestmark = pytest.mark.django_db
DOCTOR = NeedView("doctor", ResourceKind.PRACTITIONER, "needling", 0, 5)
ROOM = NeedView("room", ResourceKind.ROOM, "treatment", 0, 10)
PEN = NeedView("pen", ResourceKind.DEVICE, "needling-pen", 0, 0)


def phase(minutes: int, *needs: str) -> PhaseView:
    return PhaseView(Text(fr="Phase", en="Phase"), minutes, needs)


@pytest.fixture
def service(world: World) -> ServiceView:
    seed.load(actor=SYSTEM, at=AT)
    return service_by_code("session-needling-ageing")


def change(world: World, service: ServiceView, **others: Any) -> None:
    given: dict[str, Any] = {
        "needs": service.needs,
        "phases": service.phases,
        "min_notice_minutes": service.min_notice_minutes,
        "max_horizon_days": service.max_horizon_days,
        "slot_step_minutes": service.slot_step_minutes,
        "is_bookable_online": service.is_bookable_online,
        "is_active": service.is_active,
        "actor": world.ines.actor,
    }
    update_service(service_id=service.id, at=AT, **{**given, **others})


def test_a_service_is_changed_as_a_whole(world: World, service: ServiceView) -> None:
    change(
        world,
        service,
        needs=[DOCTOR, ROOM],
        phases=[phase(60, "room"), phase(45, "doctor", "room")],
        min_notice_minutes=120,
        max_horizon_days=90,
        slot_step_minutes=30,
        seen=mark_of_service(service),
    )

    now = get_service(service.id)
    assert [(p.minutes, set(p.needs)) for p in now.phases] == [
        (60, {"room"}),
        (45, {"doctor", "room"}),
    ]
    assert (now.min_notice_minutes, now.max_horizon_days, now.slot_step_minutes) == (120, 90, 30)
    details = AuditEvent.objects.get(action="catalogue:service:changed").details
    assert details["before"]["max_horizon_days"] == service.max_horizon_days
    assert details["after"]["max_horizon_days"] == 90


@pytest.mark.parametrize(
    ("needs", "phases", "field"),
    [
        ([DOCTOR], [], "phases"),
        ([DOCTOR], [phase(12, "doctor")], "phases.0.minutes"),
        ([DOCTOR], [phase(30, "doctor"), phase(0)], "phases.1.minutes"),
        ([DOCTOR], [phase(30, "doctor", "ghost")], "phases.0.needs"),
        ([DOCTOR, ROOM], [phase(30, "doctor")], "needs.1.kind"),
        ([DOCTOR, DOCTOR], [phase(30, "doctor")], "needs.0.name"),
        (
            [DOCTOR, replace(DOCTOR, name="second")],
            [phase(30, "doctor", "second")],
            "needs.1.kind",
        ),
        (
            [replace(ROOM, buffer_after_minutes=7)],
            [phase(30, "room")],
            "needs.0.buffer_after_minutes",
        ),
        (
            [replace(ROOM, buffer_before_minutes=-5)],
            [phase(30, "room")],
            "needs.0.buffer_before_minutes",
        ),
        ([replace(DOCTOR, skill="laser")], [phase(30, "doctor")], "needs.0.skill"),
        # Everything is open nine hours a day.
        ([ROOM], [phase(30, "room"), phase(600, "room")], "phases.1.minutes"),
        ([DOCTOR, ROOM], [phase(500, "room"), phase(60, "doctor", "room")], "phases.0.minutes"),
        # Each alone would fit, yet nothing is open when it is the doctor's turn.
        ([DOCTOR, ROOM], [phase(540, "room"), phase(60, "doctor")], "phases"),
    ],
)
def test_a_refusal_names_the_field(
    world: World,
    service: ServiceView,
    needs: list[NeedView],
    phases: list[PhaseView],
    field: str,
) -> None:
    with pytest.raises(ServiceUnsound) as refusal:
        change(world, service, needs=needs, phases=phases)

    assert refusal.value.field == field
    assert get_service(service.id) == service


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"min_notice_minutes": 7}, "min_notice_minutes"),
        ({"min_notice_minutes": -5}, "min_notice_minutes"),
        ({"slot_step_minutes": 0}, "slot_step_minutes"),
        ({"slot_step_minutes": 12}, "slot_step_minutes"),
        ({"max_horizon_days": 0}, "max_horizon_days"),
        ({"max_horizon_days": 5000}, "max_horizon_days"),
    ],
)
def test_an_offer_has_sensible_bounds(
    world: World, service: ServiceView, wrong: dict[str, int], field: str
) -> None:
    with pytest.raises(ServiceUnsound) as refusal:
        change(world, service, **wrong)

    assert refusal.value.field == field


def test_two_people_do_not_overwrite_each_other(world: World, service: ServiceView) -> None:
    seen = mark_of_service(service)
    change(world, service, max_horizon_days=30, seen=seen)

    with pytest.raises(SetUpStale):
        change(world, service, max_horizon_days=60, seen=seen)


def test_only_who_manages_the_clinic_changes_it(world: World, service: ServiceView) -> None:
    for person in (world.bruno, world.diane, world.hugo, world.carla, world.anna):
        with pytest.raises(NotAllowed):
            change(world, service, actor=person.actor)
    with pytest.raises(NotInCatalogue):
        change(world, replace(service, id=new_id()))


def test_an_impossible_service_may_still_be_taken_off_the_offer(
    world: World, service: ServiceView
) -> None:
    for room in (world.lyon_room, world.paris_room):
        set_resource_active(resource_id=room, is_active=False, actor=SYSTEM, at=AT)

    change(world, service, is_active=False)

    assert not get_service(service.id).is_active


class TestOpenings:
    def obstacle(self, *phases: PhaseView, needs: tuple[NeedView, ...] = (DOCTOR, ROOM)) -> str:
        openings = Openings(resources_with_hours(), on=AT.date())
        found = openings.obstacle_of(needs=needs, phases=phases)
        return found.field if found else ""

    def test_hold_what_fits_into_a_day(self, world: World) -> None:
        assert self.obstacle(phase(60, "room"), phase(30, "doctor", "room")) == ""

    def test_of_two_sites_are_not_one(self, world: World) -> None:
        for resource, site in (
            (world.bruno_resource, world.paris),
            (world.paula_resource, world.lyon),
        ):
            set_weekly_hours(
                resource_id=resource, openings=[Opening(site, 6, 540, 720)], actor=SYSTEM, at=AT
            )

        # The doctors work on Sundays only, and the rooms never then.
        assert self.obstacle(phase(30, "doctor", "room")) == "phases"

    def test_count_an_extra_one(self, world: World) -> None:
        for resource in (world.lyon_room, world.paris_room):
            set_weekly_hours(resource_id=resource, openings=[], actor=SYSTEM, at=AT)
        assert self.obstacle(phase(30, "doctor", "room")) == "phases.0.minutes"

        add_extra_opening(
            resource_id=world.lyon_room,
            site_id=world.lyon,
            on=AT.date(),
            from_minute=540,
            until_minute=720,
            actor=SYSTEM,
            at=AT,
        )

        assert self.obstacle(phase(30, "doctor", "room")) == ""
        assert self.obstacle(phase(200, "doctor", "room")) == "phases.0.minutes"

    def test_end_where_somebody_leaves_for_good(self, world: World) -> None:
        for doctor in (world.bruno_resource, world.paula_resource):
            add_closure(
                resource_id=doctor,
                from_date=AT.date(),
                until_date=WITHOUT_END,
                actor=SYSTEM,
                at=AT,
            )

        assert self.obstacle(phase(30, "doctor", "room")) == "phases.0.minutes"

    def test_are_not_missed_by_a_device_that_stands_elsewhere(self, world: World) -> None:
        # The only pen stands in Lyon, where Bruno works.
        needs = (DOCTOR, ROOM, PEN)
        held = phase(30, "doctor", "room", "pen")
        assert self.obstacle(held, needs=needs) == ""

        set_resource_active(resource_id=world.bruno_resource, is_active=False, actor=SYSTEM, at=AT)

        assert self.obstacle(held, needs=needs) == "phases"
