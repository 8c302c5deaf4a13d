"""The code of a box, read by the browser from a photograph and from the camera."""

from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import expect

from tests.session_day import go_to
from tests.world import AT, build_world

pytestmark = pytest.mark.browser

# (01)02000000000015(17)280131(10)LOT42(21)S7 as a GS1 DataMatrix; the GTIN is that of a product
# of the seed catalogue, in the range for use inside a company.
BOX = Path(__file__).with_name("data") / "box.png"
# A camera that sees the box: the browser's stream of a canvas on which the picture lies.
CAMERA_ON_THE_BOX = """async (picture) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 480];
  const draw = () => {
    const context = canvas.getContext("2d");
    context.fillStyle = "#d8d2c8";
    context.fillRect(0, 0, 640, 480);
    context.setTransform(1, 0.12, -0.12, 1, 240, 120);
    context.drawImage(image, 0, 0);
    context.resetTransform();
  };
  setInterval(draw, 50);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
}"""


@pytest.fixture
def receiving(site, open_page):
    """Return a function that opens the page of a delivery for the doctor."""
    go_to(AT)
    world = build_world()
    cookie = world.staff_client(world.bruno).cookies[settings.SESSION_COOKIE_NAME]

    def open_it(language, device):
        page = open_page(language=language, device=device)
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])
        with translation.override(language):
            page.goto(reverse("desk:stock_receive"))
        return page

    return open_it


def expect_what_the_code_says(page):
    expect(page.locator("[name=number]")).to_have_value("LOT42")
    expect(page.locator("[name=expiry]")).to_have_value("2028-01-31")
    expect(page.locator("[name=serials]")).to_have_value("S7")


@pytest.mark.parametrize(("language", "device"), [("fr", "tablet"), ("en", "phone")])
def test_a_photograph_of_a_box_fills_in_the_delivery(receiving, shows, language, device):
    page = receiving(language, device)
    shows(page, "before")
    page.locator("[data-scan-photo]").set_input_files(BOX)
    expect_what_the_code_says(page)
    shows(page, "after")


def test_a_photograph_without_a_code_is_said_to_be_one(receiving, tmp_path):
    page = receiving("fr", "phone")
    nothing = tmp_path / "nothing.png"
    page.screenshot(path=nothing)
    page.locator("[data-scan-photo]").set_input_files(nothing)
    expect(page.locator("[data-scan-said]")).to_contain_text("Aucun code trouvé")
    expect(page.locator("[name=number]")).to_have_value("")


def test_the_camera_reads_the_box_it_sees_and_is_let_go(receiving, shows):
    page = receiving("fr", "tablet")
    picture = f"data:image/png;base64,{b64(BOX)}"
    page.evaluate(CAMERA_ON_THE_BOX, picture)
    page.get_by_role("button", name="Scanner avec l’appareil photo").click()
    expect_what_the_code_says(page)
    shows(page, "read")


def test_a_camera_that_is_refused_leaves_the_field_to_be_typed(receiving):
    page = receiving("fr", "tablet")
    page.get_by_role("button", name="Scanner avec l’appareil photo").click()
    expect(page.locator("[data-scan-said]")).to_contain_text(
        "L’appareil photo n’est pas accessible"
    )
    expect(page.locator("[name=code]")).to_be_editable()


def b64(path):
    from base64 import b64encode

    return b64encode(path.read_bytes()).decode()
