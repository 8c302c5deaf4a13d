"""Answers that change what a verdict relied on suspend it; others leave it alone."""

from datetime import timedelta
from uuid import UUID

import pytest

from aiguille.booking.operations import book
from aiguille.booking.queries import first_free_days, free_starts, get_appointment
from aiguille.care.queries import get_verdict
from aiguille.journeys.record_answers import RecordedAnswers, record_answers
from aiguille.kernel.codes import Procedure
from aiguille.patients.operations import NothingToSubmit, save_draft_answer
from aiguille.plumbing.access import NotVisible
from aiguille.worklist.queries import TaskView, list_open
from tests.course import Course, open_course
from tests.world import World

MESO = Procedure.MESOTHERAPY


@pytest.fixture
def course(world: World) -> Course:
    return open_course(world)


def hand_in(world: World, **answers: str) -> RecordedAnswers:
    for question_id, answer in answers.items():
        save_draft_answer(
            patient_id=world.anna.patient_id,
            procedure=MESO,
            question_id=question_id,
            answer={"answer": answer},
            actor=world.anna.actor,
            at=world.at,
        )
    return record_answers(
        patient_id=world.anna.patient_id, procedure=MESO, actor=world.anna.actor, at=world.at
    )


def booked(world: World, course: Course) -> UUID:
    given = {"service_id": course.session_service, "at": world.at}
    day = first_free_days(first_day=world.at.date() + timedelta(days=1), **given)[0].day  # type: ignore[arg-type]
    start = free_starts(first_day=day, last_day=day, **given)[0]  # type: ignore[arg-type]
    return book(
        patient_id=world.anna.patient_id,
        service_id=course.session_service,
        site_id=start.site_id,
        starts_at=start.starts_at,
        plan_id=course.plan,
        actor=world.anna.actor,
        at=world.at,
    )


def tasks(world: World) -> list[TaskView]:
    found = list_open(actor=world.bruno.actor, at=world.at)
    return [task for task in found if task.kind == "answers_changed"]


class TestGraveAnswers:
    @pytest.mark.parametrize("question", ["S01", "S08", "S33", "S57"])
    @pytest.mark.parametrize("answer", ["yes", "unknown"])
    def test_suspend_the_verdict_and_ask_a_physician(
        self, world: World, course: Course, question: str, answer: str
    ) -> None:
        appointment_id = booked(world, course)

        recorded = hand_in(world, **{question: answer})

        assert recorded.suspended == (course.verdict,)
        assert get_verdict(course.verdict).status == "SUSPENDED"
        assert get_appointment(appointment_id).state == "NEEDS_VERDICT"
        [task] = tasks(world)
        assert (task.subject_id, task.role, task.is_urgent) == (course.verdict, "physician", True)

    def test_are_not_urgent_without_a_session_ahead(self, world: World, course: Course) -> None:
        hand_in(world, S01="yes")

        assert [task.is_urgent for task in tasks(world)] == [False]


class TestOtherAnswers:
    def test_leave_the_verdict_alone(self, world: World, course: Course) -> None:
        recorded = hand_in(world, S01="no")

        assert recorded.suspended == ()
        assert get_verdict(course.verdict).is_active
        assert tasks(world) == []

    def test_on_the_other_procedure_leave_it_alone(self, world: World, course: Course) -> None:
        from tests.course import answer_no

        answer_no(world, procedure=Procedure.NEEDLING, at=world.at, S01="yes")

        assert get_verdict(course.verdict).is_active

    def test_handed_in_twice_are_handed_in_once(self, world: World, course: Course) -> None:
        hand_in(world, S01="no")

        with pytest.raises(NothingToSubmit):
            hand_in(world)

    def test_of_somebody_else_are_not_there(self, world: World, course: Course) -> None:
        with pytest.raises(NotVisible):
            record_answers(
                patient_id=world.anna.patient_id,
                procedure=MESO,
                actor=world.marc.actor,
                at=world.at,
            )
