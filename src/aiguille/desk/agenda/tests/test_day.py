"""The day of a site: who sees it, what it says, and that its cost does not grow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.accounts.operations import create_user
from aiguille.booking.operations import book
from aiguille.booking.queries import get_appointment
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.operations import Opening, create_resource, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ResourceKind
from aiguille.patients.operations import create_provisional
from tests.course import open_catalogue
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # in Lyon
MOST_QUERIES = 15


def fill(world: World, count: int) -> list[UUID]:
    """Book `count` consultations of as many patients today, with enough doctors and rooms."""
    booked = []
    for index in range(count):
        if index % 15 == 0 and index:
            add_doctor(world, index)
        patient_id = create_provisional(
            birth_name=f"Patient{chr(97 + index // 26)}{chr(97 + index % 26)}",
            first_names="Zoé",
            email=f"zoe{index}@example.net",
            phone="",
            language="fr",
            actor=world.diane.actor,
            at=world.at,
        )
        booked.append(
            book(
                patient_id=patient_id,
                service_id=consultation_service(Procedure.NEEDLING).id,
                site_id=world.lyon,
                starts_at=NINE + timedelta(minutes=35 * (index % 15)),
                actor=world.diane.actor,
                at=world.at,
            )
        )
    return booked


def add_doctor(world: World, index: int) -> None:
    user_id = create_user(
        email=f"doctor{index}@example.org",
        display_name=f"Médecin {index}",
        kind="STAFF",
        language="fr",
        password=PASSWORD,
        actor=SYSTEM,
        at=world.at,
    )
    for kind, skills in (
        (ResourceKind.PRACTITIONER, ("needling",)),
        (ResourceKind.ROOM, ("consultation",)),
    ):
        resource_id = create_resource(
            kind=kind,
            code=f"{kind}-{index}",
            name=f"{kind} {index}",
            title="Dr" if kind is ResourceKind.PRACTITIONER else "",
            skills=skills,
            user_id=user_id if kind is ResourceKind.PRACTITIONER else None,
            site_id=None if kind is ResourceKind.PRACTITIONER else world.lyon,
            actor=SYSTEM,
            at=world.at,
        )
        set_weekly_hours(
            resource_id=resource_id,
            openings=[Opening(world.lyon, 0, 9 * 60, 18 * 60)],
            actor=SYSTEM,
            at=world.at,
        )


@pytest.fixture
def day(world: World) -> str:
    open_catalogue(at=world.at)
    return reverse("desk:day")


@pytest.mark.parametrize("count", [3, 60])
def test_costs_the_same_whatever_the_number(
    world: World, day: str, count: int, django_assert_max_num_queries: Any
) -> None:
    fill(world, count)
    client = world.staff_client(world.bruno)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(day)
    assert len(page.context["shown"].lines) == count
    assert page.context["shown"].left == count


def test_shows_the_clinics_own_hours(world: World, day: str) -> None:
    fill(world, 1)
    page = world.staff_client(world.diane).get(day).content.decode()
    assert "09:00" in page
    assert "08:00" not in page


def test_is_for_who_sees_agendas(world: World, day: str) -> None:
    for name, status in (("bruno", 200), ("diane", 200), ("hugo", 200), ("ines", 403)):
        assert world.staff_client(getattr(world, name)).get(day).status_code == status
    assert world.staff_client(world.carla).get(day).status_code == 404
    assert world.space_client(world.anna).get(day).status_code == 404
    assert Client().get(day).status_code == 302


def test_is_of_the_sites_where_one_works(world: World, day: str) -> None:
    client = world.staff_client(world.bruno)
    assert client.get(day, {"site": "lyon"}).status_code == 200
    assert client.get(day, {"site": "paris"}).status_code == 404
    for wrong in ({"site": "x"}, {"day": "2026-02-30"}, {"day": "demain"}):
        assert client.get(day, wrong).status_code == 404


def test_may_be_only_ones_own(world: World, day: str) -> None:
    fill(world, 16)
    client = world.staff_client(world.bruno)
    everybody = client.get(day).context["shown"].lines
    mine = client.get(day, {"mine": "1"}).context["shown"].lines
    assert 0 < len(mine) < len(everybody)
    assert all(line.appointment.practitioner_id == world.bruno_resource for line in mine)


def test_notes_who_came_and_who_did_not(world: World, day: str) -> None:
    came, missed = fill(world, 2)
    client = world.staff_client(world.diane)
    client.post(reverse("desk:arrived", args=[came]))
    assert get_appointment(came).state == "ARRIVED"
    # Too early: it has not begun.
    answer = client.post(reverse("desk:no_show", args=[missed]), follow=True)
    assert get_appointment(missed).state == "BOOKED"
    assert answer.status_code == 200
    again = client.post(reverse("desk:arrived", args=[came]), follow=True)
    assert again.status_code == 200
    assert get_appointment(came).version == 2
