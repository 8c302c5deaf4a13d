"""SQL of the hot paths: written once, sent as it stands, planned once for each connection.

The ORM composes a statement anew each time and PostgreSQL plans it anew; for a booking that was
most of the work. A `Statement` goes through Django's own connection and transaction, and its cursor,
so that a test that counts queries counts it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, models
from psycopg.pq import Format

# Each is asked for again and again; psycopg prepares nothing where there is no such number.
PREPARED_FROM = 1


class Statement:
    """One statement, its parameters marked by `%s`.

    `binary` for one that answers with many bytes: as text they are twice as many.
    """

    __slots__ = ("format", "sql")

    def __init__(self, sql: str, *, binary: bool = False) -> None:
        self.format = Format.BINARY if binary else Format.TEXT
        first, *others = sql.split("%s")
        # As PostgreSQL writes them, so that nobody has to read the text again.
        self.sql = first + "".join(f"${place}{text}" for place, text in enumerate(others, start=1))

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """Run it and return its rows."""
        with _cursor(self.format) as cursor:
            cursor.execute(self.sql, values)
            return list(cursor.fetchall())

    def row(self, *values: Any) -> tuple[Any, ...] | None:
        """Run it and return its first row, or None."""
        with _cursor(self.format) as cursor:
            cursor.execute(self.sql, values)
            found: tuple[Any, ...] | None = cursor.fetchone()
            return found

    def run(self, *values: Any) -> int:
        """Run it and return how many rows it touched."""
        with _cursor(self.format) as cursor:
            cursor.execute(self.sql, values)
            return int(cursor.rowcount)


class Insertion:
    """`INSERT` of whole rows of a model, as text and values, for a statement of one's own.

    `computed` names columns whose value the database makes, with the expression.
    """

    def __init__(
        self, model: type[models.Model], computed: Mapping[str, str] | None = None
    ) -> None:
        computed = computed or {}
        self._fields = [f for f in model._meta.concrete_fields if f.column not in computed]
        columns = [*(str(f.column) for f in self._fields), *computed]
        self._values = f"({', '.join(['%s'] * len(self._fields) + list(computed.values()))})"
        names = ", ".join(f'"{name}"' for name in columns)
        self._into = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES '  # noqa: S608 -- a model's own names

    def sql(self, rows: int = 1) -> str:
        """Return the statement for so many rows."""
        return self._into + ", ".join([self._values] * rows)

    def values(self, rows: Iterable[models.Model]) -> list[Any]:
        """Return the statement's values, row after row."""
        return [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for row in rows
            for field in self._fields
        ]


def insert_all(insertion: Insertion, rows: Sequence[models.Model], *, ending: str = "") -> int:
    """Insert rows in one statement and return how many were inserted."""
    if not rows:
        return 0
    return Statement(f"{insertion.sql(len(rows))} {ending}").run(*insertion.values(rows))


class _Cursor(psycopg.RawCursor[tuple[Any, ...]]):
    """A cursor that leaves the values to the server; Django's own put them into the text."""

    is_prepared = False

    def execute(self, query: Any, params: Any = None, **_options: Any) -> "_Cursor":
        """Run a statement."""
        super().execute(query, params, prepare=self.is_prepared)
        return self


def _cursor(answers: Format) -> Any:
    connection.ensure_connection()
    raw = connection.connection
    cursor: Any = _Cursor(raw)
    cursor.format = answers
    if connection.queries_logged:
        # A statement that is logged is sent whole: of a prepared one the log would have no text.
        return connection.make_debug_cursor(cursor)
    if settings.PREPARED_STATEMENTS:
        cursor.is_prepared = True
        raw.prepare_threshold = raw.prepare_threshold or PREPARED_FROM
    return connection.make_cursor(cursor)
