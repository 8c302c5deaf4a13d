import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0008_bits_know_when_they_changed"),
        ("patients", "0005_drafts_by_occasion"),
        ("treatment_sessions", "0004_information_read"),
    ]

    operations = [
        migrations.CreateModel(
            name="AskedAgain",
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
                    "answer_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.answerset",
                    ),
                ),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="booking.appointment",
                    ),
                ),
            ],
            options={
                "db_table": "treatment_sessions_asked_again",
            },
        ),
    ]
