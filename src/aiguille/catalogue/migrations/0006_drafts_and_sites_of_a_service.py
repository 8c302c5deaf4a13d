"""A service may be a draft, have sites of its own, and show its price in another way."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0005_confirmations_are_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="service",
            name="is_draft",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="service",
            name="price_display",
            field=models.CharField(
                choices=[
                    ("EXACT", "The price"),
                    ("FROM", "From this price on"),
                    ("QUOTE", "By a quote"),
                ],
                db_default="EXACT",
                default="EXACT",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="site_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_draft", False), ("is_active", False), _connector="OR"),
                name="drafts_are_not_on_offer",
            ),
        ),
    ]
