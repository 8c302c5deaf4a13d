import pytest

from aiguille.kernel.codes import Symptom
from aiguille.rulebook.tests.asks import answer

# symptom: (last expected hour or None, then)
TRIAGE: dict[str, tuple[int | None, str]] = {
    "redness": (168, "CALL_48H"),
    "swelling": (72, "CALL_48H"),
    "tingling": (72, "CALL_48H"),
    "pain_mild": (72, "CALL_48H"),
    "bruise": (240, "CALL_48H"),
    "crust": (240, "CALL_48H"),
    "linear_marks": (None, "CALL_48H"),
    "brown_patches": (None, "CALL_7D"),
    "nodule": (None, "CALL_48H"),
    "increasing_pain_warmth": (None, "CALL_SAME_DAY"),
    "pus": (None, "CALL_SAME_DAY"),
    "fever_38": (None, "CALL_SAME_DAY"),
    "grouped_vesicles": (None, "CALL_SAME_DAY"),
    "bleeding_over_30_min": (None, "CALL_SAME_DAY"),
    "abscess": (None, "CALL_SAME_DAY"),
    "increasing_redness": (None, "CALL_SAME_DAY"),
    "delayed_inflammation": (None, "CALL_48H"),
    "lymphadenopathy": (None, "CALL_48H"),
    "local_urticaria": (None, "CALL_48H"),
    "acne_flare": (168, "CALL_7D"),
    "desquamation": (168, "CALL_7D"),
    "papule": (48, "CALL_48H"),
    "atrophy": (None, "CALL_7D"),
    "necrosis": (None, "EMERGENCY_15"),
    "disproportionate_pain": (None, "EMERGENCY_15"),
    "skin_blanching_or_livedo": (None, "EMERGENCY_15"),
    "vision_loss": (None, "EMERGENCY_15"),
    "lip_or_tongue_swelling": (None, "EMERGENCY_15"),
    "breathing_difficulty": (None, "EMERGENCY_15"),
    "generalised_urticaria": (None, "EMERGENCY_15"),
}
DECISIONS = {
    "EXPECTED": "OK",
    "CALL_7D": "REVIEW",
    "CALL_48H": "REVIEW",
    "CALL_SAME_DAY": "BLOCK",
    "EMERGENCY_15": "BLOCK",
}


def test_the_table_is_complete() -> None:
    assert set(TRIAGE) == set(Symptom)


@pytest.mark.parametrize("symptom", TRIAGE)
@pytest.mark.parametrize("procedure", ["needling", "mesotherapy"])
def test_symptom(symptom: str, procedure: str) -> None:
    limit, then = TRIAGE[symptom]
    hours = {0, 1, 2000} | ({limit, limit + 0.01} if limit is not None else set())
    for hour in hours:
        found = answer("symptom", symptom=symptom, procedure=procedure, hours_since=hour)
        is_expected = limit is not None and hour <= limit
        triage = "EXPECTED" if is_expected else then
        assert (found["triage"], found["decision"]) == (triage, DECISIONS[triage])
        stops = symptom in {"nodule", "papule"} and procedure == "mesotherapy" and not is_expected
        assert {"stop_course", "culture"} & found.keys() == (
            {"stop_course", "culture"} if stops else set()
        )
        if stops:
            assert found["stop_course"] is found["culture"] is True


@pytest.mark.parametrize(
    ("total", "requested", "document"),
    [
        (29999, False, "information_sheet"),
        (29999, True, "quote"),
        (30000, False, "quote"),
        (0, False, "information_sheet"),
        (0, True, "quote"),
    ],
)
def test_quote(total: int, requested: bool, document: str) -> None:
    found = answer("quote", total_cents=total, requested=requested)
    assert (found["document"], found["decision"], found["findings"]) == (document, "OK", [])


@pytest.mark.parametrize(
    ("born", "last_visit", "died", "keep_until"),
    [
        ("1960-01-01", "2024-02-29", None, "2044-02-29"),
        ("1960-01-01", "2023-02-28", None, "2043-02-28"),
        ("2024-01-01", "2024-06-01", None, "2052-01-01"),
        ("2016-06-01", "2024-06-01", None, "2044-06-01"),
        ("2016-06-02", "2024-06-01", None, "2044-06-02"),
        # The 28th birthday of who is born on 29 February, in a leap year or not (2100 is not).
        ("2096-02-29", "2099-01-01", None, "2124-02-29"),
        ("2072-02-29", "2073-01-01", None, "2100-02-28"),
        # Death: within ten years, on the last day included, it replaces both other rules.
        ("1960-01-01", "2024-05-10", "2024-05-10", "2034-05-10"),
        ("1960-01-01", "2024-05-10", "2034-05-10", "2044-05-10"),
        ("1960-01-01", "2024-05-10", "2034-05-11", "2044-05-10"),
        ("2023-01-01", "2024-05-10", "2024-06-01", "2034-06-01"),
        ("1960-01-01", "2024-02-29", "2034-02-28", "2044-02-28"),
        ("1960-01-01", "2024-02-29", "2034-03-01", "2044-02-29"),
    ],
)
def test_retention(born: str, last_visit: str, died: str | None, keep_until: str) -> None:
    found = answer("retention", born=born, last_visit=last_visit, died=died)
    assert (found["keep_until"], found["decision"], found["findings"]) == (keep_until, "OK", [])


@pytest.mark.parametrize(
    ("received", "oldest", "due"),
    [
        ("2027-05-15", "2022-05-15", "2027-05-23"),
        ("2027-05-15", "2022-05-14", "2027-07-15"),
        ("2026-12-31", "2010-01-01", "2027-02-28"),
        ("2027-12-31", "2010-01-01", "2028-02-29"),
        ("2025-02-28", "2020-02-29", "2025-03-08"),
        ("2025-03-01", "2020-02-29", "2025-05-01"),
        ("2027-05-15", "2030-01-01", "2027-05-23"),
    ],
)
def test_access(received: str, oldest: str, due: str) -> None:
    found = answer("access", received=received, oldest_item=oldest)
    assert (found["due"], found["decision"], found["findings"]) == (due, "OK", [])
