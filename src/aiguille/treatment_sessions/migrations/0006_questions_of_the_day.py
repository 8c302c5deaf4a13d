"""A session begins once the starred questions were asked on its own day, by the clock of its site."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION treatment_sessions_questions_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1
      FROM treatment_sessions_asked_again asked
      JOIN booking_appointment a ON a.id = asked.appointment_id
      JOIN clinics_site s ON s.id = a.site_id
     WHERE asked.appointment_id = NEW.appointment_id
       AND asked.recorded_at <= NEW.begun_at
       AND (asked.recorded_at AT TIME ZONE s.time_zone)::date
           = (NEW.begun_at AT TIME ZONE s.time_zone)::date
  ) THEN
    RAISE EXCEPTION 'the questions of the day are asked before a session begins'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_questions_asked';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER session_questions_asked
  BEFORE INSERT ON treatment_sessions_session
  FOR EACH ROW EXECUTE FUNCTION treatment_sessions_questions_asked();
"""

BACKWARD = """
DROP TRIGGER session_questions_asked ON treatment_sessions_session;
DROP FUNCTION treatment_sessions_questions_asked();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("treatment_sessions", "0005_asked_again"),
        ("booking", "0002_verdict_gate"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
