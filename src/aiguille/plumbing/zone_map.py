"""The map of the face, the scalp and the body: its drawing, its zones, and what lies where on it.

A version of the map never changes once marks are kept on it: `zone_maps/<version>.toml` stays as
it is, and a better drawing is the next number.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiguille.kernel.codes import FORBIDDEN_ZONES, Side, Zone
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import ZoneSide

CURRENT = 1
CHOOSABLE = tuple(zone for zone in Zone if zone not in FORBIDDEN_ZONES)

Point = tuple[float, float]

_OTHER_SIDE = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
_COMMAND = re.compile(r"([MLCZ])([^MLCZ]*)")
_STEPS = 3  # straight pieces of a curve; the drawing's curves are short


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a zone on one side.

    `path` is in the view's units. `rings` are its outline, and its holes, as points whose
    coordinates are fractions (0 to 1) of the view's width and height.
    """

    zone_side: ZoneSide
    path: str
    rings: tuple[tuple[Point, ...], ...]

    def holds(self, x: float, y: float) -> bool:
        """Tell whether the area holds a point, given in fractions of the view."""
        return sum(_is_inside(ring, x, y) for ring in self.rings) % 2 == 1


@dataclass(frozen=True, slots=True)
class View:
    """One picture of the map; `at_left` is the patient's side that the viewer sees on the left."""

    code: str
    name: Text
    width: int
    height: int
    at_left: Side | None
    at_right: Side | None
    art: Mapping[str, tuple[str, ...]]
    areas: tuple[Area, ...]

    def area_at(self, x: float, y: float) -> Area | None:
        """Return the area that holds a point, given in fractions of the view, or None."""
        return next((area for area in self.areas if area.holds(x, y)), None)


@dataclass(frozen=True, slots=True)
class ZoneMap:
    """A version of the map."""

    version: int
    views: tuple[View, ...]

    def view(self, code: str) -> View:
        """Return a view.

        Raises:
            KeyError: the map has none of that code.
        """
        return {view.code: view for view in self.views}[code]

    def sides(self, zone: Zone) -> tuple[Side, ...]:
        """Return the sides on which a zone is drawn, in the order of the codes."""
        drawn = {
            area.zone_side.side for view in self.views for area in view.areas if _is(area, zone)
        }
        return tuple(side for side in Side if side in drawn)

    def zone_sides(self) -> tuple[ZoneSide, ...]:
        """Return every zone with each of its sides, in the order of the codes."""
        return tuple(ZoneSide(zone, side) for zone in Zone for side in self.sides(zone))


@cache
def zone_map(version: int = CURRENT) -> ZoneMap:
    """Return a version of the map.

    Raises:
        FileNotFoundError: there is no such version.
    """
    file = Path(__file__).parent / "zone_maps" / f"{version}.toml"
    raw = tomllib.loads(file.read_text("utf-8"))
    drawn = {one["code"]: one for one in raw["views"]}
    return ZoneMap(version=version, views=tuple(_view(one, drawn) for one in raw["views"]))


def _is(area: Area, zone: Zone) -> bool:
    return area.zone_side.zone is zone


def _view(raw: Mapping[str, Any], drawn: Mapping[str, Mapping[str, Any]]) -> View:
    mirrored = "mirrors" in raw
    source = drawn[raw["mirrors"]] if mirrored else raw
    width, height = raw["width"], raw["height"]

    def path_of(path: str) -> str:
        return _mirrored(path, width) if mirrored else path

    def area_of(one: Mapping[str, str]) -> Area:
        side = Side(one["side"])
        path = path_of(one["path"])
        return Area(
            zone_side=ZoneSide(
                Zone(one["zone"]), _OTHER_SIDE.get(side, side) if mirrored else side
            ),
            path=path,
            rings=tuple(
                tuple((round(x / width, 4), round(y / height, 4)) for x, y in ring)
                for ring in _flattened(path)
            ),
        )

    return View(
        code=raw["code"],
        name=Text.from_mapping(raw["name"]),
        width=width,
        height=height,
        at_left=Side(raw["at_left"]) if "at_left" in raw else None,
        at_right=Side(raw["at_right"]) if "at_right" in raw else None,
        art={kind: tuple(map(path_of, paths)) for kind, paths in source["art"].items()},
        areas=tuple(area_of(one) for one in source["areas"]),
    )


def _mirrored(path: str, width: int) -> str:
    def turned(found: re.Match[str]) -> str:
        numbers = found[2].split()
        across = [f"{width - float(x):g}" for x in numbers[::2]]
        pairs = zip(across, numbers[1::2], strict=True)
        return found[1] + " ".join(f"{x} {y}" for x, y in pairs)

    return _COMMAND.sub(turned, path)


def _flattened(path: str) -> list[list[Point]]:
    """Return the closed lines of a path, its curves cut into straight pieces."""
    rings: list[list[Point]] = []
    for command, given in _COMMAND.findall(path):
        numbers = [float(number) for number in given.split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "M":
            rings.append(points)
        elif command == "L":
            rings[-1] += points
        elif command == "C":
            start = rings[-1][-1]
            rings[-1] += [
                _on_curve((start, *points), step / _STEPS) for step in range(1, _STEPS + 1)
            ]
    return rings


def _on_curve(curve: tuple[Point, ...], t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x, y = (
        sum(weight * point[axis] for weight, point in zip(weights, curve, strict=True))
        for axis in (0, 1)
    )
    return x, y


def _is_inside(ring: tuple[Point, ...], x: float, y: float) -> bool:
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside
