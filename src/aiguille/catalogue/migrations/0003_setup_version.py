"""Services are part of what can be booked: their changes raise the version of it."""

from django.db import migrations

TABLES = ("catalogue_service", "catalogue_service_need", "catalogue_service_phase")


def raised_by(table: str) -> migrations.RunSQL:
    """Return the operation that lets every change of `table` raise the version."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER setup_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
          FOR EACH STATEMENT EXECUTE FUNCTION clinics_raise_setup_version()
        """,
        f"DROP TRIGGER setup_version ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0002_protocol_keeps_its_order"),
        ("clinics", "0004_setup_version"),
    ]
    operations = [*map(raised_by, TABLES)]
