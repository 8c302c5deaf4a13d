"""A whole course in the browser: the patient books it on a phone, the desk moves it on a tablet."""

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.patients.queries import get_identity
from tests.course import SESSIONS, open_course
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def clinic(site: str, world: World) -> World:
    """The world, committed, with Anna's plan."""
    open_course(world)
    return world


def sign_in(context: BrowserContext, client: Client, site: str) -> None:
    """Give a browser the session that a test's client has."""
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])


def sessions(world: World) -> list[AppointmentView]:
    found = [v for v in appointments_of_patient(world.anna.patient_id) if v.is_standing]
    return sorted(found, key=lambda view: view.starts_at)


def is_narrow_enough(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def test_a_course_is_booked_moved_and_mended(clinic, site, open_page, shows):
    phone = open_page(device="phone")
    sign_in(phone.context, clinic.space_client(clinic.anna), site)
    phone.goto("/fr/space/")
    shows(phone, "home")
    phone.get_by_role("link", name="Réserver toutes les séances").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Toutes vos séances")
    shows(phone, "proposal")
    assert is_narrow_enough(phone)

    # Thursdays, in the morning; then another time for the second one.
    phone.get_by_label("jeudi", exact=True).check()
    phone.get_by_label("Moment de la journée").select_option(label="Matin")
    phone.get_by_role("button", name="Proposer à nouveau").click()
    expect(phone.locator(".story-label").first).to_contain_text("jeudi")
    phone.get_by_role("link", name=re.compile("Un autre horaire")).nth(1).click()
    shows(phone, "another-time")
    assert is_narrow_enough(phone)
    phone.locator("button.slot").nth(5).click()
    shows(phone, "proposal-changed")
    phone.get_by_role("button", name=f"Réserver ces {SESSIONS} séances").click()
    expect(phone.get_by_text("Vos séances sont réservées.")).to_be_visible()
    booked = sessions(clinic)
    assert len(booked) == SESSIONS
    shows(phone, "appointments")

    # The desk moves the first: the others are shown before anything is moved.
    tablet = open_page(device="tablet")
    sign_in(tablet.context, clinic.staff_client(clinic.bruno), site)
    tablet.goto(f"/fr/desk/appointments/{booked[0].id}/move/?from=2026-03-16")
    tablet.locator("button.slot").nth(4).click()
    expect(
        tablet.get_by_text("D’autres séances de la cure seraient déplacées aussi")
    ).to_be_visible()
    shows(tablet, "move")
    tablet.get_by_role("button", name="Tout déplacer").click()
    expect(tablet.get_by_text("La cure est déplacée.")).to_be_visible()
    moved = sessions(clinic)
    assert len({view.starts_at for view in moved} - {view.starts_at for view in booked}) >= 2

    # One is cancelled: the record says so and leads to a proposal.
    number = get_identity(clinic.anna.patient_id).number
    tablet.goto(f"/fr/desk/patients/{number}/")
    card = tablet.get_by_text(re.compile("Séance 2|séance 2")).first
    expect(card).to_be_visible()
    cancel = tablet.get_by_role("button", name="Annuler", exact=True).nth(1)
    cancel.click()
    tablet.get_by_role("dialog").get_by_role("button", name="Annuler", exact=True).click()
    tablet.goto(f"/fr/desk/patients/{number}/")
    shows(tablet, "record")
    tablet.get_by_role("link", name="Voir ce qui est proposé").click()
    shows(tablet, "mended")
    tablet.get_by_role("button", name=re.compile("Réserver cette séance|Confirmer")).click()
    expect(tablet.get_by_text("Les séances sont réservées.")).to_be_visible()
    assert len(sessions(clinic)) == SESSIONS


def test_a_course_is_booked_without_scripts_in_english(clinic, site, browser, open_page):
    context = browser.new_context(base_url=site, java_script_enabled=False, locale="en-GB")
    sign_in(context, clinic.space_client(clinic.anna), site)
    page = context.new_page()
    page.goto("/en/space/")
    page.get_by_role("link", name="Book all the sessions").click()
    page.get_by_role("link", name=re.compile("Another time")).first.click()
    page.locator("button.slot").nth(3).click()
    page.get_by_role("button", name=f"Book these {SESSIONS} sessions").click()
    expect(page.get_by_text("Your sessions are booked.")).to_be_visible()
    assert len(sessions(clinic)) == SESSIONS
    context.close()
