"""Busy bits beside the occupancy they are made of, and a place for occupancy long past.

Triggers keep the bits, in the transaction that changes the rows: no path goes around them. A week
is 2,016 ticks of five minutes since 1970-01-01T00:00Z; bit i of a week, counted from the right
within each byte as `set_bit` does, is its i-th tick. Rows of one resource never overlap (the
exclusion constraint) and lie on ticks (a check), so that clearing the bits of a row that goes is
exact. A week without a bit has no row.
"""

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
ALTER TABLE booking_occupancy ADD CONSTRAINT occupancy_on_ticks CHECK (
  resource_id IS NULL OR (
    NOT isempty(period) AND lower_inc(period) AND NOT upper_inc(period)
    AND lower(period) >= '1970-01-01T00:00:00Z' AND upper(period) < 'infinity'
    AND extract(epoch FROM lower(period)) % 300 = 0
    AND extract(epoch FROM upper(period)) % 300 = 0
  )
);

-- Each new version of a row finds room beside the old one, and needs no new entry in the index.
ALTER TABLE booking_busy_week SET (fillfactor = 60);

CREATE FUNCTION booking_marked(
  bits bytea, firsts integer[], stops integer[], taken boolean[]
) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  place integer;
  upto integer;
  mask integer;
BEGIN
  FOR i IN 1 .. cardinality(firsts) LOOP
    place := firsts[i];
    WHILE place < stops[i] LOOP
      upto := least(stops[i], (place / 8 + 1) * 8);
      mask := ((1 << (upto - place)) - 1) << (place % 8);
      bits := set_byte(bits, place / 8, CASE WHEN taken[i]
        THEN get_byte(bits, place / 8) | mask
        ELSE get_byte(bits, place / 8) & ~mask END);
      place := upto;
    END LOOP;
  END LOOP;
  RETURN bits;
END $$;

CREATE FUNCTION booking_no_bits() RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT decode(repeat('00', 252), 'hex') $$;

-- What a stretch takes of each week that it touches: from tick `first` up to tick `stop` of it.
CREATE FUNCTION booking_weeks_of(period tstzrange)
RETURNS TABLE (week integer, first integer, stop integer) LANGUAGE sql STABLE AS $$
  SELECT w::integer, greatest(b - w * 2016, 0)::integer, least(e - w * 2016, 2016)::integer
    FROM (SELECT (extract(epoch FROM lower(period)) / 300)::bigint AS b,
                 (extract(epoch FROM upper(period)) / 300)::bigint AS e) AS held
   CROSS JOIN LATERAL generate_series(b / 2016, (e - 1) / 2016) AS w
$$;

-- What the rows say, from nothing: to verify and to make the bits again.
CREATE FUNCTION booking_expected_busy_weeks()
RETURNS TABLE (resource_id uuid, week integer, bits bytea) LANGUAGE sql STABLE AS $$
  SELECT o.resource_id, w.week,
         booking_marked(booking_no_bits(), array_agg(w.first), array_agg(w.stop), array_agg(true))
    FROM booking_occupancy o CROSS JOIN LATERAL booking_weeks_of(o.period) w
   WHERE o.resource_id IS NOT NULL
   GROUP BY o.resource_id, w.week
$$;

