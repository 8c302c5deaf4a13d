"""A verdict ends while somebody books, moves, checks in or begins: nothing goes on under it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connections, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from aiguille.booking.models import Appointment, Occupancy
from aiguille.booking.operations import book, check_in, move_appointment
from aiguille.care.models import Verdict
from aiguille.care.queries import get_verdict
from aiguille.journeys.run_session import begin_session
from aiguille.journeys.suspend_verdict import end_verdict
from aiguille.kernel.ids import new_id
from aiguille.plumbing import schema
from tests.course import open_course
from tests.races.contenders import beside
from tests.races.processes import fight, kinds
from tests.session_day import ask_the_questions, sign_current_text

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
WEDNESDAY = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
LATER = WEDNESDAY + timedelta(days=28)
RELIES = ("BOOKED", "ARRIVED", "IN_PROGRESS")
PROCESSES = 16


@pytest.fixture
def clinic(committed_db, world):
    """The world, committed."""
    return world


@pytest.fixture
def course(clinic):
    """Anna's course and her consent."""
    opened = open_course(clinic)
    sign_current_text(clinic.anna, opened.treatment, at=clinic.at)
    return opened


@pytest.fixture
def booking(clinic, course):
    """Return a call that books a session of the course."""
    return lambda starts_at: book(
        patient_id=clinic.anna.patient_id,
        service_id=course.session_service,
        site_id=clinic.lyon,
        starts_at=starts_at,
        plan_id=course.plan,
        actor=clinic.diane.actor,
        at=clinic.at,
    )


@pytest.fixture
def booked(clinic, booking):
    session = booking(WEDNESDAY)
    ask_the_questions(clinic, session, at=WEDNESDAY)
    return session


@pytest.fixture
def acts(clinic, booking, booked):
    """Return what somebody may be doing at the same moment."""
    return {
        "book": partial(booking, LATER),
        "move": partial(
            move_appointment,
            appointment_id=booked,
            starts_at=WEDNESDAY + timedelta(days=1),
            actor=clinic.diane.actor,
            at=clinic.at,
        ),
        "check in": partial(
            check_in, appointment_id=booked, actor=clinic.diane.actor, at=WEDNESDAY
        ),
        "begin": partial(
            begin_session, appointment_id=booked, actor=clinic.bruno.actor, at=WEDNESDAY
        ),
    }


@pytest.fixture
def revoke(clinic, course):
    return lambda how="revoke": end_verdict(
        verdict_id=course.verdict,
        how=how,
        reason="Doute",
        version=get_verdict(course.verdict).status_version,
        actor=clinic.bruno.actor,
        at=clinic.at,
    )


def slowly(act):
    """Return a task that pauses between its act and its commit."""

    def task(beside_me):
        block = transaction.atomic()
        block._from_testcase = True  # type: ignore[attr-defined]  # so that a durable one may begin in it
        with block:
            act()
            beside_me.pause()

    return task


def contend(first, second):
    """Let the second begin before the first commits; return whether it waited, and the outcomes."""
    with beside() as start:
        one = start(slowly(first))
        one.wait_until_paused()
        other = start(lambda _task: second())
        waited = other.wait_until_blocked_or_done()
        one.go_on()
        return waited, one.outcome, other.outcome


def relying():
    """Return the states of sessions that rely on a verdict which is not in force."""
    ended = Verdict.objects.exclude(status="ACTIVE")
    return sorted(
        Appointment.objects.filter(verdict__in=ended, state__in=RELIES).values_list(
            "state", flat=True
        )
    )


@pytest.mark.parametrize("name", ["book", "move", "check in", "begin"])
class TestAVerdictThatEnds:
    def test_first_is_waited_for_and_refuses(self, acts, revoke, name):
        waited, ended, refused = contend(revoke, acts[name])
        assert (waited, ended) == (True, None)
        assert type(refused).__name__ in {"VerdictNeeded", "StateRefuses"}
        assert relying() == []

    def test_second_waits_and_takes_the_session_back(self, acts, revoke, name):
        waited, done, ended = contend(acts[name], revoke)
        assert waited
        assert (done, ended) == (None, None)
        # A session that has begun is the physician's to end: its own guards ask for the verdict.
        assert relying() == (["IN_PROGRESS"] if name == "begin" else [])


class TestTheGuard:
    """The trigger that locks the verdict is what refuses: without it the races above go wrong."""

    @pytest.fixture
    def insert(self, booked):
        """Return a call that writes another session's rows, as if the gate had let it pass."""
        row = Appointment.objects.get(id=booked)

        def call():
            with transaction.atomic():
                row.id, row.number = new_id(), 4242
                row.starts_at, row.ends_at = LATER, LATER + timedelta(hours=1)
                row.local_date = LATER.date()
                row.save(force_insert=True)
                Occupancy.objects.create(
                    patient_id=row.patient_id,
                    appointment=row,
                    period=DateTimeTZRange(row.starts_at, row.ends_at),
                )

        return call

    def test_refuses_what_looked_before_the_verdict_ended(self, insert, revoke):
        waited, ended, refused = contend(revoke, insert)
        assert (waited, ended) == (True, None)
        assert "eligible verdict on its day" in str(refused)
        assert relying() == []

    def test_its_absence_is_seen(self, insert, revoke):
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE booking_appointment DISABLE TRIGGER session_needs_verdict")
        try:
            waited, ended, made = contend(revoke, insert)
            assert (waited, ended, made) == (False, None, None)
            assert relying() == ["BOOKED"]
        finally:
            schema.empty_tables(connections["owner"])
            with connections["owner"].cursor() as cursor:
                cursor.execute(
                    "ALTER TABLE booking_appointment ENABLE TRIGGER session_needs_verdict"
                )


def test_many_at_once_leave_nothing_under_a_verdict_that_ended(acts, booking, revoke):
    """Sixteen processes: whoever wins, nobody waits for ever and nothing relies on what ended."""
    fighters = [[acts["check in"], acts["begin"]], [acts["move"]], [acts["begin"]]]
    fighters += [[partial(revoke, "suspend")], [partial(revoke, "revoke")]]
    fighters += [
        [partial(booking, LATER + timedelta(days=day))] for day in range(PROCESSES - len(fighters))
    ]
    outcomes = kinds(fight(*fighters))
    broken = ("OperationalError", "IntegrityError", "DoesNotExist")
    assert not any(kind.startswith(broken) for kind in outcomes), outcomes
    assert sum(outcomes.values()) == PROCESSES + 1
    assert set(relying()) <= {"IN_PROGRESS"}
