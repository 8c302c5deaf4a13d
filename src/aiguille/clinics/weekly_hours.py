"""The weekly hours of people, rooms and devices, from a date on: what is right, and what is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from aiguille.accounts.rights import Right, require_unless_system
from aiguille.clinics import events
from aiguille.clinics.changing import SetUpUnsound, expect_seen, found, note_change
from aiguille.clinics.models import MINUTES_PER_DAY, OpeningHours, Resource, Site
from aiguille.clinics.queries import WeeklyOpening
from aiguille.clinics.weeks import (
    Week,
    changed_from,
    clash_of,
    dated,
    weeks_of,
    without_change,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text
from aiguille.scheduling.timeline import TICK_MINUTES


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
    valid_from: date | None = None,
    seen: str | None = None,
) -> None:
    """Set a resource's weekly openings from a local date on, until the next change that is planned.

    The hours before hold until the day before. Without a date, these are its hours of all dates.
    `seen` is the mark (`timetable.mark_of_hours`) of the hours that the page showed.

    Raises:
        SetUpUnsound: the date is over.
        OpeningUnsound: an opening is empty, leaves the day, is off the five minutes or at a site
            that is not the resource's; two overlap on a weekday; or two at two sites are open at
            one instant, whatever their walls show.
        SetUpStale: the hours are not what the page showed.
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    resource = found(Resource.objects.select_for_update().filter(id=resource_id).first())
    zones = zones_open_to(resource)
    if valid_from is not None:
        _check_not_over(valid_from, zones, at=at)
    week = [_weekly(opening) for opening in openings]
    _check_week(week, zones)
    before = hours_state(resource.id)
    expect_seen(before, seen)
    if valid_from is None:
        weeks = weeks_of(week)
    else:
        weeks = changed_from(weeks_of(stored_hours(resource.id)), valid_from, week)
    _check_sites(week, weeks, zones, around=valid_from or at.date())
    _store_weeks(resource, weeks)
    _note_hours(resource, before, valid_from, actor=actor, at=at)


@transaction.atomic
def drop_weekly_hours(
    *,
    resource_id: UUID,
    valid_from: date,
    actor: Actor,
    at: datetime,
    seen: str | None = None,
) -> None:
    """Take back hours that were to begin on a date: those before them go on.

    Raises:
        SetUpUnsound: no hours begin then, or that day has come.
        SetUpStale: the hours are not what the page showed.
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    resource = found(Resource.objects.select_for_update().filter(id=resource_id).first())
    before = hours_state(resource.id)
    expect_seen(before, seen)
    weeks = weeks_of(stored_hours(resource.id))
    if valid_from <= at.date() or all(week.first_day != valid_from for week in weeks):
        raise SetUpUnsound(
            Text(
                fr="Aucun changement d’horaires à venir ne commence à cette date.",
                en="No change of hours ahead begins on this date.",
            ),
            field="valid_from",
        )
    _store_weeks(resource, without_change(weeks, valid_from))
    _note_hours(resource, before, valid_from, actor=actor, at=at)


class OpeningUnsound(SetUpUnsound):
    """One of several openings cannot be right: the one at `place` among those given."""

    code = "opening_unsound"

    def __init__(self, text: Text, *, field: str, place: int) -> None:
        self.place = place
        super().__init__(text, field=field)


# --- What is right, and what is stored ------------------------------------------------------------

UNKNOWN_SITE = Text(fr="Ce site n’existe pas ici.", en="There is no such site here.")
_OVERLAP = Text(
    fr="Deux ouvertures du même jour se chevauchent.",
    en="Two openings of the same day overlap.",
)


def two_sites_at_once(day: date) -> Text:
    """Return why two openings cannot both stand, with a date on which they meet."""
    return Text(
        fr=f"Une autre ouverture est prévue au même instant sur un autre site, le "
        f"{day:%d/%m/%Y} par exemple : chaque site a l’heure de son fuseau.",
        en=f"Another opening is set at another site at the same instant, on "
        f"{day.day} {day:%B %Y} for instance: each site has the time of its zone.",
    )


def hours_state(resource_id: UUID) -> list[list[object]]:
    """Return a resource's weekly hours as JSON values, in order (one query).

    Hours that hold on some dates only have these at their end.
    """
    return [
        [str(o.site_id), o.weekday, o.from_minute, o.until_minute]
        + ([_iso(o.valid_from), _iso(o.valid_until)] if o.valid_from or o.valid_until else [])
        for o in stored_hours(resource_id)
    ]


def stored_hours(resource_id: UUID) -> list[WeeklyOpening]:
    """Return a resource's weekly hours of all dates, by weekday and time (one query)."""
    rows = OpeningHours.objects.filter(resource_id=resource_id).order_by(
        "weekday", "from_minute", F("valid_from").asc(nulls_first=True), "id"
    )
    return [
        WeeklyOpening(
            row.site_id,
            row.weekday,
            row.from_minute,
            row.until_minute,
            row.valid_from,
            row.valid_until,
        )
        for row in rows
    ]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _weekly(opening: Opening) -> WeeklyOpening:
    return WeeklyOpening(
        opening.site_id, opening.weekday, opening.from_minute, opening.until_minute
    )


