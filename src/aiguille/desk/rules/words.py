"""The words of the rules' pages: subjects, values and units."""

import re
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aiguille.kernel.text import Text
from aiguille.plumbing.components.shapes import Label
from aiguille.rulebook import load_rulebook
from aiguille.rulebook.book import spelled

SUBJECTS: dict[str, Label] = {
    "screening": _("Questionnaire"),
    "performer": _("Who may perform the act"),
    "indication": _("Indications"),
    "depth": _("Needle depth"),
    "density": _("Rolls and hole density"),
    "interval": _("Intervals between sessions"),
    "cream": _("Numbing cream"),
    "lidocaine": _("Lidocaine"),
    "product": _("Products"),
    "mix": _("Mixtures"),
    "unit": _("Single-use units"),
    "barcode": _("Codes on boxes"),
    "symptom": _("Symptoms after a session"),
    "quote": _("Quotes"),
    "retention": _("How long records are kept"),
    "access": _("Access to one’s record"),
}
VALUES: dict[str, Label] = {
    "days": _("Days to wait"),
    "superficial_days": _("Days to wait after a superficial peel"),
    "medium_deep_days": _("Days to wait after a medium or deep peel"),
    "non_ablative_days": _("Days to wait after a non-ablative laser"),
    "ablative_days": _("Days to wait after an ablative laser"),
    "care_days": _("Days to wait after dental care"),
    "infection_days": _("Days to wait after a dental infection"),
    "wax_days": _("Days to wait after waxing"),
    "shave_days": _("Days to wait after shaving"),
    "old_items_months": _("Time to answer for old items"),
    "old_item_years": _("Age from which an item is old"),
    "grams_per_cm2": _("Amount for each square centimetre"),
    "max_grams": _("Greatest amount"),
    "warn_grams": _("Warn above"),
    "max_area_cm2": _("Greatest area"),
    "min_minutes": _("Shortest time on the skin"),
    "warn_minutes": _("Warn above"),
    "max_minutes": _("Longest time on the skin"),
    "reference_rolls": _("Rolls of the reference"),
    "reference_holes_per_cm2": _("Holes of the reference"),
    "max_rolls": _("Most rolls on one zone"),
    "phototype_from": _("From phototype"),
    "phototype_cut_percent": _("Reduction for these phototypes"),
    "mg_per_kg": _("Greatest dose for each kilogram"),
    "max_mg": _("Greatest dose"),
    "max_products_in_practice": _("Most products mixed in the practice"),
    "default_mm": _("Length proposed"),
    "warn_mm": _("Warn above"),
    "max_mm": _("Greatest length"),
    "max_scar_mm": _("Greatest length on scars"),
    "from_mm": _("From length"),
    "from_cents": _("Quote due from"),
    "years_after_last_visit": _("Years after the last visit"),
    "until_birthday": _("At least until the birthday"),
    "death_within_years": _("Death within"),
    "years_after_death": _("Years after the death"),
    "adult_from": _("Adult from"),
    "until": _("Up to the age of"),
    "expected_hours": _("Expected for"),
}
CASES: dict[str, Label] = {
    "needling": _("Needling"),
    "scalp": _("Scalp"),
    "scalp_early": _("Scalp, recommended"),
    "mesotherapy": _("Mesotherapy"),
}
UNITS: dict[str, Text] = {
    "d": Text(fr="jours", en="days"),
    "h": Text(fr="heures", en="hours"),
    "months": Text(fr="mois", en="months"),
    "years": Text(fr="ans", en="years"),
    "rolls": Text(fr="passages", en="rolls"),
    "products": Text(fr="produits", en="products"),
    "holes/cm²": Text(fr="trous/cm²", en="holes/cm²"),
    "cents": Text(fr="centimes d’euro", en="euro cents"),
    "phototype": Text(fr="", en=""),
}
_BLANK = re.compile(r"\{[a-z_]+\}")


def language() -> str:
    """Return the page's language."""
    return get_language() or "fr"


def setting_name(setting: str) -> str:
    """Return what a value is, with the case or zone that it is for."""
    rule_id, *cases, value = setting.split(".")
    name = str(VALUES.get(value, value))
    rule = load_rulebook().rules.get(rule_id)
    if not cases or rule is None or cases[0] not in rule.cases:
        return name
    label = rule.cases[cases[0]].label
    case = label.in_language(language()) if label else str(CASES.get(cases[0], cases[0]))
    return f"{case} – {name}"


def unit_name(unit: str) -> str:
    """Return a unit in the page's language."""
    known = UNITS.get(unit)
    return unit if known is None else known.in_language(language())


def amount(value: Decimal, unit: str) -> str:
    """Return a value with its unit, as the page's language writes it."""
    return f"{spelled(value, language())}\N{NO-BREAK SPACE}{unit_name(unit)}".rstrip()


def number(value: Decimal) -> str:
    """Return a value alone, as the page's language writes it."""
    return spelled(value, language())


def message_of(message: Text) -> str:
    """Return what a rule says, its blanks shown as such."""
    return _BLANK.sub("…", message.in_language(language()))
