"""The map of the zones: what is drawn, where each zone lies, and on whose side."""

from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.kernel.codes import FORBIDDEN_ZONES, Side, Zone
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.plumbing.zone_map import CHOOSABLE, CURRENT, View, zone_map

VIEWS = zone_map().views
MAPS = Path(__file__).parents[1] / "zone_maps"
UNIT = st.floats(0, 1, allow_nan=False)


# What each version was when it was published: marks kept on it must stay where they were put.
PUBLISHED = {
    1: "6126f0a10dc4cec69d056de706a8a6b851b01a0e6b9ba92e276d0c7a7c780585",
}


def test_a_published_version_never_changes() -> None:
    files = {int(file.stem): file for file in MAPS.glob("*.toml")}
    found = {number: sha256(file.read_bytes()).hexdigest() for number, file in files.items()}
    assert found == PUBLISHED
    assert max(found) == CURRENT


def middle(view: View, zone: Zone, side: Side) -> float:
    """Return how far from the left an area lies, in fractions of the view."""
    found = next(area for area in view.areas if area.zone_side == ZoneSide(zone, side))
    across = [x for x, _y in found.rings[0]]
    return (min(across) + max(across)) / 2


def test_every_zone_that_is_ever_treated_is_drawn_and_no_forbidden_one() -> None:
    drawn = {one.zone for one in zone_map().zone_sides()}
    assert drawn == set(CHOOSABLE)
    assert not drawn & FORBIDDEN_ZONES


def test_a_zone_is_drawn_on_both_sides_or_in_the_middle_alone() -> None:
    for zone in CHOOSABLE:
        sides = set(zone_map().sides(zone))
        assert sides == {Side.MIDLINE} or {Side.LEFT, Side.RIGHT} <= sides, zone


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.code)
def test_an_area_lies_within_its_view_and_apart_from_the_others(view: View) -> None:
    for area in view.areas:
        assert all(0 <= x <= 1 and 0 <= y <= 1 for ring in area.rings for x, y in ring)
    steps = [(n + 0.5) / 120 for n in range(120)]
    held = Counter(sum(area.holds(x, y) for area in view.areas) for x in steps for y in steps)
    # Neighbours share a line: no more than what rounding it leaves may count twice.
    assert sum(count for areas, count in held.items() if areas > 1) < 0.002 * held.total()
    assert held[1] > 0.05 * held.total()


@pytest.mark.parametrize("code", ["face_front", "body_front", "body_back", "scalp"])
def test_the_letters_stand_on_the_patients_own_sides(code: str) -> None:
    view = zone_map().view(code)
    zone = {"face_front": Zone.CHEEK, "scalp": Zone.SCALP}.get(code, Zone.HAND_DORSUM)
    left_is_left = middle(view, zone, Side.LEFT) < middle(view, zone, Side.RIGHT)
    assert (view.at_left, view.at_right) == (
        (Side.LEFT, Side.RIGHT) if left_is_left else (Side.RIGHT, Side.LEFT)
    )
    # Facing the patient, their right is on the left; from behind or above, it is not.
    assert left_is_left == (code in {"body_back", "scalp"})


@given(x=UNIT, y=UNIT)
def test_the_right_side_of_the_face_is_the_left_one_reflected(x: float, y: float) -> None:
    left = zone_map().view("face_left").area_at(x, y)
    right = zone_map().view("face_right").area_at(1 - x, y)
    turned = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
    if left is None or right is None:
        assert left is right or _is_near_an_edge(x, y)
    elif left.zone_side.zone is right.zone_side.zone:
        side = left.zone_side.side
        assert right.zone_side.side is turned.get(side, side)
    else:
        assert _is_near_an_edge(x, y)


def _is_near_an_edge(x: float, y: float) -> bool:
    view = zone_map().view("face_left")
    return any(
        abs(x - px) < 0.02 and abs(y - py) < 0.02
        for area in view.areas
        for ring in area.rings
        for px, py in _dense(ring)
    )


def _dense(ring: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    return [
        (x1 + (x2 - x1) * n / 12, y1 + (y2 - y1) * n / 12)
        for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True)
        for n in range(12)
    ]


def test_the_middle_of_an_eye_belongs_to_no_zone() -> None:
    view = zone_map().view("face_front")
    around = next(a for a in view.areas if a.zone_side == ZoneSide(Zone.PERIORBITAL, Side.LEFT))
    hole = around.rings[1]
    x, y = (sum(point[axis] for point in hole) / len(hole) for axis in (0, 1))
    assert view.area_at(x, y) is None
