"""Identities: provisional, declared, checked; found, joined and separated."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from aiguille.accounts.rights import NotAllowed, Right
from aiguille.kernel.actor import SYSTEM, VISITOR, Actor, ActorKind
from aiguille.kernel.ids import new_id
from aiguille.patients import rules
from aiguille.patients.access import get_patient_by_number_for, get_patient_for
from aiguille.patients.operations import (
    CannotJoin,
    ContactInvalid,
    IdentityIncomplete,
    IdentitySettled,
    IdentityTraits,
    StalePatient,
    change_contact,
    check_identity,
    create_provisional,
    declare_identity,
    join_provisional,
    relate,
    unmerge,
)
from aiguille.patients.queries import (
    Likeness,
    get_identities,
    get_identity,
    list_recent,
    list_related,
    probable_duplicates,
    record_ids,
    search,
    surviving_id,
)
from aiguille.plumbing.access import NotVisible
from tests.world import ANNA_BORN, AT, World


def provisional(
    first_names: str = "Zoé",
    birth_name: str = "Garnier",
    email: str = "zoe@example.net",
    phone: str = "",
    actor: Actor = VISITOR,
) -> UUID:
    return create_provisional(
        first_names=first_names,
        birth_name=birth_name,
        email=email,
        phone=phone,
        language="fr",
        actor=actor,
        at=AT,
    )


def traits(**changes: object) -> IdentityTraits:
    anna = IdentityTraits(birth_name="Martin", first_names="Anna", birth_date=ANNA_BORN, sex="F")
    return replace(anna, **changes)  # type: ignore[arg-type]


class TestAProvisionalPatient:
    @pytest.mark.django_db
    def test_has_a_short_number_and_no_birth_date(self) -> None:
        first, second = get_identity(provisional()), get_identity(provisional())

        assert second.number == first.number + 1 > 10_000
        assert first.is_provisional
        assert first.birth_date is None
        assert first.age_on(AT.date()) is None

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"first_names": "<img>"}, rules.NameInvalid),
            ({"birth_name": ""}, rules.NameInvalid),
            ({"email": "nowhere"}, ContactInvalid),
            ({"email": "", "phone": ""}, ContactInvalid),
            ({"phone": "12"}, rules.PhoneInvalid),
        ],
    )
    def test_is_not_made_of_nonsense(self, given: dict[str, str], error: type[Exception]) -> None:
        with pytest.raises(error):
            provisional(**given)  # type: ignore[arg-type]

    def test_is_made_by_staff_who_book(self, world: World) -> None:
        provisional(actor=world.diane.actor)

        for actor in (world.ines.actor, world.carla.actor):
            with pytest.raises(NotAllowed):
                provisional(actor=actor)


class TestAnIdentity:
    def test_is_declared_then_checked_then_settled(self, world: World) -> None:
        anna = world.anna
        assert not get_identity(anna.patient_id).is_provisional
        check_identity(
            patient_id=anna.patient_id, document="passport", actor=world.diane.actor, at=AT
        )

        with pytest.raises(IdentitySettled):
            declare_identity(patient_id=anna.patient_id, traits=traits(), actor=anna.actor, at=AT)

        declare_identity(
            patient_id=anna.patient_id,
            traits=traits(used_name="Lopez"),
            actor=world.diane.actor,
            at=AT,
        )
        identity = get_identity(anna.patient_id)
        assert identity.is_checked
        assert identity.full_name == "Anna Lopez"
        assert [found.id for found in search("lop")] == [anna.patient_id]

    def test_is_not_checked_without_a_birth_date(self, world: World) -> None:
        patient_id = provisional()

        with pytest.raises(IdentityIncomplete):
            check_identity(
                patient_id=patient_id, document="passport", actor=world.diane.actor, at=AT
            )
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.cursor().execute(
                "UPDATE patients_patient SET identity_status = 'CHECKED' WHERE id = %s",
                [patient_id],
            )

    @pytest.mark.parametrize("person", ["ines", "carla", "marc"])
    def test_is_not_changed_by_others(self, world: World, person: str) -> None:
        actor = getattr(world, person).actor

        with pytest.raises((NotAllowed, NotVisible)):
            declare_identity(patient_id=world.anna.patient_id, traits=traits(), actor=actor, at=AT)

    @pytest.mark.parametrize(
        ("day", "age"),
        [(date(2026, 4, 2), 37), (date(2026, 4, 3), 38), (date(1988, 4, 3), 0)],
    )
    def test_has_an_age(self, world: World, day: date, age: int) -> None:
        assert get_identity(world.anna.patient_id).age_on(day) == age


class TestContacts:
    def test_change_once_per_version(self, world: World) -> None:
        anna = world.anna
        version = get_identity(anna.patient_id).version
        given = {
            "patient_id": anna.patient_id,
            "email": "New@Example.net",
            "phone": "",
            "language": "en",
            "actor": anna.actor,
            "at": AT,
        }

        change_contact(version=version, **given)  # type: ignore[arg-type]

        assert get_identity(anna.patient_id).email == "new@example.net"
        with pytest.raises(StalePatient):
            change_contact(version=version, **given)  # type: ignore[arg-type]

    def test_are_ones_own(self, world: World) -> None:
        with pytest.raises(NotVisible):
            change_contact(
                patient_id=world.anna.patient_id,
                email="mine@example.net",
                phone="",
                language="fr",
                version=1,
                actor=world.marc.actor,
                at=AT,
            )


class TestTheDoor:
    @pytest.mark.parametrize(
        ("person", "right", "opens"),
        [
            ("bruno", Right.READ_RECORD, True),
            ("bruno", Right.SEE_IDENTITY, True),
            ("diane", Right.SEE_IDENTITY, True),
            ("anna", Right.READ_RECORD, True),
        ],
    )
    def test_opens(self, world: World, person: str, right: Right, opens: bool) -> None:
        actor = getattr(world, person).actor

        assert (
            get_patient_for(actor=actor, patient_id=world.anna.patient_id, at=AT, right=right)
            == world.anna.patient_id
        )

    @pytest.mark.parametrize(
        ("person", "right", "error"),
        [
            ("diane", Right.READ_RECORD, NotAllowed),
            ("hugo", Right.READ_RECORD, NotAllowed),
            ("ines", Right.SEE_IDENTITY, NotAllowed),
            ("carla", Right.SEE_IDENTITY, NotVisible),
            ("marc", Right.SEE_IDENTITY, NotVisible),
        ],
    )
    def test_stays_shut(
        self, world: World, person: str, right: Right, error: type[Exception]
    ) -> None:
        actor = getattr(world, person).actor

        with pytest.raises(error):
            get_patient_for(actor=actor, patient_id=world.anna.patient_id, at=AT, right=right)

    def test_knows_no_visitor_and_no_patient_that_is_not_there(self, world: World) -> None:
        nobody = Actor(kind=ActorKind.PATIENT, id=None, display_name="?")
        for actor, patient_id in (
            (VISITOR, world.anna.patient_id),
            (nobody, world.anna.patient_id),
            (SYSTEM, new_id()),
            (world.bruno.actor, new_id()),
        ):
            with pytest.raises(NotVisible):
                get_patient_for(actor=actor, patient_id=patient_id, at=AT)

    def test_is_found_by_the_short_number(self, world: World) -> None:
        number = get_identity(world.anna.patient_id).number
        given = {"actor": world.diane.actor, "at": AT}

        found = get_patient_by_number_for(number=number, **given)  # type: ignore[arg-type]

        assert found == world.anna.patient_id
        with pytest.raises(NotVisible):
            get_patient_by_number_for(number=1, **given)  # type: ignore[arg-type]


class TestSearch:
    @pytest.mark.parametrize(
        "typed",
        [
            "ann",
            "MARTIN",
            "mart an",
            "0612345678",
            "06 12 34",
            "34 56 78",
            "+33612",
            "03/04/1988",
            "anna@",
            "martin 03/04/1988",
        ],
    )
    def test_finds_anna_alone_in_one_query(
        self, world: World, typed: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            found = search(typed)

        assert [identity.id for identity in found] == [world.anna.patient_id]

    @pytest.mark.parametrize(
        "typed", ["", "a", "%", "zz", "artin", "marc 03/04/1988", "99/99/9999"]
    )
    def test_finds_nobody(self, world: World, typed: str) -> None:
        assert search(typed) == []

    def test_reads_accents_as_letters_and_numbers_as_numbers(self, world: World) -> None:
        number = get_identity(world.marc.patient_id).number

        assert [found.id for found in search("lefevre")] == [world.marc.patient_id]
        assert [found.id for found in search(str(number))] == [world.marc.patient_id]

    def test_uses_its_index(self, world: World) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("EXPLAIN SELECT 1 FROM patients_patient WHERE name_key LIKE '% mart%'")
            plan = "\n".join(row[0] for row in cursor.fetchall())

        assert "patient_name_key" in plan

    def test_is_limited(self, world: World) -> None:
        for _ in range(3):
            provisional()

        assert len(search("garnier", limit=2)) == 2
        assert len(list_recent(limit=2)) == 2
        assert set(get_identities([world.anna.patient_id])) == {world.anna.patient_id}


class TestDuplicates:
    def test_are_explained_likeliest_first(self, world: World) -> None:
        twin = provisional("Ana", "Martin", "anna@example.net", "0612345678")
        same_phone = provisional("Paul", "Durand", "paul@example.net", "0612345678")
        same_day = provisional("Lou", "Berger", "lou@example.net")
        declare_identity(
            patient_id=same_day,
            traits=traits(first_names="Lou", birth_name="Berger"),
            actor=world.diane.actor,
            at=AT,
        )

        found = probable_duplicates(world.anna.patient_id)

        assert [duplicate.identity.id for duplicate in found] == [twin, same_phone]
        assert found[0].reasons == (Likeness.NAME, Likeness.PHONE, Likeness.EMAIL)
        assert found[1].reasons == (Likeness.PHONE,)

    def test_take_two_queries(
        self, world: World, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(5):
            provisional("Anna", "Martin")

        with django_assert_num_queries(2):
            assert len(probable_duplicates(world.anna.patient_id)) == 5


class TestJoining:
    @pytest.fixture
    def twin(self, world: World) -> UUID:
        check_identity(
            patient_id=world.anna.patient_id, document="passport", actor=world.diane.actor, at=AT
        )
        return provisional("Anna", "Martin", "anna.martin@example.net")

    def test_leaves_rows_where_they_are_and_is_reversible(self, world: World, twin: UUID) -> None:
        anna, diane = world.anna.patient_id, world.diane.actor
        join_provisional(provisional_id=twin, into_id=anna, actor=diane, at=AT)

        assert surviving_id(twin) == anna
        assert record_ids(anna) == [anna, twin]
        assert [found.id for found in search("martin")] == [anna]
        assert probable_duplicates(anna) == []

        unmerge(provisional_id=twin, actor=diane, at=AT)

        assert surviving_id(twin) == twin
        assert record_ids(anna) == [anna]
        assert len(search("martin")) == 2

    def test_lets_the_login_of_the_joined_record_see_the_one_that_stays(
        self, world: World, twin: UUID
    ) -> None:
        relate(
            user_id=world.marc.user_id,
            patient_id=twin,
            kind="SELF",
            actor=world.marc.actor,
            at=AT,
        )
        join_provisional(
            provisional_id=twin, into_id=world.anna.patient_id, actor=world.diane.actor, at=AT
        )

        related = {p.patient_id for p in list_related(world.marc.user_id, AT)}

        assert related == {world.marc.patient_id, world.anna.patient_id}
        get_patient_for(actor=world.marc.actor, patient_id=world.anna.patient_id, at=AT)

    def test_needs_a_checked_identity_to_stay(self, world: World) -> None:
        with pytest.raises(CannotJoin):
            join_provisional(
                provisional_id=provisional(),
                into_id=world.anna.patient_id,
                actor=world.diane.actor,
                at=AT,
            )

    def test_refuses_itself_a_checked_one_and_a_chain(self, world: World, twin: UUID) -> None:
        anna, diane = world.anna.patient_id, world.diane.actor
        other = provisional("Anna", "Martin")
        for wrong in ((anna, anna), (anna, twin)):
            with pytest.raises(CannotJoin):
                join_provisional(provisional_id=wrong[0], into_id=wrong[1], actor=diane, at=AT)
        with pytest.raises(CannotJoin):
            unmerge(provisional_id=twin, actor=diane, at=AT)
        join_provisional(provisional_id=twin, into_id=anna, actor=diane, at=AT)
        for wrong in ((twin, anna), (other, twin)):
            with pytest.raises(CannotJoin):
                join_provisional(provisional_id=wrong[0], into_id=wrong[1], actor=diane, at=AT)

    @pytest.mark.parametrize("person", ["ines", "carla", "anna", "marc"])
    def test_is_for_staff_who_edit_identities(self, world: World, twin: UUID, person: str) -> None:
        with pytest.raises(NotAllowed):
            join_provisional(
                provisional_id=twin,
                into_id=world.anna.patient_id,
                actor=getattr(world, person).actor,
                at=AT,
            )


class TestRelations:
    def test_begin_on_their_day_and_are_written_once(self, world: World) -> None:
        given = {
            "user_id": world.anna.user_id,
            "patient_id": world.marc.patient_id,
            "kind": "GUARDIAN",
            "actor": SYSTEM,
            "at": AT,
        }
        relate(**given)  # type: ignore[arg-type]
        relate(**given)  # type: ignore[arg-type]

        assert len(list_related(world.anna.user_id, AT)) == 2
        assert list_related(world.anna.user_id, AT - timedelta(days=1)) == []
