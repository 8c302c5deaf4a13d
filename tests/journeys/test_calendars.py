"""Calendars in a browser: an address made and copied, another calendar added and removed."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from aiguille.booking.operations import book
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.models import ExternalCalendar
from aiguille.kernel.codes import Procedure
from aiguille.plumbing import clock
from tests.course import open_catalogue
from tests.world import AT, World, build_world

pytestmark = pytest.mark.browser
FILE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:one\r\nDTSTART:20260304T090000Z\r\n"
    b"DTEND:20260304T110000Z\r\nSUMMARY:Operating room\r\nRRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)


@pytest.fixture
def clinic(site: str) -> World:
    """The small world at this moment, with Anna's consultation on Wednesday morning."""
    clock.set_offset(AT - datetime.now(UTC))
    world = build_world()
    open_catalogue(at=world.at)
    book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.NEEDLING).id,
        site_id=world.lyon,
        starts_at=datetime(2026, 3, 4, 9, 0, tzinfo=UTC),
        actor=world.diane.actor,
        at=world.at,
    )
    return world


def cookie_of(client, site):
    return {
        "name": "aiguille-session",
        "value": client.cookies["aiguille-session"].value,
        "url": site,
    }


def test_a_practitioner_follows_and_adds_calendars(clinic, open_page, shows, site):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    page.context.add_cookies([cookie_of(clinic.staff_client(clinic.bruno), site)])
    page.goto("/fr/desk/calendars/")
    shows(page, "empty")

    page.get_by_role("link", name="Créer une adresse").click()
    page.get_by_label("Nom").fill("Téléphone")
    page.get_by_label("Afficher les initiales des patients").check()
    shows(page, "new-address")
    page.get_by_role("button", name="Créer l’adresse").click()
    field = page.get_by_label("Adresse à ajouter comme agenda par son URL")
    address = field.input_value()
    page.get_by_role("button", name="Copier").click()
    expect(page.get_by_text("Copié", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address
    shows(page, "address-shown-once")
    path = re.sub(r"^https?://[^/]+", "", address)
    assert "Rendez-vous A. M." in page.request.get(path).text()

    page.get_by_role("link", name="Ajouter un agenda").click()
    page.get_by_label("Nom").fill("Hôpital")
    page.get_by_role("button", name="Ajouter l’agenda").click()
    shows(page, "refused")
    page.get_by_label("Nom").fill("Hôpital")
    page.get_by_label("Ou un fichier").set_input_files(
        {"name": "agenda.ics", "mimeType": "text/calendar", "buffer": FILE}
    )
    page.get_by_role("button", name="Ajouter l’agenda").click()
    expect(page.get_by_text("Rendez-vous pris pendant une occupation")).to_be_visible()
    ExternalCalendar.objects.create(
        resource_id=clinic.bruno_resource,
        name="Privé",
        host="calendar.example.org",
        sealed_address="x",
        time_zone="Europe/Paris",
        failure="gone",
        tried_at=clinic.at,
        created_at=clinic.at,
    )
    page.reload()
    shows(page, "overlap-and-failure")
    page.set_viewport_size({"width": 390, "height": 844})
    shows(page, "on-a-phone")
    page.get_by_role("button", name="Retirer").first.click()
    shows(page, "remove")
    page.get_by_role("dialog").get_by_role("button", name="Retirer").click()
    expect(page.get_by_text("L’agenda est retiré")).to_be_visible()


def test_a_patient_follows_their_appointments(clinic, open_page, shows, site):
    page = open_page(device="phone", dark=True, language="en")
    page.context.add_cookies([cookie_of(clinic.space_client(clinic.anna), site)])
    page.goto("/en/space/appointments/")
    shows(page, "appointments")
    page.get_by_role("link", name="In my calendar").click()
    shows(page, "empty")
    page.get_by_role("link", name="Make an address").click()
    page.get_by_label("Name").fill("Clinic")
    page.get_by_role("button", name="Make the address").click()
    shows(page, "address-shown-once")
    page.get_by_role("button", name="Revoke").click()
    shows(page, "revoke")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No address yet")).to_be_visible()
