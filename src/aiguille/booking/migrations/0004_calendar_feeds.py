import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import aiguille.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0003_request_key"),
        ("clinics", "0002_external_calendars"),
        ("patients", "0003_search_and_attempts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
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
                ("secret_hash", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("language", models.CharField(choices=[("fr", "FR"), ("en", "EN")], max_length=2)),
                ("has_initials", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("counted_from", models.DateTimeField(null=True)),
                ("counted", models.PositiveIntegerField(default=0)),
                (
                    "patient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinics.resource",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "booking_calendar_feed",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("patient__isnull", True), ("resource__isnull", False)),
                            models.Q(("patient__isnull", False), ("resource__isnull", True)),
                            _connector="OR",
                        ),
                        name="feed_of_a_practitioner_or_a_patient",
                    )
                ],
            },
        ),
    ]
