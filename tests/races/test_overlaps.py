"""Sixteen processes want times that overlap, and nobody and nothing is at two places.

Each fight has its control: the same with the guard taken away, where the double booking, or the
lost change, is seen.
"""

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from aiguille.booking import courses, operations, placing, states, writing
from aiguille.booking.busy import check_bits
from aiguille.booking.courses import Chosen, arrange_course, book_course
from aiguille.booking.models import Appointment, AppointmentEvent, Hold, Occupancy
from aiguille.booking.operations import book, cancel_appointment, hold_slot, move_appointment
from aiguille.care.operations import give_verdict, make_plan, write_consultation
from aiguille.care.queries import screening
from aiguille.care.rules import Override
from aiguille.catalogue.queries import consultation_service, protocol_versions
from aiguille.clinics.operations import Opening, create_resource, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ResourceKind, VerdictOutcome
from aiguille.patients.operations import create_provisional
from tests.course import INTERVAL_DAYS, PLACES, SESSIONS, ZONES, answer_no, open_course
from tests.races.contenders import without_constraint
from tests.races.processes import Act, fight, kinds, results
from tests.world import SpacePerson, World

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
FIGHTERS = 16
STEP = timedelta(minutes=5)
COURSE_BEGINS = TEN + timedelta(days=14)  # once the time to think it over has passed


@dataclass(frozen=True)
class Clinic:
    """A clinic with two doctors and two rooms in Lyon, and patients who all want the same."""

    world: World
    consultation: UUID
    session: UUID
    plans: dict[str, UUID]
    patients: list[UUID]

    def books(self, number: int, starts_at: datetime) -> Act:
        """Return what books a consultation for a patient."""
        return partial(
            book,
            patient_id=self.patients[number],
            service_id=self.consultation,
            site_id=self.world.lyon,
            starts_at=starts_at,
            actor=self.world.diane.actor,
            at=self.world.at,
        )

    def moves(self, appointment: UUID, starts_at: datetime, version: int | None = None) -> Act:
        """Return what moves an appointment."""
        return partial(
            move_appointment,
            appointment_id=appointment,
            starts_at=starts_at,
            version=version,
            actor=self.world.diane.actor,
            at=self.world.at,
        )


@pytest.fixture
def clinic(committed_db, world):
    """The clinic, committed."""
    course = open_course(world)
    for number in range(2):
        room = create_resource(
            kind=ResourceKind.ROOM,
            code=f"more-{number}",
            name=f"Salle {number + 2}",
            skills=("consultation", "treatment"),
            site_id=world.lyon,
            actor=SYSTEM,
            at=world.at,
        )
        for resource in (room, world.paula_resource):
            set_weekly_hours(
                resource_id=resource,
                openings=[Opening(world.lyon, day, 540, 1080) for day in range(5)],
                actor=SYSTEM,
                at=world.at,
            )
    patients = [
        create_provisional(
            birth_name="Lebrun",
            first_names=f"Jean{chr(ord('a') + number)}",
            email=f"jean-{number}@example.net",
            phone="",
            language="fr",
            actor=SYSTEM,
            at=world.at,
        )
        for number in range(FIGHTERS)
    ]
    return Clinic(
        world=world,
        consultation=consultation_service(Procedure.MESOTHERAPY).id,
        session=course.session_service,
        plans={"anna": course.plan, "marc": plan_of(world, world.marc, course.treatment)},
        patients=patients,
    )


