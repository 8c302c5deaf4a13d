"""The rows of a new appointment, written in one statement: itself, its history, what it takes."""

from collections.abc import Sequence
from functools import lru_cache

from aiguille.booking.models import Appointment, AppointmentEvent, Occupancy
from aiguille.plumbing.statements import Insertion, Statement

_APPOINTMENT = Insertion(Appointment, {"number": "nextval('booking_appointment_number')"})
_EVENT = Insertion(AppointmentEvent)
_TAKEN = Insertion(Occupancy)


def insert_appointment(
    row: Appointment, *, event: AppointmentEvent, taken: Sequence[Occupancy]
) -> None:
    """Insert an appointment with its number, the first event of its history and its stretches.

    The constraints refuse as if they came one after the other. `row` itself is not told its number.
    """
    _statement(len(taken)).run(
        *_APPOINTMENT.values([row]), *_EVENT.values([event]), *_TAKEN.values(taken)
    )


@lru_cache(maxsize=64)
def _statement(stretches: int) -> Statement:
    return Statement(
        f"WITH appointment AS ({_APPOINTMENT.sql()}), history AS ({_EVENT.sql()})"
        f" {_TAKEN.sql(stretches)}"
    )
