from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("booking", "0002_verdict_gate")]
    operations = [
        migrations.AddField(
            model_name="appointment",
            name="request_key",
            field=models.UUIDField(null=True, unique=True),
        )
    ]