def plan_of(world: World, person: SpacePerson, treatment: UUID) -> UUID:
    """Give another patient the verdict and the plan that Anna has."""
    today = world.at.date()
    answer_no(world, procedure=Procedure.MESOTHERAPY, at=world.at, person=person)
    consultation = write_consultation(
        patient_id=person.patient_id,
        procedure=Procedure.MESOTHERAPY,
        content={"reason": "Teint terne", "zones": list(ZONES), "phototype": 2},
        actor=world.bruno.actor,
        at=world.at,
    )
    ruling = screening(
        patient_id=person.patient_id,
        procedure=Procedure.MESOTHERAPY,
        act_date=today,
        zones=ZONES,
    )
    verdict = give_verdict(
        patient_id=person.patient_id,
        treatment_id=treatment,
        consultation_id=consultation,
        outcome=VerdictOutcome.ELIGIBLE,
        reason="Peau saine.",
        valid_from=today,
        valid_until=today + timedelta(days=180),
        today=today,
        overrides=[Override(rule=each["rule"], reason="Vu.") for each in ruling.findings],
        actor=world.bruno.actor,
        at=world.at,
    )
    return make_plan(
        verdict_id=verdict,
        protocol_version_id=protocol_versions(treatment)[0].id,
        sessions_planned=SESSIONS,
        interval_min_days=INTERVAL_DAYS,
        interval_default_days=INTERVAL_DAYS,
        interval_max_days=28,
        places=PLACES,
        actor=world.bruno.actor,
        at=world.at,
    )


def overlaps() -> int:
    """Count pairs of stretches of one resource, or of one patient, that overlap."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM booking_occupancy a JOIN booking_occupancy b"
            " ON a.id < b.id AND a.period && b.period"
            " AND (a.resource_id = b.resource_id OR a.patient_id = b.patient_id)"
        )
        return int(cursor.fetchone()[0])


def is_whole() -> bool:
    """Tell whether what stands holds its time, what does not holds none, and the bits say so."""
    standing = set(Appointment.objects.exclude(state="CANCELLED").values_list("id", flat=True))
    holding = set(
        Occupancy.objects.filter(appointment__isnull=False).values_list("appointment_id", flat=True)
    )
    # A week that was emptied keeps its bits, none of them set, until the nightly job.
    return standing == holding and check_bits() == []


class TestBooking:
    """Two can be served at a time; starts lie five minutes apart, appointments are longer."""

    def fight(self, clinic):
        return fight(
            *(
                [
                    clinic.books(number, TEN + STEP * (number % 5)),
                    clinic.books(number, TEN + STEP * (7 + number % 3)),
                ]
                for number in range(FIGHTERS)
            )
        )

    def test_overlapping_times_are_taken_by_two_at_most(self, clinic):
        outcomes = self.fight(clinic)
        assert kinds(outcomes).keys() <= {"done", "SlotTaken", "PatientBusy"}
        assert 2 <= kinds(outcomes)["done"] == Appointment.objects.count() < FIGHTERS
        assert overlaps() == 0
        assert is_whole()

    def test_without_the_constraint_they_are_taken_twice(self, clinic):
        with without_constraint("booking_occupancy", "no_resource_twice"):
            self.fight(clinic)
            assert overlaps() > 0


class TestMovingAgainstBooking:
    def fight(self, clinic):
        half = FIGHTERS // 2
        # Two at a time, through the day before.
        theirs = [
            clinic.books(number, TEN - timedelta(days=1) + timedelta(minutes=45) * (number // 2))()
            for number in range(half)
        ]
        return fight(
            *([clinic.moves(key, TEN + STEP * (n % 4))] for n, key in enumerate(theirs)),
            *([clinic.books(n, TEN + STEP * (n % 4))] for n in range(half, FIGHTERS)),
        )

    def test_each_has_one_place(self, clinic):
        outcomes = self.fight(clinic)
        assert kinds(outcomes).keys() <= {"done", "SlotTaken"}
        assert 1 <= kinds(outcomes)["done"] <= 4
        assert overlaps() == 0
        assert is_whole()

    def test_without_the_constraint_there_are_two_in_one(self, clinic):
        with without_constraint("booking_occupancy", "no_resource_twice"):
            self.fight(clinic)
            assert overlaps() > 0


class TestHoldingAgainstBooking:
    def fight(self, clinic):
        world = clinic.world
        half = FIGHTERS // 2
        holds = [
            partial(
                hold_slot,
                browser=f"browser {number}",
                service_id=clinic.consultation,
                site_id=world.lyon,
                starts_at=TEN + timedelta(minutes=15) * (number % 2),
                at=world.at,
            )
            for number in range(half)
        ]
        return fight(
            *([hold] for hold in holds),
            *([clinic.books(n, TEN + STEP * (n % 4))] for n in range(half, FIGHTERS)),
        )

    def test_what_is_held_is_not_booked(self, clinic):
        outcomes = self.fight(clinic)
        assert kinds(outcomes).keys() <= {"done", "SlotTaken"}
        assert kinds(outcomes)["done"] >= 1
        assert overlaps() == 0
        assert is_whole()

    def test_without_the_constraint_it_is(self, clinic):
        with without_constraint("booking_occupancy", "no_resource_twice"):
            self.fight(clinic)
            assert overlaps() > 0


class TestSessionsTooClose:
    """One patient's sessions are asked for at the same moment, free times all, but on one day."""

    def fight(self, clinic, acts=6):
        world = clinic.world
        return fight(
            *(
                [
                    partial(
                        book,
                        patient_id=world.anna.patient_id,
                        service_id=clinic.session,
                        site_id=world.lyon,
                        starts_at=COURSE_BEGINS + timedelta(hours=number),
                        plan_id=clinic.plans["anna"],
                        actor=world.diane.actor,
                        at=world.at,
                    )
                ]
                for number in range(acts)
            )
        )

    def test_one_is_booked(self, clinic):
        assert kinds(self.fight(clinic)) == {"done": 1, "TooSoon": 5}
        assert is_whole()

    def test_without_the_order_of_the_record_all_are(self, clinic, monkeypatch):
        def pause(**_: object) -> list[int]:
            time.sleep(0.5)  # so that everybody has looked before anybody writes
            return []

        monkeypatch.setattr(writing, "queue_keys", pause)
        with without_constraint("audit_event", "one_event_per_position"):
            assert kinds(self.fight(clinic))["done"] > 1


