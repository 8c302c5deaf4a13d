"""The server answers a browser in the browser's own language."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_root_leads_to_the_home_page_in_the_browsers_language(open_page, shows, language):
    page = open_page(language=language, device="phone")
    response = page.goto("/")
    assert response is not None
    assert response.ok
    assert page.url.endswith(f"/{language}/")
    assert page.locator("html").get_attribute("lang") == language
    shows(page, "home")


def test_no_page_is_wider_than_a_phone(open_page):
    page = open_page(device="phone")
    page.goto("/fr/")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
