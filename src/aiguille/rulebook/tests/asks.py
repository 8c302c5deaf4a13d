"""Sound questions of every kind, which tests change one fact at a time."""

from copy import deepcopy
from typing import Any

from aiguille.rulebook import decide

SOUND: dict[str, dict[str, Any]] = {
    "screening": {
        "procedure": "needling",
        "act_date": "2027-06-05",
        "born": "1980-01-01",
        "phototype": 2,
        "zones": ["CHEEK"],
        "actives": [],
        "answers": {},
        "unanswered": "no",
    },
    "performer": {
        "jurisdiction": "FR",
        "procedure": "needling",
        "role": "physician",
        "needle_mm": 1,
        "place": "clinic",
    },
    "indication": {"procedure": "needling", "indication": "AGEING"},
    "depth": {"zone": "CHEEK", "indication": "AGEING", "needle_mm": 1, "phototype": 2},
    "density": {"rolls": 12},
    "cream": {
        "area_cm2": 100,
        "grams": 10,
        "minutes": 120,
        "conditions": [],
        "needle_started": False,
        "removed_minutes_before": None,
        "on_needled_skin": False,
    },
    "lidocaine": {"weight_kg": 60, "mg": 100},
    "interval": {
        "procedure": "needling",
        "zone": "CHEEK",
        "needle_mm": 1,
        "days_since_last": 30,
    },
    "product": {
        "use": "inject",
        "status": "DM_CE_CLASSE_III",
        "actives": ["hyaluronic_acid"],
        "sterile": True,
    },
    "mix": {
        "products": 1,
        "prepared_by": "practice",
        "lot": None,
        "expiry": None,
        "own_diluent": True,
    },
    "unit": {
        "expiry": "2027-06-05",
        "act_date": "2027-06-05",
        "used_for_other_patient": False,
        "used_in_other_session": False,
        "lot_status": "available",
    },
    "barcode": {"text": "0108806388269617", "today": "2026-11-21"},
    "symptom": {"procedure": "needling", "symptom": "redness", "hours_since": 24},
    "quote": {"total_cents": 100, "requested": False},
    "retention": {"born": "1960-01-01", "last_visit": "2024-01-09", "died": None},
    "access": {"received": "2027-01-31", "oldest_item": "2026-01-01"},
}


def ask(kind: str, **changes: Any) -> dict[str, Any]:
    """Return a sound question of `kind` with `changes`."""
    return {"kind": kind, **deepcopy(SOUND[kind]), **changes}


def answer(kind: str, **changes: Any) -> dict[str, Any]:
    """Return what is decided on a sound question of `kind` with `changes`."""
    return decide(ask(kind, **changes))


def screen(answers: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return what is decided on some answers to the questionnaire."""
    return answer("screening", answers=answers or {}, **changes)


def rules(found: dict[str, Any]) -> dict[str, str]:
    """Return each finding's decision by its rule."""
    return {finding["rule"]: finding["decision"] for finding in found["findings"]}


def ids(text: str) -> list[str]:
    """Return the rule ids of `text`, which a table reads better than a list."""
    return text.split()