-- Locks weeks by resource, then by week, so that two transactions cannot wait for each other here.
CREATE FUNCTION booking_mark_busy(resources uuid[], periods tstzrange[], taken boolean[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part record;
  remaining bytea;
BEGIN
  FOR part IN
    SELECT o.resource_id, w.week,
           array_agg(w.first ORDER BY o.taken) AS firsts,
           array_agg(w.stop ORDER BY o.taken) AS stops,
           array_agg(o.taken ORDER BY o.taken) AS taken
      FROM unnest(resources, periods, taken) AS o (resource_id, period, taken)
     CROSS JOIN LATERAL booking_weeks_of(o.period) w
     GROUP BY o.resource_id, w.week
     ORDER BY o.resource_id, w.week
  LOOP
    LOOP
      UPDATE booking_busy_week b
         SET bits = booking_marked(b.bits, part.firsts, part.stops, part.taken)
       WHERE b.resource_id = part.resource_id AND b.week = part.week
      RETURNING b.bits INTO remaining;
      IF FOUND THEN
        IF remaining = booking_no_bits() THEN
          DELETE FROM booking_busy_week b
           WHERE b.resource_id = part.resource_id AND b.week = part.week;
        END IF;
        EXIT;
      END IF;
      EXIT WHEN NOT (true = ANY (part.taken));
      INSERT INTO booking_busy_week (resource_id, week, bits)
      VALUES (part.resource_id, part.week,
              booking_marked(booking_no_bits(), part.firsts, part.stops, part.taken))
      ON CONFLICT DO NOTHING;
      EXIT WHEN FOUND;
    END LOOP;
  END LOOP;
END $$;

CREATE FUNCTION booking_bits_of_new_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM booking_mark_busy(array_agg(resource_id), array_agg(period), array_agg(true))
     FROM made WHERE resource_id IS NOT NULL HAVING count(*) > 0;
  RETURN NULL;
END $$;

CREATE FUNCTION booking_bits_of_old_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM booking_mark_busy(array_agg(resource_id), array_agg(period), array_agg(false))
     FROM gone WHERE resource_id IS NOT NULL HAVING count(*) > 0;
  RETURN NULL;
END $$;

CREATE FUNCTION booking_bits_of_changed_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM booking_mark_busy(array_agg(resource_id), array_agg(period), array_agg(taken))
     FROM (VALUES (OLD.resource_id, OLD.period, false), (NEW.resource_id, NEW.period, true))
          AS o (resource_id, period, taken)
    WHERE resource_id IS NOT NULL HAVING count(*) > 0;
  RETURN NULL;
END $$;

CREATE TRIGGER bits_of_new_rows AFTER INSERT ON booking_occupancy
  REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION booking_bits_of_new_rows();
CREATE TRIGGER bits_of_old_rows AFTER DELETE ON booking_occupancy
  REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION booking_bits_of_old_rows();
-- By row, because only such a trigger can pass over a hold that becomes an appointment for nothing.
CREATE TRIGGER bits_of_changed_row AFTER UPDATE OF resource_id, period ON booking_occupancy
  FOR EACH ROW WHEN (OLD.resource_id IS DISTINCT FROM NEW.resource_id
                     OR OLD.period IS DISTINCT FROM NEW.period)
  EXECUTE FUNCTION booking_bits_of_changed_row();

INSERT INTO booking_busy_week (resource_id, week, bits)
SELECT resource_id, week, bits FROM booking_expected_busy_weeks();

CREATE FUNCTION booking_move_to_history(ended_by timestamptz, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  moved integer;
BEGIN
  WITH past AS (
    SELECT id FROM booking_occupancy
     WHERE appointment_id IS NOT NULL AND upper(period) <= ended_by
     LIMIT at_most FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM booking_occupancy o USING past WHERE o.id = past.id
    RETURNING o.id, o.resource_id, o.patient_id, o.appointment_id, o.need, o.period
  )
  INSERT INTO booking_occupancy_history
    (id, resource_id, patient_id, appointment_id, need, period)
  SELECT id, resource_id, patient_id, appointment_id, need, period FROM gone;
  GET DIAGNOSTICS moved = ROW_COUNT;
  RETURN moved;
END $$;

-- History tells what an appointment held at the time that it has: moved or given up afterwards,
-- it held nothing then.
CREATE FUNCTION booking_forget_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  DELETE FROM booking_occupancy_history WHERE appointment_id = NEW.id;
  RETURN NULL;
END $$;

CREATE TRIGGER forget_history AFTER UPDATE OF starts_at, ends_at, state ON booking_appointment
  FOR EACH ROW WHEN (OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at
                     OR (NEW.state IN ('CANCELLED', 'NO_SHOW') AND OLD.state <> NEW.state))
  EXECUTE FUNCTION booking_forget_history();

-- As in 0002; what an appointment long past held counts too.
CREATE OR REPLACE FUNCTION booking_appointment_holds_its_time() RETURNS trigger
LANGUAGE plpgsql AS $$
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
  ) AND NOT EXISTS (
    SELECT 1 FROM booking_occupancy_history
     WHERE appointment_id = latest.id AND patient_id = latest.patient_id
       AND period = tstzrange(latest.starts_at, latest.ends_at)
  ) THEN
    RAISE EXCEPTION 'an appointment holds its patient from its start to its end'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'appointment_holds_its_time';
  END IF;
  RETURN NULL;
END $$;

-- As the tables' owner, whatever the caller's path says.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'booking_bits_of_new_rows()', 'booking_bits_of_old_rows()', 'booking_bits_of_changed_row()',
    'booking_move_to_history(timestamptz, integer)', 'booking_forget_history()'
  ] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
  END LOOP;
END $$;
"""

BACKWARD = """
CREATE OR REPLACE FUNCTION booking_appointment_holds_its_time() RETURNS trigger
LANGUAGE plpgsql AS $$
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
DROP TRIGGER forget_history ON booking_appointment;
DROP FUNCTION booking_forget_history();
DROP FUNCTION booking_move_to_history(timestamptz, integer);
DROP TRIGGER bits_of_changed_row ON booking_occupancy;
DROP TRIGGER bits_of_old_rows ON booking_occupancy;
DROP TRIGGER bits_of_new_rows ON booking_occupancy;
DROP FUNCTION booking_bits_of_changed_row();
DROP FUNCTION booking_bits_of_old_rows();
DROP FUNCTION booking_bits_of_new_rows();
DROP FUNCTION booking_mark_busy(uuid[], tstzrange[], boolean[]);
DROP FUNCTION booking_expected_busy_weeks();
DROP FUNCTION booking_weeks_of(tstzrange);
DROP FUNCTION booking_no_bits();
DROP FUNCTION booking_marked(bytea, integer[], integer[], boolean[]);
ALTER TABLE booking_occupancy DROP CONSTRAINT occupancy_on_ticks;
INSERT INTO booking_occupancy (id, resource_id, patient_id, appointment_id, need, period)
SELECT id, resource_id, patient_id, appointment_id, need, period FROM booking_occupancy_history;
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0005_waiting_list"), ("clinics", "0004_setup_version")]
    operations = [
        migrations.CreateModel(
            name="BusyWeek",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "resource_id",
                        "week",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinics.resource",
                    ),
                ),
                ("week", models.IntegerField()),
                ("bits", models.BinaryField()),
            ],
            options={"db_table": "booking_busy_week"},
        ),
        migrations.CreateModel(
            name="OccupancyHistory",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "resource",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinics.resource",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="past_occupancies",
                        to="booking.appointment",
                    ),
                ),
                ("need", models.CharField(blank=True, max_length=40)),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
            ],
            options={"db_table": "booking_occupancy_history"},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
