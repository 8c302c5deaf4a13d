"""A protocol's fields are shown, and depend on each other, in the order of its file."""

from django.db import migrations

import aiguille.plumbing.models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="protocolversion",
            name="content",
            field=aiguille.plumbing.models.OrderedJSONField(),
        ),
    ]
