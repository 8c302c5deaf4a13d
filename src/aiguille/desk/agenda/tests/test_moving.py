"""Dropping an appointment somewhere else: the rules decide, and for a moment it can be put back."""

from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.booking.models import Occupancy
from aiguille.booking.operations import book, check_in, move_appointment
from aiguille.booking.queries import get_appointment
from aiguille.clinics.operations import Opening, add_closure, create_resource, set_weekly_hours
from aiguille.clinics.queries import resources_with_hours
from aiguille.desk.agenda import undo
from aiguille.desk.agenda.tests.test_day import add_doctor
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ResourceKind
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import OutboxMessage
from tests.course import open_course
from tests.session_day import go_to
from tests.world import World

pytestmark = pytest.mark.django_db
UNPROCESSABLE, STALE = 422, 409


@pytest.fixture
def desk(wednesday: Any) -> Client:
    client: Client = wednesday.world.staff_client(wednesday.world.diane)
    return client


def drop(wednesday: Any, client: Client, start: datetime, **given: Any) -> Any:
    """Drop the consultation at a start."""
    one = get_appointment(wednesday.consultation)
    fields = {
        "start": start.isoformat(),
        "practitioner": str(one.practitioner_id),
        "version": one.version,
        "tell": "1",
        **given,
    }
    return client.post(wednesday.address("agenda_move", wednesday.consultation), fields)


def told(at: datetime) -> list[str]:
    """Send what is due, and return what was said of moves."""
    send_all_due(at=at)
    rows = OutboxMessage.objects.filter(state="SENT", kind="appointment_moved")
    return [row.kind for row in rows]


def test_moves_and_tells_once_it_cannot_be_put_back(wednesday: Any, desk: Client) -> None:
    start = wednesday.nine + timedelta(hours=5, minutes=5)
    answer = drop(wednesday, desk, start)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{wednesday.address('agenda')}#a-{wednesday.consultation}"
    assert get_appointment(wednesday.consultation).starts_at == start
    assert told(wednesday.at + undo.LASTS) == []
    # The clock goes on while a page is made, on a busy machine for some seconds.
    assert told(wednesday.at + undo.TOLD_AFTER + timedelta(minutes=1)) == ["appointment_moved"]


def test_tells_nobody_when_asked_not_to(wednesday: Any, desk: Client) -> None:
    drop(wednesday, desk, wednesday.nine + timedelta(hours=5), tell="")
    assert told(wednesday.at + timedelta(minutes=5)) == []


def test_notice_binds_patients_and_not_the_desk(wednesday: Any, desk: Client) -> None:
    soon = wednesday.nine + timedelta(minutes=25)
    assert drop(wednesday, desk, soon).status_code == 302
    assert get_appointment(wednesday.consultation).starts_at == soon


def test_another_practitioner_and_rooms_chosen_anew(wednesday: Any, desk: Client) -> None:
    world = wednesday.world
    add_doctor(world, 7)
    other = next(r for r in resources_with_hours() if r.code.lower() == "practitioner-7")
    for resource in resources_with_hours():
        if resource.code.endswith("-7"):
            set_weekly_hours(
                resource_id=resource.id,
                openings=[Opening(world.lyon, 2, 9 * 60, 18 * 60)],
                actor=SYSTEM,
                at=world.at,
            )
    start = wednesday.nine + timedelta(hours=1)  # Anna's session holds the first room
    answer = drop(wednesday, desk, start, practitioner=str(other.id))
    assert answer.status_code == 302
    moved = get_appointment(wednesday.consultation)
    assert (moved.starts_at, moved.practitioner_id) == (start, other.id)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("2026-03-04T10:10:00+00:00", "vient d’être pris"),  # during Anna's session
        ("2026-03-04T12:00:00+00:00", "vient d’être pris"),  # Dr Bruno is away
        ("2026-03-04T03:00:00+00:00", "vient d’être pris"),  # at night
        ("2026-03-04T09:02:00+00:00", "vient d’être pris"),  # between two ticks
        ("2026-03-04T09:00:00", "Choisissez un horaire"),
        ("tomorrow", "Choisissez un horaire"),
    ],
)
def test_a_refusal_says_why_and_what_is_near(
    wednesday: Any, desk: Client, start: str, why: str
) -> None:
    add_closure(
        resource_id=wednesday.world.bruno_resource,
        from_date=date(2026, 3, 4),
        from_minute=13 * 60,
        until_date=date(2026, 3, 4),
        until_minute=14 * 60,
        actor=SYSTEM,
        at=wednesday.world.at,
    )
    before = get_appointment(wednesday.consultation)
    one = {"practitioner": str(before.practitioner_id), "version": before.version}
    address = wednesday.address("agenda_move", wednesday.consultation)
    answer = desk.post(address, {"start": start, **one})
    assert answer.status_code == UNPROCESSABLE
    assert get_appointment(wednesday.consultation) == before
    content = answer.content.decode()
    assert why in content
    assert "reste le" in content
    nearest = answer.context["refused"]["nearest"]
    if "vient" in why:
        assert 0 < len(nearest) <= 3
        assert before.starts_at not in {near.starts_at for near, _whom in nearest}
        for near, whom in nearest:
            assert near.starts_at > wednesday.at
            assert whom == before.practitioner_id
        near, whom = nearest[0]
        taken = drop(wednesday, desk, near.starts_at, practitioner=str(whom))
        assert taken.status_code == 302


