"""Booking a consultation for a patient whom the desk sees or hears."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.booking.operations import NotBookable, book
from aiguille.catalogue.queries import get_service
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ServiceKind
from aiguille.patients.access import get_patient_for


def book_service(
    *,
    patient_id: UUID,
    service_id: UUID,
    site_id: UUID,
    starts_at: datetime,
    practitioner_id: UUID | None,
    request_key: UUID | None,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Book a consultation or a check-up; return the appointment's key.

    Raises:
        NotVisible: the patient is none of the actor's.
        NotBookable: the service is a session, which is booked from its plan.
        and what `booking.operations.book` raises.
    """
    with transaction.atomic(durable=True):
        get_patient_for(actor=actor, patient_id=patient_id, at=at)
        if get_service(service_id).kind is ServiceKind.SESSION:
            raise NotBookable
        return book(
            patient_id=patient_id,
            service_id=service_id,
            site_id=site_id,
            starts_at=starts_at,
            practitioner_id=practitioner_id,
            request_key=request_key,
            actor=actor,
            at=at,
        )
