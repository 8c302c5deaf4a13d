"""The demo's own page signs in, opens spaces and moves the clock; production has none of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.demo import hub
from aiguille.demo.premises import open_premises, staff_sign_ins
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, audience_of


@pytest.fixture
def premises(db, settings):
    settings.DEMO = True
    now = datetime.now(UTC)
    clock.set_offset(timedelta())
    return open_premises(since=now - timedelta(days=90), today=now.date())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_shows_how_to_sign_in(premises, language):
    page = Client().get(f"/{language}/demo/").content.decode()
    for person in staff_sign_ins():
        assert person.email in page


@pytest.mark.parametrize("person", staff_sign_ins(), ids=lambda person: person.email)
def test_signs_in_with_one_tap(premises, person):
    landed = Client().post("/fr/demo/sign-in/", {"email": person.email}, follow=True)
    assert landed.redirect_chain
    assert landed.status_code == 200


def test_signs_in_nobody_else(premises):
    client = Client()
    assert client.post("/fr/demo/sign-in/", {"email": "a@example.net"}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_moves_the_clock_forward_and_back(premises):
    client = Client()
    before = clock.now()
    client.post("/fr/demo/clock/", {"amount": "2", "unit": "days"})
    client.post("/fr/demo/clock/", {"amount": "3", "unit": "hours"})
    moved = clock.now() - before
    assert timedelta(days=2, hours=3) <= moved < timedelta(days=2, hours=3, minutes=1)
    client.post("/fr/demo/clock/", {"real": "1"})
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=2)


@pytest.mark.parametrize(
    "sent",
    [
        {"amount": "", "unit": "days"},
        {"amount": "-1", "unit": "days"},
        {"amount": "1000000", "unit": "days"},
        {"amount": "un", "unit": "days"},
        {"amount": "1", "unit": "years"},
        {},
    ],
)
def test_refuses_what_is_no_step_forward(premises, sent):
    response = Client().post("/fr/demo/clock/", sent)
    assert response.status_code == 422
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=2)


def test_never_goes_further_than_three_years(premises):
    step = {"amount": "999", "unit": "days"}
    assert Client().post("/fr/demo/clock/", step).status_code == 302
    assert Client().post("/fr/demo/clock/", step).status_code == 422


def test_opens_no_space_of_a_stranger(premises):
    assert Client().post(f"/fr/demo/spaces/{new_id()}/").status_code == 404


@pytest.mark.parametrize("view", [hub.hub, hub.move_clock, hub.sign_in, hub.open_space])
def test_is_for_the_demo_alone(view):
    assert audience_of(view) == frozenset({Who.DEMO})


def test_is_closed_in_production_even_if_it_had_an_address(premises, settings):
    settings.DEMO = False
    for name in ("demo:hub", "components"):
        assert Client().get(reverse(name)).status_code == 404
    assert Client().post("/fr/demo/clock/", {"amount": "1", "unit": "days"}).status_code == 404
