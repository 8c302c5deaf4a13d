"""The waiting list: who joins it, and how they leave it; `offers` has what they are offered."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.booking import events, wake
from aiguille.booking.holds import release_hold
from aiguille.booking.models import (
    AHEAD_STATES,
    Appointment,
    Offer,
    OfferState,
    WaitingEntry,
    WaitingState,
)
from aiguille.booking.operations import NotBookable
from aiguille.booking.placing import constraint_of
from aiguille.booking.waiting_notices import announce_joining, drop_messages, send_waiting_link
from aiguille.booking.waiting_rules import DAYS_A_WEEK, MINUTES_A_DAY, keeper, waiting_values
from aiguille.care.queries import list_plans
from aiguille.catalogue.queries import ServiceView, get_service, session_service
from aiguille.kernel.actor import VISITOR, Actor, ActorKind
from aiguille.kernel.codes import ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.queries import record_ids
from aiguille.plumbing.access import NotVisible


class WaitInvalid(DomainError):
    """What is asked for fits no time at all; `field` says which part of it."""

    code = "wait_invalid"


class AlreadyWaiting(DomainError):
    """The person waits for this service already; `entry_id` is their place."""

    code = "already_waiting"

    def __init__(self, entry_id: UUID | None = None) -> None:
        self.entry_id = entry_id
        super().__init__(
            Text(
                fr="Cette personne est déjà sur la liste d’attente pour cette prestation.",
                en="This person is on the waiting list for this service already.",
            )
        )


@transaction.atomic
def join_waiting_list(
    *,
    patient_id: UUID,
    service_id: UUID | None = None,
    plan_id: UUID | None = None,
    instead_of: UUID | None = None,
    sites: Collection[UUID] = (),
    practitioners: Collection[UUID] = (),
    weekdays: Collection[int] = (),
    from_minute: int = 0,
    until_minute: int = MINUTES_A_DAY,
    first_day: date,
    last_day: date,
    request_key: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Put a person on the list and return the key of their place.

    They wait for a service, for the next session of a plan, or for an earlier time than that of
    the appointment `instead_of`: one of the three names what is wanted. Empty collections mean
    any. The same `request_key` again returns the same place.

    Raises:
        WaitInvalid: sites, practitioners, weekdays, from_minute, until_minute, first_day, last_day.
        NotBookable: this actor does not book this service, or the appointment is not ahead.
        AlreadyWaiting: the person waits for it already.
        NotAllowed, NotInCatalogue, NotVisible (the plan or the appointment is not the patient's).
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.BOOK)
    made = WaitingEntry.objects.filter(request_key=request_key).exclude(request_key=None).first()
    if made is not None:
        return made.id
    service, plan_id = _wanted(patient_id, service_id, plan_id, instead_of)
    _expect_bookable(service, actor)
    _check_when(
        weekdays=weekdays,
        from_minute=from_minute,
        until_minute=until_minute,
        first_day=first_day,
        last_day=last_day,
        minutes=service.minutes,
        today=at.date(),
    )
    try:
        with transaction.atomic():
            row = WaitingEntry.objects.create(
                patient_id=patient_id,
                service_id=service.id,
                plan_id=plan_id,
                instead_of_id=instead_of,
                sites=sorted(set(sites)),
                practitioners=sorted(set(practitioners)),
                weekdays=sorted(set(weekdays)),
                from_minute=from_minute,
                until_minute=until_minute,
                first_day=first_day,
                last_day=last_day,
                request_key=request_key,
                created_at=at,
                changed_at=at,
            )
    except IntegrityError as error:
        if constraint_of(error) != "waits_once_for_a_service":
            raise
        raise AlreadyWaiting(_place_of(patient_id, service.id)) from error
    note_entry(row, events.WAITING_JOINED, actor=actor, at=at)
    announce_joining(row, at=at)
    wake.time_freed()
    return row.id


@transaction.atomic
def leave_waiting_list(*, entry_id: UUID, actor: Actor, at: datetime) -> None:
    """Take a person off the list; what is kept for them becomes free. Once off, nothing changes.

    Raises:
        NotAllowed, NotVisible.
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.BOOK)
    row = locked_entry(entry_id)
    if row.state != WaitingState.WAITING:
        return
    is_removed = actor.kind is ActorKind.STAFF
    settle_entry(
        row,
        WaitingState.REMOVED if is_removed else WaitingState.LEFT,
        events.WAITING_REMOVED if is_removed else events.WAITING_LEFT,
        actor=actor,
        at=at,
    )
    wake.time_freed()


@transaction.atomic
def send_new_waiting_link(*, entry_id: UUID, at: datetime) -> None:
    """Send a person on the list a new link to their place.

    Raises:
        NotVisible: there is none.
    """
    row = locked_entry(entry_id)
    if row.state == WaitingState.WAITING:
        note_entry(row, events.WAITING_LINK_ASKED, actor=VISITOR, at=at)
        send_waiting_link(row, at=at)


# --- What offers share ----------------------------------------------------------------------------


