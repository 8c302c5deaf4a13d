"""Reading the facts of a question. Nothing is guessed: what is malformed is named."""

from collections.abc import Mapping
from datetime import date
from decimal import Context, Decimal
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, TypeVar

from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

Code = TypeVar("Code", bound=StrEnum)

# Enough digits for any product of two accepted numbers, so that no comparison is rounded.
EXACT = Context(prec=120)
_DIGITS = 50
_BOUND = Decimal(10) ** 12

MISSING = Text(fr="Cette donnée manque.", en="This fact is missing.")
NOT_AN_OBJECT = Text(fr="Un objet est attendu.", en="An object is expected.")
NOT_A_DATE = Text(
    fr="Une date réelle est attendue, écrite AAAA-MM-JJ.",
    en="A real date is expected, written YYYY-MM-DD.",
)
NOT_A_NUMBER = Text(
    fr="Un nombre plausible, zéro ou plus, est attendu.",
    en="A plausible number, zero or more, is expected.",
)
NOT_ABOVE_ZERO = Text(
    fr="Un nombre supérieur à zéro est attendu.", en="A number above zero is expected."
)
NOT_WHOLE = Text(
    fr="Un nombre entier entre {least} et {most} est attendu.",
    en="A whole number between {least} and {most} is expected.",
)
NOT_A_FLAG = Text(fr="Vrai ou faux est attendu.", en="True or false is expected.")
NOT_A_TEXT = Text(fr="Un texte est attendu.", en="A text is expected.")
NOT_A_CODE = Text(fr="Valeurs possibles : {codes}.", en="Possible values: {codes}.")
NOT_CODES = Text(
    fr="Une liste est attendue, parmi : {codes}.", en="A list is expected, of: {codes}."
)
EMPTY = Text(fr="La liste ne doit pas être vide.", en="The list may not be empty.")
TOO_FAR = Text(
    fr="Cette date est trop lointaine pour être calculée.",
    en="This date is too far away to be reckoned with.",
)


class MalformedAsk(DomainError):
    """The question cannot be answered as it is asked; `field` names the fact at fault."""

    code: ClassVar[str] = "malformed_ask"
    default_text: ClassVar[Text] = Text(
        fr="Cette question est mal posée.", en="This question is malformed."
    )

    def __init__(self, field: str, text: Text | None = None, **blanks: object) -> None:
        if text is not None and blanks:
            text = Text(fr=text.fr.format(**blanks), en=text.en.format(**blanks))
        super().__init__(text, field=field)


class Facts:
    """The facts of a question, read one by one; each reader raises `MalformedAsk`."""

    __slots__ = ("_facts", "_path")

    def __init__(self, facts: Mapping[str, Any], path: str = "") -> None:
        self._facts = facts
        self._path = path

    def field(self, key: str) -> str:
        """Return the name of `key` in the question as a whole."""
        return f"{self._path}{key}"

    def get(self, key: str) -> Any:
        """Return the fact as it was given."""
        if key not in self._facts:
            raise MalformedAsk(self.field(key), MISSING)
        return self._facts[key]

    def is_null(self, key: str) -> bool:
        """Return whether the fact is given as null; it may not be left out."""
        return self.get(key) is None

    def number(self, key: str, *, above_zero: bool = False) -> Decimal:
        """Return a number of 0 or more, or above 0, exactly as it was written."""
        number = _exact(self.get(key))
        if number is None or number < 0 or number >= _BOUND or not _is_short(number):
            raise MalformedAsk(self.field(key), NOT_A_NUMBER)
        if above_zero and not number:
            raise MalformedAsk(self.field(key), NOT_ABOVE_ZERO)
        return number

    def whole(self, key: str, *, least: int = 0, most: int = 10**9) -> int:
        """Return a whole number from `least` to `most`."""
        number = _exact(self.get(key))
        if number is None or not least <= number <= most or number != int(number):
            raise MalformedAsk(self.field(key), NOT_WHOLE, least=least, most=most)
        return int(number)

    def day(self, key: str) -> date:
        """Return a date."""
        value = self.get(key)
        # `fromisoformat` also reads weeks and dates without hyphens.
        if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        raise MalformedAsk(self.field(key), NOT_A_DATE)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self.get(key)
        if not isinstance(value, bool):
            raise MalformedAsk(self.field(key), NOT_A_FLAG)
        return value

    def text(self, key: str) -> str:
        """Return a text, which may be empty."""
        value = self.get(key)
        if not isinstance(value, str):
            raise MalformedAsk(self.field(key), NOT_A_TEXT)
        return value

    def code(self, key: str, codes: type[Code], *, default: Code | None = None) -> Code:
        """Return a member of `codes`; `default` where the fact may be left out and is."""
        if default is not None and key not in self._facts:
            return default
        found = _member(self.get(key), codes)
        if found is None:
            raise MalformedAsk(self.field(key), NOT_A_CODE, codes=", ".join(codes))
        return found

    def codes(self, key: str, codes: type[Code], *, may_be_empty: bool = True) -> tuple[Code, ...]:
        """Return a list of members of `codes`, each once, in the order given."""
        value = self.get(key)
        if not isinstance(value, list | tuple):
            raise MalformedAsk(self.field(key), NOT_CODES, codes=", ".join(codes))
        found: dict[Code, None] = {}
        for item in value:
            member = _member(item, codes)
            if member is None:
                raise MalformedAsk(self.field(key), NOT_CODES, codes=", ".join(codes))
            found[member] = None
        if not found and not may_be_empty:
            raise MalformedAsk(self.field(key), EMPTY)
        return tuple(found)


def _member(value: object, codes: type[Code]) -> Code | None:
    if not isinstance(value, str):
        return None
    return _values(codes).get(value)


@cache
def _values(codes: type[Code]) -> dict[str, Code]:
    """Return the members of `codes` by their value; quicker than asking the enum to refuse."""
    return {member.value: member for member in codes}


def _exact(value: object) -> Decimal | None:
    """Return a finite number as it was written, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        return None
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() else None


def _is_short(number: Decimal) -> bool:
    """Return whether `number` has few enough digits for arithmetic that never rounds."""
    _, digits, exponent = number.as_tuple()
    return len(digits) <= _DIGITS and isinstance(exponent, int) and exponent >= -_DIGITS
