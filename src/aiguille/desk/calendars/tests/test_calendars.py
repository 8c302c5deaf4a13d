"""The pages of a practitioner's calendars: who sees what, an address shown once, nothing twice."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from aiguille.booking.models import CalendarFeed
from aiguille.booking.operations import book
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.external.operations import add_address, add_file
from aiguille.clinics.external.queries import calendars_of
from aiguille.clinics.models import ExternalCalendar, Membership
from aiguille.clinics.operations import Opening, create_site, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, StaffRole
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text
from tests.course import open_catalogue

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # in Lyon
FILE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:one\r\nDTSTART:20260304T090000Z\r\n"
    b"DTEND:20260304T110000Z\r\nSUMMARY:Bloc op\xc3\xa9ratoire\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def bruno(world):
    return world.staff_client(world.bruno)


@pytest.fixture
def page(world):
    return f"/fr/desk/calendars/{world.bruno_resource}/"


def text_of(response):
    return response.content.decode()


def address_in(response):
    found = re.search(r'value="([^"]+/feeds/[^"]+\.ics)"', text_of(response))
    return found.group(1) if found else None


def make(client, **changes):
    given = {"name": "Téléphone", "language": "fr", "key": str(new_id())}
    return client.post("/fr/desk/calendars/feeds/new/", given | changes, follow=True)


def upload(content=FILE, name="agenda.ics"):
    return SimpleUploadedFile(name, content, content_type="text/calendar")


def manager(world):
    """Let Diane manage the clinic of Lyon."""
    Membership.objects.create(
        user_id=world.diane.user_id,
        site_id=world.lyon,
        role=StaffRole.MANAGER,
        valid_during=(world.at.date() - timedelta(days=9), None),
    )
    return world.staff_client(world.diane)


class TestWho:
    def test_a_practitioner_is_led_to_their_own(self, bruno, page):
        assert bruno.get("/fr/desk/calendars/").headers["Location"] == page
        assert "Mes rendez-vous ailleurs" in text_of(bruno.get(page))

    def test_others_are_told_that_they_have_none(self, world):
        client = world.staff_client(world.diane)
        assert "Vous n’avez pas d’agenda ici" in text_of(client.get("/fr/desk/calendars/"))
        assert client.get("/fr/desk/calendars/feeds/new/").status_code == 404

    def test_a_colleague_sees_nothing(self, world, page):
        for person in (world.paula, world.diane, world.hugo):
            client = world.staff_client(person)
            assert client.get(page).status_code == 404
            assert client.get(f"{page}add/").status_code == 404

    def test_a_stranger_is_sent_away(self, world, page):
        assert Client().get(page).status_code == 302
        assert world.space_client(world.anna).get(page).status_code == 404

    def test_who_manages_the_clinic_sees_other_calendars_and_no_feed(self, world, page, bruno):
        make(bruno, name="Téléphone de Bruno")
        client = manager(world)
        everybody = text_of(client.get("/fr/desk/calendars/"))
        assert "Dr Bruno Delmas" in everybody
        assert "Dr Paula Roche" in everybody
        shown = text_of(client.get(page))
        assert "Autres agendas" in shown
        assert "Téléphone de Bruno" not in shown
        assert "Mes rendez-vous ailleurs" not in shown

    def test_they_reach_it_from_the_menu_and_the_set_up(self, world, bruno):
        assert "/fr/desk/calendars/" in text_of(bruno.get("/fr/desk/"))
        mine = bruno.get("/fr/desk/clinic/mine/", follow=True)
        assert reverse("desk:practitioner_calendars", args=[world.bruno_resource])[3:] in text_of(
            mine
        )


class TestFeeds:
    def test_show_their_address_once(self, world, bruno, page):
        shown = make(bruno)
        address = address_in(shown)
        assert address is not None
        assert f"webcal{address[address.index(':') :]}" in text_of(shown)
        path = address[address.index("/feeds/") :]
        assert Client().get(path).status_code == 200
        again = bruno.get(page)
        assert address_in(again) is None
        assert "Téléphone" in text_of(again)
        assert path not in str(dict(bruno.session))

    def test_are_made_once_by_a_press_repeated(self, bruno):
        key = str(new_id())
        first, second = make(bruno, key=key), make(bruno, key=key)
        assert address_in(first)
        assert address_in(second) is None
        assert CalendarFeed.objects.count() == 1

    def test_without_a_name_are_asked_again(self, bruno):
        response = bruno.post("/fr/desk/calendars/feeds/new/", {"name": "", "language": "fr"})
        assert response.status_code == 422
        assert CalendarFeed.objects.count() == 0

    def test_keep_what_was_typed_where_there_are_too_many(self, bruno):
        for _ in range(10):
            make(bruno)
        response = make(bruno, name="Onzième")
        assert response.status_code == 422
        assert "Dix adresses au plus" in text_of(response)
        assert "Onzième" in text_of(response)

    def test_are_replaced_and_revoked(self, bruno, page):
        old = address_in(make(bruno))
        feed = CalendarFeed.objects.get()
        key = {"key": str(new_id())}
        replace = f"/fr/desk/calendars/feeds/{feed.id}/replace/"
        new = address_in(bruno.post(replace, key, follow=True))
        assert new not in {None, old}
        assert bruno.post(replace, key, follow=True).status_code == 200
        assert Client().get(old[old.index("/feeds/") :]).status_code == 404
        feed = CalendarFeed.objects.get(revoked_at=None)
        revoke = f"/fr/desk/calendars/feeds/{feed.id}/revoke/"
        for _ in range(2):
            assert "révoquée" in text_of(bruno.post(revoke, follow=True))
        assert Client().get(new[new.index("/feeds/") :]).status_code == 404

    def test_of_another_are_not_found(self, world, bruno):
        make(bruno)
        feed = CalendarFeed.objects.get()
        paula = world.staff_client(world.paula)
        for change in ("replace", "revoke"):
            assert paula.post(f"/fr/desk/calendars/feeds/{feed.id}/{change}/").status_code == 404


class TestOtherCalendars:
    def add(self, client, page, **changes):
        given = {"name": "Hôpital", "address": "", "key": str(new_id())}
        return client.post(f"{page}add/", given | changes, follow=True)

    def test_are_added_by_address(self, bruno, page):
        shown = text_of(self.add(bruno, page, address="https://calendar.example.org/s3cret.ics"))
        assert "Sa première lecture est en cours" in shown
        assert "calendar.example.org" in shown
        assert "s3cret" not in shown

    def test_are_added_as_a_file(self, bruno, page):
        shown = text_of(self.add(bruno, page, file=upload()))
        assert "Déposé en fichier" in shown
        assert "1 occupation." in shown
        assert "opératoire" not in shown

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({}, "Donnez une adresse, ou choisissez un fichier."),
            ({"address": "http://example.org/a.ics"}, "doit commencer par https://"),
            ({"address": "https://u:p@example.org/a.ics"}, "ni nom d’utilisateur"),
            ({"file": b"%PDF"}, "Ce n’est pas un agenda"),
            ({"file": b""}, "Ce n’est pas un agenda"),
            ({"address": "https://example.org/a.ics", "file": FILE}, "soit une adresse"),
            ({"name": "", "file": FILE}, "obligatoire"),
        ],
    )
    def test_that_are_none_are_refused_with_what_was_typed(self, bruno, page, given, said):
        if "file" in given:
            given = given | {"file": upload(given["file"])}
        response = self.add(bruno, page, **given)
        assert response.status_code == 422
        assert said in text_of(response)
        assert given.get("address", "") in text_of(response)
        assert ExternalCalendar.objects.count() == 0

    def test_of_a_practitioner_in_two_zones_ask_for_one(self, world, bruno, page):
        assert "Fuseau horaire" not in text_of(bruno.get(f"{page}add/"))
        island = create_site(
            code="reunion",
            name="Peau & Soin Réunion",
            street="1 rue de la Plage",
            postcode="97434",
            city="Saint-Gilles",
            phone="+262262000000",
            email="reunion@example.org",
            access=Text(fr="Au bord de la mer.", en="By the sea."),
            time_zone="Indian/Reunion",
            actor=SYSTEM,
            at=world.at,
        )
        hours = [Opening(world.lyon, 0, 540, 1080), Opening(island, 1, 540, 720)]
        set_weekly_hours(
            resource_id=world.bruno_resource, openings=hours, actor=SYSTEM, at=world.at
        )
        assert "Fuseau horaire" in text_of(bruno.get(f"{page}add/"))
        self.add(bruno, page, file=upload(), time_zone="Indian/Reunion")
        [calendar] = calendars_of([world.bruno_resource])[world.bruno_resource]
        assert calendar.time_zone == "Indian/Reunion"

    def test_that_fail_say_so_and_what_still_counts(self, world, bruno, page):
        calendar_id = add_file(
            resource_id=world.bruno_resource,
            name="Hôpital",
            content=FILE,
            actor=SYSTEM,
            at=world.at,
        )
        ExternalCalendar.objects.filter(id=calendar_id).update(
            host="calendar.example.org", failure="gone", tried_at=world.at + timedelta(hours=1)
        )
        shown = text_of(bruno.get(page))
        assert "Non lu" in shown
        assert "Il n’y a plus d’agenda à cette adresse." in shown
        assert "Dernier essai le 02/03/2026 10:00" in shown
        assert "Ce qui a été lu le 02/03/2026 09:00 compte toujours." in shown

    def test_are_replaced_read_again_and_removed(self, world, bruno, page):
        self.add(bruno, page, file=upload())
        self.add(bruno, page, name="Privé", address="https://calendar.example.org/a.ics")
        private, hospital = sorted(
            calendars_of([world.bruno_resource])[world.bruno_resource],
            key=lambda calendar: calendar.is_file,
        )
        base = "/fr/desk/calendars/external"
        empty = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
        wrong = bruno.post(f"{base}/{hospital.id}/file/", {"file": upload(b"x")})
        assert wrong.status_code == 422
        right = bruno.post(f"{base}/{hospital.id}/file/", {"file": upload(empty)}, follow=True)
        assert "0 occupation" in text_of(right)
        assert bruno.get(f"{base}/{private.id}/file/").status_code == 404
        assert "relu" in text_of(bruno.post(f"{base}/{private.id}/read/", follow=True))
        assert bruno.post(f"{base}/{hospital.id}/read/").status_code == 404
        removed = bruno.post(f"{base}/{hospital.id}/remove/", follow=True)
        assert "L’agenda est retiré" in text_of(removed)
        assert ExternalCalendar.objects.count() == 1

    def test_of_another_are_not_found(self, world):
        calendar_id = add_address(
            resource_id=world.bruno_resource,
            name="Privé",
            address="https://calendar.example.org/a.ics",
            actor=SYSTEM,
            at=world.at,
        )
        paula = world.staff_client(world.paula)
        for change in ("read", "remove", "file"):
            address = f"/fr/desk/calendars/external/{calendar_id}/{change}/"
            assert paula.post(address).status_code == 404

    def test_are_managed_for_a_practitioner(self, world, page):
        shown = text_of(self.add(manager(world), page, file=upload()))
        assert "Déposé en fichier" in shown


def test_what_is_booked_meanwhile_is_listed_and_the_cost_is_bounded(
    world, bruno, page, django_assert_max_num_queries
):
    open_catalogue(at=world.at)
    book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.NEEDLING).id,
        site_id=world.lyon,
        starts_at=TEN,
        actor=world.diane.actor,
        at=world.at,
    )
    for number in range(5):
        add_file(
            resource_id=world.bruno_resource,
            name=f"Agenda {number}",
            content=FILE,
            actor=SYSTEM,
            at=world.at,
        )
        make(bruno)
    with django_assert_max_num_queries(MOST_QUERIES):
        shown = text_of(bruno.get(page))
    assert "Rendez-vous pris pendant une occupation" in shown
    assert "Mercredi 4 mars, 10:00" in shown
    assert shown.count("Anna Martin") == 1
