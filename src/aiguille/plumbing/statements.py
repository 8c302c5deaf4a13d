"""SQL of the hot paths: written once, sent as it stands, planned once for each connection.

The ORM composes a statement anew each time and PostgreSQL plans it anew; for a booking that was
most of the work. A `Statement` goes through Django's own connection and transaction, and its cursor,
so that a test that counts queries counts it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
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


def array_of(values: Iterable[UUID | datetime | int | None]) -> str:
    """Return keys, instants or numbers as PostgreSQL writes an array of them.

    It is made in a fraction of the time that psycopg needs for a list, or once for many statements.
    """
    return "{" + ",".join(map(_in_array, values)) + "}"


def _in_array(value: UUID | datetime | int | None) -> str:
    if value is None:
        return "NULL"
    return value.isoformat() if isinstance(value, datetime) else str(value)


@dataclass(frozen=True, slots=True)
class Part:
    """One of several statements that are sent as one: its text, `%s` for each of its values."""

    sql: str
    values: Sequence[Any]


def run_together(last: Part, *others: Part) -> int:
    """Run statements that change rows as one, all or none; return how many rows `last` touched.

    They see the database as it was before any of them, and `last` begins. Outside a transaction
    they are one of their own.
    """
    values = [value for part in others for value in part.values]
    return _joined(last.sql, *(part.sql for part in others)).run(*values, *last.values)


@lru_cache(maxsize=256)
def _joined(last: str, *others: str) -> Statement:
    parts = ", ".join(f"part_{place} AS ({sql})" for place, sql in enumerate(others))
    return Statement(f"WITH {parts} {last}" if parts else last)


@dataclass(frozen=True, slots=True)
class Question:
    """One of several questions that are asked as one: a `SELECT` of so many `columns`."""

    sql: str
    columns: int
    values: Sequence[Any]
    is_many: bool = False


def ask_together(*questions: Question) -> list[list[tuple[Any, ...]]]:
    """Ask in one statement and return the rows of each, in no order.

    All but one of them answer with one row or none. Their areas need not know of each other:
    whoever stands above them asks.
    """
    rows = _asked(*((one.sql, one.columns) for one in questions)).rows(
        *(value for one in questions for value in one.values)
    )
    answers = []
    first = 0
    for one in questions:
        place, end = first, first + one.columns + 1
        of_all = [row[place + 1 : end] for row in rows if row[place] is not None]
        # What has one row stands beside every row of what has more.
        answers.append(of_all if one.is_many else of_all[:1])
        first = end
    return answers


@lru_cache(maxsize=64)
def _asked(*questions: tuple[str, int]) -> Statement:
    # `true` says that there is a row, which may hold nothing else.
    parts = (
        f"LEFT JOIN (SELECT true, q{place}.* FROM ({sql}) AS q{place}) AS a{place} ON true"  # noqa: S608 -- our own
        for place, (sql, _columns) in enumerate(questions)
    )
    return Statement(f"SELECT * FROM (SELECT) AS one {' '.join(parts)}")  # noqa: S608 -- our own


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


# Fields whose values psycopg writes as they stand.
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


def _with_its_zone(value: Any, _connection: Any) -> Any:
    """Return an instant, or None, as it is: what Django does to one, without its detours."""
    if value is not None and value.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return value


class Insertion:
    """`INSERT` of whole rows of a model, as text and values, for a statement of one's own.

    `computed` names columns whose value the database makes, with the expression.
    """

    def __init__(
        self, model: type[models.Model], computed: Mapping[str, str] | None = None
    ) -> None:
        computed = computed or {}
        self._fields = [f for f in model._meta.concrete_fields if f.column not in computed]
        self._prepared = [(f.attname, _preparing(f)) for f in self._fields]
        self._defaults = {f.attname: f.get_default for f in self._fields}
        columns = [*(str(f.column) for f in self._fields), *computed]
        self._values = f"({', '.join(['%s'] * len(self._fields) + list(computed.values()))})"
        names = ", ".join(f'"{name}"' for name in columns)
        self._into = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES '  # noqa: S608 -- a model's own names

        self._of_one = self._into + self._values

    def sql(self, rows: int = 1) -> str:
        """Return the statement for so many rows."""
        return self._of_one if rows == 1 else self._into + ", ".join([self._values] * rows)

    def part(self, **given: Any) -> Part:
        """Return the statement for one row of these values, and of the model's defaults."""
        if unknown := given.keys() - self._defaults.keys():
            raise TypeError(f"no such columns: {sorted(unknown)}")
        found = []
        for name, prepare in self._prepared:
            value = given[name] if name in given else self._defaults[name]()
            found.append(value if prepare is None else prepare(value, connection))
        return Part(self.sql(), found)

    def values(self, rows: Iterable[models.Model]) -> list[Any]:
        """Return the statement's values, row after row."""
        found = []
        for row in rows:
            for name, prepare in self._prepared:
                value = getattr(row, name)
                found.append(value if prepare is None else prepare(value, connection))
        return found


def _preparing(field: "models.Field[Any, Any]") -> Callable[[Any, Any], Any] | None:
    if type(field) in _AS_THEY_ARE:
        return None
    return _with_its_zone if type(field) is models.DateTimeField else field.get_db_prep_save


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
