"""SQL of the hot paths: written once, sent as it stands, planned once for each connection.

The ORM composes a statement anew each time and PostgreSQL plans it anew; for a booking that was
most of the work. A `Statement` goes through Django's own connection and transaction, and its cursor,
so that a test that counts queries counts it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from psycopg.pq import Format

from aiguille.kernel.ids import new_id

Answer = TypeVar("Answer")
Found = TypeVar("Found")

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
        return _run(self, values, _all_rows)

    def row(self, *values: Any) -> tuple[Any, ...] | None:
        """Run it and return its first row, or None."""
        return _run(self, values, _first_row)

    def run(self, *values: Any) -> int:
        """Run it and return how many rows it touched."""
        return _run(self, values, _row_count)


class Lookup(Generic[Found]):
    """A queryset that is composed once, and asked for other values ever after.

    `make` is given stand-ins for the values, text or keys, and must put each into the query as it
    is; everything else of the query is the same each time.
    """

    def __init__(self, make: Callable[..., "models.QuerySet[Any, Found]"], *kinds: type) -> None:
        self._make = make
        self._kinds = kinds

    @cached_property
    def _composed(self) -> "_Composed[Found]":
        stand_ins = [new_id() if kind is UUID else f"\ue000{new_id()}" for kind in self._kinds]
        return _Composed(self._make(*stand_ins), stand_ins)

    def rows(self, *values: Any) -> list[Found]:
        """Return the objects, or the tuples of a queryset of values."""
        return self._composed.rows(values)

    def first(self, *values: Any) -> Found | None:
        """Return the first of them, or None."""
        return next(iter(self._composed.rows(values)), None)


class _Composed(Generic[Found]):
    """A queryset's text, and how its rows become what it returns."""

    def __init__(self, queryset: "models.QuerySet[Any, Found]", stand_ins: Sequence[Any]) -> None:
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        self._statement = Statement(sql.replace("%%", "%"))
        self._model = queryset.model
        self._compiler = compiler
        self._places = [
            (stand_ins.index(param), None) if param in stand_ins else (None, param)
            for param in params
        ]
        if {place for place, _ in self._places} - {None} != set(range(len(stand_ins))):
            raise ValueError("the query leaves a value out, or changes it")
        self._converters = compiler.get_converters([column[0] for column in compiler.select])
        # As objects, or as tuples of what `values_list` names.
        self._names = (
            [column[0].target.attname for column in compiler.select]
            if queryset.query.default_cols
            else None
        )

    def rows(self, values: Sequence[Any]) -> list[Found]:
        found: Any = self._statement.rows(
            *(value if place is None else values[place] for place, value in self._places)
        )
        if self._converters:
            found = self._compiler.apply_converters(found, self._converters)
        if self._names is None:
            return [tuple(row) for row in found]  # type: ignore[misc]
        from_db = self._model.from_db
        return [from_db(connection.alias, self._names, row) for row in found]


# Fields whose values psycopg writes as they stand; Django looks at instants, that none lacks its zone.
_AS_THEY_ARE = {
    models.BigIntegerField,
    models.CharField,
    models.DateField,
    models.ForeignKey,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.TextField,
    models.UUIDField,
}


class Insertion:
    """`INSERT` of whole rows of a model, as text and values, for a statement of one's own.

    `computed` names columns whose value the database makes, with the expression.
    """

    def __init__(
        self, model: type[models.Model], computed: Mapping[str, str] | None = None
    ) -> None:
        computed = computed or {}
        self._fields = [f for f in model._meta.concrete_fields if f.column not in computed]
        self._prepared = [
            (f.attname, None if type(f) in _AS_THEY_ARE else f.get_db_prep_save)
            for f in self._fields
        ]
        columns = [*(str(f.column) for f in self._fields), *computed]
        self._values = f"({', '.join(['%s'] * len(self._fields) + list(computed.values()))})"
        names = ", ".join(f'"{name}"' for name in columns)
        self._into = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES '  # noqa: S608 -- a model's own names

    def sql(self, rows: int = 1) -> str:
        """Return the statement for so many rows."""
        return self._into + ", ".join([self._values] * rows)

    def values(self, rows: Iterable[models.Model]) -> list[Any]:
        """Return the statement's values, row after row."""
        found = []
        for row in rows:
            for name, prepare in self._prepared:
                value = getattr(row, name)
                found.append(value if prepare is None else prepare(value, connection))
        return found


def insert_all(insertion: Insertion, rows: Sequence[models.Model], *, ending: str = "") -> int:
    """Insert rows in one statement and return how many were inserted."""
    if not rows:
        return 0
    return Statement(f"{insertion.sql(len(rows))} {ending}").run(*insertion.values(rows))


def _all_rows(cursor: Any) -> list[tuple[Any, ...]]:
    return list(cursor.fetchall())


def _first_row(cursor: Any) -> tuple[Any, ...] | None:
    found: tuple[Any, ...] | None = cursor.fetchone()
    return found


def _row_count(cursor: Any) -> int:
    return int(cursor.rowcount)


# One for each connection: making one takes as long as a short statement, and each answer is read
# whole before the next statement is sent. The connection itself holds it, so that it goes with it:
# a cursor refers to its connection, and a table of them here would keep every connection ever made.
_KEPT = "_aiguille_cursor"


class _Unprepared(psycopg.RawCursor[tuple[Any, ...]]):
    """A cursor whose statements are sent whole: of a prepared one a log would have no text."""

    def execute(self, query: Any, params: Any = None, **_options: Any) -> "_Unprepared":
        super().execute(query, params, prepare=False)
        return self


def _run(statement: Statement, values: Sequence[Any], read: Callable[[Any], Answer]) -> Answer:
    database = connections[DEFAULT_DB_ALIAS]
    database.ensure_connection()
    raw = database.connection
    if database.queries_logged or database.execute_wrappers:
        # Whoever looks at statements sees these too.
        cursor: Any = _Unprepared(raw)
        cursor.format = statement.format
        make = database.make_debug_cursor if database.queries_logged else database.make_cursor
        with make(cursor) as seen:
            seen.execute(statement.sql, values)
            return read(seen)
    database.validate_no_broken_transaction()
    kept = getattr(raw, _KEPT, None)
    if kept is None:
        kept = psycopg.RawCursor(raw)
        setattr(raw, _KEPT, kept)
        if settings.PREPARED_STATEMENTS and raw.prepare_threshold is None:
            raw.prepare_threshold = PREPARED_FROM
    with database.wrap_database_errors:
        kept.execute(
            statement.sql,
            values,
            prepare=settings.PREPARED_STATEMENTS,
            binary=statement.format is Format.BINARY,
        )
        return read(kept)
