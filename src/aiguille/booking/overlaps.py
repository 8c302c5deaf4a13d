"""Appointments that stand while another calendar of their practitioner says taken.

Busy time read in closes new times only: what is booked stays, and is shown to the practitioner.
"""

from datetime import datetime
from uuid import UUID

from aiguille.booking.models import AHEAD_STATES, Occupancy
from aiguille.booking.queries import AppointmentView, appointments_named
from aiguille.clinics.external.queries import busy_elsewhere


def overlapping_elsewhere(*, resource_id: UUID, at: datetime) -> list[AppointmentView]:
    """Return the appointments ahead of a practitioner who is taken elsewhere, in order.

    Their buffers count as theirs; three queries.
    """
    taken = busy_elsewhere(resource_id, after=at)
    if not taken:
        return []
    held = (
        Occupancy.objects.filter(
            resource_id=resource_id,
            appointment__state__in=AHEAD_STATES,
            period__endswith__gt=at,
        )
        .order_by("period__startswith")
        .values_list("appointment_id", "period")
    )
    found: dict[UUID, None] = {}
    first = 0
    for appointment_id, period in held:
        while first < len(taken) and taken[first][1] <= period.lower:
            first += 1
        if any(start < period.upper and period.lower < end for start, end in taken[first:]):
            found[appointment_id] = None
    return appointments_named(list(found))
