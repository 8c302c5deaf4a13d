"""A browser on the real pages: Debian's Chromium, a live server, committed data.

`open_page(language="fr", device="phone")` gives a page of a fresh visitor. Every page that a test
`shows` is kept under `var/screenshots`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from pytest_django.live_server_helper import LiveServer

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
DEVICES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "tablet": {"width": 1024, "height": 768},
    "desktop": {"width": 1440, "height": 900},
}

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the machine has it: nothing is downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("AIGUILLE_CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
    if found is None:
        pytest.fail(
            "Chromium is missing: install it (Debian: apt-get install chromium)", pytrace=False
        )
    # Chromium's own sandbox does not start as root, nor in small shared memory.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def site(committed_db: None, live_server: LiveServer) -> str:
    """Return the address of the pages, served over data that the test commits."""
    return live_server.url


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[OpenPage]:
    """Open pages of visitors who know nothing of each other; fail on an error in their console."""
    contexts = []
    errors: list[str] = []

    def open_one(
        *,
        language: str = "fr",
        device: str = "desktop",
        dark: bool = False,
        time_zone: str = "Europe/Paris",
    ) -> Page:
        context = browser.new_context(
            base_url=site,
            locale={"fr": "fr-FR", "en": "en-GB"}[language],
            timezone_id=time_zone,
            viewport=DEVICES[device],
            has_touch=device != "desktop",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# The rules of WCAG 2.2 at levels A and AA.
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def shows(request: pytest.FixtureRequest) -> Iterator[Callable[[Page, str], None]]:
    """Keep a picture of a whole page under the test's name, and have axe look at the page.

    What axe finds fails the test at its end, all at once.
    """
    folder = SCREENSHOTS / request.node.name.replace("/", "-")
    taken: list[str] = []
    found: dict[str, list[str]] = {}

    def show(page: Page, name: str) -> None:
        if name in taken:
            return
        folder.mkdir(parents=True, exist_ok=True)
        taken.append(name)
        page.screenshot(path=folder / f"{len(taken):02d}-{name}.png", full_page=True)
        for violation in _violations(page):
            found.setdefault(violation, []).append(name)

    yield show
    assert found == {}


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    report = page.evaluate(
        "levels => axe.run({runOnly: levels, resultTypes: ['violations']})", LEVELS
    )
    return [
        f"{violation['id']}: {node['target'][0]}"
        for violation in report["violations"]
        for node in violation["nodes"]
    ]
