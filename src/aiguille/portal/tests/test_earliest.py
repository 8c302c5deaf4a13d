"""Each reason that binds the earliest session is said on the patient's page, in both languages."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from aiguille.booking.gate import earliest_session_start
from aiguille.booking.operations import book
from aiguille.care.operations import suspend_verdict
from aiguille.catalogue.operations import retire_service
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from aiguille.patients.operations import save_draft_answers, submit_answers
from tests.course import INTERVAL_DAYS, SESSIONS, Course, no_to_all, open_course
from tests.world import AT, World

pytestmark = pytest.mark.django_db
TODAY = AT.date()
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
Scene = Callable[[World], Course]


def session(world: World, course: Course, starts_at: datetime) -> None:
    book(
        patient_id=world.anna.patient_id,
        service_id=course.session_service,
        site_id=world.lyon,
        starts_at=starts_at,
        plan_id=course.plan,
        actor=world.diane.actor,
        at=AT,
    )


def answer(world: World, answers: Mapping[str, Mapping[str, Any]]) -> None:
    who: dict[str, Any] = {
        "patient_id": world.anna.patient_id,
        "procedure": Procedure.MESOTHERAPY,
        "actor": world.anna.actor,
        "at": AT,
    }
    save_draft_answers(answers=answers, **who)
    submit_answers(**who)


def just_told(world: World) -> Course:
    return open_course(world, told_days_ago=5)


def after_a_session(world: World) -> Course:
    course = open_course(world)
    session(world, course, TEN)
    return course


def with_a_cured_infection(world: World) -> Course:
    course = open_course(world)
    answers: dict[str, Any] = dict(no_to_all(Procedure.MESOTHERAPY))
    answer(world, answers | {"S10": {"answer": "yes", "ended": date(2026, 2, 26)}})
    return course


def with_an_infection(world: World) -> Course:
    course = open_course(world)
    answer(world, no_to_all(Procedure.MESOTHERAPY, S10="yes"))
    return course


def whose_verdict_ends(world: World) -> Course:
    course = open_course(world, days=INTERVAL_DAYS)
    session(world, course, TEN)
    return course


def whose_verdict_is_suspended(world: World) -> Course:
    course = open_course(world)
    suspend_verdict(verdict_id=course.verdict, reason="Doute", actor=world.bruno.actor, at=AT)
    return course


def that_is_complete(world: World) -> Course:
    course = open_course(world)
    for number in range(SESSIONS):
        session(world, course, TEN + timedelta(days=INTERVAL_DAYS * number))
    return course


def whose_session_is_retired(world: World) -> Course:
    course = open_course(world)
    retire_service(service_id=course.session_service, actor=SYSTEM, at=AT)
    return course


@pytest.mark.parametrize(
    ("scene", "day", "french", "english"),
    [
        (open_course, date(2026, 3, 3), "délai de réservation", "how soon a session"),
        (just_told, date(2026, 3, 12), "délai de réflexion", "time to think it over"),
        (
            after_a_session,
            date(2026, 3, 4) + timedelta(days=INTERVAL_DAYS),
            "jours entre deux séances",
            "days apart",
        ),
        (with_a_cured_infection, date(2026, 3, 12), "réponses", "answers"),
        (with_an_infection, None, "réponses au questionnaire", "answers"),
        (whose_verdict_ends, None, "avis médical prend fin", "verdict ends on"),
        (whose_verdict_is_suspended, None, "regarde de nouveau", "looks at your record again"),
        (that_is_complete, None, "séances du plan", "Every session of the plan"),
        (whose_session_is_retired, None, "ne sont plus proposées", "not on offer any more"),
    ],
)
def test_the_page_says_which_reason_binds(
    world: World, scene: Scene, day: date | None, french: str, english: str
) -> None:
    course = scene(world)
    anna = world.space_client(world.anna)

    for language, words in (("fr", french), ("en", english)):
        answered = anna.get(f"/{language}/space/sessions/{course.plan}/book/")
        page = answered.context["page"]
        assert page.earliest == day
        assert words in answered.content.decode().split("<main")[1]


def test_a_verdict_that_begins_later_binds(world: World) -> None:
    course = open_course(world)
    before = AT - timedelta(days=10)

    found = earliest_session_start(patient_id=world.anna.patient_id, plan_id=course.plan, at=before)

    assert found.date == TODAY
    assert "autorise les séances à partir" in found.bound_by.fr
    assert "allows sessions from" in found.bound_by.en
