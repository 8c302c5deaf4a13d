"""What a course of the demo changed: drawn photos before each session, and the scale it is on."""

from datetime import date, datetime
from uuid import UUID

from aiguille.demo.drawings import cheek
from aiguille.demo.patients import Patient
from aiguille.demo.premises import ZONE
from aiguille.kernel.codes import ScoreMoment, Side, Zone
from aiguille.kernel.ids import new_id
from aiguille.outcomes.operations import add_photo, record_scale

# A drawing for each side, the left first; Glogau's grade at the start and at the follow-up.
_SIDES = (Side.LEFT, Side.RIGHT)
_SCALE, _ITEM, _GRADES = "glogau", "type", ("III", "II")


def photograph(patient: Patient, *, progress: float, at: datetime) -> None:
    """Add what the cheeks look like, `progress` of the way from 0 to 1."""
    taken_on: date = at.astimezone(ZONE).date()
    for side in _SIDES:
        add_photo(
            patient_id=patient.id,
            content=cheek(
                phototype=patient.person.phototype,
                progress=progress,
                seed=patient.person.email,
                is_left=side is Side.LEFT,
            ),
            zone=Zone.CHEEK,
            side=side,
            taken_on=taken_on,
            form_key=new_id(),
            actor=patient.doctor.actor,
            at=at,
        )


def measure(patient: Patient, *, plan_id: UUID, moment: ScoreMoment, at: datetime) -> None:
    """Score the course's scale, at its start or afterwards."""
    first, later = _GRADES
    record_scale(
        patient_id=patient.id,
        treatment_id=patient.treatment_id,
        scale=_SCALE,
        moment=moment,
        answers={_ITEM: first if moment is ScoreMoment.START else later},
        form_key=new_id(),
        plan_id=plan_id,
        actor=patient.doctor.actor,
        at=at,
    )
