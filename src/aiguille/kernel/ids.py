"""Keys of rows: UUIDs version 7, made by the application, so that they sort by creation."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a fresh UUIDv7."""
    return uuid7()
