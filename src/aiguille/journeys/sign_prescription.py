"""Signing a prescription in a consultation, or correcting it afterwards."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from aiguille.booking.access import get_appointment_for
from aiguille.care.jobs import render_prescription
from aiguille.care.operations import prescribe
from aiguille.care.prescribing import Cream, Line, Measures
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Language
from aiguille.messaging.operations import queue
from aiguille.patients.queries import get_contact

PRESCRIPTION_READY = "prescription_ready"


def sign_prescription(
    *,
    appointment_id: UUID,
    consultation_id: UUID,
    plan_id: UUID | None,
    cream: Cream | None,
    lines: Sequence[Line],
    measures: Measures,
    override_reason: str,
    acknowledged: Sequence[str],
    replaces_id: UUID | None,
    reason: str,
    request_key: UUID | None,
    today: date,
    language: str,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Sign a prescription under the address of the consultation's site; return its id.

    Its document is made when the consultation is concluded: what is replaced before the end never
    reaches the patient. Where it is concluded already, the document is made now and the patient is
    told that one waits in their space.

    Raises:
        What `care.operations.prescribe` raises.
    """
    with transaction.atomic(durable=True):
        appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
        prescription_id = prescribe(
            patient_id=appointment.patient_id,
            consultation_id=consultation_id,
            plan_id=plan_id,
            site_id=appointment.site_id,
            cream=cream,
            lines=lines,
            measures=measures,
            override_reason=override_reason,
            acknowledged=acknowledged,
            replaces_id=replaces_id,
            reason=reason,
            request_key=request_key,
            today=today,
            language=language,
            actor=actor,
            at=at,
        )
        if appointment.state == "DONE":
            render_prescription.defer(prescription_id=str(prescription_id))
            _tell(prescription_id, patient_id=appointment.patient_id, at=at)
    return prescription_id


def _tell(prescription_id: UUID, *, patient_id: UUID, at: datetime) -> None:
    contact = get_contact(patient_id)
    if not contact.email:
        return
    queue(
        kind=PRESCRIPTION_READY,
        channel="EMAIL",
        recipient=contact.email,
        language=Language(contact.language),
        patient_id=patient_id,
        subject_kind="prescription",
        subject_id=prescription_id,
        subject_version=1,
        due_at=at,
        dedupe_key=f"{PRESCRIPTION_READY}:{prescription_id}",
        at=at,
    )
