"""The patient agrees, or takes the agreement back; the paper and the people who must know follow."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.care.queries import current_verdict, list_plans
from aiguille.consent import operations
from aiguille.consent.queries import ConsentView, current_consent, find_consent
from aiguille.journeys.documents import file_consent_document
from aiguille.kernel.actor import SYSTEM, Actor, ActorKind
from aiguille.kernel.codes import StaffRole
from aiguille.kernel.text import Text
from aiguille.patients.access import get_patient_for
from aiguille.patients.queries import record_ids, surviving_id
from aiguille.plumbing.access import NotVisible
from aiguille.worklist.operations import open_task

WITHDRAWN = "consent_withdrawn"
TITLE = Text(
    fr="Consentement retiré alors qu’une séance est prévue",
    en="Consent withdrawn while a session is planned",
)
DUE_AFTER = timedelta(days=1)
URGENT_BEFORE = timedelta(days=3)


@transaction.atomic(durable=True)
def sign_consent(
    *,
    patient_id: UUID,
    treatment_id: UUID,
    text_id: UUID,
    answers: Mapping[str, Any],
    mention: str,
    signature_kind: str,
    signature: str,
    request_key: UUID,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Sign the current text of a treatment that was proposed to the patient; have it filed.

    Raises:
        NotVisible: the patient is not the actor's, the actor is staff, or nothing was proposed.
        TextReplaced, ConsentIncomplete: see `consent.operations.sign_consent`.
    """
    # Nobody but the patient's own login agrees: staff see the patient, and yet may not sign.
    if actor.kind is ActorKind.STAFF:
        raise NotVisible
    get_patient_for(actor=actor, patient_id=patient_id, at=at)
    if not is_proposed(patient_id=patient_id, treatment_id=treatment_id):
        raise NotVisible
    consent_id = operations.sign_consent(
        patient_id=record_that_agrees(patient_id=patient_id, treatment_id=treatment_id),
        treatment_id=treatment_id,
        text_id=text_id,
        answers=answers,
        mention=mention,
        signature_kind=signature_kind,
        signature=signature,
        request_key=request_key,
        actor=actor,
        at=at,
    )
    file_consent_document(consent_id=consent_id)
    return consent_id


def is_proposed(*, patient_id: UUID, treatment_id: UUID) -> bool:
    """Tell whether a physician planned the treatment for the patient: what there is to agree to."""
    return any(plan.treatment_id == treatment_id for plan in list_plans(patient_id=patient_id))


def record_that_agrees(*, patient_id: UUID, treatment_id: UUID) -> UUID:
    """Return the record, of a person's joined ones, under which a treatment is agreed to.

    It is that of the verdict, under which its sessions stand too.
    """
    verdict = current_verdict(patient_id=patient_id, treatment_id=treatment_id)
    return patient_id if verdict is None else verdict.patient_id


def consent_in_force(*, patient_id: UUID, treatment_id: UUID) -> ConsentView | None:
    """Return the consent under which a person's sessions of a treatment may begin, or None."""
    record_id = record_that_agrees(patient_id=patient_id, treatment_id=treatment_id)
    return current_consent(patient_id=record_id, treatment_id=treatment_id)


def consent_for(*, consent_id: UUID, patient_id: UUID) -> ConsentView:
    """Return a consent of the patient whose space is open.

    Raises:
        NotVisible: it does not exist, or is somebody else's.
    """
    consent = find_consent(consent_id)
    if consent is None or consent.patient_id not in record_ids(patient_id):
        raise NotVisible
    return consent


@transaction.atomic(durable=True)
def withdraw_consent(*, consent_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Withdraw a consent; a physician learns of it where a session is planned or runs.

    Raises:
        NotVisible: it is not one of the actor's patients'.
        AlreadyWithdrawn, ReasonTooLong: see `consent.operations.withdraw_consent`.
    """
    consent = find_consent(consent_id)
    if consent is None:
        raise NotVisible
    patient_id = surviving_id(consent.patient_id)
    get_patient_for(actor=actor, patient_id=patient_id, at=at)
    operations.withdraw_consent(consent_id=consent_id, reason=reason, actor=actor, at=at)
    session = next_session(patient_id=patient_id, treatment_id=consent.treatment_id, at=at)
    if session is not None:
        open_task(
            kind=WITHDRAWN,
            title=TITLE,
            subject_kind="consent",
            subject_id=consent_id,
            patient_id=patient_id,
            site_id=session.site_id,
            role=StaffRole.PHYSICIAN,
            is_urgent=session.starts_at < at + URGENT_BEFORE,
            due_at=min(at + DUE_AFTER, max(at, session.starts_at)),
            actor=SYSTEM,
            at=at,
        )


def next_session(*, patient_id: UUID, treatment_id: UUID, at: datetime) -> AppointmentView | None:
    """Return the patient's next session of a treatment that is booked or runs, or None."""
    planned = [
        appointment
        for appointment in appointments_of_patient(patient_id)
        if appointment.treatment_id == treatment_id
        and appointment.plan_id is not None
        and (appointment.is_ahead or appointment.state in {"ARRIVED", "IN_PROGRESS"})
        and appointment.ends_at > at
    ]
    return min(planned, key=lambda appointment: appointment.starts_at, default=None)
