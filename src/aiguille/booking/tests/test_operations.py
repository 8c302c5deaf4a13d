"""Holding, booking, moving and cancelling a consultation."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.models import AuditEvent
from aiguille.booking.holds import sweep_holds
from aiguille.booking.models import Appointment, AppointmentEvent, Hold, Occupancy
from aiguille.booking.operations import (
    AlreadyBooked,
    NotBookable,
    book,
    cancel_appointment,
    check_in,
    finish,
    hold_slot,
    mark_no_show,
    move_appointment,
    release_hold,
)
from aiguille.booking.placing import PatientBusy, SlotTaken
from aiguille.booking.queries import free_starts, get_appointment, hold_of
from aiguille.booking.states import ChangeTooLate, NotYet, StaleVersion, StateRefuses
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.actor import SYSTEM, VISITOR
from aiguille.kernel.codes import Procedure
from aiguille.kernel.ids import new_id
from aiguille.plumbing.access import NotVisible

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # Wednesday, 10:00 in Lyon
ELEVEN = TEN + timedelta(hours=1)


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY).id


@pytest.fixture
def booking(world, service):
    """Book for Anna in Lyon; anything may be said otherwise."""

    def booking_of(**other):
        facts = {
            "patient_id": world.anna.patient_id,
            "service_id": service,
            "site_id": world.lyon,
            "starts_at": TEN,
            "actor": world.diane.actor,
            "at": world.at,
        }
        return book(**(facts | other))

    return booking_of


@pytest.fixture
def holding(world, service):
    def holding_of(**other):
        facts = {
            "browser": "anna's phone",
            "service_id": service,
            "site_id": world.lyon,
            "starts_at": TEN,
            "at": world.at,
        }
        return hold_slot(**(facts | other))

    return holding_of


def starts(world, service, **other):
    facts = {
        "service_id": service,
        "first_day": TEN.date(),
        "last_day": TEN.date(),
        "site_id": world.lyon,
        "at": world.at,
    }
    return [start.starts_at for start in free_starts(**(facts | other))]


class TestBook:
    def test_takes_practitioner_room_and_patient(self, world, booking):
        appointment_id = booking()
        held = Occupancy.objects.filter(appointment_id=appointment_id)
        assert {row.resource_id or row.patient_id for row in held} == {
            world.bruno_resource,
            world.lyon_room,
            world.anna.patient_id,
        }
        view = get_appointment(appointment_id)
        assert (view.practitioner_id, view.local.hour) == (world.bruno_resource, 10)
        assert view.ends_at - view.starts_at == timedelta(minutes=30)

    def test_is_audited_and_kept_in_the_history(self, booking):
        appointment_id = booking()
        assert AuditEvent.objects.filter(
            action="booking:appointment:booked", subject_id=appointment_id
        ).exists()
        event = AppointmentEvent.objects.get(appointment_id=appointment_id)
        assert (event.before, event.after["state"]) == (None, "BOOKED")

    def test_is_one_statement_after_three_questions(
        self, world, booking, django_assert_num_queries
    ):
        booking(starts_at=ELEVEN)  # what can be booked is known now
        with django_assert_num_queries(6) as captured:  # two are the savepoint's, here alone
            booking(patient_id=world.marc.patient_id)
        written = [each["sql"] for each in captured if "INSERT INTO" in each["sql"]]
        assert len(written) == 1
        assert all(
            f"{table}" in written[0]
            for table in (
                "booking_appointment",
                "booking_appointment_event",
                "booking_occupancy",
                "audit_event",
                "audit_chain_head",
                "messaging_outbox",
            )
        )

    def test_takes_the_time_of_a_hold_that_expired(self, world, booking, holding):
        holding()
        later = world.at + timedelta(minutes=11)
        booking(at=later)
        assert Occupancy.objects.filter(hold__isnull=False).count() == 0

    def test_refuses_a_taken_start_and_names_the_nearest(self, world, booking):
        booking()
        with pytest.raises(SlotTaken) as refused:
            booking(patient_id=world.marc.patient_id)
        nearest = [start.starts_at for start in refused.value.nearest]
        assert len(nearest) == 3
        assert nearest == sorted(nearest)
        assert all(abs(start - TEN) <= timedelta(hours=1) for start in nearest)

    def test_refuses_a_patient_in_two_places(self, world, booking):
        booking()
        with pytest.raises(PatientBusy):
            booking(site_id=world.paris)

    @pytest.mark.parametrize(
        "start",
        [
            TEN.replace(hour=3),  # before opening
            TEN.replace(hour=16, minute=45),  # would end after closing
            TEN.replace(minute=3),  # between two ticks
            TEN + timedelta(days=3),  # a Saturday
        ],
    )
    def test_refuses_what_is_not_open(self, booking, start):
        with pytest.raises(SlotTaken):
            booking(starts_at=start)

    def test_visitors_get_only_what_is_offered(self, world, booking):
        with pytest.raises(SlotTaken):
            booking(starts_at=TEN.replace(minute=5), actor=VISITOR)  # off the step of 15 minutes
        with pytest.raises(SlotTaken):
            booking(starts_at=world.at + timedelta(minutes=60), actor=VISITOR)  # notice: two hours
        assert booking(starts_at=TEN.replace(minute=5))
        assert booking(starts_at=TEN + timedelta(hours=1), actor=VISITOR)

    def test_refuses_unknown_sites_services_and_patients(self, world, booking):
        with pytest.raises(NotBookable):
            booking(site_id=new_id())
        with pytest.raises(NotVisible):
            booking(patient_id=new_id())

    def test_refuses_staff_without_the_right(self, world, booking):
        with pytest.raises(NotAllowed):
            booking(actor=world.ines.actor)

    def test_the_same_request_makes_one_appointment(self, booking):
        key = new_id()
        first = booking(request_key=key)
        with pytest.raises(AlreadyBooked) as again:
            booking(request_key=key)
        assert again.value.appointment_id == first
        assert Appointment.objects.count() == 1

    def test_the_database_refuses_an_appointment_that_holds_nothing(self, booking):
        row = Appointment.objects.get(id=booking())
        row.pk, row.number = new_id(), 99_999
        row.save(force_insert=True)
        with pytest.raises(IntegrityError, match="holds its patient"):
            connection.check_constraints()


class TestHold:
    def test_keeps_the_time_from_others_but_not_from_its_browser(self, world, service, holding):
        held = holding()
        assert held.expires_at == world.at + timedelta(minutes=10)
        assert TEN not in starts(world, service)
        assert TEN in starts(world, service, browser="anna's phone")
        with pytest.raises(SlotTaken):
            holding(browser="another")

    def test_becomes_the_appointment(self, world, service, holding, booking):
        held = holding()
        appointment_id = booking(hold_browser="anna's phone", actor=VISITOR)
        assert not Hold.objects.exists()
        assert get_appointment(appointment_id).practitioner_id == held.practitioner_id
        assert Occupancy.objects.filter(appointment_id=appointment_id).count() == 3
        assert Occupancy.objects.filter(hold__isnull=False).count() == 0

    def test_expires(self, world, service, holding, booking):
        holding()
        later = world.at + timedelta(minutes=10)
        assert TEN in starts(world, service, at=later)
        assert booking(at=later)
        assert hold_of(browser="anna's phone", at=later) is None

    def test_is_one_per_browser(self, world, service, holding):
        holding()
        second = holding(starts_at=ELEVEN)
        assert Hold.objects.count() == 1
        assert second.starts_at == ELEVEN
        assert TEN in starts(world, service)

    def test_asked_twice_is_not_made_longer(self, world, holding):
        first = holding()
        assert holding(at=world.at + timedelta(minutes=5)) == first

    def test_stays_where_the_next_wish_is_taken(self, world, booking, holding):
        holding()
        booking(starts_at=ELEVEN)
        with pytest.raises(SlotTaken), transaction.atomic():
            holding(starts_at=ELEVEN)
        held = hold_of(browser="anna's phone", at=world.at)
        assert held is not None
        assert held.starts_at == TEN

    def test_is_released(self, world, service, holding):
        holding()
        release_hold(browser="anna's phone")
        assert TEN in starts(world, service)


class TestMove:
    def test_frees_the_old_time_and_takes_the_new(self, world, service, booking):
        appointment_id = booking()
        version = move_appointment(
            appointment_id=appointment_id,
            starts_at=ELEVEN,
            version=1,
            actor=world.diane.actor,
            at=world.at,
        )
        assert version == 2
        assert get_appointment(appointment_id).starts_at == ELEVEN
        free = starts(world, service)
        assert TEN in free
        assert ELEVEN not in free

    def test_may_overlap_its_own_old_time(self, world, booking):
        appointment_id = booking()
        quarter_later = TEN + timedelta(minutes=15)
        move_appointment(
            appointment_id=appointment_id,
            starts_at=quarter_later,
            actor=world.diane.actor,
            at=world.at,
        )
        assert get_appointment(appointment_id).starts_at == quarter_later

    def test_leaves_everything_where_the_new_time_is_taken(self, world, service, booking):
        appointment_id = booking()
        booking(starts_at=ELEVEN, patient_id=world.marc.patient_id)
        with pytest.raises(SlotTaken), transaction.atomic():
            move_appointment(
                appointment_id=appointment_id,
                starts_at=ELEVEN,
                actor=world.diane.actor,
                at=world.at,
            )
        assert get_appointment(appointment_id).starts_at == TEN
        assert TEN not in starts(world, service)

    def test_refuses_a_page_that_shows_an_older_version(self, world, booking):
        appointment_id = booking()
        move = {"appointment_id": appointment_id, "actor": world.diane.actor, "at": world.at}
        move_appointment(**move, starts_at=ELEVEN, version=1)
        with pytest.raises(StaleVersion):
            move_appointment(**move, starts_at=TEN, version=1)

    def test_patients_may_until_a_day_before(self, world, booking):
        appointment_id = booking()
        move = {"appointment_id": appointment_id, "starts_at": ELEVEN, "actor": VISITOR}
        with pytest.raises(ChangeTooLate):
            move_appointment(**move, at=TEN - timedelta(hours=24) + timedelta(seconds=1))
        assert move_appointment(**move, at=TEN - timedelta(hours=24)) == 2


class TestCancel:
    def test_frees_the_time(self, world, service, booking):
        appointment_id = booking()
        cancel_appointment(appointment_id=appointment_id, actor=VISITOR, at=world.at)
        assert TEN in starts(world, service)
        assert not Occupancy.objects.filter(appointment_id=appointment_id).exists()

    def test_twice_is_once(self, world, booking):
        appointment_id = booking()
        for _ in range(2):
            cancel_appointment(appointment_id=appointment_id, version=1, actor=VISITOR, at=world.at)
        assert AppointmentEvent.objects.filter(appointment_id=appointment_id).count() == 2

    def test_is_too_late_for_patients_not_for_the_desk(self, world, booking):
        appointment_id = booking()
        soon = TEN - timedelta(hours=1)
        with pytest.raises(ChangeTooLate):
            cancel_appointment(appointment_id=appointment_id, actor=VISITOR, at=soon)
        cancel_appointment(appointment_id=appointment_id, actor=world.diane.actor, at=soon)


class TestStates:
    def test_arrival_is_recorded_on_the_day_only(self, world, booking):
        appointment_id = booking()
        with pytest.raises(NotYet):
            check_in(appointment_id=appointment_id, actor=world.diane.actor, at=world.at)
        check_in(appointment_id=appointment_id, actor=world.diane.actor, at=TEN)
        with pytest.raises(StateRefuses):
            check_in(appointment_id=appointment_id, actor=world.diane.actor, at=TEN)
        finish(appointment_id=appointment_id, actor=world.bruno.actor, at=TEN)
        assert get_appointment(appointment_id).state == "DONE"
        with pytest.raises(StateRefuses):
            cancel_appointment(appointment_id=appointment_id, actor=world.diane.actor, at=TEN)

    def test_absence_is_recorded_after_the_start_only(self, world, service, booking):
        appointment_id = booking()
        with pytest.raises(NotYet):
            mark_no_show(
                appointment_id=appointment_id,
                actor=world.diane.actor,
                at=TEN - timedelta(minutes=1),
            )
        mark_no_show(appointment_id=appointment_id, actor=world.diane.actor, at=TEN)
        assert not Occupancy.objects.filter(appointment_id=appointment_id).exists()


def test_expired_holds_are_swept(world, holding):
    holding()
    holding(browser="another", starts_at=ELEVEN, at=world.at + timedelta(minutes=5))
    assert sweep_holds(at=world.at + timedelta(minutes=10)) == 1
    assert Hold.objects.get().starts_at == ELEVEN
    assert sweep_holds(at=world.at + timedelta(minutes=15)) == 1
    assert not Occupancy.objects.exists()
