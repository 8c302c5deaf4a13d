"""The starred questions asked again: from nothing, all of them, and nothing else changes."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.accounts.rights import NotAllowed
from aiguille.kernel.codes import Answer, Procedure
from aiguille.kernel.ids import new_id
from aiguille.patients.operations import (
    AnswersChanged,
    AnswersIncomplete,
    AnswerUnsound,
    NothingToSubmit,
    answer_again,
    save_draft_answer,
    save_draft_answers,
    submit_again,
)
from aiguille.patients.queries import (
    get_draft,
    get_draft_again,
    latest_answers,
    list_answers,
)
from aiguille.patients.questionnaire import settle_again, walk_again, with_implied
from aiguille.plumbing.access import NotVisible
from aiguille.rulebook import QuestionInput, load_rulebook
from tests.course import answer_no
from tests.world import AT, World

BOOK = load_rulebook()
NEEDLING = Procedure.NEEDLING
SESSION = new_id()
STARRED = [question.id for question in BOOK.questions_for(NEEDLING, starred_only=True)]
LATER = AT + timedelta(days=20)
ANSWERS = st.sampled_from([answer.value for answer in Answer])


def no(**others: str) -> dict[str, dict[str, str]]:
    return {name: {"answer": others.get(name, "no")} for name in [*STARRED, *others]}


def at_the_desk(world: World, **changed: Any) -> UUID:
    latest = latest_answers(world.anna.patient_id, NEEDLING)
    facts: dict[str, Any] = {
        "patient_id": world.anna.patient_id,
        "procedure": NEEDLING,
        "answers": no(),
        "seen_id": latest.id if latest else None,
        "actor": world.diane.actor,
        "at": LATER,
    }
    return answer_again(**(facts | changed))


@st.composite
def full_answers(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    typed = {
        question.id: {"answer": draw(ANSWERS)}
        for question in BOOK.questions_for(NEEDLING)
        if question.input is not QuestionInput.BIRTH_DATE
    }
    given = {name: answer["answer"] for name, answer in typed.items()}
    reached = {n: a for n, a in typed.items() if BOOK.questions[n].is_reached(given)}
    return with_implied(BOOK, reached)


class TestWhatIsAskedAgain:
    @given(earlier=full_answers(), data=st.data(), on_the_day=st.booleans())
    def test_is_what_is_starred_and_what_that_leads_to(
        self, earlier: dict[str, dict[str, Any]], data: st.DataObject, on_the_day: bool
    ) -> None:
        answers: dict[str, dict[str, str]] = {}
        met = []
        while missing := self.walk(earlier, answers, on_the_day).first_missing:
            met.append(missing.id)
            answers[missing.id] = {"answer": data.draw(ANSWERS)}
        walked = self.walk(earlier, answers, on_the_day)

        assert len(met) == len(set(met))
        starred = {*STARRED} - (set() if on_the_day else {"S56"})
        assert starred <= set(met)
        was, now = earlier["S05"]["answer"], answers["S05"]["answer"]
        assert set(met) - starred == ({"S06"} if was == "yes" and now != "yes" else set())
        settled = settle_again(BOOK, walked, earlier=earlier, answers=answers)
        for name in BOOK.questions:
            if name in walked.answered:
                assert settled[name] == answers[name]
            elif name not in {"S06", "S56", "S03", "S04"}:
                assert settled[name] == earlier[name], name
        assert settled["S06"] == ({"answer": "no"} if now == "yes" else settled["S06"])

    def walk(self, earlier: Any, answers: Any, on_the_day: bool) -> Any:
        return walk_again(
            BOOK, procedure=NEEDLING, earlier=earlier, answers=answers, on_the_day=on_the_day
        )


class TestAtTheDesk:
    def test_the_answers_become_a_version_beside_all_others(self, world: World) -> None:
        answer_no(world, procedure=NEEDLING, at=AT, S25="yes")

        at_the_desk(world, answers=no(S42="yes", S56="yes"))

        latest = latest_answers(world.anna.patient_id, NEEDLING)
        assert latest is not None
        assert (latest.version, latest.author_name) == (2, "Diane Petit")
        assert latest.reason == "asked again on the day of a session"
        assert latest.answers["S42"] == {"answer": "yes"}
        assert latest.answers["S25"] == {"answer": "yes"}, "nobody asked it again"
        assert [one.version for one in list_answers(world.anna.patient_id, NEEDLING, limit=9)] == [
            2,
            1,
        ]

    @pytest.mark.parametrize("missing", STARRED)
    def test_every_one_needs_its_answer(self, world: World, missing: str) -> None:
        answers = no()
        del answers[missing]

        with pytest.raises(AnswersIncomplete) as refused:
            at_the_desk(world, answers=answers)

        assert refused.value.field == missing
        assert latest_answers(world.anna.patient_id, NEEDLING) is None

    def test_an_unsound_one_names_its_field(self, world: World) -> None:
        with pytest.raises(AnswerUnsound) as refused:
            at_the_desk(world, answers=no(S56="unknown"))
        assert refused.value.field == "S56_answer"

    def test_over_newer_answers_is_refused(self, world: World) -> None:
        answer_no(world, procedure=NEEDLING, at=AT)
        with pytest.raises(AnswersChanged):
            at_the_desk(world, seen_id=None)

    @pytest.mark.parametrize(
        ("person", "error"),
        [
            ("bruno", None),
            ("hugo", None),
            ("diane", None),
            ("ines", NotAllowed),
            ("carla", NotVisible),
            ("marc", NotVisible),
        ],
    )
    def test_who_receives_patients_asks(
        self, world: World, person: str, error: type[Exception] | None
    ) -> None:
        actor = getattr(world, person).actor
        if error is None:
            written = at_the_desk(world, actor=actor)
            latest = latest_answers(world.anna.patient_id, NEEDLING)
            assert latest is not None
            assert latest.id == written
            return
        with pytest.raises(error):
            at_the_desk(world, actor=actor)


class TestInTheSpace:
    def test_begins_from_nothing_and_leaves_the_questionnaire_alone(self, world: World) -> None:
        answer_no(world, procedure=NEEDLING, at=AT)
        save_draft_answer(
            patient_id=world.anna.patient_id, procedure=NEEDLING, question_id="S01",
            answer={"answer": "no"}, actor=world.anna.actor, at=LATER, asked_for=SESSION,
        )  # fmt: skip

        again = get_draft_again(world.anna.patient_id, NEEDLING, asked_for=SESSION)
        assert again.answers == {"S01": {"answer": "no"}}
        assert not get_draft(world.anna.patient_id, NEEDLING).is_started
        with pytest.raises(AnswersIncomplete):
            self.submit(world, on_the_day=False)

    def test_is_handed_in_once(self, world: World) -> None:
        answer_no(world, procedure=NEEDLING, at=AT)
        answers = no(S08="yes")
        del answers["S56"]
        save_draft_answers(
            patient_id=world.anna.patient_id, procedure=NEEDLING, answers=answers,
            actor=world.anna.actor, at=LATER, asked_for=SESSION,
        )  # fmt: skip

        with pytest.raises(AnswersIncomplete):
            self.submit(world, on_the_day=True)
        self.submit(world, on_the_day=False)
        with pytest.raises(NothingToSubmit):
            self.submit(world, on_the_day=False)

        latest = latest_answers(world.anna.patient_id, NEEDLING)
        assert latest is not None
        assert latest.answers["S08"] == {"answer": "yes"}
        assert latest.answers["S56"] == {"answer": "no"}, "nobody asked it"

    def submit(self, world: World, *, on_the_day: bool) -> UUID:
        return submit_again(
            patient_id=world.anna.patient_id,
            procedure=NEEDLING,
            asked_for=SESSION,
            on_the_day=on_the_day,
            actor=world.anna.actor,
            at=LATER,
        )
