"""Slot search over the clinic workload: the engine alone, held against a slow reference."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.courses import Gap, find_course
from aiguille.scheduling.facts import Facts, Resource, WeeklyOpening, opening_bits, window_for
from aiguille.scheduling.search import find_starts
from aiguille.scheduling.services import Need, Phase, Service
from aiguille.scheduling.starts import Row, Starts
from aiguille.scheduling.timeline import bits_of, tick_of
from aiguille.scheduling.wallclock import WallClock
from bench.results import Results, timed
from bench.workload import BUFFER, GRID, SUNDAY, ZONE, Json, Workload, generate

SITE = "site"
# A Monday, so that every run measures the same calendar.
START = date(2026, 3, 2)
# The service searched for: the one of 45 minutes.
MINUTES = 45


@dataclass(frozen=True, slots=True)
class Search:
    """A workload made ready for the engine."""

    calendar: Json
    facts: Facts
    service: Service
    at: datetime
    first: date
    last: date


def measure(results: Results, *, quick: bool) -> None:
    """Measure search_any, search_one, a phased service and a course."""
    sizes = ((5, 28), (20, 28)) if quick else ((5, 28), (20, 28), (20, 84), (100, 28), (100, 84))
    times = 7 if quick else 15
    medians: dict[tuple[int, int], float] = {}
    for people, days in sizes:
        params = {"practitioners": people, "days": days}
        for rooms in (False, True):
            search = ready(people, days, rooms=rooms)
            wrong = differences(search, rooms=rooms)
            results.mark(
                f"search_any is right ({people} practitioners, {days} days"
                f"{', rooms' if rooms else ''})",
                wrong,
                0,
            )
            kind = {**params, "rooms": rooms}
            any_figures = timed(partial(_rows, search), times=times)
            results.add_times("search_any, engine", any_figures, params=kind)
            one = timed(partial(_rows, search, "p0001"), times=times)
            results.add_times("search_one, engine", one, params=kind)
            medians[people, days] = any_figures.median
    _phased(results, times=times, days=28 if quick else 84)
    _course(results, times=times)
    if (400, 84) not in medians and not quick:
        search = ready(400, 84, rooms=True)
        figures = timed(lambda: _any(search).rows(), times=5)
        ratio = figures.median / medians[100, 84]
        results.add_times(
            "search_any, engine",
            figures,
            params={"practitioners": 400, "days": 84, "rooms": True},
            ratio_to={"100 practitioners": ratio},
        )
        results.mark("400 practitioners against 100 (engine)", ratio, 4.5)


def ready(people: int, days: int, *, rooms: bool, phased: bool = False) -> Search:
    """Return a workload as facts, with the service that is searched for."""
    calendar = generate(Workload(people, days, START))
    service = _phased_service() if phased else _service(rooms=rooms)
    first, last = START, START + timedelta(days=days - 1)
    at = datetime.combine(START - timedelta(days=7), time(8), UTC)
    span = window_for(zone=ZONE.key, services=[service], at=at, first_date=first, last_date=last)
    clock = WallClock(ZONE.key, span)
    busy: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for booking in calendar["bookings"]:
        # What is taken already leaves its buffer after it, as what is searched for does.
        held = (
            tick_of(datetime.fromisoformat(booking["utc_s"])),
            tick_of(datetime.fromisoformat(booking["utc_e"]) + timedelta(minutes=BUFFER)),
        )
        busy[f"p{booking['p']:04d}"].append(held)
        busy[f"r{booking['room']:04d}"].append(held)

    def resource(key: str, kind: ResourceKind, hours: list[list[int]]) -> Resource:
        opened = opening_bits(
            clock=clock,
            hours=[
                WeeklyOpening(day, start, end, SITE)
                for day in range(SUNDAY)
                for start, end in hours
            ],
        )
        return Resource(key, kind, frozenset(), opened, bits_of(span, busy[key]))

    people_there = [
        resource(f"p{row['id']:04d}", ResourceKind.PRACTITIONER, row["open"])
        for row in calendar["practitioners"]
    ]
    rooms_there = [
        resource(f"r{row['id']:04d}", ResourceKind.ROOM, [[0, 24 * 60]])
        for row in calendar["rooms"]
    ]
    facts = Facts(clock, GRID, (SITE,), (*people_there, *rooms_there))
    return Search(calendar, facts, service, at, first, last)


def _service(*, rooms: bool) -> Service:
    needs = [Need("doctor", ResourceKind.PRACTITIONER, None, 0, BUFFER)]
    if rooms:
        needs.append(Need("room", ResourceKind.ROOM, None, 0, BUFFER))
    names = frozenset(need.name for need in needs)
    return Service("s", tuple(needs), (Phase(MINUTES, names),))


def _phased_service() -> Service:
    """Return a service that numbs in a room, treats with the doctor, and lets rest in the room."""
    needs = (
        Need("doctor", ResourceKind.PRACTITIONER, None, 0, BUFFER),
        Need("room", ResourceKind.ROOM, None, 0, BUFFER),
    )
    room, both = frozenset({"room"}), frozenset({"room", "doctor"})
    return Service("phased", needs, (Phase(60, room), Phase(30, both), Phase(15, room)))


def _any(search: Search, practitioner: str | None = None) -> Starts:
    return find_starts(
        facts=search.facts,
        service=search.service,
        at=search.at,
        first_date=search.first,
        last_date=search.last,
        practitioner=practitioner,
    )


def _rows(search: Search, practitioner: str | None = None) -> list[Row]:
    return _any(search, practitioner).rows()


def _phased(results: Results, *, times: int, days: int) -> None:
    plain = ready(20, days, rooms=True)
    phased = ready(20, days, rooms=True, phased=True)
    base = timed(lambda: _any(plain).rows(), times=times)
    figures = timed(lambda: _any(phased).rows(), times=times)
    ratio = figures.median / base.median
    results.add_times(
        "search_any, phased service, engine",
        figures,
        params={"practitioners": 20, "days": days},
        ratio_to={"plain service": ratio},
    )
    results.mark("phased service against a plain one (engine)", ratio, 3)


def _course(results: Results, *, times: int) -> None:
    search = ready(20, 200, rooms=True)

    def find() -> None:
        find_course(
            facts=search.facts,
            services=[search.service] * 6,
            gaps=[Gap(28, 35)] * 5,
            at=search.at,
            first_date=search.first,
            last_date=search.last,
            same_practitioner=True,
        )

    figures = timed(find, times=times)
    results.add_times(
        "course of 6, same practitioner, engine",
        figures,
        params={"practitioners": 20, "days": 200, "rooms": True},
    )
    results.mark("course of 6 sessions over 200 days (engine), ms", figures.median, 25)


# --- The slow reference ---------------------------------------------------------------------------


def differences(search: Search, *, rooms: bool) -> int:
    """Return on how many starts the engine and the reference disagree, over a sample of days."""
    days = search.calendar["meta"]["days"]
    sample = random.Random(days).sample(range(days), min(days, 14))
    found = {
        (datetime.fromtimestamp(tick * 300, UTC), who)
        for tick, _site, who in _any(search).named_rows()
    }
    wrong = 0
    for offset in sample:
        day = search.first + timedelta(days=offset)
        expected = set(_slowly(search.calendar, day, rooms=rooms))
        answered = {row for row in found if row[0].astimezone(ZONE).date() == day}
        wrong += len(expected ^ answered)
    return wrong


def _slowly(
    calendar: Json, day: date, *, rooms: bool
) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """Yield each start of a day with its practitioners, by comparing with every booking."""
    if day.weekday() == SUNDAY:
        return
    booked = [b for b in calendar["bookings"] if b["date"] == day.isoformat()]
    for minute in range(0, 24 * 60, GRID):
        end = minute + MINUTES
        taken = [b for b in booked if minute < b["e"] + BUFFER and b["s"] < end + BUFFER]
        if rooms and len({b["room"] for b in taken}) == len(calendar["rooms"]):
            continue
        absent = {b["p"] for b in taken}
        able = tuple(
            f"p{row['id']:04d}"
            for row in calendar["practitioners"]
            if row["id"] not in absent
            and any(opens <= minute and end <= closes for opens, closes in row["open"])
        )
        if able:
            local = datetime.combine(day, time(minute // 60, minute % 60), ZONE)
            yield local.astimezone(UTC), able