@contextmanager
def without_the_row_lock(monkeypatch: pytest.MonkeyPatch):
    """Let operations read an appointment without waiting for whoever is changing it."""

    def unlocked(appointment_id: UUID, *, version: int | None = None) -> Appointment:
        row = Appointment.objects.get(id=appointment_id)
        states.expect_version(row, version)
        return row

    with monkeypatch.context() as patch:
        patch.setattr(operations, "locked", unlocked)
        yield


class TestCancellingAgainstMoving:
    """Everybody saw version 1: one change is made, the others learn that it is another by now."""

    def fight(self, clinic):
        appointment = clinic.books(0, TEN)()
        half = FIGHTERS // 2
        cancel = partial(
            cancel_appointment,
            appointment_id=appointment,
            version=1,
            actor=clinic.world.diane.actor,
            at=clinic.world.at,
        )
        moves = [clinic.moves(appointment, TEN + STEP * (n + 1), version=1) for n in range(half)]
        outcomes = fight(*([each] for each in [*moves, *[cancel] * half]))
        changed = AppointmentEvent.objects.filter(appointment=appointment).count() - 1
        return Appointment.objects.get(id=appointment), changed, outcomes

    def test_one_change_is_made(self, clinic):
        row, changed, outcomes = self.fight(clinic)
        assert kinds(outcomes).keys() <= {"done", "StaleVersion", "StateRefuses"}
        assert changed == 1
        assert row.version == 2
        # Cancelling what is cancelled is done already; moving it is not.
        assert row.state == "CANCELLED" or results(outcomes) == [2]
        assert is_whole()

    def test_without_the_row_lock_changes_are_lost(self, clinic, monkeypatch):
        with without_the_row_lock(monkeypatch):
            row, changed, _outcomes = self.fight(clinic)
        assert changed > row.version - 1


def one_by_one(*, plan_id, starts, request_key, actor, at):
    """Book a course's sessions as if nothing held them together, with time for another's between."""
    for start in starts:
        time.sleep(0.2)
        arrange_course(
            plan_id=plan_id, moves=(), starts=[start], request_key=None, actor=actor, at=at
        )


