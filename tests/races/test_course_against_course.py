"""Courses that want the same times: one has all of its own, the other none of them."""

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from aiguille.booking.courses import Move, book_course, move_course, propose_course
from aiguille.booking.models import Appointment, Occupancy
from aiguille.kernel.ids import new_id
from aiguille.messaging.models import OutboxMessage
from tests.course import SESSIONS, open_course
from tests.races.contenders import at_once

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
CROWD = 4


@pytest.fixture
def clinic(committed_db, world):
    """The world, committed."""
    return world


@pytest.fixture
def plans(clinic):
    """Anna's plan and Marc's, which ask for the same times."""
    return [open_course(replace(clinic, anna=one)).plan for one in (clinic.anna, clinic.marc)]


@pytest.fixture
def starts(clinic, plans):
    proposal = propose_course(plan_id=plans[0], at=clinic.at, site_id=clinic.lyon)
    return [one.chosen for one in proposal.changes]


@pytest.fixture
def booking(clinic):
    def booking_of(plan_id, starts, **other):
        facts = {
            "plan_id": plan_id,
            "starts": starts,
            "request_key": None,
            "actor": clinic.diane.actor,
            "at": clinic.at,
        }
        return partial(book_course, **(facts | other))

    return booking_of


def kinds(outcomes):
    return Counter(type(one).__name__ if isinstance(one, Exception) else "done" for one in outcomes)


@pytest.mark.parametrize("turned", [False, True])
def test_one_of_two_has_all_and_the_other_nothing(plans, starts, booking, turned):
    # Turned around, each would take first what the other takes last.
    others = [*reversed(starts)] if turned else starts
    outcomes = at_once([booking(plans[0], starts), booking(plans[1], others)])
    assert kinds(outcomes) == {"done": 1, "CourseTaken": 1}
    assert Counter(Appointment.objects.values_list("plan_id", flat=True)) in (
        {plans[0]: SESSIONS},
        {plans[1]: SESSIONS},
    )
    assert Occupancy.objects.filter(patient__isnull=False).count() == SESSIONS
    assert OutboxMessage.objects.filter(kind="course_booked").count() == 1


def test_one_request_sent_many_times_books_once(plans, starts, booking):
    key = new_id()
    outcomes = at_once([booking(plans[0], starts, request_key=key)] * CROWD)
    assert kinds(outcomes) == {"done": 1, "AlreadyBooked": CROWD - 1}
    assert Appointment.objects.count() == SESSIONS
    assert OutboxMessage.objects.filter(kind="course_booked").count() == 1


def test_a_course_that_moves_onto_one_that_is_booked(clinic, plans, starts, booking):
    later = propose_course(
        plan_id=plans[0], at=clinic.at, site_id=clinic.lyon, part_of_day=(900, 1020)
    )
    keys = booking(plans[0], [one.chosen for one in later.changes])()
    moving = partial(
        move_course,
        plan_id=plans[0],
        moves=[Move(key, 1, start) for key, start in zip(keys, starts, strict=True)],
        actor=clinic.diane.actor,
        at=clinic.at,
    )
    outcomes = at_once([moving, booking(plans[1], starts)])
    assert kinds(outcomes) == {"done": 1, "CourseTaken": 1}
    wanted = {start.starts_at for start in starts}
    at_those = Appointment.objects.filter(starts_at__in=wanted)
    assert at_those.count() == SESSIONS
    assert at_those.values("plan_id").distinct().count() == 1
