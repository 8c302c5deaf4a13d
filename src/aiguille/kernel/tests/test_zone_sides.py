"""Zones with their sides, as they are posted, kept and said."""

import pytest

from aiguille.kernel.codes import Side, Zone
from aiguille.kernel.zone_sides import ZoneSide, sides_in_words, zones_among

EVERY = [ZoneSide(zone, side) for zone in Zone for side in Side]


def test_a_zone_with_its_side_is_read_back_from_a_form_and_from_a_record() -> None:
    for one in EVERY:
        assert ZoneSide.from_code(one.code) == one
        assert ZoneSide.from_stored(one.stored) == one


@pytest.mark.parametrize("code", ["", "CHEEK", "CHEEK:", "CHEEK:LEFT", "ELBOW:left", "CHEEK:left:"])
def test_what_is_no_zone_or_side_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="not a valid"):
        ZoneSide.from_code(code)


def test_zones_stand_once_in_the_order_of_the_codes() -> None:
    assert zones_among([ZoneSide(Zone.NOSE, Side.MIDLINE), *EVERY[:6]]) == (
        Zone.FOREHEAD,
        Zone.TEMPLE,
        Zone.NOSE,
    )


def test_sides_are_said_after_their_zone() -> None:
    chosen = [
        ZoneSide(Zone.NOSE, Side.MIDLINE),
        ZoneSide(Zone.CHEEK, Side.RIGHT),
        ZoneSide(Zone.CHEEK, Side.LEFT),
    ]
    assert [words.fr for words in sides_in_words(chosen)] == ["Nez", "Joue (gauche, droite)"]
    assert [words.en for words in sides_in_words(chosen)] == ["Nose", "Cheek (left, right)"]
