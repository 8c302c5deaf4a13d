"""Nobody is booked twice, whoever comes at the same moment; and the tests can tell."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from aiguille.audit.operations import head_from, head_question, recording
from aiguille.audit.queries import find_flaws
from aiguille.booking.events import BOOKED
from aiguille.booking.models import Appointment, Hold, Occupancy
from aiguille.booking.operations import book, hold_slot, move_appointment
from aiguille.booking.placing import PatientBusy, SlotTaken
from aiguille.booking.queries import hold_of
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.operations import Opening, create_resource, set_weekly_hours
from aiguille.journeys.book_online import Visitor, book_online
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ResourceKind
from aiguille.kernel.ids import new_id
from aiguille.patients.operations import create_provisional
from aiguille.plumbing.statements import Part, ask_together, run_together
from tests.races.contenders import at_once, beside, without_constraint

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
CROWD = 6


@pytest.fixture
def clinic(committed_db, world):
    """The world, committed, with the catalogue."""
    seed.load(actor=SYSTEM, at=world.at)
    return world


@pytest.fixture
def service(clinic):
    return consultation_service(Procedure.MESOTHERAPY).id


@pytest.fixture
def crowd(clinic):
    """Patients who all want the same."""
    return [
        create_provisional(
            birth_name="Lebrun",
            first_names=f"Jean{letter}",
            email=f"jean-{letter}@example.net",
            phone="",
            language="fr",
            actor=SYSTEM,
            at=clinic.at,
        )
        for letter in "abcdef"[:CROWD]
    ]


@pytest.fixture
def wish(clinic, service):
    """Return a call that books ten o'clock in Lyon; anything may be wished otherwise."""

    def booking_of(**other):
        facts = {
            "service_id": service,
            "site_id": clinic.lyon,
            "starts_at": TEN,
            "actor": clinic.diane.actor,
            "at": clinic.at,
        }
        return partial(book, **(facts | other))

    return booking_of


def kinds(outcomes):
    return Counter(
        type(outcome).__name__ if isinstance(outcome, Exception) else "done" for outcome in outcomes
    )


def twice_taken():
    """Count pairs of stretches of one resource that overlap."""
    held = list(
        Occupancy.objects.filter(resource__isnull=False).values_list("resource_id", "period", "id")
    )
    return sum(
        1
        for one in held
        for other in held
        if one[2] < other[2]
        and one[0] == other[0]
        and max(one[1].lower, other[1].lower) < min(one[1].upper, other[1].upper)
    )


class TestOneRecord:
    """Who books for one patient at the same moment follows the same end of the audit's chain."""

    def test_is_written_to_by_one_after_the_other(self, clinic, wish):
        patient = clinic.anna.patient_id
        weeks = [TEN + timedelta(days=7) * number for number in range(CROWD)]
        outcomes = at_once([wish(patient_id=patient, starts_at=start) for start in weeks])
        assert kinds(outcomes) == {"done": CROWD}
        assert Appointment.objects.filter(patient_id=patient).count() == CROWD
        assert list(find_flaws()) == []

    def test_without_the_constraint_two_events_follow_one(self, clinic):
        record_id = clinic.anna.patient_id
        event = recording(
            action=BOOKED,
            actor=SYSTEM,
            at=clinic.at,
            subject_kind="appointment",
            subject_id=new_id(),
            patient_id=record_id,
            after=head_from(*ask_together(head_question(record_id))),
        )
        other = Part(event[0].sql, [new_id(), *event[0].values[1:]])
        run_together(*event)
        with pytest.raises(IntegrityError, match="one_event_per_position"):
            run_together(other)
        with without_constraint("audit_event", "one_event_per_position"):
            run_together(other)
            assert list(find_flaws()) != []


class TestOneTime:
    def test_is_booked_once(self, wish, crowd):
        outcomes = at_once([wish(patient_id=patient) for patient in crowd])
        assert kinds(outcomes) == {"done": 1, "SlotTaken": CROWD - 1}
        assert Appointment.objects.count() == 1
        assert twice_taken() == 0

    def test_is_held_once(self, clinic, service):
        outcomes = at_once(
            [
                partial(
                    hold_slot,
                    browser=f"browser {number}",
                    service_id=service,
                    site_id=clinic.lyon,
                    starts_at=TEN,
                    at=clinic.at,
                )
                for number in range(CROWD)
            ]
        )
        assert kinds(outcomes) == {"done": 1, "SlotTaken": CROWD - 1}
        assert Hold.objects.count() == 1

    def test_is_held_once_by_a_browser_that_asks_twice(self, clinic, service):
        task = partial(
            hold_slot,
            browser="impatient",
            service_id=service,
            site_id=clinic.lyon,
            starts_at=TEN,
            at=clinic.at,
        )
        assert kinds(at_once([task] * CROWD)) == {"done": CROWD}
        assert Hold.objects.count() == 1

    def test_goes_to_one_of_a_move_and_a_booking(self, clinic, wish, crowd):
        first = wish(patient_id=crowd[0], starts_at=TEN + timedelta(hours=2))()
        outcomes = at_once(
            [
                wish(patient_id=crowd[1]),
                partial(
                    move_appointment,
                    appointment_id=first,
                    starts_at=TEN,
                    actor=clinic.diane.actor,
                    at=clinic.at,
                ),
            ]
        )
        assert kinds(outcomes) == {"done": 1, "SlotTaken": 1}
        assert twice_taken() == 0

    def test_whose_hold_expired_is_freed_by_one_and_booked_by_one(
        self, clinic, service, wish, crowd
    ):
        hold_slot(
            browser="gone",
            service_id=service,
            site_id=clinic.lyon,
            starts_at=TEN,
            at=clinic.at,
        )
        later = clinic.at + timedelta(minutes=10)
        outcomes = at_once([wish(patient_id=patient, at=later) for patient in crowd])
        assert kinds(outcomes) == {"done": 1, "SlotTaken": CROWD - 1}