def test_a_session_moves_within_its_gate_only(world: World) -> None:
    """The verdict opens half a year: past it the session stays, and only days within are near."""
    course = open_course(world, days=30)
    client = world.staff_client(world.diane)
    starts_at = datetime(2026, 3, 11, 9, tzinfo=UTC)
    session = book(
        patient_id=world.anna.patient_id,
        service_id=course.session_service,
        site_id=world.lyon,
        starts_at=starts_at,
        plan_id=course.plan,
        actor=world.diane.actor,
        at=world.at,
    )
    address = reverse("desk:agenda_move", args=[session])
    answer = client.post(address, {"start": (starts_at + timedelta(days=27)).isoformat()})
    assert answer.status_code == UNPROCESSABLE
    assert "avis médical" in answer.content.decode()
    assert get_appointment(session).starts_at == starts_at
    last = world.at.date() + timedelta(days=30)
    nearest = [start.local_date for start, _whom in answer.context["refused"]["nearest"]]
    assert nearest
    assert max(nearest) <= last


def test_a_change_meanwhile_is_seen(wednesday: Any, desk: Client) -> None:
    start = wednesday.nine + timedelta(hours=5)
    move_appointment(
        appointment_id=wednesday.consultation,
        starts_at=wednesday.nine + timedelta(hours=4),
        actor=wednesday.world.bruno.actor,
        at=wednesday.at,
    )
    answer = drop(wednesday, desk, start, version=1)
    assert answer.status_code == STALE
    assert "a changé entre-temps" in answer.content.decode()


def test_who_has_arrived_stays(wednesday: Any, desk: Client) -> None:
    actor = wednesday.world.diane.actor
    check_in(appointment_id=wednesday.consultation, actor=actor, at=wednesday.at)
    answer = drop(wednesday, desk, wednesday.nine + timedelta(hours=5))
    assert answer.status_code == UNPROCESSABLE


def test_a_reload_of_a_refusal_goes_back_to_the_agenda(wednesday: Any, desk: Client) -> None:
    answer = desk.get(wednesday.address("agenda_move", wednesday.consultation))
    assert answer.headers["Location"] == wednesday.address("agenda")


def test_putting_back_tells_nobody_anything(wednesday: Any, desk: Client) -> None:
    was = get_appointment(wednesday.consultation)
    drop(wednesday, desk, wednesday.nine + timedelta(hours=5))
    page = desk.get(wednesday.address("agenda"))
    assert page.context["undo"].kind == "move"
    go_to(wednesday.at + timedelta(seconds=15))
    answer = desk.post(wednesday.address("agenda_put_back"))
    assert answer.status_code == 302
    now = get_appointment(wednesday.consultation)
    assert (now.starts_at, now.practitioner_id, now.state) == (
        was.starts_at,
        was.practitioner_id,
        was.state,
    )
    assert told(wednesday.at + timedelta(minutes=5)) == []
    assert "appointment_reminder" not in told(wednesday.at)
    # Once is enough.
    again = desk.post(wednesday.address("agenda_put_back"), follow=True)
    assert "trop tard" in again.content.decode()
    assert get_appointment(wednesday.consultation) == now


def test_putting_back_is_offered_for_seconds(wednesday: Any, desk: Client) -> None:
    drop(wednesday, desk, wednesday.nine + timedelta(hours=5))
    moved = get_appointment(wednesday.consultation)
    go_to(wednesday.at + timedelta(minutes=1))
    assert desk.get(wednesday.address("agenda")).context["undo"] is None
    answer = desk.post(wednesday.address("agenda_put_back"), follow=True)
    assert "trop tard" in answer.content.decode()
    assert get_appointment(wednesday.consultation) == moved


def test_nobody_is_told_while_it_can_be_put_back() -> None:
    assert undo.LASTS + undo._SLACK < undo.TOLD_AFTER


