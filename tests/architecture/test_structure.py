"""What the layout promises, read from the files."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "aiguille"
MODULES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
LIMIT, TEST_LIMIT = 600, 800


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_test(path: Path) -> bool:
    return "tests" in path.parts


def test_no_module_is_too_long_to_read():
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    limits = {name_of(path): TEST_LIMIT if is_test(path) else LIMIT for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > limits[name]} == {}


def import_contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return contracts


def test_every_area_with_models_protects_them():
    protected = {
        module: contract["allowed_importers"]
        for contract in import_contracts()
        if contract["type"] == "protected"
        for module in contract["protected_modules"]
    }
    areas = {path.parent.name for path in PACKAGE.glob("*/models.py")} - {"plumbing"}
    assert protected == {f"aiguille.{area}.models": [f"aiguille.{area}"] for area in areas}


def test_only_tests_are_excepted_from_the_contracts():
    exceptions = {
        exception
        for contract in import_contracts()
        for exception in contract.get("ignore_imports", [])
    }
    assert [each for each in exceptions if not each.startswith("aiguille.**.tests.** -> ")] == []


def is_test_class(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef) and node.name.startswith("Test")


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name.startswith("test_")], ids=name_of
)
def test_everything_in_a_test_module_is_run_or_used(path):
    """A function that is neither test nor fixture nor called is a test that never runs."""
    tree = ast.parse(path.read_text())
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    dead = [
        function.name
        for scope in [tree, *(node for node in tree.body if is_test_class(node))]
        for function in scope.body
        if isinstance(function, ast.FunctionDef)
        and not function.name.startswith(("test_", "__"))
        and function.name not in used
        and not any("fixture" in ast.unparse(each) for each in function.decorator_list)
    ]
    assert dead == []


def test_every_test_function_is_in_a_module_that_is_collected():
    lost = [
        name_of(path)
        for path in MODULES
        if is_test(path)
        and not path.name.startswith("test_")
        and re.search(r"^\s*def test_", path.read_text(), re.MULTILINE)
    ]
    assert lost == []


def committed_texts() -> list[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    texts = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.stat().st_size < 2_000_000:
            texts.append((name, path.read_bytes().decode("utf-8", "ignore")))
    return texts


def test_no_machine_and_no_package_host_is_named():
    words = {
        "a machine's path": r"(?<![\w.})/])/(?:wo" + "rk|ho" + r"me|Us" + r"ers)/[a-z]+[/\w]",
        "a package host": r"registry\.npm" + r"js|registry\.yarn" + r"pkg|py" + r"pi\.org|pythonho"
        "sted",
        "another folder of ours": r"\.\./sha" + "red",
    }
    found = {
        (name, what)
        for name, text in committed_texts()
        for what, pattern in words.items()
        if re.search(pattern, text)
    }
    assert found == set()


def test_the_locks_name_every_package_by_digest():
    for name in ("requirements.txt", "requirements-dev.txt"):
        entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
        assert entries
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
