"""The application's role may read and write rows, and nothing else."""

import pytest
from django.db import DatabaseError, connection, connections, transaction

from aiguille.plumbing.grants import (
    append_only_tables,
    application_role,
    mutable_columns,
    read_only_tables,
)

pytestmark = pytest.mark.django_db


def test_tests_run_as_the_application():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, usesuper FROM pg_user WHERE usename = current_user")
        assert cursor.fetchone() == (application_role(), False)


def test_some_tables_are_append_only():
    assert append_only_tables()


@pytest.mark.parametrize("table", append_only_tables() or [None])
@pytest.mark.parametrize("privilege", ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER"])
def test_an_append_only_table_is_written_once(table, privilege):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s)", [table, privilege])
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT has_any_column_privilege(%s, 'UPDATE')", [table])
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT has_table_privilege(%s, 'INSERT, SELECT')", [table])
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize("table", mutable_columns())
def test_a_row_with_a_state_changes_in_its_state_alone_and_is_never_deleted(table):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT array_agg(attname ORDER BY attname) FROM pg_attribute
             WHERE attrelid = %s::regclass AND attnum > 0
               AND has_column_privilege(attrelid, attnum, 'UPDATE')
            """,
            [table],
        )
        assert cursor.fetchone() == (mutable_columns()[table],)
        cursor.execute("SELECT has_table_privilege(%s, 'DELETE')", [table])
        assert cursor.fetchone() == (False,)


@pytest.mark.parametrize("table", read_only_tables() or [None])
def test_what_triggers_keep_is_only_read(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%(table)s, 'SELECT'),"
            " has_table_privilege(%(table)s, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER'),"
            " has_any_column_privilege(%(table)s, 'INSERT, UPDATE')",
            {"table": table},
        )
        assert cursor.fetchone() == (True, False, False)


def test_verdicts_and_sessions_are_among_them():
    assert {"care_verdict", "treatment_sessions_session"} <= mutable_columns().keys()


def test_no_table_can_be_emptied_or_given_triggers_or_belongs_to_the_application():
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname FROM pg_class
             WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
               AND (has_table_privilege(oid, 'TRUNCATE') OR has_table_privilege(oid, 'TRIGGER')
                    OR pg_get_userbyid(relowner) = current_user)
            """
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE stolen (id int)",
        "CREATE TEMPORARY TABLE stolen (id int)",
        "CREATE SCHEMA stolen",
        "CREATE FUNCTION stolen() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TRUNCATE django_session",
        "ALTER TABLE django_session ADD COLUMN stolen int",
        "ALTER TABLE django_session DISABLE TRIGGER ALL",
        "DROP TABLE django_session",
        "SET session_replication_role = replica",
        "UPDATE django_migrations SET name = name",
        "DELETE FROM plumbing_schema_stamp",
    ],
)
def test_the_application_may_not(statement):
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_extensions_have_a_schema_of_their_own():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extname, extnamespace::regnamespace::text FROM pg_extension"
            " WHERE extname <> 'plpgsql' ORDER BY 1"
        )
        assert cursor.fetchall() == [
            ("btree_gist", "extensions"),
            ("pg_trgm", "extensions"),
            ("unaccent", "extensions"),
        ]
        cursor.execute("SELECT similarity('mesotherapie', 'mésothérapie') > 0, unaccent('é')")
        assert cursor.fetchone() == (True, "e")


def test_the_owner_is_another_role():
    assert connections["owner"].settings_dict["USER"] != application_role()
