"""The patient's photos: sent, seen, taken back; nobody else's."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from aiguille.journeys.send_photo import TASK
from aiguille.kernel.ids import new_id
from aiguille.outcomes.operations import add_photo
from aiguille.outcomes.queries import photos_of
from aiguille.outcomes.tests.drawn import heic, skin
from aiguille.patients.queries import get_identity
from aiguille.worklist.models import Task
from tests.world import World

PAGE = "/fr/space/photos/"


@pytest.fixture(autouse=True)
def vault(settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path


@pytest.fixture
def anna(world: World) -> Client:
    return world.space_client(world.anna)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def sent(*contents: bytes, zone: str = "CHEEK") -> dict[str, object]:
    return {
        "photos": [
            SimpleUploadedFile(f"IMG_{place}.jpg", content)
            for place, content in enumerate(contents)
        ],
        "zone": zone,
        "side": "left",
        "taken_on": "2026-03-01",
        "form_key": str(new_id()),
    }


def by_the_clinic(world: World) -> UUID:
    return add_photo(
        patient_id=world.anna.patient_id,
        content=skin(),
        zone="CHEEK",
        side="left",
        taken_on=world.at.date(),
        form_key=new_id(),
        actor=world.bruno.actor,
        at=world.at,
    )


def test_photos_are_sent_and_those_of_the_clinic_are_shown_beside_them(
    world: World, anna: Client
) -> None:
    by_the_clinic(world)

    shown = text_of(anna.post(PAGE, sent(skin(), skin("PNG")), follow=True))

    assert "2 photos ajoutées." in shown
    assert (shown.count("envoyée par vous"), shown.count("par la clinique")) == (2, 1)
    assert f'href="{PAGE}"' in text_of(anna.get("/fr/space/documents/"))


def test_a_doctor_is_told_once_and_led_to_them(world: World, anna: Client) -> None:
    bruno = world.staff_client(world.bruno)
    for content in (skin(), skin("PNG")):
        anna.post(PAGE, sent(content))

    shown = text_of(bruno.get("/fr/desk/tasks/"))

    number = get_identity(world.anna.patient_id).number
    assert shown.count("Regarder les photos envoyées par le patient") == 1
    assert f'href="/fr/desk/patients/{number}/photos/"' in shown
    assert Task.objects.filter(kind=TASK).count() == 1


def test_one_that_is_refused_says_what_to_do(world: World, anna: Client) -> None:
    response = anna.post(PAGE, sent(heic(), skin()))

    assert response.status_code == 422
    assert "HEIC" in text_of(response)
    assert len(photos_of(patient_id=world.anna.patient_id)) == 1


def test_a_patient_is_not_asked_for_intimate_places(anna: Client) -> None:
    shown = text_of(anna.get(PAGE))
    assert 'value="CHEEK"' in shown
    assert 'value="GENITAL"' not in shown
    assert anna.post(PAGE, sent(skin(), zone="GENITAL")).status_code == 422


def test_a_picture_is_sent_so_that_nothing_keeps_it(world: World, anna: Client) -> None:
    photo_id = by_the_clinic(world)
    for kind in ("image", "small"):
        response = anna.get(f"{PAGE}{photo_id}/{kind}/")
        assert response.headers["Cache-Control"] == "private, no-store"


def test_nobody_sees_another_patients(world: World) -> None:
    photo_id = by_the_clinic(world)
    marc, nobody = world.space_client(world.marc), Client()
    for address in (f"{PAGE}{photo_id}/", f"{PAGE}{photo_id}/image/", f"{PAGE}{photo_id}/small/"):
        assert marc.get(address).status_code == 404
        assert nobody.get(address).status_code in {302, 404}
    assert marc.post(f"{PAGE}{photo_id}/", {"reason": "x"}).status_code == 404


def test_a_patient_takes_back_what_they_sent_and_not_the_clinics(
    world: World, anna: Client
) -> None:
    theirs = by_the_clinic(world)
    anna.post(PAGE, sent(skin("PNG")))
    mine = next(one.id for one in photos_of(patient_id=world.anna.patient_id) if one.id != theirs)

    assert "Retirer cette photo" not in text_of(anna.get(f"{PAGE}{theirs}/"))
    assert anna.post(f"{PAGE}{theirs}/", {"reason": "Non"}).status_code in {403, 422}
    assert anna.post(f"{PAGE}{mine}/", {"reason": ""}).status_code == 422
    anna.post(f"{PAGE}{mine}/", {"reason": "Mauvaise photo"})

    assert [one.id for one in photos_of(patient_id=world.anna.patient_id)] == [theirs]
    assert anna.get(f"{PAGE}{mine}/image/").status_code == 404
