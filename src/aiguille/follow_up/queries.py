"""Reading aftercare and reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from aiguille.follow_up.models import Aftercare, SymptomReport
from aiguille.kernel.codes import Procedure, Symptom, Triage
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class AdviceView:
    """One dated piece of advice; `until` None has no end."""

    id: str
    kind: str
    text: Text
    begins_at: datetime
    until: datetime | None
    sources: tuple[str, ...]

    def holds(self, at: datetime) -> bool:
        """Tell whether the advice holds at the instant `at`."""
        return self.begins_at <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class AftercareView:
    """The aftercare of one session."""

    id: UUID
    session_id: UUID
    patient_id: UUID
    procedure: Procedure
    items: tuple[AdviceView, ...]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A doctor's answer to a report."""

    note: str
    closes: bool
    author_name: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ReportView:
    """A symptom report with its answers, oldest first."""

    id: UUID
    patient_id: UUID
    session_id: UUID
    symptom: Symptom
    hours_since: int
    pain: int | None
    note: str
    triage: Triage
    ruling: Mapping[str, Any]
    author_name: str
    reported_at: datetime
    reviews: tuple[ReviewView, ...]

    @property
    def is_closed(self) -> bool:
        """Tell whether a doctor closed it."""
        return any(review.closes for review in self.reviews)

    @property
    def blocks(self) -> bool:
        """Tell whether no session may take place until a doctor closes it."""
        stops = self.ruling["decision"] == Decision.BLOCK or self.ruling.get("stop_course", False)
        return not self.is_closed and bool(stops)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A symptom report in one line."""

    id: UUID
    symptom: Symptom
    triage: Triage
    reported_at: datetime


def aftercare_of_patient(patient_id: UUID) -> list[AftercareView]:
    """Return the patient's aftercare, that of the latest session on top (one query)."""
    rows = Aftercare.objects.filter(patient_id=patient_id).order_by("-recorded_at", "-id")
    return [_aftercare(row) for row in rows]


def aftercare_of_session(session_id: UUID) -> AftercareView | None:
    """Return the aftercare of a session, or None."""
    row = Aftercare.objects.filter(session_id=session_id).first()
    return None if row is None else _aftercare(row)


def get_aftercare(aftercare_id: UUID) -> AftercareView:
    """Return an aftercare.

    Raises:
        Aftercare.DoesNotExist: there is none.
    """
    return _aftercare(Aftercare.objects.get(id=aftercare_id))


def get_report(report_id: UUID) -> ReportView:
    """Return a report.

    Raises:
        SymptomReport.DoesNotExist: there is none.
    """
    return _report(_reports().get(id=report_id))


def find_report(report_id: UUID) -> ReportView | None:
    """Return a report, or None."""
    row = _reports().filter(id=report_id).first()
    return None if row is None else _report(row)


def reports_of_patient(patient_id: UUID) -> list[ReportView]:
    """Return the patient's reports, latest first (two queries)."""
    rows = _reports().filter(patient_id=patient_id).order_by("-reported_at", "-id")
    return [_report(row) for row in rows]


def reports_since(patient_id: UUID, *, after: datetime) -> list[ReportLine]:
    """Return what a person reported after an instant, joined records' too (one query)."""
    rows = SymptomReport.objects.filter(
        Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id), reported_at__gt=after
    ).order_by("-reported_at", "-id")
    return [
        ReportLine(id=row_id, symptom=Symptom(symptom), triage=Triage(triage), reported_at=at)
        for row_id, symptom, triage, at in rows.values_list(
            "id", "symptom", "triage", "reported_at"
        )
    ]


def blocking_report(patient_id: UUID) -> ReportView | None:
    """Return the report that forbids a further session until a doctor closes it, or None."""
    return next((report for report in reports_of_patient(patient_id) if report.blocks), None)


def _reports() -> QuerySet[SymptomReport]:
    return SymptomReport.objects.prefetch_related("reviews")


def _aftercare(row: Aftercare) -> AftercareView:
    return AftercareView(
        id=row.id,
        session_id=row.session_id,
        patient_id=row.patient_id,
        procedure=Procedure(row.procedure),
        items=tuple(
            AdviceView(
                id=item["id"],
                kind=item["kind"],
                text=Text.from_mapping(item["text"]),
                begins_at=datetime.fromisoformat(item["from"]),
                until=datetime.fromisoformat(item["until"]) if item["until"] else None,
                sources=tuple(item["sources"]),
            )
            for item in row.items
        ),
        recorded_at=row.recorded_at,
    )


def _report(row: SymptomReport) -> ReportView:
    return ReportView(
        id=row.id,
        patient_id=row.patient_id,
        session_id=row.session_id,
        symptom=Symptom(row.symptom),
        hours_since=row.hours_since,
        pain=row.pain,
        note=row.note,
        triage=Triage(row.triage),
        ruling=row.ruling,
        author_name=row.author_name,
        reported_at=row.reported_at,
        reviews=tuple(
            ReviewView(
                note=review.note,
                closes=review.closes,
                author_name=review.author_name,
                recorded_at=review.recorded_at,
            )
            for review in sorted(row.reviews.all(), key=lambda review: review.recorded_at)
        ),
    )