def _store_weeks(resource: Resource, weeks: Sequence[Week]) -> None:
    OpeningHours.objects.filter(resource=resource).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(
            resource=resource,
            site_id=o.site_id,
            weekday=o.weekday,
            from_minute=o.from_minute,
            until_minute=o.until_minute,
            valid_from=o.valid_from,
            valid_until=o.valid_until,
        )
        for o in dated(weeks)
    )


def _note_hours(
    resource: Resource,
    before: list[list[object]],
    valid_from: date | None,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    details = {"valid_from": valid_from.isoformat()} if valid_from else {}
    note_change(
        events.HOURS_SET,
        actor=actor,
        at=at,
        kind="resource",
        subject_id=resource.id,
        site_id=resource.site_id,
        before=before,
        after=hours_state(resource.id),
        **details,
    )


def zones_open_to(resource: Resource) -> dict[UUID, str]:
    """Return where a resource may be open, with its zone: a room or a device where it stands."""
    sites = Site.objects.all()
    if resource.site_id is not None:
        sites = sites.filter(id=resource.site_id)
    return dict(sites.values_list("id", "time_zone"))


def _check_not_over(day: date, zones: Mapping[UUID, str], *, at: datetime) -> None:
    today = min(
        (at.astimezone(ZoneInfo(zone)).date() for zone in zones.values()), default=at.date()
    )
    if day < today:
        raise SetUpUnsound(
            Text(
                fr="Cette date est passée : choisissez aujourd’hui ou une date à venir.",
                en="This date is over: choose today or a date ahead.",
            ),
            field="valid_from",
        )


def _check_week(week: Sequence[WeeklyOpening], zones: Mapping[UUID, str]) -> None:
    for place, opening in enumerate(week):
        try:
            check_minutes(opening.from_minute, opening.until_minute)
        except SetUpUnsound as error:
            raise OpeningUnsound(error.text, field=error.field or "", place=place) from error
        if not 0 <= opening.weekday <= 6:
            raise OpeningUnsound(
                Text(fr="Ce jour n’existe pas.", en="This weekday does not exist."),
                field="weekday",
                place=place,
            )
        if opening.site_id not in zones:
            raise OpeningUnsound(UNKNOWN_SITE, field="site_id", place=place)
    placed = sorted(
        enumerate(week),
        key=lambda pair: (str(pair[1].site_id), pair[1].weekday, pair[1].from_minute),
    )
    for (_, earlier), (place, later) in pairwise(placed):
        same = (earlier.site_id, earlier.weekday) == (later.site_id, later.weekday)
        if same and later.from_minute < earlier.until_minute:
            raise OpeningUnsound(_OVERLAP, field="from_minute", place=place)


def _check_sites(
    week: Sequence[WeeklyOpening],
    weeks: Sequence[Week],
    zones: Mapping[UUID, str],
    *,
    around: date,
) -> None:
    """Refuse openings at two sites that meet, also where one week follows another."""
    changed = next(each for each in weeks if each.holds_on(around))
    stands = [
        opening
        for each in weeks
        if each is not changed
        for opening in dated([each])
        if not opening.is_over(around - timedelta(days=2))
    ]
    new = [
        replace(opening, valid_from=changed.first_day, valid_until=changed.end_day)
        for opening in week
    ]
    clash = clash_of([*new, *stands], zones=zones, around=around)
    if clash is not None:
        place = clash.later if clash.later < len(new) else clash.earlier
        if place < len(new):
            raise OpeningUnsound(two_sites_at_once(clash.day), field="from_minute", place=place)


def check_minutes(from_minute: int, until_minute: int) -> None:
    """Let an opening pass that goes from one minute of a day to a later one, in fives.

    Raises:
        SetUpUnsound: it does not; its field is `from_minute` or `until_minute`.
    """
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
