"""A text in both languages: French marks stay with their words, English ones are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.kernel.text import Text, one_line

MARKS = "«»:;?! aé.\u00a0\n"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Une question ?", "Une question\u00a0?"),
        ("Vrai ! Non ; oui : « voilà ».", "Vrai\u00a0! Non\u00a0; oui\u00a0: «\u00a0voilà\u00a0»."),
        ("(« Ah ! »)", "(«\u00a0Ah\u00a0!\u00a0»)"),
        ("À 14:30, voir https://example.org/?a=b", "À 14:30, voir https://example.org/?a=b"),
        ("Déjà\u00a0: tenu", "Déjà\u00a0: tenu"),
        ("{first} à {last} : rien", "{first} à {last}\u00a0: rien"),
    ],
)
def test_french_marks_are_tied_to_their_words(typed: str, kept: str) -> None:
    assert Text(fr=typed, en="x").fr == kept
    assert Text.from_mapping({"fr": typed, "en": "x"}).as_dict() == {"fr": kept, "en": "x"}


@given(st.text(MARKS), st.text(MARKS))
def test_nothing_else_changes_and_writing_twice_is_writing_once(fr: str, en: str) -> None:
    text = Text(fr=fr, en=en)
    assert text.fr.replace("\u00a0", " ") == fr.replace("\u00a0", " ")
    assert text.en == en
    assert Text(fr=text.fr, en=text.en) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("My calendar", "My calendar"),
        ("  two\r\nlines\tand  more ", "two lines and more"),
        ("bell\x07and\u2028separator\x00", "bell and separator"),
        ("été à l’hôpital", "été à l’hôpital"),
        (" \n ", ""),
        ("twelve letters", "twelve"),
    ],
)
def test_one_line_shows_what_can_be_seen(text: str, shown: str) -> None:
    assert one_line(text, most=7 if text.startswith("twelve") else 40) == shown
