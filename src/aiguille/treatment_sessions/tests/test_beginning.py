"""A session begins under the patient's own current consent and verdict, by page and by SQL."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.models import AuditEvent
from aiguille.booking.operations import book, check_in
from aiguille.booking.states import NotYet
from aiguille.care.operations import revoke_verdict, suspend_verdict
from aiguille.catalogue.queries import (
    consultation_service,
    list_treatments,
    session_service,
    treatment_by_code,
)
from aiguille.consent.operations import withdraw_consent
from aiguille.kernel.codes import Procedure
from aiguille.plumbing.access import NotVisible
from aiguille.treatment_sessions.asked_again import QuestionsNotAsked
from aiguille.treatment_sessions.models import SessionState, TreatmentSession
from aiguille.treatment_sessions.operations import (
    ConsentNeeded,
    NotASession,
    VerdictNeeded,
    begin_session,
)
from aiguille.treatment_sessions.queries import (
    get_session,
    run_state,
    sessions_of_appointments,
)
from tests.session_day import ask_the_questions, ready_for_session, sign_current_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def day(world):
    return ready_for_session(world)


@pytest.fixture
def begin(world, day):
    def begin_it(**other):
        facts = {"appointment_id": day.appointment, "actor": world.bruno.actor, "at": day.at}
        return begin_session(**(facts | other))

    return begin_it


@pytest.fixture
def by_sql(world, day):
    """Insert a session as the application's own role would, past every operation."""

    def insert(**other):
        facts = {
            "appointment_id": day.appointment,
            "patient_id": day.patient_id,
            "treatment_id": day.treatment,
            "plan_id": day.plan,
            "consent_id": day.consent,
            "protocol_version_id": day.protocol_version,
            "site_id": day.site_id,
            "performer_id": world.bruno.user_id,
            "performer_name": "Bruno Delmas",
            "begun_at": day.at,
        }
        with transaction.atomic():
            return TreatmentSession.objects.create(**(facts | other))

    return insert


def withdraw(world, day):
    withdraw_consent(consent_id=day.consent, reason="Doute", actor=world.anna.actor, at=day.at)


def taken_back(change):
    def change_verdict(world, day):
        change(verdict_id=day.verdict, reason="Doute", actor=world.bruno.actor, at=day.at)

    return change_verdict


class TestBegins:
    def test_with_its_first_event_and_its_protocol(self, world, day, begin):
        session_id = begin()
        session = get_session(session_id)
        assert (session.patient_id, session.plan_id, session.consent_id, session.state) == (
            day.patient_id,
            day.plan,
            day.consent,
            SessionState.RUNNING,
        )
        assert [event.body.type for event in run_state(session_id).log] == ["session_begun"]
        assert sessions_of_appointments([day.appointment]) == {day.appointment: session_id}

    def test_once_however_often_it_is_asked(self, begin):
        assert begin() == begin()
        assert TreatmentSession.objects.count() == 1

    def test_and_leaves_its_trace(self, world, day, begin):
        session_id = begin()
        event = AuditEvent.objects.get(action="treatment_sessions:session:begun")
        assert (event.subject_id, event.patient_id, event.site_id, event.actor_id) == (
            session_id,
            day.patient_id,
            world.lyon,
            world.bruno.user_id,
        )
        assert event.details == {"protocol": day.protocol.id, "version": day.protocol.version}


class TestConsent:
    def test_withdrawn_opens_nothing(self, world, day, begin, by_sql):
        withdraw(world, day)
        with pytest.raises(ConsentNeeded):
            begin()
        with pytest.raises(IntegrityError, match="withdrawn"):
            by_sql()

    def test_signed_again_opens_it(self, world, day, begin):
        withdraw(world, day)
        sign_current_text(world.anna, day.treatment, at=day.at)
        assert begin()

    def test_of_another_patient_opens_nothing(self, world, day, by_sql):
        other = sign_current_text(world.marc, day.treatment, at=day.at)
        with pytest.raises(IntegrityError, match="session_consent"):
            by_sql(consent_id=other)

    def test_to_another_treatment_opens_nothing(self, world, day, begin, by_sql):
        another = next(t for t in list_treatments() if t.id != day.treatment)
        other = sign_current_text(world.anna, another.id, at=day.at)
        with pytest.raises(IntegrityError, match="session_consent"):
            by_sql(consent_id=other)
        withdraw(world, day)
        with pytest.raises(ConsentNeeded):
            begin()

    def test_is_needed(self, by_sql):
        with pytest.raises(IntegrityError):
            by_sql(consent_id=None)


