"""The desk sees who waits, adds and removes, and answers for people on the telephone."""

from datetime import date

import pytest

from aiguille.booking.models import Appointment, Offer, WaitingEntry
from aiguille.booking.offers import offer_free_times
from aiguille.booking.waiting import join_waiting_list
from aiguille.patients.queries import get_identity
from tests.course import open_course

pytestmark = pytest.mark.django_db
WISH = {"first_day": "2026-03-03", "last_day": "2026-04-30", "from_minute": "09:00", "anyway": "1"}


@pytest.fixture
def course(world):
    return open_course(world)


@pytest.fixture
def diane(world):
    return world.staff_client(world.diane)


@pytest.fixture
def waiting(world, course):
    return join_waiting_list(
        patient_id=world.anna.patient_id,
        service_id=course.consultation_service,
        first_day=date(2026, 3, 3),
        last_day=date(2026, 3, 31),
        actor=world.anna.actor,
        at=world.at,
    )


@pytest.fixture
def offer(world, waiting):
    offer_free_times(at=world.at)
    return Offer.objects.get()


def _number(world):
    return get_identity(world.anna.patient_id).number


@pytest.mark.parametrize(("language", "words"), [("fr", "Liste d’attente"), ("en", "Waiting list")])
def test_everybody_who_waits_is_listed(diane, offer, language, words):
    page = diane.get(f"/{language}/desk/waiting/").content.decode()
    assert words in page
    assert "Anna Martin" in page
    assert f"/{language}/desk/waiting/offers/{offer.id}/" in page


def test_the_list_costs_the_same_for_many(
    world, diane, course, waiting, django_assert_max_num_queries
):
    join_waiting_list(
        patient_id=world.marc.patient_id,
        service_id=course.consultation_service,
        first_day=date(2026, 3, 3),
        last_day=date(2026, 3, 31),
        actor=world.marc.actor,
        at=world.at,
    )
    diane.get("/fr/desk/waiting/")
    with django_assert_max_num_queries(14):
        page = diane.get("/fr/desk/waiting/").content.decode()
    assert page.index("Anna Martin") < page.index("Marc Lefèvre")


def test_an_empty_list_says_so(diane, world):
    assert "Personne n’attend" in diane.get("/fr/desk/waiting/").content.decode()


@pytest.mark.parametrize("what", ["service", "plan"])
def test_a_free_time_that_would_do_is_shown_first(world, diane, course, what):
    key = course.consultation_service if what == "service" else course.plan
    address = f"/fr/desk/patients/{_number(world)}/wait/{what}/{key}/"
    wish = {name: value for name, value in WISH.items() if name != "anyway"}
    shown = diane.post(address, wish)
    assert shown.status_code == 200
    assert not WaitingEntry.objects.exists()
    one, start, href = shown.context["free"][0]
    assert diane.post(href, {"start": start}).status_code == 302
    booked = Appointment.objects.get(patient_id=world.anna.patient_id)
    assert booked.starts_at == one.start.starts_at


@pytest.mark.parametrize("what", ["service", "plan"])
def test_a_patient_is_put_on_the_list(world, diane, course, what):
    key = course.consultation_service if what == "service" else course.plan
    address = f"/fr/desk/patients/{_number(world)}/wait/{what}/{key}/"
    assert address in diane.get(f"/fr/desk/patients/{_number(world)}/book/").content.decode()
    assert diane.get(address).status_code == 200
    assert diane.post(address, WISH).url == "/fr/desk/waiting/"
    assert WaitingEntry.objects.get().from_minute == 540
    again = diane.post(address, WISH)
    assert again.status_code == 422
    assert "déjà sur la liste" in again.content.decode()


def test_the_desk_accepts_for_the_person(diane, offer):
    page = diane.get(f"/fr/desk/waiting/offers/{offer.id}/").content.decode()
    assert "accept/" in page
    diane.post(f"/fr/desk/waiting/offers/{offer.id}/accept/")
    assert Appointment.objects.get().starts_at == offer.starts_at
    page = diane.get(f"/fr/desk/waiting/offers/{offer.id}/").content.decode()
    assert "ne lui est plus gardé" in page


def test_the_desk_declines_for_the_person(diane, offer):
    diane.post(f"/fr/desk/waiting/offers/{offer.id}/decline/")
    assert Offer.objects.get().state == "DECLINED"
    assert "refusé" in diane.get("/fr/desk/waiting/").content.decode()


def test_the_desk_removes_a_person(diane, offer):
    diane.post(f"/fr/desk/waiting/{offer.entry_id}/remove/")
    assert WaitingEntry.objects.get().state == "REMOVED"
    assert Offer.objects.get().state == "WITHDRAWN"


def test_the_administrator_does_not_see_the_list(world, offer):
    ines = world.staff_client(world.ines)
    assert ines.get("/fr/desk/waiting/").status_code == 403
    assert ines.post(f"/fr/desk/waiting/offers/{offer.id}/accept/").status_code == 403


def test_what_does_not_exist_is_not_found(world, diane, course):
    nothing = "00000000-0000-0000-0000-000000000000"
    assert diane.get(f"/fr/desk/waiting/offers/{nothing}/").status_code == 404
    assert diane.post(f"/fr/desk/waiting/{nothing}/remove/").status_code == 404
    number = _number(world)
    assert diane.get(f"/fr/desk/patients/{number}/wait/plan/{nothing}/").status_code == 404
    assert diane.get(f"/fr/desk/patients/{number}/wait/service/{nothing}/").status_code == 404
