"""The command's functions: answering files, checking rule files, explaining a rule."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from aiguille.rulebook.book import load_rulebook
from aiguille.rulebook.cli import check_files, decide_file, explain_rule
from aiguille.rulebook.loading import DATA
from aiguille.rulebook.tests.asks import ask

# --- decide ---------------------------------------------------------------------------------------


def answers(tmp_path: Path, content: bytes) -> tuple[int, list[dict[str, object]]]:
    file, out = tmp_path / "asks.jsonl", io.StringIO()
    file.write_bytes(content)
    status = decide_file(file, out)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


SOUND_LINE = json.dumps({"ask": ask("density"), "expect": {"anything": 1}}).encode()


def test_one_answer_a_line_blank_lines_skipped(tmp_path: Path) -> None:
    status, found = answers(tmp_path, b"\n" + SOUND_LINE + b"\r\n  \n\n" + SOUND_LINE)
    assert status == 0
    assert [answer["decision"] for answer in found] == ["OK", "OK"]
    assert answers(tmp_path, b"") == (0, [])


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b"hello", ""),
        (b"[]", ""),
        (b"3", ""),
        (b"null", ""),
        (b'{"ask": {"kind": "density", "rolls": NaN}}', ""),
        (b'{"ask": {"kind": "density", "rolls": 1}', ""),
        (b"\xff\xfe{}", ""),
        (b"[" * 5000, ""),
        (b'{"ask": ' + b"9" * 5000 + b"}", ""),
        (b'{"ask": {"kind": "density", "rolls": 1e9999999999999999999}}', ""),
        (b"{}", "ask"),
        (b'{"ask": 1}', "ask"),
        (b'{"ask": []}', "ask"),
        (b'{"ask": {}}', "kind"),
        (b'{"ask": {"kind": "density", "rolls": 1e400}}', "rolls"),
        (b'{"ask": {"kind": "density", "rolls": -1}}', "rolls"),
    ],
)
def test_a_malformed_line_spoils_no_other(tmp_path: Path, line: bytes, field: str) -> None:
    status, found = answers(tmp_path, SOUND_LINE + b"\n" + line + b"\n" + SOUND_LINE + b"\n")
    assert status == 2
    assert ["error" in answer for answer in found] == [False, True, False]
    assert found[1]["error"]["field"] == field  # type: ignore[index]


def test_numbers_are_compared_as_they_are_written(tmp_path: Path) -> None:
    line = b'{"ask": {"kind": "lidocaine", "weight_kg": 48, "mg": %s}}\n'
    doses = [b"144", b"144.0", b"1.44e2", b"144.00000000000000000001"]
    _, found = answers(tmp_path, b"".join(line % dose for dose in doses))
    assert [answer["decision"] for answer in found] == ["OK", "OK", "OK", "BLOCK"]


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    assert decide_file(tmp_path / "none.jsonl", out) == 2
    assert "none.jsonl" in capsys.readouterr().err
    assert out.getvalue() == ""


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(SOUND_LINE)))
    out = io.StringIO()
    assert decide_file("-", out) == 0
    assert json.loads(out.getvalue())["decision"] == "OK"


# --- rules check ----------------------------------------------------------------------------------


def check(*paths: Path) -> tuple[int, list[str]]:
    out = io.StringIO()
    status = check_files(paths, out)
    return status, out.getvalue().splitlines()


def test_the_shipped_files_are_correct() -> None:
    out = io.StringIO()
    assert check_files(None, out) == 0
    assert "correct" in out.getvalue()
    assert check(*sorted(DATA.glob("*.toml")))[0] == 0


def test_what_is_to_be_confirmed_is_counted(tmp_path: Path) -> None:
    book = load_rulebook()
    entries = [*book.rules.values(), *book.questions.values()]
    waiting = sum(entry.is_to_confirm for entry in entries)
    values = sum(entry.values_to_confirm() for entry in entries)
    assert 0 < waiting < len(entries)
    out = io.StringIO()
    check_files(None, out)
    assert f"director: {waiting} rules, with {values} values." in out.getvalue()
    text = (DATA / "lidocaine.toml").read_text(encoding="utf-8")
    file, out = tmp_path / "lidocaine.toml", io.StringIO()
    file.write_text(text.replace('"to_confirm"', '"confirmed"'), encoding="utf-8")
    assert check_files([file], out) == 0
    assert f"director: {waiting - 1} rules, with {values - 2} values." in out.getvalue()


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


@pytest.mark.parametrize(
    ("subject", "old", "new", "field", "message"),
    [
        ("lidocaine", "value = 200", 'value = "200"', "rule[R15].settings.max_mg.value", "number"),
        ("lidocaine", "value = 200", "value = -1", "rule[R15].settings.max_mg.value", "number"),
        ("lidocaine", "value = 200", "value = 201", "rule[R15].settings.max_mg.value", "limits"),
        ("lidocaine", "value = 200", "value = nan", "rule[R15].settings.max_mg.value", "number"),
        ("lidocaine", 'unit = "mg"', 'unit = "g"', "rule[R15].settings.max_mg.unit", "mg"),
        ("lidocaine", 'status = "to_confirm"', 'status = "sure"', "rule[R15].status", "to_confirm"),
        ("lidocaine", '"E12a"', '"E99"', "rule[R15].sources", "E99"),
        ("lidocaine", 'title.en = "Ceiling of plain lidocaine"\n', "", "rule[R15].title", "en"),
        ("lidocaine", "[rule.cases.not_weighed]", "[rule.cases.n]", "rule[R15].cases", "missing"),
        ("lidocaine", "of {limit}\u00a0mg for", "of {limit mg for", "rule[R15].cases.above.message", "blanks"),
        ("lidocaine", 'decision = "BLOCK"', 'decision = "STOP"', "rule[R15].cases.above.decision", "BLOCK"),
        ("lidocaine", 'id = "R15"', 'id = "R15"\nnote = "x"', "rule[R15].note", "not a key"),
        ("lidocaine", 'id = "R15"', 'id = "R11"', "rule[R11].id", "exists already"),
        ("lidocaine", 'subject = "lidocaine"', 'subject = "magic"', "subject", "one of"),
        ("screening", 'wait = "days"\n', 'wait = "weeks"\n', "question[S06].needling.wait", "weeks"),
        ("screening", 'class = "A"', 'class = "Z"', "question[S01].class", "one of"),
        ("screening", "starred = true", 'starred = "yes"', "question[S01].starred", "true or false"),
        ("screening", 'follows = { question = "S05"', 'follows = { question = "S77"', "question[S06].follows.question", "not a question"),
        ("screening", 'active = "lidocaine"', 'active = "cocaine"', "question[S30].mesotherapy.active", "one of"),
        ("screening", 'id = "S57"', 'id = "S58"', "question", "S57"),
        ("screening", ', medium_deep = "medium_deep_days" }', " }", "question[S39].needling.wait", "every type"),
        ("cream", '"warn_grams", "max_grams"', '"max_grams", "warn_grams"', "rule[R11].ordered", "order"),
        ("cream", '"warn_grams", "max_grams"', '"warn_grams", "most"', "rule[R11].ordered", "R11.most"),
        ("sources", 'N9 = "', 'N9 = ""  # "', "sources.N9", "empty"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_line_and_field(
    tmp_path: Path, subject: str, old: str, new: str, field: str, message: str
) -> None:
    text = (DATA / f"{subject}.toml").read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new, 1)
    file = tmp_path / f"{subject}.toml"
    file.write_text(changed, encoding="utf-8")
    status, lines = check(file)
    assert status == 2
    mine = [line for line in lines if line.startswith(f"{file}:") and f": {field}: " in line]
    assert mine, lines
    assert message in mine[0]
    number = int(mine[0].removeprefix(f"{file}:").split(":")[0])
    assert 1 <= number <= changed.count("\n") + 1


@pytest.mark.parametrize(
    ("piece", "broken"), [("value = 200", "value = oops"), ("[[rule]]", "[[rule]")]
)
def test_the_line_of_a_mistake_is_exact(tmp_path: Path, piece: str, broken: str) -> None:
    text = (DATA / "lidocaine.toml").read_text(encoding="utf-8")
    file = tmp_path / "lidocaine.toml"
    file.write_text(text.replace(piece, broken), encoding="utf-8")
    status, lines = check(file)
    assert status == 2
    assert any(line.startswith(f"{file}:{line_of(text, piece)}:") for line in lines), lines


def test_the_line_of_a_value_is_exact(tmp_path: Path) -> None:
    text = (DATA / "screening.toml").read_text(encoding="utf-8")
    piece = "settings.days = { value = 28,"
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(piece, piece.replace("28", "2")), encoding="utf-8")
    _, lines = check(file)
    place = f"{file}:{line_of(text, piece)}: question[S37].settings.days.value"
    assert lines == [f"{place}: lies outside its own hard limits"]


def test_a_rule_file_that_is_not_there(tmp_path: Path) -> None:
    status, lines = check(tmp_path / "none.toml")
    assert status == 2
    assert "none.toml:1:" in lines[0]


# --- rules explain --------------------------------------------------------------------------------


def test_a_rule_is_explained_with_its_sources() -> None:
    out = io.StringIO()
    assert explain_rule("S06", out) == 0
    text = out.getvalue()
    for piece in ("S06.days = 180 d", "source N41: Canadian", "to_confirm", "DELAY", "REVIEW"):
        assert piece in text
    out = io.StringIO()
    explain_rule("R14", out)
    assert "porphyria: REVIEW (to_confirm)" in out.getvalue()
    for name in ("R16", "R11", "ACCESS", "S56"):
        assert explain_rule(name, io.StringIO()) == 0


def test_an_unknown_rule_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    assert explain_rule("S99", out) == 2
    assert "S99" in capsys.readouterr().err
    assert out.getvalue() == ""
