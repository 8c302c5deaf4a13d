"""Patients under a verdict and a plan, so that sessions can be booked for them.

One is made as the clinic makes them, through the areas' operations; the others are copies of her
answers, consultation, ruling, verdict and plan.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import sql

from bench.database import owner

ZONES = ("CHEEK", "FOREHEAD")
VALID_DAYS = 180
INTERVAL_DAYS = 14
# In the order of their foreign keys.
COPIED = (
    "patients_answer_set",
    "care_consultation",
    "care_ruling",
    "care_verdict",
    "care_plan",
)


def prepare_plans(*, at: datetime) -> None:
    """Give every patient a verdict from the day of `at` on, and a plan."""
    with owner() as connection:
        found = connection.execute(
            "SELECT id FROM patients_patient ORDER BY number LIMIT 1"
        ).fetchone()
    assert found is not None, "the clinic has patients"
    _treat(found[0], at=at)
    with owner() as connection:
        # A plan keeps each answer of the rule book; the others' plans name these all the same.
        connection.execute(
            "DELETE FROM care_ruling AS one WHERE NOT EXISTS"
            " (SELECT FROM care_verdict WHERE ruling_id = one.id)"
        )
        for table in COPIED:
            _copy(connection, table, found[0])


def _copy(connection: Any, table: str, source: UUID) -> None:
    """Copy one patient's rows of a table for every other; a key and its copy's go together."""
    columns = [
        row[0]
        for row in connection.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND udt_name = 'uuid' AND column_name = ANY (%s)",
            [
                table,
                [
                    "id",
                    "replaces_id",
                    "answer_set_id",
                    "consultation_id",
                    "ruling_id",
                    "verdict_id",
                ],
            ],
        ).fetchall()
    ]
    changed = sql.SQL(", ").join(
        sql.SQL("{}, md5(made.{}::text || other.id::text)::uuid").format(
            sql.Literal(column), sql.Identifier(column)
        )
        for column in columns
    )
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} SELECT (jsonb_populate_record(made, jsonb_strip_nulls("
            "jsonb_build_object('patient_id', other.id, {changed})))).*"
            " FROM {table} AS made CROSS JOIN patients_patient AS other"
            " WHERE made.patient_id = {source} AND other.id <> {source} ORDER BY made.id"
        ).format(table=sql.Identifier(table), changed=changed, source=sql.Literal(source))
    )


def _treat(patient_id: UUID, *, at: datetime) -> None:
    from aiguille.accounts.operations import grant_qualification
    from aiguille.accounts.queries import get_user_by_email
    from aiguille.care.operations import (
        give_verdict,
        make_plan,
        plan_limits,
        write_consultation,
    )
    from aiguille.care.planning import Answer, PlannedPlace
    from aiguille.care.queries import screening
    from aiguille.care.reflection import reflection_days
    from aiguille.care.rules import Override
    from aiguille.catalogue import operations as catalogue
    from aiguille.catalogue.queries import protocol_versions, treatment_by_code
    from aiguille.kernel.actor import SYSTEM, Actor, ActorKind
    from aiguille.kernel.codes import Procedure, Side, StaffRole, VerdictOutcome, Zone
    from aiguille.kernel.zone_sides import ZoneSide
    from aiguille.protocols.library import shipped_protocols

    today = at.date()
    user = get_user_by_email("p1@example.org")
    assert user is not None, "the clinic has practitioners"
    physician = Actor(
        kind=ActorKind.STAFF,
        id=user.id,
        display_name=user.display_name,
        roles=frozenset({StaffRole.PHYSICIAN}),
        confirmed_at=at,
    )
    grant_qualification(
        user_id=user.id,
        title="physician",
        specialty="Dermatologie",
        rpps="10003456786",
        ordre_number="69/12345",
        valid_from=today,
        actor=SYSTEM,
        at=at,
    )
    for shipped in shipped_protocols().values():
        catalogue.adopt_protocol(content=shipped.content, knowingly=True, actor=SYSTEM, at=at)
    _answer_no(patient_id, physician, at=at)
    treatment = treatment_by_code("bench")
    consultation = write_consultation(
        patient_id=patient_id,
        procedure=Procedure.MESOTHERAPY,
        content={"reason": "Mesure", "zones": list(ZONES), "phototype": 2},
        actor=physician,
        at=at - timedelta(days=reflection_days().usual),
    )
    ruling = screening(
        patient_id=patient_id, procedure=Procedure.MESOTHERAPY, act_date=today, zones=ZONES
    )
    verdict = give_verdict(
        patient_id=patient_id,
        treatment_id=treatment.id,
        consultation_id=consultation,
        outcome=VerdictOutcome.ELIGIBLE,
        reason="Mesure.",
        valid_from=today,
        valid_until=today + timedelta(days=VALID_DAYS),
        today=today,
        overrides=[Override(rule=finding["rule"], reason="Mesure.") for finding in ruling.findings],
        actor=physician,
        at=at,
    )
    planned: dict[str, Any] = {
        "verdict_id": verdict,
        "protocol_version_id": protocol_versions(treatment.id)[0].id,
        "sessions_planned": 6,
        "interval_min_days": INTERVAL_DAYS,
        "places": [
            PlannedPlace(ZoneSide(Zone(zone), Side.BOTH), technique="IED") for zone in ZONES
        ],
        "at": at,
    }
    limits = plan_limits(**planned)
    make_plan(
        **planned,
        interval_default_days=INTERVAL_DAYS,
        interval_max_days=28,
        acknowledged=[limit.key for limit in limits if limit.answer is Answer.TICK],
        actor=physician,
    )


def _answer_no(patient_id: UUID, physician: Any, *, at: datetime) -> None:
    """Answer no to every question."""
    from aiguille.kernel.codes import Procedure
    from aiguille.patients.operations import save_draft_answers, submit_answers
    from aiguille.rulebook import QuestionInput, load_rulebook

    procedure = Procedure.MESOTHERAPY
    save_draft_answers(
        patient_id=patient_id,
        procedure=procedure,
        answers={
            question.id: {"answer": "no"}
            for question in load_rulebook().questions_for(procedure)
            if question.input is not QuestionInput.BIRTH_DATE  # the identity says it
        },
        actor=physician,
        at=at,
    )
    submit_answers(patient_id=patient_id, procedure=procedure, actor=physician, at=at)
