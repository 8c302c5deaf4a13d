"""The clinic workload: a fixed calendar of practitioners and rooms, by a seed.

Practitioners work from Monday to Saturday, 9:00 to 19:00 in Paris, with staggered lunches; three
services of 30, 45 and 60 minutes start on the quarter and leave 10 minutes after them; about 60 %
of the open time is booked, every booking with a room. The order in which dice are thrown is part
of the definition: equal arguments give the same calendar in any program that follows it.

Usage: python -m bench.workload --p 20 --days 84 [--dst spring|autumn] -o FILE
"""

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Paris")
OPENS, CLOSES = 9 * 60, 19 * 60
GRID = 15
BUFFER = 10
LUNCHES = ((720, 780), (750, 810), (780, 840))
SERVICE_MINUTES = (30, 45, 60)
SUNDAY = 6
# A day's bookings may exceed the load by so many minutes, which the last one needs.
SLACK = 20

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """A calendar to make: how many practitioners, for how many days, from when, how full."""

    practitioners: int
    days: int
    start: date
    seed: int = 1
    load: float = 0.6
    rooms: int | None = None

    @property
    def room_count(self) -> int:
        """Return how many rooms there are: eight for ten practitioners, unless said."""
        return self.rooms or max(1, round(0.8 * self.practitioners))


def default_start(today: date) -> date:
    """Return the Monday after the next Monday's week begins: two weeks ahead at most."""
    return today + timedelta(days=14 - today.weekday())


def clock_change(season: str, today: date) -> tuple[date, int]:
    """Return the Monday before the next change of clocks, and the days to the Sunday after."""
    month = {"spring": 3, "autumn": 10}[season]
    changes = (_last_sunday(year, month) for year in (today.year, today.year + 1))
    change = next(day for day in changes if day - timedelta(days=6) > today)
    return change - timedelta(days=6), 14


def generate(wanted: Workload) -> Json:
    """Return the whole calendar as plain JSON."""
    dice = random.Random(f"{wanted.seed}-{wanted.practitioners}-{wanted.days}-{wanted.start}")
    people = [_practitioner(index) for index in range(wanted.practitioners)]
    bookings: list[Json] = []
    open_minutes = used_minutes = 0
    for day in _working_days(wanted):
        rooms: list[list[tuple[int, int]]] = [[] for _ in range(wanted.room_count)]
        order = list(range(wanted.practitioners))
        dice.shuffle(order)
        for index in order:
            halves = people[index]["open"]
            at_work = sum(end - start for start, end in halves)
            used = 0
            for start, service in _candidates(halves, dice):
                minutes = SERVICE_MINUTES[service]
                if used + minutes + BUFFER > at_work * wanted.load + SLACK:
                    continue
                room = _free_room(rooms, start, start + minutes)
                if room is None:
                    continue
                rooms[room].append((start, start + minutes))
                used += minutes + BUFFER
                bookings.append(
                    {
                        "id": len(bookings) + 1,
                        "p": index + 1,
                        "room": room + 1,
                        "svc": service + 1,
                        "date": day.isoformat(),
                        "s": start,
                        "e": start + minutes,
                        "utc_s": _utc(day, start),
                        "utc_e": _utc(day, start + minutes),
                    }
                )
            open_minutes += at_work
            used_minutes += used
    return {
        "meta": {
            "P": wanted.practitioners,
            "R": wanted.room_count,
            "days": wanted.days,
            "start": wanted.start.isoformat(),
            "tz": ZONE.key,
            "seed": wanted.seed,
            "grid_min": GRID,
            "buffer_min": BUFFER,
            "open": OPENS,
            "close": CLOSES,
            "load_target": wanted.load,
            "load_actual": round(used_minutes / open_minutes, 4),
            "bookings": len(bookings),
        },
        "services": [
            {"id": number, "name": f"consult-{minutes}", "min": minutes}
            for number, minutes in enumerate(SERVICE_MINUTES, start=1)
        ],
        "practitioners": people,
        "rooms": [{"id": number + 1} for number in range(wanted.room_count)],
        "bookings": bookings,
    }


def _practitioner(index: int) -> Json:
    lunch = LUNCHES[index % len(LUNCHES)]
    return {
        "id": index + 1,
        "name": f"Practitioner {index + 1:03d}",
        "lunch": list(lunch),
        "open": [[OPENS, lunch[0]], [lunch[1], CLOSES]],
        "weekdays": list(range(SUNDAY)),
    }


def _working_days(wanted: Workload) -> Iterator[date]:
    for offset in range(wanted.days):
        day = wanted.start + timedelta(days=offset)
        if day.weekday() != SUNDAY:
            yield day


def _candidates(halves: list[list[int]], dice: random.Random) -> list[tuple[int, int]]:
    """Return starts with a service each that fill a day without overlap, in a thrown order."""
    found = []
    for start, end in halves:
        minute = start
        while True:
            # The service is thrown before it is known to fit; a short one is tried last.
            service = dice.choice(range(len(SERVICE_MINUTES)))
            if minute + SERVICE_MINUTES[service] > end:
                if minute + SERVICE_MINUTES[0] > end:
                    break
                service = 0
            found.append((minute, service))
            after = minute + SERVICE_MINUTES[service] + BUFFER
            minute = -(-after // GRID) * GRID
    dice.shuffle(found)
    return found


def _free_room(rooms: list[list[tuple[int, int]]], start: int, end: int) -> int | None:
    for number, taken in enumerate(rooms):
        if all(end + BUFFER <= other or start >= until + BUFFER for other, until in taken):
            return number
    return None


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _utc(day: date, minute: int) -> str:
    local = datetime.combine(day, time(minute // 60, minute % 60), ZONE)
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    """Write a workload to a file."""
    parser = argparse.ArgumentParser(description="Write the clinic workload as JSON.")
    parser.add_argument("--p", type=int, default=20)
    parser.add_argument("--rooms", type=int)
    parser.add_argument("--days", type=int, default=84)
    parser.add_argument("--start", type=date.fromisoformat)
    parser.add_argument("--dst", choices=("spring", "autumn"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", type=float, default=0.6)
    parser.add_argument("-o", type=Path, required=True)
    asked = parser.parse_args()
    today = datetime.now(ZONE).date()
    start, days = asked.start or default_start(today), asked.days
    if asked.dst:
        start, days = clock_change(asked.dst, today)
    made = generate(Workload(asked.p, days, start, asked.seed, asked.load, asked.rooms))
    asked.o.write_text(json.dumps(made, separators=(",", ":")), encoding="utf-8")
    print(asked.o, made["meta"])


if __name__ == "__main__":
    main()
