"""An appointment behind its link: read, moved, cancelled; a dead link offers a new one."""

import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aiguille.booking.courses import Chosen, book_course, propose_course
from aiguille.booking.operations import book, cancel_appointment, move_appointment
from aiguille.booking.queries import appointments_of_patient, get_appointment
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import OutboxMessage
from aiguille.messaging.queries import latest_mail
from aiguille.patients.models import SecretLink
from aiguille.patients.operations import make_link
from aiguille.plumbing import clock
from tests.course import open_course

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # Wednesday, 10:00 in Lyon


@pytest.fixture
def appointment(world):
    seed.load(actor=SYSTEM, at=world.at)
    return book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.MESOTHERAPY).id,
        site_id=world.lyon,
        starts_at=TEN,
        actor=world.diane.actor,
        at=world.at,
    )


@pytest.fixture
def link(world, appointment):
    token = make_link(
        patient_id=world.anna.patient_id,
        scope="APPOINTMENT",
        subject_id=appointment,
        expires_at=TEN + timedelta(days=1),
        at=world.at,
    )
    return f"/fr/a/{token}/"


@pytest.fixture
def browser():
    return Client()


def set_clock(instant):
    clock.set_offset(instant - datetime.now(UTC))


class TestReading:
    def test_shows_the_appointment_and_uses_nothing_up(self, browser, link):
        for page in [browser.get(link) for _ in range(3)]:
            assert page.status_code == 200
            assert "mercredi 4 mars 2026 à 10:00" in page.content.decode()
            # The address is a key: no other site learns it. Stricter, our own forms would fail.
            assert page.headers["Referrer-Policy"] == "same-origin"
        assert SecretLink.objects.filter(scope="APPOINTMENT", used_at=None).count() == 1

    def test_says_nothing_of_the_patient(self, browser, link):
        page = browser.get(link).content.decode()
        assert "Martin" not in page
        assert "anna@example.net" not in page

    def test_hands_out_the_calendar_file(self, browser, link):
        response = browser.get(f"{link}appointment.ics")
        assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
        event = icalendar.Calendar.from_ical(response.content).events[0]
        assert (event.start, event["status"]) == (TEN, "CONFIRMED")

    def test_costs_few_queries(self, browser, link):
        with CaptureQueriesContext(connection) as asked:
            browser.get(link)
        assert len(asked) <= 6


class TestMoving:
    def offered(self, browser, link):
        page = browser.get(f"{link}move/").content.decode()
        return (
            re.findall(r'name="start" value="([^"]+)"', page),
            re.findall(r'name="version" value="(\d+)"', page)[0],
        )

    def test_takes_the_time_that_is_chosen(self, browser, link, appointment):
        starts, version = self.offered(browser, link)
        response = browser.post(f"{link}move/", {"start": starts[-1], "version": version})
        assert response.status_code == 302
        moved = get_appointment(appointment)
        assert moved.version == 2
        assert starts[-1].startswith(moved.starts_at.isoformat())

    def test_shows_the_nearest_when_the_time_is_lost(self, world, browser, link, appointment):
        starts, version = self.offered(browser, link)
        instant = datetime.fromisoformat(starts[0].partition("/")[0])
        book(
            patient_id=world.marc.patient_id,
            service_id=get_appointment(appointment).service_id,
            site_id=world.lyon,
            starts_at=instant,
            actor=world.diane.actor,
            at=world.at,
        )
        response = browser.post(f"{link}move/", {"start": starts[0], "version": version})
        assert response.status_code == 422
        assert get_appointment(appointment).starts_at == TEN

    def test_refuses_a_page_that_is_out_of_date(self, world, browser, link, appointment):
        starts, version = self.offered(browser, link)
        move_appointment(
            appointment_id=appointment,
            starts_at=TEN + timedelta(hours=2),
            actor=world.diane.actor,
            at=world.at,
        )
        response = browser.post(f"{link}move/", {"start": starts[-1], "version": version})
        assert response.status_code == 409
        assert "12:00" in response.content.decode()

    @pytest.mark.parametrize("start", ["", "tomorrow", "2026-03-04/x/y"])
    def test_refuses_what_no_button_posts(self, browser, link, start):
        response = browser.post(f"{link}move/", {"start": start, "version": "1"})
        assert response.status_code == 422


