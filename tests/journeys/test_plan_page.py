"""The plan under a physician's hand: zones on the picture, limits beside what is typed."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import Page, expect

from aiguille.care.queries import list_plans
from aiguille.desk.care.tests.test_plan import Planning
from tests.journeys.conftest import OpenPage
from tests.session_day import go_to
from tests.world import AT, build_world

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "device"), [("fr", "phone"), ("en", "tablet")])
def test_a_plan_is_judged_as_it_is_typed(
    site: str,
    open_page: OpenPage,
    shows: Callable[[Page, str], None],
    language: str,
    device: str,
) -> None:
    go_to(AT)
    world = build_world()
    planning = Planning(world)
    cookie = planning.client.cookies[settings.SESSION_COOKIE_NAME]
    with translation.override(language):
        address = reverse("desk:plan", args=planning.args)
    page = open_page(language=language, device=device)
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])
    page.goto(address)
    shows(page, "proposed")
    left = page.locator("#id_needle_mm_CHEEK_left")
    beside = page.locator("#limits-needle_mm_CHEEK_left")
    decimal = "," if language == "fr" else "."

    left.fill(f"2{decimal}5")
    expect(beside).to_contain_text(f"2{decimal}5")
    expect(page.locator("#plan-state")).to_contain_text("1")
    beside.locator("summary").first.click()
    expect(beside).to_contain_text("N29")
    shows(page, "stopped")

    left.fill(f"1{decimal}8")
    expect(beside).to_contain_text(f"1{decimal}8")
    expect(beside.locator("input[name=seen]")).to_be_visible()

    page.locator("input[name=zones][value='NOSE:midline']").check(force=True)
    nose = page.locator("#id_needle_mm_NOSE_midline")
    expect(nose).to_have_value(f"0{decimal}5")
    expect(left).to_have_value(f"1{decimal}8")

    page.locator("[name=sessions_planned]").fill("9")
    expect(page.locator("#limits-sessions_planned input[name=seen]")).to_be_visible()
    for tick in page.locator("input[name=seen]").all():
        tick.check()
        expect(tick).to_be_focused()
    expect(page.locator("#plan-state svg + span")).not_to_contain_text("2")
    expect(page.locator("input[name=seen]:not(:checked)")).to_have_count(0)
    shows(page, "seen")

    page.locator("main form .actions button").click()
    page.wait_for_url("**/prescription/")
    (plan,) = list_plans(patient_id=planning.patient_id)
    assert [place.key for place in plan.places] == ["NOSE_midline", "CHEEK_left", "CHEEK_right"]
    assert len(plan.settings["acknowledged"]) == 2
