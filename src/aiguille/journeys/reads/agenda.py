"""The agenda of a site: days of practitioners, rooms and devices side by side, or of one of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.booking.agenda import (
    Held,
    closed_instants,
    day_of_site,
    held_stretches,
    open_stretches,
    without_buffers,
)
from aiguille.booking.queries import AppointmentState, AppointmentView, agenda_between
from aiguille.catalogue.queries import ServiceView, list_services
from aiguille.clinics.access import may_close, visible_site_ids
from aiguille.clinics.closed import ClosureView, closures_between
from aiguille.clinics.queries import (
    ResourceHours,
    SiteView,
    list_practitioners,
    list_sites,
    resources_with_hours,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.intervals import Interval, merge
from aiguille.plumbing.access import NotVisible

MINE, PRACTITIONERS, PLACES = "mine", "practitioners", "places"
DAYS_A_WEEK = 7
FURTHEST_YEARS = 20
# Those whose time is free again.
GONE = frozenset({AppointmentState.CANCELLED, AppointmentState.NO_SHOW})
_ORDER = [ResourceKind.PRACTITIONER, ResourceKind.ROOM, ResourceKind.DEVICE]


class View(StrEnum):
    """How much of an agenda is shown."""

    DAY = "day"
    WEEK = "week"


class TakenBy(StrEnum):
    """Why time is taken that no appointment of this site takes."""

    ONLINE = "online"
    OTHER_SITE = "other_site"
    OTHER_CALENDAR = "other_calendar"


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch that an appointment holds of one resource; `core` leaves the buffers out.

    An appointment that gave its time back has a piece of its whole length.
    """

    appointment: AppointmentView
    held: Interval
    core: Interval
    is_late: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A stretch that is taken, without an appointment of this site to show."""

    period: Interval
    by: TakenBy


@dataclass(frozen=True, slots=True)
class Closed:
    """A stretch closed on purpose; `closure.resource_id` None is the whole site."""

    closure: ClosureView
    period: Interval
    may_open: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One resource on one local date; `free` is what is open, ahead and not taken."""

    resource_id: UUID
    code: str
    kind: ResourceKind
    name: str
    day: date
    whole: Interval
    open: tuple[Interval, ...]
    free: tuple[Interval, ...]
    pieces: tuple[Piece, ...]
    taken: tuple[Taken, ...]
    closed: tuple[Closed, ...]
    may_block: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A resource that the agenda may be narrowed to."""

    code: str
    kind: ResourceKind
    name: str


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is shown: columns in order; `days` and `by_practitioner` are for a week of everybody."""

    site: SiteView
    sites: tuple[SiteView, ...]
    view: View
    day: date
    today: date
    at: datetime
    who: str
    days: tuple[date, ...]
    choices: tuple[Choice, ...]
    columns: tuple[Column, ...]
    by_practitioner: tuple[tuple[str, str, tuple[tuple[Piece, ...], ...]], ...]
    gone: int

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's zone."""
        return ZoneInfo(self.site.time_zone)


