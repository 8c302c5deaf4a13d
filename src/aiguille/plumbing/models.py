"""Base rows and fields that every area shares; no business word lives here."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression

from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text


class LocalizedField(models.JSONField):
    """A text in every language: a JSON column read as `kernel.text.Text`."""

    def from_db_value(
        self, value: str | None, expression: Expression, connection: BaseDatabaseWrapper
    ) -> Text | None:
        """Read the column."""
        raw = super().from_db_value(value, expression, connection)
        return None if raw is None else Text.from_mapping(raw)

    def get_prep_value(self, value: Any) -> Any:
        """Write the column; a text that lacks a language is refused."""
        if isinstance(value, Mapping):
            value = Text.from_mapping(value)
        return value.as_dict() if isinstance(value, Text) else value

    def to_python(self, value: Any) -> Any:
        """Accept a mapping or a `Text`."""
        return Text.from_mapping(value) if isinstance(value, Mapping) else value

    def value_to_string(self, obj: models.Model) -> Any:
        """Give fixtures the plain mapping."""
        return self.get_prep_value(self.value_from_object(obj))


class OrderedJSONField(models.JSONField):
    """JSON kept as it was written: unlike `jsonb`, a text keeps the order of an object's keys."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        """Return the type of the column."""
        return "text"

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,  # noqa: ARG002
        prepared: bool = False,  # noqa: ARG002, FBT001, FBT002
    ) -> str:
        """Write the column."""
        return json.dumps(value, ensure_ascii=False)


class Row(models.Model):
    """A row whose key the application makes (UUIDv7), so that keys sort by creation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


class AppendOnlyRow(Row):
    """A row that is written once: the application's database role may not change or delete it."""

    append_only: ClassVar[bool] = True

    class Meta:
        abstract = True


class Authored(models.Model):
    """Who wrote a row and when, stored without a foreign key so that it outlives accounts."""

    author_kind = models.CharField(
        max_length=10, choices=[(kind.value, kind.name) for kind in ActorKind]
    )
    author_id = models.UUIDField(null=True)
    author_name = models.CharField(max_length=200)
    author_roles = ArrayField(models.CharField(max_length=20), default=list)
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True


def authored_by(actor: Actor, *, at: Any) -> dict[str, Any]:
    """Return the `Authored` columns for `actor` writing at the instant `at`."""
    return {
        "author_kind": actor.kind.value,
        "author_id": actor.id,
        "author_name": actor.display_name,
        "author_roles": sorted(role.value for role in actor.roles),
        "recorded_at": at,
    }


class Entry(AppendOnlyRow, Authored):
    """A clinical entry: never updated in place.

    A correction is a new entry that `replaces` the wrong one and says why; `entered_in_error`
    on the new one withdraws the old without putting anything in its place. `effective_at` is
    the instant that the entry speaks of, `recorded_at` the instant it was written.
    """

    version = models.PositiveIntegerField(default=1)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by"
    )
    reason = models.TextField(blank=True)
    entered_in_error = models.BooleanField(default=False)
    effective_at = models.DateTimeField()

    class Meta:
        abstract = True


class Signed(models.Model):
    """A signature: the digest of the exact content, who signed, in what quality, and when."""

    content_digest = models.CharField(max_length=64)
    signer_id = models.UUIDField()
    signer_name = models.CharField(max_length=200)
    signer_role = models.CharField(max_length=20)
    signer_rpps = models.CharField(max_length=11, blank=True)
    signed_at = models.DateTimeField()

    class Meta:
        abstract = True


class VaultKey(Row):
    """The data key of one owner (a patient), wrapped by a master key."""

    owner_id = models.UUIDField()
    master_key_id = models.CharField(max_length=40)
    wrapped_key = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "plumbing_vault_key"
        indexes = [models.Index(fields=["owner_id"], name="vault_key_owner")]


class VaultFile(AppendOnlyRow):
    """A file of the vault: encrypted at rest, immutable, known by the digest of its content."""

    owner_id = models.UUIDField()
    key = models.ForeignKey(VaultKey, on_delete=models.PROTECT)
    media_type = models.CharField(max_length=100)
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "plumbing_vault_file"
        indexes = [models.Index(fields=["owner_id"], name="vault_file_owner")]


class SchemaStamp(models.Model):
    """The digest of the migrations and grants last applied, so that a start can skip them."""

    name = models.CharField(primary_key=True, max_length=40)
    digest = models.CharField(max_length=64)

    class Meta:
        db_table = "plumbing_schema_stamp"


class ClockSetting(models.Model):
    """Where the clock of a demo or a test was set to: an offset in seconds from real time."""

    name = models.CharField(primary_key=True, max_length=20, default="clock")
    offset_seconds = models.BigIntegerField(default=0)

    class Meta:
        db_table = "plumbing_clock_setting"
