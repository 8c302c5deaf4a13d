"""The only door from a member of staff to a symptom report."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right
from aiguille.audit.operations import record
from aiguille.follow_up import events
from aiguille.follow_up.queries import ReportView, find_report
from aiguille.kernel.actor import Actor
from aiguille.patients.access import get_patient_for
from aiguille.plumbing.access import NotVisible


@transaction.atomic
def get_report_for(*, actor: Actor, report_id: UUID, at: datetime) -> ReportView:
    """Return a report to staff who read records, and note that it was read.

    Raises:
        NotVisible: there is none, or the actor is an outsider.
        NotAllowed: the actor's roles read no records.
    """
    report = find_report(report_id)
    if report is None:
        raise NotVisible
    get_patient_for(actor=actor, patient_id=report.patient_id, at=at, right=Right.READ_RECORD)
    record(
        action=events.SYMPTOM_READ,
        actor=actor,
        at=at,
        subject_kind="symptom_report",
        subject_id=report.id,
        patient_id=report.patient_id,
    )
    return report
