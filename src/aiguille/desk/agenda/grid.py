"""From an agenda's instants to places on a page: minutes from the top of each column."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aiguille.desk.agenda.place import Place
from aiguille.journeys.reads.agenda import (
    GONE,
    Agenda,
    Closed,
    Column,
    Piece,
    Taken,
    TakenBy,
    View,
)
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.intervals import Interval

OPENS, CLOSES = 8, 19
"""The hours that are shown where nothing is open or held."""
SHORT_MINUTES = 25
"""Up to this length a block has room for one line."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a column, in minutes from its top."""

    top: int
    length: int
    starts: datetime
    ends: datetime
    href: str = ""
    words: str = ""
    kind: str = ""
    closed: Closed | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of an appointment: `before` and `after` are its buffers, `lead` from top to start.

    `shade` is the state, or "LATE"; `lane` of `lanes` where two share the time; `is_first` of the
    appointment's pieces on the page. All in minutes.
    """

    piece: Piece
    name: str
    shade: str
    top: int
    length: int
    before: int
    after: int
    lead: int
    lane: int
    lanes: int
    href: str
    starts: datetime
    ends: datetime
    is_first: bool = False

    @property
    def is_short(self) -> bool:
        """Tell whether there is room for one line only."""
        return self.length - self.before - self.after <= SHORT_MINUTES

    @property
    def can_move(self) -> bool:
        """Tell whether the appointment still waits for its patient."""
        return self.piece.appointment.is_ahead


@dataclass(frozen=True, slots=True)
class Hour:
    """A line across, with what the walls show."""

    top: int
    label: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A column with its places; `hours` are its own where they differ from the first column's."""

    column: Column
    title: str
    note: str
    first: datetime
    length: int
    opens: tuple[Bar, ...]
    free: tuple[Bar, ...]
    taken: tuple[Bar, ...]
    closed: tuple[Bar, ...]
    blocks: tuple[Block, ...]
    hours: tuple[Hour, ...]
    own_hours: bool
    now: int | None
    is_today: bool

    @property
    def practitioner(self) -> str:
        """Return the practitioner's key, empty for a room or a device."""
        is_person = self.column.kind is ResourceKind.PRACTITIONER
        return str(self.column.resource_id) if is_person else ""

    @property
    def thing(self) -> str:
        """Return the key of a room or a device, empty for a practitioner."""
        is_person = self.column.kind is ResourceKind.PRACTITIONER
        return "" if is_person else str(self.column.resource_id)


@dataclass(frozen=True, slots=True)
class Grid:
    """All columns, how long the longest is in minutes, and the lines of the first."""

    columns: tuple[Drawn, ...]
    length: int
    hours: tuple[Hour, ...]


def draw(agenda: Agenda, *, place: Place, name_of: Callable[[Piece], str]) -> Grid:
    """Return where everything stands; links come back to `place`."""
    opens, closes = _shown_hours(agenda)
    drawn = []
    seen: set[UUID] = set()
    first_hours: tuple[Hour, ...] = ()
    for column in agenda.columns:
        shown = _instants(column.day, opens, closes, agenda.zone)
        hours = tuple(_hours(shown, agenda.zone))
        first_hours = first_hours or hours
        drawn.append(
            _column(
                column,
                shown=shown,
                hours=hours,
                own_hours=hours != first_hours,
                agenda=agenda,
                place=place,
                name_of=name_of,
                seen=seen,
            )
        )
    return Grid(
        columns=tuple(drawn),
        length=max((column.length for column in drawn), default=0),
        hours=first_hours,
    )


def _column(
    column: Column,
    *,
    shown: Interval,
    hours: tuple[Hour, ...],
    own_hours: bool,
    agenda: Agenda,
    place: Place,
    name_of: Callable[[Piece], str],
    seen: set[UUID],
) -> Drawn:
    zone = agenda.zone

    def bar(period: Interval, *, href: str = "", words: str = "", kind: str = "") -> Bar:
        return Bar(
            top=_minutes(period.start - shown.start),
            length=_minutes(period.duration),
            starts=period.start.astimezone(zone),
            ends=period.end.astimezone(zone),
            href=href,
            words=words,
            kind=kind,
        )

    def within(period: Interval) -> Interval:
        start = min(max(period.start, shown.start), shown.end)
        return Interval(start, max(start, min(period.end, shown.end)))

    return Drawn(
        column=column,
        title=column.name
        if agenda.view is View.DAY
        else date_format(column.day, "D j M").capitalize(),
        note=kind_word(column.kind) if agenda.view is View.DAY else "",
        first=shown.start,
        length=_minutes(shown.duration),
        opens=tuple(bar(within(period)) for period in column.open),
        free=tuple(
            bar(within(period), href=_free_href(column, period, place)) for period in column.free
        ),
        taken=tuple(_taken(one, bar(within(one.period))) for one in column.taken),
        closed=tuple(
            _closed(one, bar(within(one.period)), place)
            for one in column.closed
            if one.period.overlaps(shown)
        ),
        blocks=tuple(_blocks(column.pieces, shown, zone, place, name_of, seen)),
        hours=hours,
        own_hours=own_hours,
        now=_minutes(agenda.at - shown.start) if shown.contains(agenda.at) else None,
        is_today=column.day == agenda.today,
    )


