"""What a prescription is made of, and what makes it acceptable: plain Python over what was typed."""

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any

from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

CREAM = "numbing_cream"
MEDICINE = "medicine"
MOST_LINES = 20
MOST_RENEWALS = 12
MOST_PACKS = 99
LONGEST_WORDS = 200
LONGEST_TEXT = 1_000
_LONG = frozenset({"instructions", "formula"})
_KG_PER_POUND = Decimal("0.45359237")


class LineRefused(DomainError):
    """A line lacks what the law wants on it, or holds what it cannot hold.

    `field` is `line_<n>_<name>`, lines counted from 0.
    """

    code = "line_refused"


class ImplausibleMeasure(DomainError):
    """A weight or a height can hardly be right, and nobody said yet that it is."""

    code = "implausible_measure"


class MeasureRefused(DomainError):
    """A weight or a height cannot be a person's."""

    code = "measure_refused"


class CreamRefused(DomainError):
    """The times, zones or amount of a cream do not go together."""

    code = "cream_refused"


@dataclass(frozen=True, slots=True)
class Cream:
    """The numbing cream as it is prescribed.

    `grams` None prescribes the amount that the area requires. `minutes_before` is how long before
    the session it is put on; `minutes_on_skin` after how long it is taken off, None for at the
    session's time. `conditions` are those of the cream that the questionnaire does not ask.
    """

    product: str
    area_cm2: Decimal
    minutes_before: int
    zones: Sequence[str]
    grams: Decimal | None = None
    minutes_on_skin: int | None = None
    conditions: Sequence[str] = ()

    @property
    def on_skin(self) -> int:
        """Return how many minutes the cream stays on the skin."""
        return self.minutes_before if self.minutes_on_skin is None else self.minutes_on_skin


@dataclass(frozen=True, slots=True)
class Line:
    """A medicine as it is prescribed: `drug` is its common name (INN), `brand` its brand if any.

    `route` is a code of `routes()`, `not_substitutable` one of `substitution_reasons()` or empty.
    `formula` is that of a preparation. `lidocaine_mg` is the lidocaine of a day by this line.
    """

    drug: str
    dose: str
    frequency: str
    route: str
    duration: str = ""
    packs: int | None = None
    brand: str = ""
    strength: str = ""
    form: str = ""
    renewals: int = 0
    instructions: str = ""
    not_substitutable: str = ""
    is_off_label: bool = False
    is_preparation: bool = False
    formula: str = ""
    lidocaine_mg: Decimal | None = None

    def as_item(self) -> dict[str, Any]:
        """Return the line as the prescription keeps it."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        milligrams = self.lidocaine_mg
        return {
            "kind": MEDICINE,
            **kept,
            "lidocaine_mg": None if milligrams is None else str(milligrams),
        }

    @classmethod
    def of_item(cls, item: Mapping[str, Any]) -> "Line":
        """Return a line that a prescription keeps."""
        kept = {each.name: item[each.name] for each in fields(cls)}
        milligrams = kept["lidocaine_mg"]
        return cls(**{**kept, "lidocaine_mg": None if milligrams is None else Decimal(milligrams)})


@dataclass(frozen=True, slots=True)
class Measures:
    """A patient's weight (kg) and height (cm), where the prescription needs them.

    `are_confirmed` for values that somebody was asked about again and said are right.
    """

    weight_kg: Decimal | None = None
    height_cm: int | None = None
    are_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that the law wants on a prescription, and where the signed one keeps it."""

    code: str
    at: str
    is_needed: bool
    article: str
    sources: tuple[str, ...]
    name: Text


@dataclass(frozen=True, slots=True)
class SubstitutionReason:
    """Why a pharmacist may not dispense another medicine of the same group."""

    code: str
    wording: str
    name: Text
    below_years: int | None


# --- What the data file says ----------------------------------------------------------------------


@cache
def mentions() -> tuple[Mention, ...]:
    """Return every mention that the law wants, from the data file."""
    return tuple(
        Mention(
            code=one["code"],
            at=one["at"],
            is_needed=one["needed"],
            article=one["article"],
            sources=tuple(one["sources"]),
            name=Text.from_mapping(one["name"]),
        )
        for one in words()["mention"]
    )


@cache
def routes() -> dict[str, Text]:
    """Return the ways in which a medicine is taken, by code."""
    return {code: Text.from_mapping(text) for code, text in words()["route"].items()}


@cache
def substitution_reasons() -> dict[str, SubstitutionReason]:
    """Return the reasons that the law allows against a substitution, by code."""
    return {
        code: SubstitutionReason(
            code=code,
            wording=one["wording"],
            name=Text.from_mapping(one["name"]),
            below_years=one.get("below_years"),
        )
        for code, one in words()["not_substitutable"].items()
    }


def reasons_at(age: int | None) -> list[SubstitutionReason]:
    """Return the reasons against a substitution that a patient of this age may have."""
    return [
        one
        for one in substitution_reasons().values()
        if one.below_years is None or (age is not None and age < one.below_years)
    ]


