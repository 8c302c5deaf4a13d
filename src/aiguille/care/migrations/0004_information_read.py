import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids

FORWARD = """
CREATE FUNCTION care_information_read_by_its_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM care_verdict WHERE id = NEW.verdict_id AND patient_id = NEW.patient_id
  ) THEN
    RAISE EXCEPTION 'information is read by the patient whom the verdict is about'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'information_read_matches_verdict';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER information_read_by_its_patient
  BEFORE INSERT ON care_information_read
  FOR EACH ROW EXECUTE FUNCTION care_information_read_by_its_patient();
"""

BACKWARD = """
DROP TRIGGER information_read_by_its_patient ON care_information_read;
DROP FUNCTION care_information_read_by_its_patient();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0003_verdict_heeds_its_ruling"),
        ("patients", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="InformationRead",
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
                ("rule", models.CharField(max_length=30)),
                ("language", models.CharField(max_length=2)),
                ("shown", models.TextField()),
                ("text_digest", models.CharField(max_length=64)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                (
                    "verdict",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="care.verdict",
                    ),
                ),
            ],
            options={
                "db_table": "care_information_read",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("verdict", "rule", "text_digest"), name="information_read_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("author_id__isnull", False), ("author_kind", "patient")
                        ),
                        name="information_read_by_the_patient",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
