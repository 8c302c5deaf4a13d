"""What brings people, in their own words, and the treatments on offer that speak to it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aiguille.catalogue.queries import TreatmentView, list_treatments
from aiguille.kernel.codes import Indication
from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Concern:
    """A concern as people put it, with the indications that it may mean."""

    code: str
    name: Text
    indications: frozenset[Indication]


@dataclass(frozen=True, slots=True)
class OfferedConcern:
    """A concern for which the clinic offers something, with what it offers, in its order."""

    code: str
    name: Text
    treatments: tuple[TreatmentView, ...]


def offered_concerns() -> list[OfferedConcern]:
    """Return the concerns for which a treatment is on offer (one query)."""
    treatments = list_treatments()
    found = [
        OfferedConcern(
            code=concern.code,
            name=concern.name,
            treatments=tuple(t for t in treatments if t.indication in concern.indications),
        )
        for concern in concerns()
    ]
    return [concern for concern in found if concern.treatments]


@cache
def concerns() -> tuple[Concern, ...]:
    """Return every concern, from the data file."""
    source = files("aiguille.catalogue") / "data" / "concerns.toml"
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    return tuple(
        Concern(
            code=row["code"],
            name=Text.from_mapping(row["name"]),
            indications=frozenset(map(Indication, row["indications"])),
        )
        for row in data["concern"]
    )
