"""Long lists drawn in one go: a template costs as much for each of a hundred lines as for a page."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.utils.safestring import SafeString

from aiguille.plumbing.components.shapes import SlotChoice


def select(field: BoundField, attributes: dict[str, Any]) -> SafeString:
    """Return a drop-down list as Django's own template draws it; grouped choices are left to it."""
    widget = field.field.widget
    assert isinstance(widget, forms.Select)
    choices = list(widget.choices)
    if any(isinstance(label, list | tuple) for _value, label in choices):
        return field.as_widget(attrs=attributes)
    given = field.build_widget_attrs(attributes, widget)
    if field.auto_id and "id" not in widget.attrs:
        given.setdefault("id", field.auto_id)
    chosen = frozenset(widget.format_value(field.value()))
    options = _options(tuple([(str(value or ""), str(label)) for value, label in choices]), chosen)
    shown = flatatt(widget.build_attrs(widget.attrs, given))
    return SafeString(f'<select name="{escape(field.html_name)}"{shown}>{options}</select>')


@lru_cache(maxsize=32)
def _options(choices: tuple[tuple[str, str], ...], chosen: frozenset[str]) -> str:
    """Return the choices as they are in the list: a clinic's hundred doctors on every page."""
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value in chosen else ""}>'
        f"{escape(label)}</option>"
        for value, label in choices
    )


def slot_starts(
    starts: Iterable[SlotChoice], *, name: str, spoken: str, chosen: str = ""
) -> SafeString:
    """Return a list's items: a button for each free start, named by its time and its day."""
    before = f'<li><button class="slot" type="submit" name="{escape(name)}" value="'
    after = f'<span class="sr-only"> {escape(spoken)}</span></button></li>'
    return SafeString(
        "".join(
            f'{before}{escape(start.value)}"'
            f"{_PRESSED if start.value == chosen else ''}>{escape(str(start.label))}"
            f"{f'<small>{escape(str(start.hint))}</small>' if start.hint else ''}{after}"
            for start in starts
        )
    )


_PRESSED = ' aria-pressed="true"'
