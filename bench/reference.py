"""Slow, obvious answers about the clinic workload, by comparing every start with every booking."""

from datetime import UTC, date, datetime, time

from bench.workload import BUFFER, GRID, SUNDAY, ZONE, Json

# The service that is searched for.
MINUTES = 45


def slow_starts(calendar: Json, day: date, *, rooms: bool) -> set[tuple[datetime, frozenset[int]]]:
    """Return each start of a local day with the numbers of the practitioners who could take it."""
    if day.weekday() == SUNDAY:
        return set()
    booked = [b for b in calendar["bookings"] if b["date"] == day.isoformat()]
    found = set()
    for minute in range(0, 24 * 60, GRID):
        end = minute + MINUTES
        taken = [b for b in booked if minute < b["e"] + BUFFER and b["s"] < end + BUFFER]
        if rooms and len({b["room"] for b in taken}) == len(calendar["rooms"]):
            continue
        absent = {b["p"] for b in taken}
        able = frozenset(
            row["id"]
            for row in calendar["practitioners"]
            if row["id"] not in absent
            and any(opens <= minute and end <= closes for opens, closes in row["open"])
        )
        if able:
            local = datetime.combine(day, time(minute // 60, minute % 60), ZONE)
            found.add((local.astimezone(UTC), able))
    return found
