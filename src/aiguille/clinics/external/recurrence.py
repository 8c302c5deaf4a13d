"""When an event repeats: the rules of RFC 5545 by day, week, month and year, in wall-clock time.

What calendar programs write is understood; rules within a day and by numbered weeks or days of the
year are not, and say so instead of being guessed. Every walk ends: it stops at the end asked for,
and pays for each step from a purse that the reader of a whole file holds.
"""

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import Any

_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_KNOWN = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
)
_LAST_YEAR = 9990


class NotUnderstood(Exception):
    """The rule is malformed, or of a kind that is not read."""


class Frequency(StrEnum):
    """How often a rule's period comes."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Rule:
    """A repetition; `by_day` pairs a position (0 for every one) with a weekday, Monday 0."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_start: int = 0
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()


def read_rule(parts: Mapping[str, Any], *, start: datetime, zone: tzinfo) -> Rule:
    """Return the rule whose `parts` a calendar file gives, for an event from the wall time `start`.

    Raises:
        NotUnderstood: it is malformed, or of a kind that is not read.
    """
    given = {name.upper(): _listed(value) for name, value in parts.items()}
    # Programs repeat the event's own time here; another one would make several events a day.
    own_time = {"BYHOUR": start.hour, "BYMINUTE": start.minute, "BYSECOND": start.second}
    for name, own in own_time.items():
        if _numbers(given.pop(name, ())) not in {(), (own,)}:
            raise NotUnderstood(name)
    if set(given) - _KNOWN:
        raise NotUnderstood(", ".join(sorted(set(given) - _KNOWN)))
    try:
        frequency = Frequency(str(given["FREQ"][0]).upper())
        rule = Rule(
            frequency=frequency,
            interval=_single(given, "INTERVAL", default=1),
            count=_single(given, "COUNT", default=0) if "COUNT" in given else None,
            until=_until(given["UNTIL"][0], zone) if "UNTIL" in given else None,
            week_start=_WEEKDAYS[str(given.get("WKST", ["MO"])[0]).upper()],
            by_day=tuple(_day(value) for value in given.get("BYDAY", ())),
            by_month_day=_numbers(given.get("BYMONTHDAY", ())),
            by_month=_numbers(given.get("BYMONTH", ())),
            by_set_position=_numbers(given.get("BYSETPOS", ())),
        )
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise NotUnderstood(str(error)) from error
    _check(rule)
    return _completed(rule, start)


def occurrences(
    rule: Rule,
    *,
    start: datetime,
    first: datetime,
    end: datetime,
    pay: Callable[[int], None],
) -> Iterator[datetime]:
    """Yield the wall times at which the event starts, in order, from `first` up to `end` (naive).

    `pay` is called with the steps that are taken; it may raise to stop the walk.
    """
    found = 0
    index = 0 if rule.count is not None else _periods_before(rule, start, first)
    last = min(end, rule.until or end)
    while True:
        days = _period(rule, start, index)
        if days is None or days[0] > last.date():
            return
        pay(len(days))
        for day in _chosen(rule, days):
            wall = datetime.combine(day, start.time())
            if wall < start:
                continue
            found += 1
            if wall > last or (rule.count is not None and found > rule.count):
                return
            if first <= wall < end:
                yield wall
        index += 1


def _period(rule: Rule, start: datetime, index: int) -> list[date] | None:
    """Return the days of the rule's period with that index, in order; None after the last year."""
    step = index * rule.interval
    day = start.date()
    if rule.frequency is Frequency.DAILY or rule.frequency is Frequency.WEEKLY:
        weekly = rule.frequency is Frequency.WEEKLY
        back = (day.weekday() - rule.week_start) % 7 if weekly else 0
        ordinal = day.toordinal() - back + step * (7 if weekly else 1)
        if ordinal > date(_LAST_YEAR, 12, 31).toordinal():
            return None
        # The first week of all may begin before the calendar does.
        return [date.fromordinal(max(1, ordinal + n)) for n in range(7 if weekly else 1)]
    if rule.frequency is Frequency.MONTHLY:
        year, month = divmod(day.year * 12 + day.month - 1 + step, 12)
        return None if year > _LAST_YEAR else _days_of(year, month + 1)
    year = day.year + step
    if year > _LAST_YEAR:
        return None
    months = sorted(set(rule.by_month)) or range(1, 13)
    return [each for month in months for each in _days_of(year, month)]


