"""Public holidays: each part of France has its own, other countries theirs."""

from datetime import date

import pytest

from aiguille.clinics.public_holidays import (
    holiday_named,
    holidays_of,
    part_of,
    parts_of,
    public_holidays,
)
from aiguille.kernel.text import Text

YEAR = {"first_day": date(2027, 1, 1), "last_day": date(2027, 12, 31)}


@pytest.mark.parametrize(
    ("postcode", "part", "own", "name"),
    [
        ("69002", "", None, ""),
        ("67000", "6AE", date(2027, 12, 26), "Saint-Étienne"),
        ("57 000", "57", date(2027, 12, 26), "Saint-Étienne"),
        ("97400", "RE", date(2027, 12, 20), "Abolition de l’esclavage"),
        ("97300", "GY", date(2027, 6, 10), "Abolition de l’esclavage"),
        ("98800", "NC", date(2027, 9, 24), "Fête de la Citoyenneté"),
        ("97110", "GP", date(2027, 5, 27), "Abolition de l’esclavage"),
        ("97150", "MF", date(2027, 5, 28), "Abolition de l’esclavage"),
        ("97133", "BL", date(2027, 10, 9), "Abolition de l’esclavage"),
    ],
)
def test_a_postcode_says_whose_days_count(
    postcode: str, part: str, own: date | None, name: str
) -> None:
    assert part_of(country="FR", postcode=postcode) == part
    days = {each.day: each.name for each in public_holidays(country="FR", part=part, **YEAR)}
    assert days[date(2027, 5, 1)].fr == "Fête du Travail"
    assert len(days) == 11 or own is not None
    if own:
        assert days[own].fr == name
        assert own not in {each.day for each in public_holidays(country="FR", part="", **YEAR)}


def test_days_come_in_order_within_their_bounds_in_both_languages() -> None:
    found = public_holidays(
        country="FR", part="", first_day=date(2026, 12, 25), last_day=date(2027, 1, 1)
    )

    assert [(each.day, each.name.fr, each.name.en) for each in found] == [
        (date(2026, 12, 25), "Noël", "Christmas Day"),
        (date(2027, 1, 1), "Jour de l’an", "New Year’s Day"),
    ]


@pytest.mark.parametrize("country", ["CA", "PT", "AU", "BE", "RE", "NC"])
def test_other_countries_have_theirs(country: str) -> None:
    assert public_holidays(country=country, part="", **YEAR)


@pytest.mark.parametrize(("country", "part"), [("XX", ""), ("FR", "nowhere"), ("", "")])
def test_what_the_calendar_does_not_know_has_none(country: str, part: str) -> None:
    assert public_holidays(country=country, part=part, **YEAR) == []


def test_a_day_is_named_by_whose_it_is_for_each_reader() -> None:
    mark = holidays_of(country="FR", part="GP")
    name = holiday_named(mark, date(2027, 5, 27))

    assert mark == "FR-GP"
    assert name == Text(fr="Abolition de l’esclavage", en="Abolition of Slavery")
    assert holiday_named("FR", date(2027, 5, 27)) is None
    assert holiday_named("XX-nowhere", date(2027, 1, 1)) is None


def test_school_zones_and_empty_islands_are_no_parts() -> None:
    parts = {part.code: part.name for part in parts_of("FR")}

    assert parts["RE"] == "La Réunion"
    assert not {"Zone A", "TF", "974"} & set(parts)
    assert parts_of("XX") == []
