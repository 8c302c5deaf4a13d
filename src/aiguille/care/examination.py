"""The examination of the skin by zone: what may be found, and how a consultation keeps it.

A consultation's content holds `places` (zones with their sides, `kernel.zone_sides`), `examined`
(a list of `{"zone", "seen", "note", "is_treated"}`, one for each zone chosen) and `zones`, the
zones to be treated, by which the rule book judges. One written before the map holds `zones` alone.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from aiguille.kernel.codes import Answer, Zone
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import ZoneSide, zones_among
from aiguille.plumbing.zone_map import zone_map

LONGEST_NOTE = 1_000


@dataclass(frozen=True, slots=True)
class SkinFinding:
    """Something that an examination may find; `question` asks the patient about the same."""

    code: str
    label: Text
    zones: frozenset[Zone]
    question: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found on a zone, and whether it is to be treated."""

    zone: Zone
    seen: tuple[str, ...]
    note: str
    is_treated: bool = True

    @property
    def stored(self) -> dict[str, Any]:
        """Return it as a consultation's content keeps it."""
        return {
            "zone": self.zone.value,
            "seen": list(self.seen),
            "note": self.note,
            "is_treated": self.is_treated,
        }

    @property
    def labels(self) -> tuple[Text, ...]:
        """Return what was found, in words."""
        return tuple(skin_findings()[code].label for code in self.seen)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The skin shows what the patient's answer does not say; `answer` is empty where not asked."""

    zone: Zone
    finding: SkinFinding
    answer: str


@cache
def skin_findings() -> Mapping[str, SkinFinding]:
    """Return what may be found, by code, in the order in which it is shown."""
    raw = tomllib.loads(files("aiguille.care").joinpath("data/examination.toml").read_text("utf-8"))
    groups = {name: [Zone(zone) for zone in zones] for name, zones in raw["groups"].items()}
    return {
        one["code"]: SkinFinding(
            code=one["code"],
            label=Text.from_mapping(one["label"]),
            zones=frozenset(zone for name in one["where"] for zone in groups[name]),
            question=one.get("question", ""),
        )
        for one in raw["findings"]
    }


@cache
def findings_on(zone: Zone) -> tuple[SkinFinding, ...]:
    """Return what may be found on a zone."""
    return tuple(one for one in skin_findings().values() if zone in one.zones)


def zone_sides_in(content: Mapping[str, Any]) -> tuple[ZoneSide, ...]:
    """Return the zones and sides that a consultation examined.

    One written without sides means both, and the middle, wherever the zone has them.
    """
    if "places" in content:
        return tuple(ZoneSide.from_stored(one) for one in content["places"])
    zones = set(content.get("zones", ()))
    return tuple(one for one in zone_map().zone_sides() if one.zone in zones)


def treated_zone_sides(content: Mapping[str, Any]) -> tuple[ZoneSide, ...]:
    """Return the zones and sides to be treated: those to propose in a plan."""
    treated = set(content.get("zones", ()))
    return tuple(one for one in zone_sides_in(content) if one.zone in treated)


def examined_in(content: Mapping[str, Any]) -> tuple[Examined, ...]:
    """Return what a consultation found, zone by zone."""
    return tuple(
        Examined(
            zone=Zone(one["zone"]),
            seen=tuple(code for code in one["seen"] if code in skin_findings()),
            note=one["note"],
            is_treated=one["is_treated"],
        )
        for one in content.get("examined", ())
    )


def treated_zones(places: Iterable[ZoneSide], examined: Sequence[Examined]) -> tuple[Zone, ...]:
    """Return the zones chosen, less those that were examined only."""
    aside = {one.zone for one in examined if not one.is_treated}
    return tuple(zone for zone in zones_among(places) if zone not in aside)


def contradictions(
    examined: Iterable[Examined], answers: Mapping[str, Mapping[str, Any]]
) -> tuple[Contradiction, ...]:
    """Return what was seen and not answered: the answer is to be corrected, or the finding.

    An answer "yes" covers a zone that it names, or every zone where it names none.
    """
    found = []
    for one in examined:
        for code in one.seen:
            finding = skin_findings()[code]
            if not finding.question:
                continue
            given = answers.get(finding.question, {})
            said = str(given.get("answer", ""))
            named = given.get("zones") or [one.zone.value]
            if said != Answer.YES or one.zone.value not in named:
                found.append(Contradiction(zone=one.zone, finding=finding, answer=said))
    return tuple(found)
