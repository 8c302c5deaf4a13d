"""The act, the anaesthetic and the products: every row, at its exact limits."""

from typing import Any

import pytest

from aiguille.kernel.codes import FORBIDDEN_ZONES, INDICATIONS_OF, Indication, Procedure, Zone
from aiguille.rulebook.tests.asks import answer, rules

# --- Performer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("procedure", ["needling", "mesotherapy"])
@pytest.mark.parametrize("role", ["physician", "nurse", "beautician", "patient"])
@pytest.mark.parametrize("place", ["clinic", "spa", "home"])
@pytest.mark.parametrize("needle", [0, 0.2, 0.3, 2.5])
def test_only_a_physician_performs(procedure: str, role: str, place: str, needle: float) -> None:
    found = answer("performer", procedure=procedure, role=role, place=place, needle_mm=needle)
    at_home = (procedure, role, place) == ("needling", "patient", "home")
    expected = "OK" if role == "physician" else "INFORM" if at_home and needle <= 0.2 else "BLOCK"
    assert found["decision"] == expected


def test_the_home_limit_is_exact() -> None:
    home = {"role": "patient", "place": "home"}
    assert answer("performer", needle_mm=0.2, **home)["decision"] == "INFORM"
    assert answer("performer", needle_mm=0.2000001, **home)["decision"] == "BLOCK"


# --- Indication -----------------------------------------------------------------------------------

REFUSED = {
    "ACNE_ACTIVE": "BLOCK",
    "KELOID": "BLOCK",
    "HYPERTROPHIC": "BLOCK",
    "CELLULITE_DRAINAGE_NO_LYSIS": "REVIEW",
    "CELLULITE_FAT": "BLOCK",
}


@pytest.mark.parametrize("procedure", Procedure)
@pytest.mark.parametrize("indication", Indication)
def test_indications(procedure: Procedure, indication: Indication) -> None:
    found = answer("indication", procedure=procedure, indication=indication)
    if indication in INDICATIONS_OF[procedure]:
        assert found["decision"] == REFUSED.get(indication, "OK")
    else:
        assert found["error"]["field"] == "indication"


# --- Depth ----------------------------------------------------------------------------------------

# zone: (default, warning, maximum, maximum for scars)
DEPTHS = {
    "FOREHEAD": (0.5, 0.75, 1.0, 1.0),
    "TEMPLE": (0.5, 0.75, 1.0, 1.0),
    "PERIORBITAL": (0.25, 0.5, 0.5, 0.5),
    "NOSE": (0.5, 0.75, 1.0, 1.0),
    "CHEEK": (0.75, 1.5, 1.5, 2.0),
    "UPPER_LIP": (0.5, 0.75, 1.0, 1.0),
    "CHIN_JAW": (0.75, 1.5, 1.5, 2.0),
    "NECK": (0.5, 0.75, 1.0, 1.0),
    "DECOLLETE": (0.5, 1.0, 1.0, 1.0),
    "HAND_DORSUM": (0.5, 0.75, 1.0, 1.0),
    "ABDOMEN_THIGH": (1.5, 2.0, 2.5, 2.5),
    "BACK": (1.5, 2.0, 2.5, 2.5),
    "SCALP": (0.6, 1.2, 1.5, 1.5),
}


def test_every_zone_has_a_depth() -> None:
    assert {*DEPTHS, *FORBIDDEN_ZONES} == set(Zone)


@pytest.mark.parametrize("zone", DEPTHS)
@pytest.mark.parametrize("indication", ["AGEING", "ACNE_SCAR_ATROPHIC", "SCAR_SURGICAL", "KELOID"])
@pytest.mark.parametrize("phototype", [None, 3, 4, 6])
def test_depth(zone: str, indication: str, phototype: int | None) -> None:
    default, warn, plain, scars = DEPTHS[zone]
    limit = scars if "SCAR" in indication else plain
    limit *= 0.75 if phototype in {4, 6} else 1

    def decision(needle: float) -> str:
        found = answer(
            "depth", zone=zone, indication=indication, phototype=phototype, needle_mm=needle
        )
        assert (found["default_mm"], found["max_mm"]) == (default, limit)
        return str(found["decision"])

    assert decision(limit) == ("WARN" if limit > warn else "OK")
    assert decision(limit + 0.001) == "BLOCK"
    assert decision(min(limit, warn)) == "OK"
    if warn + 0.001 <= limit:
        assert decision(warn + 0.001) == "WARN"


