"""The set-up as its pages show it: sites with who and what they have, a resource, a site's days."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.accounts.rights import NotAllowed, Right, has_right
from aiguille.catalogue.queries import ServiceView, list_all_services
from aiguille.clinics.access import may_close
from aiguille.clinics.public_holidays import (
    Part,
    PublicHoliday,
    part_of,
    parts_of,
    public_holidays,
)
from aiguille.clinics.queries import (
    ResourceHours,
    SiteView,
    list_sites,
    resources_with_hours,
)
from aiguille.clinics.timetable import (
    ClosureView,
    ExtraView,
    OpenStretch,
    ResourceState,
    closures_of_resource,
    closures_of_site,
    extra_openings,
    get_resource,
    list_resources,
    open_stretches,
    resource_of_user,
    weekly_hours,
)
from aiguille.clinics.weeks import Week, weeks_of
from aiguille.journeys.change_set_up import ImpossibleService, impossible_services
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ResourceKind
from aiguille.plumbing.access import NotVisible

HOLIDAYS_AHEAD = timedelta(days=548)
"""How far public holidays are proposed: eighteen months."""


@dataclass(frozen=True, slots=True)
class DayPicture:
    """A date of a resource's week: when it is open, and what would be but for a closure."""

    day: date
    open: tuple[OpenStretch, ...]
    usual: tuple[OpenStretch, ...]

    @property
    def is_shortened(self) -> bool:
        """Tell whether a closure takes something of the day."""
        return self.open != self.usual


@dataclass(frozen=True, slots=True)
class ResourceWeek:
    """A resource with its seven days; `is_anywhere_open` is False where no hours are set at all."""

    resource: ResourceState
    days: tuple[DayPicture, ...]
    is_anywhere_open: bool


