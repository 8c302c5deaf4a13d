"""Slot search over the clinic workload, in process, with everything it asks of the database.

Every answer is first compared with a slow reference (`reference.py`). `sets` are the exact answer
as starts with sets of practitioners, `objects` the full list as pages receive it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from aiguille.scheduling.courses import Gap, find_course
from bench import clinic, database, floors
from bench.reference import slow_starts
from bench.results import Figures, Results, timed
from bench.workload import Json, Workload, generate

# A Monday, so that every run measures the same calendar.
START = date(2026, 3, 2)
DAYS = 84
COURSE_DAYS = 200
COURSE_PEOPLE = 20
SIZES, QUICK_SIZES = (5, 20, 100, 400), (5, 20)
HORIZONS, QUICK_HORIZONS = (7, 28, DAYS), (7, 28)
# Days of a calendar that are compared with the reference, whatever its size.
COMPARED = 10
TURNS = 4


@dataclass(frozen=True, slots=True)
class Clinic:
    """A workload in the database in use, with the keys of its people and services."""

    calendar: Json
    keys: clinic.Keys
    at: datetime
    numbers: dict[UUID, int]


def open_clinic(people: int, *, days: int = DAYS, past: int = 0) -> Clinic:
    """Let Django use the database of a workload, made where it is not there yet."""
    calendar = generate(Workload(people, days, START))
    database.use(f"p{people}_d{days}_past{past}", partial(clinic.fill, calendar, past=past))
    keys = clinic.read_keys()
    numbers = {key: number for number, key in keys.practitioners.items()}
    return Clinic(calendar, keys, clinic.asked_at(START), numbers)


def measure(results: Results, *, quick: bool) -> None:
    """Measure search_any, search_one, a phased service, a course, and hold them to their marks."""
    sizes, horizons = (QUICK_SIZES, QUICK_HORIZONS) if quick else (SIZES, HORIZONS)
    times = 9 if quick else 25
    medians: dict[tuple[int, int], float] = {}
    for people in sizes:
        place = open_clinic(people)
        for days in horizons:
            for service in (clinic.ROOMLESS, clinic.CONSULT):
                median = _measure_any_and_one(results, place, people, days, service, times=times)
            medians[people, days] = median  # with rooms
        _phased(
            results, place, people, horizons[-1], times=times, base=medians[people, horizons[-1]]
        )
    most, days = sizes[-1], horizons[-1]
    if not quick:
        results.mark(
            "search_any, 400 practitioners against 100, 84 days",
            medians[most, days] / medians[100, days],
            4.5,
        )
    _course(results, times=times)


def sets(place: Clinic, service: str, days: int, practitioner: int | None = None) -> list[Any]:
    """Return the exact answer: each start's tick, site and set of practitioners."""
    return [row for starts in _found(place, service, days, practitioner) for row in starts.rows()]


def _found(place: Clinic, service: str, days: int, practitioner: int | None) -> list[Any]:
    from aiguille.booking import facts
    from aiguille.scheduling.search import find_starts

    who = place.keys.practitioners[practitioner] if practitioner else None
    calendar = facts.calendar_of(place.keys.services[service])
    last = START + timedelta(days=days - 1)
    zones = facts.facts_for_dates(
        calendar,
        at=place.at,
        first_date=START,
        last_date=last,
        site_id=None,
        ignored=facts.Ignored(),
        practitioner_id=who,
    )
    return [
        find_starts(
            facts=zone,
            service=calendar.engine_service,
            at=place.at,
            first_date=START,
            last_date=last,
            practitioner=str(who) if who else None,
        )
        for zone in zones
    ]


def objects(place: Clinic, service: str, days: int, practitioner: int | None = None) -> list[Any]:
    """Return the full list of starts, as pages receive it."""
    from aiguille.booking.queries import free_starts

    return free_starts(
        service_id=place.keys.services[service],
        first_day=START,
        last_day=START + timedelta(days=days - 1),
        at=place.at,
        practitioner_id=place.keys.practitioners[practitioner] if practitioner else None,
    )


def differences(place: Clinic, service: str, days: int, *, rooms: bool) -> int:
    """Return on how many starts our answers and the reference disagree, over a sample of days."""
    sample = random.Random(days).sample(range(days), min(days, COMPARED))
    listed = {
        (start.starts_at, frozenset(place.numbers[key] for key in start.practitioner_ids))
        for start in objects(place, service, days)
    }
    keys = {str(key): number for key, number in place.numbers.items()}
    named = {
        (
            datetime.fromtimestamp(tick * 300, tz=place.at.tzinfo),
            frozenset(keys[name] for name in who),
        )
        for starts in _found(place, service, days, None)
        for tick, _site, who in starts.named_rows()
    }
    one = {start.starts_at for start in objects(place, service, days, 1)}
    wrong = len(listed ^ named)
    for offset in sample:
        day = START + timedelta(days=offset)
        expected = slow_starts(place.calendar, day, rooms=rooms)
        wrong += len(expected ^ {row for row in listed if _is_on(row[0], day)})
        own = {instant for instant, who in expected if 1 in who}
        wrong += len(own ^ {instant for instant in one if _is_on(instant, day)})
    return wrong


