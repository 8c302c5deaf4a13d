"""What names, telephone numbers, birth dates and searches must look like; plain Python."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

import phonenumbers

from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

NAME_LENGTH = 100
OLDEST_YEARS = 125
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f .'’\-])*")
# A date stands alone: digits of a longer number, such as a telephone's, are none.
_ALONE = (r"(?<![\d+])(?<!\d[/.\- ])", r"(?![/.\- ]?\d)")
_DATES = tuple(
    re.compile(_ALONE[0] + pattern + _ALONE[1])
    for pattern in (
        r"(?P<day>\d{1,2})[/.\- ](?P<month>\d{1,2})[/.\- ](?P<year>\d{4})",
        r"(?P<year>\d{4})[/.\-](?P<month>\d{1,2})[/.\-](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})[/.\-](?P<month>\d{1,2})[/.\-](?P<year>\d{2})",
    )
)
_CENTURIES = (1900, 2000)


class NameInvalid(DomainError):
    """A name is empty, too long, or holds what no name holds."""

    code = "name_invalid"
    default_text = Text(
        fr="Écrivez ce nom avec des lettres, des espaces, des traits d’union ou des apostrophes"
        " (100 signes au plus).",
        en="Write this name with letters, spaces, hyphens or apostrophes (100 characters at most).",
    )


class PhoneInvalid(DomainError):
    """What was given is not a telephone number."""

    code = "phone_invalid"
    default_text = Text(
        fr="Ce numéro de téléphone n’existe pas. Exemple : 06 12 34 56 78.",
        en="This telephone number does not exist. Example: 06 12 34 56 78 or +44 7400 123456.",
    )


class BirthDateInvalid(DomainError):
    """A birth date lies in the future or too long ago."""

    code = "birth_date_invalid"
    default_text = Text(fr="Vérifiez l’année de naissance.", en="Please check the year of birth.")


def clean_name(text: str, *, field: str, required: bool = True) -> str:
    """Return a name with single spaces.

    Raises:
        NameInvalid: it is missing although required, too long, or no name.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name and not required:
        return ""
    if len(name) > NAME_LENGTH or not _NAME.fullmatch(name):
        raise NameInvalid(field=field)
    return name


def clean_phone(text: str, *, required: bool = False) -> str:
    """Return a telephone number in the international form (+33612345678); French unless it says so.

    Raises:
        PhoneInvalid: no such number can exist, or it is missing although required.
    """
    if not text.strip() and not required:
        return ""
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException as error:
        raise PhoneInvalid(field="phone") from error
    if not phonenumbers.is_valid_number(number):
        raise PhoneInvalid(field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def check_birth_date(born: date, *, today: date) -> date:
    """Return `born`.

    Raises:
        BirthDateInvalid: it is in the future or more than 125 years ago.
    """
    if born > today or born.year < today.year - OLDEST_YEARS:
        raise BirthDateInvalid(field="birth_date")
    return born


def name_key(*names: str) -> str:
    """Return names for comparison: small letters without accents, each word after one space."""
    # Twice, as Unicode asks: a styled capital becomes a plain one first, and a small one then.
    plain = _folded(_folded(" ".join(names)))
    letters = "".join(
        sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign)
    )
    return "".join(f" {word}" for word in letters.split())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKD", text.casefold())


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for: beginnings of names, digits, a birth date, an address.

    `born` has two dates where the year was typed with two digits.
    """

    words: tuple[str, ...] = ()
    digits: str = ""
    born: tuple[date, ...] = ()
    email: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether there is too little to look for."""
        return not (self.words or self.digits or self.born or self.email)


def read_search(text: str) -> Search:
    """Understand what was typed into a search box; what makes no sense is left out."""
    born, rest = _take_date(text[:200])
    words = rest.split()
    email = next((word.casefold() for word in words if "@" in word), "")
    others = [word for word in words if "@" not in word]
    numeric = "".join(
        sign
        for word in others
        if not any(map(str.isalpha, word))
        for sign in word
        if sign.isdigit()
    )
    letters = [
        key for word in others if any(map(str.isalpha, word)) for key in name_key(word).split()
    ]
    return Search(
        words=tuple(key for key in letters if len(key) >= 2)[:6],
        digits=numeric if len(numeric) >= 3 else "",
        born=born,
        email=email,
    )


def national_digits(digits: str) -> str:
    """Return the part of typed digits that the stored international form contains: 0612 -> 612.

    So few that an index could not find them are read as the beginning of a French number.
    """
    if digits.startswith("00"):
        return digits.removeprefix("00")
    if digits.startswith("0"):
        rest = digits.removeprefix("0")
        return rest if len(rest) >= 3 else f"33{rest}"
    return digits


def _take_date(text: str) -> tuple[tuple[date, ...], str]:
    for pattern in _DATES:
        if found := pattern.search(text):
            parts = {name: int(value) for name, value in found.groupdict().items()}
            centuries = _CENTURIES if len(found["year"]) == 2 else (0,)
            born = tuple(
                day
                for century in centuries
                if (day := _date(century + parts["year"], parts["month"], parts["day"]))
            )
            if born:
                return born, text[: found.start()] + " " + text[found.end() :]
    return (), text


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
