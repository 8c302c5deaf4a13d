"""Reading sessions."""

from collections.abc import Collection
from uuid import UUID

from aiguille.treatment_sessions.models import TreatmentSession


def sessions_of_appointments(appointment_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the session begun for each appointment that has one (one query)."""
    rows = TreatmentSession.objects.filter(appointment_id__in=list(appointment_ids))
    return dict(rows.values_list("appointment_id", "id"))
