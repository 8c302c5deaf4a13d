"""Who fits a free time, and until when an offer stands: plain values, without a database."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.kernel.intervals import in_utc

MINUTES_A_DAY = 1440
DAYS_A_WEEK = 7
_BEFORE_IT_BEGINS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WaitingValues:
    """What the clinic decides about its list (`data/waiting.toml`)."""

    answer: timedelta
    least_answer: timedelta
    day_begins_minute: int
    day_ends_minute: int
    longest_wait: timedelta
    usual_wait: timedelta


@cache
def waiting_values() -> WaitingValues:
    """Return the clinic's values."""
    source = files("aiguille.booking") / "data" / "waiting.toml"
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    values: dict[str, int] = {name: entry["value"] for name, entry in data.items()}
    return WaitingValues(
        answer=timedelta(minutes=values["answer_minutes"]),
        least_answer=timedelta(minutes=values["least_answer_minutes"]),
        day_begins_minute=values["day_begins_minute"],
        day_ends_minute=values["day_ends_minute"],
        longest_wait=timedelta(days=values["longest_wait_days"]),
        usual_wait=timedelta(days=values["usual_wait_days"]),
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person on the list asks for. Empty collections mean any.

    Weekdays count from 0, Monday. Minutes are those of the site's own clock: the appointment
    begins at `from_minute` or later and is over by `until_minute`. Days are included.
    """

    sites: frozenset[UUID]
    practitioners: tuple[UUID, ...]
    weekdays: frozenset[int]
    from_minute: int
    until_minute: int
    first_day: date
    last_day: date

    def fits(self, *, starts_at: datetime, minutes: int, time_zone: str, site_id: UUID) -> bool:
        """Tell whether an appointment of so many `minutes` at a site is what was asked for."""
        wall = ZoneInfo(time_zone)
        local = starts_at.astimezone(wall)
        end = (in_utc(starts_at) + timedelta(minutes=minutes)).astimezone(wall)
        day = local.date()
        over_at = (end.date() - day).days * MINUTES_A_DAY + _minute(end)
        return (
            (not self.sites or site_id in self.sites)
            and self.first_day <= day <= self.last_day
            and (not self.weekdays or day.weekday() in self.weekdays)
            and self.from_minute <= _minute(local)
            and over_at <= self.until_minute
        )

    def who(self, practitioner_ids: Collection[UUID]) -> tuple[UUID | None, ...]:
        """Return with whom the person would come: None for anybody, nothing where nobody fits."""
        if not self.practitioners:
            return (None,)
        return tuple(one for one in self.practitioners if one in practitioner_ids)


def keeper(offer_id: UUID) -> str:
    """Return under which secret the hold of an offer stands, where a browser has its own."""
    return f"offer {offer_id}"


def deadline_of(
    *,
    at: datetime,
    time_zone: str,
    starts_at: datetime,
    notice: timedelta,
    values: WaitingValues | None = None,
) -> datetime | None:
    """Return until when an offer made at `at` may be answered, or None where that is too soon.

    An offer is never open below the service's notice. The time to answer begins at once by day; by
    night it begins in the morning, so that nobody loses a time asleep.
    """
    values = values or waiting_values()
    begins = _next_daytime(at, time_zone, values)
    latest = in_utc(starts_at) - max(notice, _BEFORE_IT_BEGINS)
    deadline = min(begins + values.answer, latest)
    return deadline if deadline - begins >= values.least_answer else None


def _next_daytime(at: datetime, time_zone: str, values: WaitingValues) -> datetime:
    wall = ZoneInfo(time_zone)
    local = at.astimezone(wall)
    minute = _minute(local)
    if values.day_begins_minute <= minute < values.day_ends_minute:
        return in_utc(at)
    day = local.date() + timedelta(days=minute >= values.day_ends_minute)
    hour, rest = divmod(values.day_begins_minute, 60)
    return in_utc(datetime.combine(day, time(hour, rest), tzinfo=wall))


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute
