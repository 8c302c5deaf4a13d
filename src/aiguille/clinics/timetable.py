"""Reading the set-up as its pages show it: who and what there is, when it is open, what is closed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q

from aiguille.clinics.changing import digest_of, found
from aiguille.clinics.closed import said_of
from aiguille.clinics.models import MINUTES_PER_DAY, Closure, ExtraOpening, Resource
from aiguille.clinics.openings import WITHOUT_END
from aiguille.clinics.people_and_things import resource_state
from aiguille.clinics.queries import ResourceHours, WeeklyOpening
from aiguille.clinics.weekly_hours import hours_state, stored_hours
from aiguille.clinics.weeks import for_engine
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.text import Text
from aiguille.scheduling import facts as engine
from aiguille.scheduling.timeline import TICK_MINUTES, lowest
from aiguille.scheduling.wallclock import WallClock, date_of, day_of, wall_of

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times have no zone


@dataclass(frozen=True, slots=True)
class ResourceState:
    """A practitioner, a room or a device, active or not; `mark` changes with what may be edited."""

    id: UUID
    code: str
    kind: ResourceKind
    name: str
    title: str
    site_id: UUID | None
    user_id: UUID | None
    skills: tuple[str, ...]
    is_active: bool
    mark: str

    @property
    def full_name(self) -> str:
        """Return the title and the name."""
        return f"{self.title} {self.name}".strip()

    @property
    def is_practitioner(self) -> bool:
        """Tell whether this is a person."""
        return self.kind is ResourceKind.PRACTITIONER


@dataclass(frozen=True, slots=True)
class ClosureView:
    """A leave or a closure, on the wall clock: of a resource, of a site, or of one at the other."""

    id: UUID
    resource_id: UUID | None
    site_id: UUID | None
    start: datetime
    end: datetime
    reason: str
    holiday: str
    said: Text

    @property
    def is_whole_days(self) -> bool:
        """Tell whether it begins and ends at midnight."""
        return self.start.time() == self.end.time() == time()

    @property
    def last_day(self) -> date:
        """Return the last date on which something is closed."""
        return (self.end - timedelta(minutes=1)).date()

    @property
    def is_without_end(self) -> bool:
        """Tell whether nobody comes back."""
        return self.end.date() >= WITHOUT_END


@dataclass(frozen=True, slots=True)
class ExtraView:
    """An opening on one date."""

    id: UUID
    resource_id: UUID
    site_id: UUID
    day: date
    from_minute: int
    until_minute: int


@dataclass(frozen=True, slots=True, order=True)
class OpenStretch:
    """A time of one date at which a resource is open at a site, closures left out."""

    day: date
    from_minute: int
    until_minute: int
    site_id: UUID


def list_resources() -> list[ResourceState]:
    """Return every practitioner, room and device, also those withdrawn, by name (one query)."""
    return [_state(row) for row in Resource.objects.order_by("name", "code")]


def get_resource(resource_id: UUID) -> ResourceState:
    """Return a resource, also one withdrawn (one query).

    Raises:
        NotVisible: there is none.
    """
    return _state(found(Resource.objects.filter(id=resource_id).first()))


def resource_of_user(user_id: UUID) -> ResourceState | None:
    """Return the practitioner that a login is, or None (one query)."""
    row = Resource.objects.filter(user_id=user_id).first()
    return _state(row) if row else None


def weekly_hours(resource_id: UUID) -> list[WeeklyOpening]:
    """Return a resource's weekly hours of all dates, by weekday and time (one query)."""
    return stored_hours(resource_id)


def mark_of_hours(resource_id: UUID) -> str:
    """Return what `set_weekly_hours` compares with (one query)."""
    return digest_of(hours_state(resource_id))


def closures_of_resource(resource_id: UUID, *, from_day: date) -> list[ClosureView]:
    """Return a resource's own leave and closures that end on `from_day` or later (one query)."""
    return _closures(Q(resource_id=resource_id), from_day)


def closures_of_site(site_id: UUID, *, from_day: date) -> list[ClosureView]:
    """Return the closures of a whole site that end on `from_day` or later (one query)."""
    return _closures(Q(site_id=site_id, resource=None), from_day)


def get_closure(closure_id: UUID) -> ClosureView:
    """Return a closure (one query).

    Raises:
        NotVisible: there is none.
    """
    return _closure(found(Closure.objects.filter(id=closure_id).first()))


def extra_openings(resource_id: UUID, *, from_day: date) -> list[ExtraView]:
    """Return a resource's extra openings from a date on, in order (one query)."""
    rows = ExtraOpening.objects.filter(resource_id=resource_id, date__gte=from_day)
    return [_extra(row) for row in rows.order_by("date", "from_minute", "id")]


def get_extra(extra_id: UUID) -> ExtraView:
    """Return an extra opening (one query).

    Raises:
        NotVisible: there is none.
    """
    return _extra(found(ExtraOpening.objects.filter(id=extra_id).first()))


def open_bits(
    clock: WallClock, hours: ResourceHours, site_id: UUID, *, also_closed: int = 0
) -> int:
    """Return the ticks at which a resource is open at a site by the clinic's own set-up.

    What an external calendar says is left out: it keeps new appointments away and says nothing of
    the clinic's hours. Whoever wants it gives its ticks as `also_closed`.
    """
    site = str(site_id)
    weekly, dated = for_engine(hours.weekly, site_id=site_id, span=clock.span)
    closed = also_closed | engine.closed_bits(
        clock,
        (
            engine.Closure(wall_of(closure.start), wall_of(closure.end))
            for closure in hours.closures
            if closure.site_id in {None, site_id}
        ),
    )
    return engine.opening_bits(
        clock=clock,
        hours=weekly,
        extra=[
            *dated,
            *(
                engine.DatedOpening(day_of(o.on), o.from_minute, o.until_minute, site)
                for o in hours.extra
                if o.site_id == site_id
            ),
        ],
        closed=closed,
    ).get(site, 0)


def open_stretches(
    hours: ResourceHours, *, zones: Mapping[UUID, str], first_day: date, last_day: date
) -> list[OpenStretch]:
    """Return when a resource is really open on these dates, at each site of `zones`, in order."""
    stretches: list[OpenStretch] = []
    for site_id in {o.site_id for o in hours.weekly} | {o.site_id for o in hours.extra}:
        if site_id not in zones:
            continue
        span = engine.dates_span(zone=zones[site_id], first_date=first_day, last_date=last_day)
        clock = WallClock(zones[site_id], span)
        for day, bits in clock.by_day(open_bits(clock, hours, site_id)):
            on = date_of(day.day)
            stretches += [
                OpenStretch(on, *_shown(clock, on, day.first + start, day.first + end), site_id)
                for start, end in _runs(bits)
            ]
    return sorted(stretches)


def _runs(bits: int) -> Iterable[tuple[int, int]]:
    """Yield each run of ones, as first and end."""
    place = 0
    while bits:
        skipped = lowest(bits)
        bits >>= skipped
        length = lowest(~bits)
        yield place + skipped, place + skipped + length
        bits >>= length
        place += skipped + length


def _shown(clock: WallClock, on: date, first: int, end: int) -> tuple[int, int]:
    """Return what the wall shows at the beginning and at the end of a run, as minutes of the day."""
    begins = _minute(clock, on, first)
    ends = _minute(clock, on, end - 1) + TICK_MINUTES
    return begins, min(ends, MINUTES_PER_DAY)


def _minute(clock: WallClock, on: date, tick: int) -> int:
    reading, _offset = clock.shown_at(tick)
    return (reading - _EPOCH) // timedelta(minutes=1) - day_of(on) * MINUTES_PER_DAY


def _closures(of: Q, from_day: date) -> list[ClosureView]:
    rows = Closure.objects.filter(
        of, Q(until_date__gt=from_day) | Q(until_date=from_day, until_minute__gt=0)
    )
    return [_closure(row) for row in rows.order_by("from_date", "from_minute", "id")]


def _closure(row: Closure) -> ClosureView:
    return ClosureView(
        id=row.id,
        resource_id=row.resource_id,
        site_id=row.site_id,
        start=_wall(row.from_date, row.from_minute),
        end=_wall(row.until_date, row.until_minute),
        reason=row.reason,
        holiday=row.holiday,
        said=said_of(row),
    )


def _wall(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def _extra(row: ExtraOpening) -> ExtraView:
    return ExtraView(
        id=row.id,
        resource_id=row.resource_id,
        site_id=row.site_id,
        day=row.date,
        from_minute=row.from_minute,
        until_minute=row.until_minute,
    )


def _state(row: Resource) -> ResourceState:
    return ResourceState(
        id=row.id,
        code=row.code,
        kind=ResourceKind(row.kind),
        name=row.name,
        title=row.title,
        site_id=row.site_id,
        user_id=row.user_id,
        skills=tuple(row.skills),
        is_active=row.is_active,
        mark=digest_of(resource_state(row)),
    )
