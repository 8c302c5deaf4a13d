"""What slot search is held against: reading the busy rows from PostgreSQL, nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bench.results import Results, timed
from bench.slots import START, ready
from bench.workload import BUFFER, Workload, generate

TABLE = "bench_busy"


def measure(results: Results, *, var: Path, quick: bool) -> None:
    """Read the practitioners' busy rows through a covering btree and through a GiST index."""
    from aiguille.plumbing import postgres
    from aiguille.scheduling.search import find_starts

    people, days = (20, 28) if quick else (100, 84)
    params = {"practitioners": people, "days": days}
    calendar = generate(Workload(people, days, START))
    rows = [
        (
            booking["p"],
            datetime.fromisoformat(booking["utc_s"]),
            datetime.fromisoformat(booking["utc_e"]) + timedelta(minutes=BUFFER),
        )
        for booking in calendar["bookings"]
    ]
    search = ready(people, days, rooms=True)
    engine = timed(
        lambda: find_starts(
            facts=search.facts,
            service=search.service,
            at=search.at,
            first_date=search.first,
            last_date=search.last,
        ).rows(),
        times=10,
    )
    with (
        postgres.running(var) as server,
        psycopg.connect(
            server.address(user=postgres.OWNER_ROLE, database=postgres.DATABASE), autocommit=True
        ) as connection,
    ):
        _make_table(connection, rows)
        first = datetime.combine(START, datetime.min.time(), UTC)
        span = {"first": first, "end": first + timedelta(days=days), "people": people}
        for name, where in (
            ("covering btree", "starts_at < %(end)s AND ends_at > %(first)s"),
            ("GiST", "period && tstzrange(%(first)s, %(end)s)"),
        ):
            columns = "lower(period), upper(period)" if name == "GiST" else "starts_at, ends_at"
            query = (
                f"SELECT resource, {columns} FROM {TABLE} WHERE resource <= %(people)s AND {where}"
            )
            setting = "SET enable_seqscan = off"
            connection.execute(setting)

            def read(statement: str = query) -> None:
                connection.execute(statement, span, binary=True).fetchall()

            figures = timed(read, times=10)
            results.add_times(
                f"floor: busy rows through {name}", figures, params={**params, "rows": len(rows)}
            )
            results.add(
                "search_any with rooms, engine",
                engine.median,
                "ms median",
                params=params,
                ratio_to={name: engine.median / figures.median},
            )
        connection.execute(f"DROP TABLE {TABLE}")


def _make_table(
    connection: "psycopg.Connection[tuple[object, ...]]",
    rows: list[tuple[int, datetime, datetime]],
) -> None:
    connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
    connection.execute(
        f"CREATE TABLE {TABLE} (resource int, starts_at timestamptz, ends_at timestamptz,"
        " period tstzrange GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED)"
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {TABLE} (resource, starts_at, ends_at) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    connection.execute(f"CREATE INDEX ON {TABLE} (resource, starts_at) INCLUDE (ends_at)")
    connection.execute(f"CREATE INDEX ON {TABLE} USING gist (period)")
    connection.execute(f"VACUUM ANALYZE {TABLE}")
