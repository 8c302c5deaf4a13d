"""The page of messages exists in a demo and nowhere else."""

import importlib

import pytest
from django.test import Client
from django.urls import NoReverseMatch, clear_url_caches, reverse

from aiguille.kernel.ids import new_id
from aiguille.messaging.models import DemoMail
from aiguille.plumbing import clock


@pytest.fixture
def in_production(settings):
    """The addresses of an installation for real."""
    urls = importlib.import_module(settings.ROOT_URLCONF)
    settings.DEMO = False
    importlib.reload(urls)
    clear_url_caches()
    yield
    settings.DEMO = True
    importlib.reload(urls)
    clear_url_caches()


@pytest.fixture
def message(db, settings):
    settings.DEMO = True
    return DemoMail.objects.create(
        recipient="anna@example.net",
        channel="EMAIL",
        subject="Votre rendez-vous",
        text="Bonjour <b>Anna</b> https://clinic.example/fr/a/secret/",
        attachments=[
            {"name": "a.ics", "media_type": "text/calendar", "content": "BEGIN:VCALENDAR"}
        ],
        sent_at=clock.now(),
    )


def test_shows_every_message_with_links_that_work_and_no_markup(message):
    page = Client().get("/fr/demo/mail/").content.decode()
    assert "anna@example.net" in page
    assert 'href="https://clinic.example/fr/a/secret/"' in page
    assert "<b>Anna</b>" not in page


def test_shows_those_of_one_address(message):
    assert "Votre rendez-vous" in Client().get("/fr/demo/mail/?q=ANNA@example.net").content.decode()
    assert "Votre rendez-vous" not in Client().get("/fr/demo/mail/?q=marc").content.decode()


def test_hands_out_what_was_attached(message):
    response = Client().get(f"/fr/demo/mail/{message.id}/0/")
    assert response.content == b"BEGIN:VCALENDAR"
    assert Client().get(f"/fr/demo/mail/{message.id}/1/").status_code == 404
    assert Client().get(f"/fr/demo/mail/{new_id()}/0/").status_code == 404


def test_has_no_address_in_production(message, in_production):
    with pytest.raises(NoReverseMatch):
        reverse("demo:mail")
    assert Client().get("/fr/demo/mail/").status_code == 404


def test_is_closed_in_production_even_if_it_had_an_address(message, settings):
    settings.DEMO = False
    assert Client().get("/fr/demo/mail/").status_code == 404
