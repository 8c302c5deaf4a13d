"""A person, who may have several records: rows keep their own when records are joined."""

from uuid import UUID

from django.db.models.expressions import RawSQL

from aiguille.patients.models import Patient

# The keys of a person's records, for statements written out: the one that is kept, then those
# joined to it. The key of any of them stands for both marks.
RECORDS_OF_PERSON = f"""
    SELECT coalesce(merged_into_id, id) AS id FROM {Patient._meta.db_table} WHERE id = %s
     UNION ALL
    SELECT other.id FROM {Patient._meta.db_table} AS asked
      JOIN {Patient._meta.db_table} AS other
        ON other.merged_into_id = coalesce(asked.merged_into_id, asked.id)
     WHERE asked.id = %s
"""  # noqa: S608 -- our own table


def of_same_person(patient_id: UUID) -> RawSQL:
    """Return those keys as a part of a larger query, for `patient_id__in`."""
    return RawSQL(RECORDS_OF_PERSON, [patient_id, patient_id])  # noqa: S611 -- values stay apart
