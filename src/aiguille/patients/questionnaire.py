"""The questionnaire as a walk over the rule book's questions; plain Python, no question of its own.

`answers` map a question's id to `{"answer": "yes"/"no"/"unknown", "ended": DATE, "zones": [...],
"type": CODE}`, in the words of the rule book; only `answer` is always there. The birth date is a
trait of the identity, so its question is answered by the patient's record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from aiguille.kernel.codes import FORBIDDEN_ZONES, Answer, Procedure, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.rulebook.book import RuleBook
from aiguille.rulebook.entries import Question, QuestionInput

Answers = Mapping[str, Mapping[str, Any]]

ASKED_ZONES: tuple[Zone, ...] = tuple(zone for zone in Zone if zone not in FORBIDDEN_ZONES)
# Nobody who answers remembers an end before this; an earlier year is a slip of the keyboard.
EARLIEST_END = date(1920, 1, 1)
# A vaccine is planned weeks ahead; a later year is a slip too.
LONGEST_AHEAD = timedelta(days=366)


class AnswerUnsound(DomainError):
    """The question is not asked here, or the answer is none that it takes."""

    code = "answer_unsound"
    default_text = Text(fr="Choisissez une réponse.", en="Choose an answer.")


@dataclass(frozen=True, slots=True)
class Walk:
    """Where somebody stands in the questionnaire: the questions that their answers lead to."""

    procedure: Procedure
    questions: tuple[Question, ...]
    answered: frozenset[str]

    @property
    def first_missing(self) -> Question | None:
        """Return the first question without an answer."""
        return next((q for q in self.questions if q.id not in self.answered), None)

    @property
    def is_complete(self) -> bool:
        """Tell whether every question is answered."""
        return self.first_missing is None

    def find(self, question_id: str) -> Question | None:
        """Return a question of this walk."""
        return next((q for q in self.questions if q.id == question_id), None)

    def position(self, question: Question) -> int:
        """Return the place of a question, from 1."""
        return self.questions.index(question) + 1

    def before(self, question: Question) -> Question | None:
        """Return the question before, None for the first."""
        index = self.questions.index(question)
        return self.questions[index - 1] if index else None

    def after(self, question: Question) -> Question | None:
        """Return the question after, None for the last."""
        index = self.questions.index(question)
        return self.questions[index + 1] if index + 1 < len(self.questions) else None


def walk(
    book: RuleBook, *, procedure: Procedure, answers: Answers, is_birth_date_known: bool
) -> Walk:
    """Return the questions that matter to the procedure and that the answers lead to, in order."""
    given = plain(answers)
    reached = tuple(q for q in book.questions_for(procedure) if q.is_reached(given))
    return Walk(
        procedure=procedure,
        questions=reached,
        answered=frozenset(
            question.id
            for question in reached
            if question.id in answers
            or (question.input is QuestionInput.BIRTH_DATE and is_birth_date_known)
        ),
    )


def walk_again(
    book: RuleBook, *, procedure: Procedure, earlier: Answers, answers: Answers, on_the_day: bool
) -> Walk:
    """Return the questions to ask again before a session, in order.

    They are the starred ones, those of the day itself only `on_the_day`, and those that the new
    `answers` lead to where the `earlier` ones did not: who stopped a treatment says when.
    """
    before, now = plain(earlier), plain({**earlier, **answers})
    starred = {q.id for q in book.questions_for(procedure, starred_only=True)}
    asked = tuple(
        question
        for question in book.questions_for(procedure, with_day_only=True)
        if question.is_reached(now)
        and (on_the_day or not question.day_only)
        and (question.id in starred or not question.is_reached(before))
    )
    return Walk(
        procedure=procedure,
        questions=asked,
        answered=frozenset(question.id for question in asked if question.id in answers),
    )


def plain(answers: Answers) -> dict[str, str]:
    """Return each question's answer alone."""
    return {name: str(answer["answer"]) for name, answer in answers.items()}


def settle(book: RuleBook, walked: Walk, answers: Answers) -> dict[str, dict[str, Any]]:
    """Return the answers to hand in: those of the walk, and those that follow from them.

    An answer left from a branch that is no longer reached is dropped.
    """
    kept = {
        question.id: dict(answers[question.id])
        for question in walked.questions
        if question.id in answers
    }
    return with_implied(book, kept)


