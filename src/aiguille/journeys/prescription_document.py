"""A prescription's document, made on demand where the worker has not come yet."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist

from aiguille.accounts.rights import Right
from aiguille.care.prescription_pdf import file_prescription
from aiguille.care.queries import get_prescription
from aiguille.kernel.actor import Actor
from aiguille.patients.access import get_patient_for
from aiguille.patients.operations import open_document
from aiguille.patients.operations.documents import OpenedDocument
from aiguille.plumbing.access import NotVisible


def open_prescription(*, prescription_id: UUID, actor: Actor, at: datetime) -> OpenedDocument:
    """Return a prescription's document; who opened it is noted.

    Raises:
        NotVisible: there is none, or it is somebody else's.
        NotAllowed: the member of staff does not read records.
    """
    try:
        prescription = get_prescription(prescription_id)
    except ObjectDoesNotExist as error:
        raise NotVisible from error
    get_patient_for(actor=actor, patient_id=prescription.patient_id, at=at, right=Right.READ_RECORD)
    document_id = file_prescription(prescription_id=prescription_id, at=at)
    return open_document(document_id=document_id, actor=actor, at=at)
