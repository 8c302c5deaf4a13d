"""From an arrived patient to a booked session, through the pages that Dr Bruno sees."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.booking.operations import book, check_in
from aiguille.booking.queries import appointments_of_patient, get_appointment
from aiguille.care.queries import (
    consultation_of_appointment,
    draft_of_consultation,
    list_plans,
    list_prescriptions,
    list_verdicts,
)
from aiguille.catalogue.queries import consultation_service, treatment_by_code
from aiguille.kernel.codes import Procedure
from aiguille.messaging.models import OutboxMessage
from aiguille.patients.operations import save_draft_answer, submit_answers
from aiguille.patients.queries import get_identity, latest_answers, list_documents
from aiguille.plumbing import clock
from aiguille.rulebook import QuestionInput, load_rulebook
from tests.course import open_catalogue
from tests.world import World

pytestmark = pytest.mark.django_db
LYON = ZoneInfo("Europe/Paris")
# Monday 2 March, ten o'clock in Lyon: an hour after the world's instant.
STARTS = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def bruno(world: World) -> Client:
    open_catalogue(at=world.at)
    return world.staff_client(world.bruno)


def answer_online(world: World, procedure: Procedure, **others: str) -> None:
    """Let Anna answer "no" in her space to what is asked there, save `others`."""
    for question in load_rulebook().questions_for(procedure, only_blocking=True):
        if question.input is QuestionInput.YES_NO:
            save_draft_answer(
                patient_id=world.anna.patient_id,
                procedure=procedure,
                question_id=question.id,
                answer={"answer": others.get(question.id, "no")},
                actor=world.anna.actor,
                at=world.at,
            )
    submit_answers(
        patient_id=world.anna.patient_id,
        procedure=procedure,
        actor=world.anna.actor,
        at=world.at,
    )


def arrive(world: World, procedure: Procedure = Procedure.NEEDLING) -> UUID:
    """Let Anna answer online, book a consultation with Dr Bruno this morning, and come."""
    answer_online(world, procedure)
    appointment_id = book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(procedure).id,
        site_id=world.lyon,
        starts_at=STARTS,
        practitioner_id=world.bruno_resource,
        actor=world.diane.actor,
        at=world.at,
    )
    check_in(appointment_id=appointment_id, actor=world.diane.actor, at=world.at)
    return appointment_id


def url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def written(**changed: Any) -> dict[str, Any]:
    return {
        "reason": "Cicatrices d’acné des joues",
        "history": "",
        "treatments": "",
        "allergies": "",
        "examination": "Creux souples",
        "phototype": "2",
        "zones": ["CHEEK"],
        "advice": "Protection solaire",
        "replaces": "",
    } | changed


def ask_all(client: Client, world: World, appointment_id: UUID, **others: str) -> Any:
    """Answer "no" to every question that the page shows, save `others`."""
    page = client.get(url("questions", appointment_id))
    form = page.context["form"]
    data = {f"{q.id}_answer": others.get(q.id, "no") for q in form.questions}
    return client.post(
        url("questions", appointment_id), data | {"seen": str(form["seen"].value() or "")}
    )


def verdict_data(page: Any, **changed: Any) -> dict[str, Any]:
    form = page.context["form"]
    return {
        "treatment": str(treatment_by_code("needling-acne-scar-atrophic").id),
        "outcome": "ELIGIBLE",
        "reason": "Peau saine, indication retenue.",
        "conditions": "",
        "valid_from": form["valid_from"].value().isoformat(),
        "valid_until": form["valid_until"].value().isoformat(),
    } | changed


def decide(client: Client, world: World, appointment_id: UUID) -> UUID:
    """Write, ask and give an eligible verdict; return its id."""
    assert client.post(url("consultation", appointment_id), written()).status_code == 302
    assert ask_all(client, world, appointment_id).status_code == 302
    page = client.get(url("verdict", appointment_id))
    answer = client.post(url("verdict", appointment_id), verdict_data(page))
    assert answer.status_code == 302, answer.context["form"].errors
    (verdict,) = list_verdicts(patient_id=world.anna.patient_id)
    return verdict.id


def plan_data(page: Any, **changed: Any) -> dict[str, Any]:
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields if not name.startswith("seen_")}
    return {name: value for name, value in values.items() if value is not None} | changed


def test_the_whole_consultation(world: World, bruno: Client) -> None:
    appointment_id = arrive(world)
    page = bruno.get(url("consultation", appointment_id))
    assert page.status_code == 200
    assert page.context["page"].to_ask
    verdict_id = decide(bruno, world, appointment_id)

    page = bruno.get(url("plan", appointment_id, verdict_id))
    answer = bruno.post(url("plan", appointment_id, verdict_id), plan_data(page))
    assert answer.status_code == 302, answer.context["form"].errors
    (plan,) = list_plans(patient_id=world.anna.patient_id)
    assert (plan.sessions_planned, plan.interval_min_days) == (3, 28)
    assert set(plan.settings["needle_mm"]) == {"CHEEK"}

    page = bruno.get(url("prescription", appointment_id))
    assert page.status_code == 200
    form = page.context["form"]
    answer = bruno.post(
        url("prescription", appointment_id),
        {
            "product": form["product"].value(),
            "area_cm2": "40,5",
            "minutes_before": "120",
            "cream_zones": ["CHEEK"],
        },
    )
    assert answer.status_code == 302, answer.context["form"].errors
    (prescription,) = list_prescriptions(patient_id=world.anna.patient_id)
    assert Decimal(prescription.items[0]["grams"]) == Decimal("6.08")

    assert bruno.get(url("conclude", appointment_id)).status_code == 200
    answer = bruno.post(url("conclude", appointment_id))
    assert answer.status_code == 302
    assert get_appointment(appointment_id).state == "DONE"
    assert OutboxMessage.objects.filter(kind="consultation_done").count() == 1
    # The back button and a second press change nothing.
    assert bruno.post(url("conclude", appointment_id)).status_code == 302

    pdf = bruno.get(url("prescription_pdf", prescription.id))
    assert pdf.status_code == 200
    assert pdf.content.startswith(b"%PDF")
    again = bruno.get(url("prescription_pdf", prescription.id))
    assert again.content == pdf.content
    (document,) = list_documents(world.anna.patient_id, shown_to_patient=True)
    assert document.kind == "PRESCRIPTION"

    record = bruno.get(url("patient", number(world)))
    assert record.status_code == 200
    assert record.context["clinical"].courses[0].is_open

    times = bruno.get(url("book_plan", number(world), plan.id))
    assert times.status_code == 200
    start = next(s.value for day in times.context["days"] for s in day.starts)
    booked = bruno.post(
        url("book_plan", number(world), plan.id),
        {"start": start, "request_key": str(times.context["request_key"])},
    )
    assert booked.status_code == 302
    assert sum(a.kind == "SESSION" for a in appointments_of_patient(world.anna.patient_id)) == 1


def number(world: World) -> int:
    return get_identity(world.anna.patient_id).number
