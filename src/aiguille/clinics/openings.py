"""When people, rooms, devices and sites are open beside their weekly hours, and when closed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require_unless_system
from aiguille.clinics import events
from aiguille.clinics.access import require_may_close
from aiguille.clinics.changing import SetUpUnsound, found, note_change
from aiguille.clinics.models import (
    MINUTES_PER_DAY,
    Closure,
    ExtraOpening,
    Resource,
    Site,
)
from aiguille.clinics.queries import WeeklyOpening
from aiguille.clinics.weekly_hours import UNKNOWN_SITE, check_minutes, stored_hours, zones_open_to
from aiguille.clinics.weeks import clash_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text

LONGEST_REASON = 200
WITHOUT_END = date(9999, 12, 31)
"""Until when somebody is away who does not come back."""
MOST_HOLIDAYS = 60


@transaction.atomic
def add_extra_opening(
    *,
    resource_id: UUID,
    site_id: UUID,
    on: date,
    from_minute: int,
    until_minute: int,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Open a resource on one date, beside its weekly hours.

    Raises:
        SetUpUnsound: the opening is empty, leaves the day, is off the five minutes or at a site
            that is not the resource's, or the resource is open elsewhere at that time.
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    resource = found(Resource.objects.select_for_update().filter(id=resource_id).first())
    check_minutes(from_minute, until_minute)
    zones = zones_open_to(resource)
    if site_id not in zones:
        raise SetUpUnsound(UNKNOWN_SITE, field="site_id")
    added = WeeklyOpening(
        site_id, on.weekday(), from_minute, until_minute, on, on + timedelta(days=1)
    )
    if clash_of([*_around(resource, on), added], zones=zones, around=on):
        raise SetUpUnsound(_TWO_SITES, field="from_minute")
    opening = ExtraOpening.objects.create(
        resource_id=resource_id,
        site_id=site_id,
        date=on,
        from_minute=from_minute,
        until_minute=until_minute,
    )
    note_change(
        events.EXTRA_OPENING_ADDED,
        actor=actor,
        at=at,
        kind="resource",
        subject_id=resource_id,
        site_id=site_id,
        after=_extra_state(opening),
    )
    return opening.id


@transaction.atomic
def remove_extra_opening(*, extra_id: UUID, actor: Actor, at: datetime) -> None:
    """Take back an extra opening.

    Raises:
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    opening = found(ExtraOpening.objects.select_for_update().filter(id=extra_id).first())
    note_change(
        events.EXTRA_OPENING_REMOVED,
        actor=actor,
        at=at,
        kind="resource",
        subject_id=opening.resource_id,
        site_id=opening.site_id,
        before=_extra_state(opening),
    )
    opening.delete()


@transaction.atomic
def add_closure(
    *,
    from_date: date,
    until_date: date,
    actor: Actor,
    at: datetime,
    resource_id: UUID | None = None,
    site_id: UUID | None = None,
    from_minute: int = 0,
    until_minute: int = 0,
    reason: str = "",
    holiday: str = "",
) -> UUID:
    """Close a resource, or a whole site, from a local date and minute until another.

    Both given, the resource is closed at that site alone. `holiday` says whose public holiday it
    is (`public_holidays.holidays_of`), so that each reader has its name. Practitioners close their own calendar,
    the front desk anybody's, managers whole sites too.

    Raises:
        SetUpUnsound: nothing would be closed, or the reason is too long.
        NotAllowed, NotVisible.
    """
    require_may_close(actor=actor, resource_id=resource_id)
    subject_id = resource_id or site_id
    if subject_id is None:
        raise SetUpUnsound(
            Text(fr="Indiquez ce qui ferme.", en="Say what is closed."), field="resource_id"
        )
    if resource_id is not None:
        found(Resource.objects.filter(id=resource_id).first())
    if site_id is not None:
        found(Site.objects.filter(id=site_id).first())
    for field, minute in (("from_minute", from_minute), ("until_minute", until_minute)):
        if not 0 <= minute < MINUTES_PER_DAY:
            raise SetUpUnsound(
                Text(fr="Cette heure n’existe pas.", en="This time does not exist."), field=field
            )
    if (from_date, from_minute) >= (until_date, until_minute):
        raise SetUpUnsound(
            Text(fr="La fin précède le début.", en="It ends before it begins."),
            field="until_date",
        )
    if len(reason) > LONGEST_REASON:
        raise SetUpUnsound(
            Text(
                fr="Écrivez 200 caractères au plus.",
                en="Write 200 characters at most.",
            ),
            field="reason",
        )
    closure = Closure.objects.create(
        resource_id=resource_id,
        site_id=site_id,
        from_date=from_date,
        from_minute=from_minute,
        until_date=until_date,
        until_minute=until_minute,
        reason=reason,
        holiday=holiday,
    )
    note_change(
        events.CLOSURE_ADDED,
        actor=actor,
        at=at,
        kind="resource" if resource_id else "site",
        subject_id=subject_id,
        site_id=site_id,
        after=_closure_state(closure),
    )
    return closure.id


