"""A verdict signed from a session left open: proved, given up, and proved again, in the browser."""

from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from aiguille.care.queries import list_verdicts
from aiguille.desk.care.tests.test_consultation import arrive, ask_all, url, written
from aiguille.plumbing import clock
from tests.course import open_catalogue
from tests.journeys.conftest import OpenPage
from tests.world import PASSWORD, World

pytestmark = pytest.mark.browser
REASON = "Peau saine.\n\nIndication retenue."


@pytest.fixture
def doctor(site: str, world: World, open_page: OpenPage) -> Page:
    """Dr Bruno before the verdict's form, six minutes after he signed in."""
    open_catalogue(at=world.at)
    bruno = world.staff_client(world.bruno)
    appointment_id = arrive(world)
    bruno.post(url("consultation", appointment_id), written())
    ask_all(bruno, world, appointment_id)
    clock.set_offset(timedelta(seconds=clock._offset.seconds) + timedelta(minutes=6))
    page = open_page(device="tablet")
    cookie = bruno.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])
    page.goto(url("verdict", appointment_id))
    page.locator("[name=treatment]").first.check()
    page.locator("[name=outcome][value=ELIGIBLE]").check()
    page.locator("[name=reason]").fill(REASON)
    sign(page)
    return page


def sign(page: Page) -> None:
    page.locator("main form button:not([type]), main form button[type=submit]").last.click()


def test_a_signature_waits_for_the_proof(doctor, world, shows):
    expect(doctor.get_by_role("heading", level=1)).to_have_text("Confirmez que c’est bien vous")
    shows(doctor, "confirm")

    # Not yet: the form is as it was, and nothing is signed.
    doctor.get_by_role("link", name="Ne pas signer encore").click()
    expect(doctor.locator("[name=reason]")).to_have_value(REASON)
    expect(doctor.locator("[name=outcome][value=ELIGIBLE]")).to_be_checked()
    shows(doctor, "given-up")
    assert list_verdicts(patient_id=world.anna.patient_id) == []

    # Then the password, once wrong: the plan follows by itself.
    sign(doctor)
    doctor.locator("input[name=password]").fill("wrong")
    sign(doctor)
    shows(doctor, "wrong-password")
    doctor.locator("input[name=password]").fill(PASSWORD)
    sign(doctor)
    doctor.wait_for_url("**/plan/**")
    (verdict,) = list_verdicts(patient_id=world.anna.patient_id)
    assert verdict.reason.replace("\r\n", "\n") == REASON
