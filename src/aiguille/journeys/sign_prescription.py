"""Signing the numbing cream's prescription in a consultation, or correcting it afterwards."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from aiguille.booking.access import get_appointment_for
from aiguille.care.jobs import render_prescription
from aiguille.care.operations import prescribe_cream
from aiguille.kernel.actor import Actor


def sign_prescription(
    *,
    appointment_id: UUID,
    consultation_id: UUID,
    plan_id: UUID | None,
    product: str,
    area_cm2: Decimal,
    grams: Decimal | None,
    minutes_before: int,
    zones: Sequence[str],
    conditions: Sequence[str],
    override_reason: str,
    acknowledged: Sequence[str],
    today: date,
    language: str,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Sign a prescription under the address of the consultation's site; return its id.

    Its document is made when the consultation is concluded, or now where it is already: what is
    replaced before the end never reaches the patient.

    Raises:
        What `care.operations.prescribe_cream` raises.
    """
    with transaction.atomic(durable=True):
        appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
        prescription_id = prescribe_cream(
            patient_id=appointment.patient_id,
            consultation_id=consultation_id,
            plan_id=plan_id,
            site_id=appointment.site_id,
            product=product,
            area_cm2=area_cm2,
            grams=grams,
            minutes_before=minutes_before,
            zones=zones,
            conditions=conditions,
            override_reason=override_reason,
            acknowledged=acknowledged,
            today=today,
            language=language,
            actor=actor,
            at=at,
        )
        if appointment.state == "DONE":
            render_prescription.defer(prescription_id=str(prescription_id))
    return prescription_id
