"""Zones chosen on a picture: real check boxes, and a picture that ticks them."""

import re
from pathlib import Path

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Template
from django.utils import translation

from aiguille.kernel.codes import Side, Zone
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.plumbing.components.zones import ZonesField, zone_sides_of
from aiguille.plumbing.zone_map import zone_map

STYLES = Path(__file__).parents[5] / "frontend/styles/zones.css"
CODES = [one.code for one in zone_map().zone_sides()]


class MapForm(forms.Form):
    zones = ZonesField(label="Zones")


def shown(form: forms.Form, language: str = "en") -> str:
    with translation.override(language):
        source = '{% load ui %}{% ui "zone_map" field=form.zones %}'
        return Template(source).render(Context({"form": form}))


def test_every_zone_and_side_is_a_check_box_that_the_picture_ticks() -> None:
    page = shown(MapForm(initial={"zones": ["CHEEK:left"]}))
    boxes = dict(
        re.findall(r'<input type="checkbox" name="zones" value="([^"]+)"[^>]*id="([^"]+)"', page)
    )
    assert list(boxes) == CODES
    assert set(re.findall(r'<label class="zone-tap" for="([^"]+)"', page)) == set(boxes.values())
    assert re.findall(r'value="([^"]+)"[^>]*checked', page) == ["CHEEK:left"]


def test_what_is_ticked_shows_on_the_picture_by_a_rule_for_each() -> None:
    styles = STYLES.read_text()
    for state in ("checked", "focus-visible"):
        rules = re.findall(rf'\[value="([^"]+)"\]:{state}\) \[data-zone="([^"]+)"\]', styles)
        assert rules == [(code, code) for code in CODES]


def test_a_screen_reader_hears_each_box_once_with_its_zone_and_side() -> None:
    page = shown(MapForm(), "fr")
    assert '<span class="sr-only">Joue, </span>Gauche' in page
    assert page.count("<label") == page.count('<label class="zone-tap"') + len(CODES)
    taps = re.findall(r"<label class=\"zone-tap\"[^>]*>", page)
    assert all('aria-hidden="true"' in tap for tap in taps)


def test_only_the_zones_offered_are_shown_and_taken() -> None:
    form = MapForm(QueryDict("zones=CHEEK:left&zones=BACK:midline"))
    field = form.fields["zones"]
    assert isinstance(field, ZonesField)
    field.offer([Zone.CHEEK, Zone.EYELID])
    page = shown(form)
    assert "Back" not in page
    assert "body_back" not in page
    assert not form.is_valid()
    whole = MapForm().fields["zones"]
    assert isinstance(whole, ZonesField)
    assert whole.codes == tuple(CODES)


@pytest.mark.parametrize(
    ("posted", "cleaned"),
    [
        ("zones=NOSE:midline&zones=CHEEK:right", ["NOSE:midline", "CHEEK:right"]),
        ("zones=CHEEK:right&zones=CHEEK:left&zones=CHEEK:right", ["CHEEK:left", "CHEEK:right"]),
        ("zones=NOSE:left", None),
        ("zones=EYELID:left", None),
        ("zones=<script>", None),
        ("", None),
    ],
)
def test_codes_are_cleaned_into_the_maps_order(posted: str, cleaned: list[str] | None) -> None:
    form = MapForm(QueryDict(posted))
    assert form.is_valid() == (cleaned is not None)
    assert form.cleaned_data.get("zones") == cleaned
    if cleaned:
        assert [one.code for one in zone_sides_of(cleaned)] == cleaned


def test_a_shown_map_says_and_draws_what_was_chosen() -> None:
    zones = [ZoneSide(Zone.CHEEK, Side.LEFT), ZoneSide(Zone.BACK, Side.MIDLINE)]
    with translation.override("en"):
        page = Template('{% load ui %}{% ui "zones_shown" zones=zones %}').render(
            Context({"zones": zones})
        )
    assert "Cheek (left), Back" in page
    assert re.findall(r'data-view="(\w+)"', page) == ["face_front", "face_left", "body_back"]
    assert page.count('class="is-chosen"') == 3
    assert "<label" not in page
