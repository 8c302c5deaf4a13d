"""Charts of the figures: bars as SVG, with a title and a description for who does not see them."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log10
from typing import Any

Figure = Mapping[str, Any]

LEFT, WIDTH, RIGHT, HEIGHT, TOP = 470, 360, 110, 22, 58
# Ours, and what we are held against; told apart by the words as well, and by the pattern.
OURS, OTHERS, INK, PAPER = "#2f6a62", "#a35b2a", "#1f2a2a", "#ffffff"


def charts(figures: Sequence[Figure]) -> dict[str, str]:
    """Return the charts by name: all medians in milliseconds, and what is counted by the second."""
    groups = {
        "latest": ("Medians in milliseconds: shorter is better", "ms median", "ms"),
        "throughput": ("By the second: longer is better", "per s", "per s"),
    }
    found = {}
    for name, (title, unit, shown) in groups.items():
        rows = [row for row in figures if row["unit"] == unit and row["value"] > 0]
        if rows:
            found[name] = bar_chart(
                title, [(_label(row), row["value"], is_ours(row)) for row in rows], shown
            )
    return found


def is_ours(row: Figure) -> bool:
    """Tell whether a figure is of Aiguille, not of a floor or of another program."""
    return not str(row["name"]).startswith(("floor:", "django-appointment"))


def bar_chart(title: str, bars: Sequence[tuple[str, float, bool]], unit: str) -> str:
    """Return bars (label, value above zero, whether it is ours) on a logarithmic scale, as SVG."""
    least = min(value for _label, value, _ours in bars) / 2
    most = max(value for _label, value, _ours in bars)
    drawn = []
    for number, (label, value, ours) in enumerate(bars):
        length = WIDTH * log10(value / least) / log10(most / least)
        top = TOP + number * HEIGHT
        drawn.append(
            f'<text x="{LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{LEFT}" y="{top + 3}" width="{length:.1f}" height="{HEIGHT - 7}"'
            f' fill="{OURS if ours else "url(#others)"}"/>'
            f'<text x="{LEFT + length + 6:.1f}" y="{top + 14}">{value:g} {escape(unit)}</text>'
        )
    told = "; ".join(f"{label}: {value:g} {unit}" for label, value, _ours in bars)
    width, height = LEFT + WIDTH + RIGHT, TOP + len(bars) * HEIGHT + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-labelledby="title desc" lang="en"'
        f' font-family="sans-serif" font-size="12" fill="{INK}">'
        f'<title id="title">{escape(title)}</title>'
        f'<desc id="desc">Bars on a logarithmic scale. {escape(told)}.</desc>'
        '<defs><pattern id="others" width="6" height="6" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><rect width="6" height="6" fill="{PAPER}"/>'
        f'<rect width="4" height="6" fill="{OTHERS}"/></pattern></defs>'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        f'<text x="10" y="20" font-weight="bold">{escape(title)}, logarithmic scale</text>'
        f'<rect x="10" y="31" width="14" height="12" fill="{OURS}"/><text x="30" y="41">Aiguille</text>'
        f'<rect x="110" y="31" width="14" height="12" fill="url(#others)"/>'
        '<text x="130" y="41">floors and other programs</text>'
        f"{''.join(drawn)}</svg>\n"
    )


def _label(row: Figure) -> str:
    said = " ".join(
        name if value is True else f"{name}={value}"
        for name, value in row["params"].items()
        if value is not False
    )
    return f"{row['name']} {said}".strip()
