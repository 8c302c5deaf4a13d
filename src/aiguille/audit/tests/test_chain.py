"""The audit trail shows whatever is done to it, even by whoever owns the database."""

import io
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.db.utils import IntegrityError, ProgrammingError
from pytest_django import Settings

from aiguille.audit import cli, registry
from aiguille.audit.operations import Head, head_from, head_question, record, recording
from aiguille.audit.queries import find_flaws, list_events_of_patient
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.ids import new_id
from aiguille.plumbing.statements import ask_together, run_together

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HAPPENED = registry.define("audit:test:happened", fr="Essai", en="Test")


def write(record_id: UUID, count: int = 3) -> None:
    with transaction.atomic():
        for number in range(count):
            record(
                action=HAPPENED,
                actor=SYSTEM,
                at=AT,
                subject_kind="test",
                subject_id=new_id(),
                patient_id=record_id,
                details={"number": number, "accent": "é"},
            )


def flaws() -> set[tuple[int, str]]:
    return {(flaw.position, flaw.what) for flaw in find_flaws()}


@pytest.mark.django_db
class TestAChain:
    def test_is_whole_when_nobody_touched_it(self) -> None:
        write(new_id(), 5)
        write(new_id(), 1)

        assert flaws() == set()
        assert cli.verify(io.StringIO()) == 0

    def test_is_written_as_a_part_where_nobody_else_wrote_meanwhile(self) -> None:
        record_id = new_id()

        def write_after(head: Head) -> None:
            run_together(
                *recording(
                    action=HAPPENED,
                    actor=SYSTEM,
                    at=AT,
                    subject_kind="test",
                    subject_id=record_id,
                    after=head,
                )
            )

        def head() -> Head:
            return head_from(*ask_together(head_question(record_id)))

        for _ in range(2):
            write_after(head())
        seen = head()
        write(record_id, 1)
        with pytest.raises(IntegrityError, match="one_event_per_position"), transaction.atomic():
            write_after(seen)
        write_after(head())

        assert head().length == 4
        assert flaws() == set()

    def test_is_read_latest_first(self) -> None:
        patient_id = new_id()
        write(patient_id, 2)

        lines = list_events_of_patient(patient_id=patient_id)

        assert [line.action for line in lines] == ["audit:test:happened"] * 2

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_event SET actor_name = 'somebody else'",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event",
            "ALTER TABLE audit_event ADD COLUMN more text",
            "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        ],
    )
    def test_cannot_be_rewritten_by_the_application(self, statement: str) -> None:
        write(new_id())

        with pytest.raises(ProgrammingError), transaction.atomic():
            connection.cursor().execute(statement)


TAMPERING = {
    "edited": (
        "UPDATE audit_event SET actor_name = 'somebody else' WHERE position = 2",
        {(2, "the content was changed")},
    ),
    "details edited": (
        "UPDATE audit_event SET details = '{}' WHERE position = 1",
        {(1, "the content was changed")},
    ),
    "one deleted": (
        "DELETE FROM audit_event WHERE position = 2",
        {(2, "an event is missing")},
    ),
    "the end cut": (
        "DELETE FROM audit_event WHERE position = 3",
        {(3, "the end of the chain was cut")},
    ),
    "all but the head deleted": (
        "DELETE FROM audit_event",
        {(3, "the end of the chain was cut")},
    ),
    "the head deleted": ("DELETE FROM audit_chain_head", {(0, "the chain has no head")}),
    "one inserted": (
        (
            "INSERT INTO audit_event SELECT gen_random_uuid(), record_id, 4, action, subject_kind,"
            " subject_id, patient_id, site_id, actor_kind, actor_id, actor_name, actor_roles, details,"
            " occurred_at, mac, mac, key_id FROM audit_event WHERE position = 3"
        ),
        {(4, "the content was changed"), (3, "the end of the chain was cut")},
    ),
    "two exchanged": (
        (
            "UPDATE audit_event SET position = CASE position WHEN 1 THEN -2 ELSE -1 END"
            " WHERE position IN (1, 2); UPDATE audit_event SET position = -position"
            " WHERE position < 0"
        ),
        {
            (1, "the link to the event before is broken"),
            (1, "the content was changed"),
            (2, "the link to the event before is broken"),
            (2, "the content was changed"),
            (3, "the link to the event before is broken"),
        },
    ),
}


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
class TestTampering:
    @pytest.mark.parametrize(("statement", "expected"), TAMPERING.values(), ids=TAMPERING.keys())
    def test_by_the_owner_of_the_database_is_seen(
        self, statement: str, expected: set[tuple[int, str]]
    ) -> None:
        write(new_id())
        out = io.StringIO()

        with connections["owner"].cursor() as cursor:
            cursor.execute(statement)

        assert flaws() == expected
        assert cli.verify(out) == 1
        assert "damaged" in out.getvalue()

    def test_that_cuts_a_chain_with_its_head_shows_against_exported_heads(
        self, tmp_path: Path
    ) -> None:
        write(new_id())
        exported = tmp_path / "heads.jsonl"
        with exported.open("w") as file:
            cli.export_heads(file)

        with connections["owner"].cursor() as cursor:
            cursor.execute("DELETE FROM audit_event WHERE position > 1")
            cursor.execute(
                "UPDATE audit_chain_head SET length = 1,"
                " mac = (SELECT mac FROM audit_event WHERE position = 1)"
            )

        assert cli.verify(io.StringIO()) == 0
        assert cli.verify(io.StringIO(), heads=exported) == 1

    def test_needs_a_transaction(self) -> None:
        with pytest.raises(RuntimeError, match="transaction"):
            record(action=HAPPENED, actor=SYSTEM, at=AT, subject_kind="t", subject_id=new_id())

    def test_needs_the_key(self, settings: Settings) -> None:
        write(new_id(), 1)
        settings.AUDIT_KEY = "another key"

        assert flaws() == {(1, "another key was used")}


class TestTheRegistry:
    @pytest.mark.parametrize("code", ["", "a:b", "Area:subject:done", "a:b:c:d", "a b:c:d"])
    def test_refuses_a_malformed_code(self, code: str) -> None:
        with pytest.raises(ValueError, match="reads area"):
            registry.define(code, fr="x", en="x")

    def test_refuses_a_code_twice(self) -> None:
        with pytest.raises(ValueError, match="twice"):
            registry.define(HAPPENED.code, fr="x", en="x")

    def test_has_a_sentence_in_both_languages_for_every_action(self) -> None:
        assert all(a.sentence.fr and a.sentence.en for a in registry.all_actions())
