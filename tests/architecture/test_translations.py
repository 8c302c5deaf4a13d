"""What the French catalogue promises: the variables of the English, and French typography."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages import Message
from babel.messages.pofile import read_po
from django.utils.formats import date_format, get_format
from django.utils.translation import gettext, ngettext, override

CATALOGUE = Path(__file__).resolve().parents[2] / "src/aiguille/locale/fr/LC_MESSAGES/django.po"
with CATALOGUE.open("rb") as file:
    MESSAGES = [message for message in read_po(file, locale="fr") if message.id]
# Babel compares the variables only where a message carries its flag.
VARIABLE = re.compile(r"%\(\w+\)[a-z]|%[sd]")
# Without the no-break space, a line could begin with the mark; "14:30" and addresses are not marks.
LOOSE_MARK = re.compile(r"(?<!\xa0)[:;?!»](?=\s|$)|«(?!\xa0)")
STRAIGHT = re.compile(r"['\"]|\.\.\.")


def forms(texts: object) -> list[str]:
    return [str(each) for each in texts] if isinstance(texts, (tuple, list)) else [str(texts)]


def variables(texts: object) -> set[str]:
    # Of all the forms together: “in one minute” may do without the number that the plural says.
    return {found for form in forms(texts) for found in VARIABLE.findall(form)}


def faulty(fault: re.Pattern[str]) -> list[str]:
    return [form for m in MESSAGES for form in forms(m.string) if fault.search(form)]


def outer_space(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def keeps_its_edges(message: Message) -> bool:
    edges = [outer_space(each) for each in forms(message.id)]
    return all(outer_space(each) == edges[0] for each in forms(message.string))


def test_a_translation_has_the_variables_of_its_text():
    assert [m.id for m in MESSAGES if variables(m.id) != variables(m.string)] == []


def test_a_translation_begins_and_ends_with_the_space_of_its_text():
    assert [m.id for m in MESSAGES if not keeps_its_edges(m)] == []


def test_no_mark_can_begin_a_line():
    assert faulty(LOOSE_MARK) == []


def test_apostrophes_and_quotation_marks_are_typographic():
    assert faulty(STRAIGHT) == []


def test_the_catalogue_is_compiled_and_read():
    with override("fr"):
        assert gettext("Verdict") == "Avis médical"
        # French counts nothing in the singular.
        assert ngettext("%(n)s unit", "%(n)s units", 0) == "%(n)s unité"
    with override("en"):
        assert gettext("Verdict") == "Verdict"


@pytest.mark.parametrize(
    ("language", "day", "instant"),
    [
        ("fr", "5 octobre 2026", "5 octobre 2026 à 14:30"),
        ("en", "5 October 2026", "5 October 2026 at 14:30"),
    ],
)
def test_both_languages_put_the_day_first_and_count_24_hours(language, day, instant):
    at = datetime(2026, 10, 5, 14, 30, tzinfo=UTC)
    with override(language):
        assert date_format(at, "DATE_FORMAT") == day
        assert date_format(at, "DATETIME_FORMAT") == instant
        assert date_format(at, "SHORT_DATE_FORMAT") == "05/10/2026"
        assert date_format(at, "SHORT_DATETIME_FORMAT") == "05/10/2026 14:30"
        assert "%m/%d/%Y" not in get_format("DATE_INPUT_FORMATS")
