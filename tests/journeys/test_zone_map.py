"""The consultation and its map of zones in a real browser: touched, by keyboard, without script."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from aiguille.booking.operations import book, check_in
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.codes import Procedure, Side, Zone
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.plumbing.zone_map import zone_map
from tests.course import answer_no, open_catalogue
from tests.session_day import go_to
from tests.world import AT, World, build_world

pytestmark = pytest.mark.browser

TOUCHED = [
    ("face_front", ZoneSide(Zone.CHEEK, Side.LEFT)),
    ("face_right", ZoneSide(Zone.TEMPLE, Side.RIGHT)),
    ("scalp", ZoneSide(Zone.SCALP, Side.MIDLINE)),
    ("body_back", ZoneSide(Zone.BACK, Side.MIDLINE)),
    ("body_front", ZoneSide(Zone.HAND_DORSUM, Side.LEFT)),
]


@pytest.fixture
def clinic(site: str, settings) -> World:
    """The world, committed: Anna has answered, save one question."""
    settings.ACCOUNT_RATE_LIMITS = False
    go_to(AT)
    world = build_world()
    open_catalogue(at=world.at)
    answer_no(world, procedure=Procedure.NEEDLING, at=world.at, S18="yes", S46="unknown")
    return world


@pytest.fixture
def address(clinic: World) -> str:
    """The page of the consultation for which Anna has come."""
    appointment_id = book(
        patient_id=clinic.anna.patient_id,
        service_id=consultation_service(Procedure.NEEDLING).id,
        site_id=clinic.lyon,
        starts_at=clinic.at + timedelta(hours=1),
        practitioner_id=clinic.bruno_resource,
        actor=clinic.diane.actor,
        at=clinic.at,
    )
    check_in(appointment_id=appointment_id, actor=clinic.diane.actor, at=clinic.at)
    return f"desk/consultations/{appointment_id}/"


@pytest.fixture
def without_script(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """A tablet whose browser runs no script."""
    context = browser.new_context(
        base_url=site,
        java_script_enabled=False,
        has_touch=True,
        viewport={"width": 1024, "height": 768},
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


def sign_in(context: BrowserContext, site: str, world: World) -> None:
    name = django_settings.SESSION_COOKIE_NAME
    value = world.staff_client(world.bruno).cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": site}])


def touch(page: Page, view: str, wanted: ZoneSide) -> None:
    """Touch a place in the middle of an area that its view shows."""
    drawn = zone_map().view(view)
    x, y = next(
        (x, y)
        for x, y in ((a / 60, b / 60) for a in range(60) for b in range(60))
        if _is_within(view, wanted, x, y)
    )
    picture = page.locator(f"[data-view={view}] > div")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    assert abs(box["height"] / box["width"] - drawn.height / drawn.width) < 0.02
    page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])


def _is_within(view: str, wanted: ZoneSide, x: float, y: float) -> bool:
    """Tell whether a place and all around it lie on the area: a finger is no point."""
    drawn = zone_map().view(view)
    around = [(x + a, y + b) for a in (-0.02, 0, 0.02) for b in (-0.015, 0, 0.015)]
    found = [drawn.area_at(*place) for place in around]
    return all(area is not None and area.zone_side == wanted for area in found)


@pytest.mark.parametrize(("view", "wanted"), TOUCHED, ids=str)
def test_an_area_is_ticked_by_a_touch_without_script(
    without_script, site, clinic, address, view, wanted
):
    sign_in(without_script, site, clinic)
    page = without_script.new_page()
    page.goto(f"/fr/{address}")
    box = page.locator(f"[name=zones][value='{wanted.code}']")
    row = page.locator(f"[data-exam={wanted.zone}]")
    expect(row).to_be_hidden()
    touch(page, view, wanted)
    expect(box).to_be_checked()
    expect(page.locator("[name=zones]:checked")).to_have_count(1)
    expect(row).to_be_visible()
    touch(page, view, wanted)
    expect(box).not_to_be_checked()
    expect(row).to_be_hidden()


@pytest.mark.parametrize(
    ("language", "device", "dark"),
    [("fr", "desktop", False), ("en", "tablet", True), ("en", "phone", False)],
)
def test_a_consultation_is_written_by_keyboard(
    open_page, shows, site, clinic, address, language, device, dark
):
    page = open_page(language=language, device=device, dark=dark)
    sign_in(page.context, site, clinic)
    page.goto(f"/{language}/{address}")
    shows(page, "empty")
    page.locator("[name=reason]").fill("Cicatrices d’acné")
    page.locator("[name=phototype]").first.focus()
    page.keyboard.press("ArrowDown")
    page.locator("[name=zones][value='CHEEK:right']").focus()
    page.keyboard.press("Space")
    page.locator("[name=examined_CHEEK_seen][value=atrophic_scars]").focus()
    page.keyboard.press("Space")
    page.locator("[name=examined_CHEEK_seen][value=active_acne]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    shows(page, "filled")
    page.locator("[name=reason]").focus()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile("/verdict/"))
    page.goto(f"/{language}/{address}")
    expect(page.locator("[name=zones]:checked")).to_have_count(1)
    expect(page.locator("[name=examined_CHEEK_seen]:checked")).to_have_count(2)
    expect(page.locator("[name=phototype]:checked")).to_have_value("2")
    expect(
        page.get_by_role("checkbox", name=re.compile("Joue, Droite|Cheek, Right"))
    ).to_be_checked()
    shows(page, "written")


def test_a_draft_survives_a_reload(open_page, site, clinic, address):
    page = open_page()
    sign_in(page.context, site, clinic)
    page.goto(f"/fr/{address}")
    with page.expect_response(lambda answer: "/draft/" in answer.url and answer.ok):
        page.locator("[name=zones][value='NOSE:midline']").check()
    with page.expect_response(lambda answer: "/draft/" in answer.url and answer.ok):
        page.locator("[name=examined_NOSE_note]").fill("Pores")
    page.reload()
    expect(page.locator("[name=zones]:checked")).to_have_value("NOSE:midline")
    expect(page.locator("[name=examined_NOSE_note]")).to_have_value("Pores")
