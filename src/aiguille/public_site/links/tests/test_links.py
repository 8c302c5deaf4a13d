"""The page of a link: a look changes nothing, the birth date opens, refusals say what to do."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from aiguille.kernel.actor import VISITOR
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.queries import latest_mail
from aiguille.patients.operations import create_provisional, make_link
from aiguille.patients.queries import get_identity
from aiguille.plumbing import clock
from tests.world import World


def link(world: World, patient_id: UUID) -> str:
    token = make_link(
        patient_id=patient_id,
        scope="SPACE",
        expires_at=world.at + timedelta(hours=1),
        at=world.at,
    )
    return reverse("public:space_link", args=[token])


def count(condition: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM patients_secret_link WHERE {condition}")
        return int(cursor.fetchone()[0])


def born(day: int, month: int, year: int) -> dict[str, str]:
    return {
        "birth_date_day": str(day),
        "birth_date_month": str(month),
        "birth_date_year": str(year),
    }


@pytest.fixture(autouse=True)
def french() -> Iterator[None]:
    with translation.override("fr"):  # an English page asked for before leaves its language on
        yield


@pytest.fixture
def zoe(world: World) -> UUID:
    return create_provisional(
        birth_name="Garnier",
        first_names="Zoé",
        email="zoe@example.net",
        phone="",
        language="fr",
        actor=VISITOR,
        at=world.at,
    )


FIRST_TIME = {
    "relation": "SELF",
    "first_names": "Zoé",
    "birth_name": "Garnier",
    "sex": "F",
    "birthplace": "Nîmes",
    **born(7, 6, 1991),
}


class TestALink:
    def test_opens_with_the_birth_date(self, world: World) -> None:
        client, address = Client(), link(world, world.anna.patient_id)
        for _ in range(3):
            page = client.get(address)
            assert page.status_code == 200
            assert "Anna" not in page.content.decode(), "a link alone says nothing of the record"
        assert count("used_at IS NOT NULL") == 2, "the world's own"

        assert client.post(address, born(3, 4, 1988))["Location"] == reverse("portal:home")

        assert client.get(reverse("portal:home")).status_code == 200
        assert client.post(address, born(3, 4, 1988)).status_code == 302, "a second press"

    def test_locks_after_five_wrong_dates(self, world: World) -> None:
        client, address = Client(), link(world, world.anna.patient_id)
        codes = [client.post(address, born(1, 1, 1990)).status_code for _ in range(5)]
        assert codes == [422] * 5

        locked = client.post(address, born(3, 4, 1988))

        assert locked.status_code == 404
        assert reverse("public:ask_link") in locked.content.decode()
        assert client.get(reverse("portal:home")).status_code == 302

    @pytest.mark.parametrize(
        "typed", [{}, born(31, 2, 1988), born(0, 1, 1988), {"birth_date_day": "<b>"}]
    )
    def test_explains_what_is_no_date_without_counting_it(
        self, world: World, typed: dict[str, str]
    ) -> None:
        client, address = Client(), link(world, world.anna.patient_id)

        response = client.post(address, typed)

        assert response.status_code == 422
        assert "birth_date" in response.context["form"].errors
        assert count("failed_attempts > 0") == 0

    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_that_nobody_made_says_what_to_do(self, world: World, language: str) -> None:
        response = Client().get(f"/{language}/s/never-made/")

        assert response.status_code == 404
        assert reverse("public:ask_link")[4:] in response.content.decode()


class TestTheFirstTime:
    def test_declares_the_identity(self, world: World, zoe: UUID) -> None:
        client = Client()

        response = client.post(link(world, zoe), FIRST_TIME)

        assert response.status_code == 302
        identity = get_identity(zoe)
        assert not identity.is_provisional
        assert str(identity.birth_date) == "1991-06-07"
        assert "Zoé" in client.get(reverse("portal:home")).content.decode()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"birth_name": ""}, "birth_name"),
            ({"birth_name": "<b>x</b>"}, "birth_name"),
            ({"first_names": "x" * 101}, "first_names"),
            ({"used_name": "R2D2"}, "used_name"),
            ({"birthplace": "{{ }}"}, "birthplace"),
            ({"sex": "X"}, "sex"),
            ({"relation": "FRIEND"}, "relation"),
            (born(1, 1, 2999), "birth_date"),
            (born(1, 1, 1850), "birth_date"),
        ],
    )
    def test_explains_bad_input_and_writes_nothing(
        self, world: World, zoe: UUID, changes: dict[str, str], field: str
    ) -> None:
        response = Client().post(link(world, zoe), FIRST_TIME | changes)

        assert response.status_code == 422
        assert field in response.context["form"].errors
        assert 'value="Garnier"' in response.content.decode() or field == "birth_name"
        assert get_identity(zoe).is_provisional

    def test_never_opens_a_staff_account(self, world: World) -> None:
        patient_id = create_provisional(
            birth_name="Garnier",
            first_names="Zoé",
            email=world.bruno.email,
            phone="",
            language="fr",
            actor=VISITOR,
            at=world.at,
        )
        client = Client()

        response = client.post(link(world, patient_id), FIRST_TIME)

        assert response.status_code == 404
        assert client.get(reverse("portal:home")).status_code == 302


class TestAskingForALink:
    @pytest.mark.parametrize("email", ["anna@example.net", "nobody@example.net"])
    def test_answers_the_same_whether_the_address_is_known(self, world: World, email: str) -> None:
        client = Client()

        response = client.post(reverse("public:ask_link"), {"email": email})

        assert response["Location"] == reverse("public:link_asked")
        assert client.get(response["Location"]).status_code == 200
        send_all_due(at=clock.now())
        assert len(latest_mail()) == (1 if email.startswith("anna") else 0)

    @pytest.mark.parametrize("email", ["", "anna", "a" * 300 + "@example.net"])
    def test_explains_what_is_no_address(self, world: World, email: str) -> None:
        response = Client().post(reverse("public:ask_link"), {"email": email})

        assert response.status_code == 422
        assert "email" in response.context["form"].errors
