"""Inline icons, drawn with the colour of the text around them."""

import json
from functools import cache
from pathlib import Path
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_FILE: Final = Path(__file__).with_name("icons.json")


@cache
def shapes() -> dict[str, str]:
    """Return the inner drawing of each icon, by name."""
    drawn: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))["icons"]
    return drawn


def draw(name: str, *, size: str, label: str = "") -> SafeString:
    """Return the `<svg>` of an icon; without a label it is hidden from screen readers.

    Raises:
        KeyError: there is no such icon; names are listed in docs/components.md.
    """
    # The drawings are a file of this package, written by `npm run icons`.
    inner = mark_safe(shapes()[name])  # noqa: S308
    named = format_html('role="img" aria-label="{}"', label)
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="{}" height="{}" {}>{}</svg>',
        size,
        size,
        named if label else mark_safe('aria-hidden="true"'),
        inner,
    )
