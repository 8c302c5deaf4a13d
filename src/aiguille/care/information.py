"""The words for a patient of each finding that asks to tell them (`data/information.toml`)."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aiguille.catalogue.queries import RulesInForce
from aiguille.kernel.codes import Procedure
from aiguille.kernel.text import Text
from aiguille.protocols.sources import digest_of
from aiguille.rulebook.book import spelled

_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class InformationText:
    """What a patient reads of one finding, in every language, the values in force filled in."""

    rule: str
    title: Text
    text: Text

    @property
    def digest(self) -> str:
        """Return what tells this text from any other: another value makes another text."""
        return digest_of(
            {"rule": self.rule, "title": self.title.as_dict(), "text": self.text.as_dict()}
        )


def information_text(rule: str, procedure: Procedure, rules: RulesInForce) -> InformationText:
    """Return what a patient reads of a finding, by the clinic's own values.

    Raises:
        LookupError: the finding asks to tell the patient, and nobody wrote what.
    """
    texts = _texts()
    found = texts.get((rule, procedure.value)) or texts.get((rule, ""))
    if found is None:
        raise LookupError(f"no text tells a patient about {rule} ({procedure})")
    return InformationText(
        rule=rule,
        title=found.title,
        text=Text(
            fr=_filled(found.text.fr, rule, rules, "fr"),
            en=_filled(found.text.en, rule, rules, "en"),
        ),
    )


def _filled(text: str, rule: str, rules: RulesInForce, language: str) -> str:
    return _BLANK.sub(lambda blank: spelled(rules.book.value(f"{rule}.{blank[1]}"), language), text)


@cache
def _texts() -> dict[tuple[str, str], InformationText]:
    source = files("aiguille.care") / "data" / "information.toml"
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    return {
        (row["rule"], row.get("procedure", "")): InformationText(
            rule=row["rule"],
            title=Text.from_mapping(row["title"]),
            text=Text.from_mapping(row["text"]),
        )
        for row in data["text"]
    }
