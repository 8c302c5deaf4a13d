"""The advice and the symptoms, through the pages."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from aiguille.follow_up.queries import reports_of_patient
from aiguille.journeys.report_symptom import answer_report
from aiguille.kernel.codes import Procedure, Symptom, Triage
from aiguille.worklist.queries import list_open
from tests.after_session import end_session
from tests.session_day import go_to

pytestmark = pytest.mark.django_db
AFTERCARE, SYMPTOM = "/fr/space/aftercare/", "/fr/space/symptom/"


@pytest.fixture
def ended(world):
    """Anna's needling ended an hour ago."""
    found = end_session(world, Procedure.NEEDLING)
    go_to(found.at + timedelta(hours=1))
    return found


@pytest.fixture
def anna(world):
    return world.space_client(world.anna)


def filled(client: Client, **others: str) -> dict[str, str]:
    form = client.get(SYMPTOM).context["form"]
    return {"request_key": str(form["request_key"].value()), "symptom": "pus", "note": ""} | others


def test_before_any_session_the_pages_say_so(world, anna):
    for address in (AFTERCARE, SYMPTOM):
        page = anna.get(address)
        assert page.status_code == 200
        assert '<form class="form' not in page.content.decode()
    assert anna.post(SYMPTOM, {"symptom": "pus"}).status_code == 200
    assert reports_of_patient(world.anna.patient_id) == []


def test_what_to_avoid_is_said_with_its_day_and_hour_on_the_sites_walls(ended, anna):
    said = anna.get(AFTERCARE).content.decode()
    assert "Pas de maquillage." in said
    assert "jusqu’au jeudi 5 mars à 10:" in said
    go_to(ended.at + timedelta(hours=30))
    avoid = anna.get(AFTERCARE).context["avoid"]
    assert "Pas de maquillage." not in [line.text for line in avoid]


def test_the_clinics_question_shows_when_it_is_due_and_not_for_ever(ended, anna):
    assert anna.get(AFTERCARE).context["page"].question is None
    for days, asked in ((2, 2), (6, 2), (8, 7), (15, 14), (40, None)):
        go_to(ended.at + timedelta(days=days, hours=3))
        question = anna.get(AFTERCARE).context["page"].question
        assert (question.after_days if question else None) == asked


def test_emergencies_stand_first_in_page_and_form(ended, anna):
    page = anna.get(SYMPTOM)
    said = page.content.decode()
    assert said.index('href="tel:112"') < said.index('name="symptom"')
    groups = page.context["form"].groups
    assert [group.is_emergency for group in groups] == [True, False, False, False]
    shown = [card.control.data["value"] for group in groups for card in group.cards]
    assert sorted(shown) == sorted(code.value for code in Symptom)


@pytest.mark.parametrize(
    ("symptom", "triage"),
    [
        (Symptom.BREATHING_DIFFICULTY, Triage.EMERGENCY_15),
        (Symptom.PUS, Triage.CALL_SAME_DAY),
        (Symptom.NODULE, Triage.CALL_48H),
        (Symptom.BROWN_PATCHES, Triage.CALL_7D),
        (Symptom.REDNESS, Triage.EXPECTED),
    ],
)
def test_a_report_says_at_once_what_to_do_and_reaches_a_doctor(world, ended, anna, symptom, triage):
    sent = filled(anna, symptom=symptom.value, pain="7", note="<b>ça brûle</b>")
    page = anna.post(SYMPTOM, sent, follow=True)
    said = page.content.decode()
    report = reports_of_patient(world.anna.patient_id)[0]
    assert (report.triage, report.pain, report.hours_since) == (triage, 7, 1)
    assert "&lt;b&gt;ça brûle" in said
    if triage is Triage.EMERGENCY_15:
        assert said.index("tel:112") < said.index("<h1")
    tasks = list_open(actor=world.bruno.actor, at=ended.at + timedelta(hours=1))
    assert len(tasks) == (triage is not Triage.EXPECTED)


def test_a_report_without_pain_keeps_none(world, ended, anna):
    anna.post(SYMPTOM, filled(anna, pain=""))
    assert reports_of_patient(world.anna.patient_id)[0].pain is None


def test_one_form_sent_twice_reports_once(world, ended, anna):
    sent = filled(anna)
    assert (
        anna.post(SYMPTOM, sent).headers["Location"] == anna.post(SYMPTOM, sent).headers["Location"]
    )
    assert len(reports_of_patient(world.anna.patient_id)) == 1
    anna.post(SYMPTOM, filled(anna))
    assert len(reports_of_patient(world.anna.patient_id)) == 2


@pytest.mark.parametrize(
    ("others", "field"),
    [
        ({"symptom": ""}, "symptom"),
        ({"symptom": "hunger"}, "symptom"),
        ({"pain": "11"}, "pain"),
        ({"pain": "-1"}, "pain"),
        ({"pain": "a lot"}, "pain"),
        ({"note": "x" * 2001}, "note"),
        ({"request_key": "?"}, "request_key"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_kept(world, ended, anna, others, field):
    answer = anna.post(SYMPTOM, filled(anna, **({"note": "Depuis hier"} | others)))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    if field != "note":
        assert "Depuis hier" in answer.content.decode()
    assert reports_of_patient(world.anna.patient_id) == []


def test_a_report_is_its_patients_alone_and_speaks_of_their_own_session(world, ended, anna):
    address = anna.post(SYMPTOM, filled(anna)).headers["Location"]
    marc = world.space_client(world.marc)
    assert marc.get(address).status_code == 404
    assert marc.post(SYMPTOM, filled(anna) | {"session": str(ended.session_id)}).status_code == 200
    assert reports_of_patient(world.marc.patient_id) == []
    assert anna.get(f"{SYMPTOM}{uuid4()}/").status_code == 404
    assert Client().get(address).status_code == 302
    assert world.staff_client(world.diane).get(address).status_code == 404


def test_the_doctors_answer_is_read_in_the_space(world, ended, anna):
    address = anna.post(SYMPTOM, filled(anna)).headers["Location"]
    answer_report(
        report_id=reports_of_patient(world.anna.patient_id)[0].id,
        note="Venez <demain>.",
        closes=True,
        actor=world.bruno.actor,
        at=ended.at + timedelta(hours=2),
    )
    said = anna.get(address).content.decode()
    assert "Venez &lt;demain&gt;." in said
    assert "Bruno Delmas" in said
    assert "un médecin doit voir cela aujourd’hui" not in said.lower()
    assert anna.get(SYMPTOM).context["page"].reports[0].is_closed


def test_the_pages_cost_a_bounded_number_of_queries(
    world, ended, anna, django_assert_max_num_queries
):
    for _ in range(5):
        anna.post(SYMPTOM, filled(anna))
    with django_assert_max_num_queries(20):
        anna.get(AFTERCARE)
    with django_assert_max_num_queries(20):
        anna.get(SYMPTOM)
