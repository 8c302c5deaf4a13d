"""A patient's whole course: proposed, booked at once, moved with its others, and theirs alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aiguille.booking.operations import cancel_appointment
from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.kernel.ids import new_id
from tests.course import SESSIONS, Course, open_course
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def url(name: str, *args: object) -> str:
    return reverse(f"portal:{name}", args=args)


def sessions(world: World) -> list[AppointmentView]:
    found = [v for v in appointments_of_patient(world.anna.patient_id) if v.is_standing]
    return sorted(found, key=lambda view: view.starts_at)


@pytest.fixture
def course(world: World) -> Course:
    return open_course(world)


@pytest.fixture
def anna(world: World) -> Client:
    return world.space_client(world.anna)


@pytest.fixture
def address(course: Course) -> str:
    return url("course", course.plan)


def posted(page: Any, **other: object) -> dict[str, object]:
    key = page.context.get("request_key", "")
    return {"change": page.context["changes"], "request_key": str(key)} | other


@pytest.mark.parametrize("language", ["fr", "en"])
def test_is_proposed_in_both_languages_from_the_first_page(
    anna: Client, course: Course, address: str, language: str
) -> None:
    assert address in anna.get(url("home")).content.decode()
    page = anna.get(address.replace("/fr/", f"/{language}/"))
    assert page.status_code == 200
    assert len(page.context["changes"]) == SESSIONS
    assert all(step.note for step in page.context["story"])


def test_is_booked_at_once_and_once(world: World, anna: Client, address: str) -> None:
    page = anna.get(address)
    for _ in range(2):
        assert anna.post(address, posted(page)).status_code == 302
    assert len(sessions(world)) == SESSIONS


def test_is_the_patients_own(world: World, course: Course, address: str) -> None:
    marc = world.space_client(world.marc)
    assert marc.get(address).status_code == 404
    assert marc.post(address, {"change": "x"}).status_code == 404
    assert marc.get(url("course_time", course.plan, 0)).status_code == 404
    assert Client().get(address).status_code == 302
    assert world.staff_client(world.bruno).get(address).status_code == 404


def test_costs_few_queries_with_sessions_as_without(
    world: World, anna: Client, address: str
) -> None:
    anna.get(address)
    with CaptureQueriesContext(connection) as before:
        page = anna.get(address)
    anna.post(address, posted(page))
    cancel_appointment(appointment_id=sessions(world)[1].id, actor=world.diane.actor, at=world.at)
    with CaptureQueriesContext(connection) as after:
        anna.get(address)
    # What is busy is kept between questions, and read again where something changed.
    assert max(len(before), len(after)) <= 35


def test_a_session_that_moves_shows_the_others_first(
    world: World, anna: Client, address: str
) -> None:
    anna.post(address, posted(anna.get(address)))
    booked = sessions(world)
    start = f"{booked[1].site_id}/{(booked[1].starts_at + 7 * DAY).isoformat()}"
    answer = anna.post(
        url("move_appointment", booked[1].id), {"start": start, "version": str(booked[1].version)}
    )
    assert answer.status_code == 302
    around = answer["Location"]
    page = anna.get(around)
    assert page.context["others"]
    assert anna.post(around, posted(page, whole="1")).status_code == 302
    assert sessions(world)[1].starts_at == booked[1].starts_at + 7 * DAY
    assert world.space_client(world.marc).get(around).status_code == 404


def test_a_lost_session_is_noticed_and_proposed_again(
    world: World, anna: Client, address: str
) -> None:
    anna.post(address, posted(anna.get(address)))
    cancel_appointment(appointment_id=sessions(world)[1].id, actor=world.diane.actor, at=world.at)
    home = anna.get(url("home"))
    (course,) = home.context["page"].courses
    assert course.notices
    page = anna.get(address)
    assert len(page.context["changes"]) == 1
    assert page.context["notices"]
    anna.post(address, posted(page))
    assert anna.get(url("home")).context["page"].courses[0].notices == ()


def test_an_unknown_plan_is_no_page(anna: Client, course: Course) -> None:
    assert anna.get(url("course", new_id())).status_code == 404
