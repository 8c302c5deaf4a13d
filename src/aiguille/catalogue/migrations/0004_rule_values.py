"""The medical director's signed values of the rules, and the moment each came into force.

Who signs is checked here too: the medical director and physician of the day of the signature, by
the appointments as they stand. The day is the signer's local date, so that it may differ by one
from that of the instant. A change comes into force with a row of its own, whose number is part of
the rules' version; what processes keep in memory is known by the set-up's version, which it raises.
"""

import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids

FORWARD = """
CREATE FUNCTION catalogue_medical_director_signs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF abs(NEW.signed_on - (NEW.signed_at AT TIME ZONE 'UTC')::date) > 1 THEN
    RAISE EXCEPTION 'the day of a signature is the local date of its instant'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_change_signed_on_its_day';
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM clinics_medical_director
     WHERE user_id = NEW.signer_id AND valid_during @> NEW.signed_on
  ) OR NOT EXISTS (
    SELECT 1 FROM accounts_qualification
     WHERE user_id = NEW.signer_id AND title = 'physician' AND valid_during @> NEW.signed_on
  ) THEN
    RAISE EXCEPTION 'only the medical director in force signs a change of the rules'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'medical_director_signs_rules';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER medical_director_signs
  BEFORE INSERT OR UPDATE ON catalogue_rule_value_change
  FOR EACH ROW EXECUTE FUNCTION catalogue_medical_director_signs();

CREATE FUNCTION catalogue_rule_value_due() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change record;
BEGIN
  SELECT setting, effective_on INTO change
    FROM catalogue_rule_value_change WHERE id = NEW.change_id;
  IF change.setting = '' OR (NEW.since AT TIME ZONE 'UTC')::date + 1 < change.effective_on THEN
    RAISE EXCEPTION 'a value comes into force on its day'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_value_not_yet_due';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER rule_value_due
  BEFORE INSERT OR UPDATE ON catalogue_rule_value_in_force
  FOR EACH ROW EXECUTE FUNCTION catalogue_rule_value_due();

CREATE TRIGGER setup_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON catalogue_rule_value_in_force
  FOR EACH STATEMENT EXECUTE FUNCTION clinics_raise_setup_version();
"""

BACKWARD = """
DROP TRIGGER setup_version ON catalogue_rule_value_in_force;
DROP TRIGGER rule_value_due ON catalogue_rule_value_in_force;
DROP FUNCTION catalogue_rule_value_due();
DROP TRIGGER medical_director_signs ON catalogue_rule_value_change;
DROP FUNCTION catalogue_medical_director_signs();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("catalogue", "0003_setup_version"),
        ("clinics", "0004_setup_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="RuleValueChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=aiguille.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("content_digest", models.CharField(max_length=64)),
                ("signer_id", models.UUIDField()),
                ("signer_name", models.CharField(max_length=200)),
                ("signer_role", models.CharField(max_length=20)),
                ("signer_rpps", models.CharField(blank=True, max_length=11)),
                ("signed_at", models.DateTimeField()),
                ("rule_id", models.CharField(max_length=40)),
                ("rule_version", models.CharField(max_length=20)),
                ("rulebook_version", models.CharField(max_length=40)),
                ("setting", models.CharField(blank=True, max_length=80)),
                ("value", models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                ("replaced_value", models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                ("at_least", models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                ("at_most", models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                ("reason", models.TextField()),
                ("effective_on", models.DateField()),
                ("signed_on", models.DateField()),
            ],
            options={
                "db_table": "catalogue_rule_value_change",
                "indexes": [
                    models.Index(fields=["rule_id", "-signed_at"], name="rule_changes_latest")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="rule_change_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("setting", ""), ("value", None)),
                            models.Q(
                                models.Q(("setting", ""), _negated=True),
                                ("replaced_value__isnull", False),
                                ("value__isnull", False),
                                ("at_least__isnull", False),
                                ("at_most__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="rule_change_has_its_value_and_limits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value", None),
                            models.Q(
                                ("value__gte", models.F("at_least")),
                                ("value__lte", models.F("at_most")),
                            ),
                            _connector="OR",
                        ),
                        name="rule_value_within_its_limits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("effective_on__gte", models.F("signed_on"))),
                        name="rule_change_never_of_the_past",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleValueInForce",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=aiguille.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.PositiveIntegerField(unique=True)),
                ("since", models.DateTimeField()),
                (
                    "change",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="force",
                        to="catalogue.rulevaluechange",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "rule values in force",
                "db_table": "catalogue_rule_value_in_force",
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
