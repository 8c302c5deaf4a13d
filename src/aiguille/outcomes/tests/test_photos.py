"""Photos of a record: who adds, sees and withdraws them, and what is left of each act."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from pytest_django import DjangoAssertNumQueries, Settings

from aiguille.accounts.rights import RIGHTS, NotAllowed, Right
from aiguille.audit.queries import list_events_of_patient
from aiguille.kernel.actor import VISITOR, Actor
from aiguille.kernel.codes import Side, StaffRole, Zone
from aiguille.kernel.ids import new_id
from aiguille.outcomes.models import Photo
from aiguille.outcomes.operations import (
    OpenedPhoto,
    UseNeedsConsent,
    add_photo,
    open_photo,
    open_thumbnail,
    withdraw_photo,
)
from aiguille.outcomes.operations.photos import PhotoMisdescribed, WithdrawalRefused
from aiguille.outcomes.pictures import NotAPhoto
from aiguille.outcomes.queries import photos_of, withdrawn_photos_of
from aiguille.outcomes.tests.drawn import SECRET, skin, tagged
from aiguille.patients.operations import check_identity, create_provisional, join_provisional
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import VaultFile
from aiguille.plumbing.vault import path_of
from tests.world import AT, Person, World

FORM, TODAY = new_id(), AT.date()


@pytest.fixture(autouse=True)
def vault(settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path


def add(
    world: World,
    *,
    by: Person | Actor | None = None,
    patient_id: UUID | None = None,
    content: bytes = b"",
    zone: str = "CHEEK",
    side: str = "left",
    taken_on: date = TODAY,
    form_key: UUID = FORM,
    purpose: str = "CARE",
) -> UUID:
    who = by or world.bruno
    return add_photo(
        patient_id=patient_id or world.anna.patient_id,
        content=content or tagged(),
        zone=zone,
        side=side,
        taken_on=taken_on,
        form_key=form_key,
        purpose=purpose,
        actor=who if isinstance(who, Actor) else who.actor,
        at=AT,
    )


def actions(world: World) -> list[str]:
    events = list_events_of_patient(patient_id=world.anna.patient_id)
    return [event.action for event in events if event.action.startswith("outcomes:")]


class TestAdding:
    @pytest.mark.parametrize("person", ["bruno", "anna"])
    def test_a_photo_is_tied_to_the_patient_the_zone_and_the_side(
        self, world: World, person: str
    ) -> None:
        who = getattr(world, person)

        photo_id = add(world, by=who, taken_on=date(2026, 1, 5))

        (photo,) = photos_of(patient_id=world.anna.patient_id)
        assert (photo.id, photo.zone, photo.side) == (photo_id, Zone.CHEEK, Side.LEFT)
        assert (photo.purpose, photo.taken_on) == ("CARE", date(2026, 1, 5))
        assert (photo.author_name, photo.is_from_patient) == (
            who.actor.display_name,
            person == "anna",
        )
        assert actions(world) == ["outcomes:photo:added"]

    def test_nothing_of_what_was_sent_lies_on_the_disk(self, world: World, tmp_path: Path) -> None:
        sent = tagged()

        photo_id = add(world, content=sent)

        kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert len(kept) == 2
        shown = open_photo(photo_id=photo_id, actor=world.bruno.actor, at=AT).content
        for content in (sent[200:260], SECRET.encode(), shown[200:260]):
            assert all(content not in file for file in kept)

    def test_the_same_form_sent_twice_is_one_photo(self, world: World) -> None:
        assert add(world) == add(world)
        assert add(world, content=skin()) != add(world)
        assert add(world, form_key=new_id()) != add(world)
        assert len(photos_of(patient_id=world.anna.patient_id)) == 3

    @pytest.mark.parametrize(
        ("person", "refusal"),
        [
            ("diane", NotAllowed),
            ("hugo", NotAllowed),
            ("ines", NotAllowed),
            ("carla", NotVisible),
            ("marc", NotVisible),
        ],
    )
    def test_others_add_none(self, world: World, person: str, refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            add(world, by=getattr(world, person))
        with pytest.raises(NotVisible):
            add(world, by=VISITOR)
        assert not Photo.objects.exists()

    @pytest.mark.parametrize("purpose", ["TEACHING", "PUBLICATION", "ADVERTISING"])
    def test_it_serves_nothing_but_care_without_a_consent_to_that_use(
        self, world: World, purpose: str
    ) -> None:
        with pytest.raises(UseNeedsConsent) as caught:
            add(world, purpose=purpose)
        assert caught.value.field == "purpose"

        photo = Photo.objects.get(id=add(world))
        photo.id, photo.request_key, photo.purpose = new_id(), new_id(), purpose
        with pytest.raises(IntegrityError, match="photo_serves_care"), transaction.atomic():
            photo.save(force_insert=True)

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"zone": "ELBOW"}, "zone"),
            ({"zone": ""}, "zone"),
            ({"side": "under"}, "side"),
            ({"taken_on": AT.date() + timedelta(days=2)}, "taken_on"),
            ({"taken_on": date(1988, 4, 2)}, "taken_on"),
        ],
    )
    def test_what_is_said_of_it_must_be_possible(
        self, world: World, said: dict[str, str], field: str
    ) -> None:
        with pytest.raises(PhotoMisdescribed) as caught:
            add(world, **said)  # type: ignore[arg-type]
        assert caught.value.field == field

    def test_a_file_that_is_none_leaves_nothing(self, world: World, tmp_path: Path) -> None:
        with pytest.raises(NotAPhoto):
            add(world, content=b"MZ, a program called photo.jpg")
        assert not VaultFile.objects.exists()
        assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("role", StaffRole)
def test_each_role_adds_and_sees_as_the_table_of_rights_says(world: World, role: StaffRole) -> None:
    somebody = replace(world.bruno.actor, roles=frozenset({role}))
    photo_id = add(world)
    attempts: list[tuple[Right, Callable[[], object]]] = [
        (Right.ADD_PHOTO, lambda: add(world, by=somebody, form_key=new_id())),
        (Right.READ_RECORD, lambda: open_photo(photo_id=photo_id, actor=somebody, at=AT)),
        (Right.READ_RECORD, lambda: open_thumbnail(photo_id=photo_id, actor=somebody, at=AT)),
    ]
    for right, attempt in attempts:
        if role in RIGHTS[right]:
            attempt()
        else:
            with pytest.raises(NotAllowed):
                attempt()


class TestSeeing:
    @pytest.mark.parametrize("person", ["bruno", "paula", "anna"])
    def test_each_view_of_a_photo_is_noted(self, world: World, person: str) -> None:
        photo_id = add(world)
        actor = getattr(world, person).actor

        opened = open_photo(photo_id=photo_id, actor=actor, at=AT)
        open_photo(photo_id=photo_id, actor=actor, at=AT)

        assert opened.media_type == "image/jpeg"
        assert opened.content.startswith(b"\xff\xd8\xff")
        assert actions(world) == ["outcomes:photo:read"] * 2 + ["outcomes:photo:added"]

    def test_small_pictures_are_noted_once_an_hour_for_each_person(self, world: World) -> None:
        photos = [add(world), add(world, form_key=new_id())]
        for minutes in (0, 5, 30, 61):
            for photo_id in photos:
                opened = open_thumbnail(
                    photo_id=photo_id, actor=world.bruno.actor, at=AT + timedelta(minutes=minutes)
                )
                assert opened.media_type == "image/webp"
        open_thumbnail(photo_id=photos[0], actor=world.anna.actor, at=AT)

        assert actions(world).count("outcomes:photos:seen") == 3

    @pytest.mark.parametrize(
        ("person", "refusal"),
        [
            ("diane", NotAllowed),
            ("hugo", NotAllowed),
            ("ines", NotAllowed),
            ("carla", NotVisible),
            ("marc", NotVisible),
        ],
    )
    @pytest.mark.parametrize("see", [open_photo, open_thumbnail])
    def test_others_see_none(
        self, world: World, see: Callable[..., OpenedPhoto], person: str, refusal: type[Exception]
    ) -> None:
        photo_id = add(world)

        with pytest.raises(refusal):
            see(photo_id=photo_id, actor=getattr(world, person).actor, at=AT)
        with pytest.raises(NotVisible):
            see(photo_id=new_id(), actor=world.bruno.actor, at=AT)

    def test_a_record_shows_those_of_the_records_joined_to_it(
        self, world: World, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        joined = create_provisional(
            birth_name="Martin",
            first_names="Anna",
            email="anna.again@example.org",
            phone="",
            language="fr",
            actor=world.diane.actor,
            at=AT,
        )
        early = add(world, patient_id=joined, taken_on=date(2025, 12, 1))
        late = add(world)
        check_identity(
            patient_id=world.anna.patient_id,
            document="passport",
            actor=world.diane.actor,
            at=AT,
        )
        join_provisional(
            provisional_id=joined, into_id=world.anna.patient_id, actor=world.diane.actor, at=AT
        )

        with django_assert_num_queries(1):
            photos = photos_of(patient_id=world.anna.patient_id)

        assert [photo.id for photo in photos] == [late, early]
        for actor in (world.anna.actor, world.bruno.actor):
            assert open_photo(photo_id=early, actor=actor, at=AT).content
        assert photos_of(patient_id=world.anna.patient_id, limit=1) == photos[:1]
        assert not photos_of(patient_id=world.anna.patient_id, zone=Zone.NOSE)
        assert not photos_of(patient_id=world.anna.patient_id, side=Side.RIGHT)


class TestWithdrawing:
    def test_a_photo_stays_in_the_record_with_the_reason(self, world: World) -> None:
        photo_id = add(world)

        withdraw_photo(photo_id=photo_id, reason=" Autre personne ", actor=world.bruno.actor, at=AT)

        assert photos_of(patient_id=world.anna.patient_id) == ()
        (photo,) = withdrawn_photos_of(patient_id=world.anna.patient_id)
        assert photo.withdrawal is not None
        assert photo.withdrawal.reason == "Autre personne"
        assert actions(world)[0] == "outcomes:photo:withdrawn"
        assert path_of(Photo.objects.get(id=photo_id).file_id).exists()

    def test_only_physicians_see_it_then(self, world: World) -> None:
        photo_id = add(world)
        withdraw_photo(photo_id=photo_id, reason="Floue", actor=world.bruno.actor, at=AT)

        for see in (open_photo, open_thumbnail):
            see(photo_id=photo_id, actor=world.paula.actor, at=AT)
            with pytest.raises(NotVisible):
                see(photo_id=photo_id, actor=world.anna.actor, at=AT)

    def test_a_patient_withdraws_what_they_sent_and_nothing_else(self, world: World) -> None:
        mine, theirs = add(world, by=world.anna), add(world, form_key=new_id())

        withdraw_photo(photo_id=mine, reason="Erreur", actor=world.anna.actor, at=AT)
        with pytest.raises(NotAllowed):
            withdraw_photo(photo_id=theirs, reason="Non", actor=world.anna.actor, at=AT)
        with pytest.raises(NotVisible):
            withdraw_photo(photo_id=theirs, reason="Non", actor=world.marc.actor, at=AT)

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
    def test_it_needs_a_reason(self, world: World, reason: str) -> None:
        photo_id = add(world)
        with pytest.raises(WithdrawalRefused) as caught:
            withdraw_photo(photo_id=photo_id, reason=reason, actor=world.bruno.actor, at=AT)
        assert caught.value.field == "reason"

    def test_it_happens_once(self, world: World) -> None:
        photo_id = add(world)
        withdraw_photo(photo_id=photo_id, reason="Floue", actor=world.bruno.actor, at=AT)
        with pytest.raises(WithdrawalRefused):
            withdraw_photo(photo_id=photo_id, reason="Floue", actor=world.bruno.actor, at=AT)

    @pytest.mark.parametrize("table", ["outcomes_photo", "outcomes_photo_withdrawal"])
    def test_nothing_of_it_is_deleted_or_changed(self, world: World, table: str) -> None:
        withdraw_photo(photo_id=add(world), reason="Floue", actor=world.bruno.actor, at=AT)
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET author_name = ''"):
            with (
                pytest.raises(ProgrammingError, match="permission denied"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
