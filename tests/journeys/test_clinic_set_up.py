"""The clinic's set-up in a browser: hours with an error, leave that displaces, moved with one click."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from aiguille.booking.operations import book
from aiguille.booking.queries import get_appointment
from aiguille.catalogue.queries import consultation_service, service_by_code
from aiguille.kernel.codes import Procedure
from aiguille.plumbing import clock
from tests.course import open_catalogue
from tests.journeys.conftest import OpenPage
from tests.world import AT, Person, World, build_world

TEN = AT + timedelta(days=2, hours=1)  # Wednesday, ten o'clock in Lyon
DAY = TEN.date()


def sign_in(page: Page, site: str, world: World, person: Person) -> None:
    page.context.clear_cookies()
    page.context.add_cookies(
        [
            {"name": name, "value": morsel.value, "url": site}
            for name, morsel in world.staff_client(person).cookies.items()
        ]
    )


def save(page: Page) -> None:
    page.locator("form .actions button").first.click()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_hours_leave_and_a_service_are_set_and_what_is_displaced_is_moved(
    site: str, open_page: OpenPage, shows: Callable[[Page, str], None], language: str
) -> None:
    clock.set_offset(AT - datetime.now(UTC))
    world = build_world()
    open_catalogue(at=AT)
    appointment_id = book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.NEEDLING).id,
        site_id=world.lyon,
        starts_at=TEN,
        actor=world.diane.actor,
        at=AT,
    )
    page = open_page(language=language, device="tablet")
    desk = f"{site}/{language}/desk"
    sign_in(page, site, world, world.ines)

    page.goto(f"{desk}/start/")
    shows(page, "overview")
    page.get_by_role("link", name="Dr Bruno Delmas").click()
    shows(page, "practitioner")

    page.locator(f'a[href$="{world.bruno_resource}/hours/"]').click()
    page.fill("[name=d0_0_until]", "08:00")
    save(page)
    assert page.input_value("[name=d0_0_until]") == "08:00"
    shows(page, "hours-refused")
    page.fill("[name=d0_0_until]", "12:30")
    page.select_option("[name=copy_from]", "0")
    page.check("[name=copy_to][value='1']")
    page.locator("button[value=copy]").click()
    assert page.input_value("[name=d1_0_until]") == "12:30"
    save(page)
    page.wait_for_url(f"**/{world.bruno_resource}/")
    # Monday until then, Monday and Tuesday from the day on that the new hours begin.
    assert page.get_by_text("09:00–12:30").count() == 3

    page.locator(f'a[href$="{world.bruno_resource}/close/"]').click()
    page.fill("[name=first_day]", str(DAY))
    shows(page, "leave")
    save(page)
    shows(page, "leave-displaces")
    save(page)
    page.wait_for_url(f"**/{world.bruno_resource}/")
    shows(page, "practitioner-away")

    page.goto(f"{desk}/clinic/sites/lyon/")
    page.locator("button[name=day][value=all]").click()
    shows(page, "public-holidays")

    page.goto(f"{desk}/clinic/services/")
    shows(page, "services")
    page.goto(f"{desk}/clinic/services/{service_by_code('session-needling-ageing').id}/")
    page.fill("[name=p0_minutes]", "600")
    save(page)
    assert page.input_value("[name=p0_minutes]") == "600"
    shows(page, "service-impossible")

    sign_in(page, site, world, world.diane)
    page.goto(f"{desk}/tasks/")
    page.locator('a[href$="/displaced/"]').first.click()
    shows(page, "to-be-moved")
    page.locator("button[name=start]").first.click()
    page.wait_for_url("**/displaced/*")
    assert page.locator("button[name=start]").count() == 0
    assert get_appointment(appointment_id).local_date != DAY
    shows(page, "nothing-left")