def usual_minutes() -> int:
    """Return how long before a session the cream is proposed to be put on."""
    return int(words()["usual_cream_minutes"]["value"])


def lidocaine_of_cream(grams: Decimal) -> Decimal:
    """Return the lidocaine (mg) in so many grams of the cream."""
    return grams * Decimal(words()["cream_lidocaine_mg_per_gram"]["value"])


@cache
def words() -> dict[str, Any]:
    """Return the data file of prescriptions."""
    return _read("prescription.toml")


@cache
def _plausible() -> dict[str, Any]:
    return _read("measures.toml")


def _read(name: str) -> dict[str, Any]:
    source = files("aiguille.care") / "data" / name
    return tomllib.loads(source.read_text(encoding="utf-8"))


# --- What is acceptable ---------------------------------------------------------------------------


def check_line(line: Line, *, number: int, age: int | None) -> None:
    """Accept the line with this number (from 0) of a prescription for somebody of this age.

    Raises:
        LineRefused: it lacks a mention, or holds what it cannot hold.
    """
    problems = chain(
        _unwritable(line), _missing(line), _impossible(line), _unlawful(line, age), _unjudged(line)
    )
    for name, text in problems:
        raise LineRefused(text, field=f"line_{number}_{name}")


_Problems = Iterator[tuple[str, Text]]


def _unwritable(line: Line) -> _Problems:
    for each in fields(line):
        value = getattr(line, each.name)
        longest = LONGEST_TEXT if each.name in _LONG else LONGEST_WORDS
        if isinstance(value, str) and (len(value) > longest or _has_control(value)):
            yield (
                each.name,
                Text(
                    fr=f"Ce texte dépasse {longest} signes ou contient un caractère interdit.",
                    en=f"This text is longer than {longest} characters or holds one not allowed.",
                ),
            )


def _missing(line: Line) -> _Problems:
    """Name the mentions that a line lacks; duration and renewals are judged by themselves."""
    for mention in mentions():
        place, _, name = mention.at.partition(".")
        if place != "line" or not mention.is_needed or name in {"duration", "renewals"}:
            continue
        if not str(getattr(line, name)).strip():
            yield name, missing_text(mention)
    if not line.duration.strip() and line.packs is None:
        yield (
            "duration",
            Text(
                fr="Donnez la durée du traitement, ou le nombre de boîtes (CSP R5132-3, 3°).",
                en="Give the duration of the treatment, or the number of packs (CSP R5132-3, 3°).",
            ),
        )


def _impossible(line: Line) -> _Problems:
    if line.route not in routes():
        yield "route", Text(fr="Cette voie n’existe pas.", en="There is no such route.")
    if line.packs is not None and not 1 <= line.packs <= MOST_PACKS:
        yield "packs", Text(fr=f"De 1 à {MOST_PACKS} boîtes.", en=f"From 1 to {MOST_PACKS} packs.")
    if not 0 <= line.renewals <= MOST_RENEWALS:
        yield (
            "renewals",
            Text(
                fr=f"De 0 à {MOST_RENEWALS} renouvellements.",
                en=f"From 0 to {MOST_RENEWALS} renewals.",
            ),
        )
    if line.lidocaine_mg is not None and line.lidocaine_mg <= 0:
        yield "lidocaine_mg", Text(fr="Plus de 0 mg.", en="More than 0 mg.")
    if line.is_preparation != bool(line.formula.strip()):
        yield (
            "formula",
            Text(
                fr="Une préparation magistrale a sa formule détaillée, et elle seule.",
                en="A magistral preparation has its detailed formula, and nothing else has one.",
            ),
        )


def _unlawful(line: Line, age: int | None) -> _Problems:
    if not line.not_substitutable:
        return
    if line.not_substitutable not in {one.code for one in reasons_at(age)}:
        yield (
            "not_substitutable",
            Text(
                fr="Ce motif ne vaut pas pour ce patient.",
                en="This reason does not hold for this patient.",
            ),
        )
    if not line.brand.strip():
        yield (
            "brand",
            Text(
                fr="« Non substituable » se dit d’une spécialité : écrivez son nom.",
                en="“Non substituable” is said of a brand: write its name.",
            ),
        )


def _unjudged(line: Line) -> _Problems:
    """Name what would let an anaesthetic pass its ceilings."""
    if not holds_anaesthetic(line):
        return
    if line.route == "CUTANEOUS" or line.is_preparation:
        yield (
            "drug",
            Text(
                fr="Une crème anesthésiante se prescrit dans sa partie : ses plafonds y sont "
                "vérifiés.",
                en="A numbing cream is prescribed in its own part, where its ceilings are checked.",
            ),
        )
    if line.lidocaine_mg is None:
        yield (
            "lidocaine_mg",
            Text(
                fr="Combien de milligrammes de lidocaïne par jour ? Le plafond en dépend.",
                en="How many milligrams of lidocaine a day? The ceiling depends on it.",
            ),
        )


