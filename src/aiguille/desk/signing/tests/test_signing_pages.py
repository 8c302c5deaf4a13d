"""A form that asks for a signature waits while the person proves that it is they."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from aiguille.accounts.signing import CONFIRMED_FOR
from aiguille.care.queries import list_verdicts
from aiguille.desk.care.tests.test_consultation import arrive, ask_all, url, verdict_data, written
from aiguille.plumbing import clock
from aiguille.plumbing.refusals import UNSIGNED
from tests.course import open_catalogue
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db
REASON = "Peau saine.\r\n\r\nIndication retenue : « cicatrices » & reste."


@pytest.fixture
def bruno(world: World, settings: Settings) -> Client:
    settings.ACCOUNT_RATE_LIMITS = False
    open_catalogue(at=world.at)
    return world.staff_client(world.bruno)


def pass_time(by: timedelta) -> None:
    clock.set_offset(timedelta(seconds=clock._offset.seconds) + by)


@pytest.fixture
def ready(world: World, bruno: Client) -> tuple[str, dict[str, Any]]:
    """Return the verdict's page and what Dr Bruno typed in it, six minutes after he signed in."""
    appointment_id = arrive(world)
    bruno.post(url("consultation", appointment_id), written())
    ask_all(bruno, world, appointment_id)
    address = url("verdict", appointment_id)
    typed = verdict_data(bruno.get(address), reason=REASON)
    pass_time(CONFIRMED_FOR + timedelta(minutes=1))
    return address, typed


def sent_on(page: Any) -> dict[str, list[str]]:
    """Return what the page's form would send."""
    sent: dict[str, list[str]] = {}
    for name, value in page.context["fields"]:
        sent.setdefault(name, []).append(value)
    return sent


def suspend(client: Client, ready: tuple[str, dict[str, Any]]) -> tuple[str, str]:
    """Post the verdict and return where the person is sent, and where that leads back."""
    refused = client.post(*ready)
    assert refused.status_code == 302
    confirm = refused["Location"]
    assert confirm.startswith("/fr/account/reauthenticate/?next=")
    return confirm, client.get(confirm).context["redirect_field_value"]


class TestASignature:
    def test_goes_on_with_everything_typed(
        self, world: World, bruno: Client, ready: tuple[str, dict[str, Any]]
    ) -> None:
        address, typed = ready
        confirm, back = suspend(bruno, ready)
        assert list_verdicts(patient_id=world.anna.patient_id) == []

        wrong = bruno.post(confirm.partition("?")[0], {"password": "wrong", "next": back})
        assert wrong.status_code == 200
        right = bruno.post(confirm.partition("?")[0], {"password": PASSWORD, "next": back})
        assert right["Location"] == back
        page = bruno.get(back)
        assert (page.context["goes_on"], page.context["address"]) == (True, address)
        assert sent_on(page) == {name: [value] for name, value in typed.items()}
        assert page["Cache-Control"].count("no-store") == 1

        assert bruno.post(address, sent_on(page)).status_code == 302
        (verdict,) = list_verdicts(patient_id=world.anna.patient_id)
        assert verdict.reason == REASON

    def test_given_up_comes_back_to_the_form_unsigned(
        self, world: World, bruno: Client, ready: tuple[str, dict[str, Any]]
    ) -> None:
        confirm, back = suspend(bruno, ready)
        assert f'href="{back}?cancel"' in bruno.get(confirm).content.decode()

        page = bruno.get(f"{back}?cancel")
        assert page.context["goes_on"] is False
        shown = bruno.post(page.context["address"], sent_on(page))

        assert shown.status_code == 422
        assert shown.context["form"]["reason"].value() == REASON
        assert "confirmez votre identité" in shown.content.decode()
        assert list_verdicts(patient_id=world.anna.patient_id) == []
        again = bruno.post(*ready)
        assert "/account/reauthenticate/" in again["Location"], "the next attempt asks again"

    def test_goes_on_unsigned_where_the_proof_was_skipped(
        self, bruno: Client, ready: tuple[str, dict[str, Any]]
    ) -> None:
        _, back = suspend(bruno, ready)

        page = bruno.get(back)

        assert (page.context["goes_on"], sent_on(page)[UNSIGNED]) == (False, ["1"])

    def test_is_kept_sealed_and_only_until_it_goes_on(
        self, bruno: Client, ready: tuple[str, dict[str, Any]]
    ) -> None:
        _, back = suspend(bruno, ready)
        kept = Session.objects.get(session_key=bruno.session.session_key).get_decoded()
        assert "Indication" not in str(kept)
        assert ready[0] not in str(kept)

        bruno.get(back)

        assert bruno.session["suspended-requests"] == {}
        assert bruno.get(back)["Location"] == reverse("desk:start")

    def test_is_not_kept_for_long_nor_for_another(
        self, world: World, bruno: Client, ready: tuple[str, dict[str, Any]]
    ) -> None:
        _, back = suspend(bruno, ready)
        for client in (world.staff_client(world.paula), world.staff_client(world.diane)):
            assert client.get(back)["Location"] == reverse("desk:start")
        pass_time(timedelta(minutes=31))
        assert bruno.get(back)["Location"] == reverse("desk:start")
        assert bruno.get(url("resume", uuid4()))["Location"] == reverse("desk:start")

    def test_of_two_forms_at_once_goes_on_with_its_own(
        self, bruno: Client, ready: tuple[str, dict[str, Any]]
    ) -> None:
        address, typed = ready
        _, first = suspend(bruno, ready)
        _, second = suspend(bruno, (address, typed | {"reason": "L’autre."}))

        assert sent_on(bruno.get(first))["reason"] == [REASON]
        assert sent_on(bruno.get(second))["reason"] == ["L’autre."]

    def test_asked_for_in_a_fragment_takes_the_whole_page(
        self, bruno: Client, ready: tuple[str, dict[str, Any]]
    ) -> None:
        answer = bruno.post(*ready, headers={"HX-Request": "true"})

        assert "/account/reauthenticate/" in answer["HX-Redirect"]

    def test_needs_no_proof_within_five_minutes_of_the_last(
        self, world: World, bruno: Client, ready: tuple[str, dict[str, Any]]
    ) -> None:
        bruno.post("/fr/account/reauthenticate/", {"password": PASSWORD})

        assert bruno.post(*ready).status_code == 302
        assert len(list_verdicts(patient_id=world.anna.patient_id)) == 1


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/fr/desk/signing/", "javascript:alert(1)", "/fr/desk/"]
)
def test_the_way_back_is_the_desks_own(bruno: Client, address: str) -> None:
    page = bruno.get("/fr/account/reauthenticate/", {"next": address})

    assert "?cancel" not in page.content.decode()
