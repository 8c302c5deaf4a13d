"""The base of every test: a database of its own, reached as the application's role.

The server is one of our own under `var/test`, apart from the demo's; `DATABASE_URL` and
`OWNER_DATABASE_URL` name an outside one. The owner migrates a template once for each state of the
schema, and every run clones it: runs side by side do not meet, and a run starts at once.

A test that must commit (races, browsers) asks for `committed_db`, never for Django's transactional
cases alone: the application's role may not empty a table, so the owner does it afterwards.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.world import World

VAR = Path(__file__).with_name("var") / "test"
os.environ.setdefault("AIGUILLE_VAR", str(VAR))
# Django refuses its database where an event loop runs, and Playwright runs one in our thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

import psutil
import psycopg
import pytest
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

_TEMPLATE = "aiguille_template_"
_RUN = "aiguille_run_"


def pytest_configure() -> None:
    """Hash passwords fast: the tests sign in often and protect nobody."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Give this run a database of its own."""
    from django.conf import settings

    from aiguille.plumbing import postgres

    with ExitStack() as stack, django_db_blocker.unblock():
        if "DATABASE_URL" not in os.environ:
            stack.enter_context(postgres.running(settings.VAR, durable=False))
        stack.enter_context(_database_of_this_run())
        with django_db_blocker.block():
            yield


@pytest.fixture
def committed_db(transactional_db: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a test commit; afterwards the owner empties every table."""
    from django.db import connections

    from aiguille.plumbing import schema

    yield
    with django_db_blocker.unblock():
        # Django closed the owner's own connection to this test; a copy of it is open.
        owner = connections["owner"].copy()
        try:
            schema.empty_tables(owner)
        finally:
            owner.close()


@pytest.fixture
def world(db: None) -> "World":
    """Build the small world that tests share, and set the clock to its instant."""
    from datetime import UTC, datetime

    from aiguille.plumbing import clock
    from tests.world import AT, build_world

    clock.set_offset(AT - datetime.now(UTC))
    return build_world()


@pytest.fixture(autouse=True)
def _clock_is_real() -> Iterator[None]:
    """Forget the offset that an earlier test gave to the clock."""
    from aiguille.plumbing import clock

    clock.forget()
    yield
    clock.forget()


@pytest.fixture(autouse=True)
def _language_is_the_first() -> None:
    """Forget the language that an earlier test's request left active."""
    from django.utils import translation

    translation.deactivate()


@contextmanager
def _database_of_this_run() -> Iterator[None]:
    from aiguille.plumbing import schema

    template = _TEMPLATE + schema.wanted_digest()[:16]
    mine = f"{_RUN}{os.getpid()}"
    with _owner_of_server() as server:
        with _one_at_a_time():
            _drop_leftovers(server, keep=template)
            if not _exists(server, template):
                _run_sql(server, "CREATE DATABASE {}", f"{template}_making")
                _use_database(f"{template}_making")
                schema.migrate()
                _close_connections()
                _run_sql(server, "ALTER DATABASE {} RENAME TO {}", f"{template}_making", template)
            _run_sql(server, "CREATE DATABASE {} TEMPLATE {}", mine, template)
        _use_database(mine)
        _lay_ground()
        try:
            yield
        finally:
            _close_connections()
            _drop(server, mine)


def _lay_ground() -> None:
    """Repeat what a database's clone does not inherit: its own settings and rights."""
    from django.db import connections

    from aiguille.plumbing import grants, postgres

    connections["owner"].ensure_connection()
    postgres.prepare_database(
        connections["owner"].connection, application=grants.application_role()
    )


def _use_database(name: str) -> None:
    from django.conf import settings
    from django.db import connections

    _close_connections()
    for alias in settings.DATABASES:
        settings.DATABASES[alias]["NAME"] = name
        connections[alias].settings_dict["NAME"] = name


def _close_connections() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()


@contextmanager
def _owner_of_server() -> Iterator["psycopg.Connection[Any]"]:
    from django.db import connections

    parameters = connections["owner"].get_connection_params() | {"dbname": "postgres"}
    for name in ("context", "cursor_factory", "prepare_threshold", "server_side_binding"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as server:
        yield server


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _drop_leftovers(server: "psycopg.Connection[Any]", *, keep: str) -> None:
    """Drop what killed runs and earlier schemas left."""
    for (name,) in server.execute("SELECT datname FROM pg_database").fetchall():
        number = name.removeprefix(_RUN)
        dead_run = name.startswith(_RUN) and not psutil.pid_exists(int(number))
        if dead_run or (name.startswith(_TEMPLATE) and name != keep):
            _drop(server, name)


def _drop(server: "psycopg.Connection[Any]", name: str) -> None:
    try:
        _run_sql(server, "DROP DATABASE {} WITH (FORCE)", name)
    except psycopg.errors.InsufficientPrivilege:
        # Autovacuum is in it, whom only the server itself may end, as it does without force; where
        # that takes it too long, the next run drops what this one leaves.
        with suppress(psycopg.errors.ObjectInUse):
            _run_sql(server, "DROP DATABASE {}", name)


def _exists(server: "psycopg.Connection[Any]", name: str) -> bool:
    found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return found.fetchone() is not None


def _run_sql(server: "psycopg.Connection[Any]", statement: str, *names: str) -> None:
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
