"""Moving or cancelling by a link, by the patient or by the desk, and asking for a new link."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from aiguille.booking.access import get_appointment_for, get_appointment_of_link
from aiguille.booking.operations import cancel_appointment, move_appointment, send_new_link
from aiguille.booking.queries import upcoming_of_mailbox
from aiguille.journeys.book_session import refuse_blocking_symptom
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.codes import ServiceKind
from aiguille.patients.operations import may_ask_for_link

# Whoever holds the link to an appointment may do with it what its patient may.
LINK_HOLDER = Actor(kind=ActorKind.VISITOR, id=None, display_name="appointment link")


def move_by_link(
    *,
    token: str,
    starts_at: datetime,
    site_id: UUID | None,
    practitioner_id: UUID | None,
    version: int,
    at: datetime,
) -> None:
    """Move the appointment that a link speaks of; a session as `move` does.

    Raises:
        LinkUnusable, NotVisible: the link opens nothing.
        SymptomBlocks, and what `booking.operations.move_appointment` raises.
    """
    with transaction.atomic(durable=True):
        appointment = get_appointment_of_link(token=token, at=at)
        if appointment.kind is ServiceKind.SESSION:
            refuse_blocking_symptom(patient_id=appointment.patient_id)
        move_appointment(
            appointment_id=appointment.id,
            starts_at=starts_at,
            site_id=site_id,
            practitioner_id=practitioner_id,
            version=version,
            actor=LINK_HOLDER,
            at=at,
        )


def cancel_by_link(*, token: str, version: int, at: datetime) -> None:
    """Cancel the appointment that a link speaks of.

    Raises:
        LinkUnusable, NotVisible: the link opens nothing.
        and what `booking.operations.cancel_appointment` raises.
    """
    with transaction.atomic(durable=True):
        appointment = get_appointment_of_link(token=token, at=at)
        cancel_appointment(appointment_id=appointment.id, version=version, actor=LINK_HOLDER, at=at)


def move(
    *,
    appointment_id: UUID,
    starts_at: datetime,
    site_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    version: int | None = None,
    resource_ids: Collection[UUID] = (),
    told_after: timedelta | None = timedelta(0),
    actor: Actor,
    at: datetime,
) -> int:
    """Move an appointment for its patient's login, or for the desk; return its new version.

    A session is moved only while no symptom stands in the way. The patient is told `told_after`
    this, or not at all where it is None.

    Raises:
        NotVisible: the actor may not see it.
        SymptomBlocks, and what `booking.operations.move_appointment` raises.
    """
    with transaction.atomic(durable=True):
        appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
        if appointment.kind is ServiceKind.SESSION:
            refuse_blocking_symptom(patient_id=appointment.patient_id)
        return move_appointment(
            appointment_id=appointment_id,
            starts_at=starts_at,
            site_id=site_id,
            practitioner_id=practitioner_id,
            version=version,
            resource_ids=resource_ids,
            told_after=told_after,
            actor=actor,
            at=at,
        )


def cancel(
    *,
    appointment_id: UUID,
    reason: str = "",
    version: int | None = None,
    actor: Actor,
    at: datetime,
) -> None:
    """Cancel an appointment for its patient's login, or for the desk.

    Raises:
        NotVisible: the actor may not see it.
        and what `booking.operations.cancel_appointment` raises.
    """
    with transaction.atomic(durable=True):
        get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
        cancel_appointment(
            appointment_id=appointment_id, reason=reason, version=version, actor=actor, at=at
        )


def ask_for_new_links(*, email: str, address: str, at: datetime) -> None:
    """Send a new link for each appointment ahead of whoever is reached at a mailbox.

    Says nothing of whether there is one; too many requests are ignored as silently.
    """
    with transaction.atomic(durable=True):
        if not may_ask_for_link(email=email, address=address, at=at):
            return
        for appointment in upcoming_of_mailbox(email=email, at=at):
            send_new_link(appointment_id=appointment.id, at=at)
