"""One door for every question: `decide` for JSON, `rule_on` for Python."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from aiguille.kernel.text import Text
from aiguille.rulebook.acts import (
    rule_on_density,
    rule_on_depth,
    rule_on_indication,
    rule_on_interval,
    rule_on_performer,
)
from aiguille.rulebook.aftermath import (
    rule_on_access,
    rule_on_quote,
    rule_on_retention,
    rule_on_symptom,
)
from aiguille.rulebook.anaesthesia import rule_on_cream, rule_on_lidocaine
from aiguille.rulebook.barcodes import rule_on_barcode
from aiguille.rulebook.book import RuleBook, load_rulebook
from aiguille.rulebook.facts import NOT_A_CODE, NOT_AN_OBJECT, Facts, MalformedAsk
from aiguille.rulebook.products import rule_on_mix, rule_on_product, rule_on_unit
from aiguille.rulebook.rulings import Ruling
from aiguille.rulebook.screening import rule_on_screening

KINDS: Mapping[str, Callable[[Facts, RuleBook], Ruling]] = {
    "screening": rule_on_screening,
    "performer": rule_on_performer,
    "indication": rule_on_indication,
    "depth": rule_on_depth,
    "density": rule_on_density,
    "cream": rule_on_cream,
    "lidocaine": rule_on_lidocaine,
    "interval": rule_on_interval,
    "product": rule_on_product,
    "mix": rule_on_mix,
    "unit": rule_on_unit,
    "barcode": rule_on_barcode,
    "symptom": rule_on_symptom,
    "quote": rule_on_quote,
    "retention": rule_on_retention,
    "access": rule_on_access,
}


def rule_on(ask: Mapping[str, Any], values: Mapping[str, Decimal | int] | None = None) -> Ruling:
    """Return the ruling on a question, by the shipped values or a clinic's own.

    `ask` has `kind` and the facts of that kind, as JSON would give them (dates as text); numbers
    may be int or Decimal. `values` maps ids of settings to the clinic's values.

    Raises:
        MalformedAsk: the question is malformed; nothing is guessed.
        ValueRefused: a clinic's value is unknown or outside its hard limits.
    """
    return rule_by(_book_with(values), ask)


def rule_by(book: RuleBook, ask: Mapping[str, Any]) -> Ruling:
    """Return the ruling on a question by a book's values. Raises `MalformedAsk`."""
    if not isinstance(ask, Mapping):
        raise MalformedAsk("", NOT_AN_OBJECT)
    kind = ask.get("kind")
    rule = KINDS.get(kind) if isinstance(kind, str) else None
    if rule is None:
        raise MalformedAsk("kind", NOT_A_CODE, codes=", ".join(KINDS))
    return rule(Facts(ask), book)


def decide(
    ask: Mapping[str, Any], values: Mapping[str, Decimal | int] | None = None
) -> dict[str, Any]:
    """Return the answer to a question as the contract writes it in JSON.

    A malformed question is answered `{"error": {"field": ..., "message": ...}}`.

    Raises:
        ValueRefused: a clinic's value is unknown or outside its hard limits.
    """
    return decide_by(_book_with(values), ask)


def decide_by(book: RuleBook, ask: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `decide` does, by a book's values."""
    try:
        return rule_by(book, ask).as_json()
    except MalformedAsk as refusal:
        return error_answer(refusal.field or "", refusal.text)


def _book_with(values: Mapping[str, Decimal | int] | None) -> RuleBook:
    book = load_rulebook()
    return book.with_values(values) if values else book


def error_answer(field: str, text: Text) -> dict[str, Any]:
    """Return the answer to a question that cannot be answered, in the contract's English.

    Pages and operations say the refusal's text in the reader's own language.
    """
    return {"error": {"field": field, "message": text.en}}
