"""The whole course at the desk: proposed with wishes, booked at once, moved with its others."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.booking.operations import book, cancel_appointment
from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.kernel.ids import new_id
from aiguille.patients.queries import get_identity
from tests.course import INTERVAL_DAYS, SESSIONS, Course, open_course
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def number(world: World) -> int:
    return get_identity(world.anna.patient_id).number


def sessions(world: World) -> list[AppointmentView]:
    found = [v for v in appointments_of_patient(world.anna.patient_id) if v.is_standing]
    return sorted(found, key=lambda view: view.starts_at)


@pytest.fixture
def course(world: World) -> Course:
    return open_course(world)


@pytest.fixture
def diane(world: World) -> Client:
    return world.staff_client(world.diane)


@pytest.fixture
def address(world: World, course: Course) -> str:
    return url("course", number(world), course.plan)


def posted(page: Any, **other: object) -> dict[str, object]:
    key = page.context.get("request_key", "")
    return {"change": page.context["changes"], "request_key": str(key)} | other


def test_every_session_is_booked_at_once_and_once(
    world: World, diane: Client, address: str
) -> None:
    page = diane.get(address, {"site": str(world.lyon)})
    assert page.status_code == 200
    for _ in range(2):
        answer = diane.post(f"{address}?site={world.lyon}", posted(page))
        assert answer.status_code == 302
    assert [view.session_number for view in sessions(world)] == list(range(1, SESSIONS + 1))
    assert diane.get(address).context["changes"] == []


def test_wishes_are_kept_in_the_address(world: World, diane: Client, address: str) -> None:
    wishes = {"day": ["1", "3"], "part": "1", "doctor": str(world.bruno_resource)}
    page = diane.get(address, wishes)
    shown = page.context["page"].proposal.sessions
    assert {one.local.weekday() for one in shown} <= {1, 3}
    assert all(12 <= one.local.hour < 17 for one in shown)
    assert page.context["form"]["part"].value() == "1"


def test_nonsense_in_the_address_counts_as_not_said(diane: Client, address: str) -> None:
    nonsense = {"day": ["9", "x"], "part": "7", "doctor": "?", "site": "-", "first": "soon"}
    page = diane.get(address, nonsense | {"t": ["//", "x/y/z", "\x00"]})
    assert page.status_code == 200
    assert len(page.context["changes"]) == SESSIONS


def test_another_time_is_chosen_and_what_follows_is_proposed_again(
    world: World, diane: Client, course: Course, address: str
) -> None:
    proposal = diane.get(address).context["page"].proposal
    place = url("course_time", number(world), course.plan, 1)
    times = diane.get(place, {"t": "", "site": str(world.lyon)})
    assert times.status_code == 200
    start = next(one for day in times.context["days"][2:] for one in day.starts)
    kept = dict(times.context["kept"])
    page = diane.get(address, kept | {"t": [kept["t"], start.value]})
    shown = page.context["page"].proposal.sessions
    assert shown[0].starts_at == proposal.sessions[0].starts_at
    assert shown[1].local_date > proposal.sessions[1].local_date
    assert (shown[2].local_date - shown[1].local_date).days == INTERVAL_DAYS
    assert diane.get(url("course_time", number(world), course.plan, 9)).status_code == 404


def test_what_was_taken_is_said_and_nothing_is_booked(
    world: World, diane: Client, course: Course, address: str
) -> None:
    page = diane.get(address, {"site": str(world.lyon)})
    taken = page.context["page"].proposal.sessions[1]
    book(
        patient_id=world.marc.patient_id,
        service_id=course.consultation_service,
        site_id=world.lyon,
        starts_at=taken.starts_at,
        actor=world.diane.actor,
        at=world.at,
    )
    answer = diane.post(f"{address}?site={world.lyon}", posted(page))
    assert answer.status_code == 422
    assert len(answer.context["taken"]) == 1
    assert len(answer.context["changes"]) == SESSIONS
    assert answer.context["changes"] != page.context["changes"]
    assert sessions(world) == []


@pytest.mark.parametrize("change", ["", "x", "//", "///2026-03-04T10:00/", "a/b/c/d/e"])
def test_a_wrong_change_is_explained(
    world: World, diane: Client, address: str, change: str
) -> None:
    answer = diane.post(address, {"change": change})
    assert answer.status_code == 422
    assert answer.context["refusal"]


def test_a_plan_is_its_patients(world: World, diane: Client, course: Course) -> None:
    marc = get_identity(world.marc.patient_id).number
    assert diane.get(url("course", marc, course.plan)).status_code == 404
    assert diane.get(url("course", number(world), new_id())).status_code == 404
    ines = world.staff_client(world.ines)
    assert ines.get(url("course", number(world), course.plan)).status_code in {403, 404}


class TestMoving:
    @pytest.fixture
    def booked(self, world: World, diane: Client, address: str) -> list[AppointmentView]:
        query = f"{address}?site={world.lyon}"
        diane.post(query, posted(diane.get(query)))
        return sessions(world)

    def choose(self, diane: Client, view: AppointmentView, days: int) -> Any:
        start = f"{view.site_id}/{(view.starts_at + days * DAY).isoformat()}"
        return diane.post(
            url("move_appointment", view.id), {"start": start, "version": str(view.version)}
        )

    def test_one_that_concerns_the_others_shows_them_first(
        self, world: World, diane: Client, booked: list[AppointmentView]
    ) -> None:
        answer = self.choose(diane, booked[0], 7)
        assert answer.status_code == 302
        assert sessions(world) == booked
        page = diane.get(answer.url)
        assert page.context["others"]
        assert not page.context["may_move_alone"]
        assert diane.post(answer.url, posted(page, whole="1")).status_code == 302
        moved = sessions(world)
        assert {view.id for view in moved} == {view.id for view in booked}
        assert (moved[0].local_date - booked[0].local_date).days == 7
        # The page is stale now: it says so, and moves nothing again.
        assert diane.post(answer.url, posted(page, whole="1")).status_code == 409

    def test_one_that_is_dropped_elsewhere_in_the_agenda_shows_them_first(
        self, world: World, diane: Client, booked: list[AppointmentView]
    ) -> None:
        first = booked[0]

        def dropped(*, minutes: int) -> Any:
            start = first.starts_at + 7 * DAY + timedelta(minutes=minutes)
            fields = {
                "start": start.isoformat(),
                "practitioner": str(first.practitioner_id),
                "version": str(first.version),
            }
            return diane.post(url("agenda_move", first.id), fields)

        answer = dropped(minutes=0)
        assert answer.status_code == 302
        assert answer.url.startswith(url("move_course", first.id))
        # A start between two ticks is nobody's, and breaks nothing.
        assert dropped(minutes=2).status_code in {302, 422}
        assert sessions(world) == booked

    def test_one_that_does_not_is_moved_at_once(
        self, world: World, diane: Client, booked: list[AppointmentView]
    ) -> None:
        self.choose(diane, booked[-1], 1)
        assert sessions(world)[-1].starts_at == booked[-1].starts_at + DAY

    def test_one_may_be_moved_alone_where_the_gate_lets_it(
        self, world: World, diane: Client, booked: list[AppointmentView]
    ) -> None:
        answer = self.choose(diane, booked[-1], 21)  # five weeks after the one before
        page = diane.get(answer.url)
        assert (page.context["others"], page.context["may_move_alone"]) == (True, True)
        diane.post(answer.url, posted(page, alone="1"))
        assert sessions(world)[-1].starts_at == booked[-1].starts_at + 21 * DAY

    def test_a_cancelled_one_is_noticed_on_the_plan(
        self, world: World, diane: Client, course: Course, booked: list[AppointmentView]
    ) -> None:
        cancel_appointment(appointment_id=booked[2].id, actor=world.diane.actor, at=world.at)
        choose = diane.get(url("book", number(world)))
        assert url("course", number(world), course.plan) in choose.content.decode()
        bruno = world.staff_client(world.bruno)
        record = bruno.get(url("patient", number(world)))
        (shown,) = record.context["clinical"].courses
        assert len(shown.notices) == 1
        assert url("course", number(world), course.plan) in record.content.decode()

    def test_nonsense_is_no_page(
        self, world: World, diane: Client, booked: list[AppointmentView]
    ) -> None:
        address = url("move_course", booked[0].id)
        assert diane.get(address).status_code == 404
        assert diane.get(address, {"start": "x"}).status_code == 404
