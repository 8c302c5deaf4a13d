"""Whether the database is as this version of the program wants it, told without loading Django.

A start compares the digest of everything that shapes the schema with the one that the last
migration left in the database, and migrates only when they differ.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

STAMP = "schema"
DEMO_STAMP = "demo"
DEMO_FILLED = "filled"
_TABLE = "plumbing_schema_stamp"
_LIBRARIES = ("django", "django-allauth", "procrastinate")


def wanted_digest() -> str:
    """Return the digest of the migrations, models and grants of this program, in hexadecimal."""
    package = Path(__file__).resolve().parents[1]
    shaping = {
        *package.glob("*/migrations/**/*"),
        *package.glob("*/models*.py"),
        *package.glob("*/models/*.py"),
        *(package / "plumbing" / name for name in ("postgres.py", "grants.py")),
    }
    digest = hashlib.sha256(" ".join(f"{name}={version(name)}" for name in _LIBRARIES).encode())
    for path in sorted(shaping):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def stamps(conninfo: str) -> dict[str, str]:
    """Return the stamps that the database at `conninfo` holds; none when it is new."""
    import psycopg

    try:
        with psycopg.connect(conninfo) as connection:
            found = connection.execute(f"SELECT name, digest FROM {_TABLE}")  # noqa: S608 -- a constant
            return dict(found.fetchall())
    except psycopg.errors.UndefinedTable:
        return {}


def migrate(*, using: str = "owner", verbosity: int = 0) -> None:
    """Migrate as the owner, grant the application's rights, and leave the digest. Needs Django."""
    from django.core.management import call_command

    call_command(
        "migrate", database=using, interactive=False, skip_checks=True, verbosity=verbosity
    )
    stamp(name=STAMP, digest=wanted_digest(), using=using)


def stamp(*, name: str, digest: str, using: str = "owner") -> None:
    """Leave a stamp, as the owner. Needs Django."""
    from aiguille.plumbing.models import SchemaStamp

    SchemaStamp.objects.using(using).update_or_create(name=name, defaults={"digest": digest})


def empty_tables(owner: "BaseDatabaseWrapper") -> None:
    """Empty every table through the owner's connection, but for what migrations wrote."""
    from psycopg import sql

    kept = {"django_migrations", "django_content_type", "auth_permission", _TABLE}
    with owner.cursor() as cursor:
        tables = sorted(set(owner.introspection.table_names(cursor)) - kept)
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        statement = sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names)
        cursor.execute(statement.as_string(owner.connection))
