"""Takes typed values out of a protocol's tables and notes every fault with its path."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from aiguille.kernel.text import Text
from aiguille.protocols.events import EventMalformed, decimal_of
from aiguille.protocols.model import Condition
from aiguille.protocols.sources import Source

C = TypeVar("C", bound=StrEnum)


class Table:
    """One table of a protocol file.

    Each reader returns a value of its type even where it notes a fault, so that one reading finds
    all faults; the result is thrown away when there are any. `close` notes the keys nobody read.
    """

    def __init__(self, source: Source, raw: object, path: str) -> None:
        self.source = source
        self.path = path
        self.raw: Mapping[str, object] = raw if isinstance(raw, Mapping) else {}
        self._read: set[str] = set()
        if not isinstance(raw, Mapping):
            source.problem(path, "a table of keys is needed")

    def problem(self, key: str, message: str) -> None:
        """Note a fault at a key of this table."""
        self.source.problem(f"{self.path}.{key}" if self.path else key, message)

    def has(self, key: str) -> bool:
        """Tell whether the key is given."""
        return key in self.raw

    def take(self, key: str) -> object:
        """Return a value as it is, None where it is missing, and count the key as read."""
        self._read.add(key)
        return self.raw.get(key)

    def close(self) -> None:
        """Note every key that was not read."""
        for key in self.raw:
            if key not in self._read:
                self.problem(key, "unknown key")

    def table(self, key: str) -> "Table":
        """Return the table at a key, empty where it is missing."""
        path = f"{self.path}.{key}" if self.path else key
        value = self.take(key)
        return Table(self.source, {} if value is None else value, path)

    def tables(self, key: str) -> Iterable[tuple[str, "Table"]]:
        """Yield the tables inside the table at a key by their names, in the file's order."""
        outer = self.table(key)
        for name in outer.raw:
            yield name, outer.table(name)

    def string(self, key: str, *, default: str | None = None) -> str:
        """Return a text that is not empty, or the default."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and value.strip():
            return value
        self.problem(key, "a text is needed")
        return ""

    def strings(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.take(key)
        if value is None and not needed:
            return ()
        is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if isinstance(value, list) and is_list and (value or not needed):
            return tuple(value)
        self.problem(key, "a list of texts is needed")
        return ()

    def text(self, key: str) -> Text:
        """Return a text in both languages."""
        value = self.take(key)
        if not isinstance(value, Mapping):
            self.problem(key, "a text in French and in English is needed")
            return Text(fr="", en="")
        for language in value:
            if language not in {"fr", "en"}:
                self.problem(f"{key}.{language}", "unknown language")
        for language in ("fr", "en"):
            found = value.get(language)
            if not isinstance(found, str) or not found.strip():
                self.problem(f"{key}.{language}", f"the translation in {language!r} is missing")
        return Text(fr=str(value.get("fr", "")), en=str(value.get("en", "")))

    def optional_text(self, key: str) -> Text | None:
        """Return a text in both languages, None where the key is missing."""
        return self.text(key) if self.has(key) else None

    def boolean(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.problem(key, "true or false is needed")
            return default
        return value

    def integer(self, key: str, *, default: int | None = None) -> int:
        """Return a whole number that is not negative."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.problem(key, "a whole number, not negative, is needed")
        return 0

    def optional_integer(self, key: str) -> int | None:
        """Return a whole number that is not negative, None where the key is missing."""
        return self.integer(key) if self.has(key) else None

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self.take(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(type(each) is int for each in value):
            return tuple(value)
        self.problem(key, "a list of whole numbers is needed")
        return ()

    def decimal(self, key: str) -> Decimal:
        """Return an exact number."""
        try:
            return decimal_of(self.take(key), key)
        except EventMalformed:
            self.problem(key, "an exact number is needed")
            return Decimal(0)

    def optional_decimal(self, key: str) -> Decimal | None:
        """Return an exact number, None where the key is missing."""
        return self.decimal(key) if self.has(key) else None

    def code(self, key: str, codes: type[C], *, default: C | None = None) -> C:
        """Return one of a list of codes."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        return self._code(key, value, codes)

    def optional_code(self, key: str, codes: type[C]) -> C | None:
        """Return one of a list of codes, None where the key is missing."""
        return self.code(key, codes) if self.has(key) else None

    def codes(self, key: str, codes: type[C], *, needed: bool = False) -> tuple[C, ...]:
        """Return several of a list of codes."""
        return tuple(
            self._code(f"{key}[{at}]", each, codes)
            for at, each in enumerate(self.strings(key, needed=needed))
        )

    def _code(self, key: str, value: object, codes: type[C]) -> C:
        if isinstance(value, str) and value in list(codes):
            return codes(value)
        kind = codes.__name__.lower()
        self.problem(key, f"unknown {kind} {value!r}; known are {', '.join(codes)}")
        return next(iter(codes))

    def condition(self, key: str) -> Condition | None:
        """Return a condition, None where the key is missing."""
        if not self.has(key):
            return None
        table = self.table(key)
        found = Condition(
            step=table.string("step", default="-").removeprefix("-"),
            field=table.string("field"),
            values=table.values("in"),
        )
        table.close()
        return found

    def values(self, key: str) -> tuple[str | bool, ...]:
        """Return a list of values to compare a recorded one with."""
        value = self.take(key)
        if isinstance(value, list) and value and all(isinstance(v, str | bool) for v in value):
            return tuple(value)
        self.problem(key, "a list of values is needed")
        return ()