def read_agenda(
    *,
    actor: Actor,
    at: datetime,
    site_code: str | None,
    view: View,
    day: date | None,
    who: str,
    with_gone: bool,
) -> Agenda:
    """Return the agenda of the site named, or of the actor's first; nine queries at most.

    `who` narrows it: a resource's code, "mine", "practitioners", "places" (rooms and devices) or
    nothing. `with_gone` shows what was cancelled. A week is of one resource, else of all
    practitioners.

    Raises:
        NotVisible: the actor has no role at that site or at none, or there is no such resource.
    """
    visible = visible_site_ids(actor=actor, at=at)
    sites = tuple(site for site in list_sites() if site.id in visible)
    site = next((s for s in sites if site_code in (None, "", s.code)), None)
    if site is None:
        raise NotVisible
    today = at.astimezone(ZoneInfo(site.time_zone)).date()
    day = day or today
    if abs(day.year - today.year) > FURTHEST_YEARS:
        raise NotVisible
    days = _days(day, view)
    resources = [r for r in resources_with_hours() if works_at(r, site.id)]
    resources.sort(key=lambda r: (_ORDER.index(r.kind), r.name, r.code))
    owners = {p.id: p.user_id for p in list_practitioners()}
    chosen = _chosen(resources, who, actor, owners)
    is_matrix = view is View.WEEK and len(chosen) != 1
    all_known = agenda_between(site_id=site.id, first_day=days[0], last_day=days[-1])
    known = [one for one in all_known if one.state != AppointmentState.CANCELLED or with_gone]
    agenda = Agenda(
        site=site,
        sites=sites,
        view=view,
        day=day,
        today=today,
        at=at,
        who=who,
        days=days,
        choices=tuple(Choice(r.code, r.kind, _name(r)) for r in resources),
        columns=(),
        by_practitioner=(),
        gone=sum(one.state == AppointmentState.CANCELLED for one in all_known),
    )
    if is_matrix:
        doctors = [r for r in resources if r.kind is ResourceKind.PRACTITIONER]
        return replace(agenda, by_practitioner=_by_practitioner(doctors, known, days, at))
    reading = _Reading(
        site=site,
        at=at,
        actor=actor,
        owners=owners,
        appointments={one.id: one for one in known},
        services={service.id: service for service in list_services()},
        held=_by_resource(
            held_stretches(
                resource_ids=[r.id for r in chosen],
                appointment_ids=[one.id for one in known] if not who else [],
                within=Interval(
                    day_of_site(days[0], site=site).start, day_of_site(days[-1], site=site).end
                ),
                at=at,
            )
        ),
        closures=closures_between(site_id=site.id, first_day=days[0], last_day=days[-1]),
    )
    columns = [reading.column(resource, each) for each in days for resource in chosen]
    if view is View.DAY and not who:
        columns += reading.columns_of_others({r.id for r in chosen}, day)
        # Whoever neither works nor is booked that day takes no room on the screen.
        columns = [column for column in columns if _is_worth_showing(column)]
    return replace(agenda, columns=tuple(columns))


@dataclass(frozen=True, slots=True)
class _Reading:
    site: SiteView
    at: datetime
    actor: Actor
    owners: dict[UUID, UUID]
    appointments: dict[UUID, AppointmentView]
    services: dict[UUID, ServiceView]
    held: dict[UUID, list[Held]]
    closures: list[ClosureView]

    def column(self, resource: ResourceHours, day: date) -> Column:
        """Return what one resource does on a local date."""
        whole = day_of_site(day, site=self.site)
        opened = tuple(open_stretches(resource, site=self.site, day=day))
        held = [h for h in self.held.get(resource.id, ()) if h.period.overlaps(whole)]
        closed = tuple(self._closed(resource, day))
        elsewhere = [Interval(start, end) for start, end in resource.elsewhere]
        taken = [
            *(_taken(h) for h in held if h.appointment_id not in self.appointments),
            *(Taken(i, TakenBy.OTHER_CALENDAR) for i in elsewhere if i.overlaps(whole)),
        ]
        busy = [h.period for h in held]
        return Column(
            resource_id=resource.id,
            code=resource.code,
            kind=resource.kind,
            name=_name(resource),
            day=day,
            whole=whole,
            open=opened,
            free=tuple(_ahead(_less(opened, busy), self.at)),
            pieces=tuple(self._pieces(resource.id, held, day)),
            taken=tuple(taken),
            closed=closed,
            may_block=may_close(actor=self.actor, resource_user_id=self.owners.get(resource.id)),
        )

    def columns_of_others(self, known: set[UUID], day: date) -> Iterable[Column]:
        """Yield columns of what is held that day and neither active nor here any more."""
        whole = day_of_site(day, site=self.site)
        for resource_id, held in self.held.items():
            if resource_id not in known:
                yield Column(
                    resource_id=resource_id,
                    code="",
                    kind=held[0].kind,
                    name=held[0].name,
                    day=day,
                    whole=whole,
                    open=(),
                    free=(),
                    pieces=tuple(self._pieces(resource_id, held, day)),
                    taken=(),
                    closed=(),
                    may_block=False,
                )

    def _pieces(self, resource_id: UUID, held: Sequence[Held], day: date) -> Iterable[Piece]:
        found = []
        for stretch in held:
            appointment = self.appointments.get(stretch.appointment_id or resource_id)
            if appointment is not None:
                core = without_buffers(
                    stretch,
                    starts_at=appointment.starts_at,
                    ends_at=appointment.ends_at,
                    service=self.services.get(appointment.service_id),
                )
                found.append(_piece(appointment, stretch.period, core, self.at))
        for appointment in self.appointments.values():
            if (
                appointment.state in GONE
                and appointment.practitioner_id == resource_id
                and appointment.local_date == day
            ):
                period = Interval(appointment.starts_at, appointment.ends_at)
                found.append(_piece(appointment, period, period, self.at))
        return sorted(found, key=lambda piece: (piece.held, piece.appointment.id))

    def _closed(self, resource: ResourceHours, day: date) -> Iterable[Closed]:
        for closure in self.closures:
            if closure.resource_id in {None, resource.id}:
                period = closed_instants(closure.start, closure.end, site=self.site, day=day)
                if period is not None:
                    yield Closed(
                        closure=closure,
                        period=period,
                        may_open=closure.resource_id is not None
                        and may_close(
                            actor=self.actor, resource_user_id=self.owners.get(resource.id)
                        ),
                    )


