"""Screening: what a patient's answers mean for one procedure, on one day and some zones."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from aiguille.kernel.codes import Active, Answer, Procedure, Zone
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.rulebook.book import RuleBook
from aiguille.rulebook.dates import age_on, plus_days
from aiguille.rulebook.entries import Action, Question
from aiguille.rulebook.facts import NOT_A_CODE, NOT_AN_OBJECT, TOO_FAR, Facts, MalformedAsk
from aiguille.rulebook.rulings import Finding, Ruling

UNDER_AGE, YOUNG_ADULT, PHOTOTYPE = "S03", "S04", "S44"


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer as it was given; no `zones` means all the planned ones, "" no type."""

    answer: Answer
    ended: date | None
    zones: Collection[Zone]
    type: str


_PLAIN_YES = _Given(Answer.YES, None, (), "")

BORN_AFTER = Text(
    fr="La date de naissance est postérieure à l’acte.", en="The date of birth is after the act."
)
NO_SUCH_QUESTION = Text(fr="Cette question n’existe pas.", en="This question does not exist.")


@dataclass(frozen=True, slots=True)
class _Ready:
    """One question made ready for one procedure: findings built once, days looked up.

    `days` and `by_type` hold "" for a missing type. A finding that is None is silence.
    """

    id: str
    asks_zones: bool
    types: frozenset[str]
    unknown: Finding
    effect: Finding | None
    by_type: Mapping[str, Finding | None]
    days: Mapping[str, int]
    ahead: int | None
    active: Active | Literal["type"] | None
    otherwise: Finding | None
    after_days: int | None
    after_delay: Finding | None
    after_then: Finding | None

    def judge(self, given: _Given, act_date: date, actives: Collection[str]) -> Finding | None:
        """Return what "yes" leads to. Raises `OverflowError` where a delay leaves the calendar."""
        if self.active is not None and not self._concerns(given.type, actives):
            return self.otherwise
        ended = given.ended
        if ended is not None and self.after_days is not None and self.after_delay is not None:
            over = plus_days(ended, self.after_days)
            return replace(self.after_delay, earliest=over) if act_date < over else self.after_then
        finding = self.by_type.get(given.type, self.effect)
        if finding is None or not self.days or ended is None:
            return finding
        over = plus_days(ended, self.days[given.type])
        if act_date >= over or (self.ahead is not None and (ended - act_date).days > self.ahead):
            return None
        return replace(finding, earliest=over)

    def _concerns(self, named: str, actives: Collection[str]) -> bool:
        """Return whether the planned product holds what the answer is about."""
        if self.active == "type":
            return not named or named in actives
        return self.active in actives


@dataclass(frozen=True, slots=True)
class _Plan:
    """The whole questionnaire made ready for one procedure."""

    questions: Mapping[str, _Ready]
    unknown: Mapping[str, Finding]
    yes: Mapping[str, Finding]


def rule_on_screening(facts: Facts, book: RuleBook) -> Ruling:
    """Return what the answers lead to. Raises `MalformedAsk`."""
    procedure = facts.code("procedure", Procedure)
    act_date, born = facts.day("act_date"), facts.day("born")
    phototype = None if facts.is_null("phototype") else facts.whole("phototype", least=1, most=6)
    zones = facts.codes("zones", Zone, may_be_empty=False)
    actives = facts.codes("actives", Active)
    plan = _plan(book, procedure)
    given = _read_answers(facts, plan)
    unanswered = facts.code("unanswered", Answer, default=Answer.UNKNOWN)
    if born > act_date:
        raise MalformedAsk("born", BORN_AFTER)

    findings: dict[str, Finding] = {}
    if unanswered is Answer.UNKNOWN:
        findings = {name: found for name, found in plan.unknown.items() if name not in given}
    elif unanswered is Answer.YES:
        given = dict.fromkeys(plan.questions, _PLAIN_YES) | given
    for name, answer in given.items():
        found = _found(plan.questions[name], answer, act_date, zones, actives)
        if found is not None and (found.rule != name or name not in findings):
            # A healed herpes (S08) speaks as S09, whatever S09's own answer is.
            findings[found.rule] = found
    _let_facts_decide(findings, plan, book, age_on(act_date, born=born), phototype)
    return Ruling.of(findings[name] for name in sorted(findings))