def settle_again(
    book: RuleBook, walked: Walk, *, earlier: Answers, answers: Answers
) -> dict[str, dict[str, Any]]:
    """Return the earlier answers with those of the walk in their place, and what follows.

    What only followed from the earlier answers follows again from the new ones.
    """
    known = {q.id: q for q in book.questions_for(walked.procedure, with_day_only=True)}
    before = plain(earlier)
    merged = {
        name: dict(answer)
        for name, answer in earlier.items()
        if name in known and not known[name].day_only and known[name].is_reached(before)
    }
    merged |= {q.id: dict(answers[q.id]) for q in walked.questions if q.id in answers}
    now = plain(merged)
    return with_implied(
        book, {name: answer for name, answer in merged.items() if known[name].is_reached(now)}
    )


def with_implied(book: RuleBook, answers: Answers) -> dict[str, dict[str, Any]]:
    """Return the answers with those that follow from them."""
    implied = book.implied_answers(plain(answers))
    given = {name: dict(answer) for name, answer in answers.items()}
    return given | {name: {"answer": answer} for name, answer in implied.items()}


def asked_in_person(
    book: RuleBook, *, procedure: Procedure, answers: Answers
) -> tuple[Question, ...]:
    """Return the questions that a physician may ask, in order: all that the answers lead to.

    The birth date and the phototype are read from the record instead.
    """
    given = plain(answers)
    return tuple(
        question
        for question in book.questions_for(procedure)
        if question.input is QuestionInput.YES_NO and question.is_reached(given)
    )


def clean_answer(
    question: Question,
    *,
    procedure: Procedure,
    answer: str,
    ended: date | None = None,
    zones: Sequence[str] = (),
    type_code: str = "",
    today: date,
) -> dict[str, Any]:
    """Return an answer in the rule book's words; details that it has no use for are left out.

    Raises:
        AnswerUnsound: the answer, a zone, the type or the date is none that the question takes.
    """
    if question.input is QuestionInput.BIRTH_DATE:
        raise AnswerUnsound(field="birth_date")
    if answer not in set(Answer) or (question.day_only and answer == Answer.UNKNOWN):
        raise AnswerUnsound(field="answer")
    cleaned: dict[str, Any] = {"answer": Answer(answer).value}
    if answer != Answer.YES:
        return cleaned
    if question.asks_zones and zones:
        if not set(zones) <= set(ASKED_ZONES):
            raise AnswerUnsound(
                Text(fr="Cette zone n’existe pas.", en="This area does not exist."), field="zones"
            )
        cleaned["zones"] = [zone.value for zone in ASKED_ZONES if zone in zones]
    if question.asks_type(procedure) and type_code:
        if type_code not in {option.code for option in question.types}:
            raise AnswerUnsound(field="type")
        cleaned["type"] = type_code
    if question.asks_end(procedure) and ended is not None:
        _check_end(question, procedure, ended, today=today)
        cleaned["ended"] = ended.isoformat()
    return cleaned


def _check_end(question: Question, procedure: Procedure, ended: date, *, today: date) -> None:
    """Ask again for a date that nobody can mean: a slip of the keyboard would shorten a wait."""
    if ended < EARLIEST_END:
        raise AnswerUnsound(
            Text(fr="Vérifiez l’année.", en="Please check the year."), field="ended"
        )
    is_planned = question.actions[procedure].ahead is not None
    # Wherever the patient is, it may be tomorrow already.
    if not is_planned and ended > today + timedelta(days=1):
        raise AnswerUnsound(
            Text(
                fr="Cette date est dans le futur. Vérifiez-la ; si cela dure encore, "
                "laissez-la vide.",
                en="This date is in the future. Please check it; if it still goes on, leave it "
                "empty.",
            ),
            field="ended",
        )
    if ended > today + LONGEST_AHEAD:
        raise AnswerUnsound(
            Text(fr="Vérifiez l’année.", en="Please check the year."), field="ended"
        )
