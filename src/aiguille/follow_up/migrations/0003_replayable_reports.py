"""A symptom report keeps what its ruling needs to be replayed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("follow_up", "0002_request_key"),
    ]

    operations = [
        migrations.AddField(
            model_name="symptomreport",
            name="asked",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="symptomreport",
            name="clinic_values",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="symptomreport",
            name="rulebook_version",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
    ]
