"""The cream before a session: when it is put on and taken off, and the reminder that says so."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from aiguille.booking.models import Appointment
from aiguille.booking.operations import (
    book,
    cancel_appointment,
    flag_needs_verdict,
    move_appointment,
)
from aiguille.booking.preparation import (
    preparation_in_words,
    preparations,
    queue_preparations,
    reminder_due,
)
from aiguille.booking.queries import get_appointment
from aiguille.booking.tests.test_messages import CLINICAL
from aiguille.care.operations import prescribe
from aiguille.care.prescribing import Cream
from aiguille.care.prescriptions import CreamOrdered
from aiguille.care.queries import list_consultations
from aiguille.kernel.ids import new_id
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import OutboxMessage
from aiguille.messaging.queries import latest_mail
from tests.course import Course, open_course
from tests.world import World

REMINDER = "preparation_reminder"
TEN = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Lyon


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True


@pytest.fixture
def course(world: World) -> Course:
    return open_course(world)


@pytest.fixture
def session(world: World, course: Course) -> UUID:
    return book_at(world, course, TEN)


def book_at(world: World, course: Course, starts_at: datetime) -> UUID:
    return book(
        patient_id=world.anna.patient_id,
        service_id=course.session_service,
        site_id=world.lyon,
        starts_at=starts_at,
        plan_id=course.plan,
        actor=world.diane.actor,
        at=world.at,
    )


def order(
    world: World,
    course: Course,
    *,
    minutes: int = 105,
    on_skin: int | None = None,
    replaces: UUID | None = None,
    at: datetime | None = None,
) -> UUID:
    """Let Dr Bruno prescribe Anna's cream for the course."""
    consultation = list_consultations(patient_id=world.anna.patient_id)[0]
    return prescribe(
        patient_id=world.anna.patient_id,
        consultation_id=consultation.id,
        plan_id=course.plan,
        cream=Cream(
            product="Crème Démo",
            area_cm2=Decimal(100),
            minutes_before=minutes,
            minutes_on_skin=on_skin,
            zones=["CHEEK"],
        ),
        today=world.at.date(),
        language="fr",
        site_id=world.lyon,
        replaces_id=replaces,
        reason="Autre durée." if replaces else "",
        actor=world.bruno.actor.confirmed(at or world.at),
        at=at or world.at,
    )


def reminders(at: datetime) -> list[str]:
    """Let the worker do its round at an instant; return the reminders of creams that have left."""
    queue_preparations(at=at)
    send_all_due(at=at)
    rows = OutboxMessage.objects.filter(state="SENT", kind=REMINDER).order_by("settled_at", "id")
    return [str(row.subject_id) for row in rows]


def text_of_latest() -> str:
    return next(mail.text for mail in latest_mail() if "Avant votre rendez-vous" in mail.subject)


@pytest.mark.django_db
class TestReminder:
    def test_leaves_two_hours_before_and_says_both_times(
        self, world: World, course: Course, session: UUID
    ) -> None:
        order(world, course)
        due = TEN - timedelta(hours=2)
        assert reminders(due - timedelta(seconds=1)) == []
        assert reminders(due) == [str(session)]
        # Rounds that follow find it sent.
        assert reminders(due + timedelta(minutes=1)) == [str(session)]
        text = text_of_latest()
        assert "À 08:15" in text
        assert "À retirer à 10:00" in text
        assert "Jamais après 13:15" in text
        assert not CLINICAL.search(re.sub(r"https?://\S+|Peau & Soin", "", text))

    def test_leaves_before_the_cream_is_put_on_whatever_the_time(
        self, world: World, course: Course, session: UUID
    ) -> None:
        order(world, course, minutes=180, on_skin=90)
        due = TEN - timedelta(minutes=195)
        assert reminders(due - timedelta(seconds=1)) == []
        assert reminders(due) == [str(session)]
        text = text_of_latest()
        assert "À 07:00" in text
        assert "À retirer à 08:30, puis rincez" in text

    def test_is_none_where_nothing_is_prescribed(self, world: World, session: UUID) -> None:
        for hours in (3, 2, 1):
            assert reminders(TEN - timedelta(hours=hours)) == []

    def test_follows_a_move(self, world: World, course: Course, session: UUID) -> None:
        order(world, course)
        move_appointment(
            appointment_id=session,
            starts_at=TEN + timedelta(hours=4),
            actor=world.diane.actor,
            at=world.at,
        )
        assert reminders(TEN - timedelta(hours=2)) == []
        assert reminders(TEN + timedelta(hours=2)) == [str(session)]
        assert "À 12:15" in text_of_latest()

    def test_is_said_again_after_a_move_that_came_later(
        self, world: World, course: Course, session: UUID
    ) -> None:
        order(world, course)
        assert reminders(TEN - timedelta(hours=2)) == [str(session)]
        move_appointment(
            appointment_id=session,
            starts_at=TEN + timedelta(hours=1),
            actor=world.diane.actor,
            at=TEN - timedelta(minutes=119),
        )
        assert reminders(TEN - timedelta(hours=1)) == [str(session)] * 2
        assert "À 09:15" in text_of_latest()

    @pytest.mark.parametrize("moment", ["before", "queued"])
    @pytest.mark.parametrize("end", ["cancel", "verdict"])
    def test_ends_with_its_appointment(
        self, world: World, course: Course, session: UUID, end: str, moment: str
    ) -> None:
        order(world, course)
        due = TEN - timedelta(hours=2)
        if moment == "queued":
            assert queue_preparations(at=due) == 1
        if end == "cancel":
            cancel_appointment(appointment_id=session, actor=world.diane.actor, at=world.at)
        else:
            flag_needs_verdict(verdict_id=course.verdict, actor=world.bruno.actor, at=world.at)
        assert reminders(due) == []

    def test_is_each_sessions_own(self, world: World, course: Course, session: UUID) -> None:
        order(world, course)
        second = book_at(world, course, TEN + timedelta(days=14, hours=1))
        assert reminders(TEN - timedelta(hours=2)) == [str(session)]
        assert reminders(TEN + timedelta(days=14, hours=-1)) == [str(session), str(second)]
        assert "À 09:15" in text_of_latest()

    def test_follows_a_corrected_prescription(
        self, world: World, course: Course, session: UUID
    ) -> None:
        first = order(world, course)
        at = TEN - timedelta(hours=2)
        assert queue_preparations(at=at) == 1
        order(world, course, minutes=60, replaces=first, at=at)
        # What was queued is rendered by what is in force when it leaves, and is said once.
        assert set(reminders(at)) == {str(session)}
        assert "À 09:00" in text_of_latest()

    def test_prescribed_after_the_booking_is_reminded_too(
        self, world: World, course: Course, session: UUID
    ) -> None:
        at = TEN - timedelta(minutes=110)
        order(world, course, at=at)
        assert reminders(at) == [str(session)]

    def test_is_not_sent_when_it_helps_no_more(
        self, world: World, course: Course, session: UUID
    ) -> None:
        order(world, course)
        applied = TEN - timedelta(minutes=105)
        assert reminders(applied + timedelta(minutes=31)) == []

    def test_costs_the_same_for_many_sessions_already_said(
        self, world: World, course: Course, session: UUID, django_assert_max_num_queries
    ) -> None:
        order(world, course)
        at = TEN - timedelta(hours=2)
        queue_preparations(at=at)
        with django_assert_max_num_queries(6):
            assert queue_preparations(at=at) == 0


