"""From a person who signed in to the actor that operations receive, and to the sites they see."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.accounts.rights import NotAllowed, Right, has_right
from aiguille.clinics.models import Membership, Resource, Site
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.codes import StaffRole

if TYPE_CHECKING:
    from aiguille.accounts.models import User


def staff_actor(*, user: "User", at: datetime, site_id: UUID | None = None) -> Actor | None:
    """Return the member of staff that `user` is at the instant `at`, or None for an outsider.

    Roles are those in force on the site's local date, at `site_id` or at any site (one query).
    """
    if not user.is_active or not user.is_work_account:
        return None
    memberships = Membership.objects.filter(user_id=user.id).select_related("site")
    if site_id is not None:
        memberships = memberships.filter(site_id=site_id)
    roles = {
        StaffRole(membership.role) for membership in memberships if _in_force(membership, at=at)
    }
    if not roles:
        return None
    return Actor(
        kind=ActorKind.STAFF,
        id=user.id,
        display_name=user.display_name,
        roles=frozenset(roles),
        site_id=site_id,
    )


def visible_site_ids(*, actor: Actor, at: datetime) -> frozenset[UUID]:
    """Return the sites where the member of staff has a role at the instant `at` (one query)."""
    if actor.id is None:
        return frozenset()
    memberships = Membership.objects.filter(user_id=actor.id).select_related("site")
    return frozenset(m.site_id for m in memberships if _in_force(m, at=at))


def sites_at_work(*, user_id: UUID, at: datetime) -> frozenset[UUID]:
    """Return the sites where somebody works at the instant `at`; none for a closed account.

    For what acts in a person's name without their session (one query).
    """
    memberships = Membership.objects.filter(
        user_id=user_id, user__is_active=True, user__kind="STAFF"
    ).select_related("site")
    return frozenset(m.site_id for m in memberships if _in_force(m, at=at))


def may_close(*, actor: Actor, resource_user_id: UUID | None) -> bool:
    """Tell whether the actor may close a resource for a time: their own, or any by their role."""
    return (
        actor.kind is ActorKind.SYSTEM
        or has_right(actor, Right.MANAGE_CLINIC)
        or has_right(actor, Right.BLOCK_TIME)
        or (
            actor.kind is ActorKind.STAFF
            and bool(actor.roles)
            and actor.id is not None
            and actor.id == resource_user_id
        )
    )


def require_may_close(*, actor: Actor, resource_id: UUID | None) -> None:
    """Let whoever may close the resource pass; None stands for a whole site (at most one query).

    Raises:
        NotAllowed: it is neither theirs nor does their role allow it.
    """
    if actor.kind is ActorKind.SYSTEM or has_right(actor, Right.MANAGE_CLINIC):
        return
    if resource_id is None:
        raise NotAllowed
    owners = Resource.objects.filter(id=resource_id).values_list("user_id", flat=True)
    if not any(may_close(actor=actor, resource_user_id=owner) for owner in owners):
        raise NotAllowed


def local_date(*, site: Site, at: datetime) -> date:
    """Return the date at `site` at the instant `at`."""
    return at.astimezone(ZoneInfo(site.time_zone)).date()


def _in_force(membership: Membership, *, at: datetime) -> bool:
    today = at.astimezone(ZoneInfo(membership.site.time_zone)).date()
    return today in membership.valid_during
