"""The waiting list as frozen values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language

from aiguille.booking.models import (
    AHEAD_STATES,
    Appointment,
    Offer,
    OfferState,
    WaitingEntry,
    WaitingState,
)
from aiguille.booking.queries import AppointmentView, get_appointment
from aiguille.booking.waiting_rules import MINUTES_A_DAY, Wish
from aiguille.booking.wording import when_in
from aiguille.clinics.queries import list_practitioners, list_sites
from aiguille.kernel.text import Text
from aiguille.patients.queries import record_ids
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.phones import show_phone

__all__ = ["OfferState", "WaitingState"]


@dataclass(frozen=True, slots=True)
class OfferView:
    """A time that was offered to a person on the list."""

    id: UUID
    entry_id: UUID
    site_id: UUID
    site_name: str
    site_city: str
    practitioner_name: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    deadline: datetime
    state: OfferState
    offered_at: datetime

    @property
    def local(self) -> datetime:
        """Return the start as the site's walls show it, with its offset."""
        return self.starts_at.astimezone(ZoneInfo(self.time_zone))

    @property
    def when(self) -> str:
        """Return the start on the site's walls, as the page's language writes it."""
        return _shown(self.local)

    @property
    def kept_until(self) -> str:
        """Return the deadline on the site's walls, as the page's language writes it."""
        return _shown(self.deadline.astimezone(ZoneInfo(self.time_zone)))

    def is_open(self, at: datetime) -> bool:
        """Tell whether the offer may be accepted at the instant `at`."""
        return self.state == OfferState.OPEN and at < self.deadline


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A place on the list, with the offers made to it, latest first.

    `sites` and `practitioners` are names, empty for any; `instead_of` is the start of the
    appointment for which an earlier time is wanted, as its site's walls show it.
    """

    id: UUID
    patient_id: UUID
    patient_name: str
    patient_number: int
    patient_phone: str
    service_id: UUID
    service_name: Text
    plan_id: UUID | None
    instead_of: datetime | None
    sites: tuple[str, ...]
    practitioners: tuple[str, ...]
    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int
    first_day: date
    last_day: date
    state: WaitingState
    created_at: datetime
    offers: tuple[OfferView, ...]

    @property
    def is_all_day(self) -> bool:
        """Tell whether any hour will do."""
        return self.from_minute == 0 and self.until_minute == MINUTES_A_DAY

    @property
    def shown_phone(self) -> str:
        """Return the telephone number as people write it."""
        return show_phone(self.patient_phone)

    @property
    def earlier_than(self) -> str:
        """Return the start of the appointment to replace, as the page's language writes it."""
        return _shown(self.instead_of) if self.instead_of else ""

    @property
    def weekday_names(self) -> tuple[str, ...]:
        """Return the weekdays in the page's language."""
        return tuple(str(WEEKDAYS[day]) for day in self.weekdays)

    @property
    def from_time(self) -> str:
        """Return the first minute as a clock shows it."""
        return _clock(self.from_minute)

    @property
    def until_time(self) -> str:
        """Return the last minute as a clock shows it."""
        return _clock(self.until_minute)

    @property
    def open_offer(self) -> OfferView | None:
        """Return the offer that waits for an answer, whose deadline may be past; or None."""
        return next((offer for offer in self.offers if offer.state == OfferState.OPEN), None)

    @property
    def is_waiting(self) -> bool:
        """Tell whether the person still is on the list."""
        return self.state == WaitingState.WAITING


def list_waiting(*, service_id: UUID | None = None) -> list[WaitingView]:
    """Return the people on the list in the order in which they came (five queries)."""
    rows = WaitingEntry.objects.filter(state=WaitingState.WAITING)
    if service_id is not None:
        rows = rows.filter(service_id=service_id)
    return _views(rows.order_by("created_at", "id"))


def waiting_of_patient(patient_id: UUID) -> list[WaitingView]:
    """Return where a person waits, joined records' places among them (six queries)."""
    rows = WaitingEntry.objects.filter(
        patient_id__in=record_ids(patient_id), state=WaitingState.WAITING
    )
    return _views(rows.order_by("created_at", "id"))


def open_offers_of_patient(patient_id: UUID, *, at: datetime) -> list[OfferView]:
    """Return what is kept for a person at an instant (two queries)."""
    rows = Offer.objects.filter(
        patient_id__in=record_ids(patient_id), state=OfferState.OPEN, deadline__gt=at
    ).select_related("site", "practitioner")
    return [_offer(row) for row in rows.order_by("deadline", "id")]


def get_waiting(entry_id: UUID) -> WaitingView:
    """Return a place on the list, also one that was left (five queries).

    Raises:
        NotVisible: there is none.
    """
    for view in _views(WaitingEntry.objects.filter(id=entry_id)):
        return view
    raise NotVisible


def entry_of_offer(offer_id: UUID) -> UUID:
    """Return the key of the place on the list that an offer was made to (one query).

    Raises:
        NotVisible: there is no such offer.
    """
    found = Offer.objects.filter(id=offer_id).values_list("entry_id", flat=True).first()
    if found is None:
        raise NotVisible
    return found


