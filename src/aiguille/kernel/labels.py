"""The words of the codes, in both languages."""

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files

from aiguille.kernel.text import Text


def label(code: StrEnum) -> Text:
    """Return the word of a code.

    Raises:
        KeyError: `labels.toml` has none for it.
    """
    return _labels()[type(code).__name__][code.value]


@cache
def _labels() -> dict[str, dict[str, Text]]:
    raw = tomllib.loads(files("aiguille.kernel").joinpath("labels.toml").read_text("utf-8"))
    return {
        name: {code: Text.from_mapping(text) for code, text in table.items()}
        for name, table in raw.items()
    }
