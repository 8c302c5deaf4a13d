"""From an arrived patient to a booked session, through the pages that Dr Bruno sees."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

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
from aiguille.catalogue.queries import consultation_service, session_service, treatment_by_code
from aiguille.journeys.reads.consultation import read_consultation
from aiguille.kernel.codes import Procedure
from aiguille.kernel.ids import new_id
from aiguille.messaging.models import OutboxMessage
from aiguille.patients.operations import save_draft_answers, submit_answers
from aiguille.patients.queries import get_identity, latest_answers, list_documents
from aiguille.rulebook import load_rulebook
from aiguille.worklist.queries import list_open
from tests.course import no_to_all, open_catalogue
from tests.world import World

pytestmark = pytest.mark.django_db
# Monday 2 March, ten o'clock in Lyon: an hour after the world's instant.
STARTS = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def bruno(world: World) -> Client:
    open_catalogue(at=world.at)
    return world.staff_client(world.bruno)


def answer_online(world: World, procedure: Procedure, **others: str) -> None:
    """Let Anna answer "no" in her space, save `others`; she does not know what she had done."""
    usual = no_to_all(procedure)
    for question in load_rulebook().questions_for(procedure):
        if question.theme == "earlier_acts":
            usual[question.id] = {"answer": "unknown"}
    save_draft_answers(
        patient_id=world.anna.patient_id,
        procedure=procedure,
        answers=usual | {name: {"answer": answer} for name, answer in others.items()},
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
        "zones": ["CHEEK:left", "CHEEK:right"],
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
    shown = {name for row in form.rows() for _field, name, _lines in row.cells}
    values = {
        name: form[name].value()
        for name in form.fields
        if name in shown or not name.startswith(("needle_mm_", "technique_", "depth_mm_"))
    }
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


class TestWho:
    PAGES = ("consultation", "questions", "verdict", "prescription", "conclude")

    @pytest.mark.parametrize(
        ("name", "status"), [("diane", 403), ("hugo", 403), ("ines", 403), ("carla", 404)]
    )
    def test_others_have_no_consultation(
        self, world: World, bruno: Client, name: str, status: int
    ) -> None:
        appointment_id = arrive(world)
        client = world.staff_client(getattr(world, name))
        for page in self.PAGES:
            assert client.get(url(page, appointment_id)).status_code == status
            assert client.post(url(page, appointment_id)).status_code == status

    def test_patients_have_none_either(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        client = world.space_client(world.anna)
        assert client.get(url("consultation", appointment_id)).status_code == 404

    def test_nobody_has_what_is_not_there(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        assert bruno.get(url("consultation", new_id())).status_code == 404
        assert bruno.get(url("plan", appointment_id, new_id())).status_code == 404
        assert bruno.get(url("prescription_pdf", new_id())).status_code == 404
        assert bruno.get(url("end_verdict", new_id())).status_code == 404
        assert bruno.get(url("document", new_id())).status_code == 404

    def test_a_prescription_is_not_the_front_desks(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        decide(bruno, world, appointment_id)
        bruno.post(
            url("prescription", appointment_id),
            {
                "product": bruno.get(url("prescription", appointment_id))
                .context["form"]["product"]
                .value(),
                "area_cm2": "40",
                "minutes_before": "120",
                "cream_zones": ["CHEEK"],
            },
        )
        (prescription,) = list_prescriptions(patient_id=world.anna.patient_id)
        for name, status in (("diane", 403), ("carla", 404)):
            client = world.staff_client(getattr(world, name))
            assert client.get(url("prescription_pdf", prescription.id)).status_code == status


class TestTheForm:
    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"reason": ""}, "reason"),
            ({"reason": "x" * 10_001}, "reason"),
            ({"phototype": "7"}, "phototype"),
            ({"phototype": ""}, "phototype"),
            ({"zones": []}, "zones"),
            ({"zones": ["ELBOW:left"]}, "zones"),
            ({"zones": ["EYELID:left"]}, "zones"),
            ({"zones": ["CHEEK"]}, "zones"),
            ({"zones": ["NOSE:left"]}, "zones"),
            ({"examined_CHEEK_seen": ["thinning"]}, "examined"),
            ({"examined_CHEEK_note": "x" * 1001}, "examined"),
            ({"examined_NOSE_note": "Croûte"}, "zones"),
            ({"examined_CHEEK_aside": "aside"}, "zones"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, world: World, bruno: Client, changed: dict[str, Any], field: str
    ) -> None:
        appointment_id = arrive(world)
        answer = bruno.post(
            url("consultation", appointment_id), written(advice="<b>Ombre</b>") | changed
        )
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert f'name="{field}' in answer.content.decode()
        assert "&lt;b&gt;Ombre&lt;/b&gt;" in answer.content.decode()
        assert consultation_of_appointment(appointment_id) is None

    def test_keeps_a_draft(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        typed = {
            "reason": "Cica\x00",
            "zones": ["CHEEK:left"],
            "examined_CHEEK_seen": ["atrophic_scars"],
            "examined_CHEEK_note": "Deux <papules>",
        }
        answer = bruno.post(url("consultation_draft", appointment_id), typed)
        assert answer.status_code == 204
        page = bruno.get(url("consultation", appointment_id))
        form = page.context["form"]
        assert (form["reason"].value(), form["zones"].value()) == ("Cica", ["CHEEK:left"])
        for shown in ('value="atrophic_scars" checked', "Deux &lt;papules&gt;</textarea>"):
            assert page.content.decode().count(shown) == 1
        bruno.post(url("consultation", appointment_id), written())
        assert draft_of_consultation(appointment_id) is None
        diane = world.staff_client(world.diane)
        assert diane.post(url("consultation_draft", appointment_id)).status_code in {403, 404}

    def test_sent_twice_makes_one(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        for _ in range(2):
            assert bruno.post(url("consultation", appointment_id), written()).status_code == 302
        found = consultation_of_appointment(appointment_id)
        assert found is not None
        assert found.version == 1

    def test_over_a_stale_version_is_refused(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        bruno.post(url("consultation", appointment_id), written())
        answer = bruno.post(url("consultation", appointment_id), written(reason="Autre"))
        assert answer.status_code == 409
        found = consultation_of_appointment(appointment_id)
        assert found is not None
        second = written(reason="Autre", replaces=str(found.id))
        assert bruno.post(url("consultation", appointment_id), second).status_code == 302


class TestQuestions:
    def test_all_no_is_shown_before_it_is_recorded(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        before = latest_answers(world.anna.patient_id, Procedure.NEEDLING)
        page = bruno.post(url("questions", appointment_id), {"fill": "no", "S36_answer": "yes"})
        assert page.status_code == 200
        assert page.context["form"]["S36_answer"].value() == "yes"
        assert page.context["form"]["S37_answer"].value() == "no"
        assert latest_answers(world.anna.patient_id, Procedure.NEEDLING) == before

    def test_that_the_patient_could_not_answer_have_no_answer_chosen(
        self, world: World, bruno: Client
    ) -> None:
        appointment_id = arrive(world)
        page = bruno.get(url("questions", appointment_id))
        assert {question.theme for question in page.context["page"].to_ask} == {"earlier_acts"}
        assert not page.context["form"]["S36_answer"].value(), "“unknown” is what is to be settled"

    def test_are_recorded_under_the_physicians_name(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        page = bruno.get(url("questions", appointment_id))
        data = {f"{q.id}_answer": "no" for q in page.context["form"].questions}
        data |= {"S36_answer": "yes", "S36_ended": "2026-02-25", "S36_zones": "CHEEK"}
        data["seen"] = str(page.context["form"]["seen"].value())
        assert bruno.post(url("questions", appointment_id), data).status_code == 302
        found = latest_answers(world.anna.patient_id, Procedure.NEEDLING)
        assert found is not None
        assert found.author_name == "Bruno Delmas"
        assert found.answers["S36"] == {"answer": "yes", "ended": "2026-02-25", "zones": ["CHEEK"]}
        assert bruno.post(url("questions", appointment_id), data).status_code == 409

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({}, "__all__"),
            ({"S36_answer": "maybe"}, "S36_answer"),
            ({"S36_answer": "yes", "S36_ended": "soon"}, "S36_ended"),
            ({"S36_answer": "yes", "S36_ended": "1850-01-01"}, "S36_ended"),
            ({"S36_answer": "yes", "S36_zones": ["ELBOW"]}, "S36_zones"),
            ({"S99_answer": "yes"}, "__all__"),
        ],
    )
    def test_say_what_is_wrong(
        self, world: World, bruno: Client, data: dict[str, Any], field: str
    ) -> None:
        appointment_id = arrive(world)
        seen = bruno.get(url("questions", appointment_id)).context["form"]["seen"].value()
        answer = bruno.post(url("questions", appointment_id), data | {"seen": str(seen)})
        assert answer.status_code == 422
        assert field in answer.context["form"].errors


class TestVerdict:
    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"reason": ""}, "reason"),
            ({"outcome": "MAYBE"}, "outcome"),
            ({"treatment": "1"}, "treatment"),
            ({"outcome": "ELIGIBLE_IF"}, "conditions"),
            ({"valid_from": "2026-03-01"}, "valid_from"),
            ({"valid_until": "2028-03-01"}, "valid_until"),
            ({"valid_until": "yesterday"}, "valid_until"),
        ],
    )
    def test_says_what_is_wrong(
        self, world: World, bruno: Client, changed: dict[str, str], field: str
    ) -> None:
        appointment_id = arrive(world)
        bruno.post(url("consultation", appointment_id), written())
        ask_all(bruno, world, appointment_id)
        page = bruno.get(url("verdict", appointment_id))
        answer = bruno.post(url("verdict", appointment_id), verdict_data(page, **changed))
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert list_verdicts(patient_id=world.anna.patient_id) == []

    def test_cannot_pass_a_refusal_whatever_is_posted(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        bruno.post(url("consultation", appointment_id), written())
        ask_all(bruno, world, appointment_id)
        page = bruno.get(url("questions", appointment_id) + "?all=1")
        seen = str(page.context["form"]["seen"].value())
        bruno.post(url("questions", appointment_id) + "?all=1", {"S01_answer": "yes", "seen": seen})
        page = bruno.get(url("verdict", appointment_id))
        assert [one.rule for one in page.context["blocking"]] == ["S01"]
        answer = bruno.post(
            url("verdict", appointment_id), verdict_data(page, override_S01="Elle insiste.")
        )
        assert answer.status_code == 422
        assert "outcome" in answer.context["form"].errors
        refused = verdict_data(page, outcome="NOT_ELIGIBLE")
        assert bruno.post(url("verdict", appointment_id), refused).status_code == 302

    def test_is_suspended_once_and_its_sessions_wait(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        verdict_id = decide(bruno, world, appointment_id)
        page = bruno.get(url("plan", appointment_id, verdict_id))
        # Anna asked in writing to think it over for a week only.
        asked = {"reflection_requested_on": world.at.date().isoformat()}
        bruno.post(url("plan", appointment_id, verdict_id), plan_data(page) | asked)
        (plan,) = list_plans(patient_id=world.anna.patient_id)
        assert plan.settings.items() >= asked.items()
        session_id = book(
            patient_id=world.anna.patient_id,
            service_id=session_service(plan.treatment_id).id,
            site_id=world.lyon,
            starts_at=STARTS + timedelta(days=9),
            plan_id=plan.id,
            actor=world.diane.actor,
            at=world.at,
        )
        page = bruno.get(url("end_verdict", verdict_id))
        said = {"how": "suspend", "version": str(page.context["form"]["version"].value())}
        assert bruno.post(url("end_verdict", verdict_id), said).status_code == 422
        said["reason"] = "Doute"
        diane = world.staff_client(world.diane)
        assert diane.post(url("end_verdict", verdict_id), said).status_code == 403
        assert bruno.post(url("end_verdict", verdict_id), said).status_code == 302
        assert bruno.post(url("end_verdict", verdict_id), said).status_code == 409
        assert get_appointment(session_id).state == "NEEDS_VERDICT"
        (task,) = list_open(actor=world.bruno.actor, at=world.at)
        assert task.subject_id == verdict_id
        # The front desk can neither move nor book under it.
        times = bruno.get(url("book_plan", number(world), plan.id))
        assert times.context["week"].earliest.date is None

        page = bruno.get(url("verdict", appointment_id))
        bruno.post(url("verdict", appointment_id), verdict_data(page))
        assert get_appointment(session_id).state == "BOOKED"
        assert list_open(actor=world.bruno.actor, at=world.at) == []


class TestCream:
    def test_amount_follows_the_area(self, world: World, bruno: Client) -> None:
        appointment_id = arrive(world)
        decide(bruno, world, appointment_id)
        for area, shown in (("40,5", "6"), ("601", "601"), ("-1", ""), ("a", ""), ("", "")):
            answer = bruno.post(
                url("check_prescription", appointment_id),
                {"product": "x", "area_cm2": area, "minutes_before": "120"},
            )
            assert answer.status_code == 200
            assert shown in answer.content.decode()

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"area_cm2": ""}, "area_cm2"),
            ({"area_cm2": "-4"}, "area_cm2"),
            ({"area_cm2": "601"}, "area_cm2"),
            ({"grams": "60,1"}, "area_cm2"),
            ({"minutes_before": "301"}, "minutes_before"),
            ({"minutes_before": "270"}, "acknowledged"),
            ({"minutes_before": "270", "acknowledged": ["R11"]}, "acknowledged"),
            ({"product": "Eau"}, "product"),
            ({"cream_zones": []}, "cream_zones"),
            ({"conditions": ["severe_hepatic_disease"]}, "override_reason"),
        ],
    )
    def test_says_what_is_wrong(
        self, world: World, bruno: Client, changed: dict[str, Any], field: str
    ) -> None:
        appointment_id = arrive(world)
        decide(bruno, world, appointment_id)
        page = bruno.get(url("prescription", appointment_id))
        data = {
            "product": page.context["form"]["product"].value(),
            "area_cm2": "40",
            "minutes_before": "120",
            "cream_zones": ["CHEEK"],
        }
        answer = bruno.post(url("prescription", appointment_id), data | changed)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]


def test_nothing_is_concluded_without_a_verdict(world: World, bruno: Client) -> None:
    appointment_id = arrive(world)
    answer = bruno.post(url("conclude", appointment_id))
    assert answer.status_code == 422
    assert get_appointment(appointment_id).state == "ARRIVED"


def test_costs_at_most_twenty_queries(
    world: World, bruno: Client, django_assert_max_num_queries: Any
) -> None:
    appointment_id = arrive(world)
    decide(bruno, world, appointment_id)
    with django_assert_max_num_queries(20):
        read_consultation(appointment_id=appointment_id, actor=world.bruno.actor, at=world.at)
