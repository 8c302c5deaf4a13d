"""The questionnaire: only the rule book's questions, kept one by one, handed in as versions."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise, repeat
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from hypothesis import given
from hypothesis import strategies as st

from aiguille.accounts.rights import NotAllowed
from aiguille.kernel.codes import Answer, Procedure
from aiguille.patients import questionnaire
from aiguille.patients.operations import (
    AnswersIncomplete,
    AnswerUnsound,
    NothingToSubmit,
    check_identity,
    create_provisional,
    discard_draft,
    join_provisional,
    save_draft_answer,
    save_draft_answers,
    submit_answers,
)
from aiguille.patients.queries import changed_answers, get_draft, latest_answers
from aiguille.patients.questionnaire import clean_answer, settle, walk
from aiguille.plumbing.access import NotVisible
from aiguille.rulebook import QuestionInput, decide, load_rulebook
from tests.course import no_to_all
from tests.world import AT, SpacePerson, World

BOOK = load_rulebook()
NEEDLING, MESO = Procedure.NEEDLING, Procedure.MESOTHERAPY
ASKED = {p: BOOK.questions_for(p) for p in Procedure}
TYPED = [q.id for q in ASKED[NEEDLING] if q.input is not QuestionInput.BIRTH_DATE]


def answer_all(person: SpacePerson, procedure: Procedure = NEEDLING, **other: str) -> None:
    save_draft_answers(
        patient_id=person.patient_id,
        procedure=procedure,
        answers=no_to_all(procedure, **other),
        actor=person.actor,
        at=AT,
    )


def save(
    person: SpacePerson, question_id: str, answer: str, procedure: Procedure = NEEDLING, **more: Any
) -> None:
    save_draft_answer(
        patient_id=person.patient_id,
        procedure=procedure,
        question_id=question_id,
        answer={"answer": answer, **more},
        actor=person.actor,
        at=AT,
    )


def submit(person: SpacePerson, procedure: Procedure = NEEDLING) -> UUID:
    return submit_answers(
        patient_id=person.patient_id, procedure=procedure, actor=person.actor, at=AT
    )


@st.composite
def given_answers(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    ids = draw(st.lists(st.sampled_from(sorted(BOOK.questions)), unique=True))
    return {name: {"answer": draw(st.sampled_from(list(Answer))).value} for name in ids}


class TestTheWalk:
    @given(answers=given_answers(), known=st.booleans(), procedure=st.sampled_from(Procedure))
    def test_asks_what_matters_and_nothing_else(
        self, answers: dict[str, dict[str, str]], known: bool, procedure: Procedure
    ) -> None:
        walked = walk(BOOK, procedure=procedure, answers=answers, is_birth_date_known=known)

        reached = {question.id for question in walked.questions}
        asked = {question.id for question in ASKED[procedure]}
        assert reached <= asked
        assert walked.answered <= reached
        assert walked.is_complete == (walked.first_missing is None)
        for before, after in pairwise(walked.questions):
            assert walked.after(before) == after
            assert walked.before(after) == before
        settled = settle(BOOK, walked, answers)
        assert all(settled[name] == answers[name] for name in reached & answers.keys())
        assert all(settled[name] == {"answer": "no"} for name in settled.keys() - reached)

    @given(
        replies=st.lists(st.sampled_from(list(Answer)), min_size=60, max_size=60),
        procedure=st.sampled_from(Procedure),
    )
    def test_meets_each_question_that_the_answers_lead_to_once(
        self, replies: list[Answer], procedure: Procedure
    ) -> None:
        met, answers = one_after_another(procedure, iter(replies))

        assert len(met) == len(set(met))
        reached = {q.id for q in ASKED[procedure] if q.is_reached(questionnaire.plain(answers))}
        assert set(met) == reached
        order = [q.id for q in ASKED[procedure] if q.id in reached]
        assert met == order, "themes keep together, and what a branch leads to comes after it"

    def test_reaches_every_one_of_the_57(self) -> None:
        met = {"S04": "S03"}  # the birth date answers both
        for procedure in Procedure:
            for reply in Answer:
                found, _ = one_after_another(procedure, repeat(reply))
                met |= dict.fromkeys(found, procedure)
        again = questionnaire.walk_again(
            BOOK, procedure=NEEDLING, earlier={}, answers={}, on_the_day=True
        )
        met |= {question.id: "the day" for question in again.questions}

        assert sorted(met) == sorted(BOOK.questions)
        assert len(met) == 57

    def test_asks_for_the_birth_date_first(self) -> None:
        for procedure in Procedure:
            walked = walk(BOOK, procedure=procedure, answers={}, is_birth_date_known=False)
            assert walked.first_missing is not None
            assert walked.first_missing.input is QuestionInput.BIRTH_DATE
            assert walked.before(walked.questions[0]) is None
            assert walked.after(walked.questions[-1]) is None


def one_after_another(
    procedure: Procedure, replies: Iterator[Answer]
) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Answer the first question without an answer until there is none left."""
    met: list[str] = []
    answers: dict[str, dict[str, str]] = {}
    is_born = False
    for _ in range(len(BOOK.questions)):
        walked = walk(BOOK, procedure=procedure, answers=answers, is_birth_date_known=is_born)
        asked = walked.first_missing
        if asked is None:
            break
        met.append(asked.id)
        if asked.input is QuestionInput.BIRTH_DATE:
            is_born = True
        else:
            answers[asked.id] = {"answer": next(replies).value}
    return met, answers


