"""The agenda's page: columns, stretches, shades, who sees it, and what it costs."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.booking.operations import cancel_appointment, hold_slot
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.operations import Opening, add_closure, set_weekly_hours
from aiguille.desk.agenda.tests.test_day import MOST_QUERIES, fill
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from tests.course import open_catalogue
from tests.session_day import go_to
from tests.world import World

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def page(wednesday: Any) -> Any:
    return wednesday.world.staff_client(wednesday.world.diane)


def test_shows_people_rooms_and_devices_side_by_side(wednesday: Any, page: Any, shown: Any) -> None:
    columns = shown(page.get(wednesday.address("agenda")))
    assert list(columns) == ["bruno", "lyon-room-1", "lyon-pen-1"]
    session_of = {
        code: [b for b in drawn.blocks if b.piece.appointment.id == wednesday.session]
        for code, drawn in columns.items()
    }
    (room,), (doctor,) = session_of["lyon-room-1"], session_of["bruno"]
    # Nine to six: the session begins at ten, the doctor comes when the cream has worked.
    assert (room.top, room.lead, room.before) == (60, 0, 0)
    assert doctor.top > room.top
    assert doctor.lead == room.top - doctor.top
    assert room.after > 0
    assert room.is_first != doctor.is_first


def test_shades_by_state_and_lateness(wednesday: Any, page: Any, shown: Any) -> None:
    def shade() -> str:
        columns = shown(page.get(wednesday.address("agenda")))
        blocks = columns["bruno"].blocks
        return str(
            next(b.shade for b in blocks if b.piece.appointment.id == wednesday.consultation)
        )

    assert shade() == "BOOKED"
    go_to(wednesday.nine + 6 * HOUR + timedelta(minutes=1))
    assert shade() == "LATE"
    page.post(reverse("desk:arrived", args=[wednesday.consultation]))
    assert shade() == "ARRIVED"


def test_hides_what_was_cancelled_until_it_is_asked_for(
    wednesday: Any, page: Any, shown: Any
) -> None:
    cancel_appointment(
        appointment_id=wednesday.consultation,
        actor=wednesday.world.diane.actor,
        at=wednesday.at,
    )
    without = page.get(wednesday.address("agenda"))
    assert len(shown(without)["bruno"].blocks) == 1
    assert "Afficher 1 rendez-vous annulé" in without.content.decode()
    columns = shown(page.get(wednesday.address("agenda", gone="1")))
    assert [b.shade for b in columns["bruno"].blocks] == ["ARRIVED", "CANCELLED"]
    assert not columns["bruno"].blocks[1].can_move


def test_free_time_is_what_is_open_ahead_and_not_taken(
    wednesday: Any, page: Any, shown: Any
) -> None:
    world = wednesday.world
    add_closure(
        resource_id=world.bruno_resource,
        from_date=date(2026, 3, 4),
        from_minute=13 * 60,
        until_date=date(2026, 3, 4),
        until_minute=14 * 60,
        reason="Réunion",
        actor=SYSTEM,
        at=world.at,
    )
    hold_slot(
        browser="somebody",
        service_id=consultation_service(Procedure.NEEDLING).id,
        site_id=world.lyon,
        starts_at=wednesday.nine + timedelta(hours=7, minutes=30),
        at=wednesday.at,
    )
    drawn = shown(page.get(wednesday.address("agenda")))["bruno"]
    taken = [(b.top, b.top + b.length) for b in (*drawn.blocks, *drawn.taken, *drawn.closed)]
    free = [(bar.top, bar.top + bar.length) for bar in drawn.free]
    now = free[0][0]
    assert now in {15, 20}  # nothing before now, and the clock goes on
    minutes = sorted([*taken, *free, (0, now)])
    assert [end for _start, end in minutes[:-1]] == [start for start, _end in minutes[1:]]
    assert [bar.kind for bar in drawn.taken] == ["online"]
    assert [bar.words for bar in drawn.closed] == ["Réunion"]


@pytest.mark.parametrize(("day", "lines"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_whose_clock_is_moved_has_a_line_for_each_of_its_hours(
    world: World, shown: Any, day: str, lines: int
) -> None:
    open_catalogue(at=world.at)
    set_weekly_hours(
        resource_id=world.lyon_room,
        openings=[Opening(world.lyon, weekday, 0, 1440) for weekday in range(7)],
        actor=SYSTEM,
        at=world.at,
    )
    client = world.staff_client(world.diane)
    room = shown(client.get(reverse("desk:agenda"), {"site": "lyon", "date": day}))["lyon-room-1"]
    assert room.length == lines * 60
    assert len(room.hours) == lines
    assert [bar.length for bar in room.opens] == [lines * 60]
    week = client.get(
        reverse("desk:agenda"),
        {"site": "lyon", "date": day, "view": "week", "who": "lyon-room-1"},
    ).context["grid"]
    assert [c.length for c in week.columns] == [1440] * 6 + [lines * 60]
    assert [c.own_hours for c in week.columns] == [False] * 6 + [True]


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize("query", ["", "?view=week", "?view=week&who=bruno", "?gone=1"])
def test_costs_the_same_whatever_the_number(
    world: World, count: int, query: str, django_assert_max_num_queries: Any
) -> None:
    open_catalogue(at=world.at)
    fill(world, count)
    client = world.staff_client(world.diane)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("desk:agenda") + query)
    assert page.status_code == 200
    assert page.content.decode().count("Zoé") >= min(count, 15)


def test_is_for_who_sees_agendas_at_their_sites(wednesday: Any) -> None:
    world, address = wednesday.world, wednesday.address("agenda")
    for name, status in (("bruno", 200), ("diane", 200), ("hugo", 200), ("ines", 403)):
        assert world.staff_client(getattr(world, name)).get(address).status_code == status
    for person in (world.carla, world.paula):
        assert world.staff_client(person).get(address).status_code == 404
    assert world.space_client(world.anna).get(address).status_code == 404
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"date": "demain"},
        {"view": "year"},
        {"who": "nobody"},
        {"site": "x"},
        {"date": "9999-12-31"},
    ],
)
def test_knows_no_other_place(wednesday: Any, page: Any, wrong: dict[str, str]) -> None:
    assert page.get(reverse("desk:agenda"), wrong).status_code == 404


@pytest.mark.parametrize(
    ("who", "codes"),
    [
        ("practitioners", ["bruno"]),
        ("places", ["lyon-room-1", "lyon-pen-1"]),
        ("lyon-room-1", ["lyon-room-1"]),
    ],
)
def test_may_be_narrowed(wednesday: Any, page: Any, shown: Any, who: str, codes: list[str]) -> None:
    assert list(shown(page.get(wednesday.address("agenda", who=who)))) == codes


def test_ones_own(wednesday: Any, shown: Any) -> None:
    world = wednesday.world
    mine = world.staff_client(world.bruno).get(wednesday.address("agenda", who="mine"))
    assert list(shown(mine)) == ["bruno"]


def test_a_card_offers_what_the_hour_and_the_role_allow(wednesday: Any) -> None:
    world = wednesday.world
    address = wednesday.address("agenda_card", wednesday.consultation)
    diane, bruno = world.staff_client(world.diane), world.staff_client(world.bruno)
    early = diane.get(address)
    assert (early.context["can_arrive"], early.context["can_miss"]) == (True, False)
    assert not early.context["can_consult"]
    fragment = diane.get(address, headers={"X-Agenda-Fragment": "1"}).content.decode()
    assert "<html" not in fragment
    assert "Marc" in fragment
    go_to(wednesday.nine + 7 * HOUR)
    late = diane.get(address)
    assert late.context["shade"] == "LATE"
    assert late.context["can_miss"]
    back = f"{wednesday.address('agenda')}#a-{wednesday.consultation}"
    answer = diane.post(reverse("desk:arrived", args=[wednesday.consultation]), {"back": back})
    assert answer.url == back
    assert bruno.get(address).context["can_consult"]
    for person in (world.carla, world.anna):
        client = world.staff_client(person) if person is world.carla else world.space_client(person)
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("away", ["//elsewhere.example", "https://elsewhere.example/", "x"])
def test_goes_back_to_pages_of_ours_alone(wednesday: Any, page: Any, away: str) -> None:
    answer = page.post(reverse("desk:arrived", args=[wednesday.consultation]), {"back": away})
    assert answer.url.startswith("/fr/desk/?")


def test_the_day_list_marks_who_is_late(wednesday: Any, page: Any) -> None:
    address = f"{reverse('desk:day')}?site=lyon&day=2026-03-04"
    no_show = reverse("desk:no_show", args=[wednesday.consultation])
    assert no_show not in page.get(address).content.decode()
    go_to(wednesday.nine + 7 * HOUR)
    content = page.get(address).content.decode()
    assert no_show in content
    assert "En retard" in content
