"""What patients are sent after a session: queued in the transaction that decides it.

A message names the clinic and a link, nothing else; what is asked is read in the space.
"""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.clinics.queries import get_site
from aiguille.follow_up.aftercare_data import Contact, contacts
from aiguille.follow_up.queries import ReportView
from aiguille.kernel.codes import Procedure
from aiguille.messaging.operations import queue
from aiguille.patients.queries import get_identity, surviving_id
from aiguille.treatment_sessions.queries import SessionView

AFTERCARE, REPORT = "aftercare", "symptom_report"
GIVEN, REPLIED = "aftercare_given", "clinic_replied"
CONTACT = "aftercare_contact"
ASKED_AT = time(10)
"""The local time of day at which the clinic asks how a patient is (DEF, to confirm)."""


def announce_aftercare(
    *, aftercare_id: UUID, session: SessionView, ended_at: datetime, at: datetime
) -> None:
    """Send the aftercare now, and ask how the patient is on the days that the data name."""
    _queue(GIVEN, AFTERCARE, aftercare_id, patient_id=session.patient_id, due_at=ended_at, at=at)
    zone = zone_of_site(session.site_id)
    for contact in contacts(session.procedure):
        _queue(
            kind_of(contact),
            AFTERCARE,
            aftercare_id,
            patient_id=session.patient_id,
            due_at=due_of(contact, ended_at=ended_at, zone=zone),
            at=at,
        )


def announce_reply(*, report: ReportView, review_id: UUID, at: datetime) -> None:
    """Tell the patient that a doctor replied to their report."""
    _queue(
        REPLIED,
        REPORT,
        report.id,
        patient_id=report.patient_id,
        due_at=at,
        at=at,
        suffix=str(review_id),
    )


def kind_of(contact: Contact) -> str:
    """Return the kind of the message that makes a contact."""
    return f"{CONTACT}_{contact.after_days}"


def contact_of(kind: str, procedure: Procedure) -> Contact | None:
    """Return the contact that a kind of message makes, or None."""
    return next((each for each in contacts(procedure) if kind_of(each) == kind), None)


def due_of(contact: Contact, *, ended_at: datetime, zone: ZoneInfo) -> datetime:
    """Return when a contact is made after a session that ended at `ended_at`."""
    day = ended_at.astimezone(zone).date() + timedelta(days=contact.after_days)
    return datetime.combine(day, ASKED_AT, tzinfo=zone)


def zone_of_site(site_id: UUID) -> ZoneInfo:
    """Return the time zone of a site."""
    site = get_site(site_id)
    assert site is not None, "a foreign key keeps the site"
    return ZoneInfo(site.time_zone)


def readdress(
    *, message_kind: str, subject_kind: str, subject_id: UUID, patient_id: UUID, at: datetime
) -> None:
    """Queue a message again, now, for a patient whose address has changed since."""
    _queue(
        message_kind,
        subject_kind,
        subject_id,
        patient_id=patient_id,
        due_at=at,
        at=at,
        suffix=f"readdressed:{at.isoformat()}",
    )


def _queue(
    kind: str,
    subject_kind: str,
    subject_id: UUID,
    *,
    patient_id: UUID,
    due_at: datetime,
    at: datetime,
    suffix: str = "",
) -> None:
    """Queue a message to the patient's mailbox, else to their telephone; to nobody without both."""
    identity = get_identity(surviving_id(patient_id))
    recipient = identity.email or identity.phone
    if not recipient:
        return
    queue(
        kind=kind,
        channel="EMAIL" if identity.email else "SMS",
        recipient=recipient,
        language=identity.language,
        patient_id=identity.id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        subject_version=1,
        due_at=due_at,
        dedupe_key=f"{kind}:{subject_id}:{suffix}",
        at=at,
    )
