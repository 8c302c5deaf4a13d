"""What the rule book found, as a physician reads it: beside the answer, with sources and status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiguille.care.queries import Screening
from aiguille.catalogue.queries import RulesInForce
from aiguille.kernel.codes import Answer
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.patients.questionnaire import ASKED_ZONES
from aiguille.rulebook import Question, load_rulebook

# Before a physician names the zones, a condition of any zone counts.
ANYWHERE = tuple(zone.value for zone in ASKED_ZONES)


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """An answer of the questionnaire; `answer` is empty where the question was not asked."""

    question: str
    title: Text
    answer: str
    ended: date | None
    type: Text | None
    zones: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding with the answer that caused it, where an answer did.

    `sources` are (tag, reference); `is_to_confirm` while the medical director has not confirmed
    the rule.
    """

    rule: str
    title: Text
    decision: Decision
    message: Text
    earliest: date | None
    is_to_confirm: bool
    sources: tuple[tuple[str, str], ...]
    answer: AnswerLine | None

    @property
    def is_overridable(self) -> bool:
        """Tell whether a physician may go on in spite of it, with a reason."""
        return self.decision in {Decision.DELAY, Decision.REVIEW}

    @property
    def is_unasked(self) -> bool:
        """Tell whether it stands only because nobody knows the answer."""
        return (
            self.decision is Decision.REVIEW
            and self.answer is not None
            and self.answer.answer in {"", Answer.UNKNOWN.value}
        )


def finding_lines(
    findings: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Mapping[str, Any]],
    rules: RulesInForce,
) -> tuple[FindingLine, ...]:
    """Return what the `rules` found as pages show it, in the order given (most severe first)."""
    return tuple(_finding(rules, finding, answers) for finding in findings)


def screened_lines(screened: Screening) -> tuple[FindingLine, ...]:
    """Return the findings of a screening."""
    return finding_lines(screened.findings, screened.answers, screened.rules)


def quiet_answers(
    answers: Mapping[str, Mapping[str, Any]], findings: Sequence[FindingLine]
) -> tuple[AnswerLine, ...]:
    """Return the answers that lead to nothing, in the order of the questionnaire."""
    book = load_rulebook()
    loud = {finding.rule for finding in findings}
    return tuple(
        answer_line(book.questions[name], answers[name])
        for theme in book.themes
        for name in theme.questions
        if name in answers and name not in loud
    )


def answer_line(question: Question, answer: Mapping[str, Any] | None) -> AnswerLine:
    """Return an answer with its details in words."""
    given = answer or {}
    types = {option.code: option.label for option in question.types}
    ended = given.get("ended")
    return AnswerLine(
        question=question.id,
        title=question.title,
        answer=str(given.get("answer", "")),
        ended=date.fromisoformat(ended) if ended else None,
        type=types.get(str(given.get("type", ""))),
        zones=tuple(load_rulebook().zone_label(zone) for zone in given.get("zones", ())),
    )


def _finding(
    rules: RulesInForce, finding: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]
) -> FindingLine:
    rule, book = finding["rule"], rules.book
    entry = book.entry(rule)
    earliest = finding["earliest"]
    return FindingLine(
        rule=rule,
        title=entry.title,
        decision=Decision(finding["decision"]),
        message=Text.from_mapping(finding["message"]),
        earliest=date.fromisoformat(earliest) if earliest else None,
        is_to_confirm=rules.is_to_confirm(rule),
        sources=tuple((tag, book.sources[tag]) for tag in finding["sources"]),
        answer=answer_line(entry, answers.get(rule)) if isinstance(entry, Question) else None,
    )
