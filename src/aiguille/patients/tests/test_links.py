"""Links: hashed, scoped, expiring; looking uses nothing up; the birth date opens, five tries lock."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from aiguille.kernel.actor import VISITOR
from aiguille.patients.models import Attempt, SecretLink
from aiguille.patients.operations import (
    BirthDateWrong,
    IdentityTraits,
    LinkOpening,
    LinkUnusable,
    TooManyAttempts,
    create_provisional,
    link_login,
    make_link,
    may_ask_for_link,
    open_link,
    revoke_links,
)
from aiguille.patients.operations.links import (
    LINKS_ASKED_PER_ADDRESS,
    LINKS_ASKED_PER_MAILBOX,
    REOPENS_FOR,
    WRONG_DATES_PER_ADDRESS,
    WRONG_DATES_PER_LINK,
    WRONG_DATES_PER_PATIENT,
    _key,
)
from aiguille.patients.queries import get_identity
from tests.world import ANNA_BORN, AT, World

WRONG = date(1990, 1, 1)
SOON = AT + timedelta(hours=1)


def link(patient_id: UUID, *, scope: str = "SPACE", at: datetime = AT) -> str:
    return make_link(patient_id=patient_id, scope=scope, expires_at=at + timedelta(hours=1), at=at)


def opening(
    token: str,
    born: date = ANNA_BORN,
    *,
    at: datetime = AT,
    address: str = "192.0.2.7",
    traits: IdentityTraits | None = None,
) -> LinkOpening:
    return link_login(
        token=token, birth_date=born, address=address, actor=VISITOR, at=at, traits=traits
    )


class TestALink:
    def test_is_kept_as_a_digest_only(self, world: World) -> None:
        token = link(world.anna.patient_id)

        stored = SecretLink.objects.order_by("-created_at", "-id").values()[0]
        assert token not in str(stored)

    def test_is_looked_at_without_using_it_up(self, world: World) -> None:
        token = link(world.anna.patient_id)
        before = SecretLink.objects.values_list().order_by("id")[:]

        views = {open_link(token=token, at=AT) for _ in range(10)}

        assert len(views) == 1
        assert list(SecretLink.objects.values_list().order_by("id")) == list(before)
        assert opening(token).refusal is None

    @pytest.mark.parametrize("token", ["", "x", "../..", "a" * 500, "\x00", "é"])
    def test_that_nobody_made_opens_nothing(self, world: World, token: str) -> None:
        with pytest.raises(LinkUnusable):
            open_link(token=token, at=AT)
        assert isinstance(opening(token).refusal, LinkUnusable)

    def test_expires(self, world: World) -> None:
        token = link(world.anna.patient_id)

        open_link(token=token, at=SOON - timedelta(seconds=1))
        with pytest.raises(LinkUnusable):
            open_link(token=token, at=SOON)
        assert isinstance(opening(token, at=SOON).refusal, LinkUnusable)

    def test_is_revoked(self, world: World) -> None:
        token = link(world.anna.patient_id)

        revoke_links(patient_id=world.anna.patient_id, actor=VISITOR, at=AT)

        assert isinstance(opening(token).refusal, LinkUnusable)
        assert revoke_links(patient_id=world.anna.patient_id, actor=VISITOR, at=AT) == 0

    def test_to_an_appointment_never_opens_the_space(self, world: World) -> None:
        token = link(world.anna.patient_id, scope="APPOINTMENT")

        assert open_link(token=token, at=AT, scope="APPOINTMENT").scope == "APPOINTMENT"
        with pytest.raises(LinkUnusable):
            open_link(token=token, at=AT, scope="SPACE")
        assert isinstance(opening(token).refusal, LinkUnusable)

    def test_opens_once_and_forgives_a_second_press(self, world: World) -> None:
        token = link(world.anna.patient_id)

        assert opening(token).patient_id == world.anna.patient_id
        assert opening(token, at=AT + timedelta(seconds=5)).refusal is None
        assert isinstance(opening(token, at=AT + REOPENS_FOR).refusal, LinkUnusable)


class TestTheBirthDate:
    def test_is_asked_each_time(self, world: World) -> None:
        token = link(world.anna.patient_id)

        refused = opening(token, WRONG)

        assert isinstance(refused.refusal, BirthDateWrong)
        assert refused.patient_id is None
        assert opening(token).refusal is None

    def test_wrong_five_times_locks_the_link_but_not_the_next_one(self, world: World) -> None:
        token = link(world.anna.patient_id)
        for _ in range(WRONG_DATES_PER_LINK):
            assert isinstance(opening(token, WRONG).refusal, BirthDateWrong)

        assert isinstance(opening(token).refusal, LinkUnusable)
        assert opening(link(world.anna.patient_id)).refusal is None

    def test_is_not_guessed_over_many_links(self, world: World) -> None:
        for attempt in range(WRONG_DATES_PER_PATIENT):
            token = link(world.anna.patient_id)
            opening(token, WRONG, address=f"192.0.2.{attempt}")

        refused = opening(link(world.anna.patient_id), address="198.51.100.1")

        assert isinstance(refused.refusal, TooManyAttempts)
        later = AT + timedelta(hours=1, seconds=1)
        assert opening(link(world.anna.patient_id, at=later), at=later).refusal is None

    def test_is_not_guessed_from_one_address_over_many_patients(self, world: World) -> None:
        for attempt in range(WRONG_DATES_PER_ADDRESS):
            patient = (world.anna, world.marc)[attempt % 2]
            opening(link(patient.patient_id), WRONG)
        Attempt.objects.filter(key=_key("patient", str(world.anna.patient_id))).delete()

        assert isinstance(opening(link(world.anna.patient_id)).refusal, TooManyAttempts)
        elsewhere = opening(link(world.anna.patient_id), address="198.51.100.1")
        assert elsewhere.refusal is None

    def test_attempts_are_forgotten_after_a_day_and_name_nobody(self, world: World) -> None:
        opening(link(world.anna.patient_id), WRONG)
        assert not Attempt.objects.filter(key__contains="192").exists()

        later = AT + timedelta(days=1, seconds=1)
        opening(link(world.anna.patient_id, at=later), at=later)

        assert not Attempt.objects.exists()


class TestTheFirstTime:
    def test_declares_the_identity(self, world: World) -> None:
        patient_id = create_provisional(
            birth_name="Garnier",
            first_names="Zoé",
            email="zoe@example.net",
            phone="",
            language="en",
            actor=VISITOR,
            at=AT,
        )
        token = link(patient_id)
        assert open_link(token=token, at=AT).is_first_time
        assert isinstance(opening(token).refusal, LinkUnusable), "nothing was declared"
        traits = IdentityTraits(birth_name="Garnier", first_names="Zoé", birth_date=WRONG, sex="F")

        assert isinstance(opening(token, ANNA_BORN, traits=traits).refusal, LinkUnusable)
        assert opening(token, WRONG, traits=traits).patient_id == patient_id

        identity = get_identity(patient_id)
        assert not identity.is_provisional
        assert identity.birth_date == WRONG

    def test_never_rewrites_an_identity_that_was_declared(self, world: World) -> None:
        traits = IdentityTraits(birth_name="Evil", first_names="Eve", birth_date=WRONG)

        refused = opening(link(world.anna.patient_id), WRONG, traits=traits)

        assert isinstance(refused.refusal, BirthDateWrong)


class TestAskingForALink:
    def test_is_limited_per_mailbox_and_per_address(self, world: World) -> None:
        asked = [
            may_ask_for_link(email="Anna@example.net ", address=f"192.0.2.{n}", at=AT)
            for n in range(LINKS_ASKED_PER_MAILBOX + 1)
        ]
        assert asked == [True] * LINKS_ASKED_PER_MAILBOX + [False]

        asked = [
            may_ask_for_link(email=f"{n}@example.net", address="198.51.100.1", at=AT)
            for n in range(LINKS_ASKED_PER_ADDRESS + 1)
        ]
        assert asked == [True] * LINKS_ASKED_PER_ADDRESS + [False]
