"""Occupancy of now and of long past as one thing to read."""

from django.db import migrations, models

FORWARD = """
CREATE VIEW booking_every_occupancy AS
SELECT id, resource_id, patient_id, appointment_id, hold_id, need, period
  FROM booking_occupancy
UNION ALL
SELECT id, resource_id, patient_id, appointment_id, NULL, need, period
  FROM booking_occupancy_history;
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0006_busy_weeks")]
    operations = [
        migrations.CreateModel(
            name="EveryOccupancy",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
            ],
            options={"db_table": "booking_every_occupancy", "managed": False},
        ),
        migrations.RunSQL(FORWARD, "DROP VIEW booking_every_occupancy"),
    ]
