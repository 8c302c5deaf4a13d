"""Speaking for aftercare and reports when a message's time has come."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from aiguille.clinics.queries import get_site, the_group
from aiguille.follow_up import notices
from aiguille.follow_up.aftercare_data import contacts
from aiguille.follow_up.models import Aftercare, SymptomReport
from aiguille.kernel.codes import Procedure
from aiguille.kernel.text import Text
from aiguille.messaging.resolvers import Due, Rendered
from aiguille.patients.operations import make_link
from aiguille.patients.queries import get_identity, surviving_id
from aiguille.treatment_sessions.queries import get_session

LINK_LASTS = timedelta(days=7)
SMS = "SMS"


class FollowUpMessages:
    """The resolver of the subject kinds "aftercare" and "symptom_report"."""

    def still_true(self, message: Due) -> bool:
        """Tell whether the message still has something to say, to this address."""
        if message.subject_kind == notices.AFTERCARE:
            holds = _aftercare_holds(message)
        else:
            holds = SymptomReport.objects.filter(
                id=message.subject_id, reviews__isnull=False
            ).exists()
        return holds and _reaches(message)

    def render(self, message: Due) -> Rendered:
        """Write the message in its language, with a fresh link to the space."""
        wording = _wordings()[
            notices.CONTACT if message.kind.startswith(notices.CONTACT) else message.kind
        ]
        language = message.language.value
        patient_id, site_id = _whom_and_where(message)
        group, site = the_group(), get_site(site_id)
        assert site is not None, "a foreign key keeps the site"
        link = _link(patient_id, message)
        subject = wording.subject.in_language(language)
        if message.channel == SMS:
            return Rendered(subject=subject, text=f"{group.name}. {subject}. {link}")
        context = {
            "language": language,
            "subject": subject,
            "opening": wording.opening.in_language(language),
            "link": link,
            "link_label": wording.link.in_language(language),
            "closing": wording.closing.in_language(language),
            "group": group,
            "phone": site.phone,
            **{name: _word(name, language) for name in ("hello", "private", "signed")},
        }
        return Rendered(
            subject=f"{group.name} : {subject}" if language == "fr" else f"{group.name}: {subject}",
            text=render_to_string("follow_up/message.txt", context),
            html=render_to_string("follow_up/message.html", context),
        )


def _aftercare_holds(message: Due) -> bool:
    """Tell whether nothing newer has taken the place of a message about an aftercare.

    A later session of the same procedure brings its own advice and its own questions; a question
    that was held up until the next one is due is not asked any more.
    """
    aftercare = Aftercare.objects.filter(id=message.subject_id).first()
    if aftercare is None:
        return False
    procedure = Procedure(aftercare.procedure)
    superseded = Aftercare.objects.filter(
        patient_id=aftercare.patient_id,
        procedure=aftercare.procedure,
        recorded_at__gt=aftercare.recorded_at,
    ).exists()
    if superseded:
        return False
    session = get_session(aftercare.session_id)
    if message.kind == notices.GIVEN:
        asked_days = 0
    else:
        contact = notices.contact_of(message.kind, procedure)
        if contact is None:
            return False
        asked_days = contact.after_days
    ended_at = session.ended_at or aftercare.recorded_at
    zone = notices.zone_of_site(session.site_id)
    return not any(
        later.after_days > asked_days
        and notices.due_of(later, ended_at=ended_at, zone=zone) <= message.at
        for later in contacts(procedure)
    )


def _reaches(message: Due) -> bool:
    """Tell whether the patient is still reached at this address; else the new one is written to."""
    patient_id, _ = _whom_and_where(message)
    identity = get_identity(patient_id)
    if message.recipient in {identity.email, identity.phone}:
        return True
    notices.readdress(
        message_kind=message.kind,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        patient_id=patient_id,
        at=message.at,
    )
    return False


def _whom_and_where(message: Due) -> tuple[UUID, UUID]:
    """Return the patient, as the record stands now, and the site of the session."""
    subject = Aftercare if message.subject_kind == notices.AFTERCARE else SymptomReport
    row = subject.objects.get(id=message.subject_id)
    return surviving_id(row.patient_id), get_session(row.session_id).site_id


def _link(patient_id: UUID, message: Due) -> str:
    token = make_link(
        patient_id=patient_id, scope="SPACE", expires_at=message.at + LINK_LASTS, at=message.at
    )
    with override(message.language.value):
        return f"{settings.BASE_URL}{reverse('public:space_link', args=[token])}"


@dataclass(frozen=True, slots=True)
class Wording:
    """What one kind of message says."""

    subject: Text
    opening: Text
    link: Text
    closing: Text


@cache
def _wordings() -> dict[str, Wording]:
    return {
        kind: Wording(**{name: Text.from_mapping(text) for name, text in value.items()})
        for kind, value in _data()["kind"].items()
    }


def _word(name: str, language: str) -> str:
    return Text.from_mapping(_data()["words"][name]).in_language(language)


@cache
def _data() -> dict[str, Any]:
    source = files("aiguille.follow_up") / "data" / "messages.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))