def _days(day: date, view: View) -> tuple[date, ...]:
    if view is View.DAY:
        return (day,)
    monday = day - timedelta(days=day.weekday())
    return tuple(monday + timedelta(days=number) for number in range(DAYS_A_WEEK))


def works_at(resource: ResourceHours, site_id: UUID) -> bool:
    """Tell whether a resource stands or is ever open at a site."""
    return (
        resource.site_id == site_id
        or any(opening.site_id == site_id for opening in resource.weekly)
        or any(opening.site_id == site_id for opening in resource.extra)
    )


def _chosen(
    resources: Sequence[ResourceHours], who: str, actor: Actor, owners: dict[UUID, UUID]
) -> list[ResourceHours]:
    if who == MINE:
        return [r for r in resources if owners.get(r.id) == actor.id]
    if who in {PRACTITIONERS, PLACES}:
        wants_people = who == PRACTITIONERS
        return [r for r in resources if (r.kind is ResourceKind.PRACTITIONER) is wants_people]
    found = [r for r in resources if who in ("", r.code)]
    if who and not found:
        raise NotVisible
    return found


def _by_practitioner(
    doctors: Sequence[ResourceHours],
    appointments: Sequence[AppointmentView],
    days: Sequence[date],
    at: datetime,
) -> tuple[tuple[str, str, tuple[tuple[Piece, ...], ...]], ...]:
    """Return code, name and each day's appointments of every practitioner, nobody's last."""
    cells: dict[tuple[UUID | None, date], list[Piece]] = defaultdict(list)
    names: dict[UUID | None, tuple[str, str]] = {r.id: (r.code, _name(r)) for r in doctors}
    for one in appointments:
        period = Interval(one.starts_at, one.ends_at)
        cells[one.practitioner_id, one.local_date].append(_piece(one, period, period, at))
        names.setdefault(one.practitioner_id, ("", one.practitioner_name))
    return tuple(
        (code, name, tuple(tuple(cells[key, day]) for day in days))
        for key, (code, name) in names.items()
    )


def _by_resource(stretches: Iterable[Held]) -> dict[UUID, list[Held]]:
    found: dict[UUID, list[Held]] = defaultdict(list)
    for held in stretches:
        found[held.resource_id].append(held)
    return dict(found)


def _piece(appointment: AppointmentView, held: Interval, core: Interval, at: datetime) -> Piece:
    return Piece(appointment, held, core, is_late=is_late(appointment, at=at))


def is_late(appointment: AppointmentView, *, at: datetime) -> bool:
    """Tell whether the patient should be here and was not seen yet."""
    return appointment.is_ahead and appointment.starts_at < at


def _taken(held: Held) -> Taken:
    by = TakenBy.ONLINE if held.appointment_id is None else TakenBy.OTHER_SITE
    return Taken(held.period, by)


def _less(opened: Iterable[Interval], busy: Iterable[Interval]) -> Iterable[Interval]:
    """Yield what is left of `opened` without `busy`."""
    taken = merge(busy)
    for stretch in opened:
        start = stretch.start
        for gone in taken:
            if gone.overlaps(Interval(start, stretch.end)):
                if start < gone.start:
                    yield Interval(start, gone.start)
                start = min(gone.end, stretch.end)
        if start < stretch.end:
            yield Interval(start, stretch.end)


def _ahead(stretches: Iterable[Interval], at: datetime) -> Iterable[Interval]:
    """Yield what is left of the stretches from the next five minutes on."""
    step = timedelta(minutes=5)
    since_hour = at.replace(minute=0, second=0, microsecond=0)
    now = since_hour + -(-(at - since_hour) // step) * step
    for stretch in stretches:
        start = max(stretch.start, now)
        if start < stretch.end:
            yield Interval(start, stretch.end)


def _is_worth_showing(column: Column) -> bool:
    return bool(column.open or column.pieces or column.taken or column.closed)


def _name(resource: ResourceHours) -> str:
    return f"{resource.title} {resource.name}".strip()
