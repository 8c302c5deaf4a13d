"""The outcome scales and how they are scored, read from `data/scales.toml`.

A scale is answered item by item; its value is the sum of each item's value times its weight. Which
scales measure which indication stands there too.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from aiguille.kernel.codes import Indication, ScoreMoment
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.rulebook.entries import Status


class Rater(StrEnum):
    """Who gives the answers of a scale."""

    PHYSICIAN = "physician"
    PATIENT = "patient"


class ScoreRefused(DomainError):
    """An answer is missing, or is none that its scale has; `field` names the item."""

    code = "score_refused"
    default_text = Text(
        fr="Répondez à chaque point de l’échelle.", en="Answer every point of the scale."
    )


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that an item has, and what it is worth before its weight."""

    code: str
    value: Decimal
    label: Text


@dataclass(frozen=True, slots=True)
class Number:
    """An item answered by a number, within limits and to so many decimals."""

    least: Decimal
    most: Decimal
    decimals: int


@dataclass(frozen=True, slots=True)
class Item:
    """A point of a scale: one of `options`, or a `number`."""

    id: str
    title: Text
    weight: int
    options: tuple[Option, ...]
    number: Number | None

    @property
    def least(self) -> Decimal:
        """Return the least that the item counts for."""
        found = self.number.least if self.number else min(one.value for one in self.options)
        return self.weight * found

    @property
    def most(self) -> Decimal:
        """Return the most that the item counts for."""
        found = self.number.most if self.number else max(one.value for one in self.options)
        return self.weight * found

    def answered(self, given: str) -> tuple[str, Decimal]:
        """Return an answer as it is kept, and what it counts for.

        Raises:
            ScoreRefused: the item has no such answer.
        """
        if self.number is None:
            for option in self.options:
                if option.code == given:
                    return option.code, self.weight * option.value
            raise ScoreRefused(field=self.id)
        return self._number(self.number, given)

    def _number(self, number: Number, given: str) -> tuple[str, Decimal]:
        try:
            read = Decimal(given.strip().replace(",", "."))
        except InvalidOperation:
            raise ScoreRefused(field=self.id) from None
        if not read.is_finite() or not number.least <= read <= number.most:
            raise ScoreRefused(
                Text(
                    fr=f"Entre {number.least} et {number.most}.",
                    en=f"Between {number.least} and {number.most}.",
                ),
                field=self.id,
            )
        kept = read.quantize(Decimal(1).scaleb(-number.decimals))
        if kept != read:
            raise ScoreRefused(
                Text(
                    fr="Un nombre entier." if not number.decimals else "Une décimale au plus.",
                    en="A whole number." if not number.decimals else "One decimal at most.",
                ),
                field=self.id,
            )
        return str(kept), self.weight * kept

    def words_of(self, answer: str) -> Text:
        """Return an answer that was kept in words; its code where the option is gone."""
        found = next((one.label for one in self.options if one.code == answer), None)
        return found or Text(fr=answer.replace(".", ","), en=answer)


@dataclass(frozen=True, slots=True)
class Scale:
    """An outcome scale. `better` is the direction of improvement; `for_sex` a sex it was made for.

    `sources` are tags that `reference` explains; `status` tells whether they carry the scale as it
    stands here, or the medical director still has to confirm it.
    """

    id: str
    version: str
    title: Text
    rater: Rater
    better: str
    note: Text | None
    for_sex: str | None
    sources: tuple[str, ...]
    status: Status
    items: tuple[Item, ...]

    @property
    def least(self) -> Decimal:
        """Return the lowest value that the scale can give."""
        return sum((item.least for item in self.items), Decimal(0))

    @property
    def most(self) -> Decimal:
        """Return the highest value that the scale can give."""
        return sum((item.most for item in self.items), Decimal(0))

    @property
    def is_single(self) -> bool:
        """Tell whether the scale is one choice among named grades."""
        return len(self.items) == 1 and bool(self.items[0].options)

    def score(self, answers: Mapping[str, str]) -> tuple[dict[str, str], Decimal]:
        """Return the answers as they are kept, and the scale's value.

        Raises:
            ScoreRefused: an item is not answered, or not by an answer that it has.
        """
        kept, total = {}, Decimal(0)
        for item in self.items:
            kept[item.id], worth = item.answered(answers.get(item.id, ""))
            total += worth
        return kept, total

    def words_of(self, answers: Mapping[str, str], value: Decimal) -> Text:
        """Return a score in words: the grade of a single choice, else the value and its maximum."""
        if self.is_single:
            return self.items[0].words_of(answers.get(self.items[0].id, ""))
        shown = f"{value.normalize():f}"
        return Text(fr=f"{shown.replace('.', ',')} sur {self.most}", en=f"{shown} of {self.most}")


