"""Reading rule files so that every mistake is named by file, line and field.

A `Table` wraps one table of a TOML file. What is wrong is collected, not raised, and a stand-in
is returned, so that one run names all the mistakes of a file.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from aiguille.kernel.text import Text

Key = tuple[str | int, ...]
Code = TypeVar("Code", bound=StrEnum)
Read = TypeVar("Read")

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"^\s*([\w.-]+)\s*=")
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a rule file; `field` is "" where the file cannot be read at all."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (f"{self.file}:{self.line}", self.field, self.message)))


class RuleFile:
    """One rule file: its top table, its text and what was found wrong in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self._lines = _key_lines(text)
        try:
            data = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            place = _TOML_PLACE.search(str(error))
            line = int(place[1]) if place and place[1] else max(1, text.count("\n"))
            message = _TOML_PLACE.sub("", str(error))
            self.problems.append(Problem(name, line, "", message))
            data = {}
        self.is_readable = not self.problems
        self._data: Any = data
        self.top = Table(self, data, ())

    @classmethod
    def at(cls, path: Path, name: str = "") -> "RuleFile":
        """Read the file at `path`, called `name` in complaints. Raises `OSError`."""
        return cls(name or path.name, path.read_bytes().decode("utf-8", errors="replace"))

    def complain(self, key: Key, message: str) -> None:
        """Note that the value at `key` is wrong."""
        line = next(
            (self._lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self._lines), 1
        )
        self.problems.append(Problem(self.name, line, self._spelled(key), message))

    def _spelled(self, key: Key) -> str:
        """Return `key` as a person writes it: `question[S06].settings.days`."""
        spelled, value = "", self._data
        for part in key:
            try:
                value = value[part]
            except (KeyError, TypeError):
                value = None
            if isinstance(part, int):
                name = value.get("id", part + 1) if isinstance(value, dict) else part + 1
                spelled += f"[{name}]"
            else:
                spelled += f".{part}"
        return spelled.removeprefix(".")


class Table:
    """One table of a rule file, read key by key; `finish` names the keys nobody read."""

    def __init__(self, file: RuleFile, data: Mapping[str, Any], key: Key) -> None:
        self.file = file
        self.key = key
        self._data = data
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        """Return whether the table gives `name`."""
        return name in self._data

    def is_table(self, name: str) -> bool:
        """Return whether `name` holds a table."""
        return isinstance(self._data.get(name), dict)

    def names(self) -> set[str]:
        """Return the keys of this table."""
        return set(self._data)

    def complain(self, name: str, message: str) -> None:
        """Note that the value of `name` is wrong."""
        self.file.complain((*self.key, name), message)

    def string(self, name: str, *, default: str | None = None) -> str:
        """Return a string that is not empty."""
        value = self._take(name, default)
        if isinstance(value, str) and value.strip():
            return value
        return self._refuse(name, value, "must be a text that is not empty", "")

    def strings(self, name: str, *, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self._take(name, default)
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
        return self._refuse(name, value, "must be a list of texts", tuple[str, ...]())

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._take(name, default)
        if isinstance(value, bool):
            return value
        return self._refuse(name, value, "must be true or false", stand_in=False)

    def number(self, name: str) -> Decimal:
        """Return a number that is not negative."""
        value = self._take(name, None)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite() and number >= 0:
                return number
        return self._refuse(name, value, "must be a number, 0 or more", Decimal(0))

    def code(self, name: str, codes: type[Code], *, default: Code | None = None) -> Code:
        """Return a member of `codes`."""
        value = self._take(name, default)
        if isinstance(value, str):
            try:
                return codes(value)
            except ValueError:
                pass
        allowed = ", ".join(codes)
        return self._refuse(name, value, f"must be one of {allowed}", next(iter(codes)))

    def text(self, name: str) -> Text:
        """Return a text in both languages."""
        value = self._take(name, None)
        if isinstance(value, dict):
            try:
                return Text.from_mapping(value)
            except ValueError as error:
                self.complain(name, str(error))
                return Text(fr="", en="")
        return self._refuse(name, value, "must have fr and en", Text(fr="", en=""))

    def table(self, name: str) -> "Table":
        """Return the table `name`, an empty one where it is absent."""
        value = self._take(name, {})
        if not isinstance(value, dict):
            value = self._refuse(name, value, "must be a table", {})
        return Table(self.file, value, (*self.key, name))

    def tables(self, name: str) -> "list[Table]":
        """Return the tables of the array `name`, none where it is absent."""
        value = self._take(name, [])
        if not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
            value = self._refuse(name, value, "must be a list of tables", [])
        return [Table(self.file, item, (*self.key, name, n)) for n, item in enumerate(value)]

    def entries(self) -> "list[tuple[str, Table]]":
        """Return every key of this table with the table it holds."""
        return [(name, self.table(name)) for name in self._data]

    def pairs(self) -> dict[str, str]:
        """Return every key of this table with the text it holds."""
        return {name: self.string(name) for name in self._data}

    def finish(self) -> None:
        """Complain about each key that nobody read."""
        for name in self._data.keys() - self._read:
            self.complain(name, "is not a key known here")

    def _take(self, name: str, default: object) -> Any:
        self._read.add(name)
        return self._data.get(name, default)

    def _refuse(self, name: str, value: object, message: str, stand_in: Read) -> Read:
        self.complain(name, "is missing" if value is None else message)
        return stand_in


def _key_lines(text: str) -> dict[Key, int]:
    """Return the line of each table header and assignment, which tomllib does not tell."""
    lines: dict[Key, int] = {}
    counts: Counter[Key] = Counter()
    prefix: Key = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            prefix = ()
            for part in header[2].split("."):
                prefix = (*prefix, part)
                if prefix in counts:
                    prefix = (*prefix, counts[prefix] - 1)
            if header[1] == "[[":
                plain = prefix[:-1] if isinstance(prefix[-1], int) else prefix
                prefix = (*plain, counts[plain])
                counts[plain] += 1
            lines.setdefault(prefix, number)
        elif assignment := _ASSIGNMENT.match(line):
            key = prefix
            for part in assignment[1].split("."):
                key = (*key, part)
                lines.setdefault(key, number)
    return lines
