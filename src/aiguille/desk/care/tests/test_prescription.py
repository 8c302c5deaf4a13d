"""The prescription's page: lines without a script, ceilings, corrections, and who may do what."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.accounts.operations import create_user
from aiguille.accounts.rights import NotAllowed
from aiguille.audit.queries import list_events_of_patient
from aiguille.care.operations import prescribe
from aiguille.care.prescribing import Line
from aiguille.care.prescriptions import every_prescription, list_prescriptions
from aiguille.care.queries import list_consultations
from aiguille.clinics.operations import add_membership
from aiguille.desk.care.tests.test_consultation import (
    arrive,
    decide,
    number,
    url,
)
from aiguille.journeys.reads.prescription import Typed, reckon
from aiguille.kernel.actor import SYSTEM, Actor, ActorKind
from aiguille.kernel.codes import StaffRole
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import OutboxMessage
from aiguille.messaging.queries import latest_mail
from aiguille.patients.queries import list_documents
from tests.course import open_catalogue
from tests.world import Person, World

pytestmark = pytest.mark.django_db

ANTIVIRAL: dict[str, Any] = {
    "drug": "valaciclovir",
    "dose": "1 comprimé de 500 mg",
    "frequency": "matin et soir",
    "route": "ORAL",
    "duration": "5 jours",
}
CREAM = {"area_cm2": "40,5", "minutes_before": "120", "cream_zones": ["CHEEK"]}


@pytest.fixture
def bruno(world: World) -> Client:
    open_catalogue(at=world.at)
    return world.staff_client(world.bruno)


@pytest.fixture
def consultation(world: World, bruno: Client) -> UUID:
    """A consultation with its verdict; its appointment's id."""
    appointment_id = arrive(world)
    decide(bruno, world, appointment_id)
    return appointment_id


def form(page: Any, *lines: dict[str, str], cream: bool = False, **other: Any) -> dict[str, Any]:
    """Return what is sent from a page: the cream or none, and these lines."""
    shown = page.context["form"]
    sent = {
        "request_key": str(shown["request_key"].value()),
        "replaces": str(shown["replaces"].value() or ""),
        "product": shown.fields["product"].choices[0][0] if cream else "",
        **(CREAM if cream else {}),
        "lines": str(len(lines)),
    }
    for n, line in enumerate(lines):
        sent |= {f"line_{n}_{name}": value for name, value in line.items()}
    return sent | other


def standing(world: World) -> list[Any]:
    return list_prescriptions(patient_id=world.anna.patient_id)


