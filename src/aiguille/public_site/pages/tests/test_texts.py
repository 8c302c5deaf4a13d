import re
from collections.abc import Iterator
from typing import Any

import pytest

from aiguille.kernel.text import Text
from aiguille.public_site.pages.texts import page_texts
from aiguille.rulebook.book import load_rulebook

every_file = pytest.mark.parametrize(
    "page", ["home", "prices", "sites", "practitioners", "legal", "privacy"]
)


def texts(value: Any) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry)
    elif isinstance(value, dict):
        for entry in value.values():
            yield from texts(entry)


@every_file
def test_every_page_has_what_search_engines_show(page: str) -> None:
    for text in (page_texts(page)["title"], page_texts(page)["description"]):
        assert isinstance(text, Text)
    assert all(len(text) <= 170 for text in page_texts(page)["description"].as_dict().values())


@every_file
def test_french_is_set_as_french_is_printed(page: str) -> None:
    found = list(texts(page_texts(page)))
    assert found
    for text in found:
        assert not re.search(r"'| [:;?!»]|« ", text.fr), text.fr
        assert "'" not in text.en, text.en


def test_what_the_law_says_of_prices_has_its_source() -> None:
    for note in page_texts("prices")["note"]:
        assert set(note["sources"]) <= set(load_rulebook().sources)