def _is_on(instant: datetime, day: date) -> bool:
    from bench.workload import ZONE

    return instant.astimezone(ZONE).date() == day


def _measure_any_and_one(
    results: Results, place: Clinic, people: int, days: int, service: str, *, times: int
) -> float:
    """Measure one size and return the median of search_any as sets."""
    rooms = service != clinic.ROOMLESS
    params = {"practitioners": people, "days": days, "rooms": rooms}
    said = f"{people} practitioners, {days} days{', rooms' if rooms else ''}"
    results.mark(f"search is right, {said}", differences(place, service, days, rooms=rooms), 0)

    def time(act: Callable[..., list[Any]], practitioner: int | None = None) -> Figures:
        return timed(lambda: act(place, service, days, practitioner), times=times, warm_up=2)

    found, listed = time(sets), time(objects)
    if not rooms:
        results.add_times("search_any, sets", found, params=params)
    else:
        read = floors.busy_rows(place.keys.practitioners.values(), START, days, times=times)
        ratios = {name: found.median / figures.median for name, figures in read.items()}
        for name, figures in read.items():
            results.add_times(f"floor: busy rows through {name}", figures, params=params)
        results.add_times("search_any, sets", found, params=params, ratio_to=ratios)
        if (people, days) == (100, DAYS):
            btree = read["covering btree"].median
            results.mark("search_any as sets against reading busy rows", found.median / btree, 0.15)
            results.mark(
                "search_any as objects against reading busy rows", listed.median / btree, 0.4
            )
    results.add_times("search_any, objects", listed, params=params)
    one = time(sets, 1)
    results.add_times("search_one, sets", one, params=params)
    if (people, days) == (100, DAYS):
        mark = 6 if rooms else 2
        results.mark(
            f"search_one, 84 days{', 80 rooms planned' if rooms else ''}, ms", one.median, mark
        )
    return found.median


def _phased(
    results: Results, place: Clinic, people: int, days: int, *, times: int, base: float
) -> None:
    figures = timed(lambda: sets(place, clinic.PHASED, days), times=times, warm_up=2)
    ratio = figures.median / base
    params = {"practitioners": people, "days": days}
    results.add_times("search_any, phased, sets", figures, params=params, ratio_to={"plain": ratio})
    if people >= 20:
        results.mark(f"phased service against a plain one, {people} practitioners", ratio, 3)


def _course(results: Results, *, times: int) -> None:
    """Find the earliest chain of six sessions, four to five weeks apart, with one practitioner."""
    place = open_clinic(COURSE_PEOPLE, days=COURSE_DAYS)
    from aiguille.booking import facts

    last = START + timedelta(days=COURSE_DAYS - 1)

    def find() -> object:
        calendar = facts.calendar_of(place.keys.services[clinic.CONSULT])
        (zone,) = facts.facts_for_dates(
            calendar,
            at=place.at,
            first_date=START,
            last_date=last,
            site_id=None,
            ignored=facts.Ignored(),
        )
        return find_course(
            facts=zone,
            services=[calendar.engine_service] * 6,
            gaps=[Gap(28, 35)] * 5,
            at=place.at,
            first_date=START,
            last_date=last,
            same_practitioner=True,
        )

    if find() is None:
        raise RuntimeError("there is no course in the calendar")
    figures = timed(find, times=times, warm_up=2)
    params = {"practitioners": COURSE_PEOPLE, "days": COURSE_DAYS, "rooms": True}
    results.add_times("course of 6, same practitioner", figures, params=params)
    results.mark("course of 6 sessions over 200 days, same practitioner, ms", figures.median, 25)


def measure_growth(results: Results, *, quick: bool, full: bool) -> None:
    """Measure search_any with ten times as many past appointments, and ten times again."""
    people = 20 if quick else 100
    pasts = [10_000, 100_000] if quick else [100_000, 1_000_000]
    if full:
        pasts.append(10_000_000)
    times = 9 if quick else 25
    spent: dict[int, list[float]] = {past: [] for past in pasts}
    # In turns, to and fro, so that what else the machine does touches all alike.
    for turn in range(TURNS):
        for past in pasts if turn % 2 == 0 else reversed(pasts):
            place = open_clinic(people, past=past)
            if turn == 0:
                wrong = differences(place, clinic.CONSULT, DAYS, rooms=True)
                results.mark(f"search is right, {past} past appointments", wrong, 0)
            # PostgreSQL plans a statement anew the first five times.
            figures = timed(partial(sets, place, clinic.CONSULT, DAYS), times=times, warm_up=6)
            spent[past] += figures.values
    base = Figures(tuple(spent[pasts[0]]))
    for past in pasts:
        figures = Figures(tuple(spent[past]))
        ratio = figures.median / base.median
        params = {"practitioners": people, "days": DAYS, "past": past}
        results.add_times(
            "search_any, sets", figures, params=params, ratio_to={f"{pasts[0]} past": ratio}
        )
        if past != pasts[0]:
            results.mark(f"search_any, {past} past appointments against {pasts[0]}", ratio, 1.2)
