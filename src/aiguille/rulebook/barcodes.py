"""Reading a GS1 code: product, lot, dates and serial, or why it is refused.

The grammar is that of GS1's general specifications: an application identifier, then its value;
values of a fixed length follow each other directly, others end with a separator.
"""

from datetime import date

from aiguille.rulebook.book import RuleBook
from aiguille.rulebook.dates import last_day
from aiguille.rulebook.facts import Facts
from aiguille.rulebook.rulings import Ruling

SEPARATOR = "\x1d"
_PREFIXES = ("]d2", "]C1")
_FIXED = {"01": 14, "11": 6, "17": 6}
_VARIABLE = {"10": 20, "21": 20, "240": 30, "711": 20}
_KEYS = {"01": "gtin", "10": "lot", "17": "expiry", "11": "production", "21": "serial"}
_OTHER_STANDARDS = {"+": "hibc", "=": "iccbba"}


class _Malformed(ValueError):
    """The text does not follow the grammar."""


def rule_on_barcode(facts: Facts, book: RuleBook) -> Ruling:
    """Return what a code says: `gtin`, `lot`, `expiry`, `production`, `serial`.

    A refusal has a `reason` (`hibc`, `iccbba`, `malformed`, `check_digit`) and no value at all.
    An expired date is not refused here.
    """
    text, today = facts.text("text"), facts.day("today")
    reason = _OTHER_STANDARDS.get(text[:1])
    found: dict[str, str | date] = {}
    if reason is None:
        try:
            found = _read(text, today)
        except _Malformed:
            reason = "malformed"
        else:
            reason = None if has_good_check_digit(str(found["01"])) else "check_digit"
    if reason is not None:
        nothing = dict.fromkeys(_KEYS.values())
        return Ruling.of([book.finding("R18", reason)], reason=reason, **nothing)
    return Ruling.of((), **{key: found.get(identifier) for identifier, key in _KEYS.items()})


def has_good_check_digit(gtin: str) -> bool:
    """Return whether the last digit is the one that the others ask for (modulo 10)."""
    weighted = sum(int(digit) * (1 if n % 2 else 3) for n, digit in enumerate(gtin))
    return weighted % 10 == 0


def _read(text: str, today: date) -> dict[str, str | date]:
    """Return each value by its application identifier. Raises `_Malformed`."""
    rest = text
    for prefix in _PREFIXES:
        rest = rest.removeprefix(prefix) if rest == text else rest
    rest = rest.removeprefix(SEPARATOR)
    found: dict[str, str | date] = {}
    while rest:
        identifier = next(
            (known for known in (*_FIXED, *_VARIABLE) if rest.startswith(known)), None
        )
        if identifier is None or identifier in found:
            raise _Malformed
        rest = rest[len(identifier) :]
        if identifier in _FIXED:
            value, rest = rest[: _FIXED[identifier]], rest[_FIXED[identifier] :]
            rest = rest.removeprefix(SEPARATOR)
            if len(value) < _FIXED[identifier] or not (value.isascii() and value.isdigit()):
                raise _Malformed
            found[identifier] = value if identifier == "01" else _day(value, today)
        else:
            value, _, rest = rest.partition(SEPARATOR)
            is_printable = all("!" <= character <= "~" for character in value)
            if not 1 <= len(value) <= _VARIABLE[identifier] or not is_printable:
                raise _Malformed
            found[identifier] = value
    if "01" not in found:
        raise _Malformed
    return found


def _day(digits: str, today: date) -> date:
    """Return the day of YYMMDD; day 00 is the month's last. Raises `_Malformed`."""
    short, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    # A two-digit year lies at most 50 years ahead of today, and at most 49 behind.
    ahead = short - today.year % 100
    century = today.year // 100 + (-1 if ahead > 50 else 1 if ahead < -49 else 0)
    year = century * 100 + short
    try:
        return date(year, month, day or last_day(year, month))
    except ValueError as error:
        raise _Malformed from error