class TestAnAnswer:
    @pytest.mark.parametrize(
        ("question", "procedure", "given_answer", "kept"),
        [
            ("S01", NEEDLING, {"answer": "unknown"}, {"answer": "unknown"}),
            ("S01", NEEDLING, {"answer": "yes", "zones": ["CHEEK"]}, {"answer": "yes"}),
            (
                "S08",
                NEEDLING,
                {"answer": "yes", "zones": ["NOSE", "CHEEK"], "ended": date(2026, 2, 1)},
                {"answer": "yes", "zones": ["NOSE", "CHEEK"], "ended": "2026-02-01"},
            ),
            ("S08", NEEDLING, {"answer": "no", "zones": ["CHEEK"]}, {"answer": "no"}),
            (
                "S14",
                NEEDLING,
                {"answer": "yes", "type_code": "active_plaque"},
                {"answer": "yes", "type": "active_plaque"},
            ),
            (
                "S24",
                MESO,
                {"answer": "yes", "type_code": "inactive"},
                {"answer": "yes", "type": "inactive"},
            ),
        ],
    )
    def test_is_kept_in_the_words_of_the_rule_book(
        self,
        question: str,
        procedure: Procedure,
        given_answer: dict[str, Any],
        kept: dict[str, Any],
    ) -> None:
        asked_of = BOOK.questions[question]
        cleaned = clean_answer(asked_of, procedure=procedure, today=AT.date(), **given_answer)

        assert cleaned == kept
        asked = {
            "kind": "screening", "procedure": procedure.value, "act_date": "2026-03-02",
            "born": "1988-04-03", "phototype": None, "zones": ["CHEEK"], "actives": [],
            "answers": {question: cleaned},
        }  # fmt: skip
        assert "error" not in decide(asked)

    @pytest.mark.parametrize(
        ("question", "wrong", "field"),
        [
            ("S01", {"answer": ""}, "answer"),
            ("S01", {"answer": "maybe"}, "answer"),
            ("S03", {"answer": "no"}, "birth_date"),
            ("S08", {"answer": "yes", "zones": ["EYELID"]}, "zones"),
            ("S08", {"answer": "yes", "zones": ["<b>"]}, "zones"),
            ("S08", {"answer": "yes", "ended": date(1019, 1, 1)}, "ended"),
            ("S08", {"answer": "yes", "ended": AT.date() + timedelta(days=2)}, "ended"),
            ("S14", {"answer": "yes", "type_code": "other"}, "type"),
            ("S56", {"answer": "unknown"}, "answer"),
        ],
    )
    def test_that_is_none_is_refused(
        self, question: str, wrong: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(AnswerUnsound) as refused:
            clean_answer(BOOK.questions[question], procedure=NEEDLING, today=AT.date(), **wrong)

        assert refused.value.field == field

    def test_may_name_a_day_ahead_where_something_is_planned(self) -> None:
        planned = {"answer": "yes", "ended": AT.date() + timedelta(days=20)}
        vaccine = BOOK.questions["S46"]

        kept = clean_answer(vaccine, procedure=MESO, today=AT.date(), **planned)  # type: ignore[arg-type]
        assert kept["ended"] == "2026-03-22"
        planned["ended"] = AT.date() + timedelta(days=400)
        with pytest.raises(AnswerUnsound):
            clean_answer(vaccine, procedure=MESO, today=AT.date(), **planned)  # type: ignore[arg-type]

    @pytest.mark.parametrize("question", ["S04", "S56", "S99"])
    def test_to_what_is_not_asked_is_refused(self, world: World, question: str) -> None:
        with pytest.raises(AnswerUnsound):
            save(world.anna, question, "no", NEEDLING)

    def test_details_need_their_zones(self) -> None:
        assert questionnaire.ASKED_ZONES


class TestADraft:
    def test_is_kept_answer_by_answer_and_discarded(self, world: World) -> None:
        save(world.anna, "S01", "no")
        save(world.anna, "S02", "yes")
        save(world.anna, "S02", "no")

        draft = get_draft(world.anna.patient_id, NEEDLING)
        assert draft.answers == {"S01": {"answer": "no"}, "S02": {"answer": "no"}}
        assert draft.is_started
        assert not draft.was_handed_in
        assert not get_draft(world.anna.patient_id, MESO).is_started
        discard_draft(
            patient_id=world.anna.patient_id, procedure=NEEDLING, actor=world.anna.actor, at=AT
        )
        assert not get_draft(world.anna.patient_id, NEEDLING).is_started

    @pytest.mark.parametrize(
        ("person", "error"),
        [("marc", NotVisible), ("carla", NotVisible), ("diane", NotAllowed)],
    )
    def test_is_not_written_by_others(
        self, world: World, person: str, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            save_draft_answer(
                patient_id=world.anna.patient_id,
                procedure=NEEDLING,
                question_id="S01",
                answer={"answer": "no"},
                actor=getattr(world, person).actor,
                at=AT,
            )


class TestHandingIn:
    def test_needs_every_answer(self, world: World) -> None:
        with pytest.raises(NothingToSubmit):
            submit(world.anna)
        answer_all(world.anna)
        discard_draft(
            patient_id=world.anna.patient_id, procedure=NEEDLING, actor=world.anna.actor, at=AT
        )
        save(world.anna, TYPED[0], "no")

        with pytest.raises(AnswersIncomplete) as refused:
            submit(world.anna)

        assert refused.value.field == TYPED[1]

    def test_makes_versions_and_drops_the_draft(self, world: World) -> None:
        answer_all(world.anna, S01="unknown")
        first = submit(world.anna)
        with pytest.raises(NothingToSubmit):
            submit(world.anna)
        save(world.anna, "S01", "no")
        second = submit(world.anna)

        latest = latest_answers(world.anna.patient_id, NEEDLING)

        assert first != second
        assert latest is not None
        assert (latest.id, latest.version) == (second, 2)
        assert latest.rulebook_version == BOOK.version
        assert latest.answers["S01"] == {"answer": "no"}
        assert latest.author_name == "Anna Martin"
        assert latest_answers(world.anna.patient_id, MESO) is None

    def test_keeps_what_follows_from_the_answers(self, world: World) -> None:
        answer_all(world.anna, S05="yes")
        submit(world.anna)

        latest = latest_answers(world.anna.patient_id, NEEDLING)

        assert latest is not None
        assert latest.answers["S06"] == {"answer": "no"}, "who takes it now has not stopped it"

    def test_reads_the_answers_of_a_joined_record_too(self, world: World) -> None:
        twin = create_provisional(
            birth_name="Martin", first_names="Anna", email="a@example.net", phone="",
            language="fr", actor=world.diane.actor, at=AT,
        )  # fmt: skip
        answer_all(world.anna)
        submit(world.anna)
        check_identity(
            patient_id=world.marc.patient_id, document="passport", actor=world.diane.actor, at=AT
        )
        join_provisional(
            provisional_id=world.anna.patient_id,
            into_id=world.marc.patient_id,
            actor=world.diane.actor,
            at=AT,
        )

        assert latest_answers(world.marc.patient_id, NEEDLING) is not None
        assert latest_answers(twin, NEEDLING) is None

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE patients_answer_set SET answers = '{}'", "DELETE FROM patients_answer_set"],
    )
    def test_is_never_undone_in_place(self, world: World, statement: str) -> None:
        answer_all(world.anna)
        submit(world.anna)

        with pytest.raises(ProgrammingError), transaction.atomic():
            connection.cursor().execute(statement)


def test_changes_are_named() -> None:
    before = {"S01": {"answer": "no"}, "S02": {"answer": "no"}}
    after = {"S01": {"answer": "yes"}, "S02": {"answer": "no"}, "S05": {"answer": "no"}}

    assert changed_answers(before, after) == ("S01", "S05")
