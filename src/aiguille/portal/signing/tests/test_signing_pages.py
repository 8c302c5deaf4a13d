"""A consent waits while the patient gives the birth date again, and goes on as it was filled in."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.accounts.signing import CONFIRMED_FOR
from aiguille.consent.models import Consent
from aiguille.consent.operations import publish_texts
from aiguille.kernel.actor import SYSTEM
from aiguille.plumbing import clock
from aiguille.plumbing.refusals import UNSIGNED
from aiguille.portal.consent.tests.test_consent import ADDRESS, DRAWING, filled
from tests.course import open_course
from tests.world import ANNA_BORN, MARC_BORN, World

pytestmark = pytest.mark.django_db
WHILE = timedelta(minutes=1)


@pytest.fixture
def anna(world: World) -> Client:
    open_course(world)
    publish_texts(actor=SYSTEM, at=world.at)
    return world.space_client(world.anna)


@pytest.fixture
def sent(anna: Client) -> dict[str, str]:
    """Return what Anna filled in, with a signature drawn, longer than five minutes after she came."""
    given = filled(anna.get(ADDRESS), drawn=DRAWING, signed_name="")
    pass_time(CONFIRMED_FOR + WHILE)
    return given


def pass_time(by: timedelta) -> None:
    clock.set_offset(timedelta(seconds=clock._offset.seconds) + by)


def born(day: Any) -> dict[str, str]:
    return {f"birth_date_{part}": str(getattr(day, part)) for part in ("day", "month", "year")}


def suspended(client: Client, sent: dict[str, str]) -> tuple[str, str]:
    """Post the consent and return where the patient is sent, and what that leads back to."""
    confirm = client.post(ADDRESS, sent)["Location"]
    assert confirm.startswith("/fr/space/confirm/")
    return confirm, confirm.replace("/confirm/", "/signing/")


def sends(page: Any) -> dict[str, str]:
    return dict(page.context["fields"])


class TestAConsent:
    def test_is_signed_at_once_within_five_minutes(self, anna: Client, world: World) -> None:
        given = filled(anna.get(ADDRESS))
        pass_time(CONFIRMED_FOR - WHILE)
        anna.post(ADDRESS, given)
        row = Consent.objects.get()
        assert (row.signer_id, row.signer_name, row.signer_role, row.signer_rpps) == (
            world.anna.user_id,
            "Anna Martin",
            "patient",
            "",
        )

    def test_goes_on_with_everything_filled_in(self, anna: Client, sent: dict[str, str]) -> None:
        confirm, back = suspended(anna, sent)
        assert anna.get(confirm).status_code == 200
        assert anna.post(confirm, born(MARC_BORN)).status_code == 422
        assert Consent.objects.count() == 0

        assert anna.post(confirm, born(ANNA_BORN))["Location"] == back
        page = anna.get(back)
        assert (page.context["goes_on"], page.context["address"]) == (True, ADDRESS)
        assert sends(page) == sent

        assert "/consent/signed/" in anna.post(ADDRESS, sends(page))["Location"]
        assert Consent.objects.get().signature == DRAWING

    def test_given_up_comes_back_unsigned_with_what_was_filled_in(
        self, anna: Client, sent: dict[str, str]
    ) -> None:
        confirm, back = suspended(anna, sent)
        assert f'href="{back}?cancel"' in anna.get(confirm).content.decode()

        page = anna.get(f"{back}?cancel")
        assert (page.context["goes_on"], sends(page)[UNSIGNED]) == (False, "1")
        shown = anna.post(ADDRESS, sends(page))

        assert shown.status_code == 422
        assert shown.context["form"]["mention"].value() == sent["mention"]
        assert "confirmez votre identité" in shown.content.decode()
        assert Consent.objects.count() == 0

    def test_is_nobody_elses_to_go_on_with(
        self, anna: Client, sent: dict[str, str], world: World
    ) -> None:
        confirm, back = suspended(anna, sent)
        marc = world.space_client(world.marc)
        for way_back in (back, reverse("portal:resume", args=[uuid4()])):
            assert marc.get(way_back)["Location"] == reverse("portal:home")
        assert Client().get(confirm)["Location"] != back
        assert world.staff_client(world.bruno).get(confirm).status_code == 404

    def test_asks_again_in_another_session(
        self, anna: Client, sent: dict[str, str], world: World
    ) -> None:
        elsewhere = world.space_client(world.anna)
        pass_time(CONFIRMED_FOR + WHILE)
        confirm, _ = suspended(anna, sent)
        elsewhere.post(confirm, born(ANNA_BORN))
        assert "/confirm/" in anna.post(ADDRESS, sent)["Location"]


def test_a_birth_date_is_guessed_a_few_times_only(anna: Client, sent: dict[str, str]) -> None:
    confirm, _ = suspended(anna, sent)
    for _ in range(12):
        assert anna.post(confirm, born(MARC_BORN)).status_code == 422
    assert anna.post(confirm, born(ANNA_BORN)).status_code == 422
    assert Consent.objects.count() == 0
