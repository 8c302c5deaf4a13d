"""What a process keeps of the rules knows which of them are confirmed: a signature is news to it."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER setup_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON catalogue_rule_value_change
  FOR EACH STATEMENT EXECUTE FUNCTION clinics_raise_setup_version();
"""
BACKWARD = "DROP TRIGGER setup_version ON catalogue_rule_value_change;"


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0004_rule_values")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
