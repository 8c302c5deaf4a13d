"""The page of the guided session under a hurried hand."""

from dataclasses import dataclass

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import expect

from aiguille.journeys.run_session import begin_session
from tests.session_day import go_to, ready_for_session, run_to_the_end
from tests.world import AT, build_world

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Tablet:
    """The doctor's browser, and the address of the session that she leads."""

    cookie: dict[str, str]
    run: str


@pytest.fixture
def at_the_cream(site):
    """A session that has come to the numbing cream: a unit to open, then a long form."""
    go_to(AT)
    world = build_world()
    day = ready_for_session(world)
    go_to(day.at)
    session_id = begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)
    go_to(run_to_the_end(world, day, session_id, until="cream_on"))
    cookie = world.staff_client(world.bruno).cookies[settings.SESSION_COOKIE_NAME]
    with translation.override("fr"):
        run = reverse("desk:run", args=[session_id])
    return Tablet(cookie={"name": cookie.key, "value": cookie.value, "url": site}, run=run)


def test_the_form_does_not_move_when_the_title_of_the_step_is_reached(at_the_cream, open_page):
    page = open_page(device="tablet")
    page.context.add_cookies([at_the_cream.cookie])
    page.goto(at_the_cream.run)
    page.locator("form:has(input[name=action][value=unit]) button").click()
    page.wait_for_url("**#run-title")
    title = page.locator("#run-title")
    expect(title).to_be_focused()
    expect(title).to_be_in_viewport()
    expect(page.get_by_text("Arrêter la séance").first).to_be_in_viewport()
    assert page.evaluate("window.scrollY") == 0