class TestLines:
    def test_are_added_removed_and_put_back_without_a_script(
        self, world: World, bruno: Client, consultation: UUID
    ) -> None:
        address = url("prescription", consultation)
        page = bruno.get(address)
        typed = form(page, ANTIVIRAL)
        for do, shown in (
            ("add", [False, False]),
            ("remove:0", [True]),
            ("restore:0", [False]),
            ("check", [False]),
        ):
            answer = bruno.post(address, typed | {"do": do})
            assert answer.status_code == 200
            rows = answer.context["form"].rows()
            assert [row["is_removed"] for row in rows] == shown
            assert rows[0]["drug"] == "valaciclovir"
            assert standing(world) == []
            typed["line_0_removed"] = "1" if do == "remove:0" else ""
        # What is removed can hold anything, and is not prescribed.
        wrong = {"drug": "x", "packs": "many", "removed": "1"}
        assert bruno.post(address, form(page, ANTIVIRAL, wrong)).status_code == 302
        (signed,) = standing(world)
        assert [line["drug"] for line in signed.medicines] == ["valaciclovir"]
        assert signed.cream is None

    def test_lines_left_empty_are_none(
        self, world: World, bruno: Client, consultation: UUID
    ) -> None:
        page = bruno.get(url("prescription", consultation))
        sent = form(page, {}, ANTIVIRAL, {"removed": ""})
        assert bruno.post(url("prescription", consultation), sent).status_code == 302
        assert len(standing(world)[0].items) == 1

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"dose": ""}, "line_1_dose"),
            ({"frequency": " "}, "line_1_frequency"),
            ({"route": ""}, "line_1_route"),
            ({"route": "EAR"}, "line_1_route"),
            ({"duration": ""}, "line_1_duration"),
            ({"packs": "0"}, "line_1_packs"),
            ({"renewals": "13"}, "line_1_renewals"),
            ({"not_substitutable": "EFG", "brand": "Zelitrex"}, "line_1_not_substitutable"),
            ({"not_substitutable": "CIF"}, "line_1_brand"),
            ({"is_preparation": "on"}, "line_1_formula"),
            ({"formula": "Vaseline"}, "line_1_formula"),
            ({"drug": "Lidocaïne 5 %", "route": "CUTANEOUS"}, "line_1_drug"),
            ({"brand": "EMLA", "route": "CUTANEOUS"}, "line_1_drug"),
            ({"drug": "LIDOCAINE", "route": "SUBCUTANEOUS"}, "line_1_lidocaine_mg"),
            ({"drug": "lidocaïne", "lidocaine_mg": "100"}, "weight_kg"),
            ({"drug": "x" * 201}, "line_1_drug"),
        ],
    )
    def test_say_what_is_wrong_beside_it(
        self,
        world: World,
        bruno: Client,
        consultation: UUID,
        changed: dict[str, str],
        field: str,
    ) -> None:
        page = bruno.get(url("prescription", consultation))
        # A line removed before it must not shift what is said.
        sent = form(page, {"removed": "1"}, ANTIVIRAL | changed)
        answer = bruno.post(url("prescription", consultation), sent)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert answer.context["form"]["line_1_duration"].value() == changed.get(
            "duration", "5 jours"
        )
        assert standing(world) == []

    @pytest.mark.parametrize(
        ("weight", "milligrams", "passes"),
        [("48", "144", True), ("48", "144,1", False), ("70", "200", True), ("70", "200,1", False)],
    )
    def test_lidocaine_stays_under_its_ceiling(
        self,
        world: World,
        bruno: Client,
        consultation: UUID,
        weight: str,
        milligrams: str,
        passes: bool,
    ) -> None:
        page = bruno.get(url("prescription", consultation))
        line = ANTIVIRAL | {
            "drug": "lidocaïne",
            "route": "SUBCUTANEOUS",
            "lidocaine_mg": milligrams,
        }
        sent = form(page, line, weight_kg=weight)
        answer = bruno.post(url("prescription", consultation), sent)
        assert answer.status_code == (302 if passes else 422)
        if passes:
            assert standing(world)[0].mentions["patient"]["weight_kg"] == weight
        else:
            assert list(answer.context["form"].errors) == ["line_0_lidocaine_mg"]


class TestMeasures:
    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"weight_kg": "132"}, "weight_kg"),
            ({"weight_kg": "29"}, "weight_kg"),
            ({"weight_kg": "90", "height_cm": "140"}, "weight_kg"),
            ({"height_cm": "17"}, "height_cm"),
            ({"weight_kg": "4000"}, "weight_kg"),
        ],
    )
    def test_that_can_hardly_be_right_are_asked_again(
        self, world: World, bruno: Client, consultation: UUID, given: dict[str, Any], field: str
    ) -> None:
        page = bruno.get(url("prescription", consultation))
        answer = bruno.post(url("prescription", consultation), form(page, ANTIVIRAL, **given))
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        confirmed = form(page, ANTIVIRAL, **given, measures_confirmed="on")
        again = bruno.post(url("prescription", consultation), confirmed)
        # A tall, heavy person exists; one of 17 cm or 4,000 kg does not.
        is_possible = given.get("height_cm") != "17" and given.get("weight_kg") != "4000"
        assert again.status_code == (302 if is_possible else 422)

    def test_another_weight_than_the_last_is_asked_again(
        self, world: World, bruno: Client, consultation: UUID
    ) -> None:
        address = url("prescription", consultation)
        for weight, status in (("60", 302), ("62", 302), ("90", 422)):
            page = bruno.get(address)
            answer = bruno.post(address, form(page, ANTIVIRAL, weight_kg=weight))
            assert answer.status_code == status

    def test_pounds_are_said_in_kilograms(
        self, world: World, bruno: Client, consultation: UUID
    ) -> None:
        answer = bruno.post(url("check_prescription", consultation), {"weight_kg": "132"})
        assert "132 livres font 60 kg" in answer.content.decode()


class TestCheck:
    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ({"area_cm2": "380"}, ["57 g", "60 g", "600 cm²", "300 min", "R11"]),
            ({"area_cm2": "601"}, ["601 cm²", "R11"]),
            ({"area_cm2": "40", "minutes_before": "301"}, ["301 min", "R12"]),
            ({"area_cm2": "40", "minutes_before": "180", "minutes_on_skin": "59"}, ["59 min"]),
        ],
    )
    def test_shows_the_ceilings(
        self,
        world: World,
        bruno: Client,
        consultation: UUID,
        typed: dict[str, str],
        shown: list[str],
    ) -> None:
        sent = {"product": "x", "minutes_before": "120"} | typed
        answer = bruno.post(url("check_prescription", consultation), sent).content.decode()
        assert [words for words in shown if words not in answer] == []

    def test_adds_up_the_lidocaine(self, world: World, bruno: Client, consultation: UUID) -> None:
        sent = {
            "product": "x",
            "area_cm2": "20",
            "minutes_before": "120",
            "weight_kg": "60",
            "lines": "1",
            "line_0_lidocaine_mg": "50",
        }
        answer = bruno.post(url("check_prescription", consultation), sent).content.decode()
        assert "125 mg" in answer  # 3 g of cream hold 75 mg
        assert "180 mg" in answer