def _found(
    ready: _Ready,
    given: _Given,
    act_date: date,
    zones: Collection[Zone],
    actives: Collection[Active],
) -> Finding | None:
    if given.answer is Answer.NO:
        return None
    # The zone comes first: what is unknown about a zone that nobody treats is silent.
    if ready.asks_zones and given.zones and not any(zone in zones for zone in given.zones):
        return None
    if given.answer is Answer.UNKNOWN:
        return ready.unknown
    try:
        return ready.judge(given, act_date, actives)
    except OverflowError as error:
        raise MalformedAsk(f"answers.{ready.id}.ended", TOO_FAR) from error


def _let_facts_decide(
    findings: dict[str, Finding], plan: _Plan, book: RuleBook, age: int, phototype: int | None
) -> None:
    """Let the birth date alone decide S03 and S04, and a known phototype alone S44."""
    findings.pop(UNDER_AGE, None)
    findings.pop(YOUNG_ADULT, None)
    if age < book.whole(f"{UNDER_AGE}.adult_from"):
        findings[UNDER_AGE] = plan.yes[UNDER_AGE]
    elif age <= book.whole(f"{YOUNG_ADULT}.until"):
        findings[YOUNG_ADULT] = plan.yes[YOUNG_ADULT]
    if phototype is not None:
        findings.pop(PHOTOTYPE, None)
        if phototype >= book.whole(f"{PHOTOTYPE}.phototype_from"):
            findings[PHOTOTYPE] = plan.yes[PHOTOTYPE]


def _read_answers(facts: Facts, plan: _Plan) -> dict[str, _Given]:
    answers = facts.get("answers")
    if not isinstance(answers, Mapping):
        raise MalformedAsk("answers", NOT_AN_OBJECT)
    read: dict[str, _Given] = {}
    for name, answer in answers.items():
        ready = plan.questions.get(name)
        if ready is None:
            raise MalformedAsk("answers", NO_SUCH_QUESTION)
        if not isinstance(answer, Mapping):
            raise MalformedAsk(f"answers.{name}", NOT_AN_OBJECT)
        read[name] = _read_answer(Facts(answer, f"answers.{name}."), answer, ready)
    return read


def _read_answer(facts: Facts, answer: Mapping[str, Any], ready: _Ready) -> _Given:
    named = ""
    if ready.types and "type" in answer:
        named = facts.text("type")
        if named not in ready.types:
            codes = ", ".join(sorted(ready.types))
            raise MalformedAsk(facts.field("type"), NOT_A_CODE, codes=codes)
    return _Given(
        answer=facts.code("answer", Answer),
        ended=facts.day("ended") if "ended" in answer else None,
        zones=facts.codes("zones", Zone) if "zones" in answer else (),
        type=named,
    )


@lru_cache(maxsize=64)
def _plan(book: RuleBook, procedure: Procedure) -> _Plan:
    questions = {
        name: _ready(book, question, question.actions[procedure])
        for name, question in book.questions.items()
    }
    return _Plan(
        questions=questions,
        unknown={name: ready.unknown for name, ready in questions.items()},
        yes={name: ready.effect for name, ready in questions.items() if ready.effect},
    )


def _ready(book: RuleBook, question: Question, action: Action) -> _Ready:
    days = {name: book.whole(f"{question.id}.{wait}") for name, wait in action.waits.items()}
    types = frozenset(option.code for option in question.types)
    if days:
        # Without a precision the longest wait applies; a type that changes nothing waits as long.
        longest = max(days.values())
        days = dict.fromkeys(("", *types), longest) | days
    after = action.after_end
    return _Ready(
        id=question.id,
        asks_zones=question.asks_zones,
        types=types,
        unknown=book.unknown_finding(question),
        effect=book.effect_finding(action.effect),
        by_type={name: book.effect_finding(effect) for name, effect in action.by_type.items()},
        days=days,
        ahead=book.whole(f"{question.id}.{action.ahead}") if action.ahead else None,
        active=action.active,
        otherwise=book.effect_finding(action.otherwise) if action.otherwise else None,
        after_days=book.whole(f"{question.id}.{after.wait}") if after else None,
        after_delay=Finding(question.id, Decision.DELAY, after.message, question.sources)
        if after
        else None,
        after_then=book.effect_finding(after.then) if after and after.then else None,
    )
