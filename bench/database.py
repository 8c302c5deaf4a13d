"""Databases to measure in: made once from the migrations, filled, and kept under `var/bench`.

A database's name holds a digest of the schema and of what fills it, so that a change of either
makes it anew.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, ObjectInUse

VAR = Path(__file__).resolve().parents[1] / "var" / "bench"
PREFIX = "bench_"
_VACUUM_SECONDS = 60
FILLED_BY = ("clinic.py", "throughput.py", "database.py", "treated.py", "workload.py")

Connection = psycopg.Connection[Any]


@contextmanager
def running() -> Iterator[None]:
    """Hold the server of the measurements running, with Django set up to use it."""
    os.environ["AIGUILLE_VAR"] = str(VAR)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiguille.config.settings")
    from aiguille.plumbing import postgres

    with postgres.running(VAR):
        import django

        django.setup()
        try:
            yield
        finally:
            close()


def use(name: str, fill: Callable[[], None]) -> str:
    """Let Django use the database `name`, made and filled where it is not there; return its name.

    `fill` runs in the new database, whose schema is today's. One that fails leaves nothing.
    """
    whole = f"{PREFIX}{name}_{_digest()}"
    empty = f"{PREFIX}empty_{_digest()}"
    with _server() as server:
        _drop_older(server)
        if not _exists(server, empty):
            _make(server, empty, _migrate)
        if not _exists(server, whole):
            _make(server, whole, fill, template=empty)
    select(whole)
    return whole


def select(name: str) -> None:
    """Let Django use a database that is there."""
    from django.conf import settings
    from django.db import connections

    close()
    for alias in settings.DATABASES:
        settings.DATABASES[alias]["NAME"] = name
        connections[alias].settings_dict["NAME"] = name


def close() -> None:
    """Close Django's connections."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()


def drop(name: str) -> None:
    """Drop a database that Django uses no more."""
    close()
    with _server() as server:
        _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def copy_of(name: str, *, to: str) -> str:
    """Make a fresh copy of a filled database, for what writes into it; return its name."""
    whole = f"{PREFIX}{to}_{_digest()}"
    close()
    with _server() as server:
        _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", whole)
        _run(server, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", whole, name)
    select(whole)
    _lay_ground()
    return whole


@contextmanager
def owner() -> Iterator[Connection]:
    """Open the database in use as its owner, in autocommit."""
    from django.conf import settings

    with psycopg.connect(
        address(settings.DATABASES["default"]["NAME"], owner=True), autocommit=True
    ) as connection:
        yield connection


def address(name: str, *, owner: bool = False) -> str:
    """Return libpq's address of a database, as the application's role or as the owner."""
    from aiguille.plumbing import postgres

    role = postgres.OWNER_ROLE if owner else postgres.APPLICATION_ROLE
    return f"host={postgres.socket_folder(VAR)} user={role} dbname={name}"


def settle(connection: Connection) -> None:
    """Leave the server nothing to tidy up while it is measured."""
    connection.execute("VACUUM ANALYZE")


def _make(server: Connection, name: str, fill: Callable[[], None], *, template: str = "") -> None:
    making = f"{name}_making"
    _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", making)
    if template:
        _run(server, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", making, template)
    else:
        _run(server, "CREATE DATABASE {}", making)
    select(making)
    if template:
        _lay_ground()
    fill()
    with owner() as connection:
        settle(connection)
    close()
    _run(server, "ALTER DATABASE {} RENAME TO {}", making, name)


def _migrate() -> None:
    from aiguille.plumbing import schema

    schema.migrate()


def _lay_ground() -> None:
    """Repeat what a database's clone does not inherit: its own settings and rights."""
    from aiguille.plumbing import grants, postgres

    with owner() as connection:
        postgres.prepare_database(connection, application=grants.application_role())


@cache
def _digest() -> str:
    from aiguille.plumbing import schema

    digest = hashlib.sha256(schema.wanted_digest().encode())
    for name in FILLED_BY:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()[:10]


@contextmanager
def _server() -> Iterator[Connection]:
    from aiguille.plumbing import postgres

    server = f"host={postgres.socket_folder(VAR)} user={postgres.ADMIN_ROLE} dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(postgres.OWNER_ROLE)))
        yield connection


def _drop_older(server: Connection) -> None:
    rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
    for (name,) in rows.fetchall():
        if not name.endswith(_digest()):
            _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _exists(server: Connection, name: str) -> bool:
    found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return found.fetchone() is not None


def _run(server: Connection, statement: LiteralString, *names: str) -> None:
    """Run a statement about databases; wait for the server's own vacuum of one to end.

    Nobody but the administrator may end it, and it ends by itself.
    """
    for _ in range(_VACUUM_SECONDS):
        try:
            server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        except (InsufficientPrivilege, ObjectInUse):
            time.sleep(1)
        else:
            return
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
