"""Waiting for a time: joining the list, answering what it offers, leaving it.

A visitor joins as a provisional patient and answers by the link of a message; a patient does both
in their space, and the desk for anybody.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right
from aiguille.booking.access import get_waiting_for, get_waiting_of_link
from aiguille.booking.offers import accept_offer, decline_offer
from aiguille.booking.waiting import join_waiting_list, leave_waiting_list, send_new_waiting_link
from aiguille.booking.waiting_queries import WaitingView, entry_of_offer, waiting_of_mailbox
from aiguille.journeys.book_online import Visitor
from aiguille.kernel.actor import VISITOR, Actor, ActorKind
from aiguille.patients.access import get_patient_for
from aiguille.patients.operations import (
    TooManyAttempts,
    create_provisional,
    may_join_waiting_list,
)
from aiguille.plumbing.access import NotVisible

# Whoever holds the link to a place on the list may do with it what its patient may.
LINK_HOLDER = Actor(kind=ActorKind.VISITOR, id=None, display_name="waiting list link")


@dataclass(frozen=True, slots=True)
class When:
    """What times somebody waits for, as `booking.waiting.join_waiting_list` takes it."""

    sites: Collection[UUID]
    practitioners: Collection[UUID]
    weekdays: Collection[int]
    from_minute: int
    until_minute: int
    first_day: date
    last_day: date


def wait_online(
    *,
    visitor: Visitor,
    service_id: UUID,
    when: When,
    request_key: UUID,
    address: str,
    at: datetime,
) -> None:
    """Put a visitor on the list as a new provisional patient, and send them the link to it.

    Who waits for the service already, under the same name and mailbox, gets a new link and no
    second place. Too many requests from one address or for one mailbox are refused.

    Raises:
        TooManyAttempts, NameInvalid, PhoneInvalid, ContactInvalid: of what the visitor says.
        WaitInvalid, NotBookable: of what they wait for.
    """
    with transaction.atomic(durable=True):
        # Counted even where it is refused: the count is committed, and then the refusal raised.
        is_allowed = may_join_waiting_list(email=visitor.email, address=address, at=at)
        if is_allowed:
            _wait(visitor, service_id, when, request_key, at=at)
    if not is_allowed:
        raise TooManyAttempts


def wait_for_patient(
    *,
    patient_id: UUID,
    service_id: UUID | None = None,
    plan_id: UUID | None = None,
    instead_of: UUID | None = None,
    when: When,
    request_key: UUID | None,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Put a patient on the list, for their login or for the desk; return the key of the place.

    Raises:
        NotVisible: the patient is none of the actor's.
        and what `booking.waiting.join_waiting_list` raises.
    """
    with transaction.atomic(durable=True):
        get_patient_for(actor=actor, patient_id=patient_id, at=at)
        return join_waiting_list(
            patient_id=patient_id,
            service_id=service_id,
            plan_id=plan_id,
            instead_of=instead_of,
            sites=when.sites,
            practitioners=when.practitioners,
            weekdays=when.weekdays,
            from_minute=when.from_minute,
            until_minute=when.until_minute,
            first_day=when.first_day,
            last_day=when.last_day,
            request_key=request_key,
            actor=actor,
            at=at,
        )


def accept(*, offer_id: UUID, give_back: UUID | None = None, actor: Actor, at: datetime) -> UUID:
    """Accept an offer for its patient's login, or for the desk; return the appointment's key.

    Raises:
        NotVisible: the actor may not see it.
        and what `booking.offers.accept_offer` raises.
    """
    with transaction.atomic(durable=True):
        _seen(actor, entry_of_offer(offer_id), at=at)
        return accept_offer(offer_id=offer_id, give_back=give_back, actor=actor, at=at)


def decline(*, offer_id: UUID, actor: Actor, at: datetime) -> None:
    """Decline an offer for its patient's login, or for the desk.

    Raises:
        NotVisible: the actor may not see it.
        OfferOver: it was accepted.
    """
    with transaction.atomic(durable=True):
        _seen(actor, entry_of_offer(offer_id), at=at)
        decline_offer(offer_id=offer_id, actor=actor, at=at)


def leave(*, entry_id: UUID, actor: Actor, at: datetime) -> None:
    """Leave the list, or take somebody off it.

    Raises:
        NotVisible: the actor may not see it.
    """
    with transaction.atomic(durable=True):
        _seen(actor, entry_id, at=at)
        leave_waiting_list(entry_id=entry_id, actor=actor, at=at)


def accept_by_link(
    *, token: str, offer_id: UUID, give_back: UUID | None = None, at: datetime
) -> UUID:
    """Accept the offer that a page of the link showed; return the appointment's key.

    Raises:
        LinkUnusable, NotVisible: the link opens nothing, or another person's offer was named.
        and what `booking.offers.accept_offer` raises.
    """
    with transaction.atomic(durable=True):
        _of_link(token, offer_id, at=at)
        return accept_offer(offer_id=offer_id, give_back=give_back, actor=LINK_HOLDER, at=at)


def decline_by_link(*, token: str, offer_id: UUID, at: datetime) -> None:
    """Decline the offer that a page of the link showed.

    Raises:
        LinkUnusable, NotVisible: as above.
        OfferOver: it was accepted.
    """
    with transaction.atomic(durable=True):
        _of_link(token, offer_id, at=at)
        decline_offer(offer_id=offer_id, actor=LINK_HOLDER, at=at)


def leave_by_link(*, token: str, at: datetime) -> None:
    """Leave the list.

    Raises:
        LinkUnusable, NotVisible: the link opens nothing.
    """
    with transaction.atomic(durable=True):
        found = get_waiting_of_link(token=token, at=at)
        leave_waiting_list(entry_id=found.id, actor=LINK_HOLDER, at=at)


def _wait(
    visitor: Visitor, service_id: UUID, when: When, request_key: UUID, *, at: datetime
) -> None:
    name = f"{visitor.first_names} {visitor.birth_name}".split()
    for entry_id, known in waiting_of_mailbox(email=visitor.email, service_id=service_id):
        if known.casefold().split() == [part.casefold() for part in name]:
            send_new_waiting_link(entry_id=entry_id, at=at)
            return
    patient_id = create_provisional(
        birth_name=visitor.birth_name,
        first_names=visitor.first_names,
        email=visitor.email,
        phone=visitor.phone,
        language=visitor.language,
        actor=VISITOR,
        at=at,
    )
    join_waiting_list(
        patient_id=patient_id,
        service_id=service_id,
        sites=when.sites,
        practitioners=when.practitioners,
        weekdays=when.weekdays,
        from_minute=when.from_minute,
        until_minute=when.until_minute,
        first_day=when.first_day,
        last_day=when.last_day,
        request_key=request_key,
        actor=VISITOR,
        at=at,
    )


def _seen(actor: Actor, entry_id: UUID, *, at: datetime) -> WaitingView:
    return get_waiting_for(actor=actor, entry_id=entry_id, at=at, right=Right.BOOK)


def _of_link(token: str, offer_id: UUID, *, at: datetime) -> None:
    found = get_waiting_of_link(token=token, at=at)
    if entry_of_offer(offer_id) != found.id:
        raise NotVisible
