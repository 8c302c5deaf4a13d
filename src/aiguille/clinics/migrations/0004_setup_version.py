"""A number that changes with every change of what can be booked, whoever makes it and however.

A sequence never gives a number twice, after a rollback neither: what a process keeps in memory
under a version read in a transaction that was undone is never asked for again.
"""

from django.db import migrations, models

TABLES = (
    "clinics_site",
    "clinics_resource",
    "clinics_opening_hours",
    "clinics_extra_opening",
    "clinics_closure",
    "clinics_external_busy",
)

FORWARD = """
CREATE SEQUENCE clinics_setup_version_number;

CREATE FUNCTION clinics_raise_setup_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO clinics_setup_version (id, version)
  VALUES (1, nextval('clinics_setup_version_number'))
  ON CONFLICT (id) DO UPDATE SET version = nextval('clinics_setup_version_number');
  RETURN NULL;
END $$;

-- As the tables' owner, whatever the caller's path says.
DO $$ BEGIN
  EXECUTE format(
    'ALTER FUNCTION clinics_raise_setup_version() SET search_path = %I, pg_temp',
    current_schema());
END $$;

INSERT INTO clinics_setup_version (id, version)
VALUES (1, nextval('clinics_setup_version_number'));
"""

BACKWARD = """
DROP FUNCTION clinics_raise_setup_version();
DROP SEQUENCE clinics_setup_version_number;
"""


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
    dependencies = [("clinics", "0003_printed_names")]
    operations = [
        migrations.CreateModel(
            name="SetupVersion",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("version", models.BigIntegerField()),
            ],
            options={
                "db_table": "clinics_setup_version",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="one_setup_version")
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        *map(raised_by, TABLES),
    ]
