"""Photos and measures in a browser: added one by one, compared, measured over time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from aiguille.demo.drawings import cheek
from aiguille.kernel.ids import new_id
from aiguille.outcomes.operations import add_photo, record_scale
from aiguille.outcomes.queries import photos_of
from aiguille.outcomes.tests.drawn import heic
from aiguille.patients.queries import get_identity
from aiguille.plumbing import clock
from tests.session_day import SessionDay, ready_for_session
from tests.world import AT, World, build_world

pytestmark = pytest.mark.browser


@pytest.fixture
def clinic(site: str, tmp_path: Path, settings) -> World:
    """The small world, its vault in a folder that goes with the test."""
    clock.set_offset(AT - datetime.now(UTC))
    settings.VAR = tmp_path
    return build_world()


def sign_in(page, site, client):
    page.context.add_cookies(
        [
            {
                "name": "aiguille-session",
                "value": client.cookies["aiguille-session"].value,
                "url": site,
            }
        ]
    )


def drawings(folder: Path, *progress: float) -> list[str]:
    paths = []
    for share in progress:
        path = folder / f"IMG_{round(share * 100):03d}.jpg"
        path.write_bytes(cheek(phototype=2, progress=share, seed="anna"))
        paths.append(str(path))
    return paths


def course_of_photos(world: World) -> None:
    for number, days_ago in enumerate((90, 60, 30, 0)):
        add_photo(
            patient_id=world.anna.patient_id,
            content=cheek(phototype=2, progress=number / 3, seed="anna"),
            zone="CHEEK",
            side="left",
            taken_on=world.at.date() - timedelta(days=days_ago),
            form_key=new_id(),
            actor=world.bruno.actor,
            at=world.at,
        )


def measured(world: World, day: SessionDay) -> None:
    for grade, days in (("III", 0), ("III", 30), ("II", 90)):
        record_scale(
            patient_id=world.anna.patient_id,
            treatment_id=day.treatment,
            scale="glogau",
            moment="FOLLOW_UP" if days else "START",
            answers={"type": grade},
            form_key=new_id(),
            plan_id=day.plan,
            actor=world.bruno.actor,
            at=world.at + timedelta(days=days),
        )


@pytest.mark.parametrize(("language", "device"), [("fr", "tablet"), ("en", "phone")])
def test_photos_are_added_one_by_one_and_compared(
    clinic, site, open_page, shows, tmp_path, language, device
):
    page = open_page(language=language, device=device)
    sign_in(page, site, clinic.staff_client(clinic.bruno))
    number = get_identity(clinic.anna.patient_id).number
    address = f"/{language}/desk/patients/{number}/photos/"
    page.goto(address)
    shows(page, "empty")

    bad = tmp_path / "IMG_999.HEIC"
    bad.write_bytes(heic())
    page.locator("input[name=photos]").set_input_files([*drawings(tmp_path, 0, 1), str(bad)])
    page.locator("[name=zone]").select_option("CHEEK")
    page.locator("[name=side][value=left]").check(force=True)
    page.locator("form[data-photos] button[type=submit]").click()

    lines = page.locator("[data-sending-list] li")
    expect(lines).to_have_count(3)
    expect(lines.nth(2)).to_contain_text("HEIC")
    added = {"fr": "Ajoutée", "en": "Added"}[language]
    expect(lines.nth(0)).to_contain_text(added)
    expect(lines.nth(1)).to_contain_text(added)
    shows(page, "one-refused")
    assert len(photos_of(patient_id=clinic.anna.patient_id)) == 2

    course_of_photos(clinic)
    page.goto(address)
    expect(page.locator(".photo-tile img").first).to_have_js_property("complete", True)
    page.wait_for_load_state("networkidle")
    shows(page, "gallery")
    page.locator(".photo-tile a").last.click()
    shows(page, "one-photo")

    page.goto(f"{address}compare/")
    page.wait_for_load_state("networkidle")
    shows(page, "compared")
    second = page.locator("[data-compare] img").nth(1)
    before = second.get_attribute("src")
    page.keyboard.press("ArrowLeft")
    expect(second).not_to_have_attribute("src", before)
    page.locator("#zoom").fill("2")
    expect(page.locator("[data-compare]")).to_have_css("--larger", "2")
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


def test_a_patient_sends_photos_from_a_phone(clinic, site, open_page, shows, tmp_path):
    page = open_page(device="phone", dark=True)
    sign_in(page, site, clinic.space_client(clinic.anna))
    page.goto("/fr/space/documents/")
    page.get_by_role("link", name="Mes photos").click()
    page.locator("input[name=photos]").set_input_files(drawings(tmp_path, 0, 0.5))
    page.locator("[name=zone]").select_option("CHEEK")
    page.locator("[name=side][value=left]").check(force=True)
    shows(page, "form")
    page.get_by_role("button", name="Ajouter les photos").click()
    expect(page.locator(".photo-tile")).to_have_count(2)
    page.wait_for_load_state("networkidle")
    shows(page, "sent")
    page.locator(".photo-tile a").first.click()
    page.get_by_text("Retirer cette photo").click()
    shows(page, "one")


def test_a_photo_lost_on_its_way_is_sent_again_alone(clinic, site, open_page, shows, tmp_path):
    page = open_page(device="phone", language="en")
    sign_in(page, site, clinic.space_client(clinic.anna))
    page.goto("/en/space/photos/")
    lost: list[str] = []

    def lose_the_first(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/space/photos/", lose_the_first)
    page.locator("input[name=photos]").set_input_files(drawings(tmp_path, 0, 0.5, 1))
    page.locator("[name=zone]").select_option("CHEEK")
    page.locator("[name=side][value=left]").check(force=True)
    page.get_by_role("button", name="Add the photos").click()
    first = page.locator("[data-sending-list] li").first
    expect(first).to_contain_text("The connection was lost.")
    expect(page.get_by_text("Show the photos added")).to_be_visible()
    shows(page, "lost")
    assert len(photos_of(patient_id=clinic.anna.patient_id)) == 2

    first.get_by_role("button", name="Try again").click()
    expect(page.locator(".photo-tile")).to_have_count(3)
    assert len(photos_of(patient_id=clinic.anna.patient_id)) == 3


def test_a_course_is_measured_and_shown_over_time(clinic, site, open_page, shows):
    day = ready_for_session(clinic)
    measured(clinic, day)
    page = open_page(device="tablet")
    sign_in(page, site, clinic.staff_client(clinic.bruno))
    number = get_identity(clinic.anna.patient_id).number
    page.goto(f"/fr/desk/patients/{number}/")
    shows(page, "record")
    page.get_by_role("link", name="Mesures").click()
    shows(page, "measures")
    page.get_by_role("link", name="Rides, Fitzpatrick").first.click()
    page.locator("[name=scale-score]").select_option("5")
    shows(page, "score")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Cotation enregistrée.")).to_be_visible()
    page.get_by_role("link", name="Retirer").first.click()
    shows(page, "withdraw")

    phone = open_page(device="phone", language="en", dark=True)
    sign_in(phone, site, clinic.staff_client(clinic.bruno))
    phone.goto(f"/en/desk/patients/{number}/measures/")
    shows(phone, "measures-on-a-phone")
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
