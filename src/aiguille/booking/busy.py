"""Busy time as bits: a week of a resource is 252 bytes, kept by the database beside its rows.

Triggers write them (migration 0006); this module reads them, verifies them and makes them again.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from django.db import connection, connections, transaction

from aiguille.plumbing.statements import Statement
from aiguille.scheduling.facts import Busy
from aiguille.scheduling.timeline import TICKS_PER_WEEK, Span, bits_of, ones

# Each is one statement, so that the bits and what is taken out of them are of one instant. First a
# line about the instant itself, then weeks, then each stretch that does not count, as ticks: a hold
# that expired still has its bits until somebody frees it.
_INSTANT = """
SELECT NULL::uuid, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       extract(epoch FROM pg_postmaster_start_time())::bigint, NULL::bigint, NULL::bytea,
       NULL::integer[]
"""
_EXEMPT = """
SELECT o.resource_id, (extract(epoch FROM lower(o.period)) / 300)::bigint,
       (extract(epoch FROM upper(o.period)) / 300)::bigint, NULL, NULL, NULL
  FROM booking_occupancy o
 WHERE o.resource_id IS NOT NULL AND o.hold_id IN (
         SELECT id FROM booking_hold WHERE expires_at <= %s OR browser_hash = %s)
UNION ALL
SELECT o.resource_id, (extract(epoch FROM lower(o.period)) / 300)::bigint,
       (extract(epoch FROM upper(o.period)) / 300)::bigint, NULL, NULL, NULL
  FROM booking_occupancy o
 WHERE o.resource_id IS NOT NULL AND o.appointment_id = %s
"""
_WHOLE = Statement(
    f"""
    {_INSTANT}
    UNION ALL
    SELECT resource_id, min(week)::bigint, max(week)::bigint + 1, count(*),
           string_agg(bits, ''::bytea),
           CASE WHEN max(week) - min(week) + 1 <> count(*) THEN array_agg(week) END
      FROM (SELECT resource_id, week, bits FROM booking_busy_week
             WHERE resource_id = ANY (%s::uuid[]) AND week BETWEEN %s AND %s
             ORDER BY resource_id, week) AS kept
     GROUP BY resource_id
    UNION ALL
    {_EXEMPT}
    """,  # noqa: S608 -- constants of this module
    binary=True,
)
_CHANGED = Statement(
    f"""
    {_INSTANT}
    UNION ALL
    SELECT resource_id, week::bigint, week::bigint + 1, 1, bits, NULL
      FROM booking_busy_week
     WHERE changed >= %s::text::xid8 AND week BETWEEN %s AND %s
    UNION ALL
    {_EXEMPT}
    """,  # noqa: S608 -- constants of this module
    binary=True,
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read of some resources and weeks: complete for every transaction before `before`."""

    before: int
    server: int
    busy: Mapping[UUID, Busy]


class _Read:
    """The lines of an answer, told apart."""

    __slots__ = ("before", "server", "stretches", "weeks")

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.before = self.server = 0
        self.weeks: list[tuple[UUID, int, bytes]] = []
        self.stretches: dict[UUID, list[tuple[int, int]]] = {}
        for resource_id, begin, stop, count, joined, numbers in rows:
            if resource_id is None:
                self.before, self.server = begin, stop
            elif count is None:
                self.stretches.setdefault(resource_id, []).append((begin, stop))
            else:
                self.weeks.append((resource_id, begin, _without_gaps(joined, numbers)))


# What a process read last, by database, resources and weeks.
_kept: "OrderedDict[tuple[str, str, int, int], _Kept]" = OrderedDict()
_lock = Lock()
_MOST_KEPT = 64


def busy_ticks(
    resources: str,
    weeks: range,
    *,
    at: datetime,
    moving: UUID | None = None,
    browser_hash: str = "",
) -> Mapping[UUID, int]:
    """Return the taken ticks of some weeks, by resource; one never taken may be left out.

    The very same mapping as before where nothing was taken or freed meanwhile.

    One query. `resources` are the keys asked for, as `statements.array_of` writes them. Holds that expired by
    `at` take nothing, nor does what the browser itself holds, nor the appointment `moving`.

    A process keeps what it read, and reads again what transactions changed that were not over by
    then. Inside a transaction it does not, for what is seen there may be undone.
    """
    first, last = weeks.start, weeks.stop - 1
    exempt = (at, browser_hash, moving)
    key = (str(connection.settings_dict["NAME"]), resources, first, last)
    kept = None if connection.in_atomic_block else _kept.get(key)
    read = _Read(_CHANGED.rows(str(kept.before), first, last, *exempt)) if kept else None
    if kept is None or read is None or read.server != kept.server:
        # Another server may count transactions anew.
        kept, read = None, _Read(_WHOLE.rows(resources, first, last, *exempt))
    before: Mapping[UUID, Busy] = kept.busy if kept else {}
    changed: dict[UUID, Busy] = {}
    for resource_id, begin, joined in read.weeks:
        place = (begin - first) * TICKS_PER_WEEK
        bits = int.from_bytes(joined, "little") << place
        if kept is None:
            changed[resource_id] = Busy(bits)
        elif resource_id in before or str(resource_id) in resources:
            there = changed.get(resource_id, before.get(resource_id, 0))
            bits |= there & ~(_WEEK << place)
            if bits != there:
                changed[resource_id] = Busy(bits)
    busy = {**before, **changed} if changed else before
    if not connection.in_atomic_block:
        _keep(key, _Kept(read.before, read.server, busy))
    stretches = read.stretches
    if not stretches:
        return busy
    span = Span(first * TICKS_PER_WEEK, weeks.stop * TICKS_PER_WEEK)
    return {
        resource_id: bits & ~bits_of(span, stretches[resource_id])
        if resource_id in stretches
        else bits
        for resource_id, bits in busy.items()
    }


def _keep(key: tuple[str, str, int, int], read: _Kept) -> None:
    with _lock:
        _kept[key] = read
        _kept.move_to_end(key)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)


_WEEK = ones(TICKS_PER_WEEK)


def _without_gaps(joined: bytes, numbers: Sequence[int] | None) -> bytes:
    """Return the bytes of all weeks from the first to the last; `numbers` where some have none."""
    if numbers is None:
        return joined
    size = len(joined) // len(numbers)
    filled = bytearray(size * (numbers[-1] - numbers[0] + 1))
    for place, number in enumerate(numbers):
        start = size * (number - numbers[0])
        filled[start : start + size] = joined[size * place : size * (place + 1)]
    return bytes(filled)


# --- Verifying ------------------------------------------------------------------------------------

_DIFFERENCES = """
SELECT coalesce(k.resource_id, e.resource_id), coalesce(k.week, e.week), k.bits, e.bits
  FROM booking_busy_week k
  FULL JOIN booking_expected_busy_weeks() e USING (resource_id, week)
 WHERE coalesce(k.bits, booking_no_bits()) <> coalesce(e.bits, booking_no_bits())
 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A week of a resource whose bits are not what its rows say; empty bytes where there are none."""

    resource_id: UUID
    week: int
    kept: bytes
    expected: bytes


def check_bits() -> list[Difference]:
    """Return every week whose bits are not what the rows say (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return [
            Difference(resource_id, week, bytes(kept or b""), bytes(expected or b""))
            for resource_id, week, kept, expected in cursor.fetchall()
        ]


def rebuild_bits() -> int:
    """Make all bits again from the rows, as the owner; return how many weeks there are.

    Nothing is booked meanwhile; searches go on with the old bits.
    """
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT booking_rebuild_busy()")
        count: int = cursor.fetchone()[0]
    return count
