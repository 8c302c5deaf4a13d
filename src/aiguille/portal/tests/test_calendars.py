"""A patient's calendar addresses: shown once, revocable, nobody else's."""

import re

import pytest
from django.test import Client

from aiguille.booking.models import CalendarFeed
from aiguille.kernel.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(world):
    return world.space_client(world.anna)


def text_of(response):
    return response.content.decode()


def make(client, **changes):
    given = {"name": "Peau & Soin", "language": "fr", "key": str(new_id())}
    response = client.post("/fr/space/calendars/new/", given | changes, follow=True)
    found = re.search(r'value="[^"]+(/feeds/[^"]+\.ics)"', text_of(response))
    return response, found.group(1) if found else ""


def test_the_appointments_lead_there(anna):
    assert "/fr/space/calendars/" in text_of(anna.get("/fr/space/appointments/"))
    page = text_of(anna.get("/fr/space/calendars/"))
    assert "Pas encore d’adresse" in page


def test_an_address_is_shown_once_and_works(anna):
    response, path = make(anna)
    assert "webcal:" in text_of(response)
    assert Client().get(path).status_code == 200
    page = text_of(anna.get("/fr/space/calendars/"))
    assert path not in page
    assert "Lue pour la dernière fois le 02/03/2026 09:00." in page


def test_a_form_without_a_name_comes_back(anna):
    response, _ = make(anna, name="")
    assert response.status_code == 422


def test_it_is_replaced_and_revoked(anna):
    _, old = make(anna)
    feed = CalendarFeed.objects.get()
    new = anna.post(f"/fr/space/calendars/{feed.id}/replace/", {"key": str(new_id())}, follow=True)
    assert "/feeds/" in text_of(new)
    assert Client().get(old).status_code == 404
    feed = CalendarFeed.objects.get(revoked_at=None)
    for _ in range(2):
        assert anna.post(f"/fr/space/calendars/{feed.id}/revoke/").status_code == 302
    assert "Pas encore d’adresse" in text_of(anna.get("/fr/space/calendars/"))


def test_another_patient_neither_sees_nor_changes_it(world, anna):
    make(anna, name="Agenda d’Anna")
    marc = world.space_client(world.marc)
    assert "Agenda d’Anna" not in text_of(marc.get("/fr/space/calendars/"))
    feed = CalendarFeed.objects.get()
    for change in ("replace", "revoke"):
        assert marc.post(f"/fr/space/calendars/{feed.id}/{change}/").status_code == 404
    assert world.staff_client(world.bruno).get("/fr/space/calendars/").status_code == 404
    assert Client().get("/fr/space/calendars/").status_code == 302