def _chosen(rule: Rule, days: Sequence[date]) -> list[date]:
    """Return the days of one period on which the event takes place."""
    chosen = [
        day
        for day in days
        if (not rule.by_month or day.month in rule.by_month)
        and (not rule.by_month_day or _is_month_day(day, rule.by_month_day))
        and (not rule.by_day or _is_day(day, rule))
    ]
    if not rule.by_set_position:
        return chosen
    places = {n - 1 if n > 0 else len(chosen) + n for n in rule.by_set_position}
    return [day for place, day in enumerate(chosen) if place in places]


def _is_month_day(day: date, wanted: Sequence[int]) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    return day.day in wanted or day.day - length - 1 in wanted


def _is_day(day: date, rule: Rule) -> bool:
    return any(
        weekday == day.weekday() and (not place or place in _places(day, rule))
        for place, weekday in rule.by_day
    )


def _places(day: date, rule: Rule) -> tuple[int, int]:
    """Return which of its weekday the day is, from the start and from the end of what is counted.

    That is the month, or the year where a yearly rule names no month.
    """
    if rule.frequency is Frequency.YEARLY and not rule.by_month:
        number, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
    else:
        number, length = day.day, calendar.monthrange(day.year, day.month)[1]
    return (number - 1) // 7 + 1, -((length - number) // 7 + 1)


def _periods_before(rule: Rule, start: datetime, first: datetime) -> int:
    """Return how many periods may be passed over: they end before `first`."""
    days = (first - start).days
    years = first.year - start.year
    passed = {
        Frequency.DAILY: days,
        Frequency.WEEKLY: days // 7,
        Frequency.MONTHLY: years * 12 + first.month - start.month,
        Frequency.YEARLY: years,
    }[rule.frequency]
    return max(0, passed // rule.interval - 1)


def _days_of(year: int, month: int) -> list[date]:
    length = calendar.monthrange(year, month)[1]
    return [date(year, month, number) for number in range(1, length + 1)]


def _completed(rule: Rule, start: datetime) -> Rule:
    """Return the rule with what the event's own start says where the rule says nothing."""
    if rule.by_day or rule.by_month_day or rule.frequency is Frequency.DAILY:
        return rule
    own: dict[str, Any] = {}
    if rule.frequency is Frequency.WEEKLY:
        own["by_day"] = ((0, start.weekday()),)
    else:
        own["by_month_day"] = (start.day,)
        if rule.frequency is Frequency.YEARLY and not rule.by_month:
            own["by_month"] = (start.month,)
    values = {name: getattr(rule, name) for name in rule.__slots__}
    return Rule(**values | own)


def _check(rule: Rule) -> None:
    is_short = rule.frequency in {Frequency.DAILY, Frequency.WEEKLY}
    sound = (
        rule.interval > 0
        and (rule.count is None or rule.count > 0)
        and all(1 <= month <= 12 for month in rule.by_month)
        and all(1 <= abs(number) <= 31 for number in rule.by_month_day)
        and all(1 <= abs(place) <= 366 for place in rule.by_set_position)
        # A numbered weekday means nothing within a day or a week, nor a day of the month in a week.
        and not (is_short and any(place for place, _ in rule.by_day))
        and not (rule.frequency is Frequency.WEEKLY and rule.by_month_day)
    )
    if not sound:
        raise NotUnderstood("a value out of its range")


def _until(value: object, zone: tzinfo) -> datetime:
    """Return the last wall time: an instant is read on the event's walls, a date to its end."""
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, time.max)
    raise NotUnderstood("UNTIL")


def _day(value: object) -> tuple[int, int]:
    text = str(value).upper()
    place = int(text[:-2]) if len(text) > 2 else 0
    if len(text) > 2 and not 1 <= abs(place) <= 53:
        raise NotUnderstood("BYDAY")
    return place, _WEEKDAYS[text[-2:]]


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [value]


def _numbers(values: Sequence[Any]) -> tuple[int, ...]:
    try:
        return tuple(int(value) for value in values)
    except (TypeError, ValueError) as error:
        raise NotUnderstood("not a number") from error


def _single(given: Mapping[str, Sequence[Any]], name: str, *, default: int) -> int:
    return int(given[name][0]) if name in given else default
