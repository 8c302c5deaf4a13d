"""The act itself: who, why, how deep, how many passes, how soon again."""

from decimal import ROUND_HALF_UP, Decimal

from aiguille.kernel.codes import (
    FORBIDDEN_ZONES,
    INDICATIONS_OF,
    SCAR_INDICATIONS,
    Indication,
    Jurisdiction,
    PerformerRole,
    Place,
    Procedure,
    Zone,
)
from aiguille.rulebook.book import RuleBook
from aiguille.rulebook.facts import EXACT, NOT_A_CODE, Facts, MalformedAsk
from aiguille.rulebook.rulings import Finding, Ruling

_PERFORMER_RULES = {
    Procedure.NEEDLING: "R03",
    Procedure.MESOTHERAPY: "MESOTHERAPY_PERFORMER",
}


def rule_on_performer(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether this person may perform the act, under the law of the place."""
    facts.code("jurisdiction", Jurisdiction)
    procedure = facts.code("procedure", Procedure)
    role = facts.code("role", PerformerRole)
    needle = facts.number("needle_mm")
    place = facts.code("place", Place)

    rule = _PERFORMER_RULES[procedure]
    if role == book.rules[rule].attributes["role"]:
        return Ruling.of(())
    if (procedure, role, place) == (Procedure.NEEDLING, PerformerRole.PATIENT, Place.HOME):
        limit = book.value("HOME_NEEDLING.max_mm")
        case = "too_long" if needle > limit else "advice"
        return Ruling.of([book.finding("HOME_NEEDLING", case, needle=needle, limit=limit)])
    return Ruling.of([book.finding(rule, "not_allowed")])


def rule_on_indication(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether the procedure may be used for this indication."""
    procedure = facts.code("procedure", Procedure)
    indication = _indication(facts, procedure)
    return Ruling.of(
        book.finding(rule.id, indication)
        for rule in book.rules.values()
        if rule.subject == "indication" and indication in rule.cases
    )


def rule_on_depth(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether the needle is too long for the zone, with `default_mm` and `max_mm`."""
    zone = facts.code("zone", Zone)
    indication = _indication(facts, Procedure.NEEDLING)
    needle = facts.number("needle_mm")
    phototype = None if facts.is_null("phototype") else facts.whole("phototype", least=1, most=6)

    sources = book.case("R16", zone).sources
    if zone in FORBIDDEN_ZONES:
        finding = book.finding("R16", "forbidden_zone", sources=sources)
        return Ruling.of([finding], default_mm=None, max_mm=book.value(f"R16.{zone}.max_mm"))
    warn, limit = book.value(f"R16.{zone}.warn_mm"), book.value(f"R16.{zone}.max_mm")
    if indication in SCAR_INDICATIONS:
        limit = book.values.get(f"R16.{zone}.max_scar_mm", limit)
    is_cut = phototype is not None and phototype >= book.whole("R16.phototype_from")
    if is_cut:
        kept = Decimal(100) - book.value("R16.phototype_cut_percent")
        limit = EXACT.divide(EXACT.multiply(limit, kept), Decimal(100))
    findings: list[Finding] = []
    if needle > limit:
        case = "above_max_phototype" if is_cut else "above_max"
        findings = [book.finding("R16", case, sources=sources, needle=needle, limit=limit)]
    elif needle > warn:
        findings = [
            book.finding("R16", "above_warning", sources=sources, needle=needle, limit=warn)
        ]
    return Ruling.of(findings, default_mm=book.value(f"R16.{zone}.default_mm"), max_mm=limit)


def rule_on_density(facts: Facts, book: RuleBook) -> Ruling:
    """Return the hole density that a number of rolls leaves, in `holes_per_cm2`."""
    rolls = facts.whole("rolls")
    per_roll = book.value("HOLE_DENSITY.reference_holes_per_cm2")
    holes = EXACT.divide(rolls * per_roll, book.value("HOLE_DENSITY.reference_rolls"))
    limit = book.whole("TOO_MANY_ROLLS.max_rolls")
    findings = []
    if rolls > limit:
        findings = [book.finding("TOO_MANY_ROLLS", "above", rolls=rolls, limit=limit)]
    return Ruling.of(findings, holes_per_cm2=int(holes.quantize(Decimal(1), ROUND_HALF_UP)))


def rule_on_interval(facts: Facts, book: RuleBook) -> Ruling:
    """Return whether the last session is far enough, with `delay_days` left to wait.

    The last session is of the same procedure, on the same zone.
    """
    procedure = facts.code("procedure", Procedure)
    zone = facts.code("zone", Zone)
    needle = facts.number("needle_mm")
    days = facts.whole("days_since_last")

    cases: tuple[str, ...] = ()
    if procedure is Procedure.MESOTHERAPY:
        cases = ("mesotherapy",)
    elif zone is Zone.SCALP:
        cases = ("scalp", "scalp_early")
    elif needle >= book.value("R19.needling.from_mm"):
        cases = ("needling",)
    for case in cases:
        limit = book.whole(f"R19.{case}.days")
        if days < limit:
            waits = case != "scalp_early"
            finding = book.finding("R19", case, given=days, limit=limit)
            return Ruling.of([finding], delay_days=limit - days if waits else 0)
    return Ruling.of((), delay_days=0)


def _indication(facts: Facts, procedure: Procedure) -> Indication:
    """Return the indication; a code of the other procedure is malformed."""
    indication = facts.code("indication", Indication)
    allowed = INDICATIONS_OF[procedure]
    if indication not in allowed:
        raise MalformedAsk(facts.field("indication"), NOT_A_CODE, codes=", ".join(allowed))
    return indication
