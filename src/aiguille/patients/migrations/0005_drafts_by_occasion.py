from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0004_waiting_list"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="answerdraft",
            name="one_draft_per_procedure",
        ),
        migrations.AddField(
            model_name="answerdraft",
            name="asked_for",
            field=models.UUIDField(null=True),
        ),
        migrations.AddConstraint(
            model_name="answerdraft",
            constraint=models.UniqueConstraint(
                fields=("patient", "procedure", "asked_for"),
                name="one_draft_per_occasion",
                nulls_distinct=False,
            ),
        ),
    ]
