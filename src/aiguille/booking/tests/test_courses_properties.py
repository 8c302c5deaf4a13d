"""Whatever is booked and wished for: a proposal keeps its intervals, is free, and passes the gate."""

from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiguille.booking.courses import Change, Move, arrange_course, propose_course
from aiguille.booking.operations import book, cancel_appointment
from aiguille.booking.queries import appointments_of_patient, free_starts
from aiguille.clinics.operations import Opening, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.errors import DomainError
from tests.course import INTERVAL_DAYS, SESSIONS, open_course

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
MOST_DAYS = 28
FIRST = date(2026, 3, 2)


@pytest.fixture
def course(world):
    """Anna's plan, in a clinic that opens for a few hours a week only."""
    found = open_course(world)
    for resource, site in (
        (world.bruno_resource, world.lyon),
        (world.paula_resource, world.paris),
    ):
        hours = [Opening(site, 1, 9 * 60, 11 * 60), Opening(site, 3, 14 * 60, 16 * 60)]
        set_weekly_hours(resource_id=resource, openings=hours, actor=SYSTEM, at=world.at)
    return found


WEEKS = st.integers(0, 12)
TAKEN = st.lists(
    st.tuples(WEEKS, st.sampled_from([(1, 9), (1, 10), (3, 14), (3, 15)]), st.booleans()),
    max_size=14,
    unique=True,
)
WISHES = st.fixed_dictionaries(
    {
        "weekdays": st.sampled_from([frozenset(), frozenset({1}), frozenset({3}), frozenset({5})]),
        "part_of_day": st.sampled_from([None, (0, 720), (720, 1020)]),
        "same_practitioner": st.booleans(),
        "first_day": st.one_of(st.none(), st.integers(0, 160).map(lambda n: FIRST + timedelta(n))),
    }
)


def take(world, course, taken):
    """Let Marc take times, and Anna one of them for a consultation."""
    for number, (week, (weekday, hour), in_lyon) in enumerate(taken):
        day = FIRST + timedelta(days=7 * week + weekday)
        try:
            with transaction.atomic():
                book(
                    patient_id=(world.anna if number == 0 else world.marc).patient_id,
                    service_id=course.consultation_service,
                    site_id=world.lyon if in_lyon else world.paris,
                    starts_at=datetime.combine(day, time(hour), tzinfo=PARIS),
                    actor=world.diane.actor,
                    at=world.at,
                )
        except DomainError:
            pass  # Marc is elsewhere


def slowest_chain(world, course, wishes, count):
    """Return the smallest list of starts by trying one after the other, or None."""
    best = None
    for practitioner in (world.bruno_resource, world.paula_resource):
        found = free_starts(
            service_id=course.session_service,
            first_day=max(wishes["first_day"] or FIRST, FIRST),
            last_day=FIRST + timedelta(days=180),
            at=world.at,
            practitioner_id=practitioner,
            patient_id=world.anna.patient_id,
        )
        part = wishes["part_of_day"] or (0, 1440)
        starts = [
            start
            for start in found
            if (not wishes["weekdays"] or start.local.weekday() in wishes["weekdays"])
            and part[0] <= start.local.hour * 60 + start.local.minute < part[1]
        ]

        @cache
        def chain(left, since, starts=tuple(starts)):
            if not left:
                return ()
            for start in starts:
                days = (start.local_date - since).days if since else INTERVAL_DAYS
                if INTERVAL_DAYS <= days <= MOST_DAYS:
                    rest = chain(left - 1, start.local_date)
                    if rest is not None:
                        return (start.starts_at, *rest)
            return None

        mine = chain(count, None)
        if mine is not None and (best is None or mine < best):
            best = mine
    return best


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(taken=TAKEN, wishes=WISHES)
def test_a_proposal_is_the_earliest_that_there_is(world, course, taken, wishes):
    with transaction.atomic():
        take(world, course, taken)
        proposal = propose_course(plan_id=course.plan, at=world.at, **wishes)
        starts = tuple(session.starts_at for session in proposal.changes)
        chains = (slowest_chain(world, course, wishes, n) for n in range(SESSIONS, 0, -1))
        assert starts == next(filter(None, chains), ())
        assert proposal.missing == SESSIONS - len(starts)
        assert (proposal.why_not is None) == (proposal.missing == 0)
        check(world, course, proposal)
        transaction.set_rollback(True)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    taken=TAKEN,
    lost=st.lists(st.integers(0, SESSIONS - 1), min_size=1, max_size=2, unique=True),
    days=st.integers(0, 40),
)
def test_after_sessions_are_lost_the_course_keeps_its_intervals(world, course, taken, lost, days):
    with transaction.atomic():
        keys = arrange_course(
            plan_id=course.plan,
            moves=(),
            starts=[one.chosen for one in propose_course(plan_id=course.plan, at=world.at).changes],
            request_key=None,
            actor=world.diane.actor,
            at=world.at,
        )
        take(world, course, taken)
        for number in lost:
            cancel_appointment(appointment_id=keys[number], actor=world.diane.actor, at=world.at)
        # Later on, what was booked before that day is missed or done with; it stands all the same.
        at = world.at + timedelta(days=days)
        check(world, course, propose_course(plan_id=course.plan, at=at), at=at)
        transaction.set_rollback(True)


def check(world, course, proposal, *, at=None):
    """See that a proposal can be booked as it is, and that the course is sound afterwards."""
    at = at or world.at
    if not proposal.changes:
        return
    arrange_course(
        plan_id=course.plan,
        moves=[
            Move(one.appointment.id, one.appointment.version, one.chosen) for one in proposal.moved
        ],
        starts=[one.chosen for one in proposal.new],
        request_key=None,
        actor=world.anna.actor,
        at=at,
    )
    standing = sorted(
        (
            view
            for view in appointments_of_patient(world.anna.patient_id)
            if view.is_standing and view.plan_id == course.plan
        ),
        key=lambda view: view.starts_at,
    )
    assert [view.starts_at for view in standing] == [one.starts_at for one in proposal.sessions]
    assert [view.session_number for view in standing] == list(range(1, len(standing) + 1))
    for (before, after), shown in zip(pairwise(standing), proposal.sessions[1:], strict=True):
        gap = (after.local_date - before.local_date).days
        assert gap == shown.days_since
        assert gap >= INTERVAL_DAYS
        late = proposal.is_late or shown.change is Change.PAST
        assert gap <= MOST_DAYS or late or shown.trouble is not None
    if not proposal.is_late and not proposal.missing and not proposal.state.past:
        assert proposal.is_sound
    again = propose_course(plan_id=course.plan, at=at)
    assert len(again.new) <= proposal.missing
