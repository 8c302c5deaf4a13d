"""What Django cannot say: composite foreign keys, and the gate that no path goes around.

A session's appointment must point at an active, eligible verdict of the same patient and the same
treatment whose period holds the appointment's own local date. Business time only: `now()` is never
asked. An appointment that holds its time must have the occupancy that says so.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE booking_appointment
  ADD CONSTRAINT appointment_service_kind
    FOREIGN KEY (service_id, kind)
    REFERENCES catalogue_service (id, kind),
  ADD CONSTRAINT appointment_service_treatment
    FOREIGN KEY (service_id, kind, treatment_id)
    REFERENCES catalogue_service (id, kind, treatment_id),
  ADD CONSTRAINT appointment_verdict
    FOREIGN KEY (verdict_id, patient_id, treatment_id)
    REFERENCES care_verdict (id, patient_id, treatment_id);

CREATE FUNCTION booking_session_needs_verdict() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  zone text;
  local_day date;
  verdict record;
BEGIN
  SELECT time_zone INTO zone FROM clinics_site WHERE id = NEW.site_id;
  local_day := (NEW.starts_at AT TIME ZONE zone)::date;
  IF NEW.local_date <> local_day THEN
    RAISE EXCEPTION 'the local date of an appointment is the date of its start at its site'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'appointment_local_date';
  END IF;
  IF NEW.kind = 'SESSION' AND NEW.state IN ('BOOKED', 'ARRIVED', 'IN_PROGRESS') THEN
    -- FOR SHARE: a verdict cannot be suspended between this look and our commit.
    SELECT outcome, status, valid_during INTO verdict
      FROM care_verdict WHERE id = NEW.verdict_id FOR SHARE;
    IF verdict IS NULL
       OR verdict.status <> 'ACTIVE'
       OR verdict.outcome NOT IN ('ELIGIBLE', 'ELIGIBLE_IF', 'NOT_BEFORE')
       OR NOT verdict.valid_during @> local_day THEN
      RAISE EXCEPTION 'a session needs an active, eligible verdict on its day'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_valid_verdict';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER session_needs_verdict
  BEFORE INSERT OR UPDATE ON booking_appointment
  FOR EACH ROW EXECUTE FUNCTION booking_session_needs_verdict();

CREATE FUNCTION booking_appointment_holds_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  latest record;
BEGIN
  SELECT * INTO latest FROM booking_appointment WHERE id = NEW.id;
  IF latest IS NULL OR latest.state IN ('CANCELLED', 'NO_SHOW') THEN
    RETURN NULL;
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM booking_occupancy
     WHERE appointment_id = latest.id AND patient_id = latest.patient_id
       AND period = tstzrange(latest.starts_at, latest.ends_at)
  ) THEN
    RAISE EXCEPTION 'an appointment holds its patient from its start to its end'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'appointment_holds_its_time';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER appointment_holds_its_time
  AFTER INSERT OR UPDATE ON booking_appointment
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION booking_appointment_holds_its_time();

CREATE SEQUENCE booking_appointment_number START 1001;
"""

BACKWARD = """
DROP SEQUENCE booking_appointment_number;
DROP TRIGGER appointment_holds_its_time ON booking_appointment;
DROP FUNCTION booking_appointment_holds_its_time();
DROP TRIGGER session_needs_verdict ON booking_appointment;
DROP FUNCTION booking_session_needs_verdict();
ALTER TABLE booking_appointment
  DROP CONSTRAINT appointment_verdict,
  DROP CONSTRAINT appointment_service_treatment,
  DROP CONSTRAINT appointment_service_kind;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0001_initial"),
        ("care", "0001_initial"),
        ("catalogue", "0001_initial"),
        ("clinics", "0001_initial"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
