"""A prescription in the browser: ceilings as they are typed, lines added, removed and put back."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from aiguille.booking.tests.test_preparation import TEN, book_at, order
from aiguille.care.prescriptions import list_prescriptions
from aiguille.desk.care.tests.test_consultation import arrive, ask_all, url, written
from aiguille.plumbing import clock
from tests.course import open_catalogue, open_course
from tests.journeys.conftest import OpenPage
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.fixture(params=[("fr", "phone"), ("en", "desktop")], ids="-".join)
def doctor(request: pytest.FixtureRequest, site: str, world: World, open_page: OpenPage) -> Page:
    """Dr Bruno before the prescription of Anna's consultation."""
    language, device = request.param
    open_catalogue(at=world.at)
    bruno = world.staff_client(world.bruno)
    appointment_id = arrive(world)
    bruno.post(url("consultation", appointment_id), written())
    ask_all(bruno, world, appointment_id)
    clock.set_offset(timedelta(seconds=clock._offset.seconds))
    page = open_page(device=device, language=language)
    cookie = bruno.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])
    address = url("prescription", appointment_id)
    page.goto(re.sub("^/(fr|en)/", f"/{language}/", address))
    return page


def test_is_written_as_it_is_thought(doctor: Page, world: World, shows) -> None:
    english = "/en/" in doctor.url
    shows(doctor, "empty")
    doctor.locator("[name=product]").first.check()
    doctor.locator("[name=area_cm2]").fill("380")
    doctor.locator("[name=minutes_before]").fill("120")
    doctor.locator("[name=weight_kg]").fill("132")
    dose = doctor.locator("#dose")
    expect(dose).to_contain_text("57 g")
    expect(dose).to_contain_text("60 g")
    expect(dose).to_contain_text("60 kg")  # 132 pounds
    shows(doctor, "ceilings")
    doctor.locator("[name=area_cm2]").fill("601")
    expect(dose).to_contain_text("601")
    shows(doctor, "above")
    doctor.locator("[name=area_cm2]").fill("40")
    doctor.locator("[name=weight_kg]").fill("60")

    # Lines: two more, one removed, put back, without losing what is typed.
    doctor.locator("[name=line_0_drug]").fill("valaciclovir")
    add = doctor.locator("#add-line")
    add.click()
    expect(doctor.locator("[name=line_1_drug]")).to_be_focused()
    doctor.locator("[name=line_1_drug]").fill("paracétamol")
    doctor.locator("#line-0-toggle").click()
    expect(doctor.locator("[role=status]", has_text="valaciclovir")).to_be_visible()
    shows(doctor, "removed")
    doctor.locator("#line-0-toggle").click()
    expect(doctor.locator("[name=line_0_drug]")).to_be_visible()
    expect(doctor.locator("[name=line_0_drug]")).to_have_value("valaciclovir")
    expect(doctor.locator("[name=line_1_drug]")).to_have_value("paracétamol")
    expect(doctor.locator("[name=area_cm2]")).to_have_value("40")
    doctor.locator("#line-1-toggle").click()

    # Signed too early: each field says what the law wants, and nothing is lost.
    sign = doctor.get_by_role(
        "button", name="Sign the prescription" if english else "Signer l’ordonnance"
    )
    sign.click()
    expect(doctor.locator("[data-error-summary]")).to_be_visible()
    shows(doctor, "refused")
    doctor.locator("[name=line_0_dose]").fill("500 mg")
    doctor.locator("[name=line_0_frequency]").fill("2 / 24 h")
    doctor.locator("[name=line_0_route]").select_option("ORAL")
    doctor.locator("[name=line_0_duration]").fill("5 j")
    sign.click()
    doctor.wait_for_url("**/conclude/")
    shows(doctor, "signed")
    (signed,) = list_prescriptions(patient_id=world.anna.patient_id)
    assert [item["drug"] for item in signed.medicines] == ["valaciclovir"]
    assert signed.cream is not None
    assert signed.mentions["patient"]["weight_kg"] == "60"


def test_the_patient_reads_when(site: str, world: World, open_page: OpenPage, shows) -> None:
    course = open_course(world)
    order(world, course)
    book_at(world, course, TEN)
    page = open_page(device="phone")
    cookie = world.space_client(world.anna).cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])
    for name in ("home", "appointments"):
        page.goto(reverse(f"portal:{name}"))
        expect(page.locator("main")).to_contain_text("à appliquer à 08:15")
        shows(page, name)
