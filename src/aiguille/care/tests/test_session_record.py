"""The record of a session, read in one statement, says what the questions say one by one."""

from datetime import timedelta
from uuid import uuid4

import pytest

from aiguille.care.operations import make_plan, write_consultation
from aiguille.care.queries import current_verdict, list_plans, phototype_of
from aiguille.care.reflection import period_ends, reflection_ends
from aiguille.care.session_record import session_record
from aiguille.catalogue.queries import protocol_versions
from aiguille.clinics.setup import current_setup
from aiguille.kernel.codes import Procedure
from aiguille.patients.queries import get_identity, judged_by, latest_answers
from tests.course import INTERVAL_DAYS, PLACES, ZONES, open_course

pytestmark = pytest.mark.django_db


def read(patient_id, treatment_id, procedure=Procedure.MESOTHERAPY):
    return session_record(
        patient_id=patient_id,
        treatment_id=treatment_id,
        procedure=procedure,
        setup=current_setup(),
    )


def expect_the_same(patient_id, treatment_id, procedure=Procedure.MESOTHERAPY):
    record = read(patient_id, treatment_id, procedure)
    assert record.verdict == current_verdict(patient_id=patient_id, treatment_id=treatment_id)
    assert record.plans == list_plans(patient_id=patient_id)
    assert record.phototype == phototype_of(patient_id=patient_id)
    assert period_ends(
        told_at=record.told_at, requested_on=None, setup=record.setup
    ) == reflection_ends(patient_id=patient_id, procedure=procedure, requested_on=None)
    return record


def test_of_a_course_it_has_everything(world):
    course = open_course(world, told_days_ago=3)
    record = expect_the_same(world.anna.patient_id, course.treatment)
    assert record.verdict is not None
    assert record.plans
    assert record.told_at is not None
    expect_the_same(world.anna.patient_id, course.treatment, Procedure.NEEDLING)
    other = expect_the_same(world.anna.patient_id, uuid4())
    assert other.verdict is None
    assert other.plans == record.plans


def test_of_somebody_never_seen_it_has_nothing(world):
    course = open_course(world)
    record = expect_the_same(uuid4(), course.treatment)
    assert (record.verdict, list(record.plans), record.told_at) == (None, [], None)


def test_a_plan_that_was_replaced_is_not_in_it_and_the_latest_phototype_counts(world):
    course = open_course(world)
    write_consultation(
        patient_id=world.anna.patient_id,
        procedure=Procedure.MESOTHERAPY,
        content={"reason": "Avis", "zones": list(ZONES), "phototype": 5},
        actor=world.bruno.actor,
        at=world.at + timedelta(hours=1),
    )
    expect_the_same(world.anna.patient_id, course.treatment)
    make_plan(
        verdict_id=course.verdict,
        protocol_version_id=protocol_versions(course.treatment)[0].id,
        sessions_planned=3,
        interval_min_days=INTERVAL_DAYS,
        interval_default_days=INTERVAL_DAYS,
        interval_max_days=28,
        places=PLACES,
        actor=world.bruno.actor,
        at=world.at + timedelta(hours=2),
    )
    record = expect_the_same(world.anna.patient_id, course.treatment)
    assert record.phototype == 5


def test_the_answers_judged_are_those_last_handed_in(world):
    open_course(world)
    patient_id = world.anna.patient_id
    for procedure in (Procedure.MESOTHERAPY, Procedure.NEEDLING):
        judged, given = judged_by(patient_id, procedure), latest_answers(patient_id, procedure)
        assert judged.birth_date == get_identity(patient_id).birth_date
        assert judged.answers == (given.answers if given else {})
        assert judged.answer_set_id == (given.id if given else None)
        assert judged.answered_at == (given.recorded_at if given else None)
