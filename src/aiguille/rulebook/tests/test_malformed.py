"""Nothing is guessed: every fact of every kind, missing or of a wrong shape, is named."""

from decimal import Decimal
from typing import Any

import pytest

from aiguille.rulebook import MalformedAsk, decide, rule_on
from aiguille.rulebook.engine import KINDS
from aiguille.rulebook.tests.asks import SOUND, answer, ask

NULLABLE = {
    ("screening", "phototype"),
    ("depth", "phototype"),
    ("cream", "grams"),
    ("cream", "removed_minutes_before"),
    ("lidocaine", "weight_kg"),
    ("mix", "lot"),
    ("mix", "expiry"),
    ("retention", "died"),
}
FACTS = [(kind, key) for kind, facts in SOUND.items() for key in facts]


def field_of(found: dict[str, Any]) -> str:
    assert set(found) == {"error"}
    assert found["error"]["message"]
    return str(found["error"]["field"])


def test_every_kind_is_tried() -> None:
    assert set(SOUND) == set(KINDS)
    for kind in KINDS:
        assert "error" not in answer(kind), kind


@pytest.mark.parametrize(("kind", "key"), FACTS)
def test_a_missing_fact(kind: str, key: str) -> None:
    question = ask(kind)
    del question[key]
    if key == "unanswered":
        assert "error" not in decide(question)
    else:
        assert field_of(decide(question)) == key


@pytest.mark.parametrize(("kind", "key"), FACTS)
def test_null_only_where_it_is_allowed(kind: str, key: str) -> None:
    found = answer(kind, **{key: None})
    if (kind, key) in NULLABLE:
        assert "error" not in found
    else:
        assert field_of(found) == key


@pytest.mark.parametrize(("kind", "key"), FACTS)
@pytest.mark.parametrize("wrong", [{}, {"a": 1}, [1], [None], [[]], "no such thing", "2027-02-30"])
def test_a_fact_of_a_wrong_shape(kind: str, key: str, wrong: Any) -> None:
    if (kind, key) in {("mix", "lot"), ("barcode", "text")} and isinstance(wrong, str):
        return  # Any text will do there.
    if key == "answers" and wrong == {}:
        return
    assert field_of(answer(kind, **{key: wrong})) == key


NUMBERS = [
    (kind, key)
    for kind, facts in SOUND.items()
    for key, value in facts.items()
    if isinstance(value, int) and not isinstance(value, bool)
] + [("cream", "removed_minutes_before")]
WHOLE = {"phototype", "rolls", "days_since_last", "products", "total_cents"}


@pytest.mark.parametrize(("kind", "key"), NUMBERS)
@pytest.mark.parametrize("wrong", [True, False, -1, "3", 10**15, Decimal("NaN"), float("inf")])
def test_not_a_number(kind: str, key: str, wrong: Any) -> None:
    assert field_of(answer(kind, **{key: wrong})) == key


@pytest.mark.parametrize(("kind", "key"), NUMBERS)
def test_whole_numbers_are_whole(kind: str, key: str) -> None:
    found = answer(kind, **{key: Decimal("2.5")})
    assert ("error" in found) == (key in WHOLE)
    assert "error" not in answer(kind, **{key: Decimal("2.0")})


