"""From a link to a space: a login per mailbox, several patients, never a staff account."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from aiguille.accounts.queries import get_user_by_email
from aiguille.audit.queries import list_events_of_patient
from aiguille.journeys.become_patient import (
    AddressOfStaff,
    OpenedSpace,
    ask_for_link,
    open_space,
    switch_patient,
)
from aiguille.kernel.actor import SYSTEM
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.queries import MailView, latest_mail
from aiguille.patients.operations import (
    BirthDateWrong,
    IdentityTraits,
    LinkUnusable,
    change_contact,
    create_provisional,
    make_link,
    open_link,
)
from aiguille.patients.queries import get_identity, list_related
from tests.world import ANNA_BORN, AT, MARC_BORN, World

BORN = MARC_BORN.replace(year=2010)
CHILD = IdentityTraits(birth_name="Martin", first_names="Léo", birth_date=BORN, sex="M")


def provisional(email: str) -> str:
    patient_id = create_provisional(
        birth_name="Martin",
        first_names="Léo",
        email=email,
        phone="",
        language="en",
        actor=SYSTEM,
        at=AT,
    )
    return space_link(patient_id)


def space_link(patient_id: UUID) -> str:
    return make_link(
        patient_id=patient_id, scope="SPACE", expires_at=AT + timedelta(hours=1), at=AT
    )


def first_time(token: str, relation: str = "SELF") -> OpenedSpace:
    return open_space(
        token=token, birth_date=BORN, traits=CHILD, relation=relation, address="192.0.2.1", at=AT
    )


class TestTheFirstTime:
    def test_makes_a_login_without_a_password(self, world: World) -> None:
        space = first_time(provisional("leo@example.net"))

        account = get_user_by_email("leo@example.net")
        assert account is not None
        assert (account.id, account.language, account.is_staff) == (space.user_id, "en", False)
        assert [p.patient_id for p in list_related(space.user_id, AT)] == [space.patient_id]
        said = {e.action for e in list_events_of_patient(patient_id=space.patient_id)}
        assert {"patients:link:opened", "patients:identity:declared"} <= said

    def test_lets_one_mailbox_serve_several_patients(self, world: World) -> None:
        space = first_time(provisional(world.anna.email), relation="PARENT")

        assert space.user_id == world.anna.user_id
        kinds = {p.patient_id: p.kind for p in list_related(space.user_id, AT)}
        assert kinds == {world.anna.patient_id: "SELF", space.patient_id: "PARENT"}

    def test_never_opens_a_staff_account(self, world: World) -> None:
        token = provisional(world.bruno.email)

        with pytest.raises(AddressOfStaff):
            first_time(token)

        assert get_identity(open_link(token=token, at=AT).patient_id).is_provisional


class TestRefusals:
    def test_are_counted_although_nothing_else_is_kept(self, world: World) -> None:
        token = space_link(world.anna.patient_id)

        with pytest.raises(BirthDateWrong):
            open_space(token=token, birth_date=BORN, address="192.0.2.1", at=AT)

        with connection.cursor() as cursor:
            cursor.execute("SELECT max(failed_attempts) FROM patients_secret_link")
            assert cursor.fetchone() == (1,)

    def test_of_a_closed_login(self, world: World) -> None:
        get_user_model().objects.filter(pk=world.anna.user_id).update(is_active=False)

        with pytest.raises(LinkUnusable):
            open_space(
                token=space_link(world.anna.patient_id),
                birth_date=ANNA_BORN,
                address="192.0.2.1",
                at=AT,
            )


class TestSwitching:
    def test_asks_for_the_other_patients_birth_date(self, world: World) -> None:
        child = first_time(provisional(world.anna.email), relation="PARENT").patient_id
        given = {"user_id": world.anna.user_id, "address": "192.0.2.1", "at": AT}

        switch_patient(patient_id=child, birth_date=BORN, **given)  # type: ignore[arg-type]

        with pytest.raises(BirthDateWrong):
            switch_patient(patient_id=child, birth_date=ANNA_BORN, **given)  # type: ignore[arg-type]
        with pytest.raises(LinkUnusable):
            switch_patient(
                patient_id=world.marc.patient_id,
                birth_date=MARC_BORN,
                **given,  # type: ignore[arg-type]
            )


class TestAskingAgain:
    def sent(self, *, at: datetime = AT) -> list[MailView]:
        send_all_due(at=at)
        return latest_mail()

    def test_writes_to_each_patient_of_the_address_and_to_no_stranger(self, world: World) -> None:
        first_time(provisional(world.anna.email), relation="PARENT")

        ask_for_link(email=" ANNA@example.net", address="192.0.2.1", at=AT)
        ask_for_link(email="nobody@example.net", address="192.0.2.1", at=AT)

        assert [mail.recipient for mail in self.sent()] == [world.anna.email] * 2

    def test_is_ignored_when_too_frequent(self, world: World) -> None:
        last = AT
        for number in range(6):
            last = AT + timedelta(seconds=number)
            ask_for_link(email=world.anna.email, address="192.0.2.1", at=last)

        assert len(self.sent(at=last)) == 3

    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_writes_a_link_that_opens(self, world: World, language: str) -> None:
        self.speak(world, language)
        ask_for_link(email=world.anna.email, address="192.0.2.1", at=AT)

        [mail] = self.sent()

        assert "Anna" in mail.text
        assert f"/{language}/s/" in mail.text
        token = mail.text.split("/s/")[1].split("/")[0]
        space = open_space(token=token, birth_date=ANNA_BORN, address="192.0.2.1", at=AT)
        assert space.patient_id == world.anna.patient_id

    def test_is_not_sent_to_an_address_that_was_given_up(self, world: World) -> None:
        ask_for_link(email=world.anna.email, address="192.0.2.1", at=AT)
        self.speak(world, "fr", email="new@example.net")

        assert self.sent() == []

    def speak(self, world: World, language: str, email: str = "anna@example.net") -> None:
        change_contact(
            patient_id=world.anna.patient_id,
            email=email,
            phone="",
            language=language,
            version=get_identity(world.anna.patient_id).version,
            actor=world.anna.actor,
            at=AT,
        )
