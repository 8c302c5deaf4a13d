"""When people, rooms, devices and sites are open: weekly hours, extra openings, leave, closures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require_unless_system
from aiguille.clinics import events
from aiguille.clinics.access import require_may_close
from aiguille.clinics.changing import SetUpUnsound, expect_seen, found, note_change
from aiguille.clinics.models import (
    MINUTES_PER_DAY,
    Closure,
    ExtraOpening,
    OpeningHours,
    Resource,
    Site,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text
from aiguille.scheduling.timeline import TICK_MINUTES

LONGEST_REASON = 200
WITHOUT_END = date(9999, 12, 31)
"""Until when somebody is away who does not come back."""
MOST_HOLIDAYS = 60


@dataclass(frozen=True, slots=True)
class Opening:
    """A weekly opening at a site: weekday 0 is Monday; minutes since the local midnight."""

    site_id: UUID
    weekday: int
    from_minute: int
    until_minute: int


@transaction.atomic
def set_weekly_hours(
    *,
    resource_id: UUID,
    openings: Iterable[Opening],
    actor: Actor,
    at: datetime,
    seen: str | None = None,
) -> None:
    """Replace a resource's weekly openings, valid at once.

    `seen` is the mark (`timetable.mark_of_hours`) of the hours that the page showed.

    Raises:
        SetUpUnsound: an opening is empty, leaves the day, is off the five minutes or at a site
            that is not the resource's; or two overlap on a weekday, at one site or at two. Its
            `field` is that of `OpeningUnsound`.
        SetUpStale: the hours are not what the page showed.
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    openings = list(openings)
    resource = found(Resource.objects.select_for_update().filter(id=resource_id).first())
    _check_week(openings, resource)
    before = hours_state(resource.id)
    expect_seen(before, seen)
    OpeningHours.objects.filter(resource=resource).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(
            resource=resource,
            site_id=opening.site_id,
            weekday=opening.weekday,
            from_minute=opening.from_minute,
            until_minute=opening.until_minute,
        )
        for opening in sorted(openings, key=_place_in_week)
    )
    note_change(
        events.HOURS_SET,
        actor=actor,
        at=at,
        kind="resource",
        subject_id=resource_id,
        site_id=resource.site_id,
        before=before,
        after=hours_state(resource.id),
    )


class OpeningUnsound(SetUpUnsound):
    """One of several openings cannot be right: the one at `place` among those given."""

    code = "opening_unsound"

    def __init__(self, text: Text, *, field: str, place: int) -> None:
        self.place = place
        super().__init__(text, field=field)


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
    _check_minutes(from_minute, until_minute)
    if site_id not in _sites_open_to(resource):
        raise SetUpUnsound(_UNKNOWN_SITE, field="site_id")
    meets = {"from_minute__lt": until_minute, "until_minute__gt": from_minute}
    weekly = OpeningHours.objects.filter(resource=resource, weekday=on.weekday(), **meets)
    extra = ExtraOpening.objects.filter(resource=resource, date=on, **meets)
    if weekly.exclude(site_id=site_id).exists() or extra.exclude(site_id=site_id).exists():
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
) -> UUID:
    """Close a resource, or a whole site, from a local date and minute until another.

    Both given, the resource is closed at that site alone. Practitioners close their own calendar,
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
    *, site_id: UUID, days: Sequence[tuple[date, str]], actor: Actor, at: datetime
) -> list[UUID]:
    """Close a site on whole days, each with its reason, and return the closures made.

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
                actor=actor,
                at=at,
            )
        )
    return made


# --- What is right, and what audit keeps ----------------------------------------------------------

_UNKNOWN_SITE = Text(fr="Ce site n’existe pas ici.", en="There is no such site here.")
_OVERLAP = Text(
    fr="Deux ouvertures du même jour se chevauchent.",
    en="Two openings of the same day overlap.",
)
_TWO_SITES = Text(
    fr="À cette heure, une autre ouverture est prévue sur un autre site.",
    en="Another opening is set at another site at that time.",
)


def hours_state(resource_id: UUID) -> list[list[object]]:
    """Return a resource's weekly hours as JSON values, in order (one query)."""
    rows = OpeningHours.objects.filter(resource_id=resource_id).order_by(
        "weekday", "from_minute", "id"
    )
    return [
        [str(site_id), *rest]
        for site_id, *rest in rows.values_list("site_id", "weekday", "from_minute", "until_minute")
    ]


def _place_in_week(opening: Opening) -> tuple[int, int]:
    return opening.weekday, opening.from_minute


def _sites_open_to(resource: Resource) -> set[UUID]:
    """Return where a resource may be open: a room or a device only where it stands."""
    if resource.site_id is not None:
        return {resource.site_id}
    return set(Site.objects.values_list("id", flat=True))


def _check_week(openings: Sequence[Opening], resource: Resource) -> None:
    sites = _sites_open_to(resource) if openings else set()
    for place, opening in enumerate(openings):
        try:
            _check_minutes(opening.from_minute, opening.until_minute)
        except SetUpUnsound as error:
            raise OpeningUnsound(error.text, field=error.field or "", place=place) from error
        if not 0 <= opening.weekday <= 6:
            raise OpeningUnsound(
                Text(fr="Ce jour n’existe pas.", en="This weekday does not exist."),
                field="weekday",
                place=place,
            )
        if opening.site_id not in sites:
            raise OpeningUnsound(_UNKNOWN_SITE, field="site_id", place=place)
    placed = sorted(enumerate(openings), key=lambda pair: _place_in_week(pair[1]))
    for (_, earlier), (place, later) in pairwise(placed):
        if earlier.weekday == later.weekday and later.from_minute < earlier.until_minute:
            text = _OVERLAP if earlier.site_id == later.site_id else _TWO_SITES
            raise OpeningUnsound(text, field="from_minute", place=place)


def _check_minutes(from_minute: int, until_minute: int) -> None:
    if from_minute >= until_minute:
        raise SetUpUnsound(
            Text(fr="La fin précède le début.", en="It ends before it begins."),
            field="until_minute",
        )
    if from_minute < 0 or until_minute > MINUTES_PER_DAY:
        raise SetUpUnsound(
            Text(
                fr="Une ouverture va d’une minute à une autre de la même journée.",
                en="An opening goes from one minute of a day to a later one.",
            ),
            field="from_minute",
        )
    for field, minute in (("from_minute", from_minute), ("until_minute", until_minute)):
        if minute % TICK_MINUTES:
            raise SetUpUnsound(
                Text(
                    fr="Les heures vont de cinq en cinq minutes.",
                    en="Times go in steps of five minutes.",
                ),
                field=field,
            )


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
