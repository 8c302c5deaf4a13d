"""Every line of the shared contract, through the command's own door."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from aiguille.rulebook.cli import MALFORMED, decide_file

VECTORS = Path(__file__).parents[4] / "tests" / "contracts" / "decisions" / "vectors.jsonl"


def _pairs() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    out = io.StringIO()
    status = decide_file(VECTORS, out)
    assert status == MALFORMED, "some of the vectors are malformed on purpose"
    lines = VECTORS.read_text(encoding="utf-8").splitlines()
    answers = out.getvalue().splitlines()
    assert len(lines) == len(answers)
    return [
        (json.loads(line), json.loads(answer)) for line, answer in zip(lines, answers, strict=True)
    ]


@pytest.fixture(scope="module")
def pairs() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return _pairs()


def test_every_vector_is_answered_as_expected(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    wrong = []
    for vector, found in pairs:
        for key, expected in vector["expect"].items():
            if key == "rules":
                given = {finding["rule"] for finding in found.get("findings", ())}
                agrees = set(expected) <= given
            elif key == "error.field":
                agrees = found.get("error", {}).get("field") == expected
            else:
                agrees = key in found and found[key] == expected
            if not agrees:
                wrong.append((key, expected, vector["ask"], found))
    assert wrong == []


def test_screening_vectors_list_no_other_rule(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    for vector, found in pairs:
        ask = vector["ask"]
        if ask["kind"] == "screening" and ask.get("unanswered") == "no":
            assert {f["rule"] for f in found["findings"]} == set(vector["expect"]["rules"]), ask


def test_every_answer_has_the_form_of_the_contract(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    for _, found in pairs:
        if "error" in found:
            assert set(found) == {"error"}
            assert set(found["error"]) == {"field", "message"}
            continue
        assert {"decision", "earliest", "findings"} <= set(found)
        for finding in found["findings"]:
            assert set(finding) == {"rule", "decision", "earliest", "message", "sources"}
            assert finding["decision"] != "OK"
            assert all(finding["message"][language] for language in ("fr", "en"))
            assert not {"{", "}"} & set("".join(finding["message"].values()))
