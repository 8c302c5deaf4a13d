"""The protocol engine knows the rule book's questions by name only: here the two are compared."""

import ast
from decimal import Decimal

import pytest

from aiguille.protocols.checking import ASKS
from aiguille.rulebook import decide
from tests.architecture.call_graph import PACKAGE

ENGINES = {"kernel", "rulebook", "protocols", "scheduling"}

# A question with every fact of its kind; what is missing from one is malformed.
WHOLE: dict[str, dict[str, object]] = {
    "performer": {
        "jurisdiction": "FR",
        "procedure": "needling",
        "role": "physician",
        "needle_mm": Decimal("0.5"),
        "place": "clinic",
    },
    "depth": {
        "zone": "CHEEK",
        "indication": "AGEING",
        "needle_mm": Decimal("0.5"),
        "phototype": 2,
    },
    "density": {"rolls": 12},
    "cream": {
        "area_cm2": Decimal(20),
        "grams": Decimal(2),
        "minutes": 60,
        "conditions": [],
        "needle_started": False,
        "removed_minutes_before": None,
        "on_needled_skin": False,
    },
    "lidocaine": {"weight_kg": Decimal(60), "mg": Decimal(10)},
    "interval": {
        "procedure": "needling",
        "zone": "CHEEK",
        "needle_mm": Decimal("0.5"),
        "days_since_last": 40,
    },
    "product": {
        "use": "inject",
        "status": "DM_CE_CLASSE_III",
        "actives": [],
        "sterile": True,
    },
    "mix": {
        "products": 1,
        "prepared_by": "practice",
        "lot": "L1",
        "expiry": "2027-01-01",
        "own_diluent": False,
    },
    "unit": {
        "expiry": "2027-01-01",
        "act_date": "2026-03-04",
        "used_for_other_patient": False,
        "used_in_other_session": False,
        "lot_status": "available",
    },
}


@pytest.mark.parametrize("kind", sorted(ASKS))
def test_a_guards_question_is_the_rule_books(kind):
    whole = WHOLE[kind]
    assert set(whole) == ASKS[kind]
    assert "decision" in decide({"kind": kind, **whole})


@pytest.mark.parametrize("kind", sorted(ASKS))
def test_the_rule_book_needs_every_fact_that_a_guard_must_give(kind):
    for fact in ASKS[kind]:
        rest = {name: value for name, value in WHOLE[kind].items() if name != fact}
        assert "error" in decide({"kind": kind, **rest}), fact


def test_areas_and_faces_ask_the_rules_in_force_and_never_the_shipped_book():
    """A clinic's own values count everywhere, or they count nowhere."""
    asks = {"decide", "decide_by", "rule_on", "rule_by"}
    past = [
        f"{path.relative_to(PACKAGE)}: {name.name}"
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in ENGINES
        and "tests" not in path.parts
        and path.relative_to(PACKAGE).as_posix() != "catalogue/rule_values.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aiguille.rulebook")
        for name in node.names
        if name.name in asks
    ]
    assert past == []