def _blocks(
    pieces: Sequence[Piece],
    shown: Interval,
    zone: ZoneInfo,
    place: Place,
    name_of: Callable[[Piece], str],
    seen: set[UUID],
) -> Iterable[Block]:
    for piece, lane, lanes in _lanes(pieces):
        appointment = piece.appointment
        is_first = appointment.id not in seen
        seen.add(appointment.id)
        yield Block(
            piece=piece,
            name=name_of(piece),
            shade="LATE" if piece.is_late else appointment.state.value,
            top=_minutes(piece.held.start - shown.start),
            length=_minutes(piece.held.duration),
            before=_minutes(piece.core.start - piece.held.start),
            after=_minutes(piece.held.end - piece.core.end),
            lead=_minutes(appointment.starts_at - piece.held.start),
            lane=lane,
            lanes=lanes,
            href=place.link("agenda_card", appointment.id),
            starts=piece.core.start.astimezone(zone),
            ends=piece.core.end.astimezone(zone),
            is_first=is_first,
        )


def _lanes(pieces: Sequence[Piece]) -> Iterable[tuple[Piece, int, int]]:
    """Yield each piece with its lane and how many there are, where pieces share time.

    Only what gave its time back can share it, and stands aside.
    """
    alive = [piece for piece in pieces if piece.appointment.state not in GONE]
    for piece in pieces:
        if piece.appointment.state in GONE:
            others = [p for p in pieces if p is not piece and p.held.overlaps(piece.held)]
            aside = [p for p in others if p.appointment.state in GONE]
            lanes = len(aside) + (2 if len(others) > len(aside) else 1)
            before = sum(_order(p) < _order(piece) for p in aside)
            yield piece, lanes - len(aside) - 1 + before, lanes
        else:
            sharing = any(p not in alive and p.held.overlaps(piece.held) for p in pieces)
            yield piece, 0, 2 if sharing else 1


def _order(piece: Piece) -> tuple[Interval, str]:
    return piece.held, str(piece.appointment.id)


def _taken(one: Taken, bar: Bar) -> Bar:
    words = {
        TakenBy.ONLINE: _("Being booked online"),
        TakenBy.OTHER_SITE: _("At another site"),
        TakenBy.OTHER_CALENDAR: _("Taken in another calendar"),
    }[one.by]
    return Bar(bar.top, bar.length, bar.starts, bar.ends, words=words, kind=one.by.value)


def _closed(one: Closed, bar: Bar, place: Place) -> Bar:
    href = place.link("agenda_closure", one.closure.id) if one.may_open else ""
    words = one.closure.said.in_language(get_language() or "fr") or _("Closed")
    return Bar(bar.top, bar.length, bar.starts, bar.ends, href=href, words=words, closed=one)


def _free_href(column: Column, period: Interval, place: Place) -> str:
    """Return what a click on free time opens: booking with a practitioner, blocking of a thing."""
    start = period.start.astimezone(UTC).isoformat()
    if column.kind is ResourceKind.PRACTITIONER:
        return place.link("agenda_book", start=start, **{"with": column.code})
    if column.may_block:
        return place.link("agenda_block", what=column.code, start=start)
    return ""


def kind_word(kind: ResourceKind) -> str:
    """Return what a resource is, in words."""
    return {
        ResourceKind.PRACTITIONER: _("Practitioner"),
        ResourceKind.ROOM: _("Room"),
        ResourceKind.DEVICE: _("Device"),
    }[kind]


def _shown_hours(agenda: Agenda) -> tuple[int, int]:
    """Return the local hours of the day between which everything of every column lies."""
    opens, closes = [], []
    for column in agenda.columns:
        for period in (
            *column.open,
            *(piece.held for piece in column.pieces),
            *(taken.period for taken in column.taken),
        ):
            start = max(period.start, column.whole.start).astimezone(agenda.zone)
            end = min(period.end, column.whole.end).astimezone(agenda.zone)
            opens.append(start.hour)
            is_next_day = end.date() > column.day
            closes.append(24 if is_next_day else end.hour + (end.minute > 0))
    if not opens:
        return OPENS, CLOSES
    return min(opens), max(closes)


def _instants(day: date, opens: int, closes: int, zone: ZoneInfo) -> Interval:
    """Return the instants between two hours on the wall of a day: one more or less on two days."""
    start = datetime.combine(day, time(opens), tzinfo=zone)
    end = (
        datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
        if closes == 24
        else datetime.combine(day, time(closes), tzinfo=zone)
    )
    return Interval(start, max(start, end))


def _hours(shown: Interval, zone: ZoneInfo) -> Iterable[Hour]:
    """Yield a line for every full hour that the wall shows."""
    instant = shown.start
    while instant < shown.end:
        local = instant.astimezone(zone)
        yield Hour(_minutes(instant - shown.start), f"{local:%H:%M}")
        instant += timedelta(minutes=60 - local.minute)


def _minutes(length: timedelta) -> int:
    return round(length.total_seconds() / 60)


def by_kind(grid: Grid) -> list[tuple[str, int]]:
    """Return the kinds of the columns in order, each with how many columns it has."""
    return [
        (kind_word(kind), len(list(columns)))
        for kind, columns in groupby(grid.columns, key=lambda drawn: drawn.column.kind)
    ]
