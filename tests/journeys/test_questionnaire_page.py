"""The questionnaire on a telephone, screen by screen; the questions of the day on a tablet."""

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from aiguille.kernel.codes import Procedure
from aiguille.patients.queries import get_draft
from aiguille.portal.questionnaire.shown import PICTURES
from tests.session_day import go_to, ready_for_session
from tests.world import AT, World, build_world

pytestmark = pytest.mark.browser


@pytest.fixture
def clinic(site: str) -> World:
    go_to(AT)
    return build_world()


def carry(page: Page, client: Client, site: str) -> None:
    """Sign a browser in as a test's client is."""
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])


def number_of(page: Page) -> str:
    found = re.search(r"/(S\d\d)/", page.url)
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("language", "dark", "procedure"),
    [("fr", False, Procedure.NEEDLING), ("en", True, Procedure.MESOTHERAPY)],
)
def test_a_patient_answers_one_question_a_screen(
    clinic, site, open_page, shows, language, dark, procedure
):
    page = open_page(language=language, device="phone", dark=dark)
    carry(page, clinic.space_client(clinic.marc), site)
    page.goto(f"/{language}/space/questionnaire/{procedure}/")
    shows(page, "birth-date")
    for box, typed in zip(("day", "month", "year"), ("31", "2", "1979"), strict=True):
        page.locator(f"[name=birth_date_{box}]").fill(typed)
    page.locator("main form button").last.click()
    shows(page, "birth-date-refused")
    expect(page.locator("[name=birth_date_day]")).to_have_value("31")
    page.locator("[name=birth_date_day]").fill("23")
    page.locator("[name=birth_date_month]").fill("11")
    page.locator("main form button").last.click()

    met = []
    while "/review/" not in page.url:
        question = number_of(page)
        met.append(question)
        if question in PICTURES or question == "S32":
            shows(page, question)
        fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert fits, f"{question} is wider than the telephone"
        if question == "S08":
            say_yes_with_a_slip_of_the_keyboard(page, shows)
        elif question == "S10":
            # By keyboard alone: the answers come in order, and Enter gives one.
            page.locator("button[name=answer][value=yes]").focus()
            page.keyboard.press("Tab")
            expect(page.locator("button[name=answer][value=no]")).to_be_focused()
            page.keyboard.press("Enter")
            expect(page).not_to_have_url(re.compile("/S10/"))
        else:
            page.locator("button[name=answer][value=no]").click()
        if question == "S12":
            come_back_later(page, open_page, clinic, site, language, procedure)
    assert len(met) == len(set(met))
    assert len(met) == 54, "all of the 57 but both of the birth date and that of the day"
    shows(page, "review")
    page.locator("a[href*='/S15/']").click()
    shows(page, "changing")
    page.locator("button[name=answer][value=unknown]").click()
    page.wait_for_url("**/review/")
    page.locator("main form button").first.click()
    page.wait_for_url("**/done/")
    shows(page, "done")
    page.goto(f"/{language}/space/questionnaire/{procedure}/S15/?from=review")
    page.locator("button[name=answer][value=no]").click()
    shows(page, "review-changed")
    page.locator("button[name=forget]").click()
    expect(page).to_have_url(re.compile(r"/space/$"))
    shows(page, "forgotten")


def say_yes_with_a_slip_of_the_keyboard(page: Page, shows) -> None:
    page.locator("button[name=answer][value=yes]").click()
    page.wait_for_url("**/more/")
    shows(page, "details")
    page.locator("[name=zones][value=PERIORAL], [name=zones]").first.check()
    for box, typed in zip(("day", "month", "year"), ("1", "2", "2062"), strict=True):
        page.locator(f"[name=ended_{box}]").fill(typed)
    page.locator("main form button").last.click()
    shows(page, "details-refused")
    expect(page.locator("[name=ended_year]")).to_have_value("2062")
    page.locator("[name=ended_year]").fill("2026")
    page.locator("main form button").last.click()


def come_back_later(page: Page, open_page, clinic, site, language: str, procedure) -> None:
    here, question = page.url, number_of(page)
    page.locator("main a", has_text=re.compile("Retour|Back")).first.click()
    expect(page.locator(".question-choices .btn").first).to_be_visible()
    kept = get_draft(clinic.marc.patient_id, procedure).answers
    assert kept["S08"]["ended"] == "2026-02-01"
    later = open_page(language=language, device="phone")
    carry(later, clinic.space_client(clinic.marc), site)
    later.goto(f"/{language}/space/questionnaire/{procedure}/")
    assert number_of(later) == question, "it goes on where it was left"
    page.goto(here)


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)])
def test_the_questions_of_the_day_at_the_desk_and_in_the_space(
    clinic, site, open_page, shows, language, dark
):
    day = ready_for_session(clinic, Procedure.NEEDLING)
    go_to(day.at)
    phone = open_page(language=language, device="phone", dark=dark)
    carry(phone, clinic.space_client(clinic.anna), site)
    phone.goto(f"/{language}/space/appointments/{day.appointment}/questions/")
    shows(phone, "again")
    while "/review/" not in phone.url:
        if number_of(phone) == "S56":
            shows(phone, "again-S56")
            expect(phone.locator("button[name=answer]")).to_have_count(2)
        said = "yes" if number_of(phone) in {"S42", "S56"} else "no"
        phone.locator(f"button[name=answer][value={said}]").click()
        if "/more/" in phone.url:
            phone.locator("main form button").last.click()
    shows(phone, "again-review")
    phone.locator("main form button").first.click()
    phone.wait_for_url("**/done/")
    shows(phone, "again-done")
    phone.goto(f"/{language}/space/")
    shows(phone, "again-home")

    tablet = open_page(language=language, device="tablet", dark=dark)
    carry(tablet, clinic.staff_client(clinic.bruno), site)
    tablet.goto(f"/{language}/desk/appointments/{day.appointment}/questions/")
    shows(tablet, "desk")
    tablet.locator("[name=S05_answer][value=yes]").check()
    tablet.locator("main form button").last.click()
    shows(tablet, "desk-refused")
    tablet.locator("button[name=fill]").click()
    shows(tablet, "desk-filled")
    tablet.locator("[name=S56_answer][value=yes]").check()
    tablet.locator("main form button").last.click()
    tablet.wait_for_url(re.compile(r"/desk/\?"))
    shows(tablet, "desk-done")
    tablet.locator("tr a.link", has_text="Anna").first.click()
    tablet.locator("a[href*='/answers/']").first.click()
    shows(tablet, "history")