class TestOtherResources:
    def test_are_chosen_where_there_are_any(self, clinic, wish, crowd):
        for number in range(CROWD - 1):
            room = create_resource(
                kind=ResourceKind.ROOM,
                code=f"more-{number}",
                name=f"Salle {number + 2}",
                skills=("consultation",),
                site_id=clinic.lyon,
                actor=SYSTEM,
                at=clinic.at,
            )
            doctor = clinic.paula_resource
            for resource in (room, doctor):
                set_weekly_hours(
                    resource_id=resource,
                    openings=[Opening(clinic.lyon, day, 540, 1080) for day in range(5)],
                    actor=SYSTEM,
                    at=clinic.at,
                )
        outcomes = at_once([wish(patient_id=patient) for patient in crowd])
        # Two doctors, and rooms enough: two are served, and nobody fails for another's room.
        assert kinds(outcomes) == {"done": 2, "SlotTaken": CROWD - 2}
        assert twice_taken() == 0


class TestOnePatient:
    def test_is_at_one_place(self, clinic, wish, crowd):
        outcomes = at_once(
            [wish(patient_id=crowd[0]), wish(patient_id=crowd[0], site_id=clinic.paris)]
        )
        assert kinds(outcomes) == {"done": 1, "PatientBusy": 1}


class TestOneForm:
    def test_sent_many_times_books_once(self, clinic, service):
        held = hold_slot(
            browser="impatient",
            service_id=service,
            site_id=clinic.lyon,
            starts_at=TEN,
            at=clinic.at,
        )
        visitor = Visitor("Garnier", "Élise", "elise@example.net", "06 11 22 33 44", "fr")
        task = partial(
            book_online,
            visitor=visitor,
            held=held,
            browser="impatient",
            form_key=held.key,
            at=clinic.at,
        )
        outcomes = at_once([task] * CROWD)
        assert set(outcomes) == {Appointment.objects.get().id}
        assert hold_of(browser="impatient", at=clinic.at) is None


class TestTheConstraint:
    """Two transactions, one of which looked before the other committed."""

    def contend(self, wish, crowd):
        def slow(task):
            with transaction.atomic():
                made = wish(patient_id=crowd[0])()
                task.pause()
            return made

        with beside() as start:
            first = start(slow)
            first.wait_until_paused()
            second = start(lambda _task: wish(patient_id=crowd[1])())
            waited = second.wait_until_blocked_or_done()
            first.go_on()
            return waited, [first.outcome, second.outcome]

    def test_makes_the_second_wait_and_refuses_it(self, wish, crowd):
        waited, outcomes = self.contend(wish, crowd)
        assert waited
        assert kinds(outcomes) == {"done": 1, "SlotTaken": 1}
        assert twice_taken() == 0

    def test_is_what_does_it(self, wish, crowd):
        with without_constraint("booking_occupancy", "no_resource_twice"):
            _waited, outcomes = self.contend(wish, crowd)
            assert kinds(outcomes) == {"done": 2}
            assert twice_taken() > 0

    def test_of_the_patient_is_what_keeps_them_in_one_place(self, clinic, wish, crowd):
        def contend():
            def slow(task):
                with transaction.atomic():
                    made = wish(patient_id=crowd[0], starts_at=TEN)()
                    task.pause()
                return made

            with beside() as start:
                first = start(slow)
                first.wait_until_paused()
                second = start(lambda _task: wish(patient_id=crowd[0], site_id=clinic.paris)())
                # Both write in the patient's own audit chain, so the second waits either way.
                second.wait_until_blocked_or_done()
                first.go_on()
                return [first.outcome, second.outcome]

        assert kinds(contend()) == {"done": 1, PatientBusy.__name__: 1}
        Occupancy.objects.all().delete()
        with without_constraint("booking_occupancy", "no_patient_twice"):
            assert kinds(contend()) == {"done": 2}


def test_the_refusal_names_what_is_still_free(wish, crowd):
    outcomes = at_once([wish(patient_id=patient) for patient in crowd])
    for outcome in outcomes:
        if isinstance(outcome, SlotTaken):
            assert outcome.nearest
            assert TEN not in {start.starts_at for start in outcome.nearest}
