"""A signature asks that the person proved within five minutes that it is they."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from aiguille.accounts.operations import set_password
from aiguille.accounts.rights import NotAllowed
from aiguille.accounts.signing import (
    ConfirmIdentity,
    confirmed_at,
    note_confirmation,
    patient_signature_of,
    signature_of,
)
from aiguille.kernel.actor import SYSTEM, Actor
from tests.world import AT, Person, World

MOMENT = timedelta(microseconds=1)
PACKAGE = Path(__file__).resolve().parents[2]


def signed(actor: Actor, at: datetime = AT) -> object:
    return signature_of(actor, on=at.date(), at=at)


class TestSignature:
    @pytest.mark.parametrize(
        "age", [timedelta(), timedelta(minutes=4, seconds=59), timedelta(minutes=5)]
    )
    def test_names_who_signs_in_what_quality_and_when(self, world: World, age: timedelta) -> None:
        assert signed(world.bruno.actor.confirmed(AT - age)) == {
            "signer_id": world.bruno.user_id,
            "signer_name": "Bruno Delmas",
            "signer_role": "physician",
            "signer_rpps": "10003456786",
            "signed_at": AT,
        }

    @pytest.mark.parametrize(
        "proved_at", [None, AT - timedelta(minutes=5) - MOMENT, AT + MOMENT, AT - timedelta(days=1)]
    )
    def test_is_refused_without_a_proof_of_the_last_five_minutes(
        self, world: World, proved_at: datetime | None
    ) -> None:
        with pytest.raises(ConfirmIdentity) as refused:
            signed(world.bruno.actor.confirmed(proved_at))

        assert refused.value.code == "confirm_identity"

    def test_is_a_registered_physicians(self, world: World) -> None:
        for person in (world.diane, world.ines, world.hugo, world.anna):
            with pytest.raises(NotAllowed):
                signed(person.actor.confirmed(AT))
        with pytest.raises(NotAllowed):
            signed(SYSTEM)


class TestAPatientsSignature:
    @pytest.mark.parametrize("age", [timedelta(), timedelta(minutes=5)])
    def test_names_the_login_that_signs(self, world: World, age: timedelta) -> None:
        assert patient_signature_of(world.anna.actor.confirmed(AT - age), at=AT) == {
            "signer_id": world.anna.user_id,
            "signer_name": "Anna Martin",
            "signer_role": "patient",
            "signer_rpps": "",
            "signed_at": AT,
        }

    @pytest.mark.parametrize("proved_at", [None, AT - timedelta(minutes=5) - MOMENT, AT + MOMENT])
    def test_is_refused_without_a_proof_of_the_last_five_minutes(
        self, world: World, proved_at: datetime | None
    ) -> None:
        with pytest.raises(ConfirmIdentity):
            patient_signature_of(world.anna.actor.confirmed(proved_at), at=AT)

    def test_is_no_member_of_staffs(self, world: World) -> None:
        for actor in (world.bruno.actor, world.diane.actor, SYSTEM):
            with pytest.raises(NotAllowed):
                patient_signature_of(actor.confirmed(AT), at=AT)


class TestProof:
    def request_of(self, person: Person, session: SessionStore) -> HttpRequest:
        request = HttpRequest()
        request.session, request.user = session, get_user_model().objects.get(pk=person.user_id)
        return request

    def prove(self, person: Person, session: SessionStore) -> None:
        user = get_user_model().objects.get(pk=person.user_id)
        note_confirmation(self.request_of(person, session), user)

    def test_belongs_to_one_person_in_one_session(self, world: World) -> None:
        session = SessionStore()
        request = self.request_of(world.bruno, session)
        assert confirmed_at(request) is None

        self.prove(world.bruno, session)

        assert confirmed_at(request) is not None
        assert confirmed_at(self.request_of(world.paula, session)) is None
        assert confirmed_at(self.request_of(world.bruno, SessionStore())) is None

    def test_of_a_patient_is_for_that_patient_alone(self, world: World) -> None:
        session = SessionStore()
        request = self.request_of(world.anna, session)
        user = get_user_model().objects.get(pk=world.anna.user_id)

        note_confirmation(request, user, patient_id=world.anna.patient_id)

        assert confirmed_at(request, world.anna.patient_id) is not None
        assert confirmed_at(request, world.marc.patient_id) is None
        assert confirmed_at(request) is None

    def test_ends_with_the_password_that_gave_it(self, world: World) -> None:
        session = SessionStore()
        self.prove(world.bruno, session)

        set_password(user_id=world.bruno.user_id, password="twelve loud geese", actor=SYSTEM, at=AT)

        assert confirmed_at(self.request_of(world.bruno, session)) is None


def test_only_the_session_and_the_demo_say_that_somebody_proved_it() -> None:
    saying = {
        path.relative_to(PACKAGE).parts[0] + "/" + path.name
        for path in PACKAGE.rglob("*.py")
        if "tests" not in path.parts and ".confirmed(" in path.read_text(encoding="utf-8")
    }
    assert saying == {"journeys/who.py", "demo/course.py", "demo/paths.py"}
