"""The rules as a page explains them: what each says, by which values, who says so, what changed."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from aiguille.accounts.rights import Right, require
from aiguille.catalogue.rule_changes import clinic_day, is_director
from aiguille.catalogue.rule_values import (
    RuleChange,
    RulesInForce,
    list_rule_changes,
    rules_in_force,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible
from aiguille.rulebook import Question, Rule, Source, Status, UnknownRule


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule among the others. `waits` while the medical director has not confirmed it."""

    id: str
    title: Text
    subject: str
    grade: str | None
    waits: bool
    was_confirmed: bool
    own_values: int


@dataclass(frozen=True, slots=True)
class RulesPage:
    """The rules of one subject or all, those that match a search, by subject.

    `waiting` counts the rules to be confirmed among all; `left_out` names the settings whose
    value a newer rule file does not allow.
    """

    groups: tuple[tuple[str, tuple[RuleLine, ...]], ...]
    subjects: tuple[str, ...]
    version: str
    waiting: int
    total: int
    left_out: tuple[str, ...]
    is_director: bool


@dataclass(frozen=True, slots=True)
class Says:
    """One thing that a rule may answer; `procedure` is empty where it is one for all.

    `is_to_confirm` where it alone rests on no source, while the rule has some.
    """

    procedure: str
    decision: Decision
    message: Text
    is_to_confirm: bool = False


@dataclass(frozen=True, slots=True)
class ValueLine:
    """A value of a rule. `limits` are its hard limits, none where it is fixed."""

    setting: str
    unit: str
    value: Decimal
    shipped: Decimal
    limits: tuple[Decimal, ...]
    planned: RuleChange | None

    @property
    def is_fixed(self) -> bool:
        """Tell whether no clinic may change it: a law, or a reference."""
        return not self.limits

    @property
    def is_own(self) -> bool:
        """Tell whether it is the clinic's own."""
        return self.value != self.shipped


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule with all that explains it."""

    entry: Rule | Question
    line: RuleLine
    says: tuple[Says, ...]
    values: tuple[ValueLine, ...]
    sources: tuple[Source, ...]
    changes: tuple[RuleChange, ...]
    version: str
    today: date
    is_director: bool

    @property
    def ask(self) -> Text | None:
        """Return the question that a patient is asked, where it is one."""
        return self.entry.ask if isinstance(self.entry, Question) else None

    @property
    def confirmed_by(self) -> RuleChange | None:
        """Return the confirmation of the rule as its file stands, or None."""
        return next(filter(self._confirms, self.changes), None)

    def _confirms(self, change: RuleChange) -> bool:
        return change.is_confirmation and change.rule_version == self.entry.version


def read_rules(*, actor: Actor, at: datetime, search: str = "", subject: str = "") -> RulesPage:
    """Return the rules that match, by subject (four queries).

    Raises:
        NotAllowed: the actor reads no records.
    """
    require(actor, Right.READ_RECORD)
    rules = rules_in_force()
    entries = _entries(rules)
    lines = [(entry, _line(entry, rules)) for entry in entries]
    subjects = tuple(dict.fromkeys(entry.subject for entry in entries))
    wanted = _plain(search).split()
    shown = [
        line
        for entry, line in lines
        if subject in ("", line.subject) and all(word in _words(entry) for word in wanted)
    ]
    return RulesPage(
        groups=tuple(
            (name, tuple(line for line in shown if line.subject == name))
            for name in subjects
            if any(line.subject == name for line in shown)
        ),
        subjects=subjects,
        version=rules.version,
        waiting=sum(line.waits for _, line in lines),
        total=len(lines),
        left_out=rules.left_out,
        is_director=is_director(actor, at=at),
    )


def read_rule(*, rule_id: str, actor: Actor, at: datetime) -> RulePage:
    """Return one rule with its values, sources and history (five queries).

    Raises:
        NotAllowed: the actor reads no records.
        NotVisible: there is no such rule.
    """
    require(actor, Right.READ_RECORD)
    rules = rules_in_force()
    try:
        explanation = rules.book.explain(rule_id)
    except UnknownRule as error:
        raise NotVisible from error
    entry = explanation.entry
    changes = list_rule_changes(rule_id=rule_id)
    return RulePage(
        entry=entry,
        line=_line(entry, rules),
        says=tuple(_says(entry)),
        values=tuple(_value(name, rules, changes) for name in explanation.values),
        sources=explanation.sources,
        changes=tuple(changes),
        version=rules.version,
        today=clinic_day(at),
        is_director=is_director(actor, at=at),
    )


def read_value(*, setting: str, actor: Actor, at: datetime) -> tuple[RulePage, ValueLine]:
    """Return one value that a clinic may change, with its rule.

    Raises:
        NotAllowed: the actor reads no records.
        NotVisible: there is no such value, or it is fixed.
    """
    page = read_rule(rule_id=setting.partition(".")[0], actor=actor, at=at)
    for line in page.values:
        if line.setting == setting and not line.is_fixed:
            return page, line
    raise NotVisible


def _entries(rules: RulesInForce) -> list[Rule | Question]:
    """Return every rule, the questionnaire first, then by subject as the files name them."""
    return [
        *rules.book.questions.values(),
        *sorted(rules.book.rules.values(), key=lambda rule: rule.subject),
    ]


def _line(entry: Rule | Question, rules: RulesInForce) -> RuleLine:
    own = [name for name in rules.values if name.partition(".")[0] == entry.id]
    shipped = rules.book.settings
    return RuleLine(
        id=entry.id,
        title=entry.title,
        subject=entry.subject,
        grade=entry.grade,
        waits=rules.is_to_confirm(entry.id),
        was_confirmed=entry.id in rules.confirmed,
        own_values=sum(rules.values[name] != shipped[name].value for name in own),
    )


def _says(entry: Rule | Question) -> Iterator[Says]:
    if isinstance(entry, Question):
        for procedure in Procedure:
            for effect in dict.fromkeys(entry.actions[procedure].effects()):
                if effect.decision is not Decision.OK:
                    yield Says(procedure.value, effect.decision, effect.message)
        return
    for case in entry.cases.values():
        if case.decision is not None and case.message is not None:
            alone = case.status is Status.TO_CONFIRM and entry.status is not case.status
            yield Says("", case.decision, case.message, alone)


def _value(setting: str, rules: RulesInForce, changes: list[RuleChange]) -> ValueLine:
    shipped = rules.book.settings[setting]
    planned = [change for change in changes if change.is_planned and change.setting == setting]
    return ValueLine(
        setting=setting,
        unit=shipped.unit,
        value=rules.book.value(setting),
        shipped=shipped.value,
        limits=rules.book.limits(setting) if shipped.is_editable else (),
        planned=min(planned, key=lambda change: change.effective_on, default=None),
    )


def _words(entry: Rule | Question) -> str:
    texts = [entry.title, *(said.message for said in _says(entry))]
    if isinstance(entry, Question):
        texts.append(entry.ask)
    return _plain(" ".join((entry.id, *(word for text in texts for word in (text.fr, text.en)))))


def _plain(text: str) -> str:
    """Return a text without case and accents, for comparing."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
