"""New rows mark their bits one after the other, without gathering them by week first.

A booking takes a few stretches, nearly always each in a week of its own: to sort, group and
aggregate them took longer than to mark them. Weeks are still locked by resource, then by week.
"""

from django.db import migrations

ROW_BY_ROW = """
CREATE OR REPLACE FUNCTION booking_bits_of_new_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  held record;
  place integer;
  upto integer;
BEGIN
  FOR held IN
    SELECT resource_id, (extract(epoch FROM lower(period)) / 300)::integer AS first,
           (extract(epoch FROM upper(period)) / 300)::integer AS stop
      FROM made WHERE resource_id IS NOT NULL ORDER BY resource_id, period
  LOOP
    FOR touched IN held.first / 2016 .. (held.stop - 1) / 2016 LOOP
      place := greatest(held.first - touched * 2016, 0);
      upto := least(held.stop - touched * 2016, 2016);
      LOOP
        UPDATE booking_busy_week b
           SET bits = booking_marked(b.bits, ARRAY[place], ARRAY[upto], ARRAY[true]),
               changed = pg_current_xact_id()
         WHERE b.resource_id = held.resource_id AND b.week = touched;
        EXIT WHEN FOUND;
        INSERT INTO booking_busy_week (resource_id, week, bits)
        VALUES (held.resource_id, touched,
                booking_marked(booking_no_bits(), ARRAY[place], ARRAY[upto], ARRAY[true]))
        ON CONFLICT DO NOTHING;
        EXIT WHEN FOUND;
      END LOOP;
    END LOOP;
  END LOOP;
  RETURN NULL;
END $$;
"""
GATHERED = """
CREATE OR REPLACE FUNCTION booking_bits_of_new_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM booking_mark_busy(array_agg(resource_id), array_agg(period), array_agg(true))
     FROM made WHERE resource_id IS NOT NULL HAVING count(*) > 0;
  RETURN NULL;
END $$;
"""
# A function that is replaced loses what was set for it; see 0006.
AS_OWNER = """
DO $$ BEGIN
  EXECUTE format(
    'ALTER FUNCTION booking_bits_of_new_rows() SET search_path = %I, pg_temp', current_schema());
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0009_cheaper_guards")]
    operations = [migrations.RunSQL(ROW_BY_ROW + AS_OWNER, GATHERED + AS_OWNER)]
