"""Displaced appointments: what the engine would refuse of what they hold, and nothing else."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from aiguille.booking.displaced import Why, all_displaced, list_displaced, propose
from aiguille.booking.facts import Ignored, facts_for_start, read_calendar
from aiguille.booking.models import Appointment, Occupancy
from aiguille.booking.operations import book, cancel_appointment, move_appointment
from aiguille.booking.queries import get_appointment
from aiguille.catalogue.operations import update_service
from aiguille.catalogue.queries import ServiceView, get_service
from aiguille.clinics.models import Closure, ExternalBusy, ExternalCalendar
from aiguille.clinics.operations import (
    Opening,
    add_closure,
    create_resource,
    set_resource_active,
    set_weekly_hours,
    update_resource,
)
from aiguille.clinics.queries import get_site
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.search import assign
from tests.course import Course, open_course
from tests.world import AT, World

pytestmark = pytest.mark.django_db
TEN = AT + timedelta(days=1, hours=1)  # Tuesday, ten o'clock in Lyon
DAY = TEN.date()


@pytest.fixture
def course(world: World) -> Course:
    return open_course(world)


@pytest.fixture
def consultation(world: World, course: Course) -> UUID:
    return book(
        patient_id=world.anna.patient_id,
        service_id=course.consultation_service,
        site_id=world.lyon,
        starts_at=TEN,
        actor=world.diane.actor,
        at=AT,
    )


@pytest.fixture
def session(world: World, course: Course) -> UUID:
    return book(
        patient_id=world.anna.patient_id,
        service_id=course.session_service,
        site_id=world.lyon,
        plan_id=course.plan,
        starts_at=TEN + timedelta(days=2),
        actor=world.diane.actor,
        at=AT,
    )


def displaced(at: datetime = AT) -> dict[UUID, set[tuple[str, Why]]]:
    return {
        each.appointment.id: {(fault.name, fault.why) for fault in each.faults}
        for each in all_displaced(at=at)
    }


def close(resource: UUID, first: tuple[date, int], last: tuple[date, int]) -> UUID:
    return add_closure(
        resource_id=resource,
        from_date=first[0],
        from_minute=first[1],
        until_date=last[0],
        until_minute=last[1],
        actor=SYSTEM,
        at=AT,
    )


class TestWhatDisplaces:
    def test_nothing_does_where_nothing_changed(self, consultation: UUID, session: UUID) -> None:
        assert displaced() == {}

    def test_leave(self, world: World, consultation: UUID) -> None:
        close(world.bruno_resource, (DAY, 0), (DAY + timedelta(days=1), 0))

        assert displaced() == {consultation: {("Dr Bruno Delmas", Why.CLOSED)}}

    def test_a_closed_room_and_a_closed_site(self, world: World, consultation: UUID) -> None:
        close(world.lyon_room, (DAY, 620), (DAY, 625))
        assert displaced() == {consultation: {("Salle 1", Why.CLOSED)}}

        add_closure(
            site_id=world.lyon,
            from_date=DAY,
            until_date=DAY + timedelta(days=1),
            actor=SYSTEM,
            at=AT,
        )

        assert displaced()[consultation] == {
            ("Salle 1", Why.CLOSED),
            ("Dr Bruno Delmas", Why.CLOSED),
        }

    @pytest.mark.parametrize(
        ("first", "last", "is_hit"),
        [(540, 600, False), (540, 605, True), (625, 720, True), (630, 720, False)],
    )
    def test_a_closure_that_touches_it_but_not_its_buffer(
        self, world: World, consultation: UUID, first: int, last: int, is_hit: bool
    ) -> None:
        # Half past ten ends it; the doctor's buffer goes on for five minutes.
        close(world.bruno_resource, (DAY, first), (DAY, last))

        assert bool(displaced()) is is_hit

    def test_changed_hours(self, world: World, consultation: UUID) -> None:
        set_weekly_hours(
            resource_id=world.bruno_resource,
            openings=[Opening(world.lyon, 1, 540, 620), Opening(world.paris, 1, 620, 720)],
            actor=SYSTEM,
            at=AT,
        )

        assert displaced() == {consultation: {("Dr Bruno Delmas", Why.CLOSED)}}

    def test_somebody_who_leaves_and_a_skill_that_goes(
        self, world: World, consultation: UUID
    ) -> None:
        update_resource(
            resource_id=world.lyon_room, name="Salle 1", skills=["treatment"], actor=SYSTEM, at=AT
        )
        set_resource_active(resource_id=world.bruno_resource, is_active=False, actor=SYSTEM, at=AT)

        assert displaced() == {
            consultation: {("Salle 1", Why.UNSKILLED), ("Dr Bruno Delmas", Why.INACTIVE)}
        }

    def test_what_an_external_calendar_says_does_not(
        self, world: World, consultation: UUID
    ) -> None:
        calendar = ExternalCalendar.objects.create(
            resource_id=world.bruno_resource, name="x", time_zone="Europe/Paris", created_at=AT
        )
        ExternalBusy.objects.create(
            calendar=calendar,
            resource_id=world.bruno_resource,
            period=(TEN, TEN + timedelta(hours=1)),
        )

        assert displaced() == {}

    def test_a_numbing_phase_does_not_ask_for_the_doctor(self, world: World, session: UUID) -> None:
        service = get_service(Appointment.objects.get(id=session).service_id)
        alone = service.phases[0].minutes
        assert "doctor" not in service.phases[0].needs
        day = DAY + timedelta(days=2)

        close(world.bruno_resource, (day, 600), (day, 600 + alone))
        assert displaced() == {}

        close(world.bruno_resource, (day, 600), (day, 605 + alone))
        assert displaced() == {session: {("Dr Bruno Delmas", Why.CLOSED)}}

    def test_a_service_made_longer_does_not(
        self, world: World, course: Course, consultation: UUID
    ) -> None:
        lengthen(world, get_service(course.consultation_service))
        assert displaced() == {}

        close(world.lyon_room, (DAY, 600), (DAY, 605))

        assert displaced() == {consultation: {("Salle 1", Why.CLOSED)}}


def lengthen(world: World, service: ServiceView) -> None:
    update_service(
        service_id=service.id,
        needs=service.needs,
        phases=[replace(phase, minutes=phase.minutes + 30) for phase in service.phases],
        min_notice_minutes=service.min_notice_minutes,
        max_horizon_days=service.max_horizon_days,
        slot_step_minutes=service.slot_step_minutes,
        is_bookable_online=True,
        is_active=True,
        actor=world.ines.actor,
        at=AT,
    )


class TestWhatIsListed:
    def test_lies_ahead_and_within_the_days_and_at_the_site(
        self, world: World, consultation: UUID
    ) -> None:
        close(world.bruno_resource, (DAY, 0), (DAY + timedelta(days=1), 0))
        asked: list[tuple[dict[str, Any], bool]] = [
            ({"first_day": DAY, "last_day": DAY}, True),
            ({"first_day": DAY, "last_day": None}, True),
            ({"first_day": DAY + timedelta(days=1), "last_day": None}, False),
            ({"first_day": AT.date(), "last_day": AT.date()}, False),
            ({"first_day": DAY, "last_day": DAY, "site_id": world.lyon}, True),
            ({"first_day": DAY, "last_day": DAY, "site_id": world.paris}, False),
        ]
        for terms, is_listed in asked:
            assert bool(list_displaced(at=AT, **terms)) is is_listed, terms
        assert displaced(TEN) == {}

        cancel_appointment(appointment_id=consultation, actor=world.diane.actor, at=AT)

        assert displaced() == {}

    def test_costs_four_queries_however_much_it_is(
        self,
        world: World,
        consultation: UUID,
        session: UUID,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        close(world.bruno_resource, (DAY, 0), (DAY + timedelta(days=9), 0))

        with django_assert_max_num_queries(4):
            assert len(all_displaced(at=AT)) == 2


class TestProposals:
    def test_keep_the_practitioner_and_can_be_taken(self, world: World, consultation: UUID) -> None:
        close(world.bruno_resource, (DAY, 0), (DAY + timedelta(days=1), 0))

        proposals = propose(get_appointment(consultation), at=AT)

        assert len(proposals) == 3
        assert {p.practitioner_id for p in proposals} == {world.bruno_resource}
        for proposal in proposals:
            assert proposal.start.local_date != DAY
            assert not proposal.is_unseen
        first = proposals[0]
        move_appointment(
            appointment_id=consultation,
            starts_at=first.start.starts_at,
            site_id=first.start.site_id,
            practitioner_id=first.practitioner_id,
            actor=world.diane.actor,
            at=AT,
        )
        assert displaced() == {}

    def test_begin_with_the_same_time_where_only_a_room_is_closed(
        self, world: World, consultation: UUID
    ) -> None:
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
            resource_id=other, openings=[Opening(world.lyon, 1, 540, 720)], actor=SYSTEM, at=AT
        )
        later = AT - timedelta(hours=1)  # the start is more than a day ahead
        close(world.lyon_room, (DAY, 0), (DAY + timedelta(days=1), 0))

        first = propose(get_appointment(consultation), at=later)[0]

        assert first.is_unseen
        assert first.start.starts_at == TEN

    def test_of_somebody_who_left_are_a_colleagues(self, world: World, consultation: UUID) -> None:
        set_weekly_hours(
            resource_id=world.paula_resource,
            openings=[Opening(world.lyon, day, 540, 720) for day in range(5)],
            actor=SYSTEM,
            at=AT,
        )
        set_resource_active(resource_id=world.bruno_resource, is_active=False, actor=SYSTEM, at=AT)

        proposals = propose(get_appointment(consultation), at=AT)

        assert {p.practitioner_name for p in proposals} == {"Dr Paula Roche"}

    def test_of_a_session_keep_the_interval(
        self, world: World, course: Course, session: UUID
    ) -> None:
        second = book(
            patient_id=world.anna.patient_id,
            service_id=course.session_service,
            site_id=world.lyon,
            plan_id=course.plan,
            starts_at=TEN + timedelta(days=16),
            actor=world.diane.actor,
            at=AT,
        )
        day = DAY + timedelta(days=16)
        close(world.bruno_resource, (day, 0), (day + timedelta(days=1), 0))

        proposals = propose(get_appointment(second), at=AT)

        assert proposals
        assert all(p.start.local_date > day for p in proposals)

    def test_are_none_where_nobody_is_left(self, world: World, consultation: UUID) -> None:
        for doctor in (world.bruno_resource, world.paula_resource):
            set_resource_active(resource_id=doctor, is_active=False, actor=SYSTEM, at=AT)

        assert propose(get_appointment(consultation), at=AT) == ()


closing = st.tuples(
    st.sampled_from(["bruno_resource", "lyon_room", "lyon_pen", "paula_resource", "lyon"]),
    st.integers(0, 4 * 288),
    st.integers(1, 40),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(closing, max_size=4))
def test_displaced_is_what_the_engine_would_not_give_again(
    world: World, consultation: UUID, session: UUID, closings: list[tuple[str, int, int]]
) -> None:
    Closure.objects.all().delete()
    for what, first, length in closings:
        start = datetime.combine(DAY, datetime.min.time()) + timedelta(minutes=5 * first)
        end = start + timedelta(minutes=5 * length)
        Closure.objects.create(
            site_id=world.lyon if what == "lyon" else None,
            resource_id=None if what == "lyon" else getattr(world, what),
            from_date=start.date(),
            from_minute=start.hour * 60 + start.minute,
            until_date=end.date(),
            until_minute=end.hour * 60 + end.minute,
        )

    refused = {each for each in (consultation, session) if not engine_gives_again(each)}

    assert set(displaced()) == refused


def engine_gives_again(appointment_id: UUID) -> bool:
    """Tell whether the engine would give the appointment what it holds, were nothing else there."""
    row = Appointment.objects.get(id=appointment_id)
    held = set(
        Occupancy.objects.filter(appointment=row, resource__isnull=False).values_list(
            "resource_id", flat=True
        )
    )
    calendar = read_calendar(get_service(row.service_id))
    site = get_site(row.site_id)
    assert site is not None
    known = facts_for_start(
        calendar,
        site=site,
        starts_at=row.starts_at,
        at=AT,
        ignored=Ignored(appointment_id=appointment_id),
    )
    only = replace(
        known, resources=tuple(each for each in known.resources if UUID(each.id) in held)
    )
    chosen = assign(
        facts=only, service=calendar.engine_service, start=row.starts_at, site=str(site.id)
    )
    return chosen is not None