@pytest.mark.parametrize("zone", FORBIDDEN_ZONES)
@pytest.mark.parametrize("needle", [0, 0.2, 2])
def test_a_forbidden_zone_is_refused_at_any_length(zone: Zone, needle: float) -> None:
    found = answer("depth", zone=zone, needle_mm=needle)
    assert (found["decision"], found["max_mm"], found["default_mm"]) == ("BLOCK", 0, None)


def test_a_depth_is_explained_in_the_reader_s_numbers() -> None:
    found = answer("depth", zone="PERIORBITAL", needle_mm=0.4, phototype=5)
    assert found["max_mm"] == 0.375
    message = found["findings"][0]["message"]
    assert "0,375" in message["fr"]
    assert "0.375" in message["en"]
    assert found["findings"][0]["sources"] == ["N29", "N23"]


# --- Density, interval ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rolls", "holes", "decision"),
    [(0, 0, "OK"), (1, 17, "OK"), (2, 33, "OK"), (20, 333, "OK"), (21, 350, "WARN")],
)
def test_density(rolls: int, holes: int, decision: str) -> None:
    found = answer("density", rolls=rolls)
    assert (found["holes_per_cm2"], found["decision"]) == (holes, decision)


@pytest.mark.parametrize(
    ("procedure", "zone", "needle", "days", "decision", "delay"),
    [
        ("needling", "CHEEK", 0.5, 27, "DELAY", 1),
        ("needling", "CHEEK", 0.5, 28, "OK", 0),
        ("needling", "CHEEK", 0.499, 0, "OK", 0),
        ("needling", "BACK", 2, 0, "DELAY", 28),
        ("needling", "SCALP", 0, 0, "DELAY", 7),
        ("needling", "SCALP", 1.5, 6, "DELAY", 1),
        ("needling", "SCALP", 1.5, 7, "WARN", 0),
        ("needling", "SCALP", 0.2, 13, "WARN", 0),
        ("needling", "SCALP", 0.2, 14, "OK", 0),
        ("mesotherapy", "CHEEK", 4, 6, "DELAY", 1),
        ("mesotherapy", "CHEEK", 4, 7, "OK", 0),
        ("mesotherapy", "SCALP", 0, 0, "DELAY", 7),
        ("mesotherapy", "SCALP", 0, 7, "OK", 0),
    ],
)
def test_interval(
    procedure: str, zone: str, needle: float, days: int, decision: str, delay: int
) -> None:
    found = answer(
        "interval", procedure=procedure, zone=zone, needle_mm=needle, days_since_last=days
    )
    assert (found["decision"], found["delay_days"], found["earliest"]) == (decision, delay, None)


# --- Cream and lidocaine --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "decision", "required"),
    [
        ({}, "OK", 15),
        ({"area_cm2": 300, "grams": None}, "OK", 45),
        ({"area_cm2": 400, "grams": None}, "WARN", 60),
        ({"area_cm2": 400.1, "grams": None}, "BLOCK", 60.02),
        ({"area_cm2": 0.3, "grams": 1}, "OK", 0.05),
        ({"grams": 50}, "OK", 15),
        ({"grams": 50.001}, "WARN", 15),
        ({"grams": 60}, "WARN", 15),
        ({"grams": 60.001}, "BLOCK", 15),
        ({"area_cm2": 600}, "OK", 90),
        ({"area_cm2": 600.1}, "BLOCK", 90.02),
        ({"minutes": 59}, "INFORM", 15),
        ({"minutes": 59.9}, "INFORM", 15),
        ({"minutes": 60}, "OK", 15),
        ({"minutes": 240}, "OK", 15),
        ({"minutes": 240.5}, "WARN", 15),
        ({"minutes": 300}, "WARN", 15),
        ({"minutes": 301}, "BLOCK", 15),
        ({"needle_started": True}, "BLOCK", 15),
        ({"needle_started": True, "removed_minutes_before": 0}, "OK", 15),
        ({"needle_started": False, "removed_minutes_before": 5}, "OK", 15),
        ({"on_needled_skin": True}, "BLOCK", 15),
    ],
)
def test_cream(changes: dict[str, Any], decision: str, required: float) -> None:
    found = answer("cream", **changes)
    assert (found["decision"], found["required_grams"]) == (decision, required)


