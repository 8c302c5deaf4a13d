"""The calendars of a practitioner and of a patient: those given out, and those read in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiguille.accounts.rights import Right, has_right
from aiguille.booking.feeds import FeedView, feeds_of_patient, feeds_of_practitioner
from aiguille.booking.overlaps import overlapping_elsewhere
from aiguille.booking.queries import AppointmentView
from aiguille.clinics.external.operations import may_edit
from aiguille.clinics.external.queries import (
    ExternalCalendarView,
    calendars_of,
    get_calendar,
    zones_of_resource,
)
from aiguille.clinics.queries import (
    PractitionerView,
    get_practitioner,
    list_practitioners,
    list_sites,
    practitioner_of_user,
)
from aiguille.kernel.actor import Actor
from aiguille.patients.access import get_patient_for
from aiguille.plumbing.access import NotVisible


@dataclass(frozen=True, slots=True)
class PractitionerCalendars:
    """A practitioner's calendars; the feeds are the practitioner's own secret, None for others.

    `overlaps` are appointments ahead while another calendar says taken, None for whoever may not
    see the agenda.
    """

    practitioner: PractitionerView
    feeds: list[FeedView] | None
    others: list[ExternalCalendarView]
    overlaps: list[AppointmentView] | None
    zones: list[str]

    @property
    def zone(self) -> str:
        """Return the zone in which the page tells times."""
        return self.zones[0] if self.zones else "UTC"


@dataclass(frozen=True, slots=True)
class Everybody:
    """Every practitioner with the calendars that are read in for them."""

    lines: list[tuple[PractitionerView, list[ExternalCalendarView]]]


@dataclass(frozen=True, slots=True)
class PatientCalendars:
    """The feeds of a patient that the login made, and the zone in which the page tells times."""

    feeds: list[FeedView]
    zone: str


def own_practitioner_id(*, actor: Actor) -> UUID | None:
    """Return the practitioner that the actor is, or None (two queries)."""
    own = practitioner_of_user(actor.id) if actor.id else None
    return own.id if own else None


def read_everybody(*, actor: Actor) -> Everybody | None:
    """Return the calendars of all for who manages the clinic, None for others (three queries)."""
    if not has_right(actor, Right.MANAGE_CLINIC):
        return None
    practitioners = list_practitioners()
    found = calendars_of([practitioner.id for practitioner in practitioners])
    return Everybody([(one, found.get(one.id, [])) for one in practitioners])


def read_practitioner_calendars(
    *, resource_id: UUID, actor: Actor, at: datetime
) -> PractitionerCalendars:
    """Return a practitioner's calendars (at most nine queries).

    Raises:
        NotVisible: there is no such practitioner, or it is not the actor's affair.
    """
    practitioner = get_practitioner(resource_id)
    if practitioner is None or not may_edit(actor=actor, user_id=practitioner.user_id):
        raise NotVisible
    is_own = practitioner.user_id == actor.id
    return PractitionerCalendars(
        practitioner=practitioner,
        feeds=feeds_of_practitioner(resource_id=resource_id) if is_own else None,
        others=calendars_of([resource_id]).get(resource_id, []),
        overlaps=overlapping_elsewhere(resource_id=resource_id, at=at)
        if has_right(actor, Right.SEE_AGENDA)
        else None,
        zones=zones_of_resource(resource_id),
    )


def read_external(*, calendar_id: UUID, actor: Actor) -> ExternalCalendarView:
    """Return one other calendar (three queries).

    Raises:
        NotVisible: as `read_practitioner_calendars`.
    """
    calendar = get_calendar(calendar_id)
    owner = get_practitioner(calendar.resource_id) if calendar else None
    if calendar is None or owner is None or not may_edit(actor=actor, user_id=owner.user_id):
        raise NotVisible
    return calendar


def read_patient_calendars(*, patient_id: UUID, actor: Actor, at: datetime) -> PatientCalendars:
    """Return the feeds that a login made for a patient (three queries).

    Raises:
        NotVisible: the login does not act for the patient.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at)
    zones = [site.time_zone for site in list_sites()]
    return PatientCalendars(
        feeds=feeds_of_patient(patient_id=patient_id, actor=actor),
        zone=next(iter(zones), "UTC"),
    )
