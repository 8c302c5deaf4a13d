"""The desk's agenda in a browser: dragged with the mouse, worked by keyboard, looked at."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from aiguille.booking.operations import book, check_in
from aiguille.booking.queries import AppointmentView, get_appointment
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.operations import Opening, add_closure, create_resource, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ResourceKind
from aiguille.plumbing import clock
from tests.journeys.conftest import OpenPage
from tests.session_day import go_to, ready_for_session
from tests.world import Person, World, build_world

DAY = "2026-03-04"  # the Wednesday of the world's week
NINE = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)  # in Lyon


@pytest.fixture
def clinic(site: str) -> World:
    """Open the world with a session of Anna's on Wednesday, Marc's consultation, and more."""
    clock.set_offset(datetime(2026, 3, 2, 8, tzinfo=UTC) - datetime.now(UTC))
    world = build_world()
    for kind, code, name in (
        (ResourceKind.ROOM, "lyon-room-2", "Salle 2"),
        (ResourceKind.DEVICE, "lyon-pen-2", "Stylo 2"),
    ):
        resource_id = create_resource(
            kind=kind,
            code=code,
            name=name,
            skills=("needling-pen",) if kind is ResourceKind.DEVICE else ("consultation",),
            site_id=world.lyon,
            actor=SYSTEM,
            at=world.at,
        )
        set_weekly_hours(
            resource_id=resource_id,
            openings=[Opening(world.lyon, day, 9 * 60, 18 * 60) for day in range(5)],
            actor=SYSTEM,
            at=world.at,
        )
    ready_for_session(world, Procedure.NEEDLING)
    add_closure(
        resource_id=world.bruno_resource,
        from_date=NINE.date(),
        from_minute=13 * 60,
        until_date=NINE.date(),
        until_minute=14 * 60,
        reason="Réunion d’équipe",
        actor=SYSTEM,
        at=world.at,
    )
    go_to(NINE + timedelta(minutes=20))
    return world


def consultation(world: World, starts_at: datetime) -> UUID:
    """Book a consultation of Marc's with Dr Bruno."""
    return book(
        patient_id=world.marc.patient_id,
        service_id=consultation_service(Procedure.NEEDLING).id,
        site_id=world.lyon,
        starts_at=starts_at,
        practitioner_id=world.bruno_resource,
        actor=world.diane.actor,
        at=world.at,
    )


def enter(page: Page, world: World, person: Person) -> None:
    """Let a member of staff be signed in already."""
    name = settings.SESSION_COOKIE_NAME
    value = world.staff_client(person).cookies[name].value
    origin = page.evaluate("location.origin")
    page.context.add_cookies([{"name": name, "value": value, "url": origin}])


def open_agenda(page: Page, world: World, *, query: str = "", language: str = "fr") -> None:
    """Open Wednesday's agenda as Diane of the front desk."""
    page.goto(f"/{language}/")
    enter(page, world, world.diane)
    page.goto(f"/{language}/desk/agenda/?date={DAY}{query}")
    expect(page.locator("[data-agenda], [data-agenda-week]").first).to_be_visible()


def blocks_of(page: Page, appointment: UUID) -> Locator:
    """Return the pieces of an appointment, the practitioner's first."""
    return page.locator(f"[data-appointment='{appointment}']")


def drag(page: Page, piece: Locator, *, minutes: int, sideways: float = 0) -> None:
    """Drag a piece down by some minutes, as a hand does: in steps."""
    piece.scroll_into_view_if_needed()
    box = piece.bounding_box()
    length = int(piece.evaluate("e => e.style.getPropertyValue('--length')"))
    assert box is not None
    # The frame of a block takes two pixels off its height.
    per_minute = (box["height"] + 2) / length
    x, y = box["x"] + box["width"] / 2, box["y"] + min(10, box["height"] / 2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + sideways / 2, y + minutes * per_minute / 2, steps=4)
    page.mouse.move(x + sideways, y + minutes * per_minute, steps=6)
    expect(page.locator(".agenda-ghost")).to_be_visible()
    page.mouse.up()


def test_an_appointment_is_dragged_asked_about_moved_and_put_back(
    clinic: World, open_page: OpenPage
) -> None:
    moved = consultation(clinic, NINE + timedelta(hours=6))
    was = get_appointment(moved)
    page = open_page()
    open_agenda(page, clinic)
    drag(page, blocks_of(page, moved).first, minutes=45)
    dialog = page.locator("dialog[data-agenda-drop]")
    expect(dialog).to_contain_text("mercredi 4 mars à 15:45")
    assert get_appointment(moved).starts_at == was.starts_at  # nobody was asked yet
    dialog.get_by_role("button", name="Le laisser en place").click()
    expect(dialog).to_be_hidden()
    drag(page, blocks_of(page, moved).first, minutes=45)
    dialog.get_by_role("button", name="Déplacer").click()
    page.wait_for_url("**/desk/agenda/**")
    expect(page.locator("[data-agenda-undo]")).to_be_visible()
    assert get_appointment(moved).starts_at == was.starts_at + timedelta(minutes=45)
    page.get_by_role("button", name="Remettre en place").click()
    expect(page.locator("[data-agenda-undo]")).to_have_count(0)
    now = get_appointment(moved)
    assert (now.starts_at, now.practitioner_id) == (was.starts_at, was.practitioner_id)


