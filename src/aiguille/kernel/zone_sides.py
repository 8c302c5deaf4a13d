"""A zone with its side, as forms post it and records keep it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiguille.kernel.codes import Side, Zone
from aiguille.kernel.labels import label
from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class ZoneSide:
    """A zone on one side of the patient; on the midline where the zone is not one of a pair."""

    zone: Zone
    side: Side

    @property
    def code(self) -> str:
        """Return it as forms post it: "CHEEK:left"."""
        return f"{self.zone}:{self.side}"

    @property
    def stored(self) -> dict[str, str]:
        """Return it as records keep it: `{"zone": "CHEEK", "side": "left"}`."""
        return {"zone": self.zone.value, "side": self.side.value}

    @classmethod
    def from_code(cls, code: str) -> Self:
        """Read what a form posted.

        Raises:
            ValueError: no such zone or side.
        """
        zone, _, side = code.partition(":")
        return cls(Zone(zone), Side(side))

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Read what a record keeps.

        Raises:
            ValueError: no such zone or side.
            KeyError: one of the two is missing.
        """
        return cls(Zone(stored["zone"]), Side(stored["side"]))


def zones_among(chosen: Iterable[ZoneSide]) -> tuple[Zone, ...]:
    """Return the zones, each once, in the order of the codes."""
    found = {one.zone for one in chosen}
    return tuple(zone for zone in Zone if zone in found)


def sides_in_words(chosen: Iterable[ZoneSide]) -> tuple[Text, ...]:
    """Return each zone with its sides: "Cheek (left, right)"; a midline alone is not said."""
    sides: dict[Zone, list[Side]] = {}
    for one in chosen:
        sides.setdefault(one.zone, []).append(one.side)
    return tuple(_in_words(zone, sides[zone]) for zone in Zone if zone in sides)


def _in_words(zone: Zone, sides: list[Side]) -> Text:
    name = label(zone)
    if set(sides) == {Side.MIDLINE}:
        return name
    words = [label(side) for side in Side if side in sides]
    return Text(
        fr=f"{name.fr} ({', '.join(word.fr.lower() for word in words)})",
        en=f"{name.en} ({', '.join(word.en.lower() for word in words)})",
    )
