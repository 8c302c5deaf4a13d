"""A symptom: triaged, brought before a doctor in time, and sessions held back when it blocks."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from aiguille.booking.states import confirm_under_verdict, flag_needs_verdict
from aiguille.care.queries import list_verdicts
from aiguille.follow_up import operations
from aiguille.follow_up.notices import announce_reply
from aiguille.follow_up.queries import ReportView, find_report
from aiguille.journeys.book_session import is_blocked
from aiguille.kernel.actor import SYSTEM, Actor
from aiguille.kernel.codes import StaffRole, Symptom, Triage
from aiguille.kernel.text import Text
from aiguille.patients.access import get_patient_for
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.deadlocks import once_more
from aiguille.treatment_sessions.queries import find_session
from aiguille.worklist.operations import finish_tasks_about, open_task

TASK_KIND = "symptom_report"

# How long the clinic has to react: what the triage's own words promise the patient (rule book,
# `symptom`); an emergency is the patient's call to 15, and the clinic's at once.
DEADLINES = {
    Triage.CALL_7D: timedelta(days=7),
    Triage.CALL_48H: timedelta(hours=48),
    Triage.CALL_SAME_DAY: timedelta(hours=8),
    Triage.EMERGENCY_15: timedelta(minutes=15),
}
URGENT = frozenset({Triage.CALL_SAME_DAY, Triage.EMERGENCY_15})
TITLES = {
    Triage.CALL_7D: Text(fr="Symptôme à voir sous 7 jours", en="Symptom to see within 7 days"),
    Triage.CALL_48H: Text(fr="Symptôme à voir sous 48 heures", en="Symptom to see within 48 hours"),
    Triage.CALL_SAME_DAY: Text(fr="Symptôme à voir aujourd’hui", en="Symptom to see today"),
    Triage.EMERGENCY_15: Text(fr="Urgence signalée", en="Emergency reported"),
}


@once_more
@transaction.atomic(durable=True)
def report_symptom(
    *,
    session_id: UUID,
    symptom: Symptom,
    note: str,
    pain: int | None,
    request_key: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> ReportView:
    """Take a report about one of the patient's own sessions; what is not expected opens a task.

    Where it forbids another session, those ahead keep their time and wait until a physician closes
    it. One form (`request_key`) sent twice reports once.

    Raises:
        NotVisible: the session is not the patient's.
        ReportRefused: the report cannot be taken as it stands.
    """
    session = find_session(session_id)
    if session is None:
        raise NotVisible
    get_patient_for(actor=actor, patient_id=session.patient_id, at=at)
    report = operations.report_symptom(
        session=session,
        symptom=symptom,
        note=note,
        pain=pain,
        request_key=request_key,
        actor=actor,
        at=at,
    )
    # A form that was sent before made its task then, which a doctor may have finished since.
    if report.triage is not Triage.EXPECTED and report.reported_at == at:
        open_task(
            kind=TASK_KIND,
            title=TITLES[report.triage],
            subject_kind="symptom_report",
            subject_id=report.id,
            patient_id=session.patient_id,
            site_id=session.site_id,
            role=StaffRole.PHYSICIAN,
            # An urgent report is everybody's; another waits for the doctor who held the session.
            owner_id=None if report.triage in URGENT else session.performer_id,
            is_urgent=report.triage in URGENT,
            due_at=at + DEADLINES[report.triage],
            actor=SYSTEM,
            at=at,
        )
    if report.blocks and report.reported_at == at:
        for verdict_id in _active_verdicts(session.patient_id):
            flag_needs_verdict(verdict_id=verdict_id, actor=actor, at=at)
    return report


@transaction.atomic(durable=True)
def answer_report(*, report_id: UUID, note: str, closes: bool, actor: Actor, at: datetime) -> None:
    """Answer a report as a physician and tell the patient; closing it finishes its task.

    Once no report forbids a session any more, those that waited are booked again under the verdicts
    that still open their days.

    Raises:
        NotVisible: there is no such report.
        NotAllowed, ReportRefused: see `follow_up.operations.review_report`.
    """
    report = find_report(report_id)
    if report is None:
        raise NotVisible
    review_id = operations.review_report(
        report_id=report_id, note=note, closes=closes, actor=actor, at=at
    )
    announce_reply(report=report, review_id=review_id, at=at)
    if closes:
        finish_tasks_about(kind=TASK_KIND, subject_id=report_id, actor=actor, at=at)
        if not is_blocked(report.patient_id):
            for verdict_id in _active_verdicts(report.patient_id):
                confirm_under_verdict(verdict_id=verdict_id, actor=actor, at=at)


def _active_verdicts(patient_id: UUID) -> list[UUID]:
    return [verdict.id for verdict in list_verdicts(patient_id=patient_id) if verdict.is_active]
