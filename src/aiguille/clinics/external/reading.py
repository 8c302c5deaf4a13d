"""From a calendar file to busy time: stretches of instants, and nothing else of it.

Titles, descriptions, places and people are thrown away line by line before anything reads the file.
Times without a zone, and whole days, are read on the walls of the zone given.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, TypeAlias

from icalendar import Calendar, Component

from aiguille.clinics.external.recurrence import NotUnderstood, Rule, occurrences, read_rule

MOST_EVENTS = 5_000
MOST_STEPS = 400_000
MOST_STRETCHES = 10_000

Stretch: TypeAlias = tuple[datetime, datetime]

_WANTED = frozenset(
    "BEGIN END UID DTSTART DTEND DURATION RRULE RDATE EXDATE EXRULE RECURRENCE-ID STATUS TRANSP"
    " FREEBUSY TZID TZOFFSETFROM TZOFFSETTO VERSION METHOD".split()
)
_SKIPPED = frozenset({"VALARM", "VTODO", "VJOURNAL"})
_DAY = timedelta(days=1)
# What icalendar and dates raise for a property that is malformed.
_MALFORMED = (ValueError, TypeError, AttributeError, OverflowError, LookupError, NotUnderstood)
_DATED = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID"})
_REACHING = frozenset({"RRULE", "RDATE", "DURATION"})


class NotACalendar(Exception):
    """The content is no whole calendar file (RFC 5545)."""


class TooMuch(Exception):
    """The calendar holds more than is read."""


@dataclass(frozen=True, slots=True)
class BusyTime:
    """When somebody is taken: stretches in order that neither touch nor overlap.

    `not_understood` counts events whose repetition or times could not be read; the first time of an
    event is there where that much is clear.
    """

    stretches: tuple[Stretch, ...]
    not_understood: int


def read_busy_time(content: bytes, *, zone: tzinfo, first: datetime, end: datetime) -> BusyTime:
    """Return the busy time from `first` up to `end` that a calendar file tells.

    Raises:
        NotACalendar: it is none, or it is cut.
        TooMuch: it has more events or repetitions than are read.
    """
    reader = _Reader(zone=zone, first=first.astimezone(UTC), end=end.astimezone(UTC))
    for file in _parsed(content, since=reader.first - 2 * _DAY):
        reader.read(file)
    stretches = tuple(_merged(reader.found))
    if len(stretches) > MOST_STRETCHES:
        raise TooMuch
    return BusyTime(stretches, reader.not_understood)


def _parsed(content: bytes, *, since: datetime) -> list[Component]:
    text = content.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    lines = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "").split("\n")
    if lines[0].strip().upper() != "BEGIN:VCALENDAR" or (
        lines[-1].strip().upper() != "END:VCALENDAR"
    ):
        raise NotACalendar
    kept = "\r\n".join(_without_past(_wanted(lines), f"{since:%Y%m%d}"))
    try:
        files = Calendar.from_ical(kept, multiple=True)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise NotACalendar from error
    if not files or any(file.name != "VCALENDAR" for file in files):
        raise NotACalendar
    if sum(len(file.subcomponents) for file in files) > MOST_EVENTS:
        raise TooMuch
    return list(files)


def _wanted(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that tell times; what is between the others is never looked at."""
    skipping = ""
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.partition(";")[0].strip().upper(), value.strip().upper()
        if skipping:
            if name == "END" and value == skipping:
                skipping = ""
        elif name == "BEGIN" and value in _SKIPPED:
            skipping = value
        elif name in _WANTED:
            yield line.rstrip()


def _without_past(lines: Iterable[str], since: str) -> Iterator[str]:
    """Yield the lines without the events that are over: calendars keep years of them.

    An event is over when no date in it is as late as `since` (YYYYMMDD) and nothing reaches beyond
    its dates.
    """
    event: list[str] = []
    for line in lines:
        is_begin = line.upper() == "BEGIN:VEVENT"
        if not event and not is_begin:
            yield line
            continue
        event.append(line)
        if line.upper() == "END:VEVENT":
            if not _is_over(event, since):
                yield from event
            event = []
    yield from event


