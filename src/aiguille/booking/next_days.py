"""The next days with a free start, for a program: compact, and as many starts as a week has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import compress
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.booking import facts
from aiguille.booking.facts import Ignored
from aiguille.booking.free_times import Choosable, Found, narrowed
from aiguille.catalogue.queries import ServiceView
from aiguille.scheduling.timeline import flags_of, instant_of

_FIRST_LOOK = timedelta(days=28)
_FURTHER = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class NextStart:
    """A free start; `who` are places in `NextDays.practitioners`, in order."""

    local: datetime
    site_id: UUID
    who: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NextDays:
    """The starts of the next days that have one, by instant, then by site."""

    service: ServiceView
    sites: tuple[Choosable, ...]
    practitioners: tuple[Choosable, ...]
    site_id: UUID | None
    practitioner_id: UUID | None
    starts: tuple[NextStart, ...]


def next_free_days(
    *,
    service: ServiceView,
    first_day: date,
    at: datetime,
    days: int = 7,
    site_id: UUID | None = None,
    practitioner_id: UUID | None = None,
) -> NextDays:
    """Return the starts of the first `days` local dates from `first_day` on that have one.

    Two queries where the set-up is known already, one more for each quarter that has to be looked
    through. A site or practitioner that cannot be chosen for the service counts as not named.
    """
    calendar = facts.read_calendar(service)
    choice = narrowed(calendar, site_id=site_id, practitioner_id=practitioner_id)
    place = {str(doctor.id): number for number, doctor in enumerate(choice.practitioners)}
    horizon = at.date() + timedelta(days=service.max_horizon_days + 1)
    found: list[NextStart] = []
    first, length = first_day, _FIRST_LOOK
    while days and first <= horizon:
        last = min(first + length - timedelta(days=1), horizon)
        looked = Found.search(
            calendar,
            first_day=first,
            last_day=last,
            at=at,
            site_id=choice.site_id,
            practitioner_id=choice.practitioner_id,
            ignored=Ignored(),
        )
        with_start = [day.day for day in looked.days()][:days]
        days -= len(with_start)
        found += sorted(_compact(looked, with_start, place), key=lambda s: (s.local, s.site_id))
        first, length = last + timedelta(days=1), _FURTHER
    return NextDays(
        service,
        choice.sites,
        choice.practitioners,
        choice.site_id,
        choice.practitioner_id,
        tuple(found),
    )


def _compact(found: Found, days: list[date], place: dict[str, int]) -> Iterator[NextStart]:
    for starts in found.on(days):
        wall = ZoneInfo(starts.clock.zone)
        who = {site.site: [place[name] for name in site.practitioners] for site in starts.sites}
        keys = {site.site: UUID(site.site) for site in starts.sites}
        for tick, site, practitioners in starts.rows():
            yield NextStart(
                instant_of(tick).astimezone(wall),
                keys[site],
                tuple(sorted(compress(who[site], flags_of(practitioners)))),
            )
