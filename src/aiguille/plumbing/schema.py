"""Whether the database is as this version of the program wants it, told without loading Django.

A start compares the digest of everything that shapes the schema with the one that the last
migration left in the database, and migrates only when they differ.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path

STAMP = "schema"
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


def is_current(conninfo: str) -> bool:
    """Return whether the database at `conninfo` was migrated by this very program."""
    import psycopg

    try:
        with psycopg.connect(conninfo) as connection:
            row = connection.execute(
                f"SELECT digest FROM {_TABLE} WHERE name = %s",  # noqa: S608 -- a constant
                [STAMP],
            ).fetchone()
    except psycopg.errors.UndefinedTable:
        return False
    return row is not None and row[0] == wanted_digest()


def migrate(*, using: str = "owner", verbosity: int = 0) -> None:
    """Migrate as the owner, grant the application's rights, and leave the digest. Needs Django."""
    from django.core.management import call_command

    from aiguille.plumbing.models import SchemaStamp

    call_command(
        "migrate", database=using, interactive=False, skip_checks=True, verbosity=verbosity
    )
    SchemaStamp.objects.using(using).update_or_create(
        name=STAMP, defaults={"digest": wanted_digest()}
    )
