"""A page of free times: the days at a glance, then the times of the day that was chosen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from aiguille.booking.queries import FreeTimes, Start, free_days, free_times
from aiguille.booking.wording import when_in
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
class TimesPage:
    """Everything that the template shows."""

    times: FreeTimes
    where: WhereForm
    weeks: tuple[tuple[GlanceDay, ...], ...]
    days: tuple[SlotDay, ...]
    earlier_href: str
    later_href: str
    first_day: date
    last_day: date


def times_page(
    request: HttpRequest,
    *,
    service_id: UUID,
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
        service_id=service_id,
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
    free = {day.day: day.count for day in free_days(times.starts)}
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
        days=slot_days(times, _days_from(shown, free)),
        earlier_href=_address(kept, first - timedelta(days=7 * WEEKS_AT_A_GLANCE))
        if first > today
        else "",
        later_href="" if is_last else _address(kept, last + timedelta(days=1)),
        first_day=first,
        last_day=last,
    )


def slot_days(times: FreeTimes, days: Sequence[date]) -> tuple[SlotDay, ...]:
    """Return the days with their times, each time once for each site."""
    return tuple(
        SlotDay(
            day=day,
            starts=tuple(
                _choice(start, times) for start in times.starts if start.local_date == day
            ),
        )
        for day in days
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


def _choice(start: Start, times: FreeTimes) -> SlotChoice:
    chosen = ChosenStart(start.starts_at, start.site_id, times.practitioner_id)
    several = times.site_id is None and len(times.sites) > 1
    city = times.site_name(start.site_id).partition(",")[0]
    return SlotChoice(
        value=chosen.value, label=f"{start.local:%H:%M}", hint=city if several else ""
    )


def _days_from(shown: date | None, free: dict[date, int]) -> list[date]:
    return [day for day in sorted(free) if shown is not None and day >= shown][:DAYS_OF_TIMES]


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
