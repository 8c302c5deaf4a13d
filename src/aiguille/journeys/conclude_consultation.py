"""The end of a consultation: the appointment is done, documents are made, the patient is told."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.booking.access import get_appointment_for
from aiguille.booking.states import finish
from aiguille.care.jobs import render_prescription
from aiguille.care.queries import (
    ConsultationView,
    consultation_of_appointment,
    list_prescriptions,
    list_verdicts,
    versions_of_consultation,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Language
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.messaging.operations import queue
from aiguille.patients.queries import get_identity

CONSULTATION_DONE = "consultation_done"


class NothingWritten(DomainError):
    """The consultation is not written yet, or has no verdict."""

    code = "nothing_written"
    default_text = Text(
        fr="Écrivez la consultation et rendez un avis avant de conclure.",
        en="Write the consultation and give a verdict before you conclude.",
    )


def conclude_consultation(*, appointment_id: UUID, actor: Actor, at: datetime) -> None:
    """Complete the appointment of a consultation that holds a verdict.

    Its prescriptions are rendered by the worker, and the patient gets a message with a link.

    Raises:
        NotAllowed: the actor is not a physician at work.
        NothingWritten: there is no consultation, or no verdict in it.
        StateRefuses: the appointment is over, cancelled or missed.
        NotVisible.
    """
    with transaction.atomic(durable=True):
        require(actor, Right.WRITE_CONSULTATION)
        appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
        consultation = consultation_of_appointment(appointment_id)
        if consultation is None:
            raise NothingWritten
        versions = versions_of_consultation(appointment_id)
        verdicts = list_verdicts(patient_id=consultation.patient_id)
        if not any(verdict.consultation_id in versions for verdict in verdicts):
            raise NothingWritten
        finish(appointment_id=appointment.id, actor=actor, at=at)
        for prescription in list_prescriptions(patient_id=consultation.patient_id):
            if prescription.consultation_id in versions:
                render_prescription.defer(prescription_id=str(prescription.id))
        _tell(consultation, at=at)


def _tell(consultation: ConsultationView, *, at: datetime) -> None:
    patient = get_identity(consultation.patient_id)
    if not patient.email:
        return
    queue(
        kind=CONSULTATION_DONE,
        channel="EMAIL",
        recipient=patient.email,
        language=Language(patient.language),
        patient_id=patient.id,
        subject_kind="consultation",
        subject_id=consultation.id,
        subject_version=consultation.version,
        due_at=at,
        dedupe_key=f"{CONSULTATION_DONE}:{consultation.id}",
        at=at,
    )
