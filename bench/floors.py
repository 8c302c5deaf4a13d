"""What slot search is held against: reading the busy rows from PostgreSQL, nothing else.

The rows of the practitioners are copied into a table of their own, with the index alone that is
measured: the exclusion constraint's GiST, or a btree that holds everything asked for.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import LiteralString
from uuid import UUID

from bench import database
from bench.results import Figures, timed

_TABLE: LiteralString = (
    "CREATE TABLE IF NOT EXISTS floor_busy AS"
    " SELECT resource_id, lower(period) AS starts_at, upper(period) AS ends_at, period"
    " FROM booking_occupancy WHERE resource_id = ANY (%s)"
)
_READS: dict[str, tuple[LiteralString, LiteralString]] = {
    "covering btree": (
        (
            "CREATE INDEX IF NOT EXISTS floor_btree ON floor_busy (resource_id, starts_at)"
            " INCLUDE (ends_at)"
        ),
        (
            "SELECT resource_id, starts_at, ends_at FROM floor_busy WHERE resource_id = ANY (%(who)s)"
            " AND starts_at >= %(first)s AND starts_at < %(end)s"
        ),
    ),
    "GiST": (
        "CREATE INDEX IF NOT EXISTS floor_gist ON floor_busy USING gist (resource_id, period)",
        (
            "SELECT resource_id, lower(period), upper(period) FROM floor_busy"
            " WHERE resource_id = ANY (%(who)s) AND period && tstzrange(%(first)s, %(end)s)"
        ),
    ),
}


def busy_rows(
    practitioners: Collection[UUID], start: date, days: int, *, times: int
) -> dict[str, Figures]:
    """Return how long reading the practitioners' busy rows of the days takes, by index."""
    first = datetime.combine(start, time(), UTC)
    asked = {"who": list(practitioners), "first": first, "end": first + timedelta(days=days)}
    found = {}
    with database.owner() as connection:
        connection.execute(_TABLE, [list(practitioners)])
        for name, (index, query) in _READS.items():
            connection.execute("DROP INDEX IF EXISTS floor_btree, floor_gist")
            connection.execute(index)
            connection.execute("VACUUM ANALYZE floor_busy")
            connection.execute("SET enable_seqscan = off")

            def read(statement: LiteralString = query) -> None:
                connection.execute(statement, asked, prepare=True, binary=True).fetchall()

            found[name] = timed(read, times=times, warm_up=2)
    return found
