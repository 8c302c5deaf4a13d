"""Busy bits: what the rows say, whatever is done to the rows, and nobody else's to write."""

import io
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiguille.booking import cli
from aiguille.booking.busy import busy_ticks, check_bits
from aiguille.booking.facts import Ignored, calendar_of, facts_for_dates
from aiguille.booking.history import move_past_to_history
from aiguille.booking.models import (
    BusyWeek,
    EveryOccupancy,
    Hold,
    Occupancy,
    OccupancyHistory,
)
from aiguille.booking.operations import (
    book,
    cancel_appointment,
    check_in,
    finish,
    hold_slot,
    move_appointment,
)
from aiguille.booking.queries import agenda_day
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from aiguille.plumbing.statements import array_of
from aiguille.scheduling.timeline import (
    TICKS_PER_WEEK,
    Span,
    bits_of,
    instant_of,
    tick_of,
    weeks_of,
)
from tests.world import AT

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # Wednesday, 10:00 in Lyon
FIRST = tick_of(AT) // TICKS_PER_WEEK * TICKS_PER_WEEK
SPAN = Span(FIRST, FIRST + 3 * TICKS_PER_WEEK)
# Three weeks and a bit before and after, so that stretches lie over both ends and over edges.
TICKS = st.integers(FIRST - 300, FIRST + 3 * TICKS_PER_WEEK + 300)
LENGTHS = st.one_of(st.integers(1, 40), st.integers(1, 5000))


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY).id


@pytest.fixture
def hold(world, service):
    return Hold.objects.create(
        browser_hash="somebody",
        service_id=service,
        site_id=world.lyon,
        starts_at=TEN,
        ends_at=TEN,
        expires_at=TEN,
        created_at=world.at,
    )


@pytest.fixture
def booked(world, service):
    return book(
        patient_id=world.anna.patient_id,
        service_id=service,
        site_id=world.lyon,
        starts_at=TEN,
        actor=world.diane.actor,
        at=world.at,
    )


def period(first, end):
    return DateTimeTZRange(instant_of(first), instant_of(end))


def read(*resources, at=AT, **other):
    found = busy_ticks(array_of(resources), weeks_of(SPAN), at=at, **other)
    return {key: bits for key, bits in found.items() if bits}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_bits_are_the_rows_whatever_is_done_to_the_rows(world, hold, data):
    resources = [world.bruno_resource, world.lyon_room, world.lyon_pen]
    with transaction.atomic():
        for _ in range(data.draw(st.integers(1, 8))):
            there = list(Occupancy.objects.order_by("id"))
            kind = data.draw(st.sampled_from(["add", "add", "take away", "change"]))
            try:
                with transaction.atomic():
                    if kind == "add":
                        stretches = data.draw(st.lists(st.tuples(TICKS, LENGTHS), max_size=6))
                        Occupancy.objects.bulk_create(
                            Occupancy(
                                resource_id=data.draw(st.sampled_from(resources)),
                                hold=hold,
                                period=period(first, first + length),
                            )
                            for first, length in stretches
                        )
                    elif there and kind == "take away":
                        gone = data.draw(st.lists(st.sampled_from([row.id for row in there])))
                        Occupancy.objects.filter(id__in=gone).delete()
                    elif there:
                        first, length = data.draw(st.tuples(TICKS, LENGTHS))
                        Occupancy.objects.filter(
                            id=data.draw(st.sampled_from([row.id for row in there]))
                        ).update(
                            resource_id=data.draw(st.sampled_from(resources)),
                            period=period(first, first + length),
                        )
            except IntegrityError:
                pass  # an overlap; what it leaves behind is what is looked at
            assert check_bits() == []
            said = {
                resource: bits_of(
                    SPAN,
                    [
                        (tick_of(row.period.lower), tick_of(row.period.upper))
                        for row in Occupancy.objects.filter(resource_id=resource)
                    ],
                )
                for resource in resources
            }
            # The hold has not expired yet, and is nobody's own.
            assert read(*resources) == {key: bits for key, bits in said.items() if bits}
        transaction.set_rollback(True)


def test_weeks_without_bits_between_others_read_as_free(world, hold):
    stretches = [(FIRST - TICKS_PER_WEEK, FIRST + 1), (SPAN.end - 1, SPAN.end + 1)]
    for stretch in stretches:
        Occupancy.objects.create(resource_id=world.lyon_pen, hold=hold, period=period(*stretch))
    assert read(world.lyon_pen) == {world.lyon_pen: 1 | 1 << (SPAN.size - 1)}


class TestWhatDoesNotCount:
    def test_a_hold_counts_until_it_expires_and_for_others(self, world, service):
        held = hold_slot(
            browser="anna's phone",
            service_id=service,
            site_id=world.lyon,
            starts_at=TEN,
            at=world.at,
        )
        row = Hold.objects.get()
        assert read(world.bruno_resource)[world.bruno_resource]
        for freed in (
            {"at": row.expires_at},
            {"browser_hash": row.browser_hash},
        ):
            assert not any(read(world.bruno_resource, world.lyon_room, **freed).values())
        assert held.service_id == service

    def test_the_moving_appointment_is_no_obstacle(self, world, booked):
        assert read(world.bruno_resource)[world.bruno_resource]
        assert not any(read(world.bruno_resource, moving=booked).values())

    def test_a_resource_that_is_not_asked_for_is_not_read(self, world, booked):
        assert read(world.lyon_pen) == {}