def locked_entry(entry_id: UUID) -> WaitingEntry:
    """Return a place on the list, locked. Whoever locks an offer locks its place first.

    Raises:
        NotVisible: there is none.
    """
    row = WaitingEntry.objects.select_for_update(of=("self",)).filter(id=entry_id).first()
    if row is None:
        raise NotVisible
    return row


def settle_entry(
    row: WaitingEntry, state: WaitingState, action: Action, *, actor: Actor, at: datetime
) -> None:
    """Take a locked place off the list, with the offer that is open, if any."""
    row.state, row.changed_at = state, at
    row.version += 1
    row.save(update_fields=["state", "changed_at", "version"])
    note_entry(row, action, actor=actor, at=at)
    drop_messages(row, at=at)
    for offer in Offer.objects.select_for_update().filter(entry=row, state=OfferState.OPEN):
        settle_offer(offer, OfferState.WITHDRAWN, events.OFFER_WITHDRAWN, actor=actor, at=at)


def settle_offer(
    offer: Offer, state: OfferState, action: Action, *, actor: Actor, at: datetime
) -> None:
    """End a locked offer that is open, and free what it keeps."""
    offer.state, offer.settled_at = state, at
    offer.save(update_fields=["state", "settled_at"])
    note_offer(offer, action, actor=actor, at=at)
    release_hold(browser=keeper(offer.id))


def note_entry(row: WaitingEntry, action: Action, *, actor: Actor, at: datetime) -> None:
    """Write the audit event of a place on the list."""
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="waiting_entry",
        subject_id=row.id,
        patient_id=row.patient_id,
        details={"state": row.state},
    )


def note_offer(offer: Offer, action: Action, *, actor: Actor, at: datetime) -> None:
    """Write the audit event of an offer."""
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="waiting_offer",
        subject_id=offer.id,
        patient_id=offer.patient_id,
        site_id=offer.site_id,
        details={"state": offer.state, "starts_at": offer.starts_at.isoformat()},
    )


# --- What may be waited for -----------------------------------------------------------------------


def _wanted(
    patient_id: UUID, service_id: UUID | None, plan_id: UUID | None, instead_of: UUID | None
) -> tuple[ServiceView, UUID | None]:
    """Return the service that is wanted, with the plan of a session."""
    if instead_of is not None:
        row = Appointment.objects.filter(
            id=instead_of, patient_id__in=record_ids(patient_id)
        ).first()
        if row is None:
            raise NotVisible
        if row.state not in AHEAD_STATES:
            raise NotBookable
        return get_service(row.service_id), row.plan_id
    if plan_id is not None:
        plan = next((one for one in list_plans(patient_id=patient_id) if one.id == plan_id), None)
        if plan is None:
            raise NotVisible
        return session_service(plan.treatment_id), plan_id
    if service_id is None:
        raise NotBookable
    service = get_service(service_id)
    if service.kind is ServiceKind.SESSION:
        raise NotBookable  # a session is waited for from its plan
    return service, None


def _expect_bookable(service: ServiceView, actor: Actor) -> None:
    is_public = service.is_bookable_online and service.kind is ServiceKind.CONSULTATION
    if not service.is_active or (actor.kind is ActorKind.VISITOR and not is_public):
        raise NotBookable


def _check_when(
    *,
    weekdays: Collection[int],
    from_minute: int,
    until_minute: int,
    first_day: date,
    last_day: date,
    minutes: int,
    today: date,
) -> None:
    if any(day not in range(DAYS_A_WEEK) for day in weekdays):
        raise WaitInvalid(
            Text(fr="Choisissez des jours de la semaine.", en="Choose days of the week."),
            field="weekdays",
        )
    if not 0 <= from_minute < MINUTES_A_DAY:
        raise WaitInvalid(
            Text(fr="Cette heure n’existe pas.", en="There is no such hour."), field="from_minute"
        )
    if not from_minute + minutes <= until_minute <= MINUTES_A_DAY:
        raise WaitInvalid(
            Text(
                fr=f"Le rendez-vous dure {minutes} minutes : il ne tient pas entre ces heures.",
                en=f"The appointment lasts {minutes} minutes: it does not fit between these hours.",
            ),
            field="until_minute",
        )
    if last_day < max(first_day, today):
        raise WaitInvalid(
            Text(
                fr="Ce jour est déjà passé ou précède le premier jour.",
                en="This day is past, or comes before the first day.",
            ),
            field="last_day",
        )
    if last_day > today + waiting_values().longest_wait:
        days = waiting_values().longest_wait.days
        raise WaitInvalid(
            Text(
                fr=f"On attend {days} jours au plus.",
                en=f"Nobody waits for more than {days} days.",
            ),
            field="last_day",
        )


def _place_of(patient_id: UUID, service_id: UUID) -> UUID | None:
    rows = WaitingEntry.objects.filter(
        patient_id=patient_id, service_id=service_id, state=WaitingState.WAITING
    )
    return rows.values_list("id", flat=True).first()
