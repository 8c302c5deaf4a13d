"""A session begins under the patient's own current consent, and consumes only what may be used."""

from django.db import migrations

FORWARD = """
ALTER TABLE treatment_sessions_session
  ADD CONSTRAINT session_consent
    FOREIGN KEY (consent_id, patient_id, treatment_id)
    REFERENCES consent_consent (id, patient_id, treatment_id);

CREATE FUNCTION treatment_sessions_may_begin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  booked record;
  verdict record;
BEGIN
  IF EXISTS (SELECT 1 FROM consent_withdrawal WHERE consent_id = NEW.consent_id) THEN
    RAISE EXCEPTION 'a withdrawn consent does not open a session'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_current_consent';
  END IF;
  SELECT a.kind, a.patient_id, a.treatment_id, a.verdict_id, a.site_id, s.time_zone INTO booked
    FROM booking_appointment a JOIN clinics_site s ON s.id = a.site_id
   WHERE a.id = NEW.appointment_id;
  IF booked IS NULL OR booked.kind <> 'SESSION' OR booked.patient_id <> NEW.patient_id
     OR booked.treatment_id <> NEW.treatment_id OR booked.site_id <> NEW.site_id THEN
    RAISE EXCEPTION 'a session belongs to its own appointment'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'session_matches_appointment';
  END IF;
  SELECT outcome, status, valid_during INTO verdict
    FROM care_verdict WHERE id = booked.verdict_id FOR SHARE;
  IF verdict IS NULL OR verdict.status <> 'ACTIVE'
     OR verdict.outcome NOT IN ('ELIGIBLE', 'ELIGIBLE_IF', 'NOT_BEFORE')
     OR NOT verdict.valid_during @> (NEW.begun_at AT TIME ZONE booked.time_zone)::date THEN
    RAISE EXCEPTION 'a session needs an active, eligible verdict on its day'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'session_needs_valid_verdict';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER session_may_begin
  BEFORE INSERT ON treatment_sessions_session
  FOR EACH ROW EXECUTE FUNCTION treatment_sessions_may_begin();

CREATE FUNCTION treatment_sessions_unit_usable() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  opened record;
BEGIN
  SELECT l.status, l.expiry, l.site_id, p.is_single_use, s.patient_id, s.site_id AS session_site,
         (NEW.used_at AT TIME ZONE c.time_zone)::date AS local_day
    INTO opened
    FROM stock_lot l
    JOIN catalogue_product p ON p.id = l.product_id
    JOIN treatment_sessions_session s ON s.id = NEW.session_id
    JOIN clinics_site c ON c.id = s.site_id
   WHERE l.id = NEW.lot_id
     -- FOR SHARE: a recall waits for us, or we see it.
     FOR SHARE OF l;
  IF opened IS NULL OR opened.patient_id <> NEW.patient_id OR opened.site_id <> opened.session_site
  THEN
    RAISE EXCEPTION 'a unit is used on the patient and at the site of its session'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_matches_session';
  END IF;
  IF opened.status <> 'available' OR opened.expiry < opened.local_day THEN
    RAISE EXCEPTION 'an expired, quarantined or recalled lot is not used'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_is_usable';
  END IF;
  IF opened.is_single_use AND NEW.unit_id IS NULL THEN
    RAISE EXCEPTION 'a single-use product is traced unit by unit'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'single_use_names_its_unit';
  END IF;
  IF NEW.unit_id IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM stock_unit u WHERE u.id = NEW.unit_id AND u.lot_id = NEW.lot_id)
  THEN
    RAISE EXCEPTION 'a unit belongs to its lot'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_matches_lot';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER unit_usable
  BEFORE INSERT ON treatment_sessions_unit_use
  FOR EACH ROW EXECUTE FUNCTION treatment_sessions_unit_usable();
"""

BACKWARD = """
DROP TRIGGER unit_usable ON treatment_sessions_unit_use;
DROP FUNCTION treatment_sessions_unit_usable();
DROP TRIGGER session_may_begin ON treatment_sessions_session;
DROP FUNCTION treatment_sessions_may_begin();
ALTER TABLE treatment_sessions_session DROP CONSTRAINT session_consent;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("treatment_sessions", "0001_initial"),
        ("consent", "0001_initial"),
        ("booking", "0002_verdict_gate"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