def test_what_may_not_be_moved_stays_and_says_why_with_the_nearest_times(
    clinic: World, open_page: OpenPage
) -> None:
    moved = consultation(clinic, NINE + timedelta(hours=3))  # noon; Dr Bruno is away from one on
    page = open_page()
    open_agenda(page, clinic)
    drag(page, blocks_of(page, moved).first, minutes=60)
    page.locator("dialog[data-agenda-drop] form").get_by_role("button", name="Déplacer").click()
    refusal = page.locator("[data-agenda-refused]")
    expect(refusal).to_contain_text("reste le")
    assert get_appointment(moved).starts_at == NINE + timedelta(hours=3)
    nearest = refusal.locator("form button")
    expect(nearest).to_have_count(3)
    nearest.first.click()
    expect(page.locator("[data-agenda-undo]")).to_be_visible()
    assert get_appointment(moved).starts_at != NINE + timedelta(hours=3)


def test_the_keyboard_alone_moves_an_appointment(clinic: World, open_page: OpenPage) -> None:
    moved = consultation(clinic, NINE + timedelta(hours=6))
    page = open_page(language="en")
    open_agenda(page, clinic, language="en")
    blocks_of(page, moved).first.focus()
    page.keyboard.press("Enter")
    card = page.locator("dialog[data-agenda-card]")
    expect(card).to_contain_text("Marc Lefèvre")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(blocks_of(page, moved).first).to_be_focused()
    page.keyboard.press("Enter")
    expect(card).to_be_visible()
    link = card.get_by_role("link", name="Move")
    for _ in range(12):
        if link.evaluate("e => e === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/move/**")
    first = page.locator("button[name=start]").first
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/agenda/**")
    assert get_appointment(moved).starts_at != NINE + timedelta(hours=6)


def test_free_time_is_clicked_and_a_patient_found_while_typing_is_booked(
    clinic: World, open_page: OpenPage
) -> None:
    page = open_page(device="tablet")
    open_agenda(page, clinic, query="&who=bruno")
    free = page.locator("[data-free]").last
    free.scroll_into_view_if_needed()
    free.click(position={"x": 30, "y": 40})
    page.wait_for_url("**/desk/agenda/book/**")
    page.keyboard.type("lef")
    found = page.locator("[data-agenda-found] li")
    expect(found).to_have_count(1)
    found.get_by_role("link").click()
    page.get_by_role("button", name="Réserver").click()
    page.wait_for_url("**/desk/agenda/?**")
    expect(page.locator("a[id^=a-]", has_text="Marc Lefèvre")).to_be_visible()


def test_free_time_is_dragged_over_and_blocked(clinic: World, open_page: OpenPage) -> None:
    page = open_page()
    open_agenda(page, clinic, query="&who=bruno")
    free = page.locator("[data-free]").last
    free.scroll_into_view_if_needed()
    box = free.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 110, steps=6)
    expect(page.locator(".agenda-selection")).to_be_visible()
    page.mouse.up()
    page.wait_for_url("**/desk/agenda/block/**")
    page.locator("[name=reason]").fill("Livraison")
    page.get_by_role("button", name="Bloquer").click()
    page.wait_for_url("**/desk/agenda/?**")
    page.locator("a.agenda-closed", has_text="Livraison").click()
    page.get_by_role("button", name="Rouvrir").click()
    expect(page.locator("[data-agenda-undo]")).to_be_visible()
    page.get_by_role("button", name="Remettre en place").click()
    expect(page.locator("a.agenda-closed", has_text="Livraison")).to_be_visible()


@pytest.mark.parametrize(
    ("by", "size"), [("site", b"841.9 594.9"), ("practitioner", b"594.9 841.9")]
)
def test_the_day_fits_one_sheet(clinic: World, open_page: OpenPage, by: str, size: bytes) -> None:
    consultation(clinic, NINE + timedelta(hours=6))
    page = open_page()
    open_agenda(page, clinic)
    page.goto(f"/fr/desk/agenda/print/?date={DAY}&by={by}")
    paper = page.pdf(prefer_css_page_size=True)
    sheets = re.findall(rb"/MediaBox ?\[0 0 ([0-9]+\.[0-9])[0-9]* ([0-9]+\.[0-9])[0-9]*\]", paper)
    assert [b" ".join(sides) for sides in sheets] == [size]


@pytest.mark.parametrize(
    ("language", "device", "dark"),
    [("fr", "desktop", False), ("en", "tablet", True), ("fr", "phone", False)],
    ids=["fr-desktop", "en-tablet-dark", "fr-phone"],
)
def test_every_page_of_the_agenda_is_accessible(
    clinic: World, open_page: OpenPage, shows: object, language: str, device: str, dark: bool
) -> None:
    here = consultation(clinic, NINE + timedelta(hours=6))
    consultation(clinic, NINE + timedelta(days=1))
    late: AppointmentView = get_appointment(here)
    check_in(appointment_id=here, actor=clinic.diane.actor, at=clock.now())
    page = open_page(language=language, device=device, dark=dark)
    assert callable(shows)
    open_agenda(page, clinic, language=language)
    shows(page, "day")
    blocks_of(page, late.id).first.click()
    expect(page.locator("dialog[data-agenda-card]")).to_contain_text("Marc")
    shows(page, "card")
    for name, query in (("week", "&view=week"), ("week-of-one", "&view=week&who=bruno")):
        open_agenda(page, clinic, query=query, language=language)
        shows(page, name)
    start = "start=2026-03-04T15:00:00Z&with=bruno&site=lyon"
    for name, path in (
        ("find", f"book/?{start}&q=an"),
        ("book", f"book/?{start}&patient={late.patient_number}"),
        ("block", f"block/?site=lyon&date={DAY}&what=bruno"),
        ("print", f"print/?date={DAY}"),
        ("print-lists", f"print/?date={DAY}&by=practitioner"),
    ):
        page.goto(f"/{language}/desk/agenda/{path}")
        shows(page, name)
