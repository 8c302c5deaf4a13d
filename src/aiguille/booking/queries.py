"""The agenda, holds and appointments as frozen values; `free_times` has the free times."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from aiguille.booking.free_times import (
    Choosable,
    FreeDay,
    FreeTimes,
    Start,
    first_free_days,
    free_starts,
    free_times,
    hash_of,
)
from aiguille.booking.models import (
    AHEAD_STATES,
    HOLDING_STATES,
    Appointment,
    AppointmentState,
    EveryOccupancy,
    Hold,
)
from aiguille.kernel.codes import Procedure, ResourceKind, ServiceKind
from aiguille.kernel.text import Text
from aiguille.patients.queries import record_ids
from aiguille.plumbing.access import NotVisible

__all__ = [
    "AgendaLine",
    "AppointmentState",
    "AppointmentView",
    "Choosable",
    "FreeDay",
    "FreeTimes",
    "HoldView",
    "Start",
    "agenda_between",
    "agenda_day",
    "appointment_of_request",
    "appointments_named",
    "appointments_of_patient",
    "first_free_days",
    "free_starts",
    "free_times",
    "get_appointment",
    "hash_of",
    "hold_of",
    "hold_view",
    "session_appointments",
    "sessions_of_plan",
    "upcoming_of_mailbox",
]


@dataclass(frozen=True, slots=True)
class HoldView:
    """A time kept for one browser until `expires_at`; `key` names this choice and no other."""

    key: str
    service_id: UUID
    site_id: UUID
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    practitioner_id: UUID | None

    def local_in(self, time_zone: str) -> datetime:
        """Return the start as the site's walls show it."""
        return self.starts_at.astimezone(ZoneInfo(time_zone))


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """An appointment with the names that a page shows, read in one query."""

    id: UUID
    number: int
    version: int
    patient_id: UUID
    patient_name: str
    patient_number: int
    patient_language: str
    service_id: UUID
    service_name: Text
    kind: ServiceKind
    procedure: Procedure
    treatment_id: UUID | None
    verdict_id: UUID | None
    plan_id: UUID | None
    session_number: int | None
    site_id: UUID
    site_name: str
    site_city: str
    site_code: str
    practitioner_id: UUID | None
    practitioner_user_id: UUID | None
    practitioner_name: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    local_date: date
    state: AppointmentState
    state_reason: str
    created_at: datetime

    @property
    def local(self) -> datetime:
        """Return the start as the site's walls show it, with its offset."""
        return self.starts_at.astimezone(ZoneInfo(self.time_zone))

    @property
    def local_end(self) -> datetime:
        """Return the end as the site's walls show it, with its offset."""
        return self.ends_at.astimezone(ZoneInfo(self.time_zone))

    @property
    def is_standing(self) -> bool:
        """Tell whether the appointment was neither cancelled nor missed."""
        return self.state in HOLDING_STATES

    @property
    def is_ahead(self) -> bool:
        """Tell whether the appointment still waits for its patient."""
        return self.state in AHEAD_STATES


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One line of a site's day: the appointment and the rooms and devices it holds."""

    appointment: AppointmentView
    held: tuple[str, ...]


def hold_of(*, browser: str, at: datetime) -> HoldView | None:
    """Return what the browser holds at the instant `at`, or None (two queries)."""
    row = Hold.objects.filter(browser_hash=hash_of(browser), expires_at__gt=at).first()
    return None if row is None else hold_view(row)


def hold_view(row: Hold) -> HoldView:
    """Return a hold with the practitioner among what it takes (one query)."""
    practitioner = row.occupancies.filter(resource__kind=ResourceKind.PRACTITIONER).values_list(
        "resource_id", flat=True
    )
    return HoldView(
        key=f"{row.id}:{row.created_at.timestamp():.6f}",
        service_id=row.service_id,
        site_id=row.site_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        expires_at=row.expires_at,
        practitioner_id=practitioner.first(),
    )


def get_appointment(appointment_id: UUID) -> AppointmentView:
    """Return an appointment (one query); `access` says who may see it.

    Raises:
        NotVisible: there is none.
    """
    for view in _views(Appointment.objects.filter(id=appointment_id)):
        return view
    raise NotVisible


def appointment_of_request(request_key: UUID) -> AppointmentView | None:
    """Return the appointment that a request made already, or None (one query)."""
    return next(iter(_views(Appointment.objects.filter(request_key=request_key))), None)


def appointments_of_patient(patient_id: UUID) -> list[AppointmentView]:
    """Return every appointment of a person, latest start first (two queries).

    Those of records joined to the patient's are among them.
    """
    rows = Appointment.objects.filter(patient_id__in=record_ids(patient_id))
    return _views(rows.order_by("-starts_at", "id"))


def appointments_named(appointment_ids: Collection[UUID]) -> list[AppointmentView]:
    """Return these appointments, in order of their start (one query)."""
    return _views(Appointment.objects.filter(id__in=appointment_ids).order_by("starts_at", "id"))


