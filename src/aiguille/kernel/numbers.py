"""Exact numbers in plain notation, written alike by every program that compares them."""

import re
from decimal import Decimal

# What a tablet's interpreter reads too: Python would also take "1e3", "1_000" and " 1 ".
_EXACT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


def exact(value: Decimal) -> str:
    """Return a number without trailing zeros and without an exponent."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def read_exact(text: str) -> Decimal | None:
    """Return the number that `text` writes in plain notation, None where it writes none."""
    return Decimal(text) if _EXACT.fullmatch(text) else None
