"""What a tablet recorded without a network, and what the server holds against it."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids
import aiguille.plumbing.models

FORWARD = """
CREATE FUNCTION treatment_sessions_incidents_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1
      FROM treatment_sessions_incident incident
      LEFT JOIN treatment_sessions_incident_settlement settled ON settled.incident_id = incident.id
     WHERE incident.session_id = NEW.id AND settled.id IS NULL
  ) THEN
    RAISE EXCEPTION 'the incidents of a session are settled before it ends'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'session_incidents_settled';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER session_ending_settled
  BEFORE UPDATE OF state ON treatment_sessions_session
  FOR EACH ROW WHEN (OLD.state = 'RUNNING' AND NEW.state <> 'RUNNING')
  EXECUTE FUNCTION treatment_sessions_incidents_settled();
"""

BACKWARD = """
DROP TRIGGER session_ending_settled ON treatment_sessions_session;
DROP FUNCTION treatment_sessions_incidents_settled();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("stock", "0001_initial"),
        ("treatment_sessions", "0007_recall_contacts"),
    ]

    operations = [
        migrations.AddField(
            model_name="sessionevent",
            name="device",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="sessionevent",
            name="device_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="sessionevent",
            name="received_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="SessionIncident",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=aiguille.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "author_kind",
                    models.CharField(
                        choices=[
                            ("staff", "STAFF"),
                            ("patient", "PATIENT"),
                            ("visitor", "VISITOR"),
                            ("system", "SYSTEM"),
                        ],
                        max_length=10,
                    ),
                ),
                ("author_id", models.UUIDField(null=True)),
                ("author_name", models.CharField(max_length=200)),
                (
                    "author_roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                (
                    "lot",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.lot",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.unit",
                    ),
                ),
                ("idempotency_key", models.UUIDField()),
                ("guard", models.CharField(max_length=60)),
                ("reason", aiguille.plumbing.models.LocalizedField()),
                ("payload", models.JSONField()),
                ("occurred_at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="treatment_sessions.sessionevent",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="treatment_sessions.treatmentsession",
                    ),
                ),
            ],
            options={
                "db_table": "treatment_sessions_incident",
            },
        ),
        migrations.CreateModel(
            name="IncidentSettlement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=aiguille.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "author_kind",
                    models.CharField(
                        choices=[
                            ("staff", "STAFF"),
                            ("patient", "PATIENT"),
                            ("visitor", "VISITOR"),
                            ("system", "SYSTEM"),
                        ],
                        max_length=10,
                    ),
                ),
                ("author_id", models.UUIDField(null=True)),
                ("author_name", models.CharField(max_length=200)),
                (
                    "author_roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("note", models.TextField()),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlement",
                        to="treatment_sessions.sessionincident",
                    ),
                ),
            ],
            options={
                "db_table": "treatment_sessions_incident_settlement",
            },
        ),
        migrations.AddConstraint(
            model_name="sessionincident",
            constraint=models.UniqueConstraint(
                fields=("idempotency_key", "guard"), name="one_incident_per_event_and_guard"
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentsettlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("note", ""), _negated=True), name="settlement_says_something"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
