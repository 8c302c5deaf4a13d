"""Names, numbers, dates and searches, as people type them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.patients import rules
from aiguille.plumbing.phones import show_phone


class TestNames:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("Martin", "Martin"),
            ("  d’Aubigné ", "d’Aubigné"),
            ("O'Neil", "O'Neil"),
            ("Le  Goff", "Le Goff"),
            ("Anne-Sophie", "Anne-Sophie"),
            ("Ngô Thị", "Ngô Thị"),
            ("Jean Jr.", "Jean Jr."),
            ("e\u0301lise", "élise"),
        ],
    )
    def test_are_kept_as_written(self, typed: str, kept: str) -> None:
        assert rules.clean_name(typed, field="birth_name") == kept

    @pytest.mark.parametrize(
        "typed",
        ["", "   ", "<b>Anna</b>", "Anna1", "-", "'", "a" * 101, "Anna\x00", "😀", "{{7}}", "@"],
    )
    def test_that_are_none_are_refused_beside_the_field(self, typed: str) -> None:
        with pytest.raises(rules.NameInvalid) as refused:
            rules.clean_name(typed, field="birth_name")

        assert refused.value.field == "birth_name"

    def test_that_are_optional_may_be_empty(self) -> None:
        assert rules.clean_name(" ", field="used_name", required=False) == ""

    @pytest.mark.parametrize(
        ("names", "key"),
        [
            (("Lefèvre", "Marc"), " lefevre marc"),
            (("d’Aubigné", "Anne-Sophie", ""), " d aubigne anne sophie"),
            (("ŒUVRARD", "Jörg"), " œuvrard jorg"),
            (("Straße",), " strasse"),
            (("𝚨𝐍𝐍𝐀",), " αnna"),
        ],
    )
    def test_are_compared_without_accents(self, names: tuple[str, ...], key: str) -> None:
        assert rules.name_key(*names) == key

    @given(st.text(max_size=40))
    def test_have_a_key_that_is_its_own_key(self, text: str) -> None:
        key = rules.name_key(text)

        assert rules.name_key(key) == key


class TestPhones:
    @pytest.mark.parametrize(
        ("typed", "kept", "shown"),
        [
            ("06 12 34 56 78", "+33612345678", "06 12 34 56 78"),
            ("06.12.34.56.78", "+33612345678", "06 12 34 56 78"),
            ("+33 6 12 34 56 78", "+33612345678", "06 12 34 56 78"),
            ("0033612345678", "+33612345678", "06 12 34 56 78"),
            ("+44 7400 123456", "+447400123456", "+44 7400 123456"),
        ],
    )
    def test_are_kept_in_one_form(self, typed: str, kept: str, shown: str) -> None:
        assert rules.clean_phone(typed) == kept
        assert show_phone(kept) == shown

    @pytest.mark.parametrize("typed", ["12", "abc", "06 12 34", "+999 1234567", "<script>"])
    def test_that_are_none_are_refused(self, typed: str) -> None:
        with pytest.raises(rules.PhoneInvalid):
            rules.clean_phone(typed)

    def test_may_be_missing_unless_required(self) -> None:
        assert rules.clean_phone("") == show_phone("") == ""
        with pytest.raises(rules.PhoneInvalid):
            rules.clean_phone("", required=True)


class TestBirthDates:
    TODAY = date(2026, 3, 2)

    @pytest.mark.parametrize("born", [date(2026, 3, 2), date(1901, 1, 1), date(2000, 2, 29)])
    def test_of_the_living_pass(self, born: date) -> None:
        assert rules.check_birth_date(born, today=self.TODAY) == born

    @pytest.mark.parametrize("born", [date(2026, 3, 3), date(1900, 12, 31), date(1, 1, 1)])
    def test_to_come_or_too_old_are_refused(self, born: date) -> None:
        with pytest.raises(rules.BirthDateInvalid):
            rules.check_birth_date(born, today=self.TODAY)


# Nobody who searches says which century.
_DECADES = (date(1988, 3, 12), date(2088, 3, 12))


class TestSearches:
    @pytest.mark.parametrize(
        ("typed", "understood"),
        [
            ("mar", rules.Search(words=("mar",))),
            ("Hélène d'Aub", rules.Search(words=("helene", "aub"))),
            ("06 12 34", rules.Search(digits="061234")),
            ("+33 6 12", rules.Search(digits="33612")),
            ("10001", rules.Search(digits="10001")),
            ("03/04/1988", rules.Search(born=(date(1988, 4, 3),))),
            ("3.4.1988", rules.Search(born=(date(1988, 4, 3),))),
            ("3 4 1988", rules.Search(born=(date(1988, 4, 3),))),
            ("1988-04-03 mar", rules.Search(born=(date(1988, 4, 3),), words=("mar",))),
            ("12.3.88", rules.Search(born=_DECADES)),
            ("mar 12/03/88", rules.Search(born=_DECADES, words=("mar",))),
            ("29/02/00", rules.Search(born=(date(2000, 2, 29),))),  # 1900 had no 29 February
            ("31/02/1988", rules.Search(digits="31021988")),
            ("31.02.88", rules.Search(digits="310288")),
            ("06.12.34.56.78", rules.Search(digits="0612345678")),
            ("06 12 34 56 78", rules.Search(digits="0612345678")),
            ("+33.6.12.34", rules.Search(digits="3361234")),
            ("anna@example.net", rules.Search(email="anna@example.net")),
            ("a", rules.Search()),
            ("", rules.Search()),
            ("%_'\"", rules.Search()),
        ],
    )
    def test_are_understood(self, typed: str, understood: rules.Search) -> None:
        assert rules.read_search(typed) == understood

    @given(st.text(max_size=300))
    def test_never_fail(self, text: str) -> None:
        found = rules.read_search(text)

        assert all(len(word) >= 2 for word in found.words)
        assert found.digits == "" or len(found.digits) >= 3

    @given(
        born=st.dates(date(1901, 1, 1), date(2099, 12, 31)),
        separator=st.sampled_from("/.-"),
        digits=st.sampled_from((2, 4)),
        is_padded=st.booleans(),
    )
    def test_find_a_birth_date_however_it_is_typed(
        self, born: date, separator: str, digits: int, is_padded: bool
    ) -> None:
        width = 2 if is_padded else 1
        day, month = f"{born.day:0{width}}", f"{born.month:0{width}}"
        typed = separator.join([day, month, f"{born.year % 10**digits:0{digits}}"])
        assert born in rules.read_search(typed).born
        assert rules.read_search(f"dupont {born.isoformat()}").born == (born,)

    @given(
        digits=st.text("0123456789", min_size=8, max_size=8),
        separator=st.sampled_from([" ", ".", "", "-"]),
    )
    def test_take_no_telephone_number_for_a_date(self, digits: str, separator: str) -> None:
        number = "06" + digits
        typed = separator.join(number[i : i + 2] for i in range(0, 10, 2))
        assert rules.read_search(typed) == rules.Search(digits=number)

    @pytest.mark.parametrize(
        ("typed", "part"),
        [("0612", "612"), ("061", "3361"), ("0033612", "33612"), ("33612", "33612")],
    )
    def test_find_national_digits_in_the_kept_form(self, typed: str, part: str) -> None:
        assert rules.national_digits(typed) == part
