"""Ten years of a patient's past, as copies of the rows that the areas' operations made for one day.

Sessions keep their events and what they consumed, answers change a little from one to the next.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import sql

YEARS = 10
CONSULTATIONS, SESSIONS, ANSWER_SETS = 40, 120, 30
# Whose triggers ask what only the day itself could answer: a verdict, a consent, a signature.
_GUARDED = (
    "booking_appointment",
    "treatment_sessions_session",
    "treatment_sessions_event",
    "treatment_sessions_unit_use",
    "patients_answer_set",
    "care_consultation",
)


def give_past(
    connection: Any,
    patient_id: UUID,
    *,
    consultations: int = CONSULTATIONS,
    sessions: int = SESSIONS,
    answer_sets: int = ANSWER_SETS,
) -> None:
    """Copy a patient's latest consultation, session and answers into the years before.

    `connection` is the owner's, in a transaction; the patient has one of each at least.
    """
    for table in _GUARDED:
        _say(connection, "ALTER TABLE {} DISABLE TRIGGER USER", table)
    _copy_answers(connection, patient_id, answer_sets)
    _copy_consultations(connection, patient_id, consultations)
    _copy_sessions(connection, patient_id, sessions)
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # foreign keys wait for the end otherwise
    for table in _GUARDED:
        _say(connection, "ALTER TABLE {} ENABLE TRIGGER USER", table)


def _copy_answers(connection: Any, patient_id: UUID, times: int) -> None:
    _copy(
        connection,
        "patients_answer_set",
        times=times,
        source=_latest("patients_answer_set", "recorded_at"),
        patient_id=patient_id,
        changed={
            "id": _key("id"),
            "replaces_id": "NULL::uuid",
            "version": "made.version + 10 + n",
            "recorded_at": _before("recorded_at", times),
            "effective_at": _before("effective_at", times),
            "answers": """made.answers || jsonb_build_object(
                CASE WHEN n %% 2 = 0 THEN 'S18' ELSE 'S19' END,
                jsonb_build_object('answer', CASE WHEN n %% 3 = 0 THEN 'yes' ELSE 'no' END))""",
        },
    )


def _copy_consultations(connection: Any, patient_id: UUID, times: int) -> None:
    _copy(
        connection,
        "care_consultation",
        times=times,
        source=_latest("care_consultation", "effective_at"),
        patient_id=patient_id,
        changed={
            "id": _key("id"),
            "replaces_id": "NULL::uuid",
            "appointment_id": "NULL::uuid",
            "recorded_at": _before("recorded_at", times),
            "effective_at": _before("effective_at", times),
        },
    )


def _copy_sessions(connection: Any, patient_id: UUID, times: int) -> None:
    source = _latest("treatment_sessions_session", "begun_at")
    of_session = sql.SQL(
        "(SELECT id FROM {} AS one WHERE patient_id = %(patient)s ORDER BY begun_at DESC LIMIT 1)"
    ).format(sql.Identifier("treatment_sessions_session"))
    _copy(
        connection,
        "booking_appointment",
        times=times,
        source=sql.SQL(
            "id = (SELECT appointment_id FROM treatment_sessions_session WHERE id = {})"
        ).format(of_session),
        patient_id=patient_id,
        changed={
            "id": _key("id"),
            "number": "1000000 + made.number * 1000 + n",  # far from those that the clinic gives
            "starts_at": _before("starts_at", times),
            "ends_at": _before("ends_at", times),
        },
    )
    _copy(
        connection,
        "treatment_sessions_session",
        times=times,
        source=source,
        patient_id=patient_id,
        changed={
            "id": _key("id"),
            "appointment_id": _key("appointment_id"),
            "begun_at": _before("begun_at", times),
            "ended_at": _before("ended_at", times),
        },
    )
    below = sql.SQL("session_id = {}").format(of_session)
    keys = {"id": _key("id"), "session_id": _key("session_id")}
    _copy(
        connection,
        "treatment_sessions_event",
        times=times,
        source=below,
        patient_id=patient_id,
        changed=keys | {"idempotency_key": _key("idempotency_key")},
    )
    _copy(
        connection,
        "treatment_sessions_unit_use",
        times=times,
        source=below,
        patient_id=patient_id,
        changed=keys | {"event_id": _key("event_id"), "unit_id": "NULL::uuid"},
    )


def _key(column: str) -> str:
    """Return the key of a copy: always the same for what it copies and its number."""
    return f"md5(made.{column}::text || n)::uuid"


def _before(column: str, times: int) -> str:
    """Return an instant of a copy, the copies spread evenly over the years before."""
    return f"made.{column} - n * interval '{YEARS * 365 * 24 // times} hours'"


def _latest(table: str, instant: str) -> sql.Composable:
    return sql.SQL(
        "id = (SELECT id FROM {} AS one WHERE patient_id = %(patient)s ORDER BY {} DESC LIMIT 1)"
    ).format(sql.Identifier(table), sql.Identifier(instant))


def _copy(
    connection: Any,
    table: str,
    *,
    times: int,
    source: sql.Composable,
    patient_id: UUID,
    changed: Mapping[str, str],
) -> None:
    """Copy the source's rows so many times, some columns written anew."""
    columns = [
        row[0]
        for row in connection.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        ).fetchall()
    ]
    values = [
        sql.SQL(changed[name])
        if name in changed
        else sql.SQL("made.{}").format(sql.Identifier(name))
        for name in columns
    ]
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS made"
            " CROSS JOIN generate_series(1, %(times)s) AS n WHERE made.{source}"
        ).format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(values),
            source=source,
        ),
        {"times": times, "patient": patient_id},
    )


def _say(connection: Any, words: str, table: str) -> None:
    connection.execute(sql.SQL(words).format(sql.Identifier(table)))
