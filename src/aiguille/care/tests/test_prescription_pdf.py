"""The prescription's document holds every mention that the law asks for (CSP R5132-3)."""

from typing import Any

import pytest

from aiguille.care.prescription_pdf import document_data, file_prescription
from aiguille.care.queries import get_prescription
from aiguille.care.tests.test_operations import NEEDLING, Desk
from aiguille.patients.queries import list_documents
from tests.course import answer_no, open_catalogue
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(world: World) -> Desk:
    open_catalogue(at=world.at)
    answer_no(world, procedure=NEEDLING, at=world.at)
    return Desk(world, NEEDLING)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_holds_every_mention(world: World, desk: Desk, language: str) -> None:
    consultation = desk.write()
    plan = desk.plan(desk.decide(consultation))
    prescription = desk.prescribe(consultation, plan_id=plan, language=language)
    data: dict[str, Any] = document_data(get_prescription(prescription), language=language)
    prescriber, patient, (item,) = data["prescriber"], data["patient"], data["items"]
    assert (prescriber["name"], prescriber["rpps"]) == ("Bruno Delmas", "10003456786")
    assert "Dermatologie" in prescriber["specialty"]
    assert prescriber["address"].endswith("Lyon, France")
    assert prescriber["phone"].startswith("+33")
    assert prescriber["email"] == world.bruno.email
    assert (patient["name"], "1988" in patient["born"]) == ("Anna Martin", True)
    assert patient["sex"] in {"féminin", "female"}
    assert item["drug"] == "Crème Démo"
    assert ("6,08 g" if language == "fr" else "6.08 g") in item["dose"]
    assert "120" in item["when"]
    assert "3 s" in item["duration"]
    assert "renouvelable" in item["duration"] or "renewable" in item["duration"]
    assert "2026" in data["signed_at"]
    assert len(data["digest"]) == 64


def test_is_filed_once(world: World, desk: Desk) -> None:
    prescription = desk.prescribe(desk.write())
    first = file_prescription(prescription_id=prescription, at=world.at)
    assert file_prescription(prescription_id=prescription, at=world.at) == first
    (document,) = list_documents(world.anna.patient_id, shown_to_patient=True)
    assert (document.id, document.kind, document.language) == (first, "PRESCRIPTION", "fr")
