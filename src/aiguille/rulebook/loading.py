"""From rule files to a whole rule book: each file read, then all of them held together."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from aiguille.kernel.codes import Active, Answer, Procedure
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.rulebook.entries import (
    Action,
    AfterEnd,
    Branch,
    Case,
    Effect,
    Question,
    QuestionInput,
    Rule,
    Setting,
    Status,
    Theme,
    TypeOption,
)
from aiguille.rulebook.tables import Problem, RuleFile, Table

DATA = Path(__file__).parent / "data"
QUESTION_IDS = tuple(f"S{number:02}" for number in range(1, 58))
GRADES = ("A", "B", "C", "B/C")
SEVERITY_CLASSES = ("A", "R", "T", "A/R")
_BLANK = re.compile(r"\{([^{}]*)\}")
# Raised by hand when what a rule file may say changes; the digest tells every other change.
RELEASE = "1.0.0"
SUBJECTS = tuple(sorted(path.stem for path in DATA.glob("*.toml")))


@dataclass(slots=True)
class Contents:
    """What some rule files hold together, and what is wrong in them."""

    rules: dict[str, Rule] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    themes: list[Theme] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    unknown: Text = field(default_factory=lambda: Text(fr="", en=""))
    version: str = ""
    problems: list[Problem] = field(default_factory=list)


def read_book(replacements: Iterable[RuleFile] = ()) -> Contents:
    """Return the shipped rule files, each of `replacements` in place of its subject's file.

    What is wrong is in `problems`; a subject is told by the file's `subject` key.
    """
    given = list(replacements)
    subjects = {file.top.string("subject") for file in given if file.is_readable}
    files = [RuleFile.at(DATA / f"{name}.toml") for name in SUBJECTS if name not in subjects]
    contents = Contents()
    for file in (*files, *given):
        if file.is_readable:
            _read_file(file, contents)
    _hold_together((*files, *given), contents)
    if given:
        _compare_with_shipped(given, read_book())
    found = (problem for file in (*files, *given) for problem in file.problems)
    contents.problems = list(dict.fromkeys(found))
    contents.version = f"{RELEASE}+{_digest()}"
    return contents


def _digest() -> str:
    """Return a digest of the shipped files that does not depend on their line ends."""
    digest = hashlib.sha256()
    for name in SUBJECTS:
        digest.update(name.encode())
        digest.update((DATA / f"{name}.toml").read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def _read_file(file: RuleFile, contents: Contents) -> None:
    top = file.top
    subject, version = top.string("subject"), top.string("version")
    if subject not in SUBJECTS:
        top.complain("subject", f"must be one of {', '.join(SUBJECTS)}")
    for table in top.tables("rule"):
        rule = _rule(table, subject, version)
        _refuse_twice(table, rule.id, contents)
        contents.rules[rule.id] = rule
        table.finish()
    if subject == "screening":
        contents.unknown = top.table("texts").text("unknown")
        contents.themes = [_theme(table) for table in top.tables("theme")]
        theme_of = {name: theme.code for theme in contents.themes for name in theme.questions}
        for table in top.tables("question"):
            question = _question(table, subject, version, theme_of)
            _refuse_twice(table, question.id, contents)
            contents.questions[question.id] = question
            table.finish()
            if question.id not in theme_of:
                table.complain("id", "is in no theme")
        missing = [name for name in QUESTION_IDS if name not in contents.questions]
        if missing:
            top.complain("question", f"is missing: {', '.join(missing)}")
    if subject == "sources":
        contents.sources = top.table("sources").pairs()
    top.finish()


def _refuse_twice(table: Table, name: str, contents: Contents) -> None:
    if name in contents.rules or name in contents.questions:
        table.complain("id", f"{name} exists already")


def _hold_together(files: Iterable[RuleFile], contents: Contents) -> None:
    """Complain about what refers to something that does not exist."""
    for file in files:
        for kind in ("rule", "question"):
            for table in file.top.tables(kind):
                cases = [case for _, case in table.table("cases").entries()]
                for holder in (table, *cases):
                    for tag in holder.strings("sources", default=()):
                        if contents.sources and tag not in contents.sources:
                            holder.complain("sources", f"{tag} has no reference in sources.toml")
                follows = table.table("follows")
                for holder, name in ((table, "answered_by"), (follows, "question")):
                    if holder.has(name) and holder.string(name) not in contents.questions:
                        holder.complain(name, "is not a question")


def _compare_with_shipped(files: Iterable[RuleFile], shipped: Contents) -> None:
    """Complain about what the engine looks up by name and a replacement no longer has."""
    for file in files:
        subject = file.top.string("subject") if file.is_readable else ""
        given = {table.string("id"): table for table in file.top.tables("rule")}
        for rule in shipped.rules.values():
            if rule.subject != subject:
                continue
            if rule.id not in given:
                file.top.complain("rule", f"{rule.id} is missing")
                continue
            table = given[rule.id]
            cases = dict(table.table("cases").entries())
            _compare_settings(table, rule.settings)
            for name, case in rule.cases.items():
                if name not in cases:
                    table.complain("cases", f"{name} is missing")
                    continue
                _compare_settings(cases[name], case.settings)
                if case.message and cases[name].has("message"):
                    extra = _blanks(cases[name].text("message").fr) - _blanks(case.message.fr)
                    if extra:
                        cases[name].complain("message", f"has unknown blanks: {', '.join(extra)}")


def _compare_settings(table: Table, shipped: Mapping[str, Setting]) -> None:
    given = table.table("settings")
    missing = shipped.keys() - given.names()
    if missing:
        table.complain("settings", f"is missing: {', '.join(sorted(missing))}")
    for name, entry in given.entries():
        if name in shipped and entry.string("unit") != shipped[name].unit:
            entry.complain("unit", f"must be {shipped[name].unit}")


def _theme(table: Table) -> Theme:
    theme = Theme(table.string("code"), table.text("title"), table.strings("questions"))
    table.finish()
    return theme


def _rule(table: Table, subject: str, version: str) -> Rule:
    sources, status = table.strings("sources"), table.code("status", Status)
    grade = _grade(table)
    cases: dict[str, Case] = {}
    given = table.table("cases").entries()
    for code, case in given:
        message = case.text("message") if case.has("message") else None
        decision = case.code("decision", Decision) if case.has("decision") else None
        if (message is None) != (decision is None):
            case.complain("decision", "and message go together")
        if message is not None:
            _check_blanks(case, message)
        cases[code] = Case(
            name=code,
            decision=decision,
            message=message,
            label=case.text("label") if case.has("label") else None,
            sources=case.strings("sources", default=sources),
            grade=_grade(case) or grade,
            status=case.code("status", Status, default=status),
            settings=_settings(case),
            attributes=case.table("attributes").pairs(),
        )
    name, settings = table.string("id"), _settings(table)
    known = {
        **{f"{name}.{own}": setting.value for own, setting in settings.items()},
        **{
            f"{name}.{code}.{own}": setting.value
            for code, read in cases.items()
            for own, setting in read.settings.items()
        },
    }
    holders = [(table, name), *((case, f"{name}.{code}") for code, case in given)]
    orders = tuple(filter(None, (_order(holder, prefix, known) for holder, prefix in holders)))
    for _code, case in given:
        case.finish()
    return Rule(
        id=name,
        subject=subject,
        version=table.string("version", default=version),
        title=table.text("title"),
        sources=sources,
        grade=grade,
        status=status,
        settings=settings,
        cases=cases,
        attributes=table.table("attributes").pairs(),
        orders=orders,
    )


def _order(table: Table, prefix: str, known: Mapping[str, Decimal]) -> tuple[str, ...]:
    """Return the whole ids of the settings that stand in order, smallest first."""
    names = tuple(f"{prefix}.{name}" for name in table.strings("ordered", default=()))
    if unknown := [name for name in names if name not in known]:
        table.complain("ordered", f"names no setting: {', '.join(unknown)}")
        return ()
    values = [known[name] for name in names]
    if values != sorted(values):
        table.complain("ordered", "is not the order of the values")
    return names


def _blanks(text: str) -> set[str]:
    """Return the names in braces that a message wants filled in."""
    return set(_BLANK.findall(text))


def _one_of(table: Table, name: str, allowed: tuple[str, ...]) -> str:
    value = table.string(name)
    if value not in allowed:
        table.complain(name, f"must be one of {', '.join(allowed)}")
    return value


def _grade(table: Table) -> str | None:
    return _one_of(table, "grade", GRADES) if table.has("grade") else None


def _check_blanks(case: Table, message: Text) -> None:
    if _blanks(message.fr) != _blanks(message.en):
        case.complain("message", "must have the same blanks in both languages")
    if any(brace in _BLANK.sub("", message.fr + message.en) for brace in "{}"):
        case.complain("message", "has a brace without its pair")


def _settings(table: Table) -> dict[str, Setting]:
    settings = {}
    for name, entry in table.table("settings").entries():
        bounds = {key: entry.number(key) for key in ("at_least", "at_most") if entry.has(key)}
        setting = Setting(value=entry.number("value"), unit=entry.string("unit"), **bounds)
        low, high = bounds.get("at_least", Decimal(0)), bounds.get("at_most", setting.value)
        if not low <= setting.value <= high:
            entry.complain("value", "lies outside its own hard limits")
        entry.finish()
        settings[name] = setting
    return settings


def _question(table: Table, subject: str, version: str, theme_of: dict[str, str]) -> Question:
    name, message = table.string("id"), table.text("message")
    if name not in QUESTION_IDS:
        table.complain("id", f"must be {QUESTION_IDS[0]} to {QUESTION_IDS[-1]}")
    settings = _settings(table)
    types = tuple(_type(option) for option in table.tables("types"))
    read_action = _ActionReader(name, message, set(settings), {option.code for option in types})
    return Question(
        id=name,
        subject=subject,
        version=table.string("version", default=version),
        title=table.text("label"),
        sources=table.strings("sources"),
        grade=_grade(table),
        status=table.code("status", Status),
        settings=settings,
        theme=theme_of.get(name, ""),
        starred=table.flag("starred"),
        day_only=table.flag("day_only", default=False),
        severity_class=_one_of(table, "class", SEVERITY_CLASSES),
        input=table.code("input", QuestionInput, default=QuestionInput.YES_NO),
        answered_by=table.string("answered_by") if table.has("answered_by") else None,
        asks_zones=table.flag("zones", default=False),
        ask=table.text("ask"),
        help=table.text("help"),
        message=message,
        types=types,
        branch=_branch(table.table("follows")) if table.has("follows") else None,
        actions={procedure: read_action(table, procedure) for procedure in Procedure},
    )


def _type(table: Table) -> TypeOption:
    option = TypeOption(table.string("code"), table.text("label"))
    table.finish()
    return option


def _branch(table: Table) -> Branch:
    answers = table.strings("answers")
    if not answers or set(answers) - set(Answer):
        table.complain("answers", f"must be some of {', '.join(Answer)}")
    known = frozenset(answer for answer in Answer if answer in answers)
    branch = Branch(table.string("question"), known)
    table.finish()
    return branch


class _ActionReader:
    """Reads what "yes" to one question leads to; knows its texts, settings and types."""

    def __init__(self, question: str, message: Text, settings: set[str], types: set[str]) -> None:
        self._question = question
        self._message = message
        self._settings = settings
        self._types = types

    def __call__(self, parent: Table, procedure: Procedure) -> Action:
        if not parent.has(procedure):
            parent.complain(procedure, "is missing")
        table = parent.table(procedure)
        action = Action(
            effect=self._effect(table),
            waits=self._waits(table),
            by_type={
                self._known(table, "by_type", name, self._types): self._whole_effect(entry)
                for name, entry in table.table("by_type").entries()
            },
            active=self._active(table),
            otherwise=self._otherwise(table),
            after_end=self._after_end(table),
            ahead=self._setting(table, "ahead") if table.has("ahead") else None,
        )
        if (action.effect.decision is Decision.DELAY) != bool(action.waits):
            table.complain("decision", "DELAY needs a wait, and only DELAY has one")
        if (action.active is None) != (action.otherwise is None):
            table.complain("active", "needs otherwise, and the reverse")
        table.finish()
        return action

    def _effect(self, table: Table) -> Effect:
        message = table.text("message") if table.has("message") else self._message
        return Effect(
            rule=self._question, decision=table.code("decision", Decision), message=message
        )

    def _whole_effect(self, table: Table) -> Effect:
        effect = self._effect(table)
        table.finish()
        return effect

    def _waits(self, table: Table) -> dict[str, str]:
        if not table.has("wait"):
            return {}
        if not table.is_table("wait"):
            return {"": self._setting(table, "wait")}
        waits = table.table("wait")
        if waits.names() != self._types:
            table.complain("wait", "must name every type of the question")
        return {name: self._setting(waits, name) for name in waits.names()}

    def _setting(self, table: Table, name: str) -> str:
        return self._known(table, name, table.string(name), self._settings)

    @staticmethod
    def _known(table: Table, name: str, value: str, known: set[str]) -> str:
        if value not in known:
            table.complain(name, f"{value} is none of {', '.join(sorted(known)) or 'nothing'}")
        return value

    @staticmethod
    def _active(table: Table) -> Active | Literal["type"] | None:
        if not table.has("active"):
            return None
        return "type" if table.string("active") == "type" else table.code("active", Active)

    def _otherwise(self, table: Table) -> Effect | None:
        return self._whole_effect(table.table("otherwise")) if table.has("otherwise") else None

    def _after_end(self, parent: Table) -> AfterEnd | None:
        if not parent.has("after_end"):
            return None
        table, then = parent.table("after_end"), None
        if table.has("then"):
            inner = table.table("then")
            rule = inner.string("question", default=self._question)
            then = replace(self._effect(inner), rule=rule)
            inner.finish()
        after = AfterEnd(
            wait=self._setting(table, "wait"), message=table.text("message"), then=then
        )
        table.finish()
        return after
