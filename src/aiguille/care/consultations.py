"""A patient's consultations as one reads them side by side, and how far the one in hand has come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from aiguille.care.models import Consultation, Plan, Prescription, Verdict, VerdictStatus
from aiguille.care.queries import ConsultationView
from aiguille.kernel.codes import VerdictOutcome


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """A verdict without what was signed, and what followed from it.

    `appointment_id` is that of its consultation.
    """

    id: UUID
    appointment_id: UUID | None
    treatment_id: UUID
    outcome: VerdictOutcome
    status: VerdictStatus
    status_reason: str
    status_changed_at: datetime | None
    is_planned: bool


@dataclass(frozen=True, slots=True)
class Consultations:
    """A person's consultations; `prescribed` are the keys of those with a prescription."""

    latest_first: tuple[ConsultationView, ...]
    prescribed: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a consultation has come.

    `plan_under` is the verdict whose plan is there or is to be made, None where no verdict opens.
    """

    appointment_id: UUID
    is_written: bool
    is_decided: bool
    plan_under: UUID | None
    is_planned: bool
    is_prescribed: bool
    is_over: bool


def consultations_of(patient_id: UUID) -> Consultations:
    """Return a person's consultations that stand, joined records' too (one query)."""
    prescriptions = Prescription.objects.filter(
        consultation__appointment_id=OuterRef("appointment_id"),
        replaced_by=None,
        entered_in_error=False,
    )
    rows = (
        Consultation.objects.filter(
            Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id),
            replaced_by=None,
            entered_in_error=False,
        )
        .annotate(is_prescribed=Exists(prescriptions))
        .order_by("-effective_at", "-id")
    )
    found = [(_view(row), row.is_prescribed) for row in rows]
    return Consultations(
        latest_first=tuple(view for view, _is_prescribed in found),
        prescribed=frozenset(view.id for view, is_prescribed in found if is_prescribed),
    )


def _view(row: Consultation) -> ConsultationView:
    return ConsultationView(
        id=row.id,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
        procedure=row.procedure,
        content=row.content,
        version=row.version,
        author_name=row.author_name,
        effective_at=row.effective_at,
        recorded_at=row.recorded_at,
        answer_set_id=row.answer_set_id,
    )


def verdict_lines(patient_id: UUID) -> list[VerdictLine]:
    """Return a person's verdicts that were not replaced, latest first (one query)."""
    plans = Plan.objects.filter(verdict=OuterRef("pk"), replaced_by=None, entered_in_error=False)
    rows = (
        Verdict.objects.filter(Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id))
        .exclude(status=VerdictStatus.SUPERSEDED)
        .order_by("-signed_at", "-id")
        .values_list(
            "id",
            "consultation__appointment_id",
            "treatment_id",
            "outcome",
            "status",
            "status_reason",
            "status_changed_at",
            Exists(plans),
        )
    )
    return [
        VerdictLine(
            id=verdict_id,
            appointment_id=appointment_id,
            treatment_id=treatment_id,
            outcome=VerdictOutcome(outcome),
            status=VerdictStatus(status),
            status_reason=reason,
            status_changed_at=changed_at,
            is_planned=is_planned,
        )
        for (
            verdict_id,
            appointment_id,
            treatment_id,
            outcome,
            status,
            reason,
            changed_at,
            is_planned,
        ) in rows
    ]


def progress_of(
    appointment_id: UUID,
    own: ConsultationView | None,
    verdicts: Iterable[VerdictLine],
    *,
    is_prescribed: bool,
    is_over: bool,
) -> Progress:
    """Return how far the consultation of an appointment has come; `verdicts` are the patient's."""
    given = [one for one in verdicts if one.appointment_id == appointment_id]
    opening = [one for one in given if one.outcome is not VerdictOutcome.NOT_ELIGIBLE]
    planned = next((one for one in opening if one.is_planned), None)
    under = planned or (opening[0] if opening else None)
    return Progress(
        appointment_id=appointment_id,
        is_written=own is not None,
        is_decided=bool(given),
        plan_under=under.id if under else None,
        is_planned=planned is not None,
        is_prescribed=is_prescribed,
        is_over=is_over,
    )
