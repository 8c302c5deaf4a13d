"""Before a session: asked again in time, by message and in the space; what alarms suspends."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from aiguille.booking.operations import book
from aiguille.booking.queries import get_appointment
from aiguille.booking.states import NotYet, StateRefuses
from aiguille.care.queries import get_verdict
from aiguille.catalogue.queries import session_service
from aiguille.journeys.ask_again import ask_on_the_day, hand_in_again
from aiguille.journeys.change_appointment import cancel
from aiguille.journeys.questions_message import QuestionsMessage, remind_of_questions
from aiguille.journeys.reads.portal_home import portal_home
from aiguille.journeys.reads.questions import read_answers_history
from aiguille.journeys.run_session import begin_session
from aiguille.kernel.codes import Language
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import DemoMail, OutboxMessage
from aiguille.messaging.resolvers import Due
from aiguille.patients.operations import change_contact, save_draft_answers
from aiguille.patients.queries import get_identity, latest_answers
from aiguille.plumbing.access import NotVisible
from aiguille.treatment_sessions.asked_again import asked_again_at
from aiguille.treatment_sessions.operations import VerdictNeeded
from aiguille.worklist.queries import list_open
from tests.session_day import SessionDay, ready_for_session
from tests.world import World

STARRED = "S01 S02 S05 S08 S10 S11 S12 S18 S19 S42".split()


@pytest.fixture
def day(world: World) -> SessionDay:
    return ready_for_session(world)


@pytest.fixture
def booked(world: World, day: SessionDay) -> tuple[UUID, datetime]:
    """Book the session after the first one; return it and when it begins."""
    at = day.at + timedelta(days=35, hours=-1)  # ten o'clock in summer time
    appointment = book(
        patient_id=day.patient_id,
        service_id=session_service(day.treatment).id,
        site_id=world.lyon,
        starts_at=at,
        plan_id=day.plan,
        actor=world.diane.actor,
        at=day.at,
    )
    return appointment, at


def type_again(world: World, appointment: UUID, *, at: datetime, **others: str) -> None:
    save_draft_answers(
        patient_id=world.anna.patient_id,
        procedure=get_appointment(appointment).procedure,
        answers={name: {"answer": others.get(name, "no")} for name in [*STARRED, *others]},
        actor=world.anna.actor,
        at=at,
        asked_for=appointment,
    )


def desk(world: World, appointment: UUID, *, at: datetime, **others: str) -> Any:
    latest = latest_answers(world.anna.patient_id, get_appointment(appointment).procedure)
    return ask_on_the_day(
        appointment_id=appointment,
        answers={
            name: {"answer": others.get(name, "no")}
            for name in dict.fromkeys([*STARRED, "S56", *others])
        },
        seen_id=latest.id if latest else None,
        actor=world.diane.actor,
        at=at,
    )


class TestInTheSpace:
    def test_is_a_task_from_three_days_before_until_it_is_done(
        self, world: World, booked: tuple[UUID, datetime]
    ) -> None:
        appointment, starts_at = booked

        def to_do(at: datetime) -> list[UUID]:
            page = portal_home(patient_id=world.anna.patient_id, at=at)
            return [one.id for one in page.questions_again if one.id == appointment]

        assert to_do(starts_at - timedelta(days=4)) == []
        assert to_do(starts_at - timedelta(days=3)) == [appointment]
        at = starts_at - timedelta(days=2)
        type_again(world, appointment, at=at)
        hand_in_again(appointment_id=appointment, actor=world.anna.actor, at=at)
        assert to_do(at) == []
        assert to_do(starts_at - timedelta(hours=2)) == [appointment], "they are those of the day"
        at = starts_at - timedelta(hours=1)
        type_again(world, appointment, at=at, S56="yes")
        hand_in_again(appointment_id=appointment, actor=world.anna.actor, at=at)
        assert to_do(at) == []

    def test_an_answer_that_alarms_suspends_and_tells_a_doctor(
        self, world: World, day: SessionDay, booked: tuple[UUID, datetime]
    ) -> None:
        appointment, starts_at = booked
        at = starts_at - timedelta(days=3)
        type_again(world, appointment, at=at, S01="yes")

        done = hand_in_again(appointment_id=appointment, actor=world.anna.actor, at=at)

        assert done.suspended == (day.verdict,)
        assert get_verdict(day.verdict).status == "SUSPENDED"
        assert get_appointment(appointment).state == "NEEDS_VERDICT"
        assert get_appointment(appointment).starts_at == starts_at, "it keeps its time"
        (task,) = [
            t for t in list_open(actor=world.bruno.actor, at=at) if t.kind == "answers_changed"
        ]
        assert task.owner_id == world.bruno.user_id or task.is_urgent
        assert task.patient_id == world.anna.patient_id

    def test_no_change_leaves_all_as_it_is(
        self, world: World, day: SessionDay, booked: tuple[UUID, datetime]
    ) -> None:
        appointment, starts_at = booked
        at = starts_at - timedelta(days=1)
        type_again(world, appointment, at=at)

        assert not hand_in_again(
            appointment_id=appointment, actor=world.anna.actor, at=at
        ).suspended
        assert get_appointment(appointment).state == "BOOKED"
        assert asked_again_at([appointment]) == {appointment: at}

    def test_is_refused_out_of_its_time_and_to_others(
        self, world: World, booked: tuple[UUID, datetime]
    ) -> None:
        appointment, starts_at = booked
        soon = starts_at - timedelta(days=1)
        type_again(world, appointment, at=soon)
        with pytest.raises(NotYet):
            hand_in_again(
                appointment_id=appointment,
                actor=world.anna.actor,
                at=starts_at - timedelta(days=5),
            )
        with pytest.raises(NotVisible):
            hand_in_again(appointment_id=appointment, actor=world.marc.actor, at=soon)
        cancel(appointment_id=appointment, reason="x", actor=world.diane.actor, at=soon)
        with pytest.raises(StateRefuses):
            hand_in_again(appointment_id=appointment, actor=world.anna.actor, at=soon)


class TestOnTheDay:
    def test_an_answer_that_alarms_keeps_the_session_from_beginning(
        self, world: World, day: SessionDay
    ) -> None:
        at = day.at + timedelta(minutes=2)

        done = desk(world, day.appointment, at=at, S08="yes")

        assert done.suspended == (day.verdict,)
        (task,) = [
            t for t in list_open(actor=world.bruno.actor, at=at) if t.kind == "answers_changed"
        ]
        assert (task.is_urgent, task.site_id) == (True, world.lyon)
        with pytest.raises(VerdictNeeded):
            begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=at)

    def test_is_on_that_day_only(self, world: World, booked: tuple[UUID, datetime]) -> None:
        appointment, starts_at = booked
        with pytest.raises(NotYet):
            desk(world, appointment, at=starts_at - timedelta(days=1))

    def test_the_doctor_sees_what_changed_since_last_time(
        self, world: World, day: SessionDay
    ) -> None:
        at = day.at + timedelta(minutes=2)
        desk(world, day.appointment, at=at, S42="yes", S19="unknown")

        history = read_answers_history(
            number=get_identity(world.anna.patient_id).number, procedure=get_appointment(day.appointment).procedure,
            actor=world.bruno.actor, at=at,
        )  # fmt: skip

        latest, before, first = history.versions
        assert [change.question for change in latest.changes] == ["S19", "S42"]
        assert [change.after.answer for change in latest.changes if change.after] == [
            "unknown",
            "yes",
        ]
        assert [change.before.answer for change in latest.changes if change.before] == ["no", "no"]
        assert before.changes == ()
        assert first.is_first


class TestTheMessage:
    def rows(self) -> list[OutboxMessage]:
        return list(OutboxMessage.objects.filter(kind="questions_again"))

    def test_is_queued_once_and_leaves_at_ten_three_days_before(
        self, world: World, booked: tuple[UUID, datetime]
    ) -> None:
        appointment, starts_at = booked
        assert remind_of_questions(at=starts_at - timedelta(days=4)) == 0
        at = starts_at - timedelta(days=3, hours=5)
        for _ in range(2):
            remind_of_questions(at=at)

        (row,) = self.rows()
        assert row.subject_id == appointment
        assert row.due_at == starts_at - timedelta(days=3), "ten o'clock in Lyon"
        send_all_due(at=row.due_at)
        (mail,) = DemoMail.objects.filter(subject__contains="questions")
        assert "7 avril" in mail.text or "8 avril" in mail.text
        assert "/s/" in mail.text

    def test_goes_to_the_telephone_of_who_has_no_mailbox(
        self, world: World, booked: tuple[UUID, datetime]
    ) -> None:
        at = booked[1] - timedelta(days=3)
        identity = get_identity(world.anna.patient_id)
        change_contact(
            patient_id=identity.id, email="", phone="06 12 34 56 78", language="fr",
            version=identity.version, actor=world.anna.actor, at=at,
        )  # fmt: skip

        remind_of_questions(at=at)

        (row,) = self.rows()
        message = due(row, at=at)
        assert (row.channel, row.recipient) == ("SMS", get_identity(identity.id).phone)
        assert QuestionsMessage().still_true(message)
        assert "/s/" in QuestionsMessage().render(message).text

    def test_is_not_sent_to_whoever_answered_or_does_not_come(
        self, world: World, booked: tuple[UUID, datetime]
    ) -> None:
        appointment, starts_at = booked
        at = starts_at - timedelta(days=3)
        remind_of_questions(at=at)
        (row,) = self.rows()
        assert QuestionsMessage().still_true(due(row, at=at))
        type_again(world, appointment, at=at)
        hand_in_again(appointment_id=appointment, actor=world.anna.actor, at=at)

        assert not QuestionsMessage().still_true(due(row, at=at))


def due(row: OutboxMessage, *, at: datetime) -> Due:
    return Due(
        id=row.id,
        kind=row.kind,
        channel=row.channel,
        recipient=row.recipient,
        language=Language(row.language),
        patient_id=row.patient_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        subject_version=row.subject_version,
        due_at=row.due_at,
        at=at,
    )