class TestCourseAgainstCourse:
    """Two courses want the same times in opposite orders, many times over."""

    def fight(self, clinic, *, sessions=SESSIONS, booking=book_course):
        world = clinic.world
        starts = [COURSE_BEGINS + timedelta(days=INTERVAL_DAYS) * n for n in range(sessions)]

        def course(whose: str, shift: int) -> Act:
            chosen = [
                Chosen(world.lyon, start + STEP * shift, world.bruno_resource) for start in starts
            ]
            return partial(
                booking,
                plan_id=clinic.plans[whose],
                starts=chosen if whose == "anna" else chosen[::-1],
                request_key=None,
                actor=world.diane.actor,
                at=world.at,
            )

        return fight(*([course(("anna", "marc")[n % 2], n % 3)] for n in range(FIGHTERS)))

    def served(self):
        return len(set(Appointment.objects.values_list("patient_id", flat=True)))

    def test_one_is_booked_whole_and_the_other_not_at_all(self, clinic):
        outcomes = self.fight(clinic)
        # The other loses to it; its own other courses come too soon after it.
        assert kinds(outcomes).keys() == {"done", "CourseTaken", "TooSoon"}
        assert kinds(outcomes)["done"] == 1
        assert Appointment.objects.filter(kind="SESSION").count() == SESSIONS
        assert self.served() == 1
        assert overlaps() == 0
        assert is_whole()

    def test_without_their_transaction_each_gets_a_part(self, clinic):
        self.fight(clinic, booking=one_by_one)
        assert self.served() == 2
        assert overlaps() == 0

    def test_without_queue_and_constraint_both_are_at_one_time(self, clinic, monkeypatch):
        """A course looks again once it has queued up, so that either guard is enough."""

        def pause(**_: object) -> list[int]:
            time.sleep(0.5)
            return []

        for module in (courses, placing):  # a pause where the queue stood
            monkeypatch.setattr(module, "queue_up", pause)
        monkeypatch.setattr(writing, "queue_keys", pause)
        with without_constraint("booking_occupancy", "no_resource_twice"):
            self.fight(clinic, sessions=1)
            assert overlaps() > 0


class TestBySql:
    """What the application's role may not insert, whoever forgot to ask."""

    @pytest.fixture
    def taken(self, clinic):
        """A booked hour, and what else there is to take time for."""
        first = clinic.books(0, TEN)()
        other = clinic.books(1, TEN + timedelta(hours=3))()
        hold_slot(
            browser="somebody",
            service_id=clinic.consultation,
            site_id=clinic.world.lyon,
            starts_at=TEN + timedelta(hours=5),
            at=clinic.world.at,
        )
        resource = Occupancy.objects.filter(appointment=first, resource__isnull=False)[0]
        patient = Occupancy.objects.get(appointment=first, patient__isnull=False)
        return {
            "resource_id": (resource.resource_id, resource.period, "no_resource_twice"),
            "patient_id": (patient.patient_id, patient.period, "no_patient_twice"),
            "appointment_id": other,
            "hold_id": Hold.objects.get().id,
        }

    def test_no_overlap_is_inserted(self, taken):
        for of, owner in product(["resource_id", "patient_id"], ["appointment_id", "hold_id"]):
            held, period, constraint = taken[of]
            insert = partial(self.insert, {of: held, owner: taken[owner]})
            for shift in (-STEP, timedelta(0), STEP):
                with pytest.raises(IntegrityError, match=constraint):
                    insert(period.lower + shift, period.upper + shift)
            # The minute after, they are free: it is the overlap that was refused.
            insert(period.upper, period.upper + STEP)
            Occupancy.objects.filter(**{of: held}, period__startswith=period.upper).delete()

    def insert(self, of, starts_at, ends_at):
        """Insert a stretch as whoever writes SQL would."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO booking_occupancy (id, need, period, {', '.join(of)}) VALUES"
                " (gen_random_uuid(), '', tstzrange(%s, %s), %s, %s)",
                [starts_at, ends_at, *of.values()],
            )
