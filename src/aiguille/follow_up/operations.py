"""Handing over aftercare, taking reports, answering them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.catalogue.queries import rules_in_force
from aiguille.follow_up import events
from aiguille.follow_up.aftercare_data import aftercare_items, data_version
from aiguille.follow_up.models import Aftercare, SymptomReport, SymptomReview
from aiguille.follow_up.queries import ReportView, get_report
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Symptom, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.models import authored_by
from aiguille.treatment_sessions.queries import SessionView

LONGEST_NOTE = 2000
WORST_PAIN = 10
SECONDS_PER_HOUR = 3600
TOO_LONG = Text(fr="Écrivez 2 000 caractères au plus.", en="Write 2,000 characters at most.")


class ReportRefused(DomainError):
    """A report or its answer cannot be taken as it stands."""

    code = "report_refused"


@transaction.atomic
def start_aftercare(
    *, session: SessionView, zones: Collection[Zone], ended_at: datetime, actor: Actor, at: datetime
) -> UUID:
    """Hand over the aftercare of a session that ended; a second time gives the first one."""
    there = Aftercare.objects.filter(session_id=session.id).first()
    if there is not None:
        return there.id
    book = rules_in_force().book
    items = aftercare_items(session.procedure, zones, book=book)
    aftercare = Aftercare.objects.create(
        session_id=session.id,
        patient_id=session.patient_id,
        procedure=session.procedure.value,
        data_version=data_version(session.procedure, book=book),
        items=[item.dated(ended_at) for item in items],
        **authored_by(actor, at=at),
    )
    record(
        action=events.AFTERCARE_GIVEN,
        actor=actor,
        at=at,
        subject_kind="aftercare",
        subject_id=aftercare.id,
        patient_id=session.patient_id,
        details={"data_version": aftercare.data_version},
    )
    return aftercare.id


@transaction.atomic
def report_symptom(
    *,
    session: SessionView,
    symptom: Symptom,
    note: str,
    pain: int | None,
    request_key: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> ReportView:
    """Take a symptom after a session that ended, and triage it by the rule book.

    `pain` goes from 0 to 10, None where it was not given. One form (`request_key`) sent twice
    reports once.

    Raises:
        ReportRefused: the session has not ended, or the note or the pain cannot be.
    """
    if session.ended_at is None or session.ended_at > at:
        raise ReportRefused(
            Text(fr="La séance n’est pas terminée.", en="The session has not ended."),
            field="session",
        )
    if len(note) > LONGEST_NOTE:
        raise ReportRefused(TOO_LONG, field="note")
    if pain is not None and not 0 <= pain <= WORST_PAIN:
        raise ReportRefused(
            Text(fr="La douleur va de 0 à 10.", en="Pain goes from 0 to 10."), field="pain"
        )
    if request_key is not None:
        same_form = SymptomReport.objects.filter(
            patient_id=session.patient_id, request_key=request_key
        )
        if reported_before := same_form.values_list("id", flat=True).first():
            return get_report(reported_before)
    hours = int((at - session.ended_at).total_seconds() // SECONDS_PER_HOUR)
    rules = rules_in_force()
    asked = {
        "kind": "symptom",
        "procedure": session.procedure.value,
        "symptom": symptom.value,
        "hours_since": hours,
    }
    ruling = rules.decide(asked)
    report = SymptomReport(
        patient_id=session.patient_id,
        session_id=session.id,
        symptom=symptom.value,
        hours_since=hours,
        pain=pain,
        note=note.strip(),
        triage=ruling["triage"],
        ruling=ruling,
        asked=asked,
        rulebook_version=rules.version,
        clinic_values=rules.stored_values(),
        reported_at=at,
        request_key=request_key,
        **authored_by(actor, at=at),
    )
    try:
        with transaction.atomic():
            report.save(force_insert=True)
    except IntegrityError:
        # The same form, sent again while we looked: the constraint let the first one through.
        if request_key is None:
            raise
        return get_report(
            SymptomReport.objects.values_list("id", flat=True).get(
                patient_id=session.patient_id, request_key=request_key
            )
        )
    record(
        action=events.SYMPTOM_REPORTED,
        actor=actor,
        at=at,
        subject_kind="symptom_report",
        subject_id=report.id,
        patient_id=session.patient_id,
        details={"symptom": symptom.value, "triage": report.triage},
    )
    return get_report(report.id)


@transaction.atomic
def review_report(*, report_id: UUID, note: str, closes: bool, actor: Actor, at: datetime) -> UUID:
    """Answer a report; one that `closes` it lets sessions be booked again.

    Raises:
        NotAllowed: the actor is not a physician at work.
        ReportRefused: the answer is empty or too long.
    """
    require(actor, Right.ANSWER_SYMPTOMS)
    if not note.strip():
        raise ReportRefused(Text(fr="Écrivez une réponse.", en="Write an answer."), field="note")
    if len(note) > LONGEST_NOTE:
        raise ReportRefused(TOO_LONG, field="note")
    report = SymptomReport.objects.get(id=report_id)
    review = SymptomReview.objects.create(
        report=report, note=note.strip(), closes=closes, **authored_by(actor, at=at)
    )
    record(
        action=events.SYMPTOM_REVIEWED,
        actor=actor,
        at=at,
        subject_kind="symptom_report",
        subject_id=report.id,
        patient_id=report.patient_id,
        details={"closes": closes},
    )
    return review.id
