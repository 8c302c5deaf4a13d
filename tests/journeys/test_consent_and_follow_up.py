"""Consent signed with a finger, advice after the session, a symptom and the doctor's answer."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from aiguille.consent.queries import current_consent
from aiguille.kernel.codes import Procedure, Symptom
from tests.after_session import end_session
from tests.session_day import go_to
from tests.world import AT, World, build_world

pytestmark = pytest.mark.browser


@pytest.fixture
def clinic(site: str) -> World:
    """The world, committed, with its clock."""
    go_to(AT)
    return build_world()


def enter(page: Page, client: Client, site: str) -> None:
    """Give the browser the session of a signed-in client."""
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])


def draw(page: Page) -> None:
    """Draw something with the pointer on the pad."""
    pad = page.locator("[data-signature-pad] canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 60)
    page.mouse.down()
    for step in range(24):
        page.mouse.move(box["x"] + 20 + step * 10, box["y"] + 40 + (step % 5) * 12)
    page.mouse.up()


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)])
def test_a_patient_signs_on_a_phone_and_changes_her_mind(
    clinic, site, open_page, shows, language, dark
):
    ended = end_session(clinic, Procedure.NEEDLING)
    go_to(ended.at + timedelta(hours=1))
    page = open_page(language=language, device="phone", dark=dark)
    enter(page, clinic.space_client(clinic.anna), site)
    page.goto(f"/{language}/space/consent/")
    shows(page, "consents")
    page.goto(f"/{language}/space/consent/signed/{ended.day.consent}/withdraw/")
    shows(page, "withdraw")
    page.locator("form[data-guard] button.btn-error").click()
    shows(page, "withdrawn")
    page.goto(f"/{language}/space/consent/needling-ageing/")
    shows(page, "text")
    page.locator("form.form .actions button").last.click()
    shows(page, "refused")
    for tick in page.locator("form.form input[type=checkbox]").all():
        tick.check()
    mention = page.locator("#id_mention_helptext").inner_text().strip("«“ ”»\u00a0")
    page.locator("#id_mention").fill(mention)
    draw(page)
    shows(page, "filled")
    page.locator("form.form .actions button").last.click()
    expect(page.locator("svg[role=img] path")).to_be_visible()
    shows(page, "signed")
    consent = current_consent(patient_id=clinic.anna.patient_id, treatment_id=ended.day.treatment)
    assert consent is not None
    assert consent.signature_kind == "DRAWN"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)])
def test_a_patient_reads_her_advice_and_reports_a_symptom_that_a_doctor_answers(
    clinic, site, open_page, shows, language, dark
):
    procedure = Procedure.NEEDLING if language == "fr" else Procedure.MESOTHERAPY
    ended = end_session(clinic, procedure)
    go_to(ended.at + timedelta(days=2, hours=3))
    page = open_page(language=language, device="phone", dark=dark)
    enter(page, clinic.space_client(clinic.anna), site)
    page.goto(f"/{language}/space/aftercare/")
    shows(page, "aftercare")
    for summary in page.locator("summary").all():
        summary.click()
    shows(page, "aftercare-opened")
    page.goto(f"/{language}/space/symptom/")
    shows(page, "symptom")
    page.locator("form.form .actions button").last.click()
    shows(page, "symptom-refused")
    for code in (
        Symptom.BREATHING_DIFFICULTY,
        Symptom.PUS,
        Symptom.NODULE,
        Symptom.BROWN_PATCHES,
        Symptom.REDNESS,
    ):
        page.goto(f"/{language}/space/symptom/")
        page.locator(f"input[value={code.value}]").check()
        page.locator("#id_pain").select_option("6")
        page.locator("#id_note").fill("Depuis hier soir, côté gauche.")
        page.locator("form.form .actions button").last.click()
        page.wait_for_url("**/symptom/*-*/")
        shows(page, f"report-{code.value}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    desk = open_page(language=language, device="tablet", dark=dark)
    enter(desk, clinic.staff_client(clinic.bruno), site)
    desk.goto(f"/{language}/desk/tasks/")
    shows(desk, "tasks")
    desk.locator("a.btn[href*='/symptoms/']").first.click()
    desk.wait_for_url("**/symptoms/**")
    shows(desk, "case")
    desk.locator("#id_note").fill("Venez nous voir ce soir à 18 heures.")
    desk.locator("#id_closes").check()
    desk.locator("form.form .actions button").last.click()
    expect(desk.locator("#id_note")).to_have_value("")
    shows(desk, "answered")
    page.goto(f"/{language}/space/symptom/")
    shows(page, "reports")
    page.locator(".panel-link a").last.click()
    shows(page, "answer")