class TestGuards:
    @pytest.mark.parametrize("minutes", [(0, 32), (3, 30)])
    def test_what_lies_between_ticks_is_refused(self, world, hold, minutes):
        start, end = (TEN + timedelta(minutes=minute) for minute in minutes)
        with pytest.raises(IntegrityError, match="occupancy_on_ticks"), transaction.atomic():
            Occupancy.objects.create(
                resource_id=world.lyon_room, hold=hold, period=DateTimeTZRange(start, end)
            )

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM booking_busy_week",
            "UPDATE booking_busy_week SET bits = bits",
            """
            SELECT booking_mark_busy(array_agg(resource_id), array_agg(period), array_agg(false))
              FROM booking_occupancy WHERE resource_id IS NOT NULL
            """,
            "DELETE FROM booking_occupancy_history",
            "UPDATE clinics_setup_version SET version = 1",
        ],
    )
    def test_the_application_does_not_write_them(self, booked, statement):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_a_hold_that_becomes_an_appointment_costs_no_bit(self, world, service):
        hold_slot(
            browser="anna's phone",
            service_id=service,
            site_id=world.lyon,
            starts_at=TEN,
            at=world.at,
        )
        before = places()
        book(
            patient_id=world.anna.patient_id,
            service_id=service,
            site_id=world.lyon,
            starts_at=TEN,
            hold_browser="anna's phone",
            actor=world.diane.actor,
            at=world.at,
        )
        assert places() == before
        assert check_bits() == []


