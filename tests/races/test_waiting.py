"""A time that is kept for one person goes to one person, whoever answers at the same moment."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.db import connections

from aiguille.booking.models import Appointment, Hold, Offer, WaitingEntry
from aiguille.booking.offers import accept_offer, end_overdue, offer_free_times
from aiguille.booking.operations import book
from aiguille.booking.waiting import join_waiting_list, leave_waiting_list
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.actor import SYSTEM, VISITOR
from aiguille.kernel.codes import Procedure
from aiguille.patients.operations import create_provisional
from tests.races.contenders import at_once

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
DAY = date(2026, 3, 4)
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
CROWD = 6
MOST = 3


@pytest.fixture
def clinic(committed_db, world):
    seed.load(actor=SYSTEM, at=world.at)
    return world


@pytest.fixture
def service(clinic):
    return consultation_service(Procedure.MESOTHERAPY).id


@pytest.fixture
def crowd(clinic):
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
def wait(clinic, service):
    def wait_as(patient_id, **other):
        facts = {
            "patient_id": patient_id,
            "service_id": service,
            "sites": [clinic.lyon],
            "from_minute": 600,
            "until_minute": 630,
            "first_day": DAY,
            "last_day": DAY,
            "actor": SYSTEM,
            "at": clinic.at,
        }
        return join_waiting_list(**(facts | other))

    return wait_as


@pytest.fixture
def offer(clinic, crowd, wait):
    """Ten o'clock, kept for the first of the crowd; the second waits too."""
    wait(crowd[0])
    wait(crowd[1], at=clinic.at + timedelta(seconds=1))
    offer_free_times(at=clinic.at)
    return Offer.objects.get()


def kinds(outcomes):
    return Counter(
        type(outcome).__name__ if isinstance(outcome, Exception) else "done" for outcome in outcomes
    )


def accepting(offer, at):
    return partial(accept_offer, offer_id=offer.id, actor=VISITOR, at=at)


class TestAnOffer:
    def test_accepted_many_times_is_one_appointment(self, clinic, offer):
        outcomes = at_once([accepting(offer, clinic.at)] * CROWD)
        assert set(outcomes) == {Appointment.objects.get().id}

    @pytest.mark.parametrize("round_number", range(MOST))
    def test_left_at_the_same_moment_is_accepted_or_left(self, clinic, offer, round_number):
        accepted, _left = at_once(
            [
                accepting(offer, clinic.at),
                partial(leave_waiting_list, entry_id=offer.entry_id, actor=VISITOR, at=clinic.at),
            ]
        )
        offer.refresh_from_db()
        is_booked = not isinstance(accepted, Exception)
        assert Appointment.objects.count() == is_booked
        assert offer.state == ("ACCEPTED" if is_booked else "WITHDRAWN")
        assert not Hold.objects.exists()

    @pytest.mark.parametrize("round_number", range(MOST))
    def test_at_its_deadline_goes_to_the_first_or_to_the_next(self, clinic, offer, round_number):
        just_in_time = offer.deadline - timedelta(seconds=1)
        accepted, _ended = at_once(
            [accepting(offer, just_in_time), partial(offer_free_times, at=offer.deadline)]
        )
        next_one = Offer.objects.exclude(id=offer.id).filter(state="OPEN")
        is_booked = not isinstance(accepted, Exception)
        assert Appointment.objects.count() == is_booked
        assert next_one.exists() is not is_booked

    def test_is_not_taken_by_a_stranger_who_books(self, clinic, service, crowd, offer):
        outcomes = at_once(
            [
                accepting(offer, clinic.at),
                *(
                    partial(
                        book,
                        patient_id=patient,
                        service_id=service,
                        site_id=clinic.lyon,
                        starts_at=TEN,
                        actor=clinic.diane.actor,
                        at=clinic.at,
                    )
                    for patient in crowd[2:]
                ),
            ]
        )
        assert kinds(outcomes) == {"done": 1, "SlotTaken": CROWD - 2}
        assert Appointment.objects.get().patient_id == crowd[0]


class TestRounds:
    def test_side_by_side_keep_one_time_for_one_person(self, clinic, crowd, wait):
        for number, patient in enumerate(crowd):
            wait(patient, at=clinic.at + timedelta(seconds=number))
        outcomes = at_once([partial(offer_free_times, at=clinic.at)] * 4)
        assert sum(made for made in outcomes if isinstance(made, int)) == 1
        assert not [made for made in outcomes if isinstance(made, Exception)]
        assert Offer.objects.get().patient_id == crowd[0]
        assert Hold.objects.count() == 1

    def test_end_an_offer_once(self, clinic, offer):
        outcomes = at_once([partial(end_overdue, at=offer.deadline)] * 4)
        assert Counter(outcomes) == {0: 3, 1: 1}


class TestTheLastWord:
    """What the database forbids: without it, one person would be kept two times at once."""

    def rounds(self, clinic, service, crowd, wait):
        other = consultation_service(Procedure.NEEDLING).id
        wait(crowd[0], until_minute=720)
        wait(crowd[0], service_id=other, from_minute=840, until_minute=960)
        entries = list(WaitingEntry.objects.order_by("created_at", "id"))
        for entry, start in zip(entries, (TEN, TEN + timedelta(hours=4)), strict=True):
            yield partial(
                Offer.objects.create,
                entry=entry,
                patient_id=crowd[0],
                site_id=clinic.lyon,
                starts_at=start,
                ends_at=start + timedelta(minutes=30),
                time_zone="Europe/Paris",
                deadline=clinic.at + timedelta(hours=2),
                offered_at=clinic.at,
            )

    def test_is_one_open_offer_a_person(self, clinic, service, crowd, wait):
        outcomes = at_once(list(self.rounds(clinic, service, crowd, wait)))
        assert kinds(outcomes) == {"done": 1, "IntegrityError": 1}

    def test_is_what_does_it(self, clinic, service, crowd, wait):
        with connections["owner"].cursor() as cursor:
            cursor.execute("DROP INDEX one_open_offer_a_person")
        try:
            outcomes = at_once(list(self.rounds(clinic, service, crowd, wait)))
            assert kinds(outcomes) == {"done": 2}
        finally:
            Offer.objects.all().delete()
            with connections["owner"].cursor() as cursor:
                cursor.execute(
                    "CREATE UNIQUE INDEX one_open_offer_a_person ON booking_offer (patient_id)"
                    " WHERE state = 'OPEN'"
                )