@pytest.mark.django_db
def test_other_messages_say_it_too(world: World, course: Course, session: UUID) -> None:
    order(world, course)
    send_all_due(at=TEN - timedelta(hours=12))
    reminder = next(mail for mail in latest_mail() if mail.subject.count("Rappel"))
    assert "À 08:15" in reminder.text
    assert "À 08:15" in reminder.html


@pytest.mark.django_db
def test_is_the_treatments_own(world: World, course: Course, session: UUID) -> None:
    order(world, course)
    view = get_appointment(session)
    times = preparations([view])[session]
    assert (times.apply_at, times.remove_at) == (TEN - timedelta(minutes=105), TEN)
    Appointment.objects.filter(id=session).update(state="CANCELLED")
    assert preparations([get_appointment(session)]) == {}


# Instants are reckoned; walls only show them. Lyon's clocks go forward on 29 March 2026 at 02:00,
# back on 25 October at 03:00; Réunion's and Cayenne's never change.
@pytest.mark.parametrize(
    ("time_zone", "starts_at", "day", "minutes", "applied", "removed"),
    [
        ("Europe/Paris", datetime(2026, 3, 11, 14, 15, tzinfo=UTC), "2026-03-11", 120, "13:15", "15:15"),
        ("Indian/Reunion", datetime(2026, 3, 11, 14, 15, tzinfo=UTC), "2026-03-11", 120, "16:15", "18:15"),
        ("America/Cayenne", datetime(2026, 3, 11, 14, 15, tzinfo=UTC), "2026-03-11", 120, "09:15", "11:15"),
        # 03:30 in summer time is two hours after 00:30 in winter time.
        ("Europe/Paris", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29", 120, "00:30", "03:30"),
        # The night has two 02:30, an hour apart: it is said which.
        ("Europe/Paris", datetime(2026, 10, 25, 2, 30, tzinfo=UTC), "2026-10-25", 120, "02:30 (UTC+2)", "03:30"),
        ("Europe/Paris", datetime(2026, 10, 25, 2, 30, tzinfo=UTC), "2026-10-25", 60, "02:30 (UTC+1)", "03:30"),
        # Put on the evening before: the day is named.
        (
            "Europe/Paris",
            datetime(2026, 3, 10, 23, 30, tzinfo=UTC),
            "2026-03-11",
            120,
            "mardi 10 mars 2026 à 22:30",
            "00:30",
        ),
    ],
)  # fmt: skip
def test_is_said_by_the_walls_of_the_site(
    time_zone: str, starts_at: datetime, day: str, minutes: int, applied: str, removed: str
) -> None:
    ordered = CreamOrdered(new_id(), minutes, minutes, 300)
    times = ordered.before(starts_at)
    said = preparation_in_words(times, time_zone=time_zone, day=day, language="fr")
    assert f"À {applied}\N{NO-BREAK SPACE}:" in said
    assert f"À retirer à {removed}\N{NO-BREAK SPACE}:" in said
    assert starts_at - times.apply_at == timedelta(minutes=minutes)
    assert reminder_due(times, starts_at=starts_at) < times.apply_at
