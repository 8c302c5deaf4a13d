"""A page of free times: the days at a glance, then the times of the day that was chosen."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from aiguille.booking.queries import FreeTimes, Start, free_times
from aiguille.booking.wording import when_in
from aiguille.catalogue.queries import ServiceView
from aiguille.plumbing.components.shapes import SlotChoice, SlotDay
from aiguille.public_site.booking.forms import ChosenStart, WhereForm, read_day, read_key

WEEKS_AT_A_GLANCE = 5
DAYS_OF_TIMES = 3


@dataclass(frozen=True, slots=True)
class GlanceDay:
    """A day of the calendar; `href` is empty where nothing is free."""

    day: date
    href: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PlaceTimes:
    """The times at one site, with its name where there are several to tell apart."""

    name: str
    days: tuple[SlotDay, ...]


@dataclass(frozen=True, slots=True)
class TimesPage:
    """Everything that the template shows."""

    times: FreeTimes
    where: WhereForm
    weeks: tuple[tuple[GlanceDay, ...], ...]
    places: tuple[PlaceTimes, ...]
    # Without the fragment that a day's link adds, which redirects would carry along.
    address: str
    earlier_href: str
    later_href: str
    first_day: date
    last_day: date


def times_page(
    request: HttpRequest,
    *,
    service: ServiceView,
    at: datetime,
    browser: str = "",
    moving: UUID | None = None,
    patient_id: UUID | None = None,
    chosen: tuple[UUID | None, UUID | None] = (None, None),
) -> TimesPage:
    """Read the address (`site`, `doctor`, `from`, `day`) and return the page.

    What the address says wrong counts as not said. `chosen` are the site and practitioner where
    the address names none.
    """
    asked = request.GET
    today = at.date()
    first = max(read_day(asked.get("from", "")) or today, today)
    first = min(first, today + timedelta(days=3660))
    first -= timedelta(days=first.weekday())
    last = first + timedelta(days=7 * WEEKS_AT_A_GLANCE - 1)
    site, doctor = chosen
    times = free_times(
        service=service,
        first_day=first,
        last_day=last,
        at=at,
        site_id=read_key(asked["site"]) if "site" in asked else site,
        practitioner_id=read_key(asked["doctor"]) if "doctor" in asked else doctor,
        browser=browser,
        moving=moving,
        patient_id=patient_id,
    )
    kept = {"site": str(times.site_id or ""), "doctor": str(times.practitioner_id or "")}
    free = {day.day: day.count for day in times.days}
    wanted = read_day(asked.get("day", ""))
    shown = wanted if wanted in free else next(iter(free), None)
    is_last = last >= today + timedelta(days=times.service.max_horizon_days)
    return TimesPage(
        times=times,
        where=WhereForm(initial=kept, sites=times.sites, doctors=times.practitioners),
        weeks=tuple(
            tuple(
                _glance(first + timedelta(days=7 * week + day), free, shown, kept, first)
                for day in range(7)
            )
            for week in range(WEEKS_AT_A_GLANCE)
        ),
        places=_places(times, free, shown),
        address=request.get_full_path(),
        earlier_href=_address(kept, first - timedelta(days=7 * WEEKS_AT_A_GLANCE))
        if first > today
        else "",
        later_href="" if is_last else _address(kept, last + timedelta(days=1)),
        first_day=first,
        last_day=last,
    )


def nearest_days(starts: Iterable[Start], practitioner_id: UUID | None) -> tuple[SlotDay, ...]:
    """Return the nearest free starts after one was lost, by day."""
    by_day: dict[date, list[SlotChoice]] = {}
    for start in starts:
        chosen = ChosenStart(start.starts_at, start.site_id, _still(practitioner_id, start))
        by_day.setdefault(start.local_date, []).append(
            SlotChoice(value=chosen.value, label=f"{start.local:%H:%M}")
        )
    return tuple(SlotDay(day=day, starts=tuple(found)) for day, found in sorted(by_day.items()))


def when(start: datetime) -> str:
    """Return a local date and time in the page's language."""
    return when_in(start, get_language() or "fr")


def _still(practitioner_id: UUID | None, start: Start) -> UUID | None:
    return practitioner_id if practitioner_id in start.practitioner_ids else None


def _places(times: FreeTimes, free: dict[date, int], shown: date | None) -> tuple[PlaceTimes, ...]:
    """Return the next days with a time at the site that was chosen, else one day at each site."""
    if shown is None:
        return ()
    sites = [site for site in times.sites if times.site_id in {None, site.id}]
    count = DAYS_OF_TIMES if len(sites) == 1 else 1
    days = [day for day in sorted(free) if day >= shown][:count]
    choices: dict[tuple[UUID, date], list[SlotChoice]] = defaultdict(list)
    where = {site.id: ChosenStart.where(site.id, times.practitioner_id) for site in sites}
    for start in times.times_on(days):
        value = start.starts_at.isoformat() + where[start.site_id]
        choices[start.site_id, start.local.date()].append(
            SlotChoice(value=value, label=start.local.strftime("%H:%M"))
        )
    found = [
        PlaceTimes(
            name=site.name if len(sites) > 1 else "",
            days=tuple(SlotDay(day, tuple(choices[site.id, day])) for day in days),
        )
        for site in sites
    ]
    return tuple(place for place in found if any(day.starts for day in place.days))


def _glance(
    day: date, free: dict[date, int], shown: date | None, kept: dict[str, str], first: date
) -> GlanceDay:
    count = free.get(day, 0)
    return GlanceDay(
        day=day,
        href=_address(kept | {"day": day.isoformat()}, first) + "#times" if count else "",
        label=ngettext("%(count)d free time", "%(count)d free times", count) % {"count": count}
        if count
        else _("nothing free"),
        is_chosen=day == shown,
    )


def _address(kept: dict[str, str], first: date) -> str:
    said = {name: value for name, value in kept.items() if value}
    return "?" + urlencode(said | {"from": first.isoformat()})
