"""The public holidays of a site, proposed from the `holidays` library for somebody to adopt.

The library knows countries and their parts. France's postcodes say in which part a site lies:
Alsace and Moselle have two days more, each territory overseas has days of its own.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays

from aiguille.kernel.text import Text

# By the beginning of a French postcode; the longest that fits counts.
_FRENCH_PARTS = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "GP",
    "972": "MQ",
    "973": "GY",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
    # In Guadeloupe's postcodes, but with days of their own.
    "97133": "BL",
    "97150": "MF",
}
# The library counts school zones among the parts of France, and islands without inhabitants.
_NOT_PARTS = ("Zone ", "TF")
_NAMES = {
    "57": "Moselle",
    "6AE": "Alsace",
    "GP": "Guadeloupe",
    "MQ": "Martinique",
    "GY": "Guyane",
    "RE": "La Réunion",
    "PM": "Saint-Pierre-et-Miquelon",
    "YT": "Mayotte",
    "BL": "Saint-Barthélemy",
    "MF": "Saint-Martin",
    "WF": "Wallis-et-Futuna",
    "PF": "Polynésie française",
    "NC": "Nouvelle-Calédonie",
}
# The library names these twice.
_SAME_PART = {"971": "GP", "972": "MQ", "973": "GY", "974": "RE", "976": "YT"}


@dataclass(frozen=True, slots=True)
class PublicHoliday:
    """A day off by law, with its name."""

    day: date
    name: Text


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a country with days of its own; an empty code stands for the rest of it."""

    code: str
    name: str


def part_of(*, country: str, postcode: str) -> str:
    """Return the code of the part of its country in which a postcode lies, empty for most."""
    if country != "FR":
        return ""
    fits = [start for start in _FRENCH_PARTS if postcode.replace(" ", "").startswith(start)]
    return _FRENCH_PARTS[max(fits, key=len)] if fits else ""


def parts_of(country: str) -> list[Part]:
    """Return the parts of a country that have days of their own, by name."""
    known = _supported().get(country, [])
    codes = {_SAME_PART.get(code, code) if country == "FR" else code for code in known}
    parts = [
        Part(code, _NAMES.get(code, code) if country == "FR" else code)
        for code in codes
        if not code.startswith(_NOT_PARTS)
    ]
    return sorted(parts, key=lambda part: part.name)


def public_holidays(
    *, country: str, part: str, first_day: date, last_day: date
) -> list[PublicHoliday]:
    """Return the public holidays from a day up to another, both included, in order.

    A country or a part that the library does not know has none.
    """
    if country not in _supported() or (part and part not in {p.code for p in parts_of(country)}):
        return []
    years = range(first_day.year, last_day.year + 1)
    named = {
        language: holidays.country_holidays(
            country, subdiv=part or None, years=years, language=_spoken(country, language)
        )
        for language in ("fr", "en")
    }
    return [
        PublicHoliday(
            day,
            Text(fr=_typeset(name), en=_typeset(named["en"].get(day) or name)),
        )
        for day, name in sorted(named["fr"].items())
        if first_day <= day <= last_day
    ]


def holidays_of(*, country: str, part: str) -> str:
    """Return the mark that a closure keeps of whose public holiday it is: "FR", "FR-GP"."""
    return f"{country}-{part}" if part else country


@lru_cache(maxsize=512)
def holiday_named(mark: str, day: date) -> Text | None:
    """Return the name of a public holiday by whose it is, or None where none is known."""
    country, _dash, part = mark.partition("-")
    found = public_holidays(country=country, part=part, first_day=day, last_day=day)
    return found[0].name if found else None


def _supported() -> dict[str, list[str]]:
    return holidays.list_supported_countries()


def _spoken(country: str, language: str) -> str | None:
    """Return the library's name for a language where it knows the country's days in it."""
    spoken = holidays.list_localized_countries().get(country, [])
    return next((each for each in sorted(spoken) if each.startswith(language)), None)


def _typeset(name: str) -> str:
    return name.replace("'", "’")
