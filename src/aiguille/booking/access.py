"""The only door from a person to an appointment, or to a place on the waiting list."""

from datetime import datetime
from uuid import UUID

from aiguille.accounts.rights import Right, has_right
from aiguille.booking.queries import AppointmentView, get_appointment
from aiguille.booking.waiting_queries import WaitingView, get_waiting
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.patients.access import get_patient_for
from aiguille.patients.operations import open_link
from aiguille.patients.queries import record_ids
from aiguille.plumbing.access import NotVisible


def get_appointment_for(
    *, actor: Actor, appointment_id: UUID, at: datetime, right: Right = Right.SEE_AGENDA
) -> AppointmentView:
    """Return an appointment that the actor may see: staff with `right`, or the patient's login.

    Raises:
        NotVisible: there is none, or it is somebody else's.
    """
    view = get_appointment(appointment_id)
    if actor.kind is ActorKind.SYSTEM:
        return view
    if actor.kind is ActorKind.STAFF:
        if not has_right(actor, right):
            raise NotVisible
        return view
    get_patient_for(actor=actor, patient_id=view.patient_id, at=at)
    return view


def get_appointment_of_link(*, token: str, at: datetime) -> AppointmentView:
    """Return the appointment that a secret link speaks of; looking at it changes nothing.

    Raises:
        LinkUnusable: the link is unknown, expired or revoked.
        NotVisible: it speaks of no appointment.
    """
    link = open_link(token=token, at=at, scope="APPOINTMENT")
    if link.subject_id is None:
        raise NotVisible
    view = get_appointment(link.subject_id)
    if link.patient_id not in record_ids(view.patient_id):
        raise NotVisible
    return view


def get_waiting_for(
    *, actor: Actor, entry_id: UUID, at: datetime, right: Right = Right.SEE_AGENDA
) -> WaitingView:
    """Return a place on the list that the actor may see: staff with `right`, or the patient's login.

    Raises:
        NotVisible: there is none, or it is somebody else's.
    """
    view = get_waiting(entry_id)
    if actor.kind is ActorKind.STAFF:
        if not has_right(actor, right):
            raise NotVisible
    elif actor.kind is not ActorKind.SYSTEM:
        get_patient_for(actor=actor, patient_id=view.patient_id, at=at)
    return view


def get_waiting_of_link(*, token: str, at: datetime) -> WaitingView:
    """Return the place on the list that a secret link speaks of; looking at it changes nothing.

    Raises:
        LinkUnusable: the link is unknown, expired or revoked.
        NotVisible: it speaks of no place.
    """
    link = open_link(token=token, at=at, scope="WAITING")
    if link.subject_id is None:
        raise NotVisible
    view = get_waiting(link.subject_id)
    if view.patient_id != link.patient_id:
        raise NotVisible
    return view
