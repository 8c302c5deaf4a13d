"""Who may sign for whom, what is filed, and who learns of a withdrawal."""

from datetime import timedelta
from uuid import uuid4

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from aiguille.booking.queries import appointments_of_patient
from aiguille.consent.queries import current_text
from aiguille.journeys.run_session import begin_session
from aiguille.journeys.sign_consent import sign_consent, withdraw_consent
from aiguille.plumbing.access import NotVisible
from aiguille.treatment_sessions.operations import ConsentNeeded
from aiguille.worklist.queries import list_open
from tests.session_day import ready_for_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def day(world):
    """Anna has signed, and her session is on Wednesday."""
    return ready_for_session(world)


@pytest.fixture
def sign(world, day):
    """Return a call by which Anna signs the current text; anything may differ."""
    text = current_text(day.treatment, "fr")
    assert text is not None

    def call(**others):
        return sign_consent(
            **{
                "patient_id": world.anna.patient_id,
                "treatment_id": day.treatment,
                "text_id": text.id,
                "answers": {section["id"]: True for section in text.content["sections"]},
                "mention": text.content["mention"],
                "signature_kind": "TYPED",
                "signature": "Anna Martin",
                "request_key": uuid4(),
                "actor": world.anna.actor,
                "at": world.at,
            }
            | others
        )

    return call


def test_what_is_signed_is_filed_by_the_worker(sign):
    consent = sign()
    job = ProcrastinateJob.objects.get(task_name__endswith="render_consent")
    assert job.args == {"consent_id": str(consent)}


def test_nobody_signs_for_somebody_else(world, sign):
    for actor in (world.marc.actor, world.bruno.actor, world.diane.actor, world.carla.actor):
        with pytest.raises(NotVisible):
            sign(actor=actor)
    with pytest.raises(NotVisible):
        sign(
            patient_id=world.marc.patient_id,
            signature="Marc Lefèvre",
            actor=world.marc.actor,
        )


@pytest.mark.parametrize("hours", [0, -24])
def test_a_withdrawal_with_a_session_ahead_reaches_a_physician_in_time(world, day, hours):
    session = appointments_of_patient(world.anna.patient_id)[0]
    at = day.at + timedelta(hours=hours)
    withdraw_consent(consent_id=day.consent, reason="", actor=world.anna.actor, at=at)
    task = list_open(actor=world.bruno.actor, at=at)[0]
    assert (task.kind, task.is_urgent, task.site_id) == (
        "consent_withdrawn",
        True,
        session.site_id,
    )
    assert task.due_at <= max(at, session.starts_at)


def test_no_session_begins_under_a_withdrawn_consent(world, day, sign):
    withdraw_consent(consent_id=day.consent, reason="", actor=world.anna.actor, at=day.at)
    with pytest.raises(ConsentNeeded):
        begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)
    sign(at=day.at, actor=world.anna.actor.confirmed(day.at))
    begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)


def test_nobody_withdraws_for_another_patient(world, day):
    for actor in (world.marc.actor, world.carla.actor):
        with pytest.raises(NotVisible):
            withdraw_consent(consent_id=day.consent, reason="", actor=actor, at=day.at)
    with pytest.raises(NotVisible):
        withdraw_consent(consent_id=uuid4(), reason="", actor=world.anna.actor, at=day.at)
