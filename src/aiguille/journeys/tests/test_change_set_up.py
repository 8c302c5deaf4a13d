"""A change of the set-up is shown before it is made, and leaves a task where it displaces something."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from aiguille.booking.displaced import all_displaced, propose
from aiguille.booking.operations import book
from aiguille.booking.queries import get_appointment
from aiguille.booking.states import StaleVersion
from aiguille.clinics.models import Closure
from aiguille.clinics.operations import (
    Opening,
    SetUpUnsound,
    add_closure,
    create_resource,
    remove_closure,
    set_resource_active,
    set_weekly_hours,
)
from aiguille.journeys.change_set_up import (
    TASK,
    Outcome,
    change_set_up,
    impossible_services,
    look_for_displaced,
    move_displaced,
)
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ResourceKind, StaffRole
from aiguille.messaging.models import OutboxMessage
from aiguille.worklist.models import Task, TaskState
from tests.course import Course, open_course
from tests.world import AT, SpacePerson, World

pytestmark = pytest.mark.django_db
TEN = AT + timedelta(days=1, hours=1)
DAY = TEN.date()


@pytest.fixture
def course(world: World) -> Course:
    return open_course(world)


def consult(world: World, course: Course, person: SpacePerson, hours: float = 0) -> UUID:
    return book(
        patient_id=person.patient_id,
        service_id=course.consultation_service,
        site_id=world.lyon,
        starts_at=TEN + timedelta(hours=hours),
        actor=world.diane.actor,
        at=AT,
    )


def leave(world: World) -> Callable[[], UUID]:
    return lambda: add_closure(
        resource_id=world.bruno_resource,
        from_date=DAY,
        until_date=DAY + timedelta(days=1),
        actor=world.ines.actor,
        at=AT,
    )


def make(world: World, change: Callable[[], object], confirmed: str = "") -> Outcome:
    return change_set_up(change=change, confirmed=confirmed, actor=world.ines.actor, at=AT)


def open_tasks() -> list[tuple[UUID, str]]:
    rows = Task.objects.filter(kind=TASK).exclude(state=TaskState.DONE)
    return list(rows.values_list("subject_id", "role"))


def told(kind: str) -> int:
    return OutboxMessage.objects.filter(kind=kind).count()


class TestAChange:
    def test_that_displaces_nothing_is_made_at_once(self, world: World, course: Course) -> None:
        outcome = make(world, leave(world))

        assert (outcome.is_saved, outcome.displaced, outcome.key) == (True, (), "")
        assert Closure.objects.count() == 1
        assert open_tasks() == []

    def test_is_shown_then_made_when_exactly_that_was_seen(
        self, world: World, course: Course
    ) -> None:
        first = consult(world, course, world.anna)

        shown = make(world, leave(world))

        assert not shown.is_saved
        assert [each.appointment.id for each in shown.displaced] == [first]
        assert not Closure.objects.exists()
        assert all_displaced(at=AT) == []
        assert open_tasks() == []

        # Somebody books meanwhile: that is shown too, before anything is made.
        second = consult(world, course, world.marc, hours=2)
        again = make(world, leave(world), shown.key)

        assert not again.is_saved
        assert [each.appointment.id for each in again.displaced] == [first, second]

        made = make(world, leave(world), again.key)

        assert made.is_saved
        assert open_tasks() == [(world.lyon, StaffRole.FRONT_DESK)]
        assert get_appointment(first).starts_at == TEN
        assert told("appointment_moved") == told("appointment_cancelled") == 0

    def test_shows_only_what_it_displaces_itself(self, world: World, course: Course) -> None:
        consult(world, course, world.anna)
        set_resource_active(resource_id=world.lyon_room, is_active=False, actor=SYSTEM, at=AT)

        def nothing_more() -> None:
            set_resource_active(resource_id=world.paris_room, is_active=True, actor=SYSTEM, at=AT)

        assert make(world, nothing_more).is_saved
        assert make(world, leave(world)).is_saved  # the same appointment is displaced already

    def test_that_is_refused_leaves_nothing(self, world: World, course: Course) -> None:
        with pytest.raises(SetUpUnsound):
            make(world, lambda: add_closure(from_date=DAY, until_date=DAY, actor=SYSTEM, at=AT))

        assert not Closure.objects.exists()

    def test_names_the_services_that_it_makes_impossible(
        self, world: World, course: Course
    ) -> None:
        def without_rooms() -> None:
            for room in (world.lyon_room, world.paris_room):
                set_resource_active(resource_id=room, is_active=False, actor=SYSTEM, at=AT)

        shown = make(world, without_rooms)

        assert not shown.is_saved
        assert len(shown.impossible) > 1
        assert impossible_services(at=AT) == []
        assert make(world, without_rooms, shown.key).is_saved
        assert impossible_services(at=AT) == list(shown.impossible)


class TestTheTask:
    def test_ends_with_the_last_appointment_moved(self, world: World, course: Course) -> None:
        moved = [
            consult(world, course, world.anna),
            consult(world, course, world.marc, hours=2),
        ]
        make(world, leave(world), make(world, leave(world)).key)
        for left, appointment_id in ((1, moved[0]), (0, moved[1])):
            stands = get_appointment(appointment_id)
            proposal = propose(stands, at=AT)[0]
            move_displaced(
                appointment_id=appointment_id,
                starts_at=proposal.start.starts_at,
                site_id=proposal.start.site_id,
                practitioner_id=proposal.practitioner_id,
                version=stands.version,
                actor=world.diane.actor,
                at=AT,
            )
            assert len(all_displaced(at=AT)) == left
            assert len(open_tasks()) == left
        assert told("appointment_moved") == 2

    def test_is_found_by_the_round_and_ended_by_it(self, world: World, course: Course) -> None:
        consult(world, course, world.anna)
        closure = leave(world)()  # as by somebody who booked while the leave was recorded

        assert look_for_displaced(at=AT) == 1
        assert look_for_displaced(at=AT) == 1
        assert open_tasks() == [(world.lyon, StaffRole.FRONT_DESK)]

        remove_closure(closure_id=closure, actor=SYSTEM, at=AT)

        assert look_for_displaced(at=AT) == 0
        assert open_tasks() == []

    def test_ends_when_a_change_puts_everything_right(self, world: World, course: Course) -> None:
        consult(world, course, world.anna)
        make(world, leave(world), make(world, leave(world)).key)
        closure = Closure.objects.get()

        make(world, lambda: remove_closure(closure_id=closure.id, actor=SYSTEM, at=AT))

        assert open_tasks() == []


class TestAMove:
    def test_that_the_patient_would_not_notice_is_not_told(
        self, world: World, course: Course
    ) -> None:
        appointment_id = consult(world, course, world.anna, hours=4)
        other = create_resource(
            kind=ResourceKind.ROOM,
            code="lyon-room-2",
            name="Salle 2",
            skills=["consultation"],
            site_id=world.lyon,
            actor=SYSTEM,
            at=AT,
        )
        set_weekly_hours(
            resource_id=other,
            openings=[Opening(world.lyon, day, 540, 1080) for day in range(5)],
            actor=SYSTEM,
            at=AT,
        )
        set_resource_active(resource_id=world.lyon_room, is_active=False, actor=SYSTEM, at=AT)
        stands = get_appointment(appointment_id)
        reminders = told("appointment_reminder")

        move_displaced(
            appointment_id=appointment_id,
            starts_at=stands.starts_at,
            site_id=stands.site_id,
            practitioner_id=stands.practitioner_id,
            version=stands.version,
            actor=world.diane.actor,
            at=AT,
        )

        assert all_displaced(at=AT) == []
        assert told("appointment_moved") == 0
        assert told("appointment_reminder") >= reminders

    def test_on_an_old_page_moves_nothing(self, world: World, course: Course) -> None:
        appointment_id = consult(world, course, world.anna)
        stands = get_appointment(appointment_id)
        with pytest.raises(StaleVersion):
            move_displaced(
                appointment_id=appointment_id,
                starts_at=stands.starts_at + timedelta(days=1),
                site_id=stands.site_id,
                practitioner_id=None,
                version=stands.version - 1,
                actor=world.diane.actor,
                at=AT,
            )
