"""What concerns a patient, read on their phone before the session, and told to the doctor."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import Page, expect

from aiguille.journeys.read_information import read_information
from aiguille.journeys.tests.test_read_information import CODE, say_yes
from aiguille.kernel.codes import Procedure
from tests.journeys.conftest import OpenPage
from tests.session_day import go_to, ready_for_session
from tests.world import AT, build_world

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "device"), [("fr", "phone"), ("en", "tablet")])
def test_a_patient_reads_and_ticks_each_text(
    site: str,
    open_page: OpenPage,
    shows: Callable[[Page, str], None],
    language: str,
    device: str,
) -> None:
    go_to(AT)
    world = build_world()
    day = ready_for_session(world, Procedure.NEEDLING)
    say_yes(world, day, "S25", "S50")
    go_to(day.at)
    cookie = world.space_client(world.anna).cookies[settings.SESSION_COOKIE_NAME]
    with translation.override(language):
        home = reverse("portal:home")
    page = open_page(language=language, device=device)
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])
    page.goto(home)
    shows(page, "home")
    page.locator("a[href*='/information/']").click()
    shows(page, "to-read")
    page.locator("main form .actions button").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(2)
    shows(page, "not-ticked")
    for box in page.locator("main form input[type=checkbox]").all():
        box.check()
    page.locator("main form .actions button").click()
    page.wait_for_url(f"**{home}")
    expect(page.locator("a[href*='/information/']")).to_have_count(0)
    shows(page, "read")
    reading = read_information(patient_id=day.patient_id, treatment_code=CODE, at=day.at)
    assert [item.is_read for item in reading.information] == [True, True]
