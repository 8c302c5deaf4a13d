from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0003_search_and_attempts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="kind",
            field=models.CharField(
                choices=[
                    ("BIRTH_DATE", "Birth Date"),
                    ("NEW_LINK", "New Link"),
                    ("WAITING_LIST", "Waiting List"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="secretlink",
            name="scope",
            field=models.CharField(
                choices=[
                    ("APPOINTMENT", "Appointment"),
                    ("SPACE", "Space"),
                    ("WAITING", "Waiting"),
                ],
                max_length=20,
            ),
        ),
    ]
