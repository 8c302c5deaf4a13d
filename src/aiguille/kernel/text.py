"""A text that exists in every language, as data files and the database keep it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiguille.kernel.codes import Language

# A plain space where French wants one that never ends a line: within « » and before : ; ? !
_BREAKABLE = re.compile(r"(?<=«) | (?=[:;?!»])")


@dataclass(frozen=True, slots=True)
class Text:
    """The same text in French and in English; both are needed to publish.

    The spaces that French typography ties to a mark are no-break spaces however they were typed.
    """

    fr: str
    en: str

    def __post_init__(self) -> None:
        """Tie French marks to their words."""
        object.__setattr__(self, "fr", _BREAKABLE.sub("\u00a0", self.fr))

    def in_language(self, language: str) -> str:
        """Return the text in `language` ("fr" or "en"; anything else reads as French)."""
        return self.en if language == Language.EN else self.fr

    def as_dict(self) -> dict[str, str]:
        """Return `{"fr": ..., "en": ...}`."""
        return {"fr": self.fr, "en": self.en}

    @classmethod
    def from_mapping(cls, value: Mapping[str, object]) -> "Text":
        """Read `{"fr": ..., "en": ...}`.

        Raises:
            ValueError: a language is missing, empty or not a string.
        """
        found: dict[str, str] = {}
        for language in Language:
            text = value.get(language.value)
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"the text in {language.value!r} is missing")
            found[language.value] = text
        return cls(**found)


def one_line(text: str, *, most: int) -> str:
    """Return what can be seen of a text on one line, cut to `most` characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most].strip()
