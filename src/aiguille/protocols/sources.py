"""Finds and merges the files of a protocol: its own, and the fragments that it includes."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path, PurePosixPath

SHIPPED = Path(str(files(__package__))) / "data"


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a protocol file: which file, which field (a dotted path), what is wrong."""

    file: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field or '(the file)'}: {self.message}"


class ProtocolMalformed(ValueError):
    """A protocol cannot be used; `problems` names every fault that was found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


@dataclass(slots=True)
class Source:
    """A protocol's content as plain JSON with its includes merged in.

    `origins` tells for each dotted path which file last wrote it.
    """

    file: str
    content: dict[str, object] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: str, message: str) -> None:
        """Note a fault at a dotted path, in the file that wrote it or the part around it."""
        known = path
        while known and known not in self.origins:
            known = known.rpartition(".")[0]
        self.problems.append(Problem(self.origins.get(known, self.file), path, message))


def load(path: Path) -> Source:
    """Read a protocol file, TOML or JSON, and merge what it includes underneath it.

    What cannot be read is among the problems of the result.
    """
    source = Source(file=path.name)
    _merge_file(source, path, path.name, ())
    return source


def digest_of(content: Mapping[str, object]) -> str:
    """Return the SHA-256 of a protocol's canonical JSON: equal for equal content."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _merge_file(source: Source, path: Path, name: str, within: tuple[Path, ...]) -> None:
    if path in within:
        chain = " -> ".join(each.name for each in (*within, path))
        source.problems.append(Problem(name, "include", f"the includes form a cycle: {chain}"))
        return
    try:
        text = path.read_text("utf-8")
        raw = (
            json.loads(text, parse_float=Decimal)
            if path.suffix == ".json"
            else (tomllib.loads(text, parse_float=Decimal))
        )
    except OSError as failure:
        source.problems.append(Problem(name, "", f"cannot be read: {failure.strerror}"))
        return
    except ValueError as failure:  # of JSON, of TOML and of UTF-8 alike
        source.problems.append(Problem(name, "", f"is not well formed: {failure}"))
        return
    if not isinstance(raw, dict):
        source.problems.append(Problem(name, "", "must be a table of keys"))
        return
    included = raw.pop("include", [])
    if not isinstance(included, list) or not all(isinstance(each, str) for each in included):
        source.problems.append(Problem(name, "include", "must be a list of file names"))
        included = []
    for each in included:
        found = _find(path.parent, each)
        if found is None:
            source.problems.append(Problem(name, "include", f"there is no file {each!r}"))
        else:
            _merge_file(source, found, each, (*within, path))
    _merge(source, source.content, _plain(raw), name, "")


def _find(folder: Path, name: str) -> Path | None:
    """Find an included file beside the including one or among the shipped ones, never outside."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        return None
    for base in (folder, SHIPPED):
        if (base / relative).is_file():
            return (base / relative).resolve()
    return None


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Decimal | date) else value


def _merge(source: Source, into: dict[str, object], new: object, file: str, path: str) -> None:
    """Lay tables over each other key by key; anything else replaces what was there."""
    assert isinstance(new, dict)
    for key, value in new.items():
        here = f"{path}.{key}" if path else key
        source.origins[here] = file
        below = into.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            _merge(source, below, value, file, here)
        elif isinstance(value, dict):
            fresh: dict[str, object] = {}
            into[key] = fresh
            _merge(source, fresh, value, file, here)
        else:
            into[key] = value
