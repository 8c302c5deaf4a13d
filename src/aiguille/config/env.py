"""Typed readers of the environment that fail loudly, naming the variable and what it should be."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True)
class Database:
    """Where a PostgreSQL database is and who connects to it."""

    name: str
    user: str = ""
    password: str = ""
    host: str = ""
    port: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Env:
    """Reads variables from `variables`; a value may also come from the file that `NAME_FILE` names.

    Every reader raises `ImproperlyConfigured` for a value that it cannot understand.
    """

    variables: Mapping[str, str]

    @classmethod
    def of_process(cls) -> "Env":
        """Return the environment of this process."""
        return cls(os.environ)

    def text(self, name: str, default: str = "") -> str:
        """Return the value, or `default` when it is absent or empty."""
        if value := self.variables.get(name, "").strip():
            return value
        if not (file := self.variables.get(f"{name}_FILE", "").strip()):
            return default
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names {file!r}, which cannot be read: {error.strerror}"
            ) from error

    def required(self, name: str, purpose: str) -> str:
        """Return the value; refuse when it is absent, saying what it is for."""
        if value := self.text(name):
            return value
        raise ImproperlyConfigured(f"{name} is not set: {purpose}")

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or a no."""
        value = self.text(name).lower()
        if not value:
            return default
        if value in TRUE | FALSE:
            return value in TRUE
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be 1 or 0")

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
        """Return a whole number between `least` and `most`."""
        value = self.text(name)
        if not value:
            return default
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it must be a whole number from {least} to {most}"
        )

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Return one of `choices`."""
        value = self.text(name, default)
        if value in choices:
            return value
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(choices)}")

    def folder(self, name: str, default: Path) -> Path:
        """Return an absolute path."""
        return Path(self.text(name, str(default))).expanduser().absolute()

    def words(self, name: str) -> list[str]:
        """Return a list that is written with commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def pairs(self, name: str) -> dict[str, str]:
        """Return a mapping that is written `key:value,key:value`, in that order."""
        pairs = [word.partition(":") for word in self.words(name)]
        if bad := [key for key, _, value in pairs if not key or not value]:
            raise ImproperlyConfigured(
                f"{name} must be written key:value,key:value; see {bad[0]!r}"
            )
        return {key: value for key, _, value in pairs}

    def database(self, name: str) -> Database | None:
        """Return a database written `postgresql://user:password@host:port/name?option=value`.

        A socket folder is written as the option `host`, as libpq does.
        """
        if not (value := self.text(name)):
            return None
        try:
            url = urlsplit(value)
            port = "" if url.port is None else str(url.port)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is not a database address: {error}") from error
        if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
            raise ImproperlyConfigured(
                f"{name} must be written postgresql://user:password@host:port/name"
            )
        options = dict(parse_qsl(url.query))
        return Database(
            name=unquote(url.path.removeprefix("/")),
            user=unquote(url.username or options.pop("user", "")),
            password=unquote(url.password or options.pop("password", "")),
            host=unquote(url.hostname or options.pop("host", "")),
            port=port or options.pop("port", ""),
            options=tuple(sorted(options.items())),
        )
