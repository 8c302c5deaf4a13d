"""A member of staff sets up the second factor in a browser, and signs in with it from then on."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from tests.session_day import go_to
from tests.world import AT, PASSWORD, World, build_world

pytestmark = pytest.mark.browser

PERIOD = 30
SECRET = re.compile(r"\b[A-Z2-7]{32}\b")
REFUSED = {"fr": "Ce code est faux ou périmé.", "en": "This code is wrong or past."}


@pytest.fixture
def clinic(site: str, settings) -> World:
    """The world, committed, where staff need a second factor."""
    settings.STAFF_SECOND_FACTOR = True
    settings.ACCOUNT_RATE_LIMITS = False
    go_to(AT)
    return build_world()


def code_of(secret: str) -> str:
    """Return the code that the app on the phone shows, with seconds left to send it."""
    left = PERIOD - time.time() % PERIOD
    if left < 5:
        time.sleep(left)
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD)))


def wrong_code(secret: str) -> str:
    """Return six digits that the app does not show."""
    return f"{(int(code_of(secret)) + 1) % 10**6:06}"


def give_password(page: Page, email: str, language: str) -> None:
    """Sign in as far as the password goes."""
    page.goto(f"/{language}/desk/")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()


def give_code(page: Page, code: str) -> None:
    """Type a code and send it."""
    page.locator("[name=code]").fill(code)
    page.locator("main form:has([name=code]) button").first.click()


@pytest.mark.parametrize(
    ("language", "device", "dark"), [("fr", "tablet", False), ("en", "phone", True)]
)
def test_is_set_up_at_the_first_sign_in_and_asked_for_ever_after(
    clinic, open_page, shows, language, device, dark
):
    page = open_page(language=language, device=device, dark=dark)
    give_password(page, clinic.bruno.email, language)
    page.wait_for_url("**/2fa/totp/activate/**")
    shows(page, "set-up")
    found = SECRET.search(page.locator("main").inner_text())
    assert found is not None
    secret = found[0]

    give_code(page, wrong_code(secret))
    expect(page.locator("main")).to_contain_text(REFUSED[language])
    expect(page.locator("[name=code]")).to_have_attribute("aria-invalid", "true")
    shows(page, "set-up-refused")
    assert secret in page.locator("main").inner_text(), "the app on the phone keeps its secret"

    give_code(page, code_of(secret))
    page.wait_for_url("**/2fa/codes/**")
    shows(page, "recovery-codes")
    codes = page.locator("main li code").all_inner_texts()
    assert len(codes) == len(set(codes)) == 10
    page.locator("main a[href$='/desk/start/']").click()
    expect(page).to_have_url(re.compile("/desk/$"))
    shows(page, "day")

    other = open_page(language=language, device=device, dark=dark)
    give_password(other, clinic.bruno.email, language)
    other.wait_for_url("**/2fa/authenticate/**")
    shows(other, "second-step")
    other.goto(f"/{language}/desk/")
    expect(other).to_have_url(re.compile("/2fa/authenticate/"))
    give_code(other, wrong_code(secret))
    expect(other.locator("main")).to_contain_text(REFUSED[language])
    shows(other, "second-step-refused")
    give_code(other, code_of(secret))
    expect(other).to_have_url(re.compile("/desk/$"))

    third = open_page(language=language, device=device, dark=dark)
    give_password(third, clinic.bruno.email, language)
    give_code(third, codes[0])
    expect(third).to_have_url(re.compile("/desk/$"))

    fourth = open_page(language=language, device=device, dark=dark)
    give_password(fourth, clinic.bruno.email, language)
    give_code(fourth, codes[0])
    expect(fourth.locator("main")).to_contain_text(REFUSED[language])