class TestCorrection:
    def test_replaces_and_tells_the_patient(
        self, world: World, bruno: Client, consultation: UUID
    ) -> None:
        address = url("prescription", consultation)
        bruno.post(address, form(bruno.get(address), ANTIVIRAL, cream=True))
        bruno.post(url("conclude", consultation))
        (first,) = standing(world)
        page = bruno.get(f"{address}?replaces={first.id}")
        shown = page.context["form"]
        assert shown["area_cm2"].value() == "40,5"
        assert shown["line_0_drug"].value() == "valaciclovir"
        sent = form(page, ANTIVIRAL | {"duration": "10 jours"}, cream=True)
        # Why is asked.
        answer = bruno.post(address, sent)
        assert list(answer.context["form"].errors) == ["correction_reason"]
        answer = bruno.post(address, sent | {"correction_reason": "Durée."})
        assert answer.status_code == 302
        second, before = every_prescription(patient_id=world.anna.patient_id)
        assert (before.id, before.replaced_by_id) == (first.id, second.id)
        assert OutboxMessage.objects.filter(kind="prescription_ready").count() == 1
        # Sent twice, it is one; corrected twice over, the second is told to read again.
        assert bruno.post(address, sent | {"correction_reason": "Durée."}).status_code == 302
        stale = sent | {"correction_reason": "Encore.", "request_key": str(UUID(int=7))}
        assert bruno.post(address, stale).status_code == 409
        assert len(every_prescription(patient_id=world.anna.patient_id)) == 2

    def test_the_patient_is_told_that_a_document_waits_and_no_more(
        self, world: World, bruno: Client, consultation: UUID, settings: Any
    ) -> None:
        settings.DEMO = True
        address = url("prescription", consultation)
        bruno.post(url("conclude", consultation))
        send_all_due(at=world.at + timedelta(hours=1))
        for reason in ("", "Dose.", "Durée."):
            (before,) = standing(world) or [None]
            page = bruno.get(f"{address}?replaces={before.id}" if before else address)
            sent = form(page, ANTIVIRAL, correction_reason=reason)
            assert bruno.post(address, sent).status_code == 302
        # Three were signed before the worker came: what counts is told of, once.
        send_all_due(at=world.at + timedelta(hours=2))
        told = [
            one
            for one in latest_mail()
            if one.subject == "Un document vous attend dans votre espace"
        ]
        (message,) = told
        assert "valaciclovir" not in message.text
        assert "ordonnance" not in message.text.lower()
        (path,) = re.findall(r"https?://[^/\s]+(/\S+)", message.text)
        assert Client().get(path).status_code == 200

    def test_is_marked_wherever_it_is_listed(
        self, world: World, bruno: Client, consultation: UUID
    ) -> None:
        address = url("prescription", consultation)
        bruno.post(address, form(bruno.get(address), ANTIVIRAL))
        (first,) = standing(world)
        bruno.get(url("prescription_pdf", first.id))
        page = bruno.get(f"{address}?replaces={first.id}")
        bruno.post(address, form(page, ANTIVIRAL, correction_reason="Dose."))
        (second,) = standing(world)
        bruno.get(url("prescription_pdf", second.id))
        assert "Remplacée le" in bruno.get(url("patient", number(world))).content.decode()
        space = world.space_client(world.anna).get(reverse("portal:documents")).content.decode()
        assert space.count("Remplacée le") == 1
        assert len(list_documents(world.anna.patient_id, shown_to_patient=True)) == 2

    def test_a_second_cream_corrects_the_first(
        self, world: World, bruno: Client, consultation: UUID
    ) -> None:
        address = url("prescription", consultation)
        for status in (302, 422):
            page = bruno.get(address)
            assert bruno.post(address, form(page, cream=True)).status_code == status
        assert len(standing(world)) == 1


