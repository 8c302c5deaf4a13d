"""A visitor books a consultation, in a browser without script."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aiguille.booking.models import Appointment, Hold
from aiguille.booking.operations import hold_slot
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from aiguille.patients.models import Patient
from aiguille.plumbing import clock

pytestmark = pytest.mark.django_db
DETAILS = {
    "first_names": "Élise",
    "birth_name": "Garnier",
    "email": "elise@example.net",
    "phone": "06 11 22 33 44",
    "language": "fr",
}


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY)


@pytest.fixture
def visitor(service):
    return Visitor(service.code)


class Visitor:
    """A browser that fills forms as they are."""

    def __init__(self, service_code, language="fr"):
        self.client = Client(HTTP_ACCEPT_LANGUAGE=language)
        self.times = f"/{language}/book/{service_code}/"
        self.details = f"/{language}/book/details/"

    def offered(self, **query):
        page = self.client.get(self.times, query).content.decode()
        return re.findall(r'name="start" value="([^"]+)"', page)

    def choose(self, start=None):
        return self.client.post(self.times, {"start": start or self.offered()[0]})

    def key(self):
        page = self.client.get(self.details).content.decode()
        return re.findall(r'name="key" value="([^"]+)"', page)[0]

    def send(self, **said):
        return self.client.post(self.details, DETAILS | said)


def later(minutes):
    """Move the clock on."""
    clock.set_offset(clock.now() + timedelta(minutes=minutes) - datetime.now(UTC))


class TestChoosing:
    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_what(self, service, language):
        page = Client().get(f"/{language}/book/")
        assert page.status_code == 200
        assert service.name.in_language(language) in page.content.decode()

    def test_when(self, visitor):
        page = visitor.client.get(visitor.times)
        assert page.status_code == 200
        assert visitor.offered()

    def test_where_and_with_whom(self, world, visitor):
        for start in visitor.offered(site=str(world.paris), doctor=str(world.paula_resource)):
            _instant, site, doctor = start.split("/")
            assert (site, doctor) == (str(world.paris), str(world.paula_resource))

    def test_another_day(self, visitor):
        starts = visitor.offered(day="2026-03-11")
        assert starts[0].startswith("2026-03-11")

    def test_costs_few_queries_whatever_is_booked(self, visitor):
        visitor.client.get(visitor.times)
        with CaptureQueriesContext(connection) as asked:
            visitor.client.get(visitor.times)
        assert len(asked) <= 6

    @pytest.mark.parametrize(
        "query",
        [
            "from=yesterday",
            "from=0001-01-01",
            "from=9999-12-31",
            "day=2026-02-31",
            "site=1&doctor=2",
            "site=00000000-0000-0000-0000-000000000000",
            "doctor=%3Cscript%3E",
        ],
    )
    def test_forgives_an_address_that_was_changed(self, visitor, query):
        page = visitor.client.get(f"{visitor.times}?{query}")
        assert page.status_code == 200
        assert b"<script>alert" not in page.content

    @pytest.mark.parametrize(
        "start",
        ["", "now", "2026-03-04T10:00:00/x/", "2026-03-04T10:00:00/" + "0" * 32 + "/", "//"],
    )
    def test_refuses_a_start_that_no_button_posts(self, visitor, start):
        assert visitor.choose(start or "-").status_code == 422

    def test_refuses_an_unknown_service(self, visitor):
        assert visitor.client.get("/fr/book/nothing/").status_code == 404

    def test_sessions_are_not_for_visitors(self, visitor):
        assert (
            visitor.client.get("/fr/book/session-mesotherapy-mesolift-ageing/").status_code == 404
        )


class TestHolding:
    def test_leads_to_the_details(self, visitor):
        response = visitor.choose()
        assert response.status_code == 302
        assert response.url == visitor.details
        page = visitor.client.get(visitor.details).content.decode()
        assert "Docteur" in page or "Dr" in page

    def test_a_lost_time_shows_the_nearest(self, world, service, visitor):
        start = visitor.offered(site=str(world.lyon))[0]
        instant, site, _doctor = start.split("/")
        hold_slot(
            browser="somebody else",
            service_id=service.id,
            site_id=UUID(site),
            starts_at=datetime.fromisoformat(instant),
            at=clock.now(),
        )
        response = visitor.choose(start)
        assert response.status_code == 422
        assert "Nearest" in response.content.decode() or "proches" in response.content.decode()

    def test_details_without_a_held_time_lead_back(self, visitor):
        assert visitor.client.get(visitor.details).url == reverse("public:book")


class TestDetails:
    def test_book(self, visitor):
        visitor.choose()
        response = visitor.send(key=visitor.key())
        assert response.status_code == 302
        page = visitor.client.get(response.url)
        assert page.status_code == 200
        appointment = Appointment.objects.get()
        assert str(appointment.number) in page.content.decode()
        patient = Patient.objects.get(id=appointment.patient_id)
        assert (patient.birth_name, patient.phone, patient.birth_date) == (
            "Garnier",
            "+33611223344",
            None,
        )
        assert not Hold.objects.exists()

    def test_sent_twice_book_once(self, visitor):
        visitor.choose()
        key = visitor.key()
        patients = Patient.objects.count()
        first, second = visitor.send(key=key), visitor.send(key=key)
        assert first.status_code == second.status_code == 302
        assert Appointment.objects.count() == 1
        assert Patient.objects.count() == patients + 1

    def test_the_key_of_another_browser_opens_nothing(self, visitor, service):
        visitor.choose()
        key = visitor.key()
        visitor.send(key=key)
        other = Visitor(service.code)
        other.choose()
        assert other.send(key=key).status_code == 302
        assert Appointment.objects.count() == 2

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("first_names", ""),
            ("birth_name", "   "),
            ("birth_name", "x" * 101),
            ("email", "not an address"),
            ("email", "a" * 250 + "@example.net"),
            ("phone", "12"),
            ("phone", "<b>06</b>"),
            ("language", "de"),
            ("key", ""),
            ("website", "https://example.net"),
        ],
    )
    def test_that_are_wrong_keep_what_was_typed_and_book_nothing(self, visitor, field, value):
        visitor.choose()
        response = visitor.send(**({"key": visitor.key()} | {field: value}))
        page = response.content.decode()
        assert response.status_code == 422
        assert "elise@example.net" in page or field == "email"
        assert not Appointment.objects.exists()
        assert "<b>06</b>" not in page

    def test_with_markup_are_shown_as_text(self, visitor):
        visitor.choose()
        page = visitor.send(first_names="<script>alert(1)</script>", email="").content.decode()
        assert "<script>alert(1)" not in page

    def test_after_the_hold_ended_keep_what_was_typed(self, visitor):
        visitor.choose()
        key = visitor.key()
        later(minutes=11)
        response = visitor.send(key=key)
        assert response.status_code == 422
        assert "elise@example.net" in response.content.decode()
        assert not Appointment.objects.exists()


class TestBooked:
    def test_shows_only_what_this_browser_booked(self, visitor):
        visitor.choose()
        visitor.send(key=visitor.key())
        assert Client().get("/fr/book/done/").status_code == 302