@dataclass(frozen=True, slots=True)
class SiteWeek:
    """A site with whoever and whatever it has; a practitioner is at each site of their hours."""

    site: SiteView
    practitioners: tuple[ResourceWeek, ...]
    rooms: tuple[ResourceWeek, ...]
    devices: tuple[ResourceWeek, ...]
    closures: tuple[ClosureView, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Every site in one week, from Monday on, and what is not at any site or not active."""

    monday: date
    today: date
    sites: tuple[SiteWeek, ...]
    without_hours: tuple[ResourceState, ...]
    withdrawn: tuple[ResourceState, ...]
    impossible: tuple[ImpossibleService, ...]
    services: tuple[ServiceView, ...]


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """One resource: its week, weekly hours, leave or closures and extra openings to come."""

    resource: ResourceState
    sites: tuple[SiteView, ...]
    site: SiteView | None
    week: ResourceWeek | None
    weeks: tuple[Week, ...]
    closures: tuple[ClosureView, ...]
    extra: tuple[ExtraView, ...]
    today: date
    is_own: bool
    can_close: bool
    can_manage: bool

    def site_name(self, site_id: UUID) -> str:
        """Return a site's city and name."""
        return next((site.name for site in self.sites if site.id == site_id), "")


@dataclass(frozen=True, slots=True)
class ProposedDay:
    """A public holiday, and whether the site is closed all of it already."""

    holiday: PublicHoliday
    is_closed: bool


@dataclass(frozen=True, slots=True)
class SitePage:
    """A site's own closures to come, and the public holidays of its part of the country."""

    site: SiteView
    today: date
    closures: tuple[ClosureView, ...]
    part: str
    parts: tuple[Part, ...]
    holidays: tuple[ProposedDay, ...]


def read_overview(*, actor: Actor, at: datetime, week: date | None) -> Overview:
    """Return the whole set-up in the week of a date, else in this one.

    At most five queries and one for each site.

    Raises:
        NotAllowed: the actor neither manages the clinic nor closes its calendars.
    """
    if not (has_right(actor, Right.MANAGE_CLINIC) or has_right(actor, Right.BLOCK_TIME)):
        raise NotAllowed
    sites = list_sites()
    today = today_at(sites, at)
    monday = _monday(week or today)
    states = list_resources()
    hours = {each.id: each for each in resources_with_hours()}
    zones = {site.id: site.time_zone for site in sites}
    weeks = {
        state.id: _week(state, hours[state.id], zones, monday)
        for state in states
        if state.is_active
    }
    placed: set[UUID] = set()
    shown = []
    for site in sites:
        here = [state for state in states if state.is_active and _is_at(state, hours, site.id)]
        placed |= {state.id for state in here}
        of_kind = {
            kind: tuple(_at_site(weeks[s.id], site.id) for s in here if s.kind is kind)
            for kind in ResourceKind
        }
        shown.append(
            SiteWeek(
                site=site,
                practitioners=of_kind[ResourceKind.PRACTITIONER],
                rooms=of_kind[ResourceKind.ROOM],
                devices=of_kind[ResourceKind.DEVICE],
                closures=tuple(
                    closure
                    for closure in closures_of_site(site.id, from_day=monday)
                    if closure.start < _midnight(monday + timedelta(days=7))
                ),
            )
        )
    return Overview(
        monday=monday,
        today=today,
        sites=tuple(shown),
        without_hours=tuple(s for s in states if s.is_active and s.id not in placed),
        withdrawn=tuple(s for s in states if not s.is_active),
        impossible=tuple(impossible_services(at=at)),
        services=tuple(service for service in list_all_services() if service.is_active),
    )


def read_resource(
    *, resource_id: UUID, actor: Actor, at: datetime, week: date | None = None
) -> ResourcePage:
    """Return a resource to whoever may close it, themselves included.

    At most six queries.

    Raises:
        NotVisible: there is none, or it is not theirs to see.
    """
    resource = get_resource(resource_id)
    if not may_close(actor=actor, resource_user_id=resource.user_id):
        raise NotVisible
    sites = list_sites()
    today = today_at(sites, at)
    hours = next((each for each in resources_with_hours() if each.id == resource_id), None)
    zones = {site.id: site.time_zone for site in sites}
    return ResourcePage(
        resource=resource,
        sites=tuple(sites),
        site=next((site for site in sites if site.id == resource.site_id), None),
        week=_week(resource, hours, zones, _monday(week or today)) if hours else None,
        weeks=tuple(weeks_of(weekly_hours(resource_id))),
        closures=tuple(closures_of_resource(resource_id, from_day=today)),
        extra=tuple(extra_openings(resource_id, from_day=today)),
        today=today,
        is_own=resource.user_id is not None and resource.user_id == actor.id,
        can_close=True,
        can_manage=has_right(actor, Right.MANAGE_CLINIC),
    )


def own_resource(*, actor: Actor) -> ResourceState | None:
    """Return the practitioner that a member of staff is, or None (one query)."""
    return resource_of_user(actor.id) if actor.id else None


def read_site(*, code: str, actor: Actor, at: datetime, part: str | None = None) -> SitePage:
    """Return a site's closures, and the public holidays of `part`, else of the site's own.

    Raises:
        NotAllowed: the actor does not manage the clinic.
        NotVisible: there is no such site.
    """
    if not has_right(actor, Right.MANAGE_CLINIC):
        raise NotAllowed
    site = next((each for each in list_sites() if each.code == code), None)
    if site is None:
        raise NotVisible
    today = at.astimezone(ZoneInfo(site.time_zone)).date()
    parts = parts_of(site.country)
    chosen = part_of(country=site.country, postcode=site.postcode) if part is None else part
    closures = closures_of_site(site.id, from_day=today)
    return SitePage(
        site=site,
        today=today,
        closures=tuple(closures),
        part=chosen if chosen in {each.code for each in parts} else "",
        parts=tuple(parts),
        holidays=tuple(
            ProposedDay(holiday, _is_closed(holiday.day, closures))
            for holiday in public_holidays(
                country=site.country,
                part=chosen,
                first_day=today,
                last_day=today + HOLIDAYS_AHEAD,
            )
        ),
    )


def _week(
    state: ResourceState, hours: ResourceHours, zones: dict[UUID, str], monday: date
) -> ResourceWeek:
    sunday = monday + timedelta(days=6)
    opened = open_stretches(hours, zones=zones, first_day=monday, last_day=sunday)
    usual = open_stretches(
        replace(hours, closures=()), zones=zones, first_day=monday, last_day=sunday
    )
    return ResourceWeek(
        resource=state,
        days=tuple(
            DayPicture(day, _on(day, opened), _on(day, usual))
            for day in (monday + timedelta(days=number) for number in range(7))
        ),
        is_anywhere_open=bool(hours.weekly or hours.extra),
    )


def _at_site(week: ResourceWeek, site_id: UUID) -> ResourceWeek:
    """Return a week with what happens at one site alone."""
    return replace(
        week,
        days=tuple(
            DayPicture(
                picture.day,
                tuple(stretch for stretch in picture.open if stretch.site_id == site_id),
                tuple(stretch for stretch in picture.usual if stretch.site_id == site_id),
            )
            for picture in week.days
        ),
    )


def _on(day: date, stretches: Iterable[OpenStretch]) -> tuple[OpenStretch, ...]:
    return tuple(stretch for stretch in stretches if stretch.day == day)


def _is_at(state: ResourceState, hours: dict[UUID, ResourceHours], site_id: UUID) -> bool:
    if state.site_id is not None:
        return state.site_id == site_id
    opened = hours[state.id]
    return site_id in {o.site_id for o in opened.weekly} | {o.site_id for o in opened.extra}


def _is_closed(day: date, closures: Iterable[ClosureView]) -> bool:
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    return any(closure.start <= start and closure.end >= end for closure in closures)


def today_at(sites: Iterable[SiteView], at: datetime) -> date:
    """Return the date at the first of some sites, UTC's where there is none."""
    zones = [site.time_zone for site in sites]
    return at.astimezone(ZoneInfo(zones[0])).date() if zones else at.date()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
