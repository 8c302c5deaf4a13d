"""The reflection period: from when, how long, and how a writing shortens it."""

from datetime import date, timedelta

import pytest

from aiguille.care.operations import make_plan
from aiguille.care.operations.shared import InvalidContent
from aiguille.care.queries import get_plan
from aiguille.care.reflection import reflection_days, reflection_ends
from aiguille.catalogue.queries import protocol_versions
from aiguille.kernel.codes import Procedure
from tests.course import INTERVAL_DAYS, PLACES, open_course

pytestmark = pytest.mark.django_db


def test_the_clinics_values_are_fifteen_days_and_seven_on_request():
    days = reflection_days()
    assert (days.usual, days.on_request) == (15, 7)


def test_it_begins_with_the_consultation_about_the_procedure(world):
    open_course(world, told_days_ago=3)
    told_on = world.at.date() - timedelta(days=3)
    asked = {"patient_id": world.anna.patient_id, "requested_on": None}
    assert reflection_ends(procedure=Procedure.MESOTHERAPY, **asked) == told_on + timedelta(days=15)
    assert reflection_ends(procedure=Procedure.NEEDLING, **asked) is None


def test_a_written_request_makes_it_seven_days(world):
    open_course(world, told_days_ago=3)
    ends = reflection_ends(
        patient_id=world.anna.patient_id,
        procedure=Procedure.MESOTHERAPY,
        requested_on=world.at.date(),
    )
    assert ends == world.at.date() + timedelta(days=4)


@pytest.mark.parametrize(("days_ahead", "is_kept"), [(-4, True), (0, True), (2, False)])
def test_the_request_stands_in_the_plan_and_is_never_of_the_future(world, days_ahead, is_kept):
    course = open_course(world)
    asked_on: date = world.at.date() + timedelta(days=days_ahead)

    def plan():
        return make_plan(
            verdict_id=course.verdict,
            protocol_version_id=protocol_versions(course.treatment)[0].id,
            sessions_planned=3,
            interval_min_days=INTERVAL_DAYS,
            interval_default_days=INTERVAL_DAYS,
            interval_max_days=28,
            places=PLACES,
            reflection_requested_on=asked_on,
            actor=world.bruno.actor,
            at=world.at,
        )

    if is_kept:
        assert get_plan(plan()).settings["reflection_requested_on"] == asked_on.isoformat()
    else:
        with pytest.raises(InvalidContent) as refused:
            plan()
        assert refused.value.field == "reflection_requested_on"
