"""What the application's database role may do to each table, read from the models.

The role reads and writes rows. It never updates or deletes rows of a model that says
`append_only = True`; of one that names its `mutable_columns` it updates those alone, and deletes
none. It only reads models that say `read_only = True`, which triggers keep, and the tables that
record the schema itself. It owns nothing, so that it can neither change the schema nor truncate a
table nor disable a trigger.
"""

from collections.abc import Sequence

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

# The role reads what the schema is; only the owner writes it.
_SCHEMA_TABLES = ("django_migrations", "plumbing_schema_stamp")


def application_role() -> str:
    """Return the name of the role that pages and jobs connect as."""
    role: str = settings.DATABASES["default"]["USER"]
    return role


def append_only_tables() -> list[str]:
    """Return the tables whose rows are written once, in alphabetical order."""
    return sorted(
        {
            model._meta.db_table
            for model in apps.get_models(include_auto_created=True)
            if getattr(model, "append_only", False) and model._meta.managed
        }
    )


def read_only_tables() -> list[str]:
    """Return the tables that only the database's own functions write, in alphabetical order."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models()
        if getattr(model, "read_only", False) and model._meta.managed
    )


def mutable_columns() -> dict[str, list[str]]:
    """Return, by table, the only columns that may change once a row is written."""
    return {
        model._meta.db_table: sorted(model.mutable_columns)
        for model in apps.get_models()
        if hasattr(model, "mutable_columns") and model._meta.managed
    }


def sync_grants(*, using: str = "owner") -> None:
    """Give the application's role exactly its rights on the tables there are; run again at will."""
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        role = sql.Identifier(application_role())
        cursor.execute("SELECT current_schema()")
        schema = sql.Identifier(cursor.fetchone()[0])

        def run(
            statement: str, tables: list[str] | None = None, columns: Sequence[str] = ()
        ) -> None:
            if tables is None or tables:
                composed = sql.SQL(statement).format(
                    role=role,
                    schema=schema,
                    tables=sql.SQL(", ").join(map(sql.Identifier, tables or [])),
                    columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                )
                cursor.execute(composed.as_string(connection.connection))

        run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}")
        run("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
        run("REVOKE TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA {schema} FROM {role}")
        run(
            "REVOKE UPDATE, DELETE ON {tables} FROM {role}",
            [table for table in append_only_tables() if table in existing],
        )
        for table, columns in mutable_columns().items():
            if table in existing:
                run("REVOKE UPDATE, DELETE ON {tables} FROM {role}", [table])
                run("GRANT UPDATE ({columns}) ON {tables} TO {role}", [table], columns)
        run(
            "REVOKE INSERT, UPDATE, DELETE ON {tables} FROM {role}",
            [table for table in (*_SCHEMA_TABLES, *read_only_tables()) if table in existing],
        )
