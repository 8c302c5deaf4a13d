"""People who sign in: one address each, titles without overlap, passwords that are worth one."""

from dataclasses import replace
from datetime import date

import pytest

from aiguille.accounts.operations import (
    AddressInvalid,
    AddressTaken,
    PasswordTooWeak,
    QualificationUnsound,
    change_language,
    create_user,
    grant_qualification,
    set_password,
)
from aiguille.accounts.queries import (
    actor_of_patient_account,
    get_user,
    get_user_by_email,
    physician_credentials,
)
from aiguille.accounts.rights import RIGHTS, NotAllowed, Right, has_right
from aiguille.kernel.actor import SYSTEM, VISITOR, Actor, ActorKind
from aiguille.kernel.codes import StaffRole
from tests.world import AT, PASSWORD, World


def new_user(**changes: object) -> object:
    given: dict[str, object] = {
        "email": "nadia@example.org",
        "display_name": "  Nadia   Costa ",
        "kind": "STAFF",
        "language": "fr",
        "password": PASSWORD,
        "actor": SYSTEM,
        "at": AT,
    }
    return create_user(**(given | changes))  # type: ignore[arg-type]


class TestCreateUser:
    @pytest.mark.django_db
    def test_keeps_one_login_per_address_whatever_its_case(self) -> None:
        user_id = new_user(email=" Nadia@Example.ORG ")

        found = get_user_by_email("NADIA@example.org")

        assert found is not None
        assert (found.id, found.display_name) == (user_id, "Nadia Costa")
        with pytest.raises(AddressTaken):
            new_user(email="nadia@EXAMPLE.org")

    @pytest.mark.django_db
    @pytest.mark.parametrize("email", ["", "nadia", "nadia@", "a b@c.d", "<b>@example.org"])
    def test_refuses_what_is_no_address(self, email: str) -> None:
        with pytest.raises(AddressInvalid):
            new_user(email=email)

    @pytest.mark.django_db
    @pytest.mark.parametrize("password", ["short", "password1", "12345678901", "nadia@example"])
    def test_refuses_a_weak_password(self, password: str) -> None:
        with pytest.raises(PasswordTooWeak):
            new_user(password=password)

    def test_is_for_administrators(self, world: World) -> None:
        new_user(actor=world.ines.actor)

        for actor in (world.bruno.actor, world.diane.actor, world.carla.actor, VISITOR):
            with pytest.raises(NotAllowed):
                new_user(email="other@example.org", actor=actor)


class TestPasswords:
    def test_are_set_by_administrators(self, world: World) -> None:
        with pytest.raises(NotAllowed):
            set_password(
                user_id=world.bruno.user_id, password=PASSWORD, actor=world.hugo.actor, at=AT
            )
        with pytest.raises(PasswordTooWeak):
            set_password(
                user_id=world.bruno.user_id, password="bruno", actor=world.ines.actor, at=AT
            )


class TestQualifications:
    def test_are_those_of_the_day(self, world: World) -> None:
        found = physician_credentials(world.bruno.user_id, AT.date())

        assert found is not None
        assert found.rpps == "10003456786"
        assert physician_credentials(world.bruno.user_id, date(2019, 1, 1)) is None
        assert physician_credentials(world.hugo.user_id, AT.date()) is None

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"title": "beautician"}, "title"),
            ({"rpps": "123"}, "rpps"),
            ({"rpps": "1000345678x"}, "rpps"),
            ({"valid_until": date(2020, 1, 1)}, "valid_until"),
            ({"valid_from": date(2026, 1, 1)}, "valid_from"),
        ],
    )
    def test_refuse_what_cannot_be(
        self, world: World, changes: dict[str, object], field: str
    ) -> None:
        given: dict[str, object] = {
            "user_id": world.bruno.user_id,
            "title": "physician",
            "valid_from": date(2030, 1, 1),
            "actor": SYSTEM,
            "at": AT,
        }

        with pytest.raises(QualificationUnsound) as refused:
            grant_qualification(**(given | changes))  # type: ignore[arg-type]

        assert refused.value.field == field


class TestLanguageAndActor:
    def test_a_person_chooses_the_language(self, world: World) -> None:
        change_language(user_id=world.anna.user_id, language="en", actor=world.anna.actor, at=AT)

        account = get_user(world.anna.user_id)
        assert account is not None
        assert account.language == "en"

    def test_a_patients_login_is_a_patient_and_a_staff_login_is_not(self, world: World) -> None:
        anna = actor_of_patient_account(world.anna.user_id)
        assert anna is not None
        assert anna.confirmed_at is None, "an account proves nothing by itself"
        assert anna == replace(world.anna.actor, confirmed_at=None)
        assert actor_of_patient_account(world.bruno.user_id) is None


class TestRights:
    def test_name_only_roles_that_exist_and_leave_none_out(self) -> None:
        assert set(RIGHTS) == set(Right)
        assert frozenset().union(*RIGHTS.values()) == set(StaffRole)

    @pytest.mark.parametrize("right", list(Right))
    def test_belong_to_no_patient_visitor_or_outsider(self, right: Right) -> None:
        everything = frozenset(StaffRole)
        for kind in (ActorKind.PATIENT, ActorKind.VISITOR, ActorKind.SYSTEM):
            actor = Actor(kind=kind, id=None, display_name="x", roles=everything)
            assert not has_right(actor, right)
        assert not has_right(Actor(kind=ActorKind.STAFF, id=None, display_name="x"), right)

    def test_keep_medical_decisions_to_physicians(self) -> None:
        for right in (Right.WRITE_CONSULTATION, Right.GIVE_VERDICT, Right.PRESCRIBE):
            assert RIGHTS[right] == {StaffRole.PHYSICIAN}
