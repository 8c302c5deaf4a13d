"""No way to book, move, receive or begin a session passes without a verdict that opens its day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from aiguille.booking.courses import Chosen, Move, book_course, move_course
from aiguille.booking.models import Appointment
from aiguille.booking.operations import book, move_appointment
from aiguille.booking.states import check_in
from aiguille.care.operations import revoke_verdict, suspend_verdict
from aiguille.catalogue.queries import session_service, treatment_by_code
from aiguille.journeys.book_at_desk import book_service
from aiguille.journeys.book_session import book_session
from aiguille.journeys.change_appointment import move
from aiguille.journeys.run_session import begin_session
from aiguille.kernel.errors import DomainError
from tests.course import open_course
from tests.session_day import ask_the_questions, sign_current_text

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
PAST_THE_VERDICT = timedelta(days=182)
OTHER_TREATMENT = "mesotherapy-acne"

# Each way to book a session: who, which service, which plan, when.
BOOKS: dict[str, Callable[..., object]] = {
    "operation": lambda w, **facts: book(site_id=w.lyon, actor=w.diane.actor, at=w.at, **facts),
    "space": lambda w, service_id, **facts: book_session(
        site_id=w.lyon, actor=w.diane.actor, at=w.at, **facts
    ),
    "course": lambda w, plan_id, starts_at, **_: book_course(
        plan_id=plan_id,
        starts=[Chosen(w.lyon, starts_at)],
        request_key=None,
        actor=w.diane.actor,
        at=w.at,
    ),
}
# Each way to move one.
MOVES: dict[str, Callable[..., object]] = {
    "operation": lambda w, _plan, key, to: move_appointment(
        appointment_id=key, starts_at=to, actor=w.diane.actor, at=w.at
    ),
    "journey": lambda w, _plan, key, to: move(
        appointment_id=key, starts_at=to, actor=w.diane.actor, at=w.at
    ),
    "course": lambda w, plan, key, to: move_course(
        plan_id=plan, moves=[Move(key, None, Chosen(w.lyon, to))], actor=w.diane.actor, at=w.at
    ),
}
# Each way to go on with one, on its day.
GOES_ON: dict[str, Callable[..., object]] = {
    "check in": lambda w, key: check_in(appointment_id=key, actor=w.diane.actor, at=WEDNESDAY),
    "begin": lambda w, key: begin_session(appointment_id=key, actor=w.bruno.actor, at=WEDNESDAY),
}
ENDS: dict[str, Callable[..., object]] = {"suspended": suspend_verdict, "revoked": revoke_verdict}


@pytest.fixture
def course(world):
    """Anna's verdict and plan of mesotherapy, and her consent."""
    opened = open_course(world)
    sign_current_text(world.anna, opened.treatment, at=world.at)
    return opened


@pytest.fixture
def right(world, course):
    """What books Anna's session rightly."""
    return {
        "patient_id": world.anna.patient_id,
        "service_id": course.session_service,
        "plan_id": course.plan,
        "starts_at": WEDNESDAY,
    }


@pytest.fixture
def booked(world, course, right):
    """Anna's session, booked while its verdict was in force."""
    return BOOKS["operation"](world, **right)


def rows():
    """Return the appointments as they stand."""
    return sorted(Appointment.objects.values_list("id", "state", "starts_at", "verdict_id"))


def refused(act):
    """Tell whether `act` is refused, by name or by the database's gate, and leaves no trace."""
    before = rows()
    try:
        act()
    except DomainError:
        pass
    except IntegrityError as error:
        if "eligible verdict on its day" not in str(error):
            raise
    else:
        return False
    assert rows() == before
    return True


@pytest.fixture
def wrong(world, course, right):
    """Return what books a session under a verdict that is wrong in the way named."""

    def facts(how):
        if how in ENDS:
            end = ENDS[how]
            end(verdict_id=course.verdict, reason="Doute", actor=world.bruno.actor, at=world.at)
        return right | {
            "missing": {"patient_id": world.marc.patient_id, "plan_id": None},
            "expired": {"starts_at": WEDNESDAY + PAST_THE_VERDICT},
            "other patient's": {"patient_id": world.marc.patient_id},
            "other treatment's": {
                "service_id": session_service(treatment_by_code(OTHER_TREATMENT).id).id
            },
        }.get(how, {})

    return facts


class TestBooking:
    @pytest.mark.parametrize("way", BOOKS)
    def test_passes_under_the_verdict(self, world, right, way):
        assert not refused(lambda: BOOKS[way](world, **right))

    @pytest.mark.parametrize(
        ("how", "ways"),
        {
            "expired": BOOKS.keys(),
            "revoked": BOOKS.keys(),
            "suspended": BOOKS.keys(),
            # From a plan, nothing is missing; a course takes patient and treatment from it.
            "missing": {"operation"},
            "other patient's": BOOKS.keys() - {"course"},
            "other treatment's": BOOKS.keys() - {"course", "space"},
        }.items(),
    )
    def test_is_refused_under_one_that_is_wrong(self, world, wrong, how, ways):
        facts = wrong(how)
        passed = [way for way in ways if not refused(lambda way=way: BOOKS[way](world, **facts))]
        assert passed == []

    def test_as_a_service_without_a_plan_is_refused(self, world, right):
        facts = {name: value for name, value in right.items() if name != "plan_id"}
        assert refused(
            lambda: book_service(
                site_id=world.lyon,
                practitioner_id=None,
                request_key=None,
                actor=world.diane.actor,
                at=world.at,
                **facts,
            )
        )


class TestMoving:
    @pytest.mark.parametrize("way", MOVES)
    def test_passes_under_the_verdict(self, world, course, booked, way):
        to = WEDNESDAY + timedelta(days=1)
        assert not refused(lambda: MOVES[way](world, course.plan, booked, to))

    @pytest.mark.parametrize("how", ["expired", *ENDS])
    def test_under_one_that_is_wrong_is_refused(self, world, course, booked, wrong, how):
        wrong(how)
        to = WEDNESDAY + (PAST_THE_VERDICT if how == "expired" else timedelta(days=1))
        passed = [
            way
            for way in MOVES
            if not refused(lambda way=way: MOVES[way](world, course.plan, booked, to))
        ]
        assert passed == []


class TestGoingOn:
    @pytest.mark.parametrize("way", GOES_ON)
    def test_passes_under_the_verdict(self, world, booked, way):
        if way == "begin":
            GOES_ON["check in"](world, booked)
            ask_the_questions(world, booked, at=WEDNESDAY)
        assert not refused(lambda: GOES_ON[way](world, booked))

    @pytest.mark.parametrize("how", ENDS)
    @pytest.mark.parametrize("way", GOES_ON)
    def test_after_it_was_taken_back_is_refused(self, world, booked, wrong, way, how):
        if way == "begin":
            GOES_ON["check in"](world, booked)
            ask_the_questions(world, booked, at=WEDNESDAY)
        wrong(how)
        assert refused(lambda: GOES_ON[way](world, booked))


class TestAnotherVerdict:
    """The rows themselves, changed as the application's role may change them."""

    @pytest.mark.parametrize("column", ["patient_id", "treatment_id", "verdict_id"])
    def test_is_not_put_under_a_session(self, world, booked, column):
        other = {
            "patient_id": world.marc.patient_id,
            "treatment_id": treatment_by_code(OTHER_TREATMENT).id,
            "verdict_id": None,
        }[column]
        with pytest.raises(IntegrityError), transaction.atomic():
            Appointment.objects.filter(id=booked).update(**{column: other})