@pytest.mark.parametrize(
    ("condition", "decision"),
    [
        ("amide_allergy", "BLOCK"),
        ("methaemoglobinaemia", "BLOCK"),
        ("g6pd_deficiency", "BLOCK"),
        ("class_iii_antiarrhythmic", "REVIEW"),
        ("class_i_antiarrhythmic", "REVIEW"),
        ("porphyria", "REVIEW"),
        ("methaemoglobin_inducing_drug", "REVIEW"),
        ("severe_hepatic_disease", "REVIEW"),
    ],
)
def test_conditions_against_the_cream(condition: str, decision: str) -> None:
    found = answer("cream", conditions=[condition, condition], minutes=250)
    assert rules(found) == {"R14": decision, "R12": "WARN"}
    assert len(found["findings"]) == 2


@pytest.mark.parametrize(
    ("weight", "dose", "decision", "ceiling"),
    [
        (48, 144, "OK", 144),
        (48, 144.0001, "BLOCK", 144),
        (70, 200, "OK", 200),
        (70, 200.1, "BLOCK", 200),
        (66.6, 199.8, "OK", 199.8),
        (48.123, 144.369, "OK", 144.369),
        (None, 0, "BLOCK", None),
    ],
)
def test_lidocaine(weight: float | None, dose: float, decision: str, ceiling: float | None) -> None:
    found = answer("lidocaine", weight_kg=weight, mg=dose)
    assert (found["decision"], found["max_mg"]) == (decision, ceiling)


# --- Products -------------------------------------------------------------------------------------

STATUSES = {
    "MEDICAMENT_AMM": "OK",
    "DM_CE_CLASSE_III": "OK",
    "ANNEXE_XVI": "OK",
    "PREPARATION_MAGISTRALE": "REVIEW",
    "COSMETIQUE_INTERDIT_INJECTION": "BLOCK",
    "SUSPENDU_ANSM": "BLOCK",
    "INCONNU": "BLOCK",
}


@pytest.mark.parametrize("use", ["inject", "before", "glide", "after"])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("sterile", [True, False])
def test_product(use: str, status: str, sterile: bool) -> None:
    found = answer("product", use=use, status=status, sterile=sterile, actives=[])
    by_status = "OK" if use == "after" else STATUSES[status]
    assert found["decision"] == (by_status if sterile else "BLOCK")


@pytest.mark.parametrize("use", ["inject", "before", "glide", "after"])
@pytest.mark.parametrize("active", ["phosphatidylcholine", "deoxycholate"])
def test_lipolytic_actives_are_refused_whatever_the_use(use: str, active: str) -> None:
    found = answer("product", use=use, actives=["other", active], status="MEDICAMENT_AMM")
    assert rules(found) == {"R08": "BLOCK"}


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({"products": 1}, "OK"),
        ({"products": 1, "own_diluent": False}, "OK"),
        ({"products": 2}, "BLOCK"),
        ({"products": 2, "own_diluent": False, "lot": "L", "expiry": "2027-01-01"}, "BLOCK"),
        ({"prepared_by": "pharmacy", "lot": "L", "expiry": "2027-01-01"}, "REVIEW"),
        ({"prepared_by": "pharmacy", "lot": "L", "expiry": "2027-01-01", "products": 5}, "REVIEW"),
        ({"prepared_by": "pharmacy", "lot": "L"}, "BLOCK"),
        ({"prepared_by": "pharmacy", "expiry": "2027-01-01"}, "BLOCK"),
        ({"prepared_by": "pharmacy", "lot": " ", "expiry": "2027-01-01"}, "BLOCK"),
        ({"prepared_by": "pharmacy"}, "BLOCK"),
    ],
)
def test_mix(changes: dict[str, Any], decision: str) -> None:
    assert answer("mix", **changes)["decision"] == decision


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({}, 0),
        ({"expiry": "2027-06-04"}, 1),
        ({"expiry": "9999-12-31"}, 0),
        ({"used_for_other_patient": True}, 1),
        ({"used_in_other_session": True}, 1),
        ({"lot_status": "quarantined"}, 1),
        ({"lot_status": "recalled"}, 1),
        ({"lot_status": "recalled", "expiry": "2020-01-01", "used_in_other_session": True}, 3),
    ],
)
def test_unit(changes: dict[str, Any], findings: int) -> None:
    found = answer("unit", **changes)
    assert found["decision"] == ("BLOCK" if findings else "OK")
    assert [finding["rule"] for finding in found["findings"]] == ["R17"] * findings