def waiting_of_mailbox(*, email: str, service_id: UUID) -> list[tuple[UUID, str]]:
    """Return who waits for a service with an e-mail address: places and full names (one query)."""
    rows = WaitingEntry.objects.filter(
        patient__email__iexact=email, service_id=service_id, state=WaitingState.WAITING
    )
    return [
        (entry_id, f"{first} {name}")
        for entry_id, first, name in rows.values_list(
            "id", "patient__first_names", "patient__birth_name"
        )
    ]


def appointment_given_back(offer_id: UUID) -> AppointmentView | None:
    """Return the person's later appointment for the same, which an offer may replace, or None.

    That is the one for which an earlier time was asked; else the next one of the same service and
    plan that comes after the offered time.
    """
    offer = Offer.objects.select_related("entry").filter(id=offer_id).first()
    if offer is None:
        return None
    entry = offer.entry
    later = Appointment.objects.filter(
        patient_id__in=record_ids(offer.patient_id),
        state__in=AHEAD_STATES,
        starts_at__gt=offer.starts_at,
    )
    asked = later.filter(id=entry.instead_of_id) if entry.instead_of_id else later.none()
    of_plan = Q(plan_id=entry.plan_id) if entry.plan_id else Q(plan=None)
    same = later.filter(of_plan, service_id=entry.service_id)
    found = asked.first() or same.order_by("starts_at", "id").first()
    return get_appointment(found.id) if found else None


def wish_of(row: WaitingEntry) -> Wish:
    """Return what a place on the list asks for."""
    return Wish(
        sites=frozenset(row.sites),
        practitioners=tuple(row.practitioners),
        weekdays=frozenset(row.weekdays),
        from_minute=row.from_minute,
        until_minute=row.until_minute,
        first_day=row.first_day,
        last_day=row.last_day,
    )


_COLUMNS = (
    "id",
    "patient_id",
    "patient__first_names",
    "patient__birth_name",
    "patient__used_name",
    "patient__number",
    "patient__phone",
    "service_id",
    "service__name",
    "plan_id",
    "instead_of__starts_at",
    "instead_of__time_zone",
    "sites",
    "practitioners",
    "weekdays",
    "from_minute",
    "until_minute",
    "first_day",
    "last_day",
    "state",
    "created_at",
)


def _views(rows: QuerySet[WaitingEntry]) -> list[WaitingView]:
    found = list(rows.values(*_COLUMNS))
    offers = _offers(row["id"] for row in found)
    sites = {site.id: site.city for site in list_sites()} if found else {}
    doctors = {one.id: one.full_name for one in list_practitioners()} if found else {}
    return [_view(row, offers.get(row["id"], ()), sites, doctors) for row in found]


def _view(
    row: dict[str, Any],
    offers: tuple[OfferView, ...],
    sites: dict[UUID, str],
    doctors: dict[UUID, str],
) -> WaitingView:
    name = row["patient__used_name"] or row["patient__birth_name"]
    instead = row["instead_of__starts_at"]
    return WaitingView(
        id=row["id"],
        patient_id=row["patient_id"],
        patient_name=f"{row['patient__first_names']} {name}".strip(),
        patient_number=row["patient__number"],
        patient_phone=row["patient__phone"],
        service_id=row["service_id"],
        service_name=row["service__name"],
        plan_id=row["plan_id"],
        instead_of=instead.astimezone(ZoneInfo(row["instead_of__time_zone"])) if instead else None,
        sites=tuple(sites[one] for one in row["sites"] if one in sites),
        practitioners=tuple(doctors[one] for one in row["practitioners"] if one in doctors),
        weekdays=tuple(row["weekdays"]),
        from_minute=row["from_minute"],
        until_minute=row["until_minute"],
        first_day=row["first_day"],
        last_day=row["last_day"],
        state=WaitingState(row["state"]),
        created_at=row["created_at"],
        offers=offers,
    )


def _offers(entry_ids: Iterable[UUID]) -> dict[UUID, tuple[OfferView, ...]]:
    found: dict[UUID, list[OfferView]] = {}
    rows = Offer.objects.filter(entry_id__in=list(entry_ids)).select_related("site", "practitioner")
    for row in rows.order_by("-offered_at", "-id"):
        found.setdefault(row.entry_id, []).append(_offer(row))
    return {key: tuple(offers) for key, offers in found.items()}


def _offer(row: Offer) -> OfferView:
    doctor = row.practitioner
    return OfferView(
        id=row.id,
        entry_id=row.entry_id,
        site_id=row.site_id,
        site_name=row.site.name,
        site_city=row.site.city,
        practitioner_name=f"{doctor.title} {doctor.name}".strip() if doctor else "",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        time_zone=row.time_zone,
        deadline=row.deadline,
        state=OfferState(row.state),
        offered_at=row.offered_at,
    )


def _shown(local: datetime) -> str:
    return when_in(local, get_language() or "fr")


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