@transaction.atomic
def remove_closure(*, closure_id: UUID, actor: Actor, at: datetime) -> None:
    """Open again what a closure closed; whoever may close it may do so.

    Raises:
        NotAllowed, NotVisible.
    """
    closure = found(Closure.objects.select_for_update().filter(id=closure_id).first())
    require_may_close(actor=actor, resource_id=closure.resource_id)
    subject_id = closure.resource_id or closure.site_id
    assert subject_id is not None  # a constraint says so
    note_change(
        events.CLOSURE_REMOVED,
        actor=actor,
        at=at,
        kind="resource" if closure.resource_id else "site",
        subject_id=subject_id,
        site_id=closure.site_id,
        before=_closure_state(closure),
    )
    closure.delete()


@transaction.atomic
def close_on_days(
    *,
    site_id: UUID,
    days: Sequence[tuple[date, str]],
    actor: Actor,
    at: datetime,
    holiday: str = "",
) -> list[UUID]:
    """Close a site on whole days, each with its reason, and return the closures made.

    `holiday` says whose public holidays they are.

    A day on which the site is closed already, all day, is left as it is: asking twice is harmless.

    Raises:
        SetUpUnsound: more days than anybody would mean.
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    if len(days) > MOST_HOLIDAYS:
        raise SetUpUnsound(field="days")
    found(Site.objects.select_for_update().filter(id=site_id).first())
    closed = Closure.objects.filter(site_id=site_id, resource=None)
    made = []
    for day, reason in sorted(days):
        next_day = day + timedelta(days=1)
        if any(
            (row.from_date, row.from_minute) <= (day, 0)
            and (row.until_date, row.until_minute) >= (next_day, 0)
            for row in closed.filter(from_date__lte=day, until_date__gte=next_day)
        ):
            continue
        made.append(
            add_closure(
                site_id=site_id,
                from_date=day,
                until_date=next_day,
                reason=reason,
                holiday=holiday,
                actor=actor,
                at=at,
            )
        )
    return made


# --- What is right, and what audit keeps ----------------------------------------------------------

_TWO_SITES = Text(
    fr="À cette heure, une autre ouverture est prévue sur un autre site.",
    en="Another opening is set at another site at that time.",
)


def _around(resource: Resource, on: date) -> list[WeeklyOpening]:
    """Return what is open on a date and beside it: no wall is further than a day from another."""
    days = [on + timedelta(days=number) for number in (-2, -1, 0, 1, 2)]
    extra = ExtraOpening.objects.filter(resource=resource, date__in=days)
    opened = [
        replace(o, valid_from=day, valid_until=day + timedelta(days=1))
        for o in stored_hours(resource.id)
        for day in days
        if o.weekday == day.weekday() and o.holds_on(day)
    ]
    return opened + [
        WeeklyOpening(
            row.site_id,
            row.date.weekday(),
            row.from_minute,
            row.until_minute,
            row.date,
            row.date + timedelta(days=1),
        )
        for row in extra
    ]


def _extra_state(row: ExtraOpening) -> dict[str, object]:
    return {
        "site": str(row.site_id),
        "date": row.date.isoformat(),
        "from_minute": row.from_minute,
        "until_minute": row.until_minute,
    }


def _closure_state(row: Closure) -> dict[str, object]:
    # Not the reason: it may say why somebody is ill.
    return {
        "resource": str(row.resource_id) if row.resource_id else None,
        "site": str(row.site_id) if row.site_id else None,
        "from": f"{row.from_date.isoformat()} {row.from_minute}",
        "until": f"{row.until_date.isoformat()} {row.until_minute}",
    }
