import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("clinics", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExternalCalendar",
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
                ("name", models.CharField(max_length=80)),
                ("sealed_address", models.TextField(blank=True)),
                ("host", models.CharField(blank=True, max_length=253)),
                ("time_zone", models.CharField(max_length=50)),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("modified", models.CharField(blank=True, max_length=60)),
                ("failure", models.CharField(blank=True, max_length=40)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("not_understood", models.PositiveIntegerField(default=0)),
                ("tried_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("read_until", models.DateTimeField(null=True)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "resource",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="external_calendars",
                        to="clinics.resource",
                    ),
                ),
            ],
            options={
                "db_table": "clinics_external_calendar",
            },
        ),
        migrations.CreateModel(
            name="ExternalBusy",
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
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "resource",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clinics.resource",
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="busy",
                        to="clinics.externalcalendar",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "external busy",
                "db_table": "clinics_external_busy",
            },
        ),
        migrations.AddIndex(
            model_name="externalcalendar",
            index=models.Index(fields=["next_try_at"], name="external_calendar_due"),
        ),
    ]
