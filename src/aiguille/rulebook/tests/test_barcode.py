import pytest

from aiguille.rulebook.barcodes import has_good_check_digit
from aiguille.rulebook.tests.asks import answer

GTIN = "08806388269617"
GS = "\x1d"
KEYS = ("gtin", "lot", "expiry", "production", "serial")


def read(text: str, today: str = "2026-11-21") -> dict[str, object]:
    return answer("barcode", text=text, today=today)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"01{GTIN}", {}),
        (f"]d201{GTIN}", {}),
        (f"]C101{GTIN}", {}),
        (f"{GS}01{GTIN}", {}),
        (f"]d2{GS}01{GTIN}", {}),
        (f"01{GTIN}{GS}", {}),
        (f"01{GTIN}{GS}17280101", {"expiry": "2028-01-01"}),
        (f"17280100{GS}01{GTIN}", {"expiry": "2028-01-31"}),
        (f"01{GTIN}17280200", {"expiry": "2028-02-29"}),
        (f"01{GTIN}11270200", {"production": "2027-02-28"}),
        (f"01{GTIN}10A{GS}21B", {"lot": "A", "serial": "B"}),
        (f"01{GTIN}10A{GS}", {"lot": "A"}),
        (f"10A{GS}01{GTIN}", {"lot": "A"}),
        (f"01{GTIN}10{'A' * 20}", {"lot": "A" * 20}),
        (f"01{GTIN}10!~", {"lot": "!~"}),
        (f"01{GTIN}240{'X' * 30}{GS}711{'9' * 20}", {}),
        (f"01{GTIN}1017280101", {"lot": "17280101"}),
        (f"01{GTIN}17200101", {"expiry": "2020-01-01"}),
    ],
)
def test_a_code_is_read(text: str, values: dict[str, str]) -> None:
    found = read(text)
    assert {key: found[key] for key in KEYS} == dict.fromkeys(KEYS) | {"gtin": GTIN} | values
    assert found["decision"] == "OK"
    assert "reason" not in found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("+A123BJC5D6E71G", "hibc"),
        ("+", "hibc"),
        ("=A1234", "iccbba"),
        ("", "malformed"),
        ("]d2", "malformed"),
        (GS, "malformed"),
        ("]Q301" + GTIN, "malformed"),
        (" 01" + GTIN, "malformed"),
        ("10LOT", "malformed"),
        ("01" + GTIN[:-1], "malformed"),
        ("01" + GTIN[:-1] + "A", "malformed"),
        ("01" + "٠" * 14, "malformed"),
        (f"01{GTIN}01{GTIN}", "malformed"),
        (f"01{GTIN}10A{GS}10B", "malformed"),
        (f"01{GTIN}3012", "malformed"),
        (f"01{GTIN}10", "malformed"),
        (f"01{GTIN}10{GS}21B", "malformed"),
        (f"01{GTIN}10{'A' * 21}", "malformed"),
        (f"01{GTIN}240{'A' * 31}", "malformed"),
        (f"01{GTIN}711{'A' * 21}", "malformed"),
        (f"01{GTIN}10A B", "malformed"),
        (f"01{GTIN}10é", "malformed"),
        (f"01{GTIN}17281301", "malformed"),
        (f"01{GTIN}17280001", "malformed"),
        (f"01{GTIN}17280000", "malformed"),
        (f"01{GTIN}17270229", "malformed"),
        (f"01{GTIN}172801", "malformed"),
        (f"01{GTIN}{GS}{GS}17280101", "malformed"),
        ("0108806388269618", "check_digit"),
        # Malformed is said before a wrong check digit.
        ("010880638826961817281301", "malformed"),
    ],
)
def test_a_code_is_refused(text: str, reason: str) -> None:
    found = read(text)
    assert (found["decision"], found["reason"]) == ("BLOCK", reason)
    assert {found[key] for key in KEYS} == {None}


@pytest.mark.parametrize(
    ("today", "short", "year"),
    [
        ("2026-11-21", "76", 2076),
        ("2026-11-21", "77", 1977),
        ("2026-11-21", "00", 2000),
        ("2060-01-01", "10", 2110),
        ("2060-01-01", "11", 2011),
        ("2099-01-01", "49", 2149),
        ("2099-01-01", "50", 2050),
        ("2000-01-01", "50", 2050),
        ("2000-01-01", "51", 1951),
    ],
)
def test_the_century_is_the_nearest(today: str, short: str, year: int) -> None:
    assert read(f"01{GTIN}17{short}0115", today)["expiry"] == f"{year}-01-15"


@pytest.mark.parametrize("digit", "0123456789")
def test_one_check_digit_alone_is_right(digit: str) -> None:
    assert has_good_check_digit(GTIN[:-1] + digit) == (digit == GTIN[-1])
