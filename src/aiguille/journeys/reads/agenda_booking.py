"""Booking at a time that was clicked in the agenda: for whom, what, and which starts are near."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.booking.queries import Start
from aiguille.catalogue.queries import get_service, session_service
from aiguille.clinics.queries import SiteView
from aiguille.journeys.reads.agenda import Column, View, read_agenda
from aiguille.journeys.reads.agenda_card import nearest_starts
from aiguille.journeys.reads.desk_times import Bookable, bookable_for
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ResourceKind
from aiguille.plumbing.access import NotVisible

STEP = timedelta(minutes=15)
MOST_STARTS = 60


@dataclass(frozen=True, slots=True)
class Spot:
    """A time of a practitioner that was clicked; `starts` are near ones in the same free time.

    All starts are local. `column` is None where the practitioner is not named.
    """

    site: SiteView
    start: datetime
    starts: tuple[datetime, ...]
    column: Column | None

    @property
    def practitioner_id(self) -> UUID | None:
        """Return the practitioner's key."""
        return self.column.resource_id if self.column else None

    @property
    def practitioner_name(self) -> str:
        """Return the practitioner's name, empty where nobody is named."""
        return self.column.name if self.column else ""


def read_spot(
    *, site_code: str, practitioner: str, start: datetime, actor: Actor, at: datetime
) -> Spot:
    """Return the time that was clicked, with starts around it (nine queries).

    Raises:
        NotVisible: the actor has no role there, or nobody has that code.
    """
    shown = read_agenda(
        actor=actor,
        at=at,
        site_code=site_code,
        view=View.DAY,
        # The day at the site is not known before the site is: a day off either way is no harm
        # to the names, and the second reading has the right one.
        day=start.date(),
        who=practitioner,
        with_gone=False,
    )
    local = start.astimezone(shown.zone)
    if local.date() != shown.day:
        shown = read_agenda(
            actor=actor,
            at=at,
            site_code=site_code,
            view=View.DAY,
            day=local.date(),
            who=practitioner,
            with_gone=False,
        )
    people = [c for c in shown.columns if c.kind is ResourceKind.PRACTITIONER]
    if practitioner and not people:
        raise NotVisible
    column = people[0] if practitioner else None
    return Spot(
        site=shown.site,
        start=local,
        starts=tuple(_starts(column, local, shown.zone)),
        column=column,
    )


def _starts(column: Column | None, start: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the quarters of hours of the free time around a start, itself included."""
    found = {start}
    for free in column.free if column else ():
        if free.contains(start):
            since_hour = timedelta(minutes=free.start.minute % 15)
            instant = free.start + (STEP - since_hour if since_hour else timedelta(0))
            while instant < free.end and len(found) < MOST_STARTS:
                found.add(instant.astimezone(zone))
                instant += STEP
    # Two of the same hour on the wall are two instants.
    return sorted(found, key=lambda one: one.timestamp())


def what_for(*, number: int, actor: Actor, at: datetime) -> Bookable:
    """Return what may be booked for a patient.

    Raises:
        NotVisible, NotAllowed.
    """
    return bookable_for(number=number, actor=actor, at=at)


def near(
    *,
    bookable: Bookable,
    service_id: UUID | None,
    plan_id: UUID | None,
    spot: Spot,
    wanted: datetime,
    at: datetime,
) -> tuple[Start, ...]:
    """Return the free starts nearest to a wish, for a service or the next session of a plan."""
    offer = next((one for one in bookable.sessions if one.plan.id == plan_id), None)
    if offer is not None:
        service = session_service(offer.plan.treatment_id)
    elif service_id is not None:
        service = get_service(service_id)
    else:
        return ()
    return nearest_starts(
        service=service,
        site_id=spot.site.id,
        patient_id=bookable.identity.id,
        plan_id=plan_id,
        wanted=wanted,
        practitioner_id=spot.practitioner_id,
        at=at,
    )
