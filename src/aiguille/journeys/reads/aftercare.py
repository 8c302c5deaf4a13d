"""After a session as the patient finds it: the advice of today and the symptoms reported."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.catalogue.queries import TreatmentView, get_treatment
from aiguille.clinics.queries import SiteView, get_site, list_sites
from aiguille.follow_up.aftercare_data import Contact, contacts
from aiguille.follow_up.notices import due_of
from aiguille.follow_up.queries import (
    AftercareView,
    ReportView,
    aftercare_of_patient,
    find_report,
    reports_of_patient,
)
from aiguille.patients.queries import list_documents, record_ids
from aiguille.plumbing.access import NotVisible
from aiguille.rulebook import Source, load_rulebook
from aiguille.treatment_sessions.queries import SessionView, get_session, sessions_of_patient

# A question that the clinic asked stays on the page for this long, unless the next one is due.
ASKED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session that ended, with what it was and where."""

    session: SessionView
    ended_at: datetime
    treatment: TreatmentView
    site: SiteView

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the site."""
        return ZoneInfo(self.site.time_zone)


@dataclass(frozen=True, slots=True)
class AftercarePage:
    """The advice of the latest session; `question` is what the clinic asks now, if anything."""

    ended: EndedSession
    aftercare: AftercareView
    question: Contact | None
    sources: tuple[Source, ...]
    document_id: UUID | None


@dataclass(frozen=True, slots=True)
class SymptomsPage:
    """The sessions that a report may be about, latest first, and what was reported before.

    `site` is whom to call: that of the latest session, or the group's first.
    """

    sessions: tuple[EndedSession, ...]
    reports: tuple[ReportView, ...]
    site: SiteView


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What a patient reported, what it means, and who to call."""

    report: ReportView
    ended: EndedSession


def read_aftercare(*, patient_id: UUID, at: datetime) -> AftercarePage | None:
    """Return the advice after the patient's latest session, or None before there is any."""
    given = [each for record in record_ids(patient_id) for each in aftercare_of_patient(record)]
    if not given:
        return None
    aftercare = max(given, key=lambda each: each.recorded_at)
    ended = _ended(get_session(aftercare.session_id))
    known = load_rulebook().sources
    tags = sorted({tag for item in aftercare.items for tag in item.sources})
    documents = list_documents(patient_id, shown_to_patient=True)
    return AftercarePage(
        ended=ended,
        aftercare=aftercare,
        question=_question(ended, at=at),
        sources=tuple(Source(tag, known[tag]) for tag in tags if tag in known),
        document_id=next((line.id for line in documents if line.subject_id == aftercare.id), None),
    )


def read_symptoms(*, patient_id: UUID) -> SymptomsPage:
    """Return what a patient may report about, and has reported."""
    records = record_ids(patient_id)
    sessions = [
        session
        for record in records
        for session in sessions_of_patient(record)
        if session.ended_at is not None
    ]
    sessions.sort(key=lambda session: session.begun_at, reverse=True)
    reports = [report for record in records for report in reports_of_patient(record)]
    reports.sort(key=lambda report: report.reported_at, reverse=True)
    ended = tuple(_ended(session) for session in sessions)
    return SymptomsPage(
        sessions=ended,
        reports=tuple(reports),
        site=ended[0].site if ended else list_sites()[0],
    )


def read_report(*, patient_id: UUID, report_id: UUID) -> ReportPage:
    """Return one of the patient's own reports.

    Raises:
        NotVisible: there is none, or it is somebody else's.
    """
    report = find_report(report_id)
    if report is None or report.patient_id not in record_ids(patient_id):
        raise NotVisible
    return ReportPage(report=report, ended=_ended(get_session(report.session_id)))


def _question(ended: EndedSession, *, at: datetime) -> Contact | None:
    """Return the latest question that the clinic has asked, while it is fresh."""
    asked = [
        (due, contact)
        for contact in contacts(ended.session.procedure)
        if (due := due_of(contact, ended_at=ended.ended_at, zone=ended.zone)) <= at
    ]
    if not asked:
        return None
    due, contact = asked[-1]
    return contact if at < due + ASKED_FOR else None


def _ended(session: SessionView) -> EndedSession:
    site = get_site(session.site_id)
    assert site is not None, "a foreign key keeps the site"
    assert session.ended_at is not None, "only a session that ended has a follow-up"
    return EndedSession(
        session=session,
        ended_at=session.ended_at,
        treatment=get_treatment(session.treatment_id),
        site=site,
    )
