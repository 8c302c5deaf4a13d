"""A form that is sent many times at once signs once and reports once; and the tests can tell."""

from functools import partial
from uuid import uuid4

import pytest

from aiguille.consent.models import Consent
from aiguille.consent.operations import sign_consent
from aiguille.consent.queries import current_text
from aiguille.follow_up.models import SymptomReport
from aiguille.follow_up.operations import report_symptom
from aiguille.follow_up.queries import ReportView
from aiguille.journeys.send_photo import send_photo
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import StaffRole, Symptom
from aiguille.kernel.text import Text
from aiguille.outcomes.models import Photo
from aiguille.outcomes.tests.drawn import skin
from aiguille.treatment_sessions.queries import get_session
from aiguille.worklist.operations import TaskGone, open_task, take_task
from tests.after_session import end_session
from tests.races.contenders import at_once, without_constraint
from tests.session_day import ready_for_session

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
TIMES = 5


@pytest.fixture
def clinic(committed_db, world):
    """The world, committed."""
    return world


@pytest.fixture
def sign(clinic):
    """Return a call by which Anna sends one and the same form."""
    day = ready_for_session(clinic)
    text = current_text(day.treatment, "fr")
    assert text is not None
    return partial(
        sign_consent,
        patient_id=clinic.anna.patient_id,
        treatment_id=day.treatment,
        text_id=text.id,
        answers={section["id"]: True for section in text.content["sections"]},
        mention=text.content["mention"],
        signature_kind="TYPED",
        signature="Anna Martin",
        request_key=uuid4(),
        actor=clinic.anna.actor,
        at=clinic.at,
    )


def test_a_consent_sent_many_times_at_once_is_signed_once(sign):
    answers = at_once([sign] * TIMES)
    assert len(set(answers)) == 1
    assert Consent.objects.filter(request_key__isnull=False).count() == 1


def test_without_the_constraint_it_would_be_signed_more_than_once(sign):
    with without_constraint("consent_consent", "one_consent_per_form"):
        at_once([sign] * TIMES)
        assert Consent.objects.filter(request_key__isnull=False).count() > 1


@pytest.fixture
def photograph(clinic, settings, tmp_path):
    """Return a call by which Anna sends one and the same photo."""
    settings.VAR = tmp_path
    return partial(
        send_photo,
        patient_id=clinic.anna.patient_id,
        content=skin(),
        zone="CHEEK",
        side="left",
        taken_on=clinic.at.date(),
        form_key=uuid4(),
        actor=clinic.anna.actor,
        at=clinic.at,
    )


def test_a_photo_sent_many_times_at_once_is_kept_once(photograph):
    answers = at_once([photograph] * TIMES)
    assert len(set(answers)) == 1
    assert Photo.objects.count() == 1


def test_without_the_constraint_it_would_be_kept_more_than_once(photograph):
    with without_constraint("outcomes_photo", "one_photo_per_form_and_file"):
        at_once([photograph] * TIMES)
        assert Photo.objects.count() > 1


def test_a_symptom_sent_many_times_at_once_is_reported_once(clinic):
    ended = end_session(clinic)
    send = partial(
        report_symptom,
        session=get_session(ended.session_id),
        symptom=Symptom.PUS,
        note="",
        pain=None,
        request_key=uuid4(),
        actor=clinic.anna.actor,
        at=ended.at,
    )
    answers = at_once([send] * TIMES)
    assert [type(answer) for answer in answers] == [ReportView] * TIMES
    assert SymptomReport.objects.count() == 1


def test_a_task_is_taken_by_one_of_many(clinic):
    task_id = open_task(
        kind="answers_changed",
        title=Text(fr="À voir", en="To see"),
        subject_kind="verdict",
        subject_id=uuid4(),
        role=StaffRole.PHYSICIAN,
        due_at=clinic.at,
        actor=SYSTEM,
        at=clinic.at,
    )
    people = [clinic.bruno.actor, clinic.paula.actor] * 2
    outcomes = at_once(
        [partial(take_task, task_id=task_id, actor=actor, at=clinic.at) for actor in people]
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(outcome is None or isinstance(outcome, TaskGone) for outcome in outcomes)
