"""The six phototypes, with the two questions that guide whoever assesses one."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Phototype:
    """One of the six: what the skin is like, and what the sun does to it."""

    number: int
    roman: str
    skin: Text
    burns: Text
    tans: Text

    @property
    def in_words(self) -> Text:
        """Return "Very fair: always burns, never tans"."""
        return Text(
            fr=f"{self.skin.fr} : {_small(self.burns.fr)}, {_small(self.tans.fr)}",
            en=f"{self.skin.en}: {_small(self.burns.en)}, {_small(self.tans.en)}",
        )


@dataclass(frozen=True, slots=True)
class PhototypeGuide:
    """The two questions to read out, the rows to choose from, and their sources with references."""

    burns: Text
    tans: Text
    types: tuple[Phototype, ...]
    sources: tuple[tuple[str, str], ...]
    is_to_confirm: bool


@cache
def phototype_guide() -> PhototypeGuide:
    """Return the guide, as `data/phototypes.toml` words it."""
    raw = tomllib.loads(files("aiguille.care").joinpath("data/phototypes.toml").read_text("utf-8"))
    return PhototypeGuide(
        burns=Text.from_mapping(raw["guide"]["burns"]),
        tans=Text.from_mapping(raw["guide"]["tans"]),
        types=tuple(
            Phototype(
                number=one["number"],
                roman=one["roman"],
                **{name: Text.from_mapping(one[name]) for name in ("skin", "burns", "tans")},
            )
            for one in raw["types"]
        ),
        sources=tuple(raw["sources"].items()),
        is_to_confirm=raw["status"] == "to_confirm",
    )


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]
