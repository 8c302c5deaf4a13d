"""Booking, moving and cancelling at the desk: under the gate, once, with plain refusals."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.care.operations import revoke_verdict, suspend_verdict
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.codes import Procedure
from aiguille.kernel.ids import new_id
from aiguille.patients.queries import get_identity
from tests.course import INTERVAL_DAYS, Course, open_course
from tests.world import World

pytestmark = pytest.mark.django_db


def url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def number(world: World) -> int:
    return get_identity(world.anna.patient_id).number


def appointments(world: World) -> list[AppointmentView]:
    return appointments_of_patient(world.anna.patient_id)


def first_start(page: Any) -> str:
    return str(next(start.value for day in page.context["days"] for start in day.starts))


@pytest.fixture
def course(world: World) -> Course:
    return open_course(world)


@pytest.fixture
def diane(world: World) -> Client:
    return world.staff_client(world.diane)


def book_first(client: Client, address: str) -> Any:
    page = client.get(address)
    data = {"start": first_start(page), "request_key": str(page.context["request_key"])}
    return client.post(address, data)


def test_a_session_is_booked_from_its_plan_once(
    world: World, diane: Client, course: Course
) -> None:
    address = url("book_plan", number(world), course.plan)
    page = diane.get(address)
    data = {"start": first_start(page), "request_key": str(page.context["request_key"])}
    for _ in range(2):
        assert diane.post(address, data).status_code == 302
    (session,) = appointments(world)
    assert (session.kind, session.session_number) == ("SESSION", 1)
    bound = diane.get(address).context["week"].earliest
    assert bound.date == session.local_date.fromordinal(
        session.local_date.toordinal() + INTERVAL_DAYS
    )


def test_a_consultation_is_booked_for_anybody(world: World, diane: Client, course: Course) -> None:
    assert diane.get(url("book", number(world))).status_code == 200
    service = consultation_service(Procedure.NEEDLING)
    assert book_first(diane, url("book_service", number(world), service.id)).status_code == 302
    assert appointments(world)[0].kind == "CONSULTATION"


@pytest.mark.parametrize("end", [suspend_verdict, revoke_verdict])
def test_nothing_is_booked_under_a_verdict_that_ended(
    world: World, diane: Client, course: Course, end: Any
) -> None:
    address = url("book_plan", number(world), course.plan)
    page = diane.get(address)
    data = {"start": first_start(page), "request_key": str(page.context["request_key"])}
    end(verdict_id=course.verdict, reason="Doute", actor=world.bruno.actor, at=world.at)
    answer = diane.post(address, data)
    assert answer.status_code == 422
    assert answer.context["refusal"]
    assert appointments(world) == []


def test_a_plan_is_its_patients(world: World, diane: Client, course: Course) -> None:
    marc = get_identity(world.marc.patient_id).number
    assert diane.get(url("book_plan", marc, course.plan)).status_code == 404
    assert diane.get(url("book_plan", number(world), new_id())).status_code == 404
    # A session's service is not booked as if it were a consultation.
    wrong = url("book_service", number(world), course.session_service)
    assert diane.get(wrong).status_code == 404


@pytest.mark.parametrize(
    "start",
    ["", "x", "/", "2026-03-04T10:00", f"{UUID(int=1)}/2026-03-04T09:00:00+00:00", "<b>"],
)
def test_a_wrong_start_is_explained(
    world: World, diane: Client, course: Course, start: str
) -> None:
    answer = diane.post(url("book_plan", number(world), course.plan), {"start": start})
    assert answer.status_code == 422
    assert answer.context["refusal"]


def test_it_is_moved_and_cancelled_once(world: World, diane: Client, course: Course) -> None:
    book_first(diane, url("book_plan", number(world), course.plan))
    (session,) = appointments(world)
    address = url("move_appointment", session.id)
    page = diane.get(address, {"from": "2026-03-09"})
    data = {"start": first_start(page), "version": str(session.version)}
    assert diane.post(address, data).status_code == 302
    (moved,) = appointments(world)
    assert moved.local_date >= date(2026, 3, 9)
    assert diane.post(address, data).status_code == 409
    diane.post(
        url("cancel_appointment", session.id), {"version": str(moved.version), "reason": "Rhume"}
    )
    (cancelled,) = appointments(world)
    assert (cancelled.state, cancelled.state_reason) == ("CANCELLED", "Rhume")
    assert diane.get(address).status_code == 404


def test_it_is_not_for_others(world: World, course: Course) -> None:
    address = url("book", number(world))
    assert world.staff_client(world.ines).get(address).status_code == 403
    assert world.staff_client(world.carla).get(address).status_code == 404
    assert world.space_client(world.anna).get(address).status_code == 404


def test_who_came_by_an_address_that_means_nothing(
    world: World, diane: Client, course: Course
) -> None:
    address = url("book_plan", number(world), course.plan)
    for wrong in ({"from": "soon"}, {"from": "9999-01-01"}, {"site": "x"}, {"doctor": "y"}):
        assert diane.get(address, wrong).status_code == 200
