"""A patient's space says when the cream of each session is put on and taken off."""

import pytest
from django.urls import reverse

from aiguille.booking.operations import cancel_appointment, move_appointment
from aiguille.booking.tests.test_preparation import TEN, book_at, order
from tests.course import open_course
from tests.world import World

pytestmark = pytest.mark.django_db


def shown(world: World, name: str) -> str:
    page = world.space_client(world.anna).get(reverse(f"portal:{name}"))
    assert page.status_code == 200
    return page.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_it_follows_each_appointment(world: World) -> None:
    course = open_course(world)
    first, second = book_at(world, course, TEN), book_at(world, course, TEN.replace(day=25))
    for name in ("home", "appointments"):
        assert "Crème" not in shown(world, name)
    order(world, course)
    assert "Crème anesthésiante : à appliquer à 08:15. À retirer à 10:00" in shown(world, "home")
    assert shown(world, "appointments").count("à appliquer à 08:15") == 2
    move_appointment(
        appointment_id=first,
        starts_at=TEN.replace(hour=13),
        actor=world.diane.actor,
        at=world.at,
    )
    assert "à appliquer à 12:15" in shown(world, "home")
    cancel_appointment(appointment_id=second, actor=world.diane.actor, at=world.at)
    assert shown(world, "appointments").count("à appliquer") == 1
