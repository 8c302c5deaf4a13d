"""The waiting list as its pages show it: who waits, what is kept for whom, what it would replace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import get_language

from aiguille.booking.access import get_appointment_for, get_waiting_for
from aiguille.booking.queries import AppointmentView, Choosable, free_times
from aiguille.booking.rules import may_still_change
from aiguille.booking.waiting_queries import (
    OfferState,
    OfferView,
    WaitingView,
    appointment_given_back,
    entry_of_offer,
    list_waiting,
    waiting_of_patient,
)
from aiguille.booking.wording import when_in
from aiguille.care.queries import list_plans
from aiguille.catalogue.queries import (
    ServiceView,
    get_service,
    list_services,
    session_service,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ServiceKind
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the list at an instant.

    `offer` is open; `given` is the later appointment that it would replace, where the reader may
    still change it; `must_give` where an earlier time was asked for. `accepted` is the offer that
    became an appointment, `missed` the latest one where none is open.
    """

    entry: WaitingView
    offer: OfferView | None
    given: AppointmentView | None
    must_give: bool
    accepted: OfferView | None
    missed: OfferView | None

    @property
    def given_when(self) -> str:
        """Return the start of the later appointment, as the page's language writes it."""
        return when_in(self.given.local, get_language() or "fr") if self.given else ""


@dataclass(frozen=True, slots=True)
class Waitable:
    """What somebody may wait for, with where and with whom."""

    service: ServiceView
    sites: Sequence[Choosable]
    practitioners: Sequence[Choosable]
    appointment: AppointmentView | None = None


@dataclass(frozen=True, slots=True)
class WaitingService:
    """The people who wait for one service, first come first."""

    service_id: UUID
    name: Text
    entries: tuple[WaitingView, ...]


def place_of(entry: WaitingView, *, actor: Actor, at: datetime) -> Place:
    """Return a place with what may be answered now (two queries where a time is kept)."""
    found = entry.open_offer
    offer = found if found is not None and found.is_open(at) and entry.is_waiting else None
    given = appointment_given_back(offer.id) if offer else None
    if given is not None and not may_still_change(starts_at=given.starts_at, actor=actor, at=at):
        given = None
    return Place(
        entry=entry,
        offer=offer,
        given=given,
        must_give=entry.instead_of is not None,
        accepted=next((one for one in entry.offers if one.state == OfferState.ACCEPTED), None),
        missed=next(iter(entry.offers), None) if entry.is_waiting and offer is None else None,
    )


def places_of_patient(*, patient_id: UUID, actor: Actor, at: datetime) -> list[Place]:
    """Return where a person waits; the reader may see the patient."""
    return [place_of(entry, actor=actor, at=at) for entry in waiting_of_patient(patient_id)]


def place_of_offer(*, offer_id: UUID, actor: Actor, at: datetime) -> Place:
    """Return the place that an offer was made to.

    Raises:
        NotVisible: there is no such offer, or the actor may not see it.
    """
    entry = get_waiting_for(actor=actor, entry_id=entry_of_offer(offer_id), at=at)
    return place_of(entry, actor=actor, at=at)


def waiting_by_service() -> list[WaitingService]:
    """Return everybody who waits, by service, each in the order in which they came (five queries)."""
    found: dict[UUID, list[WaitingView]] = {}
    for entry in list_waiting():
        found.setdefault(entry.service_id, []).append(entry)
    groups = [
        WaitingService(service_id, entries[0].service_name, tuple(entries))
        for service_id, entries in found.items()
    ]
    return sorted(groups, key=lambda group: group.name.en)


def waitable_service(*, service_id: UUID, at: datetime) -> Waitable:
    """Return a consultation or a check-up with where and with whom it may be waited for.

    Raises:
        NotVisible: there is none; a session is waited for from its plan.
    """
    service = next((one for one in list_services() if one.id == service_id), None)
    if service is None or service.kind is ServiceKind.SESSION:
        raise NotVisible
    return _waitable(service, at=at)


def waitable_session(*, patient_id: UUID, plan_id: UUID, at: datetime) -> Waitable:
    """Return the session of a patient's plan.

    Raises:
        NotVisible: the patient has no such plan in force.
    """
    plan = next((one for one in list_plans(patient_id=patient_id) if one.id == plan_id), None)
    if plan is None:
        raise NotVisible
    return _waitable(session_service(plan.treatment_id), at=at)


def waitable_earlier(*, appointment_id: UUID, actor: Actor, at: datetime) -> Waitable:
    """Return the service of an appointment ahead, for which an earlier time is wanted.

    Raises:
        NotVisible: the actor may not see it, or it is not ahead any more.
    """
    appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    if not appointment.is_ahead:
        raise NotVisible
    return _waitable(get_service(appointment.service_id), at=at, appointment=appointment)


def _waitable(
    service: ServiceView, *, at: datetime, appointment: AppointmentView | None = None
) -> Waitable:
    offered = free_times(service=service, first_day=at.date(), last_day=at.date(), at=at)
    return Waitable(service, offered.sites, offered.practitioners, appointment)
