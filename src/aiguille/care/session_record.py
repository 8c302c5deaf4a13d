"""What the physician's part of a record says to a session, read in one statement.

Every booking of a session asks for all of it; `care.queries` answers the same questions one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiguille.care.models import Consultation, Plan, Verdict, VerdictStatus
from aiguille.care.queries import PlanView, VerdictView
from aiguille.catalogue.queries import RulesInForce, rules_in_force
from aiguille.clinics.setup import Setup
from aiguille.kernel.codes import Procedure, VerdictOutcome
from aiguille.patients.person import RECORDS_OF_PERSON
from aiguille.plumbing.statements import Question, ask_together


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A person's records as a session of a treatment is judged by them.

    `verdict` is the latest that was not replaced, whatever its status; `plans` are all in force,
    latest first. `told_at` is when the first consultation about the procedure took place.
    """

    verdict: VerdictView | None
    plans: Sequence[PlanView]
    phototype: int | None
    told_at: datetime | None
    rules: RulesInForce
    setup: Setup


def session_record(
    *, patient_id: UUID, treatment_id: UUID, procedure: Procedure, setup: Setup
) -> SessionRecord:
    """Return the record as a session is judged by it (one query, where the rules are known)."""
    question = record_question(
        patient_id=patient_id, treatment_id=treatment_id, procedure=procedure
    )
    return record_from(*ask_together(question), treatment_id=treatment_id, setup=setup)


def record_question(*, patient_id: UUID, treatment_id: UUID, procedure: Procedure) -> Question:
    """Ask what `session_record` returns together with something else."""
    values = (patient_id, patient_id, procedure.value, treatment_id)
    return Question(_READ, _COLUMNS, values, is_many=True)


def record_from(
    rows: Sequence[Sequence[Any]], *, treatment_id: UUID, setup: Setup
) -> SessionRecord:
    """Return the answer to `record_question`."""
    phototype, told_at, *verdict = rows[0][:_FIRST_OF_PLAN]
    plans = [_plan(row[_FIRST_OF_PLAN:]) for row in rows if row[_FIRST_OF_PLAN] is not None]
    return SessionRecord(
        verdict=None if verdict[0] is None else _verdict(treatment_id, verdict),
        plans=sorted(plans, key=lambda plan: (plan.recorded_at, plan.id), reverse=True),
        phototype=phototype,
        told_at=told_at,
        rules=rules_in_force(setup),
        setup=setup,
    )


_STANDS = (
    "NOT {0}.entered_in_error AND NOT EXISTS (SELECT FROM {1} AS n WHERE n.replaces_id = {0}.id)"
)
_CONSULTATIONS = f"""
    {Consultation._meta.db_table} AS c
     WHERE c.patient_id IN (SELECT id FROM person)
       AND {_STANDS.format("c", Consultation._meta.db_table)}
"""  # noqa: S608 -- our own tables
_READ = f"""
    WITH person AS ({RECORDS_OF_PERSON})
    SELECT (SELECT (content -> 'phototype')::json
              FROM (SELECT c.content, c.effective_at FROM {_CONSULTATIONS}
                     ORDER BY c.effective_at DESC LIMIT 20) AS latest
             WHERE coalesce(content ->> 'phototype', '') NOT IN ('', '0', 'false')
             ORDER BY effective_at DESC LIMIT 1),
           (SELECT min(c.effective_at) FROM {_CONSULTATIONS} AND c.procedure = %s),
           verdict.*,
           plan.id, plan.patient_id, plan.treatment_id, plan.verdict_id, plan.protocol_version_id,
           plan.sessions_planned, plan.interval_min_days, plan.interval_default_days,
           plan.interval_max_days, plan.zones, plan.settings::json, plan.author_name,
           plan.recorded_at
      FROM (SELECT) AS one
      LEFT JOIN LATERAL (
             SELECT id, patient_id, consultation_id, outcome, reason, conditions, overrides::json,
                    lower(valid_during), upper(valid_during) - 1, status, status_reason,
                    status_changed_at, status_version, signer_name, signed_at
               FROM {Verdict._meta.db_table}
              WHERE patient_id IN (SELECT id FROM person) AND treatment_id = %s
                AND status <> '{VerdictStatus.SUPERSEDED.value}'
              ORDER BY signed_at DESC, id DESC LIMIT 1) AS verdict ON true
      LEFT JOIN {Plan._meta.db_table} AS plan
             ON plan.patient_id IN (SELECT id FROM person)
            AND {_STANDS.format("plan", Plan._meta.db_table)}
"""  # noqa: S608 -- our own tables and codes
_FIRST_OF_PLAN, _COLUMNS = 17, 30


def _verdict(treatment_id: UUID, row: Sequence[Any]) -> VerdictView:
    key, patient_id, consultation_id, outcome, reason, conditions, overrides, first, last, *rest = (
        row
    )
    return VerdictView(
        key,
        patient_id,
        treatment_id,
        consultation_id,
        VerdictOutcome(outcome),
        reason,
        conditions,
        tuple(overrides),
        first,
        last,
        *rest,
    )


def _plan(row: Sequence[Any]) -> PlanView:
    (
        key,
        patient_id,
        treatment_id,
        verdict_id,
        version_id,
        planned,
        least,
        usual,
        most,
        zones,
        *rest,
    ) = row
    return PlanView(
        key,
        patient_id,
        treatment_id,
        verdict_id,
        version_id,
        planned,
        least,
        usual,
        most,
        tuple(zones),
        *rest,
    )