def places():
    """Return where the rows of bits lie: written again, a row lies elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT resource_id, week, ctid::text FROM booking_busy_week ORDER BY 1, 2")
        return cursor.fetchall()


class TestWhatAProcessKeeps:
    """Outside a transaction only what changed is read again, and that is all of it."""

    def stretch(self, hold, resource, first, length=7):
        return Occupancy.objects.create(
            resource_id=resource, hold=hold, period=period(first, first + length)
        )

    def assert_right(self, *resources):
        kept = read(*resources)
        with transaction.atomic():  # where nothing is kept
            assert kept == read(*resources)
        return kept

    def test_follows_every_change(self, committed_db, world, hold):
        pair = (world.bruno_resource, world.lyon_room)
        assert self.assert_right(*pair) == {}
        one = self.stretch(hold, world.bruno_resource, FIRST + TICKS_PER_WEEK - 3)
        assert set(self.assert_right(*pair)) == {world.bruno_resource}
        self.stretch(hold, world.lyon_room, FIRST + 100)
        self.stretch(hold, world.lyon_pen, FIRST + 100)
        assert set(self.assert_right(*pair)) == set(pair)
        Occupancy.objects.filter(id=one.id).update(period=period(FIRST, FIRST + 1))
        assert self.assert_right(*pair)[world.bruno_resource] == 1
        Occupancy.objects.all().delete()
        assert self.assert_right(*pair) == {}

    def test_sees_what_was_under_way_when_it_read(self, committed_db, world, hold):
        with psycopg.connect(**connection_address()) as slow, slow.cursor() as cursor:
            # The older transaction commits last, after younger ones were read.
            cursor.execute(
                "INSERT INTO booking_occupancy (id, resource_id, hold_id, need, period)"
                " VALUES (gen_random_uuid(), %s, %s, '', tstzrange(%s, %s))",
                [world.lyon_room, hold.id, instant_of(FIRST), instant_of(FIRST + 2)],
            )
            self.stretch(hold, world.bruno_resource, FIRST + 9)
            assert set(self.assert_right(world.bruno_resource, world.lyon_room)) == {
                world.bruno_resource
            }
            self.stretch(hold, world.bruno_resource, FIRST + 30)
            self.assert_right(world.bruno_resource, world.lyon_room)
            slow.commit()
        assert self.assert_right(world.bruno_resource, world.lyon_room)[world.lyon_room] == 3

    def test_nothing_of_what_is_undone(self, committed_db, world, hold):
        with transaction.atomic():
            self.stretch(hold, world.bruno_resource, FIRST)
            assert read(world.bruno_resource)
            transaction.set_rollback(True)
        assert self.assert_right(world.bruno_resource) == {}

    def test_follows_several_weeks_at_once(self, committed_db, world, hold):
        rows = [
            self.stretch(hold, world.bruno_resource, FIRST + week * TICKS_PER_WEEK)
            for week in range(3)
        ]
        self.assert_right(world.bruno_resource)
        rows[0].delete()  # nothing is left of its week: the others' changes do not bring it back
        for row in rows[1:]:
            row.period = period(tick_of(row.period.lower), tick_of(row.period.lower) + 2)
            row.save()
        bits = self.assert_right(world.bruno_resource)[world.bruno_resource]
        assert bits == 0b11 << TICKS_PER_WEEK | 0b11 << 2 * TICKS_PER_WEEK

    def test_is_the_same_until_something_changes(self, committed_db, world, service, hold):
        resources = array_of([world.bruno_resource])

        def ask():
            return busy_ticks(resources, weeks_of(SPAN), at=AT)

        def facts():
            first = AT.date()
            (found,) = facts_for_dates(
                calendar_of(service),
                at=AT,
                first_date=first,
                last_date=first + timedelta(days=6),
                site_id=world.lyon,
                ignored=Ignored(),
            )
            return found

        kept, made = ask(), facts()
        assert ask() is kept
        assert facts() is made
        with transaction.atomic():
            assert facts() is not made
            assert facts() == made
        self.stretch(hold, world.bruno_resource, FIRST + 5)
        assert ask() is not kept
        later = facts()
        assert later is not made
        assert later != made
        with transaction.atomic():
            assert facts() == later

    def test_what_is_exempt_is_exempt_of_what_is_kept_too(self, committed_db, world, hold):
        self.stretch(hold, world.bruno_resource, FIRST)
        self.stretch(hold, world.bruno_resource, FIRST + 50, 1)
        for _ in range(2):
            assert read(world.bruno_resource)
            assert read(world.bruno_resource, browser_hash="somebody") == {}
            assert read(world.bruno_resource, at=TEN) == {}


def connection_address():
    settings = connection.settings_dict
    names = {
        "HOST": "host",
        "PORT": "port",
        "USER": "user",
        "PASSWORD": "password",
        "NAME": "dbname",
    }
    return {names[name]: settings[name] for name in names if settings[name]}


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_wrong_bits_are_found_and_made_again(committed_db, world, service):
    book(
        patient_id=world.anna.patient_id,
        service_id=service,
        site_id=world.lyon,
        starts_at=TEN,
        actor=world.diane.actor,
        at=world.at,
    )
    assert answer("check") == (0, "The busy bits say what the rows say.\n")
    with connections["owner"].cursor() as owner:
        owner.execute(
            "UPDATE booking_busy_week SET bits = set_bit(bits, 7, 1) WHERE resource_id = %s",
            [world.bruno_resource],
        )
        owner.execute("DELETE FROM booking_busy_week WHERE resource_id = %s", [world.lyon_room])
    code, said = answer("check")
    assert code == 1
    assert f"{world.bruno_resource} week" in said
    assert ": 1 ticks differ" in said
    assert "wrong in 2 weeks" in said
    assert answer("rebuild") == (
        0,
        f"The busy bits are made again: {BusyWeek.objects.count()} weeks.\n",
    )
    assert answer("check")[0] == 0


def answer(action):
    out = io.StringIO()
    return {"check": cli.check, "rebuild": cli.rebuild}[action](out), out.getvalue()


class TestHistory:
    def moved(self, *, days):
        return move_past_to_history(at=TEN + timedelta(days=days))

    def test_takes_what_ended_long_ago_and_its_bits(self, world, booked):
        assert self.moved(days=30) == 0
        assert self.moved(days=31) == 3
        assert not Occupancy.objects.exists()
        assert not any(read(world.bruno_resource, world.lyon_room).values())
        # The week that the thirtieth day lies in is not over; a week later its row goes.
        self.moved(days=40)
        assert not BusyWeek.objects.exists()
        assert EveryOccupancy.objects.filter(appointment_id=booked).count() == 3
        assert check_bits() == []

    def test_an_old_day_still_shows_what_was_held(self, world, booked):
        def held():
            (line,) = agenda_day(site_id=world.lyon, day=TEN.date())
            return line.held

        before = held()
        self.moved(days=31)
        assert held() == before != ()

    def test_an_old_appointment_can_still_be_closed(self, world, booked):
        check_in(appointment_id=booked, actor=world.diane.actor, at=TEN)
        self.moved(days=31)
        finish(appointment_id=booked, actor=SYSTEM, at=TEN + timedelta(days=32))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert OccupancyHistory.objects.exists()

    def test_what_is_given_up_or_moved_afterwards_was_not_held(self, world, booked):
        late = TEN + timedelta(days=32)
        self.moved(days=31)
        move_appointment(
            appointment_id=booked,
            starts_at=TEN + timedelta(days=35),
            actor=world.diane.actor,
            at=late,
        )
        assert not OccupancyHistory.objects.exists()
        assert Occupancy.objects.filter(appointment_id=booked).exists()
        self.moved(days=70)
        assert OccupancyHistory.objects.exists()
        cancel_appointment(appointment_id=booked, actor=world.diane.actor, at=late)
        assert not EveryOccupancy.objects.exists()

    def test_holds_are_not_history(self, world, service):
        hold_slot(
            browser="anna's phone",
            service_id=service,
            site_id=world.lyon,
            starts_at=TEN,
            at=world.at,
        )
        assert self.moved(days=40) == 0
