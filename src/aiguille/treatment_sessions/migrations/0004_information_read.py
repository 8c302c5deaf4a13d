"""A session begins once its patient read what the verdict's findings ask to tell them.

What findings ask besides, from newer answers, is decided in `operations`; the answer that the
verdict rests on is stored, and so the database can ask for it.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION treatment_sessions_patient_informed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1
      FROM booking_appointment a
      JOIN care_verdict v ON v.id = a.verdict_id
      JOIN care_ruling r ON r.id = v.ruling_id
     CROSS JOIN LATERAL jsonb_array_elements(r.answer -> 'findings') AS finding
     WHERE a.id = NEW.appointment_id
       AND finding ->> 'decision' = 'INFORM'
       AND NOT EXISTS (
         SELECT 1 FROM care_information_read i
          WHERE i.verdict_id = v.id AND i.rule = finding ->> 'rule'
       )
  ) THEN
    RAISE EXCEPTION 'the patient reads what concerns them before a session begins'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_information_read';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER session_patient_informed
  BEFORE INSERT ON treatment_sessions_session
  FOR EACH ROW EXECUTE FUNCTION treatment_sessions_patient_informed();
"""

BACKWARD = """
DROP TRIGGER session_patient_informed ON treatment_sessions_session;
DROP FUNCTION treatment_sessions_patient_informed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("treatment_sessions", "0003_closing_signature"),
        ("care", "0004_information_read"),
        ("booking", "0002_verdict_gate"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
