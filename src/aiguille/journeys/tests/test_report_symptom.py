"""A symptom that blocks: no booking, no moving, no beginning before a physician closed it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from aiguille.booking.operations import book, check_in
from aiguille.booking.queries import get_appointment
from aiguille.booking.states import StateRefuses
from aiguille.care.operations import suspend_verdict
from aiguille.catalogue.queries import session_service
from aiguille.journeys.book_session import SymptomBlocks, book_session
from aiguille.journeys.change_appointment import move, move_by_link
from aiguille.journeys.report_symptom import answer_report, report_symptom
from aiguille.journeys.run_session import begin_session
from aiguille.kernel.codes import Procedure, Symptom
from aiguille.patients.operations import make_link
from aiguille.plumbing.access import NotVisible
from tests.after_session import end_session
from tests.session_day import ask_the_questions, go_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(world):
    """Anna's first session of mesotherapy."""
    return end_session(world, Procedure.MESOTHERAPY)


@pytest.fixture
def next_time(ended):
    """Ten o'clock five weeks later, in summer time."""
    return ended.day.at + timedelta(days=35, hours=-1)


def report(world, ended, symptom):
    return report_symptom(
        session_id=ended.session_id,
        symptom=symptom,
        note="",
        pain=None,
        actor=world.anna.actor,
        at=ended.at + timedelta(days=20),
    )


def close(world, found) -> None:
    answer_report(
        report_id=found.id,
        note="Vu.",
        closes=True,
        actor=world.bruno.actor,
        at=found.reported_at + timedelta(hours=1),
    )


@pytest.mark.parametrize(
    ("symptom", "blocks"),
    [
        (Symptom.PUS, True),
        (Symptom.BREATHING_DIFFICULTY, True),
        (Symptom.NODULE, True),  # after mesotherapy the series stops (Z28b)
        (Symptom.BROWN_PATCHES, False),
        (Symptom.REDNESS, False),
    ],
)
def test_booking_waits_for_the_doctor_where_the_rule_book_says_so(
    world, ended, next_time, symptom, blocks
):
    found = report(world, ended, symptom)
    assert found.blocks is blocks
    wish = {
        "patient_id": world.anna.patient_id,
        "plan_id": ended.day.plan,
        "site_id": world.lyon,
        "starts_at": next_time,
        "actor": world.anna.actor,
        "at": found.reported_at,
    }
    if blocks:
        with pytest.raises(SymptomBlocks):
            book_session(**wish)
        close(world, found)
    book_session(**wish)


def test_what_was_booked_before_neither_moves_nor_begins(world, ended, next_time):
    appointment = book(
        patient_id=world.anna.patient_id,
        service_id=session_service(ended.day.treatment).id,
        site_id=world.lyon,
        starts_at=next_time,
        plan_id=ended.day.plan,
        actor=world.diane.actor,
        at=ended.at,
    )
    found = report(world, ended, Symptom.PUS)
    with pytest.raises(SymptomBlocks):
        move(
            appointment_id=appointment,
            starts_at=next_time + timedelta(days=1),
            actor=world.anna.actor,
            at=found.reported_at,
        )
    token = make_link(
        patient_id=world.anna.patient_id,
        scope="APPOINTMENT",
        subject_id=appointment,
        expires_at=next_time,
        at=ended.at,
    )
    with pytest.raises(SymptomBlocks):
        move_by_link(
            token=token,
            starts_at=next_time + timedelta(days=1),
            site_id=None,
            practitioner_id=None,
            version=1,
            at=found.reported_at,
        )
    assert get_appointment(appointment).state == "NEEDS_VERDICT"
    assert get_appointment(appointment).starts_at == next_time
    with pytest.raises(StateRefuses):
        check_in(appointment_id=appointment, actor=world.diane.actor, at=next_time)
    with pytest.raises(SymptomBlocks):
        begin_session(appointment_id=appointment, actor=world.bruno.actor, at=next_time)
    close(world, found)
    assert get_appointment(appointment).state == "BOOKED"
    check_in(appointment_id=appointment, actor=world.diane.actor, at=next_time)
    ask_the_questions(world, appointment, at=next_time)
    begin_session(appointment_id=appointment, actor=world.bruno.actor, at=next_time)


def test_what_was_booked_waits_for_the_latest_report_and_for_the_verdict(world, ended, next_time):
    appointment = book(
        patient_id=world.anna.patient_id,
        service_id=session_service(ended.day.treatment).id,
        site_id=world.lyon,
        starts_at=next_time,
        plan_id=ended.day.plan,
        actor=world.diane.actor,
        at=ended.at,
    )
    found, other = (report(world, ended, symptom) for symptom in (Symptom.PUS, Symptom.NODULE))
    close(world, found)
    assert get_appointment(appointment).state == "NEEDS_VERDICT"
    suspend_verdict(
        verdict_id=ended.day.verdict,
        reason="Doute.",
        actor=world.bruno.actor,
        at=other.reported_at,
    )
    close(world, other)
    assert get_appointment(appointment).state == "NEEDS_VERDICT"


def test_a_symptom_that_allows_a_session_leaves_it_booked(world, ended, next_time):
    appointment = book(
        patient_id=world.anna.patient_id,
        service_id=session_service(ended.day.treatment).id,
        site_id=world.lyon,
        starts_at=next_time,
        plan_id=ended.day.plan,
        actor=world.diane.actor,
        at=ended.at,
    )
    report(world, ended, Symptom.BROWN_PATCHES)
    assert get_appointment(appointment).state == "BOOKED"


def test_the_space_refuses_to_book_and_says_why(world, ended, next_time):
    report(world, ended, Symptom.PUS)
    go_to(ended.at + timedelta(days=21))
    with override("fr"):
        address = reverse("portal:book_session", args=[ended.day.plan])
    answer = world.space_client(world.anna).post(
        address, {"start": f"{world.lyon}/{next_time.isoformat()}"}
    )
    assert answer.status_code == 422
    assert "symptôme" in answer.content.decode()


def test_nobody_reports_about_a_session_of_somebody_else(world, ended):
    with pytest.raises(NotVisible):
        report_symptom(
            session_id=ended.session_id,
            symptom=Symptom.PUS,
            note="",
            pain=None,
            actor=world.marc.actor,
            at=ended.at,
        )
