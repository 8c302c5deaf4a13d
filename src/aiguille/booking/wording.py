"""The words of messages about appointments, from their data file, and how a time is written."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import override

from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Wording:
    """What one kind of message says."""

    subject: Text
    opening: Text
    closing: Text
    links: tuple[str, ...]
    has_calendar: bool


def when_in(local: datetime, language: str) -> str:
    """Return a local date and time as people write it."""
    with override(language):
        day = date_format(local, "l j F Y")
        hour = date_format(local, "H:i")
    return f"{day} {word('at', language)} {hour}"


@cache
def wordings() -> dict[str, Wording]:
    """Return every kind of message by its code, from the data file."""
    return {
        kind: Wording(
            subject=Text.from_mapping(value["subject"]),
            opening=Text.from_mapping(value["opening"]),
            closing=Text.from_mapping(value["closing"]),
            links=tuple(value["links"]),
            has_calendar=value["calendar"],
        )
        for kind, value in _data()["kind"].items()
    }


def word(name: str, language: str) -> str:
    """Return one of the words that messages share."""
    return Text.from_mapping(_data()["words"][name]).in_language(language)


@cache
def _data() -> dict[str, Any]:
    source = files("aiguille.booking") / "data" / "messages.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))
