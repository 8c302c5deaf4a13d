"""Reading a scenario's JSON field by field, so that an error names the field at fault."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import ClassVar, cast

from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.scheduling.timeline import TICK_MINUTES, tick_of
from aiguille.scheduling.wallclock import (
    MINUTES_PER_DAY,
    UnknownTimeZone,
    day_of,
    zone_named,
)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_INSTANT = re.compile(r"[0-9W-]+T(?!24)[0-9:.,]+(Z|[+-][0-9:]+)?")


class Reason(Enum):
    """Why a field is refused."""

    UNREADABLE = Text(
        fr="Ce n’est pas un fichier JSON lisible.", en="This is no readable JSON file."
    )
    MISSING = Text(fr="Ce champ est obligatoire.", en="This field is required.")
    NO_OBJECT = Text(fr="Un objet est attendu.", en="An object is expected.")
    NO_LIST = Text(fr="Une liste est attendue.", en="A list is expected.")
    NO_STRING = Text(fr="Un texte est attendu.", en="A string is expected.")
    NO_BOOLEAN = Text(fr="Vrai ou faux est attendu.", en="True or false is expected.")
    NO_NUMBER = Text(fr="Un nombre entier est attendu.", en="A whole number is expected.")
    TOO_SMALL = Text(fr="Ce nombre est trop petit.", en="This number is too small.")
    OFF_GRID = Text(
        fr="Ce n’est pas un multiple de 5 minutes.", en="This is not a multiple of 5 minutes."
    )
    UNKNOWN_ZONE = Text(fr="Ce fuseau horaire n’existe pas.", en="This time zone does not exist.")
    NO_DATE = Text(fr="Cette date n’existe pas.", en="There is no such date.")
    NO_TIME = Text(fr="Cette heure n’existe pas.", en="There is no such time.")
    NO_INSTANT = Text(
        fr="Un instant ISO 8601 est attendu.", en="An instant in ISO 8601 is expected."
    )
    NO_OFFSET = Text(fr="Cet instant n’a pas de décalage.", en="This instant has no offset.")
    REVERSED = Text(fr="La fin précède le début.", en="The end comes before the beginning.")
    TOO_LONG = Text(fr="La période dépasse 750 jours.", en="The dates span more than 750 days.")
    UNKNOWN = Text(fr="Ce nom est inconnu.", en="This name is unknown.")
    REPEATED = Text(fr="Cet identifiant est déjà pris.", en="This id is already taken.")
    NO_WEEKDAY = Text(fr="Ce jour de la semaine n’existe pas.", en="There is no such weekday.")
    UNUSED_NEED = Text(fr="Aucune phase ne nomme ce besoin.", en="No phase names this need.")
    SECOND_PRACTITIONER = Text(
        fr="Un service demande un praticien au plus.",
        en="A service needs one practitioner at most.",
    )
    NO_SERVICE = Text(fr="Un service au moins est attendu.", en="A service at least is expected.")
    GAP_COUNT = Text(
        fr="Il faut un intervalle de moins que de services.",
        en="There must be one gap fewer than services.",
    )
    NOBODY_NEEDED = Text(
        fr="Un des services ne demande pas de praticien.",
        en="One of the services needs no practitioner.",
    )


class ScenarioError(DomainError):
    """A scenario cannot be answered; `field` is the path of the first field at fault."""

    code = "bad_scenario"
    default_text: ClassVar[Text] = Text(
        fr="Ce scénario comporte une erreur.", en="This scenario has an error."
    )


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file and the path at which it stands; every reader raises ScenarioError."""

    value: object
    path: str = ""

    def refused(self, reason: Reason) -> ScenarioError:
        """Return the error that this value is."""
        return ScenarioError(reason.value, field=self.path)

    def _members(self) -> Mapping[str, object]:
        if not isinstance(self.value, dict):
            raise self.refused(Reason.NO_OBJECT)
        return cast("Mapping[str, object]", self.value)

    def _at(self, key: str, value: object) -> "Node":
        return Node(value, f"{self.path}.{key}" if self.path else key)

    def __getitem__(self, key: str) -> "Node":
        """Return a required member."""
        members = self._members()
        if key not in members:
            raise self._at(key, None).refused(Reason.MISSING)
        return self._at(key, members[key])

    def get(self, key: str, default: object) -> "Node":
        """Return a member that may be missing."""
        return self._at(key, self._members().get(key, default))

    def members(self) -> list[tuple[str, "Node"]]:
        """Return the members of a map, in the order of the file."""
        return [(key, self._at(key, value)) for key, value in self._members().items()]

    def items(self) -> list["Node"]:
        """Return the items of a list."""
        if not isinstance(self.value, list):
            raise self.refused(Reason.NO_LIST)
        return [Node(item, f"{self.path}[{place}]") for place, item in enumerate(self.value)]

    def string(self) -> str:
        """Return a string."""
        if not isinstance(self.value, str):
            raise self.refused(Reason.NO_STRING)
        return self.value

    def boolean(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            raise self.refused(Reason.NO_BOOLEAN)
        return self.value

    def number(self, least: int = 0) -> int:
        """Return a whole number of at least `least`; 30.0 is whole, true is no number."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
            raise self.refused(Reason.NO_NUMBER)
        if value < least:
            raise self.refused(Reason.TOO_SMALL)
        return int(value)

    def minutes(self, least: int = 0) -> int:
        """Return a number of minutes of at least `least`, a multiple of five."""
        minutes = self.number(least)
        if minutes % TICK_MINUTES:
            raise self.refused(Reason.OFF_GRID)
        return minutes

    def one_of(self, known: Collection[str]) -> str:
        """Return a string that is one of `known`."""
        name = self.string()
        if name not in known:
            raise self.refused(Reason.UNKNOWN)
        return name

    def new_in(self, known: Collection[str]) -> str:
        """Return a string that is none of `known`."""
        name = self.string()
        if name in known:
            raise self.refused(Reason.REPEATED)
        return name

    def zone(self) -> str:
        """Return the name of a time zone."""
        name = self.string()
        try:
            zone_named(name)
        except UnknownTimeZone as error:
            raise self.refused(Reason.UNKNOWN_ZONE) from error
        return name

    def weekday(self) -> int:
        """Return a weekday, from 0 (Monday) to 6."""
        weekday = self.number()
        if weekday > 6:
            raise self.refused(Reason.NO_WEEKDAY)
        return weekday

    def calendar_date(self) -> date:
        """Return a date, written YYYY-MM-DD."""
        return self._date_in(self.string())

    def _date_in(self, written: str) -> date:
        if _DATE.fullmatch(written):
            try:
                return date.fromisoformat(written)
            except ValueError:
                pass  # the 30th of February, or the year 0
        raise self.refused(Reason.NO_DATE)

    def minute_of_day(self, *, is_end: bool) -> int:
        """Return the minute of the day of a time written HH:MM; an end may be 24:00."""
        return self._minute_in(self.string(), is_end=is_end)

    def _minute_in(self, written: str, *, is_end: bool) -> int:
        if is_end and written == "24:00":
            return MINUTES_PER_DAY
        if not _TIME.fullmatch(written):
            raise self.refused(Reason.NO_TIME)
        minute = int(written[:2]) * 60 + int(written[3:])
        if minute % TICK_MINUTES:
            raise self.refused(Reason.OFF_GRID)
        return minute

    def wall(self, *, is_end: bool) -> int:
        """Return the wall-clock time of a local YYYY-MM-DDTHH:MM."""
        written = self.string()
        day = self._date_in(written[:10])
        if written[10:11] != "T":
            raise self.refused(Reason.NO_TIME)
        return day_of(day) * MINUTES_PER_DAY + self._minute_in(written[11:], is_end=is_end)

    def instant(self) -> datetime:
        """Return an instant, written in ISO 8601 with an offset."""
        written = self.string()
        if not _INSTANT.fullmatch(written):
            raise self.refused(Reason.NO_INSTANT)
        try:
            instant = datetime.fromisoformat(written)
        except ValueError as error:
            raise self.refused(Reason.NO_INSTANT) from error
        if instant.tzinfo is None:
            raise self.refused(Reason.NO_OFFSET)
        return instant

    def tick(self) -> int:
        """Return the tick of an instant that is a multiple of five minutes."""
        instant = self.instant()
        try:
            return tick_of(instant)
        except ValueError as error:
            raise self.refused(Reason.OFF_GRID) from error
