"""What patients are sent after a session: on the right days, neutral, and only while true."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aiguille.booking.operations import book, check_in
from aiguille.catalogue.queries import session_service
from aiguille.follow_up.aftercare_data import contacts
from aiguille.follow_up.operations import start_aftercare
from aiguille.follow_up.queries import aftercare_of_session
from aiguille.follow_up.resolver import FollowUpMessages
from aiguille.journeys.report_symptom import answer_report, report_symptom
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Language, Procedure, Symptom
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import DemoMail, OutboxMessage
from aiguille.messaging.resolvers import Due
from aiguille.patients.operations import change_contact
from aiguille.patients.queries import get_identity
from aiguille.treatment_sessions.operations import begin_session
from aiguille.treatment_sessions.queries import get_session
from tests.after_session import end_session
from tests.session_day import ask_the_questions

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
TELLING = ("aiguille", "needl", "méso", "meso", "séance", "session", "symptom", "peau", "boule")


def queued(ended) -> list[OutboxMessage]:
    aftercare = aftercare_of_session(ended.session_id)
    assert aftercare
    return list(OutboxMessage.objects.filter(subject_id=aftercare.id).order_by("due_at"))


def due(row: OutboxMessage, *, at: datetime) -> Due:
    return Due(
        id=row.id,
        kind=row.kind,
        channel=row.channel,
        recipient=row.recipient,
        language=Language(row.language),
        patient_id=row.patient_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        subject_version=row.subject_version,
        due_at=row.due_at,
        at=at,
    )


@pytest.mark.parametrize(
    ("procedure", "days"),
    [(Procedure.NEEDLING, [0, 2, 7, 14]), (Procedure.MESOTHERAPY, [0, 2, 7, 14, 30, 60, 90])],
)
def test_the_clinic_writes_at_once_and_asks_on_the_days_of_the_data(world, procedure, days):
    ended = end_session(world, procedure)
    rows = queued(ended)
    first = ended.at.astimezone(PARIS).date()
    assert [(row.due_at.astimezone(PARIS).date() - first).days for row in rows] == days
    # The clocks go forward on 29 March: the hour on the wall stays.
    assert {row.due_at.astimezone(PARIS).hour for row in rows[1:]} == {10}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_messages_name_the_clinic_and_a_link_and_nothing_else(world, language):
    ended = end_session(world)
    for row in queued(ended):
        row.language = language
        rendered = FollowUpMessages().render(due(row, at=row.due_at))
        for part in (rendered.subject, rendered.text, rendered.html):
            plain = part.lower().replace(f"/{language}/s/", "").replace("peau & soin", "")
            plain = plain.replace("peau &amp; soin", "")
            assert not [word for word in TELLING if word in plain]
        assert f"/{language}/s/" in rendered.text
        assert "Peau & Soin" in rendered.subject


def test_an_sms_is_short_and_as_neutral(world):
    row = queued(end_session(world))[0]
    row.channel, row.recipient = "SMS", get_identity(world.anna.patient_id).phone
    rendered = FollowUpMessages().render(due(row, at=row.due_at))
    assert len(rendered.text) < 160
    assert not rendered.html


def test_a_question_that_a_later_one_replaced_is_not_asked(world):
    ended = end_session(world)
    given, second, seventh, *_ = queued(ended)
    still_true = FollowUpMessages().still_true
    assert still_true(due(given, at=given.due_at))
    assert still_true(due(second, at=second.due_at))
    assert not still_true(due(given, at=second.due_at))
    assert not still_true(due(second, at=seventh.due_at))


def test_a_later_session_silences_the_questions_of_the_earlier_one(world):
    ended = end_session(world)
    last = queued(ended)[-1]
    assert FollowUpMessages().still_true(due(last, at=last.due_at))
    later_at = ended.day.at + timedelta(days=35, hours=-1)  # ten o'clock in summer time
    appointment = book(
        patient_id=world.anna.patient_id,
        service_id=session_service(ended.day.treatment).id,
        site_id=world.lyon,
        starts_at=later_at,
        plan_id=ended.day.plan,
        actor=world.diane.actor,
        at=ended.at,
    )
    check_in(appointment_id=appointment, actor=world.diane.actor, at=later_at)
    ask_the_questions(world, appointment, at=later_at)
    later = begin_session(appointment_id=appointment, actor=world.bruno.actor, at=later_at)
    start_aftercare(
        session=get_session(later), zones=(), ended_at=later_at, actor=SYSTEM, at=later_at
    )
    assert not FollowUpMessages().still_true(due(last, at=last.due_at))


def test_a_patient_who_moved_house_is_written_to_at_the_new_address_only(world):
    ended = end_session(world)
    identity = get_identity(world.anna.patient_id)
    change_contact(
        patient_id=identity.id,
        email="anna.neuve@example.net",
        phone=identity.phone,
        language="fr",
        version=identity.version,
        actor=world.anna.actor,
        at=ended.at,
    )
    send_all_due(at=ended.at)
    send_all_due(at=ended.at)
    about = OutboxMessage.objects.filter(kind="aftercare_given")
    assert {(row.recipient, row.state) for row in about} == {
        ("anna@example.net", "DROPPED"),
        ("anna.neuve@example.net", "SENT"),
    }
    assert not DemoMail.objects.filter(recipient="anna@example.net", subject__contains="conseils")


def test_a_doctors_answer_is_announced_and_not_told(world):
    ended = end_session(world)
    report = report_symptom(
        session_id=ended.session_id,
        symptom=Symptom.PUS,
        note="",
        pain=None,
        actor=world.anna.actor,
        at=ended.at + timedelta(hours=1),
    )
    at = ended.at + timedelta(hours=2)
    answer_report(
        report_id=report.id,
        note="Venez demain à neuf heures.",
        closes=False,
        actor=world.bruno.actor,
        at=at,
    )
    row = OutboxMessage.objects.get(kind="clinic_replied")
    assert FollowUpMessages().still_true(due(row, at=at))
    rendered = FollowUpMessages().render(due(row, at=at))
    assert "neuf heures" not in rendered.text
    assert "pus" not in rendered.text.lower()


def test_every_contact_has_a_kind_of_its_own():
    for procedure in Procedure:
        days = [contact.after_days for contact in contacts(procedure)]
        assert len(set(days)) == len(days)
