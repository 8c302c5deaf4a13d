"""What no verdict may do, whoever writes it: open sessions against what it rests on.

It rests on the rule book's answer about the same patient; it opens nothing that this answer forbids,
and gives a reason for each finding that a physician must decide. A physician whose registration was
in force signs it. The day is the signer's local date, which may differ by one from that of the
instant. A verdict holds for a year at most.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION care_verdict_heeds_its_ruling() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ruling record;
  signed_on date := (NEW.signed_at AT TIME ZONE 'UTC')::date;
BEGIN
  SELECT patient_id, kind, answer INTO ruling FROM care_ruling WHERE id = NEW.ruling_id;
  IF ruling.patient_id <> NEW.patient_id OR ruling.kind <> 'screening' THEN
    RAISE EXCEPTION 'a verdict rests on the screening of its own patient'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_rests_on_its_patients_ruling';
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM accounts_qualification
     WHERE user_id = NEW.signer_id AND title = 'physician'
       AND valid_during && daterange(signed_on - 1, signed_on + 2)
  ) THEN
    RAISE EXCEPTION 'a physician in force signs a verdict'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'physician_signs_verdict';
  END IF;
  IF upper(NEW.valid_during) - 1 > lower(NEW.valid_during) + interval '12 months' THEN
    RAISE EXCEPTION 'a verdict holds for twelve months at most'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_holds_a_year_at_most';
  END IF;
  IF NEW.outcome IN ('ELIGIBLE', 'ELIGIBLE_IF', 'NOT_BEFORE') THEN
    IF EXISTS (
      SELECT 1 FROM jsonb_array_elements(ruling.answer -> 'findings') AS finding
       WHERE finding ->> 'decision' = 'BLOCK'
    ) THEN
      RAISE EXCEPTION 'what the rule book forbids is never overridden'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_never_overrides_a_block';
    END IF;
    IF EXISTS (
      SELECT 1 FROM jsonb_array_elements(ruling.answer -> 'findings') AS finding
       WHERE finding ->> 'decision' IN ('DELAY', 'REVIEW')
         AND NOT EXISTS (
           SELECT 1 FROM jsonb_array_elements(NEW.overrides) AS given
            WHERE given ->> 'rule' = finding ->> 'rule'
              AND given ->> 'decision' = finding ->> 'decision'
              AND btrim(given ->> 'reason') <> ''
         )
    ) THEN
      RAISE EXCEPTION 'a finding that a physician decides needs the reason'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_gives_its_reasons';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER verdict_heeds_its_ruling
  BEFORE INSERT ON care_verdict
  FOR EACH ROW EXECUTE FUNCTION care_verdict_heeds_its_ruling();
"""

BACKWARD = """
DROP TRIGGER verdict_heeds_its_ruling ON care_verdict;
DROP FUNCTION care_verdict_heeds_its_ruling();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("care", "0002_draft_and_address")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