def test_a_place_taken_meanwhile_is_not_given_back(
    wednesday: Any, desk: Client, book_for_marc: Any
) -> None:
    drop(wednesday, desk, wednesday.nine + timedelta(hours=4))
    book_for_marc(wednesday.world, wednesday.nine + timedelta(hours=6))
    answer = desk.post(wednesday.address("agenda_put_back"))
    assert answer.status_code == UNPROCESSABLE
    moved = get_appointment(wednesday.consultation)
    assert moved.starts_at == datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_is_for_who_books(wednesday: Any) -> None:
    world = wednesday.world
    start = wednesday.nine + timedelta(hours=5)
    for client, status in (
        (world.staff_client(world.ines), 403),
        (world.staff_client(world.carla), 404),
        (world.space_client(world.marc), 404),
        (Client(), 302),
    ):
        assert drop(wednesday, client, start).status_code == status
    missing = wednesday.address("agenda_move", world.lyon)
    assert world.staff_client(world.diane).post(missing, {"start": "x"}).status_code == 404
    assert get_appointment(wednesday.consultation).version == 1


class TestDroppedOnARoom:
    """The column of a room asks for that room; the service says whether it may have it."""

    @pytest.fixture
    def rooms(self, wednesday: Any) -> dict[str, UUID]:
        """A second consulting room, one for treatments alone, and one with no hours."""
        world = wednesday.world
        made = {}
        for code, skill in (("second", "consultation"), ("care", "treatment"), ("shut", "")):
            made[code] = create_resource(
                kind=ResourceKind.ROOM,
                code=f"lyon-{code}",
                name=f"Salle {code}",
                skills=(skill or "consultation",),
                site_id=world.lyon,
                actor=SYSTEM,
                at=world.at,
            )
            if skill:
                set_weekly_hours(
                    resource_id=made[code],
                    openings=[Opening(world.lyon, 2, 9 * 60, 18 * 60)],
                    actor=SYSTEM,
                    at=world.at,
                )
        return made

    def held(self, wednesday: Any) -> set[UUID | None]:
        rows = Occupancy.objects.filter(appointment_id=wednesday.consultation)
        return set(rows.values_list("resource_id", flat=True))

    def test_takes_that_room_and_tells_nobody_where_the_hour_stays(
        self, wednesday: Any, desk: Client, rooms: dict[str, UUID]
    ) -> None:
        before = get_appointment(wednesday.consultation)

        answer = drop(wednesday, desk, before.starts_at, resource=str(rooms["second"]))

        assert answer.status_code == 302
        assert rooms["second"] in self.held(wednesday)
        now = get_appointment(wednesday.consultation)
        assert (now.starts_at, now.practitioner_id) == (before.starts_at, before.practitioner_id)
        assert told(wednesday.at + timedelta(minutes=5)) == []

    def test_takes_it_at_another_hour_too(
        self, wednesday: Any, desk: Client, rooms: dict[str, UUID]
    ) -> None:
        start = wednesday.nine + timedelta(hours=7)

        assert drop(wednesday, desk, start, resource=str(rooms["second"])).status_code == 302

        assert rooms["second"] in self.held(wednesday)
        assert get_appointment(wednesday.consultation).starts_at == start

    @pytest.mark.parametrize(
        ("what", "why"),
        [
            ("care", "Salle care ne sert pas à cette prestation."),
            ("shut", "Salle shut\xa0: fermé ou déjà pris à ce moment-là."),
            ("pen", "Cette prestation n’occupe pas d’appareil."),
            ("paris", "Salle 1 se trouve sur un autre site."),
        ],
    )
    def test_is_refused_in_plain_words(
        self, wednesday: Any, desk: Client, rooms: dict[str, UUID], what: str, why: str
    ) -> None:
        world = wednesday.world
        asked = {**rooms, "pen": world.lyon_pen, "paris": world.paris_room}[what]
        before = self.held(wednesday), get_appointment(wednesday.consultation)

        answer = drop(
            wednesday, desk, before[1].starts_at + timedelta(minutes=30), resource=str(asked)
        )

        assert answer.status_code == UNPROCESSABLE
        assert why in unescape(answer.content.decode())
        assert (self.held(wednesday), get_appointment(wednesday.consultation)) == before

    def test_is_offered_on_the_card_for_the_keyboard(
        self, wednesday: Any, desk: Client, rooms: dict[str, UUID]
    ) -> None:
        card = desk.get(wednesday.address("agenda_card", wednesday.consultation))

        assert [one.name for one in card.context["card"].other_rooms] == ["Salle second"]
        assert f'name="resource" value="{rooms["second"]}"' in card.content.decode()