def test_a_cream_alone_then_other_lines_are_two_prescriptions(
    world: World, bruno: Client, consultation: UUID
) -> None:
    address = url("prescription", consultation)
    bruno.post(address, form(bruno.get(address), cream=True))
    bruno.post(address, form(bruno.get(address), ANTIVIRAL))
    assert [bool(one.cream) for one in standing(world)] == [False, True]


def test_nothing_is_no_prescription(world: World, bruno: Client, consultation: UUID) -> None:
    address = url("prescription", consultation)
    answer = bruno.post(address, form(bruno.get(address)))
    assert answer.status_code == 422
    assert standing(world) == []


# --- Who may do what ------------------------------------------------------------------------------


def nurse(world: World) -> Person:
    """Let a nurse begin in Lyon."""
    user_id = create_user(
        email="nora@example.org",
        display_name="Nora Infirmière",
        kind="STAFF",
        language="fr",
        password="eleven quiet herons",
        actor=SYSTEM,
        at=world.at,
    )
    add_membership(
        user_id=user_id,
        site_id=world.lyon,
        role=StaffRole.NURSE,
        valid_from=world.at.date() - timedelta(days=30),
        actor=SYSTEM,
        at=world.at,
    )
    roles = frozenset({StaffRole.NURSE})
    actor = Actor(
        kind=ActorKind.STAFF,
        id=user_id,
        display_name="Nora Infirmière",
        roles=roles,
        confirmed_at=world.at,
    )
    return Person(user_id=user_id, email="nora@example.org", actor=actor)


# Each role: the form, sending it, the ceilings, the document, the record's mention of it.
TABLE = {
    "bruno": (200, 302, 200, 200, True),
    "paula": (200, 302, 200, 200, True),
    "nurse": (403, 403, 403, 200, True),
    "hugo": (403, 403, 403, 403, False),
    "diane": (403, 403, 403, 403, False),
    "ines": (403, 403, 403, 403, False),
    "carla": (404, 404, 404, 404, False),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_role_sees_and_does_what_it_may(
    world: World, bruno: Client, consultation: UUID, name: str
) -> None:
    address = url("prescription", consultation)
    page = bruno.get(address)
    bruno.post(address, form(page, ANTIVIRAL))
    (signed,) = standing(world)
    person = nurse(world) if name == "nurse" else getattr(world, name)
    client = world.staff_client(person)
    read, write, check, document, is_listed = TABLE[name]
    assert client.get(address).status_code == read
    again = form(page, ANTIVIRAL, request_key=str(UUID(int=9)))
    assert client.post(address, again).status_code == write
    assert client.post(url("check_prescription", consultation), {}).status_code == check
    assert client.get(url("prescription_pdf", signed.id)).status_code == document
    shown = client.get(url("patient", number(world)))
    assert ("valaciclovir" in shown.content.decode()) == is_listed
    assert len(every_prescription(patient_id=world.anna.patient_id)) == (2 if write == 302 else 1)


OPERATIONS: dict[str, Callable[[World, UUID, Actor], object]] = {
    "prescribe": lambda world, appointment, actor: prescribe(
        patient_id=world.anna.patient_id,
        consultation_id=list_consultations(patient_id=world.anna.patient_id)[0].id,
        plan_id=None,
        site_id=world.lyon,
        lines=[Line(**ANTIVIRAL)],
        today=world.at.date(),
        language="fr",
        actor=actor,
        at=world.at,
    ),
    "reckon": lambda world, appointment, actor: reckon(
        appointment_id=appointment, typed=Typed(), actor=actor, at=world.at
    ),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", ["nurse", "hugo", "diane", "ines", "carla", "anna", "marc"])
def test_each_operation_refuses_whoever_is_no_physician(
    world: World, bruno: Client, consultation: UUID, name: str, operation: str
) -> None:
    person = nurse(world) if name == "nurse" else getattr(world, name)
    with pytest.raises(NotAllowed):
        OPERATIONS[operation](world, consultation, person.actor)
    assert standing(world) == []


def test_patients_see_their_own_alone(world: World, bruno: Client, consultation: UUID) -> None:
    address = url("prescription", consultation)
    bruno.post(address, form(bruno.get(address), ANTIVIRAL))
    (signed,) = standing(world)
    bruno.get(url("prescription_pdf", signed.id))
    (line,) = list_documents(world.anna.patient_id, shown_to_patient=True)
    for person, status in ((world.anna, 200), (world.marc, 404)):
        client = world.space_client(person)
        assert client.get(reverse("portal:document", args=[line.id])).status_code == status
        assert client.get(address).status_code == 404
    actions = {one.action for one in list_events_of_patient(patient_id=world.anna.patient_id)}
    assert "care:prescription:signed" in actions
