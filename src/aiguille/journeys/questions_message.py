"""The message before a session: the starred questions wait in the patient's space."""

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from aiguille.booking.queries import AppointmentView, agenda_between, get_appointment
from aiguille.clinics.queries import SiteView, list_sites, the_group
from aiguille.journeys.ask_again import ASKED_DAYS_BEFORE
from aiguille.kernel.codes import ServiceKind
from aiguille.messaging.operations import queue
from aiguille.messaging.resolvers import Due, Rendered
from aiguille.patients.operations import is_still_reached_at, make_link
from aiguille.patients.queries import (
    get_contact,
    get_identity,
    patients_with_answers,
    surviving_id,
)
from aiguille.plumbing.access import NotVisible
from aiguille.treatment_sessions.asked_again import asked_again_at

KIND = "questions_again"
SUBJECT = "session_questions"
SAID_AT = time(10)
"""The local time at which the message leaves, on its first day (DEF, to confirm)."""
SMS: Literal["SMS"] = "SMS"
_AT_MOST = timedelta(days=ASKED_DAYS_BEFORE + 1)


class QuestionsMessage:
    """Speaks for the questions of a session to the outbox; it says nothing of any answer."""

    def still_true(self, message: Due) -> bool:
        """Tell whether the session is still booked as it was, and nobody answered meanwhile."""
        try:
            session = get_appointment(message.subject_id)
        except NotVisible:
            return False
        return (
            session.state == "BOOKED"
            and session.version == message.subject_version
            and session.starts_at > message.at
            and not asked_again_at([session.id])
            and _is_still_reached(message)
        )

    def render(self, message: Due) -> Rendered:
        """Make the link and write the message in the patient's language."""
        session = get_appointment(message.subject_id)
        token = make_link(
            patient_id=surviving_id(session.patient_id),
            scope="SPACE",
            expires_at=message.at + _AT_MOST,
            at=message.at,
        )
        with translation.override(message.language):
            context = {
                "first_names": get_identity(session.patient_id).first_names,
                "day": date_format(session.local, "l j F"),
                "link": settings.BASE_URL + reverse("public:space_link", args=[token]),
                "clinic": the_group().name,
            }
            subject = translation.gettext("A few questions before your session")
            if message.channel == SMS:
                return Rendered(
                    subject=subject, text=f"{context['clinic']}. {subject}. {context['link']}"
                )
            return Rendered(
                subject=subject, text=render_to_string("journeys/questions_again.txt", context)
            )


def remind_of_questions(*, at: datetime) -> int:
    """Queue the message of each session whose questions are to be asked again; return how many.

    The same session is told once, unless it moves to another day. Whoever answered already, or
    still owes the whole questionnaire, is not told.
    """
    return sum(_remind_at(site, at=at) for site in list_sites())


def _remind_at(site: SiteView, *, at: datetime) -> int:
    today = at.astimezone(ZoneInfo(site.time_zone)).date()
    sessions = [
        one
        for one in agenda_between(
            site_id=site.id, first_day=today, last_day=today + timedelta(days=ASKED_DAYS_BEFORE)
        )
        if one.kind is ServiceKind.SESSION and one.state == "BOOKED" and one.starts_at > at
    ]
    asked = asked_again_at([one.id for one in sessions])
    answered = patients_with_answers({one.patient_id for one in sessions})
    to_tell = [
        one
        for one in sessions
        if one.id not in asked and (one.patient_id, one.procedure) in answered
    ]
    return sum(_tell(one, at=at) for one in to_tell)


@transaction.atomic
def _tell(session: AppointmentView, *, at: datetime) -> bool:
    patient_id = surviving_id(session.patient_id)
    contact = get_contact(patient_id)
    recipient = contact.email or contact.phone
    if not recipient:
        return False
    first_day = session.local_date - timedelta(days=ASKED_DAYS_BEFORE)
    usual = datetime.combine(first_day, SAID_AT, tzinfo=ZoneInfo(session.time_zone))
    queue(
        kind=KIND,
        channel="EMAIL" if contact.email else SMS,
        recipient=recipient,
        language=contact.language,
        patient_id=patient_id,
        subject_kind=SUBJECT,
        subject_id=session.id,
        subject_version=session.version,
        due_at=max(at, usual),
        dedupe_key=f"{KIND}:{session.id}:{session.version}",
        at=at,
    )
    return True


def _is_still_reached(message: Due) -> bool:
    assert message.patient_id is not None, "it was queued for one"
    if message.channel == SMS:
        return get_contact(message.patient_id).phone == message.recipient
    return is_still_reached_at(patient_id=message.patient_id, email=message.recipient)
