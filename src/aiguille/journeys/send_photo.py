"""A photo that a patient sends: added to the record, and a doctor told that there is one to see."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import StaffRole
from aiguille.kernel.text import Text
from aiguille.outcomes.operations import add_photo
from aiguille.worklist.operations import open_task

TASK = "photos_received"
# Our own choice: a symptom has its page and its delays, a photo by itself presses nobody.
_SEEN_WITHIN = timedelta(days=3)
_TITLE = Text(fr="Regarder les photos envoyées par le patient", en="Look at the patient’s photos")


@transaction.atomic(durable=True)
def send_photo(
    *,
    patient_id: UUID,
    content: bytes,
    zone: str,
    side: str,
    taken_on: date,
    form_key: UUID,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Add a patient's photo and open one task about all that wait; return the photo's id.

    Raises:
        What `outcomes.operations.add_photo` raises.
    """
    photo_id = add_photo(
        patient_id=patient_id,
        content=content,
        zone=zone,
        side=side,
        taken_on=taken_on,
        form_key=form_key,
        actor=actor,
        at=at,
    )
    open_task(
        kind=TASK,
        title=_TITLE,
        subject_kind="patient",
        subject_id=patient_id,
        patient_id=patient_id,
        role=StaffRole.PHYSICIAN,
        due_at=at + _SEEN_WITHIN,
        actor=actor,
        at=at,
    )
    return photo_id
