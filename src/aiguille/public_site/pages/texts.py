"""The words of the public pages: data files in both languages, read once."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from aiguille.kernel.codes import Language
from aiguille.kernel.text import Text

_LANGUAGES = {language.value for language in Language}


@cache
def page_texts(page: str) -> Mapping[str, Any]:
    """Return the texts of a page as its file nests them, each pair of languages as a `Text`.

    Raises:
        FileNotFoundError: there is no such page.
        ValueError: a text lacks a language.
    """
    path = files("aiguille.public_site") / "data" / f"{page}.toml"
    read: Mapping[str, Any] = _localized(tomllib.loads(path.read_text(encoding="utf-8")))
    return read


def _localized(value: Any) -> Any:
    if isinstance(value, list):
        return [_localized(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.keys() & _LANGUAGES:
        return Text.from_mapping(value)
    return {key: _localized(entry) for key, entry in value.items()}
