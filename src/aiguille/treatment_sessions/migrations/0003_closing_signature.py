"""The signature that closes a session, without which none ends.

It is that of the physician who led the session. The day of the registration is the signer's local
date, which may differ by one from that of the instant.
"""

import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids

FORWARD = """
CREATE FUNCTION treatment_sessions_ends_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state IN ('CLOSED', 'STOPPED') AND OLD.state = 'RUNNING' AND NOT EXISTS (
    SELECT 1
      FROM treatment_sessions_signature signature
      JOIN accounts_qualification held ON held.user_id = signature.signer_id
     WHERE signature.session_id = NEW.id AND signature.signer_id = NEW.performer_id
       AND held.title = 'physician'
       AND held.valid_during && daterange(
         (signature.signed_at AT TIME ZONE 'UTC')::date - 1,
         (signature.signed_at AT TIME ZONE 'UTC')::date + 2
       )
  ) THEN
    RAISE EXCEPTION 'the physician who led a session signs its end'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'session_ends_signed';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER session_ends_signed
  BEFORE UPDATE OF state ON treatment_sessions_session
  FOR EACH ROW EXECUTE FUNCTION treatment_sessions_ends_signed();
"""

BACKWARD = """
DROP TRIGGER session_ends_signed ON treatment_sessions_session;
DROP FUNCTION treatment_sessions_ends_signed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("treatment_sessions", "0002_session_gate"),
    ]

    operations = [
        migrations.CreateModel(
            name="SessionSignature",
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
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signature",
                        to="treatment_sessions.treatmentsession",
                    ),
                ),
            ],
            options={"db_table": "treatment_sessions_signature"},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