class UnknownScale(DomainError):
    """There is no such scale."""

    code = "unknown_scale"
    default_text = Text(fr="Cette échelle n’existe pas.", en="There is no such scale.")


@dataclass(frozen=True, slots=True)
class Measures:
    """The scales that measure an indication: `start` with the plan, the first one proposed."""

    start: tuple[Scale, ...]
    session: tuple[Scale, ...]
    follow_up: tuple[Scale, ...]
    sources: tuple[str, ...]
    status: Status

    def at(self, moment: ScoreMoment) -> tuple[Scale, ...]:
        """Return the scales to offer at a moment of the course."""
        offered = {
            ScoreMoment.START: self.start,
            ScoreMoment.SESSION: self.session,
            ScoreMoment.FOLLOW_UP: self.follow_up,
        }
        return offered[moment]


def get_scale(scale_id: str) -> Scale:
    """Return a scale.

    Raises:
        UnknownScale: there is none.
    """
    try:
        return scales()[scale_id]
    except KeyError:
        raise UnknownScale(field="scale") from None


def measures_of(indication: Indication, *, sex: str | None = None) -> Measures:
    """Return the scales that measure an indication, without those made for the other `sex`."""
    raw = next(one for one in _data()["for"] if indication.value in one["indications"])

    def named(ids: list[str]) -> tuple[Scale, ...]:
        found = (scales()[one] for one in ids)
        return tuple(
            one for one in found if one.for_sex is None or sex not in {"M", "F"} - {one.for_sex}
        )

    start, session = named(raw["start"]), named(_data()["on_session_day"]["scales"])
    return Measures(
        start=start,
        session=(*start, *(one for one in session if one not in start)),
        follow_up=(*start, *named(raw["later"])),
        sources=tuple(raw["sources"]),
        status=Status(raw["status"]),
    )


def follow_up_days() -> tuple[int, ...]:
    """Return the days after a course's last session on which it is measured again."""
    return tuple(_data()["when"]["after_last_session_days"])


def reference(tag: str) -> str:
    """Return what a source's tag stands for; a tag that says it itself, as it is."""
    return str(_data()["sources"].get(tag, tag))


@cache
def scales() -> dict[str, Scale]:
    """Return every scale by its id."""
    return {raw["id"]: _scale(raw) for raw in _data()["scale"]}


def _scale(raw: Mapping[str, Any]) -> Scale:
    return Scale(
        id=raw["id"],
        version=_data()["version"],
        title=Text.from_mapping(raw["title"]),
        rater=Rater(raw["rater"]),
        better=raw["better"],
        note=Text.from_mapping(raw["note"]) if "note" in raw else None,
        for_sex=raw.get("for_sex"),
        sources=tuple(raw["sources"]),
        status=Status(raw["status"]),
        items=tuple(_item(one, raw) for one in raw["item"]),
    )


def _item(raw: Mapping[str, Any], scale: Mapping[str, Any]) -> Item:
    number = raw.get("number")
    return Item(
        id=raw["id"],
        title=Text.from_mapping(raw["title"]),
        weight=raw.get("weight", 1),
        options=() if number else tuple(_options(raw, scale)),
        number=Number(Decimal(number["least"]), Decimal(number["most"]), number["decimals"])
        if number
        else None,
    )


def _options(raw: Mapping[str, Any], scale: Mapping[str, Any]) -> Iterator[Option]:
    """Yield an item's own options, else its scale's counts, else its scale's steps.

    A code in digits is worth its number; another its place in the list, counted from one.
    """
    if steps := scale.get("steps"):
        for step in range(steps["least"], steps["most"] + 1):
            yield Option(str(step), Decimal(step), Text(fr=str(step), en=str(step)))
        return
    for place, one in enumerate(raw.get("options") or scale["counts"], start=1):
        code = one["code"]
        value = Decimal(code) if code.isdigit() else Decimal(place)
        yield Option(code, value, Text.from_mapping(one["label"]))


@cache
def _data() -> dict[str, Any]:
    raw = files("aiguille.outcomes").joinpath("data/scales.toml").read_text("utf-8")
    return tomllib.loads(raw)
