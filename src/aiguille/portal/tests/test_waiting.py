"""A patient waits for a session, or for an earlier time, and answers in their space."""

from datetime import UTC, datetime, timedelta

import pytest

from aiguille.booking.models import Appointment, Offer, WaitingEntry
from aiguille.booking.offers import offer_free_times
from aiguille.booking.operations import book
from aiguille.booking.queries import appointments_of_patient, get_appointment
from tests.course import open_course

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
WISH = {"first_day": "2026-03-03", "last_day": "2026-04-30", "weekdays": ["2"], "anyway": "1"}


@pytest.fixture
def course(world):
    return open_course(world)


@pytest.fixture
def anna(world):
    return world.space_client(world.anna)


@pytest.fixture
def marc(world):
    return world.space_client(world.marc)


@pytest.fixture
def later(world, course):
    """Anna's session, two weeks on."""
    return book(
        patient_id=world.anna.patient_id,
        service_id=course.session_service,
        site_id=world.lyon,
        starts_at=TEN + timedelta(days=14),
        plan_id=course.plan,
        actor=world.diane.actor,
        at=world.at,
    )


def _offer(world):
    offer_free_times(at=world.at)
    return Offer.objects.get()


def test_no_time_suits_leads_to_the_list(anna, course):
    page = anna.get(f"/fr/space/sessions/{course.plan}/book/").content.decode()
    address = f"/fr/space/waiting/plan/{course.plan}/"
    assert address in page
    assert anna.get(address).status_code == 200
    assert anna.post(address, WISH).url == "/fr/space/appointments/"
    assert "Liste d’attente" in anna.get("/fr/space/appointments/").content.decode()


@pytest.mark.parametrize(("language", "words"), [("fr", "attente"), ("en", "waiting list")])
def test_the_form_speaks_both_languages(anna, course, language, words):
    page = anna.get(f"/{language}/space/waiting/plan/{course.plan}/").content.decode()
    assert words in page


def test_a_wish_that_fits_nothing_is_explained(anna, course):
    response = anna.post(
        f"/fr/space/waiting/plan/{course.plan}/", WISH | {"last_day": "2026-03-01"}
    )
    assert response.status_code == 422
    assert "last_day" in response.context["form"].errors


def test_a_free_time_that_would_do_is_shown_first_and_booked(world, anna, course):
    wish = {name: value for name, value in WISH.items() if name != "anyway"}
    shown = anna.post(f"/fr/space/waiting/plan/{course.plan}/", wish)
    assert shown.status_code == 200
    assert not WaitingEntry.objects.exists()
    one, start = shown.context["free"][0]
    assert one.start.local.weekday() == 2
    booked = anna.post(shown.context["book_href"], {"start": start})
    assert booked.url == "/fr/space/appointments/"
    assert [a.starts_at for a in appointments_of_patient(world.anna.patient_id)] == [
        one.start.starts_at
    ]


def test_an_earlier_free_time_moves_the_appointment(anna, world, later):
    wish = {name: value for name, value in WISH.items() if name != "anyway"}
    shown = anna.post(f"/fr/space/waiting/earlier/{later}/", wish)
    one, start = shown.context["free"][0]
    before = get_appointment(later)
    assert one.start.starts_at < before.starts_at
    form = {"start": start, "version": before.version}
    assert anna.post(shown.context["book_href"], form).status_code == 302
    assert get_appointment(later).starts_at == one.start.starts_at


def test_asking_twice_keeps_one_place(anna, course):
    for _ in range(2):
        assert anna.post(f"/fr/space/waiting/plan/{course.plan}/", WISH).status_code == 302
    assert WaitingEntry.objects.count() == 1


def test_an_earlier_time_is_taken_and_the_later_one_given_back(world, anna, later):
    assert (
        f"/fr/space/waiting/earlier/{later}/"
        in anna.get("/fr/space/appointments/").content.decode()
    )
    anna.post(f"/fr/space/waiting/earlier/{later}/", WISH)
    offer = _offer(world)
    page = anna.get("/fr/space/appointments/").content.decode()
    assert f"/fr/space/waiting/offers/{offer.id}/accept/" in page
    assert "25 mars 2026" in page
    anna.post(f"/fr/space/waiting/offers/{offer.id}/accept/", {"give_back": str(later)})
    assert Appointment.objects.get().starts_at == offer.starts_at < TEN


def test_a_time_is_declined_and_the_list_left(world, anna, course):
    anna.post(f"/fr/space/waiting/plan/{course.plan}/", WISH)
    offer = _offer(world)
    anna.post(f"/fr/space/waiting/offers/{offer.id}/decline/")
    assert WaitingEntry.objects.get().state == "WAITING"
    anna.post(f"/fr/space/waiting/{offer.entry_id}/leave/")
    assert WaitingEntry.objects.get().state == "LEFT"


def test_what_is_another_persons_does_not_exist(world, anna, marc, later):
    anna.post(f"/fr/space/waiting/earlier/{later}/", WISH)
    offer = _offer(world)
    assert marc.get(f"/fr/space/waiting/earlier/{later}/").status_code == 404
    for address in (
        f"offers/{offer.id}/accept/",
        f"offers/{offer.id}/decline/",
        f"{offer.entry_id}/leave/",
    ):
        assert marc.post(f"/fr/space/waiting/{address}").status_code == 404
    assert Offer.objects.get().state == "OPEN"


def test_an_offer_that_is_over_is_refused_in_words(world, anna, course):
    anna.post(f"/fr/space/waiting/plan/{course.plan}/", WISH)
    offer = _offer(world)
    Offer.objects.update(deadline=world.at)
    page = anna.post(f"/fr/space/waiting/offers/{offer.id}/accept/", follow=True)
    assert "Cet horaire ne vous est plus réservé" in page.content.decode()
    assert not Appointment.objects.exists()


def test_what_is_kept_stands_on_the_first_page(world, anna, course):
    anna.post(f"/fr/space/waiting/plan/{course.plan}/", WISH)
    assert "Un horaire vous est gardé" not in anna.get("/fr/space/").content.decode()
    _offer(world)
    assert "Un horaire vous est gardé" in anna.get("/fr/space/").content.decode()
