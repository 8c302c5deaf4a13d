"""Everything that a new appointment writes, in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiguille.booking.models import Appointment, AppointmentEvent
from aiguille.booking.placing import Choice, queue_keys
from aiguille.kernel.actor import Actor
from aiguille.kernel.ids import new_id
from aiguille.plumbing.models import authored_by
from aiguille.plumbing.statements import Insertion, Part, array_of, run_together

_APPOINTMENT = Insertion(Appointment, {"number": "nextval('booking_appointment_number')"})
_EVENT = Insertion(AppointmentEvent)
# The queue comes first: no row is there to be inserted before it was waited for. Its order and that
# of the stretches are those of the arrays.
_TAKE = """
    INSERT INTO booking_occupancy
           (id, resource_id, patient_id, appointment_id, need, period)
    SELECT taken.id, taken.resource_id, taken.patient_id, %s::uuid, '',
           tstzrange(taken.starts_at, taken.ends_at)
      FROM (SELECT count(pg_advisory_xact_lock(key)) FROM unnest(%s::bigint[]) AS key) AS queue
     CROSS JOIN unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
           AS taken (id, resource_id, patient_id, starts_at, ends_at)
"""


def insert_appointment(
    row: Appointment,
    *,
    choice: Choice,
    kind: str,
    after: dict[str, Any],
    actor: Actor,
    at: datetime,
    others: Sequence[Part],
) -> None:
    """Insert an appointment with its number, the first event of its history and its stretches.

    `kind` and `after` are the event's; `others` are what other areas write with it. Whoever takes
    time of the same resources, or of the patient, is waited for. The constraints refuse as if the
    rows came one after the other. `row` itself is not told its number.
    """
    event = _EVENT.part(
        appointment_id=row.id, kind=kind, before=None, after=after, **authored_by(actor, at=at)
    )
    run_together(
        _stretches(row, choice),
        Part(_APPOINTMENT.sql(), _APPOINTMENT.values([row])),
        event,
        *others,
    )


def _stretches(row: Appointment, choice: Choice) -> Part:
    """Return what inserts an appointment's stretches, in sorted order, then the patient's own."""
    takings = sorted(choice.takings, key=lambda taking: (taking.resource_id, taking.start))
    return Part(
        _TAKE,
        (
            row.id,
            array_of(queue_keys(resource_ids=choice.resource_ids, patient_id=row.patient_id)),
            array_of(new_id() for _ in range(len(takings) + 1)),
            array_of([*(taking.resource_id for taking in takings), None]),
            array_of([*(None for _ in takings), row.patient_id]),
            array_of([*(taking.start for taking in takings), row.starts_at]),
            array_of([*(taking.end for taking in takings), row.ends_at]),
        ),
    )
