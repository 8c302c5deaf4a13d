"""What patients are told: clinic, time and links, in their language, and never what is not so."""

import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.test import Client

from aiguille.booking.operations import (
    book,
    cancel_appointment,
    flag_needs_verdict,
    mark_no_show,
    move_appointment,
)
from aiguille.booking.wording import wordings
from aiguille.kernel.actor import SYSTEM
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import OutboxMessage
from aiguille.messaging.queries import latest_mail
from aiguille.patients.operations import create_provisional
from tests.course import open_course

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Lyon
CLINICAL = re.compile(
    r"aiguill|needl|m[ée]soth|inject|consult|soin|s[ée]ance|session|treat|cr[èe]me|cream|derm|peau(?! & Soin)",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True


@pytest.fixture
def course(world):
    return open_course(world)


@pytest.fixture
def session(world, course):
    return book(
        patient_id=world.anna.patient_id,
        service_id=course.session_service,
        site_id=world.lyon,
        starts_at=TEN,
        plan_id=course.plan,
        actor=world.diane.actor,
        at=world.at,
    )


def kinds_sent(at):
    """Send what is due and return the kinds of messages that left, oldest first."""
    send_all_due(at=at)
    rows = OutboxMessage.objects.filter(state="SENT").order_by("settled_at", "id")
    return [row.kind for row in rows]


def test_a_booking_is_confirmed_with_a_calendar_file_and_links(world, session):
    assert kinds_sent(world.at) == ["appointment_booked"]
    (message,) = latest_mail()
    assert message.recipient == "anna@example.net"
    assert "mercredi 11 mars 2026 à 10:00" in message.text
    ((name, media_type, content),) = message.attachments
    assert (name, media_type) == ("appointment.ics", "text/calendar")
    event = icalendar.Calendar.from_ical(content).events[0]
    assert event.start == TEN
    assert not CLINICAL.search(content.replace("Peau & Soin", ""))


def test_the_links_of_a_confirmation_open(world, session):
    send_all_due(at=world.at)
    paths = re.findall(r"https?://[^/\s]+(/\S+)", latest_mail()[0].text)
    assert len(paths) == 2
    for path in paths:
        assert Client().get(path).status_code == 200


def test_no_message_says_what_the_appointment_is_for(world, session):
    move_appointment(
        appointment_id=session,
        starts_at=TEN + timedelta(hours=1),
        actor=world.diane.actor,
        at=world.at,
    )
    send_all_due(at=world.at)
    cancel_appointment(appointment_id=session, actor=world.diane.actor, at=world.at)
    send_all_due(at=world.at + timedelta(minutes=1))
    for message in latest_mail():
        said = f"{message.subject}\n{message.text}\n{message.html}".replace("Peau & Soin", "")
        said = re.sub(r"https?://\S+|Peau &amp; Soin", "", said)
        assert not CLINICAL.search(said), CLINICAL.search(said)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_wording_is_complete_and_neutral(language):
    for wording in wordings().values():
        for text in (wording.subject, wording.opening, wording.closing):
            said = text.in_language(language)
            assert said
            assert not CLINICAL.search(said)


def test_messages_speak_the_patients_language(world, course):
    peter = create_provisional(
        birth_name="Hall",
        first_names="Peter",
        email="peter@example.net",
        phone="",
        language="en",
        actor=SYSTEM,
        at=world.at,
    )
    book(
        patient_id=peter,
        service_id=course.consultation_service,
        site_id=world.lyon,
        starts_at=TEN,
        actor=world.diane.actor,
        at=world.at,
    )
    send_all_due(at=world.at)
    assert "Wednesday 11 March 2026 at 10:00" in latest_mail()[0].text
    assert "/en/a/" in latest_mail()[0].text


class TestReminder:
    def test_leaves_the_day_before_at_ten(self, world, session):
        day_before = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
        assert kinds_sent(day_before - timedelta(seconds=1)) == ["appointment_booked"]
        assert kinds_sent(day_before) == ["appointment_booked", "appointment_reminder"]

    def test_is_of_the_new_time_after_a_move(self, world, session):
        send_all_due(at=world.at)
        move_appointment(
            appointment_id=session,
            starts_at=TEN + timedelta(days=1),
            actor=world.diane.actor,
            at=world.at,
        )
        day_before_old = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
        assert kinds_sent(day_before_old) == ["appointment_booked", "appointment_moved"]
        assert kinds_sent(day_before_old + timedelta(days=1))[-1] == "appointment_reminder"
        assert "12 mars" in latest_mail()[0].text

    @pytest.mark.parametrize("end", ["cancel", "verdict"])
    def test_is_not_sent_of_what_does_not_stand(self, world, course, session, end):
        send_all_due(at=world.at)
        if end == "cancel":
            cancel_appointment(appointment_id=session, actor=world.diane.actor, at=world.at)
        else:
            flag_needs_verdict(verdict_id=course.verdict, actor=world.bruno.actor, at=world.at)
        assert "appointment_reminder" not in kinds_sent(TEN)

    def test_is_not_sent_after_the_start(self, world, session):
        assert "appointment_reminder" not in kinds_sent(TEN)


def test_a_missed_appointment_says_nothing_more(world, session):
    mark_no_show(appointment_id=session, actor=world.diane.actor, at=TEN)
    assert kinds_sent(TEN + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    ("told_after", "said_at_once", "said_later"),
    [
        (timedelta(0), ["appointment_moved"], ["appointment_moved"]),
        (timedelta(seconds=30), [], ["appointment_moved"]),
        (None, [], []),
    ],
)
def test_a_move_is_told_when_the_desk_says_so(world, session, told_after, said_at_once, said_later):
    move_appointment(
        appointment_id=session,
        starts_at=TEN + timedelta(hours=1),
        told_after=told_after,
        actor=world.diane.actor,
        at=world.at,
    )
    assert kinds_sent(world.at) == said_at_once
    assert kinds_sent(world.at + timedelta(minutes=1)) == said_later
    # The reminder speaks of the new time whether the move was told or not.
    assert "appointment_reminder" in kinds_sent(TEN - timedelta(hours=12))
