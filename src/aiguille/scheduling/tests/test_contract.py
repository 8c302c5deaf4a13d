"""The scenarios of the contract, through the command's door."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aiguille.scheduling.cli import run

_FOLDER = Path(__file__).parents[4] / "tests" / "contracts" / "scenarios"
_EXAMPLES = sorted(
    path.name.removesuffix(".json")
    for path in _FOLDER.glob("*.json")
    if not path.name.endswith(".expected.json")
)


def answers_of(*paths: Path) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit status and the answers that the command writes."""
    out = io.StringIO()
    status = run([str(path) for path in paths], out)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def test_there_are_examples() -> None:
    assert len(_EXAMPLES) >= 30


@pytest.mark.parametrize("name", _EXAMPLES)
def test_an_example_is_answered_as_expected(name: str) -> None:
    expected = json.loads((_FOLDER / f"{name}.expected.json").read_text())
    status, (found,) = answers_of(_FOLDER / f"{name}.json")
    if "error" in expected:
        assert (status, found["error"]["field"]) == (2, expected["error"]["field"])
        assert found["error"]["message"]
    else:
        assert (status, found) == (0, expected)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[NaN]", b"\xff\xfe\xfa", b"[" * 100_000])
def test_a_file_that_is_no_json_does_not_stop_the_others(
    content: bytes | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "bad.json").write_bytes(content)
    good = _FOLDER / "needling-phased.json"
    status, (bad, answered) = answers_of(tmp_path / "bad.json", good)
    assert (status, bad["error"]["field"]) == (2, "")
    assert answered["slots"]


def test_the_engine_starts_without_django() -> None:
    program = "import sys, aiguille.scheduling.cli; print('django' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert found.stdout.strip() == "False"
