"""The pages of photos: who reaches them, what is added, what a refusal says, how they are sent."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from aiguille.kernel.ids import new_id
from aiguille.outcomes.models import Photo
from aiguille.outcomes.operations import add_photo
from aiguille.outcomes.queries import photos_of
from aiguille.outcomes.tests.drawn import heic, skin, tagged
from aiguille.patients.queries import get_identity
from tests.world import World

MOST_QUERIES = 16


@pytest.fixture(autouse=True)
def vault(settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path


@pytest.fixture
def bruno(world: World) -> Client:
    return world.staff_client(world.bruno)


@pytest.fixture
def page(world: World) -> str:
    return f"/fr/desk/patients/{get_identity(world.anna.patient_id).number}/photos/"


def text_of(response: Any) -> str:
    return str(response.content.decode())


def sent(*contents: bytes, **said: str) -> dict[str, object]:
    files = [
        SimpleUploadedFile(f"IMG_{place}.jpg", content, content_type="image/jpeg")
        for place, content in enumerate(contents)
    ]
    given = {"zone": "CHEEK", "side": "left", "taken_on": "2026-03-01", "form_key": str(new_id())}
    return {"photos": files, **given, **said}


def keep(world: World, *, days_ago: int = 0, zone: str = "CHEEK", side: str = "left") -> UUID:
    return add_photo(
        patient_id=world.anna.patient_id,
        content=skin(seed=days_ago),
        zone=zone,
        side=side,
        taken_on=world.at.date() - timedelta(days=days_ago),
        form_key=new_id(),
        actor=world.bruno.actor,
        at=world.at,
    )


class TestAdding:
    def test_several_at_once_are_added_and_shown(self, bruno: Client, page: str) -> None:
        response = bruno.post(page, sent(tagged(), skin(), skin("PNG")), follow=True)

        assert response.redirect_chain[0][0] == f"{page}?zone=CHEEK&side=left"
        assert "3 photos ajoutées." in text_of(response)
        assert text_of(response).count("/small/") == 3
        assert "1 mars 2026" in text_of(response)

    def test_one_that_is_refused_loses_no_other(
        self, world: World, bruno: Client, page: str
    ) -> None:
        given = sent(skin(), heic(), b"not one", skin("PNG"))

        response = bruno.post(page, given)

        assert response.status_code == 422
        shown = text_of(response)
        assert "2 photos ajoutées." in shown
        assert re.search(r"IMG_1\.jpg</strong>[^<]*HEIC", shown)
        assert re.search(r"IMG_2\.jpg</strong>[^<]*JPEG, un PNG ou un WebP", shown)
        assert 'value="CHEEK" selected' in shown
        assert len(photos_of(patient_id=world.anna.patient_id)) == 2

    def test_sent_twice_adds_once(self, world: World, bruno: Client, page: str) -> None:
        key = str(new_id())
        for _ in range(2):
            bruno.post(page, sent(skin(), form_key=key))

        assert len(photos_of(patient_id=world.anna.patient_id)) == 1

    def test_a_photo_from_the_camera_is_enough(
        self, world: World, bruno: Client, page: str
    ) -> None:
        given = sent(skin())
        given["camera"] = given.pop("photos")

        assert bruno.post(page, given).status_code == 302
        assert len(photos_of(patient_id=world.anna.patient_id)) == 1

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"zone": ""}, "Choisissez une zone."),
            ({"zone": "ELBOW"}, "ELBOW"),
            ({"side": ""}, "Choisissez un côté."),
            ({"taken_on": ""}, "obligatoire"),
            ({"taken_on": "2026-13-45"}, "date valide"),
            ({"taken_on": "2030-01-01"}, "Cette date est à venir."),
            ({"form_key": "x"}, "form_key"),
        ],
    )
    def test_what_is_said_of_them_is_asked_again(
        self, bruno: Client, page: str, said: dict[str, str], words: str
    ) -> None:
        response = bruno.post(page, sent(skin(), **said))

        assert response.status_code == 422
        assert words in text_of(response)
        assert not Photo.objects.exists()

    def test_none_chosen_is_said(self, bruno: Client, page: str) -> None:
        assert "Choisissez une photo." in text_of(bruno.post(page, sent()))

    def test_a_file_that_is_too_large_is_never_kept(
        self, world: World, bruno: Client, page: str
    ) -> None:
        large = skin() + b"\0" * (26 * 1024 * 1024)

        response = bruno.post(page, sent(large, skin()))

        assert re.search(r"IMG_0\.jpg</strong>[^<]*25 Mo", text_of(response))
        assert len(photos_of(patient_id=world.anna.patient_id)) == 1

    def test_a_script_is_told_photo_by_photo(self, bruno: Client, page: str) -> None:
        answers = [
            bruno.post(page, sent(content), headers={"Accept": "application/json"})
            for content in (skin(), heic())
        ]

        assert [answer.status_code for answer in answers] == [201, 422]
        assert len(answers[0].json()["added"]) == 1
        assert "HEIC" in answers[1].json()["refused"][0]


class TestSeeing:
    def test_a_picture_is_sent_so_that_nothing_keeps_it(self, world: World, bruno: Client) -> None:
        photo_id = keep(world)

        for kind, media_type in (("image", "image/jpeg"), ("small", "image/webp")):
            response = bruno.get(f"/fr/desk/photos/{photo_id}/{kind}/")
            assert response.headers["Content-Type"] == media_type
            assert response.headers["Cache-Control"] == "private, no-store"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            Image.open(BytesIO(response.content)).verify()

    @pytest.mark.parametrize(
        ("person", "status"),
        [("bruno", 200), ("paula", 200), ("hugo", 403), ("diane", 403), ("carla", 404)],
    )
    def test_a_role_sees_them_as_it_sees_the_record(
        self, world: World, page: str, person: str, status: int
    ) -> None:
        photo_id = keep(world)
        client = world.staff_client(getattr(world, person))
        addresses = [
            page,
            f"{page}{photo_id}/",
            f"{page}compare/",
            f"/fr/desk/photos/{photo_id}/image/",
            f"/fr/desk/photos/{photo_id}/small/",
            page.replace("photos", "measures"),
        ]

        found = [client.get(address).status_code for address in addresses]

        assert found == [302 if status == 200 and "compare" in one else status for one in addresses]
        if status != 200:
            assert client.post(page, sent(skin())).status_code == status
            assert client.post(f"{page}{photo_id}/", {"reason": "x"}).status_code == status

    def test_a_photo_belongs_to_its_record(self, world: World, bruno: Client) -> None:
        other = get_identity(world.marc.patient_id).number
        assert bruno.get(f"/fr/desk/patients/{other}/photos/{keep(world)}/").status_code == 404

    def test_the_gallery_asks_little_however_many_there_are(
        self,
        world: World,
        bruno: Client,
        page: str,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for days_ago in range(12):
            keep(world, days_ago=days_ago, zone="NOSE" if days_ago % 2 else "CHEEK")
        with django_assert_num_queries(MOST_QUERIES, exact=False):  # type: ignore[call-arg]
            assert text_of(bruno.get(page)).count("/small/") == 12
        assert text_of(bruno.get(f"{page}?zone=NOSE&side=left")).count("/small/") == 6

    def test_the_record_shows_the_latest(self, world: World, bruno: Client, page: str) -> None:
        for days_ago in range(10):
            keep(world, days_ago=days_ago)

        shown = text_of(bruno.get(page.replace("photos/", "")))

        assert shown.count("/small/") == 8
        assert f'href="{page}"' in shown


class TestComparing:
    def test_the_first_and_the_last_of_a_place_stand_side_by_side(
        self, world: World, bruno: Client, page: str
    ) -> None:
        first, middle, last = (keep(world, days_ago=days) for days in (90, 30, 0))
        keep(world, days_ago=60, side="right")

        shown = text_of(bruno.get(f"{page}compare/"))

        assert re.findall(r"/photos/([0-9a-f-]{36})/image/", shown) == [str(first), str(last)]
        assert "90 jours d’écart" in shown
        assert f"?first={middle}&amp;second={last}" in shown
        assert f"?first={first}&amp;second={middle}" in shown

    def test_only_photos_of_the_same_place_are_compared(
        self, world: World, bruno: Client, page: str
    ) -> None:
        left = [keep(world, days_ago=days) for days in (20, 10)]
        other = keep(world, days_ago=5, side="right")

        shown = text_of(bruno.get(f"{page}compare/?first={left[1]}&second={other}"))

        assert re.findall(r"/photos/([0-9a-f-]{36})/image/", shown) == [str(one) for one in left]
        lone = bruno.get(f"{page}compare/?first={other}", follow=True)
        assert "Il faut deux photos de la même zone" in text_of(lone)


class TestWithdrawing:
    def test_it_needs_a_reason_and_leaves_the_gallery(
        self, world: World, bruno: Client, page: str
    ) -> None:
        photo_id = keep(world)

        refused = bruno.post(f"{page}{photo_id}/", {"reason": " "})
        assert (refused.status_code, "Dites pourquoi." in text_of(refused)) == (422, True)
        done = bruno.post(f"{page}{photo_id}/", {"reason": "Floue"}, follow=True)

        assert "/small/" not in text_of(done)
        assert "1 photo retirée" in text_of(done)
        assert "Floue" in text_of(bruno.get(f"{page}{photo_id}/"))
        again = bruno.post(f"{page}{photo_id}/", {"reason": "Floue"})
        assert again.status_code == 422
