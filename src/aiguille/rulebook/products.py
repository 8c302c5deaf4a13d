"""Products: what may be used, what may be mixed, which unit may be opened."""

from aiguille.kernel.codes import Active, LotStatus, PreparedBy, ProductStatus, ProductUse
from aiguille.rulebook.book import RuleBook
from aiguille.rulebook.facts import Facts
from aiguille.rulebook.rulings import Finding, Ruling

_LIPOLYTIC = {Active.PHOSPHATIDYLCHOLINE, Active.DEOXYCHOLATE}
_STATUS_RULES = ("R10", "PRODUCT_STATUS")


def rule_on_product(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether a product may be used this way."""
    use = facts.code("use", ProductUse)
    status = facts.code("status", ProductStatus)
    actives = facts.codes("actives", Active)
    is_sterile = facts.flag("sterile")

    findings: list[Finding] = []
    if not _LIPOLYTIC.isdisjoint(actives):
        findings.append(book.finding("R08", "lipolytic_active"))
    if not is_sterile:
        case = "inject" if use is ProductUse.INJECT else "skin"
        findings.append(book.finding("PRODUCT_STERILE", case))
    if use is not ProductUse.AFTER:
        findings += (
            book.finding(rule, status) for rule in _STATUS_RULES if status in book.rules[rule].cases
        )
    return Ruling.of(findings)


def rule_on_mix(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether what is in the syringe may be injected.

    `products` does not count a product's own diluent, so `own_diluent` changes nothing more.
    """
    products = facts.whole("products", least=1)
    prepared_by = facts.code("prepared_by", PreparedBy)
    has_lot = not facts.is_null("lot") and bool(facts.text("lot").strip())
    expiry = None if facts.is_null("expiry") else facts.day("expiry")
    facts.flag("own_diluent")

    if prepared_by is PreparedBy.PHARMACY:
        case = "by_pharmacy" if has_lot and expiry is not None else "untraceable"
        return Ruling.of([book.finding("R09", case)])
    if products > book.whole("R09.max_products_in_practice"):
        return Ruling.of([book.finding("R09", "in_practice", given=products)])
    return Ruling.of(())


def rule_on_unit(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether one unit may be opened for this session."""
    expiry, act_date = facts.day("expiry"), facts.day("act_date")
    refusals = {
        "other_patient": facts.flag("used_for_other_patient"),
        "other_session": facts.flag("used_in_other_session"),
        "expired": act_date > expiry,
    }
    lot_status = facts.code("lot_status", LotStatus)
    if lot_status is not LotStatus.AVAILABLE:
        refusals[lot_status.value] = True
    return Ruling.of(book.finding("R17", case) for case, holds in refusals.items() if holds)
