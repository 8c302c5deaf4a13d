"""A session is booked under a verdict in force, on answers as they are, and far enough apart."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import IntegrityError, transaction

from aiguille.booking.gate import (
    AnswersForbid,
    PlanComplete,
    PlanNeeded,
    TooSoon,
    VerdictNeeded,
    earliest_session_start,
)
from aiguille.booking.models import Appointment
from aiguille.booking.operations import (
    NotBookable,
    book,
    cancel_appointment,
    confirm_under_verdict,
    flag_needs_verdict,
    move_appointment,
)
from aiguille.booking.queries import get_appointment
from aiguille.care.operations import revoke_verdict, suspend_verdict
from aiguille.catalogue.queries import session_service, treatment_by_code
from aiguille.kernel.actor import VISITOR
from aiguille.kernel.codes import Procedure
from aiguille.kernel.ids import new_id
from tests.course import INTERVAL_DAYS, SESSIONS, answer_no, open_course

pytestmark = pytest.mark.django_db
FIRST = date(2026, 3, 4)  # a Wednesday


@pytest.fixture
def course(world):
    return open_course(world)


@pytest.fixture
def session_on(world, course):
    """Book a session of Anna's plan at ten in Lyon; anything may be said otherwise."""

    def book_session(day, **other):
        starts_at = datetime.combine(day, time(10), tzinfo=ZoneInfo("Europe/Paris"))
        facts = {
            "patient_id": world.anna.patient_id,
            "service_id": course.session_service,
            "site_id": world.lyon,
            "starts_at": starts_at,
            "plan_id": course.plan,
            "actor": world.diane.actor,
            "at": world.at,
        }
        return book(**(facts | other))

    return book_session


def earliest(world, course):
    return earliest_session_start(
        patient_id=world.anna.patient_id, plan_id=course.plan, at=world.at
    )


class TestVerdict:
    def test_opens_its_days(self, session_on, course):
        view = get_appointment(session_on(FIRST))
        assert (view.verdict_id, view.plan_id, view.session_number) == (
            course.verdict,
            course.plan,
            1,
        )

    def test_is_needed(self, world, session_on):
        with pytest.raises((VerdictNeeded, PlanNeeded)):
            session_on(FIRST, patient_id=world.marc.patient_id)

    def test_of_another_patient_is_none(self, world, session_on):
        with pytest.raises(VerdictNeeded):
            session_on(FIRST, patient_id=world.marc.patient_id, plan_id=None)

    def test_ends(self, world, session_on):
        with pytest.raises(VerdictNeeded):
            session_on(world.at.date() + timedelta(days=181))

    @pytest.mark.parametrize("end", [suspend_verdict, revoke_verdict])
    def test_may_be_taken_back(self, world, course, session_on, end):
        end(verdict_id=course.verdict, reason="Doute", actor=world.bruno.actor, at=world.at)
        with pytest.raises(VerdictNeeded):
            session_on(FIRST)
        assert earliest(world, course).date is None

    def test_visitors_book_no_session(self, session_on):
        with pytest.raises(NotBookable):
            session_on(FIRST, actor=VISITOR)


class TestVerdictBySql:
    """What the database itself refuses to the application's role, and by which constraint."""

    @pytest.fixture
    def insert(self, session_on):
        """Insert a copy of Anna's booked session, wrong in what is named; say what refused it."""
        session_on(FIRST)
        honest = Appointment.objects.values().get()

        def insert_row(**wrong):
            row = Appointment(**(honest | {"id": new_id(), "number": 4242} | wrong))
            try:
                with transaction.atomic():
                    row.save(force_insert=True)
                    transaction.set_rollback(True)  # it holds no time, which the commit refuses
            except IntegrityError as error:
                cause = error.__cause__
                assert isinstance(cause, psycopg.Error)
                return cause.diag.constraint_name
            return None

        return insert_row

    def test_an_honest_row_passes(self, insert):
        assert insert() is None

    def test_a_session_without_a_verdict_is_refused(self, insert):
        assert insert(verdict_id=None) == "session_needs_valid_verdict"

    def test_another_patients_verdict_is_refused(self, world, insert):
        assert insert(patient_id=world.marc.patient_id) == "appointment_verdict"

    def test_another_treatments_verdict_is_refused(self, insert):
        other = treatment_by_code("mesotherapy-acne")
        service = session_service(other.id)
        refused = insert(treatment_id=other.id, service_id=service.id)
        assert refused == "appointment_verdict"

    def test_a_session_does_not_pass_for_a_consultation(self, insert):
        assert insert(kind="CONSULTATION") == "appointment_service_kind"

    def test_a_day_outside_the_period_is_refused(self, insert):
        late = datetime(2027, 3, 4, 9, tzinfo=UTC)
        moved = {"starts_at": late, "ends_at": late + timedelta(hours=1)}
        refused = insert(local_date=late.date(), **moved)
        assert refused == "session_needs_valid_verdict"

    def test_a_date_that_is_not_the_starts_own_is_refused(self, insert):
        assert insert(local_date=FIRST + timedelta(days=1)) == "appointment_local_date"

    @pytest.mark.parametrize("end", [suspend_verdict, revoke_verdict])
    def test_a_verdict_taken_back_is_refused(self, world, course, insert, end):
        end(verdict_id=course.verdict, reason="Doute", actor=world.bruno.actor, at=world.at)
        assert insert() == "session_needs_valid_verdict"


