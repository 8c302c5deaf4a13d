"""Reading sessions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from aiguille.kernel.codes import Procedure
from aiguille.protocols.state import RunState
from aiguille.stock.queries import UnitFacts, find_units_and_lots
from aiguille.treatment_sessions.models import (
    SessionIncident,
    SessionState,
    TreatmentSession,
    UnitUse,
)
from aiguille.treatment_sessions.runs import state_of


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session without its events."""

    id: UUID
    appointment_id: UUID
    patient_id: UUID
    treatment_id: UUID
    plan_id: UUID
    consent_id: UUID
    protocol_version_id: UUID
    procedure: Procedure
    site_id: UUID
    performer_id: UUID
    performer_name: str
    state: SessionState
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class UsedUnit:
    """A unit or lot that a session consumed, and for what."""

    facts: UnitFacts
    use: str
    used_at: datetime


def get_session(session_id: UUID) -> SessionView:
    """Return a session.

    Raises:
        TreatmentSession.DoesNotExist: there is none.
    """
    return _view(_rows().get(id=session_id))


def find_session(session_id: UUID) -> SessionView | None:
    """Return a session, or None."""
    row = _rows().filter(id=session_id).first()
    return None if row is None else _view(row)


def sessions_of_patient(patient_id: UUID) -> list[SessionView]:
    """Return the patient's sessions, latest first (one query)."""
    return [_view(row) for row in _rows().filter(patient_id=patient_id).order_by("-begun_at")]


def latest_ended_session(patient_id: UUID) -> SessionView | None:
    """Return the patient's latest session that has ended, or None."""
    row = (
        _rows().filter(patient_id=patient_id, ended_at__isnull=False).order_by("-ended_at").first()
    )
    return None if row is None else _view(row)


def sessions_of_appointments(appointment_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the session begun for each appointment that has one (one query)."""
    rows = TreatmentSession.objects.filter(appointment_id__in=list(appointment_ids))
    return dict(rows.values_list("appointment_id", "id"))


def run_state(session_id: UUID) -> RunState:
    """Return where a session stands, folded from its events (three queries)."""
    return state_of(TreatmentSession.objects.get(id=session_id))


def used_units(session_id: UUID) -> list[UsedUnit]:
    """Return what a session consumed, in order."""
    uses = list(UnitUse.objects.filter(session_id=session_id).order_by("used_at", "id"))
    known = find_units_and_lots([use.unit_id or use.lot_id for use in uses])
    return [
        UsedUnit(facts=known[use.unit_id or use.lot_id], use=use.use, used_at=use.used_at)
        for use in uses
    ]


def used_unit_ids(*, site_id: UUID) -> list[UUID]:
    """Return the single-use units consumed at a site, to leave out of a choice (one query)."""
    uses = UnitUse.objects.filter(lot__site_id=site_id, unit_id__isnull=False)
    return [use.unit_id for use in uses if use.unit_id is not None]


@dataclass(frozen=True, slots=True)
class LotUse:
    """A unit of a lot that a session consumed; `serial` is empty for a lot used as a whole."""

    session_id: UUID
    patient_id: UUID
    serial: str
    performer_name: str
    used_at: datetime


def uses_of_lot(lot_id: UUID) -> list[LotUse]:
    """Return who received a lot, latest first: whom a recall concerns (two queries).

    What a tablet opened without a network and could not consume any more is among them.
    """
    consumed = UnitUse.objects.filter(lot_id=lot_id).values_list(
        "session_id", "patient_id", "unit__serial", "session__performer_name", "used_at"
    )
    received = (
        SessionIncident.objects.filter(lot_id=lot_id)
        .order_by("event_id")
        .distinct("event_id")
        .values_list(
            "session_id",
            "session__patient_id",
            "unit__serial",
            "session__performer_name",
            "occurred_at",
        )
    )
    uses = [
        LotUse(
            session_id=session_id,
            patient_id=patient_id,
            serial=serial or "",
            performer_name=performer,
            used_at=used_at,
        )
        for session_id, patient_id, serial, performer, used_at in (*consumed, *received)
    ]
    return sorted(uses, key=lambda use: use.used_at, reverse=True)


def used_per_lot(*, site_id: UUID) -> dict[UUID, int]:
    """Return how many single-use units of each lot of a site were consumed (one query)."""
    rows = (
        UnitUse.objects.filter(lot__site_id=site_id, unit_id__isnull=False)
        .values_list("lot_id")
        .annotate(used=Count("id"))
    )
    return dict(rows)


def used_of_lots(lot_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many single-use units of each of these lots were consumed (one query)."""
    rows = (
        UnitUse.objects.filter(lot_id__in=list(lot_ids), unit_id__isnull=False)
        .values_list("lot_id")
        .annotate(used=Count("id"))
    )
    return dict(rows)


def _rows() -> QuerySet[TreatmentSession]:
    return TreatmentSession.objects.select_related("protocol_version")


def _view(row: TreatmentSession) -> SessionView:
    return SessionView(
        id=row.id,
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        treatment_id=row.treatment_id,
        plan_id=row.plan_id,
        consent_id=row.consent_id,
        protocol_version_id=row.protocol_version_id,
        procedure=Procedure(row.protocol_version.procedure),
        site_id=row.site_id,
        performer_id=row.performer_id,
        performer_name=row.performer_name,
        state=SessionState(row.state),
        begun_at=row.begun_at,
        ended_at=row.ended_at,
    )