@pytest.mark.parametrize(
    ("kind", "key", "wrong"),
    [
        ("screening", "phototype", 0),
        ("screening", "phototype", 7),
        ("depth", "phototype", 7),
        ("lidocaine", "weight_kg", 0),
        ("mix", "products", 0),
        ("screening", "zones", []),
        ("screening", "zones", ["CHEEK", "KNEE"]),
        ("screening", "zones", "CHEEK"),
        ("screening", "zones", ["JOUE"]),
        ("screening", "actives", ["botulinum"]),
        ("screening", "unanswered", "maybe"),
        ("screening", "procedure", "peel"),
        ("screening", "born", "2027-06-06"),
        ("screening", "born", "1980-1-1"),
        ("screening", "born", "19800101"),
        ("screening", "born", "1980-W01-1"),
        ("screening", "act_date", "2027-06-05T10:00"),
        ("performer", "jurisdiction", "BE"),
        ("performer", "role", "Physician"),
        ("performer", "place", "car"),
        ("depth", "indication", "ACNE"),
        ("cream", "conditions", ["hay_fever"]),
        ("cream", "needle_started", 1),
        ("cream", "on_needled_skin", "yes"),
        ("product", "status", "UNKNOWN"),
        ("unit", "lot_status", "lost"),
        ("barcode", "text", 1),
        ("symptom", "symptom", "itch"),
        ("retention", "last_visit", "1959-12-31"),
        ("retention", "died", "2024-01-08"),
        ("retention", "last_visit", "9999-01-01"),
        ("access", "received", "9999-12-31"),
    ],
)
def test_a_value_outside_its_list(kind: str, key: str, wrong: Any) -> None:
    assert field_of(answer(kind, **{key: wrong})) == key


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"S99": {"answer": "yes"}}, "answers"),
        ({"S58": {"answer": "yes"}}, "answers"),
        ({"s01": {"answer": "yes"}}, "answers"),
        ({"R01": {"answer": "yes"}}, "answers"),
        ({"S01": "yes"}, "answers.S01"),
        ({"S01": None}, "answers.S01"),
        ({"S01": {}}, "answers.S01.answer"),
        ({"S01": {"answer": True}}, "answers.S01.answer"),
        ({"S01": {"answer": "YES"}}, "answers.S01.answer"),
        ({"S37": {"answer": "yes", "ended": "hier"}}, "answers.S37.ended"),
        ({"S37": {"answer": "no", "ended": "2027-02-29"}}, "answers.S37.ended"),
        ({"S37": {"answer": "yes", "ended": None}}, "answers.S37.ended"),
        ({"S37": {"answer": "yes", "ended": "9999-12-30"}}, "answers.S37.ended"),
        ({"S01": {"answer": "yes", "ended": "hier"}}, "answers.S01.ended"),
        ({"S37": {"answer": "yes", "zones": ["KNEE"]}}, "answers.S37.zones"),
        ({"S37": {"answer": "yes", "zones": "CHEEK"}}, "answers.S37.zones"),
        ({"S37": {"answer": "yes", "zones": None}}, "answers.S37.zones"),
        ({"S39": {"answer": "yes", "type": "deep"}}, "answers.S39.type"),
        ({"S39": {"answer": "yes", "type": None}}, "answers.S39.type"),
        ({"S40": {"answer": "yes", "type": "ipl"}}, "answers.S40.type"),
        ({"S24": {"answer": "yes", "type": "active"}}, "answers.S24.type"),
        ({"S29": {"answer": "yes", "type": "sulphites"}}, "answers.S29.type"),
        ({"S48": {"answer": "yes", "type": ""}}, "answers.S48.type"),
    ],
)
def test_the_path_of_a_field_inside_answers(answers: dict[str, Any], field: str) -> None:
    assert field_of(answer("screening", answers=answers)) == field


@pytest.mark.parametrize("kind", ["peel", "", None, 1, [], {}, True])
def test_an_unknown_kind(kind: Any) -> None:
    assert field_of(decide({"kind": kind})) == "kind"
    assert field_of(decide({})) == "kind"


def test_unknown_keys_are_ignored() -> None:
    for kind in KINDS:
        assert answer(kind, unheard_of=[1]) == answer(kind)
    told = {"S01": {"answer": "yes", "since": "May"}}
    assert "error" not in answer("screening", answers=told)


def test_python_callers_get_the_refusal_in_both_languages() -> None:
    with pytest.raises(MalformedAsk) as refusal:
        rule_on(ask("depth", zone="KNEE"))
    assert refusal.value.field == "zone"
    assert "CHEEK" in refusal.value.text.fr
    assert refusal.value.text.fr != refusal.value.text.en