class TestInterval:
    def test_binds_after_and_before(self, session_on):
        session_on(FIRST + timedelta(days=INTERVAL_DAYS))
        for near in (1, INTERVAL_DAYS + 1, 2 * INTERVAL_DAYS - 1):
            with pytest.raises(TooSoon):
                session_on(FIRST + timedelta(days=near))
        assert session_on(FIRST)
        assert session_on(FIRST + timedelta(days=2 * INTERVAL_DAYS))

    def test_does_not_bind_a_move_to_its_own_old_day(self, world, session_on):
        appointment_id = session_on(FIRST)
        move_appointment(
            appointment_id=appointment_id,
            starts_at=datetime(2026, 3, 5, 9, tzinfo=UTC),
            actor=world.diane.actor,
            at=world.at,
        )
        assert get_appointment(appointment_id).session_number == 1

    def test_cancelled_sessions_do_not_count(self, world, session_on):
        cancel_appointment(appointment_id=session_on(FIRST), actor=world.diane.actor, at=world.at)
        assert session_on(FIRST + timedelta(days=1))

    def test_the_plan_has_so_many_sessions(self, session_on):
        for number in range(SESSIONS):
            view = get_appointment(session_on(FIRST + timedelta(days=INTERVAL_DAYS * number)))
            assert view.session_number == number + 1
        with pytest.raises(PlanComplete):
            session_on(FIRST + timedelta(days=INTERVAL_DAYS * SESSIONS))


class TestAnswers:
    def test_that_block_are_heard_although_nobody_suspended_the_verdict(
        self, world, course, session_on
    ):
        answer_no(world, procedure=Procedure.MESOTHERAPY, at=world.at, S01="yes")
        with pytest.raises(AnswersForbid) as refused:
            session_on(FIRST)
        assert refused.value.text.fr
        assert earliest(world, course).date is None


class TestEarliest:
    def test_is_the_notice_at_first(self, world, course):
        found = earliest(world, course)
        assert found.date == world.at.date() + timedelta(days=1)
        assert "délai" in found.bound_by.fr

    def test_is_the_interval_after_a_session(self, world, course, session_on):
        session_on(FIRST)
        found = earliest(world, course)
        assert found.date == FIRST + timedelta(days=INTERVAL_DAYS)
        assert f"{INTERVAL_DAYS} jours" in found.bound_by.fr

    def test_is_never_when_the_plan_is_complete(self, world, course, session_on):
        for number in range(SESSIONS):
            session_on(FIRST + timedelta(days=INTERVAL_DAYS * number))
        assert earliest(world, course).date is None


class TestLosingTheVerdict:
    def test_keeps_the_time_and_waits(self, world, course, session_on):
        appointment_id = session_on(FIRST)
        actor = world.bruno.actor
        suspend_verdict(verdict_id=course.verdict, reason="Doute", actor=actor, at=world.at)
        flagged = flag_needs_verdict(verdict_id=course.verdict, actor=actor, at=world.at)
        assert flagged == [appointment_id]
        assert get_appointment(appointment_id).state == "NEEDS_VERDICT"
        assert confirm_under_verdict(verdict_id=course.verdict, actor=actor, at=world.at) == []


class TestTheTimeToThink:
    """Fifteen days from the consultation to a first session; seven on a written request."""

    @pytest.mark.parametrize(
        ("told_days_ago", "asked_days_ago", "first_in_days"),
        [(0, None, 15), (5, None, 10), (14, None, 1), (15, None, 1), (0, 0, 7), (6, 3, 1)],
    )
    def test_binds_a_first_session(self, world, told_days_ago, asked_days_ago, first_in_days):
        today = world.at.date()
        asked = None if asked_days_ago is None else today - timedelta(days=asked_days_ago)
        course = open_course(world, told_days_ago=told_days_ago, reflection_requested_on=asked)
        found = earliest(world, course)
        assert found.date == today + timedelta(days=first_in_days)
        if first_in_days > 1:
            assert "think it over" in found.bound_by.en

    def test_is_refused_on_the_server_to_everybody(self, world):
        course = open_course(world, told_days_ago=0)
        for actor in (world.diane.actor, world.bruno.actor, world.anna.actor):
            with pytest.raises(TooSoon) as refused:
                book(
                    patient_id=world.anna.patient_id,
                    service_id=course.session_service,
                    site_id=world.lyon,
                    starts_at=datetime(2026, 3, 16, 9, 0, tzinfo=UTC),
                    plan_id=course.plan,
                    actor=actor,
                    at=world.at,
                )
            assert refused.value.earliest.date == date(2026, 3, 17)
        book(
            patient_id=world.anna.patient_id,
            service_id=course.session_service,
            site_id=world.lyon,
            starts_at=datetime(2026, 3, 17, 9, 0, tzinfo=UTC),
            plan_id=course.plan,
            actor=world.diane.actor,
            at=world.at,
        )

    def test_is_over_for_whoever_has_had_a_session(self, world):
        course = open_course(world, told_days_ago=0, reflection_requested_on=world.at.date())
        had = book(
            patient_id=world.anna.patient_id,
            service_id=course.session_service,
            site_id=world.lyon,
            starts_at=datetime(2026, 3, 9, 9, 0, tzinfo=UTC),
            plan_id=course.plan,
            actor=world.diane.actor,
            at=world.at,
        )
        Appointment.objects.filter(id=had).update(state="DONE")
        assert "apart" in earliest(world, course).bound_by.en
