"""Weekly hours hold from a date up to another; a public holiday is known by whose it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinics", "0004_setup_version"),
    ]

    operations = [
        migrations.AddField(
            model_name="closure",
            name="holiday",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="openinghours",
            name="valid_from",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="openinghours",
            name="valid_until",
            field=models.DateField(null=True),
        ),
        migrations.AddConstraint(
            model_name="openinghours",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from", None),
                    ("valid_until", None),
                    ("valid_from__lt", models.F("valid_until")),
                    _connector="OR",
                ),
                name="hours_hold_for_a_day_at_least",
            ),
        ),
    ]