class TestCancelling:
    def test_asks_first(self, browser, link, appointment):
        assert browser.get(f"{link}cancel/").status_code == 200
        assert get_appointment(appointment).state == "BOOKED"

    def test_twice_is_once(self, browser, link, appointment):
        for _ in range(2):
            assert browser.post(f"{link}cancel/", {"version": "1"}).status_code == 302
        assert get_appointment(appointment).state == "CANCELLED"
        page = browser.get(link).content.decode()
        assert "annul" in page or "cancelled" in page

    @pytest.mark.parametrize("version", ["", "0", "2", "one", "²", "9" * 30])
    def test_refuses_a_page_that_is_out_of_date(self, browser, link, appointment, version):
        assert browser.post(f"{link}cancel/", {"version": version}).status_code == 409
        assert get_appointment(appointment).state == "BOOKED"

    def test_is_not_offered_when_it_is_too_late(self, browser, link, appointment):
        set_clock(TEN - timedelta(hours=23))
        assert browser.get(f"{link}cancel/").status_code == 302
        assert browser.post(f"{link}cancel/", {"version": "1"}).status_code == 422
        assert get_appointment(appointment).state == "BOOKED"


class TestDeadLink:
    @pytest.mark.parametrize("page", ["", "move/", "cancel/", "appointment.ics"])
    def test_says_so_and_offers_a_new_one(self, browser, link, page):
        set_clock(TEN + timedelta(days=2))
        response = browser.get(link + page)
        assert response.status_code == 404
        assert 'name="email"' in response.content.decode()

    def test_of_a_space_opens_no_appointment(self, world, browser, appointment):
        token = make_link(
            patient_id=world.anna.patient_id,
            scope="SPACE",
            expires_at=TEN,
            at=world.at,
            subject_id=appointment,
        )
        assert browser.get(f"/fr/a/{token}/").status_code == 404

    def test_of_another_patients_appointment_opens_nothing(self, world, browser, appointment):
        token = make_link(
            patient_id=world.marc.patient_id,
            scope="APPOINTMENT",
            expires_at=TEN,
            at=world.at,
            subject_id=appointment,
        )
        assert browser.get(f"/fr/a/{token}/").status_code == 404


class TestAskingForALink:
    def ask(self, browser, email="anna@example.net"):
        return browser.post("/fr/a/", {"email": email})

    def test_sends_one_that_opens(self, world, browser, appointment):
        send_all_due(at=world.at)
        assert self.ask(browser).status_code == 302
        send_all_due(at=clock.now())
        path = re.findall(r"https?://[^/\s]+(/fr/a/\S+)", latest_mail()[0].text)[0]
        assert browser.get(path).status_code == 200

    def test_answers_a_stranger_alike_and_sends_nothing(self, browser, appointment):
        before = OutboxMessage.objects.count()
        assert self.ask(browser, "stranger@example.net").status_code == 302
        assert OutboxMessage.objects.count() == before

    def test_sends_nothing_of_a_cancelled_appointment(self, world, browser, appointment):
        cancel_appointment(appointment_id=appointment, actor=world.diane.actor, at=world.at)
        self.ask(browser)
        assert not OutboxMessage.objects.filter(kind="appointment_link").exists()

    def test_again_and_again_is_ignored(self, browser, appointment):
        for _ in range(6):
            assert self.ask(browser).status_code == 302
        assert OutboxMessage.objects.filter(kind="appointment_link").count() <= 3

    @pytest.mark.parametrize("email", ["", "nobody", "x" * 300 + "@example.net"])
    def test_refuses_what_is_no_address(self, browser, email):
        assert self.ask(browser, email).status_code == 422


def test_moving_a_session_says_when_the_others_lose_their_intervals(world, browser):
    course = open_course(world)
    proposal = propose_course(plan_id=course.plan, at=world.at, site_id=world.lyon)
    starts = [Chosen(one.site_id, one.starts_at, world.bruno_resource) for one in proposal.sessions]
    book_course(
        plan_id=course.plan,
        starts=starts,
        request_key=None,
        actor=world.diane.actor,
        at=world.at,
    )
    last = max(appointments_of_patient(world.anna.patient_id), key=lambda one: one.starts_at)
    said = []
    for weeks in (0, 3):
        token = make_link(
            patient_id=world.anna.patient_id,
            scope="APPOINTMENT",
            subject_id=last.id,
            expires_at=last.starts_at + timedelta(days=90),
            at=world.at,
        )
        start = last.starts_at + timedelta(weeks=weeks, days=1)
        answer = browser.post(
            f"/fr/a/{token}/move/",
            {
                "start": f"{start.isoformat()}/{world.lyon}/{world.bruno_resource}",
                "version": get_appointment(last.id).version,
            },
            follow=True,
        )
        assert get_appointment(last.id).starts_at == start
        said.append("n’en respectent plus les intervalles" in answer.content.decode())
    assert said == [False, True]
