"""Whom a recalled lot concerns, and who was told: a list worked through to its end."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ContactMeans
from aiguille.kernel.errors import DomainError
from aiguille.kernel.labels import label
from aiguille.kernel.text import Text
from aiguille.plumbing.models import authored_by
from aiguille.treatment_sessions import events
from aiguille.treatment_sessions.models import RecallContact, SessionIncident, UnitUse
from aiguille.treatment_sessions.queries import uses_of_lot

LONGEST_NOTE = 1000


class NotConcerned(DomainError):
    """The patient received nothing of the lot: there is nothing to tell."""

    code = "recall_not_concerned"
    text = Text(
        fr="Ce patient n’a rien reçu de ce lot.",
        en="This patient received nothing of this lot.",
    )


@dataclass(frozen=True, slots=True)
class Contact:
    """One attempt to tell a patient."""

    means: ContactMeans
    was_reached: bool
    note: str
    by: str
    at: datetime

    @property
    def means_word(self) -> Text:
        """Return the word for how the person was told."""
        return label(self.means)


@dataclass(frozen=True, slots=True)
class LotReach:
    """How far a lot went: opened in so many sessions, for so many patients."""

    sessions: int
    patients: int


@transaction.atomic
def note_contact(
    *,
    lot_id: UUID,
    patient_id: UUID,
    means: ContactMeans,
    was_reached: bool,
    note: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Write that a patient was told of a lot, or that the attempt failed.

    Raises:
        NotAllowed: the actor does not manage stock.
        NotConcerned: the patient received nothing of the lot.
    """
    require(actor, Right.MANAGE_STOCK)
    if patient_id not in {use.patient_id for use in uses_of_lot(lot_id)}:
        raise NotConcerned(field="patient")
    RecallContact.objects.create(
        lot_id=lot_id,
        patient_id=patient_id,
        means=means,
        was_reached=was_reached,
        note=note.strip()[:LONGEST_NOTE],
        **authored_by(actor, at=at),
    )
    record(
        action=events.RECALL_TOLD,
        actor=actor,
        at=at,
        subject_kind="lot",
        subject_id=lot_id,
        patient_id=patient_id,
        details={"means": means.value, "was_reached": was_reached},
    )


def contacts_about(lot_id: UUID) -> dict[UUID, tuple[Contact, ...]]:
    """Return every attempt about a lot by patient, latest first (one query)."""
    found: dict[UUID, list[Contact]] = defaultdict(list)
    for row in RecallContact.objects.filter(lot_id=lot_id).order_by("-recorded_at", "-id"):
        found[row.patient_id].append(
            Contact(
                means=ContactMeans(row.means),
                was_reached=row.was_reached,
                note=row.note,
                by=row.author_name,
                at=row.recorded_at,
            )
        )
    return {patient: tuple(contacts) for patient, contacts in found.items()}


def reach_of(lot_ids: Collection[UUID]) -> dict[UUID, LotReach]:
    """Return how far each lot went; one that was never opened is left out (two queries)."""
    sessions: dict[UUID, set[UUID]] = defaultdict(set)
    patients: dict[UUID, set[UUID]] = defaultdict(set)
    wanted = list(lot_ids)
    for lot_id, session_id, patient_id in (
        *UnitUse.objects.filter(lot_id__in=wanted).values_list(
            "lot_id", "session_id", "patient_id"
        ),
        *SessionIncident.objects.filter(lot_id__in=wanted).values_list(
            "lot_id", "session_id", "session__patient_id"
        ),
    ):
        sessions[lot_id].add(session_id)
        patients[lot_id].add(patient_id)
    return {
        lot_id: LotReach(sessions=len(found), patients=len(patients[lot_id]))
        for lot_id, found in sessions.items()
    }
