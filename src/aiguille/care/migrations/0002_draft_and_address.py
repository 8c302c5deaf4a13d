import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0001_initial"),
        ("clinics", "0001_initial"),
        ("patients", "0001_initial"),
    ]
    operations = [
        migrations.CreateModel(
            name="ConsultationDraft",
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
                ("appointment_id", models.UUIDField(unique=True)),
                ("author_id", models.UUIDField()),
                ("content", models.JSONField()),
                ("updated_at", models.DateTimeField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
            ],
            options={"db_table": "care_consultation_draft"},
        ),
        # No prescription exists before the first release: the default never applies.
        migrations.AddField(
            model_name="prescription",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="clinics.site",
                default="00000000-0000-0000-0000-000000000000",
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("appointment_id__isnull", False), ("replaces__isnull", True)),
                fields=("appointment_id",),
                name="one_consultation_per_appointment",
            ),
        ),
    ]
