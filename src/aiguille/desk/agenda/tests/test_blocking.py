"""Blocking time: who may, what it displaces, opening again, and putting back for a moment."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from aiguille.booking.queries import get_appointment
from aiguille.clinics.models import Closure
from tests.session_day import go_to

pytestmark = pytest.mark.django_db
UNPROCESSABLE = 422


def form(what: str = "bruno", *, first: str = "16:00", last: str = "17:00") -> dict[str, str]:
    return {
        "what": what,
        "from_date": "2026-03-04",
        "from_time": first,
        "until_date": "2026-03-04",
        "until_time": last,
        "reason": "Livraison",
    }


@pytest.fixture
def desk(wednesday: Any) -> Client:
    client: Client = wednesday.world.staff_client(wednesday.world.diane)
    return client


def test_free_time_is_blocked_at_once(wednesday: Any, desk: Client, shown: Any) -> None:
    answer = desk.post(wednesday.address("agenda_block"), form())
    assert answer.headers["Location"] == wednesday.address("agenda")
    columns = shown(desk.get(wednesday.address("agenda")))
    (bar,) = columns["bruno"].closed
    assert (bar.words, bar.length, bool(bar.href)) == ("Livraison", 60, True)
    assert not columns["lyon-room-1"].closed


def test_booked_time_is_shown_before_it_is_blocked(wednesday: Any, desk: Client) -> None:
    address, given = wednesday.address("agenda_block"), form(first="14:00", last="16:00")
    seen = desk.post(address, given)
    assert seen.status_code == UNPROCESSABLE
    assert "Lefèvre" in seen.content.decode()
    assert not Closure.objects.exists()
    wrong = desk.post(address, {**given, "confirmed": "something else"})
    assert wrong.status_code == UNPROCESSABLE
    key = seen.context["effects"].outcome.key
    saved = desk.post(address, {**given, "confirmed": key})
    assert saved.status_code == 302
    assert Closure.objects.count() == 1
    # Nothing moves by itself.
    assert get_appointment(wednesday.consultation).version == 1
    assert "Lefèvre" in desk.get(saved.headers["Location"]).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"until_time": "15:00"},
        {"until_date": "2028-03-04"},
        {"from_time": "25:00"},
        {"what": "paula"},
        {"what": ""},
        {"until_date": ""},
    ],
)
def test_what_cannot_be_blocked_is_said(
    wednesday: Any, desk: Client, wrong: dict[str, str]
) -> None:
    answer = desk.post(wednesday.address("agenda_block"), form() | wrong)
    assert answer.status_code == UNPROCESSABLE
    assert answer.context["form"].errors
    assert "Livraison" in answer.content.decode()
    assert not Closure.objects.exists()


def test_a_practitioner_blocks_their_own_time_alone(wednesday: Any) -> None:
    world = wednesday.world
    bruno = world.staff_client(world.bruno)
    address = wednesday.address("agenda_block")
    offered = bruno.get(address).context["form"].fields["what"].choices
    assert [code for _kind, group in offered for code, _name in group] == ["bruno"]
    assert bruno.post(address, form("lyon-room-1")).status_code == UNPROCESSABLE
    assert bruno.post(address, form()).status_code == 302
    closure = Closure.objects.get()
    hugo = world.staff_client(world.hugo)
    assert hugo.get(address).status_code == 403
    for client in (hugo, world.staff_client(world.paula)):
        opened = client.post(wednesday.address("agenda_unblock", closure.id))
        assert opened.status_code in {403, 404}
    assert world.staff_client(world.carla).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert Closure.objects.exists()


def test_what_was_dragged_over_stands_in_the_form(wednesday: Any, desk: Client) -> None:
    page = desk.get(
        wednesday.address(
            "agenda_block",
            what="lyon-room-1",
            start="2026-03-04T15:05:00.000Z",
            end="2026-03-04T16:10:00.000Z",
        )
    )
    initial = page.context["form"].initial
    assert initial["what"] == "lyon-room-1"
    assert f"{initial['from_time']:%H:%M}–{initial['until_time']:%H:%M}" == "16:05–17:10"


def test_opening_again_can_be_put_back(wednesday: Any, desk: Client) -> None:
    desk.post(wednesday.address("agenda_block"), form())
    was = Closure.objects.get()
    page = desk.get(wednesday.address("agenda_closure", was.id))
    assert "Livraison" in page.content.decode()
    answer = desk.post(wednesday.address("agenda_unblock", was.id))
    assert answer.headers["Location"] == wednesday.address("agenda")
    assert not Closure.objects.exists()
    assert desk.post(wednesday.address("agenda_unblock", was.id)).status_code == 404
    desk.post(wednesday.address("agenda_block_again"))
    again = Closure.objects.get()
    same = ("resource_id", "from_date", "from_minute", "until_date", "until_minute", "reason")
    assert [getattr(again, name) for name in same] == [getattr(was, name) for name in same]


def test_putting_a_block_back_is_offered_for_seconds(wednesday: Any, desk: Client) -> None:
    desk.post(wednesday.address("agenda_block"), form())
    desk.post(wednesday.address("agenda_unblock", Closure.objects.get().id))
    go_to(wednesday.at + timedelta(minutes=1))
    answer = desk.post(wednesday.address("agenda_block_again"), follow=True)
    assert "trop tard" in answer.content.decode()
    assert not Closure.objects.exists()


def test_a_block_that_would_displace_by_now_is_looked_at_first(
    wednesday: Any, desk: Client, book_for_marc: Any
) -> None:
    desk.post(wednesday.address("agenda_block"), form())
    desk.post(wednesday.address("agenda_unblock", Closure.objects.get().id))
    book_for_marc(wednesday.world, wednesday.nine + timedelta(hours=7))
    answer = desk.post(wednesday.address("agenda_block_again"))
    initial = desk.get(answer.headers["Location"]).context["form"].initial
    assert (initial["what"], f"{initial['from_time']:%H:%M}") == ("bruno", "16:00")
    assert not Closure.objects.exists()
