"""The rule book at the command line; the `aiguille` command parses arguments and calls these."""

import json
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, TextIO

from aiguille.kernel.text import Text
from aiguille.rulebook.book import UnknownRule, load_rulebook, spelled
from aiguille.rulebook.engine import decide, error_answer
from aiguille.rulebook.entries import Question, Rule
from aiguille.rulebook.facts import MISSING, NOT_AN_OBJECT
from aiguille.rulebook.loading import SUBJECTS, read_book
from aiguille.rulebook.tables import Problem, RuleFile

OK, MALFORMED = 0, 2

IN_LAW = Text(
    fr="Aiguille n’a pas de marquage CE ; un médecin décide. Voir docs/regulatory.md.",
    en="Aiguille has no CE mark; a physician decides. See docs/regulatory.md.",
)
NOT_JSON = Text(fr="Cette ligne n’est pas du JSON.", en="This line is not JSON.")


def decide_file(path: str | Path, out: TextIO) -> int:
    """Answer each line of a file (`-`: standard input) with one line of JSON on `out`.

    Returns 2 when a question was malformed or the file could not be read, else 0.
    """
    status = OK
    try:
        for line in _lines(path):
            answer = _answer(line)
            if "error" in answer:
                status = MALFORMED
            out.write(json.dumps(answer) + "\n")
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}\n")
        return MALFORMED
    return status


def check_files(paths: Sequence[str | Path] | None, out: TextIO) -> int:
    """Validate rule files, each in place of the shipped one of its subject; none: all shipped.

    Writes one line per mistake, `file:line: field: message`, or what the book holds and how much
    of it is to be confirmed. Returns 2 when there is a mistake, else 0.
    """
    files: list[RuleFile] = []
    problems: list[Problem] = []
    for path in paths or ():
        try:
            files.append(RuleFile.at(Path(path), str(path)))
        except OSError as error:
            problems.append(Problem(str(path), 1, "", error.strerror or "cannot be read"))
    contents = read_book(files)
    problems += contents.problems
    out.writelines(f"{problem}\n" for problem in problems)
    if not problems:
        checked = len(files) or len(SUBJECTS)
        rules = [*contents.rules.values(), *contents.questions.values()]
        waiting = sum(rule.is_to_confirm for rule in rules)
        values = sum(rule.values_to_confirm() for rule in rules)
        out.write(
            f"{checked} rule files correct; the book has {len(rules)} rules.\n"
            f"To be confirmed by the medical director: {waiting} rules, with {values} values.\n"
        )
    return MALFORMED if problems else OK


def explain_rule(rule_id: str, out: TextIO) -> int:
    """Print a rule or question with its texts, values, status and references.

    Returns 2 where there is no such rule, else 0.
    """
    book = load_rulebook()
    try:
        explanation = book.explain(rule_id)
    except UnknownRule as refusal:
        sys.stderr.write(f"{rule_id}: {refusal.text.fr} / {refusal.text.en}\n")
        return MALFORMED
    entry = explanation.entry
    out.write(f"{entry.id}  {entry.title.fr}\n{' ' * len(entry.id)}  {entry.title.en}\n\n")
    grade = f", grade {entry.grade}" if entry.grade else ""
    out.write(f"subject {entry.subject}, version {entry.version}, {entry.status}{grade}\n")
    out.write(f"rule book {book.version}\n\n")
    details = _question_lines(entry) if isinstance(entry, Question) else _case_lines(entry)
    out.writelines(f"{line}\n" for line in details)
    for name, value in explanation.values.items():
        setting = book.settings[name]
        low, high = _spelled(setting.at_least), _spelled(setting.at_most)
        limits = f"  (clinic: {low or '0'} to {high or 'longer'})" if setting.is_editable else ""
        out.write(f"value {name} = {_spelled(value)} {setting.unit}{limits}\n")
    out.writelines(f"source {source.tag}: {source.reference}\n" for source in explanation.sources)
    out.write(f"\n{IN_LAW.fr}\n{IN_LAW.en}\n")
    return OK


def _lines(path: str | Path) -> Iterator[bytes]:
    """Yield the lines that are not blank; bytes, so that a broken one spoils no other."""
    if str(path) == "-":
        yield from filter(bytes.strip, sys.stdin.buffer)
    else:
        with Path(path).open("rb") as file:
            yield from filter(bytes.strip, file)


def _answer(line: bytes) -> dict[str, Any]:
    try:
        asked = _DECODER.decode(line.decode("utf-8-sig"))
    except (ValueError, ArithmeticError, RecursionError):
        return error_answer("", NOT_JSON)
    if not isinstance(asked, dict):
        return error_answer("", NOT_AN_OBJECT)
    ask = asked.get("ask")
    if not isinstance(ask, dict):
        return error_answer("ask", NOT_AN_OBJECT if "ask" in asked else MISSING)
    return decide(ask)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def _question_lines(question: Question) -> Iterator[str]:
    yield f"asked: {question.ask.fr} / {question.ask.en}"
    for procedure, action in question.actions.items():
        for effect in action.effects():
            decision = f"{procedure}: {effect.decision}"
            yield f"{decision}  {effect.message.fr} / {effect.message.en}"
    yield ""


def _case_lines(rule: Rule) -> Iterator[str]:
    for case in rule.cases.values():
        if case.decision and case.message:
            status = "" if case.status is rule.status else f" ({case.status})"
            yield f"{case.name}: {case.decision}{status}  {case.message.fr} / {case.message.en}"
    yield ""


def _spelled(value: Decimal | None) -> str:
    return "" if value is None else spelled(value, "en")
