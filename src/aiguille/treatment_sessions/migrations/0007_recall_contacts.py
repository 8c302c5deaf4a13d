import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0005_drafts_by_occasion"),
        ("stock", "0001_initial"),
        ("treatment_sessions", "0006_questions_of_the_day"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecallContact",
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
                    "means",
                    models.CharField(
                        choices=[
                            ("phone", "phone"),
                            ("in_person", "in_person"),
                            ("email", "email"),
                            ("letter", "letter"),
                        ],
                        max_length=20,
                    ),
                ),
                ("was_reached", models.BooleanField()),
                ("note", models.TextField(blank=True)),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.lot",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "db_table": "treatment_sessions_recall_contact",
                "indexes": [
                    models.Index(fields=["lot", "patient"], name="recall_contact_by_patient")
                ],
            },
        ),
    ]
