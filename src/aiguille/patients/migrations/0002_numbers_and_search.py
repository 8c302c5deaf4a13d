"""Short numbers for people, and search by a few letters."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE patients_patient_number START 10001;
CREATE INDEX patient_name_search ON patients_patient USING gin (
  (lower(birth_name || ' ' || first_names || ' ' || used_name)) gin_trgm_ops
);
CREATE INDEX patient_phone ON patients_patient (phone);
CREATE INDEX patient_email ON patients_patient (lower(email));
"""

BACKWARD = """
DROP INDEX patient_email;
DROP INDEX patient_phone;
DROP INDEX patient_name_search;
DROP SEQUENCE patients_patient_number;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
