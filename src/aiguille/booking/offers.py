"""Offers to people on the waiting list: made in the order of the list, kept until a deadline.

A round looks at the people in the order in which they came. Each is offered the first free time
that fits, that the gate of sessions allows and that they were not offered before; it is held for
them like a time that somebody chose online. One person has one open offer.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.booking import events, facts, wake
from aiguille.booking.facts import Ignored
from aiguille.booking.gate import session_terms
from aiguille.booking.holds import hold_slot
from aiguille.booking.models import (
    AHEAD_STATES,
    Appointment,
    Offer,
    OfferState,
    WaitingEntry,
    WaitingState,
)
from aiguille.booking.operations import book, move_appointment
from aiguille.booking.placing import SlotTaken, constraint_of
from aiguille.booking.queries import Start, free_starts
from aiguille.booking.rules import may_still_change
from aiguille.booking.waiting import locked_entry, note_offer, settle_entry, settle_offer
from aiguille.booking.waiting_notices import announce_offer, drop_messages
from aiguille.booking.waiting_queries import appointment_given_back, wish_of
from aiguille.booking.waiting_rules import deadline_of, keeper
from aiguille.catalogue.queries import ServiceView, get_service
from aiguille.kernel.actor import SYSTEM, VISITOR, Actor, ActorKind
from aiguille.kernel.codes import ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text
from aiguille.patients.queries import surviving_id
from aiguille.plumbing.access import NotVisible

Objection = Callable[[UUID], None]
"""Raises the `DomainError` that keeps a patient from a session, where there is one."""

# Whoever came by the link of the message was offered the time: the booking itself is the clinic's.
_WAITING_LIST = Actor(kind=ActorKind.SYSTEM, id=None, display_name="waiting list")
_DAYS_OF_A_SESSION = 60
"""How many of the days that fit a session the gate is asked about in one round."""
_objections: list[Objection] = []


class OfferOver(DomainError):
    """The offer was answered, withdrawn, or its time to answer is past."""

    code = "offer_over"
    default_text = Text(
        fr="Cet horaire ne vous est plus réservé.", en="This time is not kept for you any more."
    )


def object_to_sessions(objection: Objection) -> None:
    """Let an area above say, at start-up, what else keeps a patient from a session."""
    if objection not in _objections:
        _objections.append(objection)


def offer_free_times(*, at: datetime) -> int:
    """End what is over, offer what is free to whoever comes first; return how many offers.

    Each change is a transaction of its own.
    """
    end_overdue(at=at)
    waiting = WaitingEntry.objects.filter(state=WaitingState.WAITING, service__is_active=True)
    # Nobody is offered a second time before the first is answered.
    queue = list(waiting.exclude(offers__state=OfferState.OPEN).order_by("created_at", "id"))
    search = _Search(queue, at=at)
    return sum(_offer_next(entry.id, search) for entry in queue)


def end_overdue(*, at: datetime) -> int:
    """End the offers whose deadline is past, and the stays that are over; return how many offers.

    Each change is a transaction of its own.
    """
    _end_entries(at=at)
    return _end_offers(at=at)


@transaction.atomic
def accept_offer(
    *, offer_id: UUID, give_back: UUID | None = None, actor: Actor, at: datetime
) -> UUID:
    """Make an offer the person's appointment and return its key; accepted already, return it too.

    `give_back` names the person's later appointment for the same, which moves to the offered time.

    Raises:
        OfferOver: it was withdrawn, or the time to answer is past.
        NotVisible: there is no such offer, or `give_back` is not theirs to give.
        and what `operations.book` or `move_appointment` raises.
    """
    entry, offer = _locked_offer(offer_id)
    if offer.state == OfferState.ACCEPTED and offer.appointment_id is not None:
        return offer.appointment_id
    if (
        offer.state != OfferState.OPEN
        or entry.state != WaitingState.WAITING
        or offer.deadline <= at
    ):
        raise OfferOver
    service = get_service(entry.service_id)
    if service.kind is ServiceKind.SESSION:
        _refuse_objections(offer.patient_id)
    if give_back is not None:
        appointment_id = _move(offer, give_back, actor=actor, at=at)
    else:
        appointment_id = book(
            patient_id=offer.patient_id,
            service_id=entry.service_id,
            site_id=offer.site_id,
            starts_at=offer.starts_at,
            practitioner_id=offer.practitioner_id,
            plan_id=entry.plan_id,
            hold_browser=keeper(offer.id),
            request_key=offer.id,
            actor=_WAITING_LIST if actor.kind is ActorKind.VISITOR else actor,
            at=at,
        )
    offer.state, offer.settled_at = OfferState.ACCEPTED, at
    offer.appointment_id = appointment_id
    offer.save(update_fields=["state", "settled_at", "appointment"])
    note_offer(offer, events.OFFER_ACCEPTED, actor=actor, at=at)
    entry.state, entry.changed_at = WaitingState.SERVED, at
    entry.version += 1
    entry.save(update_fields=["state", "changed_at", "version"])
    drop_messages(entry, at=at)
    drop_messages(offer, at=at)
    return appointment_id


@transaction.atomic
def decline_offer(*, offer_id: UUID, actor: Actor, at: datetime) -> None:
    """Free the time for the next person; the one who declines keeps their place.

    An offer that is over stays as it is: a page sent twice does no harm.

    Raises:
        OfferOver: it was accepted.
        NotVisible: there is no such offer.
    """
    _entry, offer = _locked_offer(offer_id)
    if offer.state == OfferState.ACCEPTED:
        raise OfferOver
    if offer.state == OfferState.OPEN:
        drop_messages(offer, at=at)
        settle_offer(offer, OfferState.DECLINED, events.OFFER_DECLINED, actor=actor, at=at)
        wake.time_freed()


# --- One round ------------------------------------------------------------------------------------


class _Search:
    """The free starts of each service, read once until something is taken."""

    def __init__(self, queue: Iterable[WaitingEntry], *, at: datetime) -> None:
        self.at = at
        self._days: dict[UUID, tuple[date, date]] = {}
        for entry in queue:
            first, last = self._days.get(entry.service_id, (entry.first_day, entry.last_day))
            self._days[entry.service_id] = min(first, entry.first_day), max(last, entry.last_day)
        self._services: dict[UUID, ServiceView] = {}
        self._starts: dict[UUID, list[Start]] = {}

    def service(self, service_id: UUID) -> ServiceView:
        """Return a service."""
        if service_id not in self._services:
            self._services[service_id] = get_service(service_id)
        return self._services[service_id]

    def starts(self, service_id: UUID) -> list[Start]:
        """Return the starts of a service on the days that anybody waits for, soonest first."""
        if service_id not in self._starts:
            first, last = self._days[service_id]
            horizon = timedelta(days=self.service(service_id).max_horizon_days + 1)
            first = max(first, self.at.date() - timedelta(days=1))
            last = min(last, self.at.date() + horizon)
            self._starts[service_id] = (
                free_starts(service_id=service_id, first_day=first, last_day=last, at=self.at)
                if first <= last
                else []
            )
        return self._starts[service_id]

    def forget(self) -> None:
        """Read again: something was taken, here or elsewhere."""
        self._starts.clear()


def _offer_next(entry_id: UUID, search: _Search) -> bool:
    """Offer a person the first free time that fits; tell whether there was one."""
    for _ in range(3):  # somebody else may take the time meanwhile
        try:
            made = _offer_first(entry_id, search)
        except SlotTaken:
            search.forget()
            continue
        except IntegrityError as error:
            if constraint_of(error) not in {
                "one_open_offer_a_person",
                "a_time_is_offered_once_to_a_person",
            }:
                raise
            return False
        if made:
            search.forget()
        return made
    return False


@transaction.atomic
def _offer_first(entry_id: UUID, search: _Search) -> bool:
    entry = locked_entry(entry_id)
    if entry.state != WaitingState.WAITING:
        return False
    service = search.service(entry.service_id)
    patient_id = surviving_id(entry.patient_id)
    if Offer.objects.filter(patient_id=patient_id, state=OfferState.OPEN).exists():
        return False
    if service.kind is ServiceKind.SESSION and not _is_free_of_objections(patient_id):
        return False
    for start, practitioner_id, deadline in _fitting(entry, service, patient_id, search):
        offer_id = new_id()
        held = hold_slot(
            browser=keeper(offer_id),
            service_id=service.id,
            site_id=start.site_id,
            starts_at=start.starts_at,
            practitioner_id=practitioner_id,
            lasts=deadline - search.at,
            at=search.at,
        )
        offer = Offer.objects.create(
            id=offer_id,
            entry=entry,
            patient_id=patient_id,
            site_id=start.site_id,
            practitioner_id=held.practitioner_id,
            starts_at=held.starts_at,
            ends_at=held.ends_at,
            time_zone=start.time_zone,
            deadline=deadline,
            offered_at=search.at,
        )
        note_offer(offer, events.OFFERED, actor=SYSTEM, at=search.at)
        announce_offer(offer, at=search.at)
        return True
    return False


def _fitting(
    entry: WaitingEntry, service: ServiceView, patient_id: UUID, search: _Search
) -> Iterator[tuple[Start, UUID | None, datetime]]:
    """Yield the starts that may be offered, soonest first, with whom and until when."""
    wish = wish_of(entry)
    starts = [
        start
        for start in search.starts(service.id)
        if wish.fits(
            starts_at=start.starts_at,
            minutes=service.minutes,
            time_zone=start.time_zone,
            site_id=start.site_id,
        )
    ]
    if not starts:
        return
    instead = _still_ahead(entry)
    told = set(entry.offers.values_list("site_id", "starts_at"))
    taken = facts.busy_stretches_of_patient(
        patient_id,
        first=starts[0].starts_at,
        end=starts[-1].starts_at + timedelta(minutes=service.minutes),
        ignored=Ignored(appointment_id=instead.id if instead else None),
    )
    opens = _Gate(entry, service, patient_id, instead)
    for start in starts:
        if instead is not None and start.starts_at >= instead.starts_at:
            return
        deadline = deadline_of(
            at=search.at,
            time_zone=start.time_zone,
            starts_at=start.starts_at,
            notice=timedelta(minutes=service.min_notice_minutes),
        )
        who = wish.who(start.practitioner_ids)
        if deadline is None or not who or (start.site_id, start.starts_at) in told:
            continue
        if instead is not None and not may_still_change(
            starts_at=instead.starts_at, actor=VISITOR, at=deadline
        ):
            return
        end = start.starts_at + timedelta(minutes=service.minutes)
        if any(lower < end and start.starts_at < upper for lower, upper in taken):
            continue
        if opens(start.local.date()):
            yield start, who[0], deadline


class _Gate:
    """Whether a session may be booked on a day, asked once a day; everything else always may."""

    def __init__(
        self,
        entry: WaitingEntry,
        service: ServiceView,
        patient_id: UUID,
        instead: Appointment | None,
    ) -> None:
        self._entry, self._service = entry, service
        self._patient_id, self._instead = patient_id, instead
        self._asked: dict[date, bool] = {}

    def __call__(self, day: date) -> bool:
        if self._service.kind is not ServiceKind.SESSION:
            return True
        if day not in self._asked:
            self._asked[day] = len(self._asked) < _DAYS_OF_A_SESSION and self._ask(day)
        return self._asked[day]

    def _ask(self, day: date) -> bool:
        treatment_id = self._service.treatment_id
        assert treatment_id is not None  # a constraint says so
        try:
            session_terms(
                patient_id=self._patient_id,
                treatment_id=treatment_id,
                plan_id=self._entry.plan_id,
                day=day,
                moving=self._instead.id if self._instead else None,
            )
        except DomainError:
            return False
        return True


def _still_ahead(entry: WaitingEntry) -> Appointment | None:
    """Return the appointment for which an earlier time is wanted, where it still is ahead."""
    if entry.instead_of_id is None:
        return None
    return Appointment.objects.filter(id=entry.instead_of_id, state__in=AHEAD_STATES).first()


def _end_offers(*, at: datetime) -> int:
    ended = 0
    due = Offer.objects.filter(state=OfferState.OPEN, deadline__lte=at)
    for offer_id in due.order_by("deadline", "id").values_list("id", flat=True):
        with transaction.atomic():
            _entry, offer = _locked_offer(offer_id)
            if offer.state == OfferState.OPEN:
                drop_messages(offer, at=at)
                settle_offer(offer, OfferState.EXPIRED, events.OFFER_EXPIRED, actor=SYSTEM, at=at)
                ended += 1
    return ended


def _end_entries(*, at: datetime) -> None:
    """End the stay of those whose last day is past everywhere in the group."""
    past = WaitingEntry.objects.filter(
        state=WaitingState.WAITING, last_day__lt=at.date() - timedelta(days=1)
    )
    for entry_id in past.values_list("id", flat=True):
        with transaction.atomic():
            entry = locked_entry(entry_id)
            if entry.state == WaitingState.WAITING:
                settle_entry(entry, WaitingState.OVER, events.WAITING_OVER, actor=SYSTEM, at=at)


# --- Parts ----------------------------------------------------------------------------------------


def _locked_offer(offer_id: UUID) -> tuple[WaitingEntry, Offer]:
    entry_id = Offer.objects.filter(id=offer_id).values_list("entry_id", flat=True).first()
    if entry_id is None:
        raise NotVisible
    entry = locked_entry(entry_id)
    return entry, Offer.objects.select_for_update(of=("self",)).get(id=offer_id)


def _move(offer: Offer, give_back: UUID, *, actor: Actor, at: datetime) -> UUID:
    given = appointment_given_back(offer.id)
    if given is None or given.id != give_back:
        raise NotVisible
    move_appointment(
        appointment_id=given.id,
        starts_at=offer.starts_at,
        site_id=offer.site_id,
        practitioner_id=offer.practitioner_id,
        hold_browser=keeper(offer.id),
        actor=actor,
        at=at,
    )
    return given.id


def _refuse_objections(patient_id: UUID) -> None:
    for objection in _objections:
        objection(patient_id)


def _is_free_of_objections(patient_id: UUID) -> bool:
    try:
        _refuse_objections(patient_id)
    except DomainError:
        return False
    return True
