"""The rule book: every rule and question, with the values in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from itertools import pairwise
from typing import ClassVar

from aiguille.kernel.codes import Answer, Procedure
from aiguille.kernel.decisions import Decision
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.rulebook.entries import Case, Effect, Entry, Question, Rule, Setting, Theme
from aiguille.rulebook.loading import Contents, read_book
from aiguille.rulebook.rulings import Finding

# Beyond ten years a wait is a slip of the keyboard.
_LONGEST_WAIT_DAYS = Decimal(3650)
# Units of values that the engine counts with: half a day or half a roll would be dropped silently.
_COUNTED = frozenset({"d", "rolls", "cents"})


class UnknownRule(DomainError):
    """There is no rule or question of this id."""

    code: ClassVar[str] = "unknown_rule"
    default_text: ClassVar[Text] = Text(
        fr="Aucune règle ne porte cet identifiant.", en="No rule has this id."
    )


class ValueRefused(DomainError):
    """A clinic's value is unknown, fixed, or outside its hard limits; `field` is its id."""

    code: ClassVar[str] = "value_refused"
    default_text: ClassVar[Text] = Text(
        fr="Cette valeur ne peut pas être changée.", en="This value cannot be changed."
    )


@dataclass(frozen=True, slots=True)
class Source:
    """A tag and what it stands for."""

    tag: str
    reference: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule or question with the references of everything it cites."""

    entry: Rule | Question
    sources: tuple[Source, ...]
    values: Mapping[str, Decimal]


class RuleBook:
    """Every rule and question, and the values in force: those shipped, or a clinic's.

    `version` changes with any change of the shipped files. `values` maps the id of a setting
    (`S06.days`, `R11.max_grams`, `R16.CHEEK.max_mm`) to its value.
    """

    def __init__(self, contents: Contents, overrides: Mapping[str, Decimal]) -> None:
        self.version = contents.version
        self.rules: Mapping[str, Rule] = contents.rules
        self.questions: Mapping[str, Question] = dict(sorted(contents.questions.items()))
        self.themes: tuple[Theme, ...] = tuple(contents.themes)
        self.sources: Mapping[str, str] = contents.sources
        self.settings: Mapping[str, Setting] = _all_settings(contents)
        self.overrides: Mapping[str, Decimal] = dict(overrides)
        shipped = {name: setting.value for name, setting in self.settings.items()}
        self.values: Mapping[str, Decimal] = shipped | self.overrides
        self.contents = contents

    def value(self, setting: str) -> Decimal:
        """Return the value in force of a setting."""
        return self.values[setting]

    def whole(self, setting: str) -> int:
        """Return the value in force of a setting that counts something."""
        return int(self.values[setting])

    def entry(self, rule_id: str) -> Rule | Question:
        """Return a rule or question. Raises `UnknownRule`."""
        found = self.rules.get(rule_id) or self.questions.get(rule_id)
        if found is None:
            raise UnknownRule(field="rule")
        return found

    def case(self, rule_id: str, name: str) -> Case:
        """Return one case of a rule; both exist."""
        return self.rules[rule_id].cases[name]

    def zone_label(self, zone: str) -> Text:
        """Return the name of a zone's code."""
        label = self.case("R16", zone).label
        assert label is not None, "the depth file names every zone"
        return label

    def finding(
        self, rule_id: str, name: str, *, sources: tuple[str, ...] | None = None, **blanks: object
    ) -> Finding:
        """Return the finding of one case, its message filled in with `blanks`."""
        case = self.case(rule_id, name)
        if case.decision is None or case.message is None:
            raise LookupError(f"{rule_id}.{name} decides nothing")
        return Finding(
            rule=rule_id,
            decision=case.decision,
            message=_filled(case.message, blanks) if blanks else case.message,
            sources=case.sources if sources is None else sources,
        )

    def effect_finding(self, effect: Effect) -> Finding | None:
        """Return the finding of a screening effect; None where it is silent."""
        if effect.decision is Decision.OK:
            return None
        question = self.questions[effect.rule]
        return Finding(effect.rule, effect.decision, effect.message, question.sources)

    def unknown_finding(self, question: Question) -> Finding:
        """Return what an unknown answer leads to: a doctor's review, never silence."""
        message = _filled(self.contents.unknown, {"label": question.title})
        return Finding(question.id, Decision.REVIEW, message, question.sources)

    def with_values(self, overrides: Mapping[str, Decimal | int]) -> "RuleBook":
        """Return the same book with a clinic's own values.

        Raises:
            ValueRefused: a setting is unknown, fixed, or asked to leave its hard limits.
        """
        return _overridden(self, frozenset(overrides.items()))

    def limits(self, setting_id: str) -> tuple[Decimal, Decimal]:
        """Return the least and the greatest value that a clinic may give to a setting.

        Raises:
            ValueRefused: the setting is unknown, or fixed.
        """
        setting = self.settings.get(setting_id)
        if setting is None or not setting.is_editable:
            raise ValueRefused(field=setting_id)
        low = setting.at_least if setting.at_least is not None else Decimal(0)
        longest = _LONGEST_WAIT_DAYS if setting.unit == "d" else setting.value * 10
        return low, setting.at_most if setting.at_most is not None else longest

    def check_value(self, setting_id: str, value: Decimal | int) -> Decimal:
        """Return `value` if a clinic may give it to a setting. Raises `ValueRefused`."""
        low, high = self.limits(setting_id)
        number = Decimal("NaN") if isinstance(value, bool) else Decimal(value)
        if not number.is_finite() or not low <= number <= high:
            text = Text(
                fr=f"La valeur doit être comprise entre {spelled(low, 'fr')} et {spelled(high, 'fr')}.",
                en=f"The value must lie between {spelled(low, 'en')} and {spelled(high, 'en')}.",
            )
            raise ValueRefused(text, field=setting_id)
        if self.settings[setting_id].unit in _COUNTED and number % 1:
            text = Text(fr="La valeur est un nombre entier.", en="The value is a whole number.")
            raise ValueRefused(text, field=setting_id)
        return number

    def out_of_order(self) -> tuple[str, str] | None:
        """Return the first two settings that contradict each other by the values in force, if any.

        The first one is greater, and must not be.
        """
        for rule in self.rules.values():
            for order in rule.orders:
                for low, high in pairwise(order):
                    if self.values[low] > self.values[high]:
                        return low, high
        return None

    def questions_for(
        self, procedure: Procedure, *, starred_only: bool = False, with_day_only: bool = False
    ) -> list[Question]:
        """Return the questions that matter to the procedure, in the order in which people meet them.

        A question that leads to nothing for it, or that another one's answer gives, is left out.
        `starred_only` keeps those asked again before every session, those of that day included;
        they come with the others `with_day_only`.
        """
        ordered = (self.questions[name] for theme in self.themes for name in theme.questions)
        return [
            question
            for question in ordered
            if question.answered_by is None
            and (question.day_only or question.matters_to(procedure))
            and (not starred_only or question.starred)
            and (starred_only or with_day_only or not question.day_only)
        ]

    def implied_answers(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Return the answers that follow from those given, for the questions not asked.

        A question whose branch is not reached counts as "no" (who takes isotretinoin now has not
        stopped it), and so does one asked only on the day of the session. `answers` maps a
        question id to its answer; what is already there is left alone.
        """
        return {
            name: Answer.NO.value
            for name, question in self.questions.items()
            if name not in answers and (question.day_only or not question.is_reached(answers))
        }

    def explain(self, rule_id: str) -> Explanation:
        """Return a rule or question with its references. Raises `UnknownRule`."""
        entry = self.entry(rule_id)
        cases = entry.cases.values() if isinstance(entry, Rule) else ()
        tags = dict.fromkeys((*entry.sources, *(tag for case in cases for tag in case.sources)))
        return Explanation(
            entry=entry,
            sources=tuple(Source(tag, self.sources[tag]) for tag in tags),
            values={
                name: value
                for name, value in self.values.items()
                if name.partition(".")[0] == entry.id
            },
        )


@cache
def load_rulebook() -> RuleBook:
    """Return the rule book with the shipped values; read once.

    Raises:
        RuntimeError: a shipped file is wrong, which `aiguille rules check` explains.
    """
    contents = read_book()
    if contents.problems:
        raise RuntimeError("the rule files are wrong:\n" + "\n".join(map(str, contents.problems)))
    return RuleBook(contents, {})


def spelled(value: object, language: str) -> str:
    """Return a value as people write it: `Decimal("0.50")` as "0,5" in French."""
    if isinstance(value, Text):
        return value.in_language(language)
    if not isinstance(value, Decimal):
        return str(value)
    plain = f"{value:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return plain.replace(".", ",") if language == "fr" else plain


def _filled(message: Text, blanks: Mapping[str, object]) -> Text:
    """Return `message` with its blanks filled in, each in the message's language."""
    return Text(
        fr=message.fr.format_map({name: spelled(value, "fr") for name, value in blanks.items()}),
        en=message.en.format_map({name: spelled(value, "en") for name, value in blanks.items()}),
    )


def _all_settings(contents: Contents) -> dict[str, Setting]:
    entries: list[Entry] = [*contents.rules.values(), *contents.questions.values()]
    settings = {
        f"{entry.id}.{name}": setting
        for entry in entries
        for name, setting in entry.settings.items()
    }
    for rule in contents.rules.values():
        for case in rule.cases.values():
            for name, setting in case.settings.items():
                settings[f"{rule.id}.{case.name}.{name}"] = setting
    return settings


@lru_cache(maxsize=64)
def _overridden(book: RuleBook, overrides: frozenset[tuple[str, Decimal | int]]) -> RuleBook:
    checked = {name: book.check_value(name, value) for name, value in overrides}
    return RuleBook(book.contents, {**book.overrides, **checked})
