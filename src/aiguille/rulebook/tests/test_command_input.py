"""Whatever the command is given, it answers in plain words and both languages, and never breaks."""

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiguille.rulebook.book import load_rulebook
from aiguille.rulebook.cli import check_files, decide_file, explain_rule
from aiguille.rulebook.loading import DATA
from aiguille.rulebook.tests.asks import SOUND, ask

RIGHT_OR_REFUSED = (0, 2)
unhurried = settings(deadline=None, max_examples=60)
# What people type: numbers below zero, dates that are none, pounds, codes of elsewhere.
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["2027-02-30", "0000-00-00", "31/12/2026", "2026-13-01", "S99", "-1", "1e9"]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5)), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
ANYTHING = st.recursive(
    ODD,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@contextmanager
def a_file(content: bytes) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield Path(file.name)


def decided(*lines: bytes) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    with a_file(b"\n".join(lines)) as path:
        status = decide_file(path, out)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def is_plain(found: dict[str, Any]) -> bool:
    """Tell whether an answer decides, or names the field in words."""
    if "error" not in found:
        return bool(found["decision"])
    said = found["error"]
    return isinstance(said["field"], str) and bool(said["message"])


@st.composite
def questions_gone_wrong(draw: st.DrawFn) -> dict[str, Any]:
    """A sound question with some facts replaced, left out or added."""
    question: dict[str, Any] = ask(draw(st.sampled_from(sorted(SOUND))))
    for key in draw(st.lists(st.sampled_from(sorted(question)), max_size=3)):
        if draw(st.booleans()):
            question[key] = draw(ANYTHING)
        else:
            question.pop(key, None)
    return question | draw(st.dictionaries(st.text(max_size=8), ODD, max_size=2))


@unhurried
@given(st.lists(questions_gone_wrong(), min_size=1, max_size=4))
def test_a_question_gone_wrong_is_answered_or_explained(asked: list[dict[str, Any]]) -> None:
    lines = [json.dumps({"ask": one}, default=str).encode() for one in asked]
    status, found = decided(*lines)
    assert len(found) == len(lines)
    assert all(map(is_plain, found))
    assert (status == 2) == any("error" in one for one in found)


@unhurried
@given(st.one_of(ANYTHING.map(lambda value: json.dumps(value).encode()), st.binary(max_size=80)))
def test_a_line_of_anything_spoils_no_other(line: bytes) -> None:
    sound = json.dumps({"ask": ask("density")}).encode()
    lines = [part for part in line.splitlines() if part.strip()]
    _status, found = decided(sound, line.replace(b"\r", b" ").replace(b"\n", b" "), sound)
    assert all(map(is_plain, found))
    assert [one.get("decision") for one in (found[0], found[-1])] == ["OK", "OK"]
    assert len(found) == 2 + (1 if lines else 0)


@pytest.mark.parametrize(
    ("kind", "fact", "value"),
    [
        ("screening", "act_date", "2027-02-30"),
        ("screening", "born", "2150-01-01"),
        ("screening", "answers", {"S99": {"answer": "yes"}}),
        ("cream", "grams", -1),
        ("cream", "area_cm2", -20),
        ("lidocaine", "mg", -5),
        ("lidocaine", "weight_kg", -60),
        ("lidocaine", "weight_kg", 660),
        ("depth", "needle_mm", -0.5),
    ],
)
def test_what_cannot_be_is_named(kind: str, fact: str, value: Any) -> None:
    status, (found,) = decided(json.dumps({"ask": ask(kind) | {fact: value}}).encode())
    assert status == 2
    assert found["error"]["field"] == fact
    assert is_plain(found)


@unhurried
@given(st.text(max_size=30).filter(lambda text: text not in load_rulebook().rules))
def test_an_unknown_rule_is_said_to_be_unknown(rule_id: str) -> None:
    said = io.StringIO()
    with redirect_stderr(said):
        status = explain_rule(rule_id, io.StringIO())
    if status == 0:
        return  # a question's id
    assert status == 2
    assert "Aucune règle" in said.getvalue()
    assert "No rule" in said.getvalue()


SHIPPED = [path.read_bytes() for path in sorted(DATA.glob("*.toml"))]


@unhurried
@given(st.data())
def test_a_rule_file_gone_wrong_is_checked_and_each_mistake_has_its_place(
    data: st.DataObject,
) -> None:
    lines = data.draw(st.sampled_from(SHIPPED)).splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "twice", "value", "noise"])):
            case "drop":
                del lines[place]
            case "twice":
                lines.insert(place, lines[place])
            case "value":
                name, equals, _value = lines[place].partition(b"=")
                wrong = json.dumps(data.draw(ODD.filter(lambda v: v is not None)), default=str)
                lines[place] = name + equals + b" " + wrong.encode() if equals else lines[place]
            case _:
                lines.insert(place, data.draw(st.binary(max_size=20)))
    out = io.StringIO()
    with a_file(b"\n".join(lines)) as path:
        assert check_files([path], out) in RIGHT_OR_REFUSED
        said = out.getvalue()
    assert said
    assert "Traceback" not in said
