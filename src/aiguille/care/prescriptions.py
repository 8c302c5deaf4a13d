"""Reading prescriptions, and when the cream that they order is put on and taken off."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from aiguille.care.models import Prescription
from aiguille.care.prescribing import CREAM


@dataclass(frozen=True, slots=True)
class PrescriptionView:
    """A signed prescription, `appointment_id` that of the consultation in which it was written.

    `replaced_by_id` and `replaced_at` tell which one replaces it, None while it stands.
    """

    id: UUID
    patient_id: UUID
    consultation_id: UUID
    appointment_id: UUID | None
    plan_id: UUID | None
    site_id: UUID
    items: tuple[Mapping[str, Any], ...]
    mentions: Mapping[str, Any]
    cream_minutes_before: int | None
    language: str
    version: int
    replaces_id: UUID | None
    reason: str
    replaced_by_id: UUID | None
    replaced_at: datetime | None
    signer_id: UUID
    signer_name: str
    signer_rpps: str
    content_digest: str
    signed_at: datetime

    @property
    def is_standing(self) -> bool:
        """Tell whether no other one replaces it."""
        return self.replaced_by_id is None

    @property
    def cream(self) -> Mapping[str, Any] | None:
        """Return the line of the numbing cream, or None."""
        return next((item for item in self.items if item["kind"] == CREAM), None)

    @property
    def medicines(self) -> tuple[Mapping[str, Any], ...]:
        """Return the lines that are not the cream's."""
        return tuple(item for item in self.items if item["kind"] != CREAM)


@dataclass(frozen=True, slots=True)
class CreamOrdered:
    """The cream that a prescription in force orders before each session of a treatment.

    Minutes: before the session's start, on the skin, and on the skin at the very most (None in
    prescriptions signed before that was kept).
    """

    prescription_id: UUID
    minutes_before: int
    minutes_on_skin: int
    longest_minutes: int | None

    def before(self, starts_at: datetime) -> "CreamTimes":
        """Return when the cream of a session that starts then is put on and taken off."""
        applied = starts_at - timedelta(minutes=self.minutes_before)
        removed = applied + timedelta(minutes=self.minutes_on_skin)
        return CreamTimes(
            apply_at=applied,
            remove_at=removed,
            latest_at=None
            if self.longest_minutes is None
            else applied + timedelta(minutes=self.longest_minutes),
            is_removed_at_clinic=self.minutes_on_skin >= self.minutes_before,
        )


@dataclass(frozen=True, slots=True)
class CreamTimes:
    """When a cream is put on, taken off, and taken off at the very latest."""

    apply_at: datetime
    remove_at: datetime
    latest_at: datetime | None
    is_removed_at_clinic: bool


def get_prescription(prescription_id: UUID) -> PrescriptionView:
    """Return a prescription.

    Raises:
        Prescription.DoesNotExist: there is none.
    """
    row = Prescription.objects.select_related("consultation", "replaced_by").get(id=prescription_id)
    return _view(row)


def list_prescriptions(*, patient_id: UUID) -> list[PrescriptionView]:
    """Return the prescriptions in force, latest first (one query)."""
    return [one for one in every_prescription(patient_id=patient_id) if one.is_standing]


def every_prescription(*, patient_id: UUID) -> list[PrescriptionView]:
    """Return the prescriptions, those replaced since among them, latest first (one query)."""
    rows = (
        Prescription.objects.filter(patient_id=patient_id, entered_in_error=False)
        .select_related("consultation", "replaced_by")
        .order_by("-signed_at", "-id")
    )
    return [_view(row) for row in rows]


def creams_ordered(
    patient_ids: Collection[UUID],
) -> dict[tuple[UUID, UUID], CreamOrdered]:
    """Return the cream in force of these patients, by patient and treatment (one query).

    Where several were prescribed for plans of one treatment, the latest counts.
    """
    rows = (
        Prescription.objects.filter(
            patient_id__in=patient_ids,
            replaced_by=None,
            entered_in_error=False,
            cream_minutes_before__isnull=False,
            plan__isnull=False,
        )
        .order_by("signed_at", "id")
        .values_list("id", "patient_id", "plan__treatment_id", "cream_minutes_before", "items")
    )
    found = {}
    for prescription_id, patient_id, treatment_id, minutes, items in rows:
        assert minutes is not None, "filtered above"
        line: Mapping[str, Any] = next((item for item in items if item["kind"] == CREAM), {})
        found[patient_id, treatment_id] = CreamOrdered(
            prescription_id=prescription_id,
            minutes_before=minutes,
            minutes_on_skin=line.get("minutes_on_skin", minutes),
            longest_minutes=line.get("longest_minutes"),
        )
    return found


def latest_weight(*, patient_id: UUID) -> Decimal | None:
    """Return the weight (kg) that a prescription kept last, or None (one query)."""
    kept = (
        Prescription.objects.filter(
            patient_id=patient_id, mentions__patient__weight_kg__isnull=False
        )
        .exclude(mentions__patient__weight_kg=None)
        .order_by("-signed_at", "-id")
        .values_list("mentions__patient__weight_kg", flat=True)
        .first()
    )
    return None if kept is None else Decimal(kept)


def _view(row: Prescription) -> PrescriptionView:
    after = getattr(row, "replaced_by", None)
    return PrescriptionView(
        id=row.id,
        patient_id=row.patient_id,
        consultation_id=row.consultation_id,
        appointment_id=row.consultation.appointment_id,
        plan_id=row.plan_id,
        site_id=row.site_id,
        items=tuple(row.items),
        mentions=row.mentions,
        cream_minutes_before=row.cream_minutes_before,
        language=row.language,
        version=row.version,
        replaces_id=row.replaces_id,
        reason=row.reason,
        replaced_by_id=after.id if after else None,
        replaced_at=after.signed_at if after else None,
        signer_id=row.signer_id,
        signer_name=row.signer_name,
        signer_rpps=row.signer_rpps,
        content_digest=row.content_digest,
        signed_at=row.signed_at,
    )