def upcoming_of_mailbox(*, email: str, at: datetime) -> list[AppointmentView]:
    """Return the appointments ahead of patients with this e-mail address, in order (one query)."""
    return _views(
        Appointment.objects.filter(
            patient__email__iexact=email, starts_at__gt=at, state__in=AHEAD_STATES
        ).order_by("starts_at", "id")
    )


def upcoming_of_service(service_id: UUID, *, at: datetime) -> list[AppointmentView]:
    """Return the appointments ahead of a service, by start (one query)."""
    rows = Appointment.objects.filter(
        service_id=service_id, state__in=AHEAD_STATES, starts_at__gt=at
    )
    return _views(rows.order_by("starts_at", "id"))


def session_appointments(*, patient_id: UUID, procedure: Procedure) -> list[AppointmentView]:
    """Return a patient's sessions of a procedure, in any state, in order (one query)."""
    rows = Appointment.objects.filter(
        patient_id=patient_id, kind=ServiceKind.SESSION, service__procedure=procedure
    )
    return _views(rows.order_by("starts_at", "id"))


def sessions_of_plan(plan_id: UUID) -> list[AppointmentView]:
    """Return the sessions of a plan that were not cancelled or missed, in order (one query)."""
    return _views(
        Appointment.objects.filter(plan_id=plan_id, state__in=HOLDING_STATES).order_by("starts_at")
    )


def next_sessions_under(verdict_ids: Collection[UUID], *, at: datetime) -> dict[UUID, datetime]:
    """Return the start of the next session that holds its time, by verdict (one query)."""
    rows = Appointment.objects.filter(
        verdict_id__in=verdict_ids, starts_at__gt=at, state__in=HOLDING_STATES
    ).order_by("-starts_at")
    return dict(rows.values_list("verdict_id", "starts_at"))


def agenda_day(*, site_id: UUID, day: date) -> list[AgendaLine]:
    """Return a site's appointments of one local date, in order (two queries)."""
    views = _views(
        Appointment.objects.filter(site_id=site_id, local_date=day).order_by("starts_at", "id")
    )
    held: dict[UUID, set[str]] = {view.id: set() for view in views}
    names = (
        EveryOccupancy.objects.filter(appointment_id__in=held, resource__isnull=False)
        .exclude(resource__kind=ResourceKind.PRACTITIONER)
        .values_list("appointment_id", "resource__name")
    )
    for appointment_id, name in names:
        held[appointment_id].add(name)
    return [AgendaLine(view, tuple(sorted(held[view.id]))) for view in views]


def agenda_between(*, site_id: UUID, first_day: date, last_day: date) -> list[AppointmentView]:
    """Return a site's appointments of some local dates, in order, whatever their state (one query)."""
    return _views(
        Appointment.objects.filter(
            site_id=site_id, local_date__range=(first_day, last_day)
        ).order_by("starts_at", "id")
    )


_COLUMNS = (
    "id",
    "number",
    "version",
    "patient_id",
    "patient__first_names",
    "patient__birth_name",
    "patient__used_name",
    "patient__number",
    "patient__language",
    "service_id",
    "service__name",
    "service__procedure",
    "kind",
    "treatment_id",
    "verdict_id",
    "plan_id",
    "session_number",
    "site_id",
    "site__name",
    "site__city",
    "site__code",
    "practitioner_id",
    "practitioner__user_id",
    "practitioner__title",
    "practitioner__name",
    "starts_at",
    "ends_at",
    "time_zone",
    "local_date",
    "state",
    "state_reason",
    "created_at",
)


def _views(rows: QuerySet[Appointment]) -> list[AppointmentView]:
    return [_view(row) for row in rows.values(*_COLUMNS)]


def _view(row: dict[str, Any]) -> AppointmentView:
    name = row["patient__used_name"] or row["patient__birth_name"]
    practitioner = (row["practitioner__title"] or "", row["practitioner__name"] or "")
    return AppointmentView(
        id=row["id"],
        number=row["number"],
        version=row["version"],
        patient_id=row["patient_id"],
        patient_name=f"{row['patient__first_names']} {name}".strip(),
        patient_number=row["patient__number"],
        patient_language=row["patient__language"],
        service_id=row["service_id"],
        service_name=row["service__name"],
        kind=ServiceKind(row["kind"]),
        procedure=Procedure(row["service__procedure"]),
        treatment_id=row["treatment_id"],
        verdict_id=row["verdict_id"],
        plan_id=row["plan_id"],
        session_number=row["session_number"],
        site_id=row["site_id"],
        site_name=row["site__name"],
        site_city=row["site__city"],
        site_code=row["site__code"],
        practitioner_id=row["practitioner_id"],
        practitioner_user_id=row["practitioner__user_id"],
        practitioner_name=" ".join(practitioner).strip(),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        time_zone=row["time_zone"],
        local_date=row["local_date"],
        state=AppointmentState(row["state"]),
        state_reason=row["state_reason"],
        created_at=row["created_at"],
    )
