"""Blocking time of a practitioner, a room or a device: what it would displace, then the closure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from aiguille.clinics.access import may_close, require_may_close, visible_site_ids
from aiguille.clinics.closed import ClosureView, get_closure
from aiguille.clinics.operations import SetUpUnsound, add_closure, remove_closure
from aiguille.clinics.queries import (
    ResourceHours,
    SiteView,
    list_practitioners,
    list_sites,
    resources_with_hours,
)
from aiguille.journeys.change_set_up import Outcome, change_set_up, settle
from aiguille.journeys.reads.agenda import works_at
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Blockable:
    """The site on whose clock time is blocked, and the resources that the actor may block there."""

    site: SiteView
    resources: tuple[ResourceHours, ...]

    def named(self, code: str) -> ResourceHours | None:
        """Return one of the resources by its code."""
        return next((r for r in self.resources if r.code == code), None)


def blockable(*, site_code: str, actor: Actor, at: datetime) -> Blockable:
    """Return what the actor may block at a site, or at their first (five queries).

    Raises:
        NotVisible: the actor has no role there.
    """
    visible = visible_site_ids(actor=actor, at=at)
    sites = [site for site in list_sites() if site.id in visible]
    site = next((one for one in sites if site_code in ("", one.code)), None)
    if site is None:
        raise NotVisible
    owners = {p.id: p.user_id for p in list_practitioners()}
    here = [
        resource
        for resource in resources_with_hours()
        if works_at(resource, site.id)
        and may_close(actor=actor, resource_user_id=owners.get(resource.id))
    ]
    return Blockable(site=site, resources=tuple(here))


def block(
    *,
    resource_id: UUID,
    start: datetime,
    end: datetime,
    reason: str,
    confirmed: str,
    actor: Actor,
    at: datetime,
) -> Outcome:
    """Close a resource between two times on the walls, or say what that would displace.

    Nothing that is booked moves by itself, and nothing is saved before `confirmed` is the key of
    exactly what is displaced (`change_set_up`).

    Raises:
        SetUpUnsound: the end does not come after the start, or a year later.
        NotAllowed.
    """
    _check(start, end)
    return change_set_up(
        change=lambda: add_closure(
            resource_id=resource_id,
            from_date=start.date(),
            from_minute=_minute(start),
            until_date=end.date(),
            until_minute=_minute(end),
            reason=reason,
            actor=actor,
            at=at,
        ),
        confirmed=confirmed,
        actor=actor,
        at=at,
    )


def closure_for(*, closure_id: UUID, actor: Actor) -> ClosureView:
    """Return a closure of one resource that the actor may open again.

    Raises:
        NotVisible: there is none, or a whole site is closed.
        NotAllowed.
    """
    closure = get_closure(closure_id)
    if closure is None or closure.resource_id is None:
        raise NotVisible
    require_may_close(actor=actor, resource_id=closure.resource_id)
    return closure


def unblock(*, closure_id: UUID, actor: Actor, at: datetime) -> ClosureView:
    """Open again what was blocked; return what the closure was, so that it can be put back.

    Raises:
        NotVisible, NotAllowed.
    """
    with transaction.atomic(durable=True):
        closure = closure_for(closure_id=closure_id, actor=actor)
        remove_closure(closure_id=closure_id, actor=actor, at=at)
    for site in list_sites():
        settle(site_id=site.id, actor=actor, at=at)
    return closure


def _check(start: datetime, end: datetime) -> None:
    if end <= start:
        raise SetUpUnsound(
            Text(fr="La fin précède le début.", en="It ends before it begins."), field="until_time"
        )
    if end - start > LONGEST:
        raise SetUpUnsound(
            Text(fr="Un an au plus à la fois.", en="A year at most at once."), field="until_date"
        )


def _minute(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute
