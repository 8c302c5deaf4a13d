"""The picture of the zones: a form's field whose check boxes are chosen on it, and a shown one."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from aiguille.kernel.codes import Side, Zone
from aiguille.kernel.labels import label
from aiguille.kernel.zone_sides import ZoneSide, sides_in_words
from aiguille.plumbing.zone_map import CHOOSABLE, CURRENT, Area, View, zone_map


class ZonesField(forms.MultipleChoiceField):
    """Zones with their sides, posted as "CHEEK:left"; `{% ui "zone_map" field=… %}` shows it.

    Its cleaned value is a list of codes in the map's order; `zone_sides_of` reads them.
    """

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, zones: Iterable[str] = CHOOSABLE, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offer(zones)

    def offer(self, zones: Iterable[str]) -> None:
        """Let only these zones be chosen."""
        offered = set(zones)
        found = [
            one
            for one in zone_map(CURRENT).zone_sides()
            if one.zone in offered and one.zone in CHOOSABLE
        ]
        self.codes = tuple([one.code for one in found])
        self.choices = [(one.code, _said(one)) for one in found]

    def clean(self, value: Any) -> list[str]:
        """Return the codes that were chosen, each once, in the map's order."""
        chosen = set(super().clean(value))
        return [code for code in self.codes if code in chosen]


def zone_sides_of(codes: Iterable[str]) -> tuple[ZoneSide, ...]:
    """Read the cleaned value of a `ZonesField`."""
    return tuple(map(ZoneSide.from_code, codes))


def boxes_for(field: BoundField, language: str) -> SafeString:
    """Draw a `ZonesField`'s check boxes by zone, those chosen ticked."""
    assert isinstance(field.field, ZonesField)
    drawn = _boxes(field.field.codes, field.html_name, str(field.auto_id), language)
    for code in field.value() or ():
        if code in field.field.codes:
            drawn = drawn.replace(f'value="{code}"', f'value="{code}" checked', 1)
    return SafeString(drawn)


def picture_for(field: BoundField, language: str) -> SafeString:
    """Draw the views on which the field's zones lie; each area is a label of its check box."""
    assert isinstance(field.field, ZonesField)
    return _choosing(field.field.codes, str(field.auto_id), language)


def picture_of(chosen: Iterable[ZoneSide], language: str, *, version: int = CURRENT) -> SafeString:
    """Draw the views on which something is chosen, to be looked at."""
    return _shown(frozenset(chosen), language, version)


@lru_cache(maxsize=64)
def _choosing(codes: tuple[str, ...], field_id: str, language: str) -> SafeString:
    boxes = {ZoneSide.from_code(code): f"{field_id}_{n}" for n, code in enumerate(codes)}
    return SafeString(
        "".join(
            _figure(
                view,
                language,
                [
                    f'data-zone="{area.zone_side.code}"' if area.zone_side in boxes else ""
                    for area in view.areas
                ],
                "".join(
                    _tap(area, boxes[area.zone_side], language)
                    for area in view.areas
                    if area.zone_side in boxes
                ),
            )
            for view in zone_map(CURRENT).views
            if any(area.zone_side in boxes for area in view.areas)
        )
    )


@lru_cache(maxsize=64)
def _boxes(codes: tuple[str, ...], name: str, field_id: str, language: str) -> str:
    sides: dict[Zone, list[tuple[Side, str]]] = {}
    for number, code in enumerate(codes):
        one = ZoneSide.from_code(code)
        box = (
            f'<input type="checkbox" name="{escape(name)}" value="{code}" class="checkbox"'
            f' id="{escape(field_id)}_{number}">'
        )
        sides.setdefault(one.zone, []).append((one.side, box))
    return "".join(_row(zone, found, language) for zone, found in sides.items())


def _row(zone: Zone, boxes: Sequence[tuple[Side, str]], language: str) -> str:
    """Draw a zone's check boxes; one that is drawn on one side only carries the zone's name."""
    name = escape(label(zone).in_language(language))
    if len(boxes) == 1:
        chip = f'<label class="zone-chip zone-alone">{boxes[0][1]}<span>{name}</span></label>'
        return f'<div class="zone-row">{chip}</div>'
    chips = "".join(
        f'<label class="zone-chip">{box}<span><span class="sr-only">{name}, </span>'
        f"{escape(_word(side, language))}</span></label>"
        for side, box in boxes
    )
    return (
        f'<div class="zone-row"><span class="zone-name" aria-hidden="true">{name}</span>'
        f'<span class="zone-sides">{chips}</span></div>'
    )


@lru_cache(maxsize=256)
def _shown(chosen: frozenset[ZoneSide], language: str, version: int) -> SafeString:
    return SafeString(
        "".join(
            _figure(
                view,
                language,
                ['class="is-chosen"' if area.zone_side in chosen else "" for area in view.areas],
                "",
            )
            for view in zone_map(version).views
            if any(area.zone_side in chosen for area in view.areas)
        )
    )


def _figure(view: View, language: str, marks: Sequence[str], taps: str) -> str:
    """Draw a view: its areas, each with its mark, under the lines, under what is tapped."""
    areas = "".join(
        f'<path {mark} d="{area.path}"/>'
        for area, mark in zip(view.areas, marks, strict=True)
        if mark
    )
    lines = "".join(
        f'<path class="zone-{kind}" d="{path}"/>'
        for kind, paths in view.art.items()
        for path in paths
    )
    sides = "".join(
        f'<text class="zone-side" x="{x}" y="30"{anchor}>{escape(_word(side, language)[0])}</text>'
        for side, x, anchor in (
            (view.at_left, 8, ""),
            (view.at_right, view.width - 8, ' text-anchor="end"'),
        )
        if side is not None
    )
    return (
        f'<figure class="zone-view" data-view="{view.code}">'
        f'<div><svg viewBox="0 0 {view.width} {view.height}" aria-hidden="true">'
        f'<g class="zone-areas">{areas}</g>{lines}{sides}</svg>{taps}</div>'
        f"<figcaption>{escape(view.name.in_language(language))}</figcaption></figure>"
    )


def _tap(area: Area, box: str, language: str) -> str:
    one = area.zone_side
    said = " ".join(words.in_language(language) for words in sides_in_words([one]))
    return (
        f'<label class="zone-tap" for="{escape(box)}" title="{escape(said)}" aria-hidden="true"'
        f' style="clip-path:polygon(evenodd,{_polygon(area)})"></label>'
    )


def _polygon(area: Area) -> str:
    """Return the outline as one line; a hole is reached from its first point and left by it."""
    first = area.rings[0]
    points = [*first, first[0]]
    for hole in area.rings[1:]:
        points += [*hole, hole[0], first[0]]
    return ",".join(f"{100 * x:.1f}% {100 * y:.1f}%" for x, y in points)


def _name(one: ZoneSide) -> str:
    """Return a zone and its side in the language of the page that is being made."""
    return " ".join(words.in_language(get_language() or "fr") for words in sides_in_words([one]))


_said = lazy(_name, str)


def _word(side: Side, language: str) -> str:
    return label(side).in_language(language)
