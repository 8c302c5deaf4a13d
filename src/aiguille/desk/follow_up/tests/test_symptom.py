"""A report before the doctor: what is shown, who may answer, what an answer does."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from aiguille.audit.queries import list_events_of_patient
from aiguille.follow_up import events
from aiguille.follow_up.queries import get_report
from aiguille.journeys.report_symptom import report_symptom
from aiguille.kernel.codes import Procedure, Symptom
from aiguille.treatment_sessions.queries import used_units
from aiguille.worklist.queries import list_open
from tests.after_session import end_session
from tests.session_day import go_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(world):
    found = end_session(world, Procedure.NEEDLING)
    go_to(found.at + timedelta(days=1))
    return found


@pytest.fixture
def report(world, ended):
    """Anna reports pus a day later."""
    return report_symptom(
        session_id=ended.session_id,
        symptom=Symptom.PUS,
        note="<script>alert(1)</script>",
        pain=4,
        actor=world.anna.actor,
        at=ended.at + timedelta(days=1),
    )


@pytest.fixture
def address(report):
    return f"/fr/desk/symptoms/{report.id}/"


def test_the_doctor_sees_the_report_the_rule_and_the_session(world, ended, report, address):
    said = world.staff_client(world.bruno).get(address).content.decode()
    assert "&lt;script&gt;alert(1)" in said
    assert "R20" in said
    assert "N11b" in said
    for used in used_units(ended.session_id):
        assert used.facts.lot_number in said
    assert "24" in said
    read = list_events_of_patient(patient_id=world.anna.patient_id, actions=[events.SYMPTOM_READ])
    assert len(read) == 1


def test_an_answer_that_closes_frees_the_sessions_and_ends_the_task(world, report, address):
    bruno = world.staff_client(world.bruno)
    at = report.reported_at
    assert [task.subject_id for task in list_open(actor=world.bruno.actor, at=at)] == [report.id]
    bruno.post(address, {"note": "Passez ce soir."})
    assert get_report(report.id).blocks
    assert list_open(actor=world.bruno.actor, at=at)
    assert bruno.post(address, {"note": "Guéri.", "closes": "on"}).status_code == 302
    closed = get_report(report.id)
    assert not closed.blocks
    assert [review.note for review in closed.reviews] == ["Passez ce soir.", "Guéri."]
    assert list_open(actor=world.bruno.actor, at=at) == []


@pytest.mark.parametrize("note", ["", "   ", "x" * 2001])
def test_an_answer_says_something_within_bounds(world, report, address, note):
    answer = world.staff_client(world.bruno).post(address, {"note": note, "closes": "on"})
    assert answer.status_code == 422
    assert "note" in answer.context["form"].errors
    assert get_report(report.id).reviews == ()


def test_only_physicians_answer_and_only_those_who_read_records_see(world, report, address):
    for person, status in ((world.paula, 200), (world.hugo, 403), (world.diane, 403)):
        assert world.staff_client(person).get(address).status_code == status
    for person in (world.hugo, world.diane, world.ines):
        answer = world.staff_client(person).post(address, {"note": "Rien.", "closes": "on"})
        assert answer.status_code == 403
    for client in (world.staff_client(world.carla), world.space_client(world.anna)):
        assert client.get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert world.staff_client(world.bruno).get(f"/fr/desk/symptoms/{uuid4()}/").status_code == 404
    assert get_report(report.id).reviews == ()
