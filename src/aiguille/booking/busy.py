"""Busy time as bits: a week of a resource is 252 bytes, kept by the database beside its rows.

Triggers write them (migration 0006); this module reads them, verifies them and makes them again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, connections, transaction

from aiguille.plumbing.statements import Statement
from aiguille.scheduling.timeline import TICKS_PER_WEEK, Span, bits_of, ones, weeks_of

# One statement, so that the bits and what is taken out of them are of one instant: for each
# resource its weeks, then each stretch that does not count, as ticks. A hold that expired still
# has its bits until somebody frees it.
_READ = Statement(
    """
    SELECT resource_id, min(week)::bigint, max(week)::bigint + 1, count(*),
           string_agg(bits, ''::bytea),
           CASE WHEN max(week) - min(week) + 1 <> count(*) THEN array_agg(week) END
      FROM (SELECT resource_id, week, bits FROM booking_busy_week
             WHERE resource_id = ANY (%s::uuid[]) AND week BETWEEN %s AND %s
             ORDER BY resource_id, week) AS kept
     GROUP BY resource_id
    UNION ALL
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
    """,
    binary=True,
)


def array_of(resource_ids: Iterable[UUID]) -> str:
    """Return keys as PostgreSQL writes an array: made once, it is sent a hundred times as it is."""
    return f"{{{','.join(map(str, resource_ids))}}}"


def busy_ticks(
    resources: str,
    span: Span,
    *,
    at: datetime,
    moving: UUID | None = None,
    browser_hash: str = "",
) -> dict[UUID, int]:
    """Return the taken ticks of `span`, by resource; one without any is left out (one query).

    `resources` are the keys asked for, as `array_of` writes them.
    Holds that expired by `at` take nothing, nor does what the browser itself holds, nor the
    appointment `moving`.
    """
    weeks = weeks_of(span)
    rows = _READ.rows(resources, weeks.start, weeks.stop - 1, at, browser_hash, moving)
    busy: dict[UUID, int] = {}
    offset = span.first - weeks.start * TICKS_PER_WEEK
    whole = ones(span.size)
    exempt: dict[UUID, list[tuple[int, int]]] = {}
    for resource_id, first, stop, count, joined, numbers in rows:
        if count is None:
            exempt.setdefault(resource_id, []).append((first, stop))
            continue
        bits = int.from_bytes(_without_gaps(joined, numbers), "little")
        bits = bits << (first - weeks.start) * TICKS_PER_WEEK >> offset & whole
        if bits:
            busy[resource_id] = bits
    for resource_id, stretches in exempt.items():
        if resource_id in busy:
            busy[resource_id] &= ~bits_of(span, stretches)
    return busy


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
 WHERE k.bits IS DISTINCT FROM e.bits
 ORDER BY 1, 2
"""
_REBUILD = """
LOCK TABLE booking_occupancy IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM booking_busy_week;
INSERT INTO booking_busy_week (resource_id, week, bits)
SELECT resource_id, week, bits FROM booking_expected_busy_weeks();
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
        cursor.execute(_REBUILD)
        cursor.execute("SELECT count(*) FROM booking_busy_week")
        count: int = cursor.fetchone()[0]
    return count
