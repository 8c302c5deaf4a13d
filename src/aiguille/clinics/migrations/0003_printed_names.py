from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinics", "0002_external_calendars")]

    operations = [
        migrations.AddField(
            model_name="clinicgroup",
            name="printed_names",
            field=models.CharField(
                choices=[
                    ("FULL", "Full name"),
                    ("SHORT", "First name and initial"),
                    ("NUMBER", "Record number"),
                ],
                db_default="SHORT",
                default="SHORT",
                max_length=10,
            ),
        ),
    ]
