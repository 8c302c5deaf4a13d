"""The rule book: "may we?", answered from data files with a source for every value.

Plain Python: no database, no clock, no translation machinery. Facts go in, a ruling comes out.
"""

from aiguille.rulebook.book import (
    Explanation,
    RuleBook,
    Source,
    UnknownRule,
    ValueRefused,
    load_rulebook,
)
from aiguille.rulebook.engine import decide, decide_by, rule_by, rule_on
from aiguille.rulebook.entries import (
    Action,
    Branch,
    Question,
    QuestionInput,
    Rule,
    Setting,
    Status,
    Theme,
    TypeOption,
)
from aiguille.rulebook.facts import MalformedAsk
from aiguille.rulebook.rulings import Finding, Ruling

__all__ = [
    "Action",
    "Branch",
    "Explanation",
    "Finding",
    "MalformedAsk",
    "Question",
    "QuestionInput",
    "Rule",
    "RuleBook",
    "Ruling",
    "Setting",
    "Source",
    "Status",
    "Theme",
    "TypeOption",
    "UnknownRule",
    "ValueRefused",
    "decide",
    "decide_by",
    "load_rulebook",
    "rule_by",
    "rule_on",
]
