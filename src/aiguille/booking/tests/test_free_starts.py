"""Free times: bounded queries, each zone by its own walls, and never over what is taken."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiguille.booking.busy import check_bits
from aiguille.booking.facts import Ignored, calendar_of
from aiguille.booking.free_times import nearest_starts
from aiguille.booking.models import Occupancy
from aiguille.booking.operations import (
    book,
    cancel_appointment,
    hold_slot,
    move_appointment,
    release_hold,
)
from aiguille.booking.queries import agenda_day, first_free_days, free_starts, free_times
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service, get_service, service_by_code
from aiguille.clinics.operations import (
    Opening,
    add_closure,
    create_resource,
    create_site,
    set_weekly_hours,
)
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ResourceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

pytestmark = pytest.mark.django_db
WEDNESDAY = date(2026, 3, 4)
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY).id


def ask(world, service, *, days=1, **other):
    facts = {
        "service_id": service,
        "first_day": WEDNESDAY,
        "last_day": WEDNESDAY + timedelta(days=days - 1),
        "at": world.at,
    }
    return free_starts(**(facts | other))


class TestFreeStarts:
    def test_are_within_hours_on_the_step(self, world, service):
        starts = ask(world, service, site_id=world.lyon)
        local = [f"{start.local:%H:%M}" for start in starts]
        assert (local[0], local[-1], len(local)) == ("09:00", "17:30", 35)
        assert {start.practitioner_ids for start in starts} == {(world.bruno_resource,)}

    def test_of_every_site_are_merged_by_instant(self, world, service):
        starts = ask(world, service)
        assert {start.site_id for start in starts} == {world.lyon, world.paris}
        assert starts == sorted(starts)

    def test_of_sites_in_several_zones_keep_their_own_walls(self, world, service):
        island = create_site(
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
            at=world.at,
        )
        room = create_resource(
            kind=ResourceKind.ROOM,
            code="island-room",
            name="Salle",
            skills=("consultation",),
            site_id=island,
            actor=SYSTEM,
            at=world.at,
        )
        for resource in (world.paula_resource, room):
            set_weekly_hours(
                resource_id=resource,
                openings=[Opening(island, 2, 9 * 60, 10 * 60)],
                actor=SYSTEM,
                at=world.at,
            )
        starts = ask(world, service, site_id=island)
        assert [f"{start.local:%H:%M}" for start in starts] == ["09:00", "09:15", "09:30"]
        assert starts[0].starts_at == datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
        both = ask(world, service)
        assert both[0].site_id == island
        assert {start.site_id for start in both} == {island, world.lyon}

    def test_respect_closures(self, world, service):
        add_closure(
            site_id=world.lyon,
            from_date=WEDNESDAY,
            from_minute=12 * 60,
            until_date=WEDNESDAY + timedelta(days=1),
            reason="Travaux",
            actor=SYSTEM,
            at=world.at,
        )
        starts = ask(world, service, site_id=world.lyon)
        assert f"{starts[-1].local:%H:%M}" == "11:30"

    @pytest.mark.parametrize("site", ["", "lyon"])
    @pytest.mark.parametrize("minutes", [0, 7, 45, 720, 3000])
    def test_nearest_are_those_of_all_that_lie_nearest(self, world, service, site, minutes):
        wanted = datetime(2026, 3, 4, 9, 0, tzinfo=UTC) + timedelta(minutes=minutes)
        site_id = world.lyon if site else None
        found = nearest_starts(
            calendar_of(service),
            wanted=wanted,
            day=WEDNESDAY,
            at=world.at,
            site_id=site_id,
            practitioner_id=None,
            patient_id=None,
            ignored=Ignored(),
        )
        every = ask(world, service, days=8, site_id=site_id)
        every += ask(world, service, first_day=world.at.date(), last_day=date(2026, 3, 3))
        every = [start for start in every if site_id in {None, start.site_id}]
        every.sort(key=lambda start: (abs(start.starts_at - wanted), start))
        assert found == tuple(sorted(every[:3]))

    def test_leave_out_when_the_patient_is_elsewhere(self, world, service):
        ten = datetime(2026, 3, 4, 10, 0, tzinfo=PARIS)
        book(
            patient_id=world.anna.patient_id,
            service_id=service,
            site_id=world.paris,
            starts_at=ten,
            actor=world.diane.actor,
            at=world.at,
        )
        at_lyon = {"site_id": world.lyon}
        everybody = {s.starts_at for s in ask(world, service, **at_lyon)}
        annas = {
            s.starts_at for s in ask(world, service, **at_lyon, patient_id=world.anna.patient_id)
        }
        assert everybody - annas == {ten + timedelta(minutes=15 * n) for n in (-1, 0, 1)}

    def test_cost_as_many_queries_however_much_is_booked(
        self, world, service, django_assert_max_num_queries
    ):
        for hour in range(9, 17):
            book(
                patient_id=world.anna.patient_id,
                service_id=service,
                site_id=world.lyon,
                starts_at=datetime(2026, 3, 4, hour, 0, tzinfo=PARIS),
                actor=world.diane.actor,
                at=world.at,
            )
        with django_assert_max_num_queries(4):
            free_times(
                service=get_service(service),
                first_day=WEDNESDAY,
                last_day=WEDNESDAY + timedelta(days=60),
                at=world.at,
            )
        with django_assert_max_num_queries(2):
            lines = agenda_day(site_id=world.lyon, day=WEDNESDAY)
        assert len(lines) == 8
        assert {line.held for line in lines} == {("Salle 1",)}

    def test_days_at_a_glance_are_weekdays(self, world, service):
        days = first_free_days(
            service_id=service, first_day=WEDNESDAY, days=14, at=world.at, site_id=world.lyon
        )
        assert [day.day.weekday() for day in days] == [2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
        assert {day.count for day in days} == {35}

    def test_phases_free_the_doctor_while_the_cream_works(self, world, service):
        needling = service_by_code("session-needling-ageing")
        book(
            patient_id=world.anna.patient_id,
            service_id=service,
            site_id=world.lyon,
            starts_at=datetime(2026, 3, 4, 9, 0, tzinfo=PARIS),
            actor=world.diane.actor,
            at=world.at,
        )
        # The consultation takes the only room until 9:30; the doctor is needed 65 minutes later.
        starts = ask(world, needling.id, site_id=world.lyon)
        assert f"{starts[0].local:%H:%M}" == "09:30"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["book", "hold", "move", "cancel", "release", "wait"]),
        st.integers(0, 3),  # whose
        st.integers(0, 16),  # which quarter of an hour after nine
        st.booleans(),  # Lyon or Paris
    ),
    max_size=14,
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_nothing_overlaps_after_any_operations(world, service, steps):
    at, made = world.at, []
    patients = (world.anna.patient_id, world.marc.patient_id)
    for kind, whose, quarter, in_lyon in steps:
        start = datetime(2026, 3, 4, 9, 0, tzinfo=PARIS) + timedelta(minutes=15 * quarter)
        site = world.lyon if in_lyon else world.paris
        staff = {"actor": world.diane.actor, "at": at}
        facts = {"service_id": service, "site_id": site, "starts_at": start}
        try:
            if kind == "book":
                browser = f"browser {whose}" if whose % 2 else None
                patient = patients[whose % 2]
                made.append(book(**facts, patient_id=patient, hold_browser=browser, **staff))
            elif kind == "hold":
                hold_slot(**facts, browser=f"browser {whose}", at=at)
            elif kind == "release":
                release_hold(browser=f"browser {whose}")
            elif kind == "wait":
                at += timedelta(minutes=3 * whose)
            elif made and kind == "move":
                appointment = made[whose % len(made)]
                move_appointment(appointment_id=appointment, starts_at=start, site_id=site, **staff)
            elif made:
                cancel_appointment(appointment_id=made[whose % len(made)], **staff)
        except DomainError:
            pass  # a refusal is an answer; what it leaves behind is what is looked at
        assert_sound(world, service, at)
    for appointment in made:
        cancel_appointment(appointment_id=appointment, actor=world.diane.actor, at=at)
    for whose in range(4):
        release_hold(browser=f"browser {whose}")
    assert not Occupancy.objects.exists()


def assert_sound(world, service, at):
    """Check that nothing overlaps, that bits are rows, that no free start is over what is taken."""
    assert check_bits() == []
    held = list(Occupancy.objects.select_related("hold").order_by("id"))
    for one in held:
        for other in held:
            same = (one.resource_id, one.patient_id) == (other.resource_id, other.patient_id)
            if one.id < other.id and same:
                assert (
                    one.period.upper <= other.period.lower or other.period.upper <= one.period.lower
                )
    doctors = [
        (row.resource_id, row.period)
        for row in held
        if row.resource_id in {world.bruno_resource, world.paula_resource}
        and (row.hold is None or row.hold.expires_at > at)
    ]
    for start in ask(world, service, at=at):
        end = start.starts_at + timedelta(minutes=35)  # five minutes of buffer included
        for doctor, period in doctors:
            if doctor in start.practitioner_ids:
                assert end <= period.lower or period.upper <= start.starts_at
