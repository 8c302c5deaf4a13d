"""Booking a session of a plan: the gates of booking, and no symptom that forbids another session."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.booking.operations import book
from aiguille.care.queries import get_plan
from aiguille.catalogue.queries import session_service
from aiguille.follow_up.queries import blocking_report
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.access import get_patient_for
from aiguille.patients.queries import record_ids


class SymptomBlocks(DomainError):
    """A symptom was reported after a session, and no physician has closed it yet."""

    code = "symptom_blocks"
    default_text = Text(
        fr="Un symptôme signalé attend la réponse d’un médecin : aucune séance ne peut être "
        "réservée ni commencée avant.",
        en="A symptom that was reported waits for a physician’s answer: no session can be booked "
        "or begun before.",
    )


def refuse_blocking_symptom(*, patient_id: UUID) -> None:
    """Let a patient pass whose symptoms, if any, allow another session.

    Raises:
        SymptomBlocks: a physician must close a report first.
    """
    if is_blocked(patient_id):
        raise SymptomBlocks


def is_blocked(patient_id: UUID) -> bool:
    """Tell whether a report of the patient's forbids a session until a physician closes it."""
    return any(blocking_report(record_id) is not None for record_id in record_ids(patient_id))


def blocking_symptom(patient_id: UUID) -> None:
    """Say to the waiting list what else keeps a patient from a session.

    Raises:
        SymptomBlocks: a physician must close a report first.
    """
    refuse_blocking_symptom(patient_id=patient_id)


def book_session(
    *,
    patient_id: UUID,
    plan_id: UUID,
    site_id: UUID,
    starts_at: datetime,
    practitioner_id: UUID | None = None,
    hold_browser: str | None = None,
    request_key: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Book the next session of a plan for its patient; return the appointment's key.

    Raises:
        NotVisible: the patient, or the plan, is none of the actor's.
        SymptomBlocks: a physician must close a report first.
        and what `booking.operations.book` raises.
    """
    with transaction.atomic(durable=True):
        get_patient_for(actor=actor, patient_id=patient_id, at=at)
        refuse_blocking_symptom(patient_id=patient_id)
        return book(
            patient_id=patient_id,
            service_id=session_service(get_plan(plan_id).treatment_id).id,
            site_id=site_id,
            starts_at=starts_at,
            practitioner_id=practitioner_id,
            plan_id=plan_id,
            hold_browser=hold_browser,
            request_key=request_key,
            actor=actor,
            at=at,
        )
