"""Bits know which transaction changed them last, so that a process reads again only what changed.

A row stays when its last bit goes: one that vanished could not be read. Those of weeks long past
go with the rows that they were made of.
"""

from django.db import migrations

# As in 0006, but that a week without bits keeps its row.
MARK = """
CREATE OR REPLACE FUNCTION booking_mark_busy(
  resources uuid[], periods tstzrange[], taken boolean[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part record;
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
         SET bits = booking_marked(b.bits, part.firsts, part.stops, part.taken)CHANGED
       WHERE b.resource_id = part.resource_id AND b.week = part.week;
      EXIT WHEN FOUND OR NOT (true = ANY (part.taken));
      INSERT INTO booking_busy_week (resource_id, week, bits)
      VALUES (part.resource_id, part.week,
              booking_marked(booking_no_bits(), part.firsts, part.stops, part.taken))
      ON CONFLICT DO NOTHING;
      EXIT WHEN FOUND;
    END LOOP;
  END LOOP;
END $$;
"""

FORWARD = """
ALTER TABLE booking_busy_week ADD COLUMN changed xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX busy_week_changed ON booking_busy_week (changed);

CREATE OR REPLACE FUNCTION booking_move_to_history(ended_by timestamptz, at_most integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS $$
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
  DELETE FROM booking_busy_week
   WHERE (week + 1) * 604800::bigint <= extract(epoch FROM ended_by) AND bits = booking_no_bits();
  RETURN moved;
END $$;

-- Makes every week's bits again from the rows; what is not said by any row is emptied.
CREATE FUNCTION booking_rebuild_busy() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE booking_occupancy IN SHARE ROW EXCLUSIVE MODE;
  UPDATE booking_busy_week k
     SET bits = coalesce(e.bits, booking_no_bits()), changed = pg_current_xact_id()
    FROM booking_busy_week o
    LEFT JOIN booking_expected_busy_weeks() e USING (resource_id, week)
   WHERE k.resource_id = o.resource_id AND k.week = o.week
     AND k.bits IS DISTINCT FROM coalesce(e.bits, booking_no_bits());
  INSERT INTO booking_busy_week (resource_id, week, bits)
  SELECT e.resource_id, e.week, e.bits FROM booking_expected_busy_weeks() e
  ON CONFLICT DO NOTHING;
  RETURN (SELECT count(*) FROM booking_busy_week);
END $$;

DO $$ BEGIN
  EXECUTE format(
    'ALTER FUNCTION booking_move_to_history(timestamptz, integer) SET search_path = %I, pg_temp',
    current_schema());
END $$;
"""

BACKWARD = """
DROP FUNCTION booking_rebuild_busy();
ALTER TABLE booking_busy_week DROP COLUMN changed;
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0007_every_occupancy")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(
            MARK.replace("CHANGED", ", changed = pg_current_xact_id()"), MARK.replace("CHANGED", "")
        ),
    ]
