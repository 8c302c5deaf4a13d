"""What was signed is verified from the rows: a change by SQL is named, whoever made it."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connections, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from aiguille.accounts.rights import NotAllowed
from aiguille.accounts.signing import (
    ConfirmIdentity,
    patient_signature_of,
    signature_of,
    signed_digest,
)
from aiguille.care.models import Prescription, Verdict
from aiguille.care.operations import prescribe
from aiguille.care.prescribing import Cream
from aiguille.care.signed import prescription_content, verdict_content
from aiguille.catalogue.models import RuleValueChange
from aiguille.catalogue.rule_changes import change_rule_value
from aiguille.catalogue.rule_values import signed_content as rule_content
from aiguille.consent.models import Consent
from aiguille.consent.signed import consent_content
from aiguille.journeys import signatures
from aiguille.journeys.run_session import begin_session
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.treatment_sessions.models import SessionSignature, SessionState, TreatmentSession
from aiguille.treatment_sessions.operations import OnlyThePerformerCloses, record_event
from aiguille.treatment_sessions.signed import session_content
from tests.after_session import end_session
from tests.session_day import SessionDay, ready_for_session, run_to_the_end
from tests.world import AT, World

# Table, column, what it becomes, and of which signature that is.
CHANGES = [
    ("care_verdict", "reason", "'Autre.'", "verdict"),
    ("care_verdict", "overrides", "'[{}]'", "verdict"),
    ("care_verdict", "valid_during", "daterange(lower(valid_during), '2027-01-01')", "verdict"),
    ("care_verdict", "signer_rpps", "'10003456794'", "verdict"),
    ("care_prescription", "items", "jsonb_set(items, '{0,grams}', '\"60\"')", "prescription"),
    ("care_prescription", "signed_at", "signed_at + interval '1 s'", "prescription"),
    (
        "care_prescription",
        "mentions",
        "jsonb_set(mentions, '{patient,name}', '\"X\"')",
        "prescription",
    ),
    ("care_prescription", "reason", "'another'", "prescription"),
    ("catalogue_rule_value_change", "value", "90", "rule change"),
    ("consent_consent", "answers", "'{\"none\": true}'", "consent"),
    ("consent_text", "content", "content || '{\"more\": 1}'", "consent"),
    ("treatment_sessions_event", "payload", "'{}'", "session"),
    ("treatment_sessions_unit_use", "unit_id", "NULL", "session"),
]


def said() -> tuple[int, str]:
    out = io.StringIO()
    return signatures.verify(out), out.getvalue()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_every_change_by_the_owner_of_the_database_is_named(
    committed_db: None, world: World
) -> None:
    ended = end_session(world, Procedure.NEEDLING)
    day = ended.day
    sign_one_of_each(world, day)
    assert said() == (0, "Everything signed is as it was signed: 5 signatures.\n")

    for table, column, value, kind in CHANGES:
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE kept AS SELECT id, {column} AS was FROM {table}")
            cursor.execute(f"UPDATE {table} SET {column} = {value}")
            code, lines = said()
            cursor.execute(
                f"UPDATE {table} SET {column} = kept.was FROM kept WHERE kept.id = {table}.id"
            )
            cursor.execute("DROP TABLE kept")
        changed = [
            line.partition(" 0")[0] for line in lines.splitlines() if "changed since" in line
        ]
        assert (code, changed) == (1, [kind]), (table, column)
    assert said()[0] == 0


@pytest.mark.django_db
class TestTheEndOfASession:
    def close(self, world: World, actor: Actor, *, late: bool = False) -> UUID:
        day = ready_for_session(world)
        session_id = begin_session(
            appointment_id=day.appointment, actor=world.bruno.actor, at=day.at
        )
        at = run_to_the_end(world, day, session_id, until="session_closed")
        proved = at - timedelta(minutes=5, microseconds=1) if late else at
        record_event(
            session_id=session_id,
            idempotency_key=session_id,
            body={"type": "session_closed"},
            actor=actor.confirmed(proved),
            at=at,
        )
        return session_id

    def test_is_signed_by_the_physician_who_led_it(self, world: World) -> None:
        session_id = self.close(world, world.bruno.actor)
        row = SessionSignature.objects.get(session_id=session_id)
        assert (row.signer_id, row.signer_rpps) == (world.bruno.user_id, "10003456786")
        assert said()[0] == 0

    def test_asks_for_a_fresh_proof(self, world: World) -> None:
        with pytest.raises(ConfirmIdentity):
            self.close(world, world.bruno.actor, late=True)
        assert TreatmentSession.objects.get().state == SessionState.RUNNING

    def test_is_not_another_physicians(self, world: World) -> None:
        with pytest.raises(OnlyThePerformerCloses):
            self.close(world, world.paula.actor)

    def test_is_nobody_elses(self, world: World) -> None:
        with pytest.raises(NotAllowed):
            self.close(world, world.diane.actor)

    def test_unsigned_is_refused_by_the_database(self, world: World) -> None:
        with pytest.raises(ConfirmIdentity):
            self.close(world, world.bruno.actor, late=True)
        for state in (SessionState.CLOSED, SessionState.STOPPED):
            with pytest.raises(IntegrityError), transaction.atomic():
                TreatmentSession.objects.update(state=state)


def test_a_digest_is_of_the_content_and_of_who_signed_it() -> None:
    row = Prescription(
        signer_id=uuid4(), signer_name="A", signer_role="physician", signer_rpps="1", signed_at=AT
    )
    content = {"reason": "é", "zones": ["CHEEK"]}
    digest = signed_digest(row, content)
    assert digest == signed_digest(row, dict(reversed(content.items())))
    assert digest != signed_digest(row, content | {"reason": "e"})
    row.signed_at = AT.astimezone(ZoneInfo("Pacific/Auckland"))
    assert digest == signed_digest(row, content)
    for name, other in {
        "signer_id": uuid4(),
        "signer_name": "B",
        "signer_role": "nurse",
        "signer_rpps": "2",
        "signed_at": AT + timedelta(microseconds=1),
    }.items():
        before = getattr(row, name)
        setattr(row, name, other)
        assert digest != signed_digest(row, content), name
        setattr(row, name, before)


# What no signature covers: the key, what the audit trail keeps of who typed and when, and what is
# meant to change later, by acts that are signed or audited themselves.
UNCOVERED = {
    *("id", "author_kind", "author_id", "author_name", "author_roles", "recorded_at"),
    *("status", "status_reason", "status_changed_at", "status_version"),
    *("request_key", "effective_at", "entered_in_error"),
    "version",  # counted from what it replaces, which is covered
}
CONTENTS: dict[type[Any], Callable[[Any], Mapping[str, Any]]] = {
    Verdict: verdict_content,
    Prescription: prescription_content,
    RuleValueChange: rule_content,
    Consent: consent_content,
    SessionSignature: session_content,
}


def another(value: Any) -> Any:
    """Return a value of the same type that is not the same."""
    if isinstance(value, bool):
        return not value
    more: dict[type[Any], Callable[[Any], Any]] = {
        type(None): lambda _: uuid4(),
        UUID: lambda _: uuid4(),
        int: lambda number: number + 1,
        Decimal: lambda number: number + 1,
        datetime: lambda at: at + timedelta(microseconds=1),
        date: lambda day: day + timedelta(days=1),
        str: lambda text: f"{text}x",
        list: lambda items: [*items, {"more": 1}],
        dict: lambda items: {**items, "more": 1},
        DateRange: lambda days: DateRange(days.lower, days.upper + timedelta(days=1)),
    }
    return more[type(value)](value)


@pytest.mark.django_db
def test_every_column_that_was_signed_is_covered(world: World) -> None:
    day = end_session(world, Procedure.NEEDLING).day
    sign_one_of_each(world, day)
    for model, content_of in CONTENTS.items():
        row = model.objects.latest("signed_at")
        assert signed_digest(row, content_of(row)) == row.content_digest, model
        uncovered = set()
        for column in (field.attname for field in model._meta.concrete_fields):
            was = getattr(row, column)
            setattr(row, column, another(was))
            try:
                if signed_digest(row, content_of(row)) == row.content_digest:
                    uncovered.add(column)
            except ObjectDoesNotExist:
                pass  # what it points at is not there: the verifier stops, which is no silence
            setattr(row, column, was)
        assert uncovered <= UNCOVERED, (model.__name__, uncovered - UNCOVERED)


def sign_one_of_each(world: World, day: SessionDay) -> None:
    """Sign a prescription and a rule's value, beside what the day has signed already."""
    prescribe(
        patient_id=day.patient_id,
        consultation_id=day.consultation,
        plan_id=day.plan,
        site_id=day.site_id,
        cream=Cream(
            product="Crème Démo",
            area_cm2=Decimal("40.5"),
            minutes_before=120,
            zones=["FOREHEAD"],
        ),
        today=world.at.date(),
        language="fr",
        actor=world.bruno.actor,
        at=world.at,
    )
    change_rule_value(
        setting="R15.max_mg",
        value=Decimal(100),
        seen=Decimal(200),
        reason="Plus prudent.",
        effective_on=world.at.date(),
        actor=world.bruno.actor,
        at=world.at,
    )


@pytest.mark.django_db
def test_each_kind_is_refused_after_five_minutes(world: World) -> None:
    """The end of a session is refused above; a verdict, by the same way of signing."""
    day = ready_for_session(world)
    late = world.bruno.actor.confirmed(world.at - timedelta(minutes=5, microseconds=1))
    stale = replace(world, bruno=replace(world.bruno, actor=late))
    with pytest.raises(ConfirmIdentity):
        sign_one_of_each(stale, day)
    with pytest.raises(ConfirmIdentity):
        change_rule_value(
            setting="R15.max_mg",
            value=Decimal(100),
            seen=Decimal(200),
            reason="Plus prudent.",
            effective_on=world.at.date(),
            actor=late,
            at=world.at,
        )
    with pytest.raises(ConfirmIdentity):
        patient_signature_of(world.anna.actor.confirmed(None), at=world.at)
    with pytest.raises(ConfirmIdentity):
        signature_of(late, on=world.at.date(), at=world.at)