def missing_text(mention: Mention) -> Text:
    """Return what is said of a mention that is missing."""
    return Text(
        fr=f"Il manque {mention.name.fr} ({mention.article}).",
        en=f"Missing: {mention.name.en} ({mention.article}).",
    )


def holds_anaesthetic(line: Line) -> bool:
    """Tell whether a line names one of the cream's anaesthetics, however it is written."""
    said = _plain(f"{line.drug} {line.brand} {line.strength} {line.formula}")
    return any(name in said for name in words()["anaesthetics"]["names"])


def check_measures(measures: Measures, *, before_kg: Decimal | None) -> None:
    """Accept a weight and a height, or ask again; `before_kg` is the weight that was kept last.

    Raises:
        MeasureRefused: nobody has that weight or height.
        ImplausibleMeasure: it can hardly be right, and nobody has confirmed it.
    """
    limits = _plausible()
    for name, value in (("weight_kg", measures.weight_kg), ("height_cm", measures.height_cm)):
        if value is None:
            continue
        least, most = limits[name]["refused_below"], limits[name]["refused_above"]
        if not least <= value <= most:
            unit = name.rpartition("_")[2]
            raise MeasureRefused(
                Text(fr=f"De {least} à {most} {unit}.", en=f"From {least} to {most} {unit}."),
                field=name,
            )
    if measures.are_confirmed:
        return
    if (doubt := _doubt_of_weight(measures, limits, before_kg=before_kg)) is not None:
        raise ImplausibleMeasure(doubt, field="weight_kg")
    height = measures.height_cm
    within = limits["height_cm"]
    if height is not None and not within["asked_below"] <= height <= within["asked_above"]:
        raise ImplausibleMeasure(
            Text(
                fr=f"{height} cm : est-ce bien la taille ? Corrigez, ou confirmez-la.",
                en=f"{height} cm: is this the height? Correct it, or confirm it.",
            ),
            field="height_cm",
        )


def _doubt_of_weight(
    measures: Measures, limits: Mapping[str, Any], *, before_kg: Decimal | None
) -> Text | None:
    weight, height = measures.weight_kg, measures.height_cm
    if weight is None:
        return None
    within, index = limits["weight_kg"], limits["body_mass_index"]
    is_odd = not within["asked_below"] <= weight <= within["asked_above"]
    if height is not None:
        ratio = weight / (Decimal(height) / 100) ** 2
        is_odd = not index["asked_below"] <= ratio <= index["asked_above"]
    if before_kg is not None:
        change = abs(weight - before_kg) * 100 / before_kg
        is_odd = is_odd or change > limits["weight_change_percent"]["asked_above"]
    if not is_odd:
        return None
    kilograms = (weight * _KG_PER_POUND).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    shown = f"{weight:f}"
    return Text(
        fr=f"{shown.replace('.', ',')} kg : est-ce bien en kilogrammes ? {shown.replace('.', ',')} "
        f"livres font {kilograms} kg. Corrigez le poids, ou confirmez-le.",
        en=f"{shown} kg: are these kilograms? {shown} pounds are {kilograms} kg. "
        "Correct the weight, or confirm it.",
    )


def check_times(cream: Cream, *, longest: int) -> None:
    """Accept when the cream is put on and taken off; `longest` is the most minutes on the skin.

    Raises:
        CreamRefused: it would be off before it is on, or act no more when the session begins.
    """
    if cream.on_skin <= 0 or cream.on_skin > cream.minutes_before:
        raise CreamRefused(
            Text(
                fr="La crème reste au moins une minute, et au plus jusqu’à l’heure de la séance.",
                en="The cream stays for a minute at least, and until the session at most.",
            ),
            field="minutes_on_skin" if cream.minutes_on_skin is not None else "minutes_before",
        )
    # E7: the effect falls after that long.
    if cream.minutes_on_skin is not None and cream.minutes_before > longest:
        raise CreamRefused(
            Text(
                fr=f"Posée plus de {longest} minutes avant, la crème n’agit plus à la séance.",
                en=f"Put on more than {longest} minutes before, the cream acts no more.",
            ),
            field="minutes_before",
        )


def is_near_eye(zones: Sequence[str]) -> bool:
    """Tell whether one of the zones is near the eye."""
    return bool(set(zones) & set(words()["near_eye"]["zones"]))


NOT_MEASURED = Measures()


def near_eye() -> Text:
    """Return what is said of a cream near the eye."""
    return Text.from_mapping(words()["near_eye"]["text"])


def cleaned(line: Line) -> Line:
    """Return a line with its spaces in order: one between words, none at the ends."""
    kept: dict[str, Any] = {}
    for each in fields(line):
        value = getattr(line, each.name)
        if isinstance(value, str):
            rows = value.splitlines() if each.name in _LONG else [value]
            value = "\n".join(" ".join(row.split()) for row in rows).strip()
        kept[each.name] = value
    return Line(**kept)


def _has_control(text: str) -> bool:
    return any(unicodedata.category(sign) == "Cc" and sign not in "\n\r\t" for sign in text)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
