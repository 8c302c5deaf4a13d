"""Short facts of the record outside a consultation: allergies, history, treatments."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients import events
from aiguille.patients.access import get_patient_for
from aiguille.patients.models import Note
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import authored_by

TOPICS = ("ALLERGY", "HISTORY", "TREATMENT")
LONGEST_NOTE = 500


class NoteInvalid(DomainError):
    """A note is empty, too long or about nothing that notes are about."""

    code = "note_invalid"
    default_text = Text(
        fr=f"Écrivez la note ({LONGEST_NOTE} signes au plus).",
        en=f"Write the note ({LONGEST_NOTE} characters at most).",
    )


class NoteWithdrawn(DomainError):
    """Somebody withdrew or replaced the note first."""

    code = "note_withdrawn"
    default_text = Text(fr="Cette note a déjà été retirée.", en="This note was already withdrawn.")


@transaction.atomic
def write_note(*, patient_id: UUID, topic: str, text: str, actor: Actor, at: datetime) -> UUID:
    """Write a note and return its id.

    Raises:
        NoteInvalid, NotAllowed, NotVisible.
    """
    require(actor, Right.READ_RECORD)
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    kept = " ".join(text.split())
    if topic not in TOPICS or not 0 < len(kept) <= LONGEST_NOTE:
        raise NoteInvalid(field="topic" if topic not in TOPICS else "text")
    note = Note.objects.create(
        patient_id=patient_id,
        topic=topic,
        text=kept,
        effective_at=at,
        **authored_by(actor, at=at),
    )
    _record(note, actor=actor, at=at)
    return note.id


@transaction.atomic
def withdraw_note(*, note_id: UUID, actor: Actor, at: datetime) -> None:
    """Mark a note as entered in error; it stays in the record's history.

    Raises:
        NoteWithdrawn, NotAllowed, NotVisible.
    """
    require(actor, Right.READ_RECORD)
    note = Note.objects.filter(id=note_id, entered_in_error=False).first()
    if note is None:
        raise NotVisible
    get_patient_for(actor=actor, patient_id=note.patient_id, at=at, right=Right.READ_RECORD)
    withdrawal = Note(
        patient_id=note.patient_id,
        topic=note.topic,
        text=note.text,
        version=note.version + 1,
        replaces=note,
        entered_in_error=True,
        effective_at=at,
        **authored_by(actor, at=at),
    )
    try:
        with transaction.atomic():
            withdrawal.save(force_insert=True)
    except IntegrityError as error:
        raise NoteWithdrawn from error
    _record(withdrawal, actor=actor, at=at)


def _record(note: Note, *, actor: Actor, at: datetime) -> None:
    record(
        action=events.NOTE_WITHDRAWN if note.entered_in_error else events.NOTE_WRITTEN,
        actor=actor,
        at=at,
        subject_kind="note",
        subject_id=note.id,
        patient_id=note.patient_id,
        details={"topic": note.topic},
    )
