"""A visitor chooses what brings them, where, with whom and when; or waits for a time on a phone."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from aiguille.booking.models import Appointment, Offer
from aiguille.booking.offers import offer_free_times
from aiguille.booking.operations import book
from aiguille.catalogue import seed
from aiguille.kernel.actor import SYSTEM
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.queries import latest_mail
from aiguille.plumbing import clock
from tests.course import open_course

pytestmark = pytest.mark.browser


@pytest.fixture
def clinic(site, world, settings):
    settings.DEMO = True
    seed.load(actor=SYSTEM, at=world.at)
    return world


def fill_details(page: Page) -> None:
    page.get_by_label(re.compile("^Prénom|^First name")).fill("Élise")
    page.get_by_label(re.compile("^Nom|^Last name")).fill("Garnier")
    page.get_by_label(re.compile("^E-mail|^Adresse e-mail")).fill("elise@example.net")
    page.get_by_label(re.compile("^Téléphone|^Telephone")).fill("06 11 22 33 44")


@pytest.mark.parametrize(
    ("language", "concern"),
    [
        ("fr", "Ridules, éclat, signes de l’âge"),
        ("en", "Fine lines, radiance, signs of age"),
    ],
)
def test_a_visitor_elsewhere_books_from_a_concern(clinic, open_page, shows, language, concern):
    page = open_page(language=language, device="phone", time_zone="America/Toronto")
    page.goto(f"/{language}/book/")
    shows(page, "choose")
    page.get_by_role("link", name=concern).click()
    expect(page.get_by_role("link", name=concern)).to_have_attribute("aria-current", "true")
    shows(page, "concern")
    page.get_by_role("link", name=re.compile("Voir les horaires|See free times")).first.click()
    note = page.locator("[data-zone]").first
    expect(note).to_be_visible()
    shows(page, "times")
    page.locator(".slot").first.click()
    expect(page.locator("[data-timer-left]")).to_have_text(re.compile(r"^(10:00|9:\d\d)$"))
    expect(page.locator("[data-zone]").first).to_be_visible()
    shows(page, "details")
    fill_details(page)
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url(re.compile("/book/done/"))
    shows(page, "booked")
    assert Appointment.objects.count() == 1


def test_whoever_has_the_clinics_clock_is_told_of_no_other(clinic, open_page):
    page = open_page(device="phone")
    page.goto("/fr/book/consultation-mesotherapy/")
    expect(page.locator(".slot").first).to_be_visible()
    expect(page.locator("[data-zone]").first).to_be_hidden()


def test_a_time_is_chosen_by_keyboard_alone(clinic, open_page):
    page = open_page()
    page.goto("/fr/book/consultation-mesotherapy/")
    slot = page.locator(".slot").first
    for _ in range(90):
        page.keyboard.press("Tab")
        if slot.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/book/details/"))
    page.get_by_label(re.compile("^Prénom")).focus()
    for value in ("Élise", "Garnier", "elise@example.net", "06 11 22 33 44"):
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    submit = page.locator("form button[type=submit]").last
    while not submit.evaluate("element => element === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/book/done/"))
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_whom_no_time_suits_waits_and_takes_the_one_that_is_kept(
    clinic, open_page, shows, language
):
    page = open_page(language=language, device="phone", dark=language == "en")
    page.goto(f"/{language}/book/consultation-mesotherapy/")
    page.locator(f'a[href="/{language}/book/consultation-mesotherapy/wait/"]').click()
    shows(page, "join")
    page.locator("input[name=weekdays][value='2']").check()
    page.locator("input[name=from_minute]").fill("10:00")
    page.locator("input[name=until_minute]").fill("10:15")
    fill_details(page)
    page.locator("form button[type=submit]").last.click()
    expect(page.locator("#id_until_minute")).to_have_attribute("aria-invalid", "true")
    shows(page, "refused")
    page.locator("input[name=until_minute]").fill("12:00")
    page.locator("form button[type=submit]").last.click()
    # Times that would do are free: they are shown before anybody waits.
    expect(page.locator("button[name=start]")).to_have_count(3)
    shows(page, "free-now")
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url(re.compile("/waiting/joined/"))
    shows(page, "joined")

    offer_free_times(at=clock.now())
    send_all_due(at=clock.now())
    message = latest_mail()[0]
    link = re.findall(r"https?://[^/]+(/\w\w/w/[^/\s]+/)", message.text)[0]
    page.goto(link)
    shows(page, "offer")
    page.locator("form[action$='/accept/'] button").first.click()
    expect(page.locator("h1")).to_have_text(re.compile("Cet horaire est à vous|This time is yours"))
    shows(page, "accepted")
    assert Offer.objects.get().state == "ACCEPTED"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def sign_in(page: Page, site: str, client: Client) -> None:
    """Give the page's browser the session of a test client."""
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])


def test_a_patient_takes_an_earlier_time_and_the_desk_sees_who_waits(site, world, open_page, shows):
    course = open_course(world)
    later = book(
        patient_id=world.anna.patient_id,
        service_id=course.session_service,
        site_id=world.lyon,
        starts_at=datetime(2026, 3, 25, 9, 0, tzinfo=UTC),
        plan_id=course.plan,
        actor=world.diane.actor,
        at=world.at,
    )
    anna = open_page(device="phone")
    sign_in(anna, site, world.space_client(world.anna))
    anna.goto("/fr/space/appointments/")
    anna.get_by_role("link", name="Je voudrais un horaire plus tôt").click()
    shows(anna, "join")
    anna.locator("form button[type=submit]").last.click()
    # Earlier times are free: they are shown before she waits for others.
    expect(anna.locator("button[name=start]").first).to_be_visible()
    shows(anna, "free-now")
    anna.locator("form button[type=submit]").last.click()
    shows(anna, "waiting")
    offer_free_times(at=clock.now())
    anna.goto("/fr/space/")
    shows(anna, "home")
    desk = open_page(device="tablet")
    sign_in(desk, site, world.staff_client(world.diane))
    desk.goto("/fr/desk/waiting/")
    shows(desk, "desk-list")
    desk.get_by_role("link", name="Répondre pour elle").click()
    shows(desk, "desk-offer")
    anna.goto("/fr/space/appointments/")
    shows(anna, "offer")
    anna.locator("button[name=give_back]").click()
    expect(anna.get_by_text("Cet horaire est à vous.")).to_be_visible()
    shows(anna, "taken")
    assert Appointment.objects.get(id=later).starts_at < datetime(2026, 3, 25, tzinfo=UTC)
