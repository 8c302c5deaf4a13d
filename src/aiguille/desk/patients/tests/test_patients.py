"""Who sees what of a patient; searching, correcting, joining; what bad input is told."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from aiguille.audit.queries import list_events_of_patient
from aiguille.journeys.reads.record import read_record
from aiguille.kernel.codes import Procedure
from aiguille.patients.operations import check_identity, create_provisional
from aiguille.patients.queries import get_identity, list_notes
from tests.course import open_course
from tests.world import World

pytestmark = pytest.mark.django_db


def url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def number(world: World) -> int:
    return get_identity(world.anna.patient_id).number


IDENTITY = {
    "birth_name": "Martin",
    "first_names": "Anna",
    "used_name": "",
    "birth_date_day": "3",
    "birth_date_month": "4",
    "birth_date_year": "1988",
    "sex": "F",
    "birthplace": "Lyon",
}


class TestRecord:
    def test_is_whole_for_who_reads_records(self, world: World) -> None:
        open_course(world)
        page = world.staff_client(world.bruno).get(url("patient", number(world)))
        assert page.status_code == 200
        clinical = page.context["clinical"]
        assert len(clinical.verdicts) == len(clinical.courses) == len(clinical.consultations) == 1
        assert clinical.questionnaires[0].procedure is Procedure.MESOTHERAPY
        assert "Peau saine." in page.content.decode()

    def test_costs_what_it_says(self, world: World, django_assert_max_num_queries: Any) -> None:
        open_course(world)
        with django_assert_max_num_queries(57):
            read_record(number=number(world), actor=world.bruno.actor, at=world.at)

    @pytest.mark.parametrize("name", ["diane", "hugo"])
    def test_is_identity_and_appointments_for_the_desk(self, world: World, name: str) -> None:
        open_course(world)
        page = world.staff_client(getattr(world, name)).get(url("patient", number(world)))
        assert page.status_code == 200
        assert page.context["clinical"] is None
        assert "Peau saine." not in page.content.decode()

    def test_is_not_an_administrators(self, world: World) -> None:
        assert world.staff_client(world.ines).get(url("patient", number(world))).status_code == 403

    def test_does_not_exist_for_strangers(self, world: World) -> None:
        for client in (world.staff_client(world.carla), world.space_client(world.anna)):
            assert client.get(url("patient", number(world))).status_code == 404
        assert Client().get(url("patient", number(world))).status_code == 302
        bruno = world.staff_client(world.bruno)
        for unknown in (1, 99_999_999_999_999_999):
            assert bruno.get(url("patient", unknown)).status_code == 404

    def test_says_who_read_it(self, world: World) -> None:
        client = world.staff_client(world.bruno)
        client.get(url("patient", number(world)))
        world.staff_client(world.diane).get(url("patient", number(world)))
        lines = list_events_of_patient(patient_id=world.anna.patient_id)
        assert [(one.action, one.actor_name) for one in lines[:2]] == [
            ("patients:patient:read", "Diane Petit"),
            ("care:record:read", "Bruno Delmas"),
        ]
        page = client.get(url("patient", number(world)))
        assert "Diane Petit" in page.content.decode()


class TestSearch:
    @pytest.mark.parametrize(
        "query", ["mart", "anna m", "06 12 34", "3/4/1988", "ANNA@example", "Ann Mar"]
    )
    def test_finds(self, world: World, query: str) -> None:
        page = world.staff_client(world.diane).get(url("patients"), {"q": query})
        assert [one.full_name for one in page.context["found"]] == ["Anna Martin"]

    @pytest.mark.parametrize(
        "query", ["zzz", "<script>", "%", "' OR 1=1", "x" * 5000, "99999999999999999999", "\x00"]
    )
    def test_takes_anything(self, world: World, query: str) -> None:
        page = world.staff_client(world.diane).get(url("patients"), {"q": query})
        assert page.status_code == 200
        assert "<script>" not in page.content.decode().split("<main", 1)[1]

    def test_shows_the_latest_first(self, world: World) -> None:
        page = world.staff_client(world.diane).get(url("patients"))
        assert len(page.context["found"]) == 2


class TestNewPatient:
    def post(self, world: World, **data: str) -> Any:
        given = IDENTITY | {"email": "lea@example.net", "phone": "", "language": "fr"} | data
        return world.staff_client(world.diane).post(url("new_patient"), given)

    def test_is_registered_and_a_double_is_shown(self, world: World) -> None:
        answer = self.post(world, email="anna@example.net")
        page = world.staff_client(world.diane).get(answer["Location"])
        assert page.context["identity"].status == "DECLARED"
        (duplicate,) = page.context["record"].duplicates
        assert duplicate.identity.id == world.anna.patient_id

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"birth_name": ""}, "birth_name"),
            ({"birth_name": "x" * 101}, "birth_name"),
            ({"first_names": "<b>Anna</b>"}, "first_names"),
            ({"birth_date_year": "2999"}, "birth_date"),
            ({"birth_date_month": "13"}, "birth_date"),
            ({"birth_date_day": "trois"}, "birth_date"),
            ({"email": "lea"}, "email"),
            ({"email": "", "phone": ""}, "email"),
            ({"phone": "12"}, "phone"),
            ({"sex": "X"}, "sex"),
            ({"language": "de"}, "language"),
        ],
    )
    def test_is_told_what_is_wrong(self, world: World, data: dict[str, str], field: str) -> None:
        answer = self.post(world, **data)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        typed = next(iter(data.values()))
        assert field in {"sex", "language"} or escape(typed) in answer.content.decode()


class TestIdentity:
    def test_is_corrected_and_checked(self, world: World) -> None:
        client = world.staff_client(world.diane)
        assert client.get(url("edit_identity", number(world))).status_code == 200
        answer = client.post(
            url("edit_identity", number(world)), IDENTITY | {"used_name": "Durand"}
        )
        assert answer.status_code == 302
        client.post(url("check_identity", number(world)), {"document": "passport"})
        identity = get_identity(world.anna.patient_id)
        assert (identity.full_name, identity.is_checked) == ("Anna Durand", True)

    def test_of_a_stale_page_is_refused(self, world: World) -> None:
        client = world.staff_client(world.diane)
        data = {"email": "a@example.net", "phone": "", "language": "en"}
        version = get_identity(world.anna.patient_id).version
        url_ = url("edit_contact", number(world))
        assert client.post(url_, data | {"version": str(version)}).status_code == 302
        assert client.post(url_, data | {"version": str(version)}).status_code == 409

    def test_is_joined_and_separated(self, world: World) -> None:
        client = world.staff_client(world.diane)
        double = create_provisional(
            birth_name="Martin",
            first_names="Anna",
            email="anna@example.net",
            phone="",
            language="fr",
            actor=world.diane.actor,
            at=world.at,
        )
        mine, other = number(world), get_identity(double).number
        client.post(url("join_patient", other), {"into": str(mine)})
        assert get_identity(double).merged_into_id is None  # Anna's identity is not checked
        check_identity(
            patient_id=world.anna.patient_id,
            document="passport",
            actor=world.diane.actor,
            at=world.at,
        )
        client.post(url("join_patient", other), {"into": str(mine)})
        assert get_identity(double).merged_into_id == world.anna.patient_id
        assert client.get(url("patient", other)).context["record"].target is not None
        client.post(url("separate_patient", other))
        assert get_identity(double).merged_into_id is None
        for wrong in ("", "abc", "424242", "-1"):
            answer = client.post(url("join_patient", other), {"into": wrong})
            assert answer.status_code == 404


class TestNotes:
    def test_are_written_and_withdrawn(self, world: World) -> None:
        client = world.staff_client(world.bruno)
        client.post(url("add_note", number(world)), {"topic": "ALLERGY", "text": "Latex"})
        (note,) = list_notes(world.anna.patient_id)
        assert "Latex" in client.get(url("patient", number(world))).content.decode()
        client.post(url("withdraw_note", number(world), note.id))
        assert list_notes(world.anna.patient_id) == []
        assert client.post(url("withdraw_note", number(world), note.id)).status_code == 302

    @pytest.mark.parametrize("text", ["", "  ", "x" * 501])
    def test_are_refused_with_what_was_typed(self, world: World, text: str) -> None:
        answer = world.staff_client(world.bruno).post(
            url("add_note", number(world)), {"topic": "ALLERGY", "text": text}
        )
        assert answer.status_code == 422
        assert "text" in answer.context["form"].errors

    def test_are_not_the_front_desks(self, world: World) -> None:
        answer = world.staff_client(world.diane).post(
            url("add_note", number(world)), {"topic": "ALLERGY", "text": "Latex"}
        )
        assert answer.status_code == 403
