"""The plumbing application: it lays the database's ground around every migration."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

from aiguille.plumbing import grants, postgres


class PlumbingConfig(AppConfig):
    """Prepares the database before a migration and grants the application's rights after it."""

    name = "aiguille.plumbing"

    def ready(self) -> None:
        """Connect to the migration signals, which Django sends once per application."""
        pre_migrate.connect(_prepare, sender=self)
        post_migrate.connect(_grant, sender=self)


def _prepare(using: str, **_: Any) -> None:
    connections[using].ensure_connection()
    postgres.prepare_database(connections[using].connection, application=grants.application_role())


def _grant(using: str, **_: Any) -> None:
    grants.sync_grants(using=using)
