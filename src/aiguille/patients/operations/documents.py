"""The record's finished documents: kept in the vault, never changed, their reading noted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.patients import events
from aiguille.patients.access import get_patient_for
from aiguille.patients.models import Document, DocumentKind
from aiguille.plumbing import vault
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import authored_by


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """A document's bytes, as they go to the person who asked for them."""

    content: bytes
    media_type: str
    file_name: str
    title: str


@transaction.atomic
def store_document(
    *,
    patient_id: UUID,
    kind: str,
    title: str,
    language: str,
    subject_kind: str,
    subject_id: UUID,
    content: bytes,
    media_type: str,
    actor: Actor,
    at: datetime,
    is_shown_to_patient: bool = True,
) -> UUID:
    """File a document and return its id; one that exists for the subject stays as it is.

    A job that renders a document may run twice: the second run finds the first one's document.
    """
    same = Document.objects.filter(
        kind=DocumentKind(kind), subject_id=subject_id, language=language
    )
    if existing := same.values_list("id", flat=True).first():
        return existing
    document = Document(
        patient_id=patient_id,
        kind=kind,
        title=title,
        language=language,
        subject_kind=subject_kind,
        subject_id=subject_id,
        is_shown_to_patient=is_shown_to_patient,
        **authored_by(actor, at=at),
    )
    document.file_id = vault.store(
        owner_id=patient_id,
        content=content,
        media_type=media_type,
        file_name=f"{kind.lower()}-{document.id}",
        at=at,
    )
    try:
        with transaction.atomic():
            document.save(force_insert=True)
    except IntegrityError:
        return same.values_list("id", flat=True).get()
    record(
        action=events.DOCUMENT_STORED,
        actor=actor,
        at=at,
        subject_kind="document",
        subject_id=document.id,
        patient_id=patient_id,
        details={"kind": kind, "language": language},
    )
    return document.id


@transaction.atomic
def open_document(*, document_id: UUID, actor: Actor, at: datetime) -> OpenedDocument:
    """Return a document's content to staff who read records, or to the patient it is shown to.

    Raises:
        NotVisible: no such document, somebody else's, or not shown to patients.
        NotAllowed: the member of staff does not read records.
        VaultDamaged: the stored file is not what was stored.
    """
    document = Document.objects.filter(id=document_id).first()
    if document is None:
        raise NotVisible
    get_patient_for(actor=actor, patient_id=document.patient_id, at=at, right=Right.READ_RECORD)
    if actor.kind is ActorKind.PATIENT and not document.is_shown_to_patient:
        raise NotVisible
    file = vault.read(file_id=document.file_id)
    record(
        action=events.DOCUMENT_READ,
        actor=actor,
        at=at,
        subject_kind="document",
        subject_id=document.id,
        patient_id=document.patient_id,
    )
    return OpenedDocument(
        content=file.content,
        media_type=file.media_type,
        file_name=file.file_name,
        title=document.title,
    )