class TestVerdict:
    @pytest.mark.parametrize("change", [suspend_verdict, revoke_verdict])
    def test_taken_back_opens_nothing(self, world, day, begin, by_sql, change):
        taken_back(change)(world, day)
        with pytest.raises(VerdictNeeded):
            begin()
        with pytest.raises(IntegrityError, match="eligible verdict"):
            by_sql()

    def test_does_not_open_a_day_after_its_last(self, day, by_sql):
        with pytest.raises(IntegrityError, match="eligible verdict"):
            by_sql(begun_at=day.at + timedelta(days=365))


class TestQuestions:
    @pytest.fixture
    def next_time(self, world, day, begin):
        """Book the session after the first one, and let the patient arrive unasked."""
        at = day.at + timedelta(days=35, hours=-1)  # ten o'clock in summer time
        appointment = book(
            patient_id=day.patient_id, service_id=session_service(day.treatment).id,
            site_id=world.lyon, starts_at=at, plan_id=day.plan, actor=world.diane.actor, at=day.at,
        )  # fmt: skip
        check_in(appointment_id=appointment, actor=world.diane.actor, at=at)
        return {"appointment_id": appointment, "at": at}

    def test_never_asked_open_nothing(self, begin, by_sql, next_time):
        with pytest.raises(QuestionsNotAsked):
            begin(**next_time)
        with pytest.raises(IntegrityError, match="questions of the day"):
            by_sql(appointment_id=next_time["appointment_id"], begun_at=next_time["at"])
        assert not TreatmentSession.objects.exists()

    @pytest.mark.parametrize("before", [timedelta(hours=10, minutes=1), timedelta(days=2)])
    def test_asked_on_another_day_open_nothing(self, world, begin, by_sql, next_time, before):
        at = next_time["at"]
        ask_the_questions(world, next_time["appointment_id"], at=at - before)

        with pytest.raises(QuestionsNotAsked):
            begin(**next_time)
        with pytest.raises(IntegrityError, match="questions of the day"):
            by_sql(appointment_id=next_time["appointment_id"], begun_at=at)

    def test_asked_for_another_session_open_nothing(self, by_sql, next_time, world, day):
        ask_the_questions(world, day.appointment, at=next_time["at"])

        with pytest.raises(IntegrityError, match="questions of the day"):
            by_sql(appointment_id=next_time["appointment_id"], begun_at=next_time["at"])

    def test_asked_on_the_day_open_it(self, world, begin, next_time):
        ask_the_questions(world, next_time["appointment_id"], at=next_time["at"])

        assert begin(**next_time)


class TestAppointment:
    def test_of_another_day_does_not_begin(self, day, begin):
        for days in (-1, 1):
            with pytest.raises(NotYet):
                begin(at=day.at + timedelta(days=days))

    def test_that_is_no_session_does_not_begin(self, world, day, begin):
        consultation = book(
            patient_id=world.anna.patient_id,
            service_id=consultation_service(Procedure.MESOTHERAPY).id,
            site_id=world.lyon,
            starts_at=day.at + timedelta(hours=4),
            actor=world.diane.actor,
            at=world.at,
        )
        with pytest.raises(NotASession):
            begin(appointment_id=consultation)

    def test_of_somebody_else_or_elsewhere_or_for_something_else(self, world, day, by_sql):
        another = treatment_by_code("mesotherapy-acne")
        for wrong in (
            {"patient_id": world.marc.patient_id},
            {"treatment_id": another.id},
            {"site_id": world.paris},
        ):
            with pytest.raises(IntegrityError):
                by_sql(**wrong)

    def test_unknown_is_not_visible(self, begin):
        with pytest.raises(NotVisible):
            begin(appointment_id=uuid4())


class TestRights:
    def test_only_a_physician_at_work_begins(self, world, begin):
        for other in (world.hugo, world.diane, world.ines, world.carla, world.anna):
            with pytest.raises(NotAllowed):
                begin(actor=other.actor)
