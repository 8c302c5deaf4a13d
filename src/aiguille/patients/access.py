"""The only door from a person to a patient's rows.

A member of staff sees identities with the right to; a patient's login sees whom it is related to;
everybody else is told that there is nothing.
"""

from datetime import datetime
from uuid import UUID

from aiguille.accounts.rights import Right, require
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.patients.models import Patient, Relation
from aiguille.plumbing.access import NotVisible


def get_patient_for(
    *, actor: Actor, patient_id: UUID, at: datetime, right: Right = Right.SEE_IDENTITY
) -> UUID:
    """Return `patient_id` when `actor` may see it: staff with `right`, the system, or the login.

    Raises:
        NotVisible: no such patient, an outsider, or somebody else's patient.
        NotAllowed: a member of staff whose roles lack `right`.
    """
    if actor.kind is ActorKind.SYSTEM:
        return _existing(patient_id)
    if actor.kind is ActorKind.STAFF and actor.roles:
        require(actor, right)
        return _existing(patient_id)
    if actor.kind is ActorKind.PATIENT and is_related(actor=actor, patient_id=patient_id, at=at):
        return patient_id
    raise NotVisible


def is_related(*, actor: Actor, patient_id: UUID, at: datetime) -> bool:
    """Tell whether the login may act for the patient today, itself or a record joined to it."""
    if actor.id is None:
        return False
    related = Relation.objects.filter(user_id=actor.id, valid_during__contains=at.date())
    return (
        related.filter(patient_id=patient_id).exists()
        or related.filter(patient__merged_into_id=patient_id).exists()
    )


def get_patient_by_number_for(
    *, actor: Actor, number: int, at: datetime, right: Right = Right.SEE_IDENTITY
) -> UUID:
    """Return the id of the patient with the short `number` when the actor may see it.

    Raises:
        NotVisible, NotAllowed: as `get_patient_for`.
    """
    patient_id = Patient.objects.filter(number=number).values_list("id", flat=True).first()
    if patient_id is None:
        raise NotVisible
    return get_patient_for(actor=actor, patient_id=patient_id, at=at, right=right)


def _existing(patient_id: UUID) -> UUID:
    if not Patient.objects.filter(id=patient_id).exists():
        raise NotVisible
    return patient_id
