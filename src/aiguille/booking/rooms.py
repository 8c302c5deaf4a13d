"""Other rooms and devices for an appointment that stays where it is in time."""

from datetime import datetime
from uuid import UUID

from aiguille.booking import facts
from aiguille.booking.facts import Ignored
from aiguille.booking.models import Occupancy
from aiguille.booking.queries import AppointmentView
from aiguille.clinics.queries import ResourceHours
from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.search import assign


def other_rooms(appointment: AppointmentView, *, at: datetime) -> list[ResourceHours]:
    """Return the rooms and devices that an appointment could have instead of its own, by name.

    Its time and its practitioner stay (two queries where the set-up is known already).
    """
    calendar = facts.calendar_of(appointment.service_id)
    site = calendar.site(appointment.site_id)
    if site is None:
        return []
    own = set(
        Occupancy.objects.filter(appointment_id=appointment.id, resource__isnull=False).values_list(
            "resource_id", flat=True
        )
    )
    known = facts.facts_for_start(
        calendar,
        site=site,
        starts_at=appointment.starts_at,
        at=at,
        ignored=Ignored(appointment_id=appointment.id),
    )

    def fits(resource_id: UUID) -> bool:
        return (
            assign(
                facts=known,
                service=calendar.engine_service,
                start=appointment.starts_at,
                site=str(site.id),
                practitioner=str(appointment.practitioner_id)
                if appointment.practitioner_id
                else None,
                among=[str(resource_id)],
            )
            is not None
        )

    return sorted(
        (
            one
            for one in calendar.resources
            if one.kind is not ResourceKind.PRACTITIONER
            and one.site_id == site.id
            and one.id not in own
            and fits(one.id)
        ),
        key=lambda one: one.name,
    )
