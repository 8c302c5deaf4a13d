"""Numbing cream and lidocaine, on adults."""

from decimal import ROUND_HALF_UP, Decimal

from aiguille.kernel.codes import CreamCondition
from aiguille.kernel.text import Text
from aiguille.rulebook.book import RuleBook
from aiguille.rulebook.facts import EXACT, Facts, MalformedAsk
from aiguille.rulebook.rulings import Finding, Ruling

_CENTIGRAM = Decimal("0.01")

# No clinical limit: past it, somebody typed something else than kilograms.
HEAVIEST = 400
NOT_A_WEIGHT = Text(
    fr="Ce poids n’est pas vraisemblable : vérifiez qu’il est en kilogrammes, puis redonnez-le.",
    en="This weight is not plausible: check that it is in kilograms, then give it again.",
)


def rule_on_cream(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether the cream may be used like this, with `required_grams` for the area.

    Without `grams` the required amount is judged, before it is rounded for display.
    """
    area = facts.number("area_cm2")
    given = None if facts.is_null("grams") else facts.number("grams")
    minutes = facts.number("minutes")
    conditions = facts.codes("conditions", CreamCondition)
    needle_started = facts.flag("needle_started")
    is_removed = not facts.is_null("removed_minutes_before")
    if is_removed:
        facts.number("removed_minutes_before")
    on_needled_skin = facts.flag("on_needled_skin")

    required = EXACT.multiply(area, book.value("R11.grams_per_cm2"))
    grams = required if given is None else given
    findings = [
        *_too_much(
            book, "R11", grams, warn=("warn_grams", "much"), limit=("max_grams", "too_much")
        ),
        *_too_much(book, "R11", area, limit=("max_area_cm2", "too_large")),
        *_too_much(
            book, "R12", minutes, warn=("warn_minutes", "long"), limit=("max_minutes", "too_long")
        ),
        *(book.finding("R14", condition) for condition in conditions),
    ]
    shortest = book.value("R12.min_minutes")
    if minutes < shortest:
        findings.append(book.finding("R12", "too_short", given=minutes, limit=shortest))
    if needle_started and not is_removed:
        findings.append(book.finding("R13", "not_removed"))
    if on_needled_skin:
        findings.append(book.finding("R13", "on_needled_skin"))
    shown = required.quantize(_CENTIGRAM, ROUND_HALF_UP, EXACT)
    return Ruling.of(findings, required_grams=shown)


def rule_on_lidocaine(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether the day's dose, all routes added, stays below the ceiling `max_mg`."""
    weight = None if facts.is_null("weight_kg") else facts.number("weight_kg", above_zero=True)
    if weight is not None and weight > HEAVIEST:
        raise MalformedAsk(facts.field("weight_kg"), NOT_A_WEIGHT)
    dose = facts.number("mg")
    if weight is None:
        return Ruling.of([book.finding("R15", "not_weighed")], max_mg=None)
    by_weight = EXACT.multiply(weight, book.value("R15.mg_per_kg"))
    ceiling = min(by_weight, book.value("R15.max_mg"))
    findings = []
    if dose > ceiling:
        findings = [book.finding("R15", "above", given=dose, limit=ceiling)]
    return Ruling.of(findings, max_mg=ceiling)


def _too_much(
    book: RuleBook,
    rule: str,
    given: Decimal,
    *,
    limit: tuple[str, str],
    warn: tuple[str, str] | None = None,
) -> list[Finding]:
    """Return the worst finding of one quantity; a threshold is a (setting, case) pair."""
    for setting, case in filter(None, (limit, warn)):
        threshold = book.value(f"{rule}.{setting}")
        if given > threshold:
            return [book.finding(rule, case, given=given, limit=threshold)]
    return []