def _is_over(event: Iterable[str], since: str) -> bool:
    latest = ""
    for line in event:
        name, _, value = line.partition(":")
        name = name.partition(";")[0].strip().upper()
        if name in _REACHING:
            return False
        if name in _DATED:
            day = value.strip()[:8]
            if not day.isdigit():
                return False
            latest = max(latest, day)
    return bool(latest) and latest < since


@dataclass(slots=True)
class _Event:
    """A component with its start on the walls of its zone, and how long it takes.

    Whole days have a `length` in days on the walls; other events in exact time.
    """

    component: Component
    start: datetime
    zone: tzinfo
    is_whole_days: bool
    length: timedelta

    def stretch(self, wall: datetime, length: timedelta | None = None) -> Stretch:
        """Return the instants of the occurrence that starts at `wall`."""
        begin = _instant(wall, self.zone)
        if self.is_whole_days:
            return begin, _instant(wall + self.length, self.zone)
        return begin, begin + (self.length if length is None else length)

    @property
    def is_busy(self) -> bool:
        """Tell whether the event takes its time."""
        status = str(self.component.get("STATUS", "")).upper()
        shown = str(self.component.get("TRANSP", "")).upper()
        return status != "CANCELLED" and shown != "TRANSPARENT"


class _Reader:
    def __init__(self, *, zone: tzinfo, first: datetime, end: datetime) -> None:
        self.zone, self.first, self.end = zone, first, end
        self.found: list[Stretch] = []
        self.not_understood = 0
        self._steps = 0

    def read(self, file: Component) -> None:
        if str(file.get("METHOD", "")).upper() == "CANCEL":
            return
        events: dict[str, list[Component]] = defaultdict(list)
        for number, component in enumerate(file.subcomponents):
            if component.name == "VEVENT":
                events[str(component.get("UID", number))].append(component)
            elif component.name == "VFREEBUSY":
                self._read_free_busy(component)
        for components in events.values():
            self._read_event(components)

    def _pay(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise TooMuch

    def _add(self, stretch: Stretch) -> None:
        self._pay(1)
        if stretch[0] < stretch[1] and stretch[0] < self.end and stretch[1] > self.first:
            self.found.append(stretch)

    def _read_free_busy(self, component: Component) -> None:
        for period in _listed(component.get("FREEBUSY")):
            kind = str(getattr(period, "params", {}).get("FBTYPE", "BUSY")).upper()
            if kind == "FREE":
                continue
            try:
                self._add((self._instant_of(period.start), self._instant_of(period.end)))
            except _MALFORMED:
                self.not_understood += 1

    def _read_event(self, components: list[Component]) -> None:
        """Read an event with the occurrences of it that were changed one by one."""
        whole, changed = [], []
        replaced: set[datetime] = set()
        for component in components:
            try:
                event = self._event(component)
                if "RECURRENCE-ID" not in component:
                    whole.append(event)
                    continue
                changed.append(event)
                if "RANGE" in _property(component, "RECURRENCE-ID").params:
                    self.not_understood += 1
                replaced.add(self._instant_of(_value(component, "RECURRENCE-ID")))
            except _MALFORMED:
                self.not_understood += 1
        for event in whole:
            if event.is_busy:
                self._read_occurrences(event, replaced)
        for event in changed:
            if event.is_busy:
                self._add_occurrence(event, event.start)

    def _read_occurrences(self, event: _Event, replaced: set[datetime]) -> None:
        left_out: set[datetime] = set()
        left_out_days: set[date] = set()
        walls: dict[datetime, timedelta | None] = {event.start: None}
        try:
            left_out, left_out_days = self._excluded(event)
            walls |= self._dates(event)
            for rule in self._rules(event):
                for wall in self._walls(event, rule):
                    walls.setdefault(wall, None)
        except _MALFORMED:
            self.not_understood += 1
        besides = left_out | replaced
        for wall, length in walls.items():
            if wall.date() not in left_out_days:
                self._add_occurrence(event, wall, length, besides=besides)

    def _add_occurrence(
        self,
        event: _Event,
        wall: datetime,
        length: timedelta | None = None,
        *,
        besides: Collection[datetime] = (),
    ) -> None:
        try:
            stretch = event.stretch(wall, length)
        except (ValueError, OverflowError):
            return  # beyond the end of the calendar
        if stretch[0] not in besides:
            self._add(stretch)

    def _walls(self, event: _Event, rule: Rule) -> Iterator[datetime]:
        # A wall is at most a day from UTC; the longest event reaches back by its own length.
        first = (self.first - event.length - _DAY).replace(tzinfo=None)
        last = (self.end + _DAY).replace(tzinfo=None)
        return occurrences(rule, start=event.start, first=first, end=last, pay=self._pay)

    def _rules(self, event: _Event) -> Iterator[Rule]:
        if "EXRULE" in event.component:
            raise NotUnderstood("EXRULE")
        for parts in _listed(event.component.get("RRULE")):
            yield read_rule(dict(parts), start=event.start, zone=event.zone)

    def _dates(self, event: _Event) -> dict[datetime, timedelta | None]:
        found: dict[datetime, timedelta | None] = {}
        for value in _dates_in(event.component.get("RDATE")):
            if isinstance(value, tuple):
                begin, end = value
                length = end if isinstance(end, timedelta) else _exact(end, begin)
                found[self._wall_of(begin, event)] = length
            else:
                found[self._wall_of(value, event)] = None
        return found

    def _excluded(self, event: _Event) -> tuple[set[datetime], set[date]]:
        instants: set[datetime] = set()
        days: set[date] = set()
        for value in _dates_in(event.component.get("EXDATE")):
            if isinstance(value, datetime):
                instants.add(_instant(self._wall_of(value, event), event.zone))
            elif isinstance(value, date):
                days.add(value)
        return instants, days

    def _event(self, component: Component) -> _Event:
        start, end = _value(component, "DTSTART"), _value(component, "DTEND")
        length = _value(component, "DURATION") or timedelta()
        if not isinstance(start, date):
            raise NotUnderstood("DTSTART")
        if not isinstance(length, timedelta):
            raise NotUnderstood("DURATION")
        if isinstance(start, datetime):
            if end is not None:
                length = self._instant_of(end) - self._instant_of(start)
            return _Event(
                component,
                start=start.replace(tzinfo=None),
                zone=start.tzinfo or self.zone,
                is_whole_days=False,
                length=length,
            )
        if end is not None:
            length = (end.date() if isinstance(end, datetime) else end) - start
        return _Event(
            component,
            start=datetime.combine(start, time()),  # on the walls of the calendar's zone
            zone=self.zone,
            is_whole_days=True,
            length=length or _DAY,
        )

    def _wall_of(self, value: date, event: _Event) -> datetime:
        """Return a date or an instant on the walls of the event's zone."""
        if not isinstance(value, datetime):
            return datetime.combine(value, event.start.time())
        if value.tzinfo is None:
            return value
        return value.astimezone(event.zone).replace(tzinfo=None)

    def _instant_of(self, value: date) -> datetime:
        if not isinstance(value, datetime):
            value = datetime.combine(value, time())
        return value.astimezone(UTC) if value.tzinfo else _instant(value, self.zone)


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    # A wall time that a clock change skips is read with the offset before it (RFC 5545, 3.3.5).
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _exact(end: datetime, begin: datetime) -> timedelta:
    return end.astimezone(UTC) - begin.astimezone(UTC)


def _property(component: Component, name: str) -> Any:
    """Return a property as icalendar gives it, or None."""
    return component.get(name)


def _value(component: Component, name: str) -> Any:
    """Return the date, instant or duration that a property holds, or None without the property.

    Raises:
        AttributeError: the property is malformed.
    """
    found = _property(component, name)
    return None if found is None else found.dt


def _dates_in(value: Any) -> Iterator[Any]:
    for listed in _listed(value):
        for each in listed.dts:
            yield each.dt


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    begin: datetime | None = None
    until = begin
    for start, end in sorted(stretches):
        if until is not None and begin is not None and start <= until:
            until = max(until, end)
            continue
        if begin is not None and until is not None:
            yield begin, until
        begin, until = start, end
    if begin is not None and until is not None:
        yield begin, until
