"""What a rule file holds, once read: rules, cases, questions and the values they use."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from aiguille.kernel.codes import Active, Answer, Procedure
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text


class Status(StrEnum):
    """Whether a source carries the value, or the medical director still has to confirm it."""

    CONFIRMED = "confirmed"
    TO_CONFIRM = "to_confirm"


class QuestionInput(StrEnum):
    """What a question asks a person to give."""

    YES_NO = "yes_no"
    BIRTH_DATE = "birth_date"
    PHOTOTYPE = "phototype"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value of a rule, and the hard limits within which a clinic may move it.

    Without a limit the value is fixed: a law, or a reference.
    """

    value: Decimal
    unit: str
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    @property
    def is_editable(self) -> bool:
        """Return whether a clinic may give a value of its own."""
        return self.at_least is not None or self.at_most is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every rule and question has: who says so, and how sure we are.

    `sources` are tags of `sources.toml`; `grade` is A (law, regulator, product characteristics),
    B (paper, trial, manual) or C (clinic page), where the evidence was graded.
    """

    id: str
    subject: str
    version: str
    title: Text
    sources: tuple[str, ...]
    grade: str | None
    status: Status
    settings: Mapping[str, Setting]

    @property
    def is_to_confirm(self) -> bool:
        """Return whether some part of it waits for the medical director."""
        return self.status is Status.TO_CONFIRM

    def values_to_confirm(self) -> int:
        """Return how many of its values wait for the medical director."""
        return len(self.settings) if self.status is Status.TO_CONFIRM else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way a rule applies. A case without sources of its own has those of its rule."""

    name: str
    decision: Decision | None
    message: Text | None
    label: Text | None
    sources: tuple[str, ...]
    grade: str | None
    status: Status
    settings: Mapping[str, Setting]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Entry):
    """A rule outside the questionnaire.

    Each of `orders` names settings of the rule, by their whole ids, of which none may be greater
    than the next: what is proposed, what warns, what is refused.
    """

    cases: Mapping[str, Case]
    attributes: Mapping[str, str]
    orders: tuple[tuple[str, ...], ...] = ()

    @property
    def is_to_confirm(self) -> bool:
        """Return whether the rule or one of its cases waits for the medical director."""
        return Status.TO_CONFIRM in {self.status, *(case.status for case in self.cases.values())}

    def values_to_confirm(self) -> int:
        """Return how many values of the rule and its cases wait for the medical director."""
        own = len(self.settings) if self.status is Status.TO_CONFIRM else 0
        waiting = [case for case in self.cases.values() if case.status is Status.TO_CONFIRM]
        return own + sum(len(case.settings) for case in waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an answer leads to; `OK` is silence. `rule` names the finding's question."""

    rule: str
    decision: Decision
    message: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterEnd:
    """What a refusal becomes once its cause has ended: a wait, then `then` or silence."""

    wait: str
    message: Text
    then: Effect | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What "yes" to a question leads to for one procedure.

    `waits` names the setting (days) for each type, and under "" the one for every type.
    `active` makes the action depend on the product: it applies where that active is planned, or,
    with "type", where the active named by the answer is planned or none is named; else
    `otherwise` applies. `ahead` names the setting (days) beyond which a planned event is ignored.
    """

    effect: Effect
    waits: Mapping[str, str]
    by_type: Mapping[str, Effect]
    active: Active | Literal["type"] | None
    otherwise: Effect | None
    after_end: AfterEnd | None
    ahead: str | None

    def effects(self) -> tuple[Effect, ...]:
        """Return everything "yes" may lead to."""
        after = (self.after_end.then,) if self.after_end else ()
        found = (self.effect, *self.by_type.values(), self.otherwise, *after)
        return tuple(effect for effect in found if effect is not None)


@dataclass(frozen=True, slots=True)
class TypeOption:
    """A precision that a patient may give with an answer."""

    code: str
    label: Text


@dataclass(frozen=True, slots=True)
class Branch:
    """A question is reached when the answer to `question` is one of `answers`."""

    question: str
    answers: frozenset[Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Entry):
    """A question of the screening questionnaire; its `title` is for professionals.

    `starred`: asked again on the day of every session. `day_only`: asked on that day alone.
    `asks_zones`: the condition concerns a zone. `answered_by`: another question's answer gives
    this one, so that nobody is asked twice. `severity_class`: A absolute, R relative,
    T temporary.
    """

    theme: str
    starred: bool
    day_only: bool
    severity_class: str
    input: QuestionInput
    answered_by: str | None
    asks_zones: bool
    ask: Text
    help: Text
    message: Text
    types: tuple[TypeOption, ...]
    branch: Branch | None
    actions: Mapping[Procedure, Action]

    def matters_to(self, procedure: Procedure) -> bool:
        """Return whether some answer leads to something for the procedure."""
        effects = self.actions[procedure].effects()
        return any(effect.decision is not Decision.OK for effect in effects)

    def asks_end(self, procedure: Procedure) -> bool:
        """Return whether the date at which the condition ended changes what follows."""
        action = self.actions[procedure]
        return bool(action.waits) or action.after_end is not None

    def asks_type(self, procedure: Procedure) -> bool:
        """Return whether a precision changes what follows."""
        action = self.actions[procedure]
        return bool(action.by_type or action.waits.keys() - {""} or action.active == "type")

    def is_reached(self, answers: Mapping[str, str]) -> bool:
        """Return whether the branch leads here. `answers` maps a question id to its answer."""
        if self.branch is None:
            return True
        return answers.get(self.branch.question, Answer.UNKNOWN) in self.branch.answers


@dataclass(frozen=True, slots=True)
class Theme:
    """A group of questions, in the order in which patients meet them."""

    code: str
    title: Text
    questions: tuple[str, ...]
