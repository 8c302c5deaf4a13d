"""The only door from a person to a photo: as to the record that it stands in."""

from datetime import datetime
from uuid import UUID

from aiguille.accounts.rights import Right, has_right
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.outcomes.models import Photo
from aiguille.patients.access import get_patient_for
from aiguille.patients.queries import surviving_id
from aiguille.plumbing.access import NotVisible


def get_photo_for(*, actor: Actor, photo_id: UUID, at: datetime) -> Photo:
    """Return a photo that the actor may see: staff who read records, or the patient.

    One that was withdrawn is seen by physicians alone: it may show somebody else.

    Raises:
        NotVisible: no such photo, somebody else's, or a withdrawn one.
        NotAllowed: a member of staff who does not read records.
    """
    photo = Photo.objects.select_related("withdrawal").filter(id=photo_id).first()
    if photo is None:
        raise NotVisible
    # A photo of a record that was joined to another belongs to who the other is of.
    person = surviving_id(photo.patient_id)
    get_patient_for(actor=actor, patient_id=person, at=at, right=Right.READ_RECORD)
    if is_withdrawn(photo) and not has_right(actor, Right.WRITE_CONSULTATION):
        raise NotVisible
    return photo


def may_withdraw(*, actor: Actor, author_id: UUID | None) -> bool:
    """Tell whether the actor may withdraw a photo: staff any one, patients what they sent."""
    if actor.kind is ActorKind.PATIENT:
        return author_id is not None and author_id == actor.id
    return has_right(actor, Right.ADD_PHOTO)


def is_withdrawn(photo: Photo) -> bool:
    """Tell whether a photo was withdrawn."""
    return getattr(photo, "withdrawal", None) is not None
