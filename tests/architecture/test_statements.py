"""Statements go through Django's connection: its transaction, its counting of queries, its errors."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from aiguille.audit.models import ChainHead
from aiguille.booking.models import Appointment
from aiguille.clinics.models import Site
from aiguille.kernel.ids import new_id
from aiguille.plumbing.statements import (
    Insertion,
    Lookup,
    Part,
    Question,
    Statement,
    array_of,
    ask_together,
    insert_all,
    run_together,
)

HEADS = Insertion(ChainHead)
COUNT = Statement("SELECT count(*) FROM audit_chain_head WHERE length = %s")


def head(length=7):
    return ChainHead(record_id=uuid4(), length=length, mac="0" * 64)


@pytest.mark.django_db
class TestAStatement:
    def test_sees_and_joins_the_transaction_of_django(self):
        with transaction.atomic():
            insert_all(HEADS, [head(), head()])
            assert COUNT.row(7) == (2,)
            transaction.set_rollback(True)
        assert COUNT.rows(7) == [(0,)]

    def test_is_counted_with_its_text(self, django_assert_num_queries):
        with django_assert_num_queries(1) as captured:
            COUNT.row(7)
        assert "audit_chain_head" in captured[0]["sql"]

    def test_fails_with_the_errors_of_django(self):
        one = head()
        insert_all(HEADS, [one])
        with pytest.raises(IntegrityError), transaction.atomic():
            insert_all(HEADS, [one])

    def test_says_how_many_rows_it_touched(self):
        one = head()
        assert insert_all(HEADS, [one, head()]) == 2
        assert insert_all(HEADS, [one, head()], ending="ON CONFLICT DO NOTHING") == 1
        assert insert_all(HEADS, []) == 0

    @pytest.mark.parametrize("is_prepared", [True, False])
    def test_answers_the_same_however_often_it_is_asked(self, settings, is_prepared):
        settings.PREPARED_STATEMENTS = is_prepared
        insert_all(HEADS, [head(length=1), head(length=40_000), head(length=3_000_000_000)])
        for length in (1, 40_000, 3_000_000_000) * 3:
            assert COUNT.row(length) == (1,)

    def test_keeps_its_plan_in_the_connection(self, settings):
        settings.PREPARED_STATEMENTS = True
        text = "SELECT 1 FROM audit_chain_head WHERE length = %s AND mac <> ''"
        for _ in range(3):
            Statement(text).row(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement = %s",
                [text.replace("%s", "$1")],
            )
            assert cursor.fetchone() == (1,)


def test_an_insertion_lets_the_database_compute_columns():
    made = Insertion(ChainHead, {"length": "1 + 1"})
    assert made.sql(2).count("1 + 1") == 2
    assert len(made.values([head()])) == 2


def test_an_insertion_of_one_row_takes_the_fields_defaults_and_no_other_column():
    made = Insertion(ChainHead).part(length=3, mac="", record_id=(key := new_id()))
    assert list(made.values) == [key, 3, ""]
    with pytest.raises(TypeError, match="langth"):
        Insertion(ChainHead).part(langth=3)


def test_an_insertion_refuses_an_instant_without_its_zone():
    with pytest.raises(ValueError, match="zone"):
        Insertion(Appointment).part(created_at=datetime(2026, 3, 2))  # noqa: DTZ001


HEAD_OF = "SELECT length, mac FROM audit_chain_head WHERE record_id = %s"
ALL_OF = "SELECT length, mac, NULL FROM audit_chain_head WHERE mac = %s"


@pytest.mark.django_db
class TestTogether:
    def test_each_question_gets_its_own_answer(self, django_assert_num_queries):
        insert_all(HEADS, [one := head(1), head(2)])
        questions = [
            Question(HEAD_OF, 2, (one.record_id,)),
            Question(HEAD_OF, 2, (new_id(),)),
            Question(ALL_OF, 3, (one.mac,), is_many=True),
            Question("SELECT NULL::text", 1, ()),
        ]
        for asked in (questions, questions[::-1]):
            with django_assert_num_queries(1):
                answers = ask_together(*asked)
            found = dict(zip(map(questions.index, asked), answers, strict=True))
            assert found[0] == [(1, one.mac)]
            assert found[1] == []
            assert sorted(found[2]) == [(1, one.mac, None), (2, one.mac, None)]
            assert found[3] == [(None,)]

    def test_of_many_there_may_be_none(self):
        none, one = ask_together(
            Question(ALL_OF, 3, ("",), is_many=True), Question("SELECT 1, 2", 2, ())
        )
        assert (none, one) == ([], [(1, 2)])

    def test_all_is_written_or_nothing(self):
        one, other = head(), head()
        parts = [Part(HEADS.sql(), HEADS.values([row])) for row in (one, other)]
        run_together(*parts)
        assert COUNT.row(7) == (2,)
        with pytest.raises(IntegrityError), transaction.atomic():
            run_together(Part(HEADS.sql(), HEADS.values([head(8)])), parts[1])
        assert COUNT.row(8) == (0,)

    def test_an_array_is_read_as_it_was_meant(self):
        keys = [new_id(), None, new_id()]
        at = [datetime(2026, 3, 29, 1, 30, tzinfo=UTC), None]
        read = Statement("SELECT %s::uuid[], %s::timestamptz[], %s::bigint[]")
        assert read.row(array_of(keys), array_of(at), array_of([1, -2])) == (keys, at, [1, -2])


HEADS_OF = Lookup(
    lambda key, mac: ChainHead.objects.filter(Q(mac=mac) | Q(mac="never"), record_id=key),
    UUID,
    str,
)
LENGTHS = Lookup(
    lambda key: ChainHead.objects.filter(record_id=key).values_list("length", "mac"), UUID
)


@pytest.mark.django_db
class TestALookup:
    def test_finds_what_its_queryset_finds(self):
        one, other = head(length=3), head(length=4)
        insert_all(HEADS, [one, other])
        for row in (one, other):
            assert HEADS_OF.rows(row.record_id, "0" * 64) == [row]
            assert HEADS_OF.first(row.record_id, "1" * 64) is None
            assert LENGTHS.rows(row.record_id) == [(row.length, row.mac)]

    def test_gives_objects_that_can_be_saved(self):
        insert_all(HEADS, [one := head()])
        found = HEADS_OF.first(one.record_id, one.mac)
        assert found is not None
        found.length = 9
        found.save()
        assert LENGTHS.rows(one.record_id) == [(9, one.mac)]

    def test_converts_as_the_queryset_does(self, world):
        titles = Lookup(lambda key: Site.objects.filter(id=key), UUID)
        found = titles.first(world.lyon)
        assert found is not None
        assert found.access == Site.objects.get(id=world.lyon).access

    def test_that_changes_a_value_is_refused(self):
        changed = Lookup(lambda mac: ChainHead.objects.filter(mac__startswith=mac), str)
        with pytest.raises(ValueError, match="changes it"):
            changed.rows("0")
