"""What is said of a procedure, read once from its data file: the one place of every such statement.

The guide, the consent text and the aftercare are composed from these facts by id, and the numbers
that the rule book enforces are taken from the rule book, so that the three can never disagree. They
are the shipped ones: a clinic's own values are applied, and not told here.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar

from aiguille.kernel.codes import Indication, Procedure, Symptom, Zone
from aiguille.kernel.text import Text
from aiguille.rulebook.book import RuleBook, load_rulebook, spelled
from aiguille.rulebook.entries import Status

_BLANK = re.compile(r"\{(\w+(?:\.\w+)+)(?::(duration))?\}")


class Knowledge(StrEnum):
    """Whether a statement is carried by a source or only plausible."""

    KNOWN = "known"
    BELIEVED = "believed"


class AdviceKind(StrEnum):
    """What a piece of advice asks, or says to expect."""

    DO = "do"
    AVOID = "avoid"
    NORMAL = "normal"
    RESUME = "resume"


class RiskKind(StrEnum):
    """How a risk is presented, mildest first."""

    EXPECTED = "expected"
    UNCOMMON = "uncommon"
    SERIOUS = "serious"


class Strength(StrEnum):
    """What a contraindication means for the person reading."""

    NEVER = "never"
    NOT_NOW = "not_now"
    DOCTOR = "doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What every fact has: its name, who says so, and how sure we are."""

    id: str
    sources: tuple[str, ...]
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Fact):
    """A statement, said to be believed where it is not known."""

    text: Text
    knowledge: Knowledge


@dataclass(frozen=True, slots=True)
class Amount:
    """A usual value between a least and a most: sessions, days, minutes or millimetres."""

    usual: Decimal
    least: Decimal
    most: Decimal

    @property
    def text(self) -> Text:
        """Return the range as people write it: "3 à 6", or "4" where there is no range."""
        if self.least == self.most:
            return Text(fr=spelled(self.least, "fr"), en=spelled(self.least, "en"))
        return Text(
            fr=f"{spelled(self.least, 'fr')} à {spelled(self.most, 'fr')}",
            en=f"{spelled(self.least, 'en')} to {spelled(self.most, 'en')}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Fact):
    """What a treatment is for, what it cannot do, and how many sessions are usual.

    `zones` are those where it is usually done; empty means any.
    """

    indication: Indication
    name: Text
    zones: frozenset[Zone]
    aim: Text
    limits: Text
    sessions: Amount
    interval_days: Amount
    needle_mm: Amount | None
    upkeep: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Fact):
    """A part of a session as the patient lives it."""

    title: Text
    text: Text
    minutes: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice(Fact):
    """What to do, avoid, expect or take up again.

    Hours count from the end of the session; `until_hours` None has no end. Advice for the time
    before a session has no hours. Empty `zones` means any zone.
    """

    text: Text
    kind: AdviceKind
    is_before: bool
    from_hours: int
    until_hours: int | None
    zones: frozenset[Zone]

    @property
    def period(self) -> Text | None:
        """Say when it holds: "pendant 24 heures", "dès le 7e jour"; None where nothing is said."""
        return _period(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk(Fact):
    """What may happen, how often, for how long, and what to do then."""

    kind: RiskKind
    name: Text
    frequency: Text
    duration: Text
    action: Text
    symptoms: frozenset[Symptom]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contraindication(Fact):
    """Who should not be treated, not yet, or only once a doctor has decided.

    `questions` are the screening questions that ask for it; its sources are theirs.
    """

    strength: Strength
    text: Text
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative(Fact):
    """What else exists, doing nothing included."""

    name: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is said of a procedure, by id and in the order of the file."""

    procedure: Procedure
    version: str
    reviewed_by: Text
    reviewed_on: date
    claims: Mapping[str, Claim]
    courses: Mapping[Indication, Course]
    steps: Mapping[str, Step]
    advice: Mapping[str, Advice]
    risks: Mapping[str, Risk]
    contraindications: Mapping[str, Contraindication]
    alternatives: Mapping[str, Alternative]

    def everything(self) -> list[Fact]:
        """Return every fact of every sort."""
        return [
            *self.claims.values(),
            *self.courses.values(),
            *self.steps.values(),
            *self.advice.values(),
            *self.risks.values(),
            *self.contraindications.values(),
            *self.alternatives.values(),
        ]

    def risks_of(self, *kinds: RiskKind) -> list[Risk]:
        """Return the risks of these kinds."""
        return [risk for risk in self.risks.values() if risk.kind in kinds]

    def advice_before(self) -> list[Advice]:
        """Return what holds before a session."""
        return [advice for advice in self.advice.values() if advice.is_before]

    def advice_after(self, zones: frozenset[Zone] = frozenset()) -> list[Advice]:
        """Return what holds after a session on these zones; without zones, everything."""
        return [
            advice
            for advice in self.advice.values()
            if not advice.is_before
            and (not zones or not advice.zones or not zones.isdisjoint(advice.zones))
        ]


def facts_of(procedure: Procedure, book: RuleBook | None = None) -> Facts:
    """Return the facts of a procedure by a clinic's own values, or those shipped; read once each.

    What a reader is told of a limit is the value of the `book`: pages and texts pass the rules in
    force.

    Raises:
        ValueError, KeyError: the data file is wrong.
    """
    return _facts_of(procedure, book or load_rulebook())


@lru_cache(maxsize=16)
def _facts_of(procedure: Procedure, book: RuleBook) -> Facts:
    path = files("aiguille.catalogue") / "data" / "facts" / f"{procedure.value}.toml"
    top = tomllib.loads(path.read_text(encoding="utf-8"))
    reader = _Reader(book, procedure)
    if Procedure(top["procedure"]) is not procedure:
        raise ValueError(f"{path} speaks of {top['procedure']}")
    courses = _by_id(top["course"], reader.course)
    return Facts(
        procedure=procedure,
        version=f"{top['version']}/{book.version}{_own_values(book)}",
        reviewed_by=Text.from_mapping(top["reviewed_by"]),
        reviewed_on=top["reviewed_on"],
        claims=_by_id(top["claim"], reader.claim),
        courses={course.indication: course for course in courses.values()},
        steps=_by_id(top["step"], reader.step),
        advice=_by_id(top["advice"], reader.advice),
        risks=_by_id(top["risk"], reader.risk),
        contraindications=_by_id(top["contraindication"], reader.contraindication),
        alternatives=_by_id(top["alternative"], reader.alternative),
    )


def _own_values(book: RuleBook) -> str:
    """Return what tells the clinic's own values in a version, nothing for the shipped ones."""
    own = ",".join(
        f"{name}={spelled(value, 'en')}" for name, value in sorted(book.overrides.items())
    )
    return f"+{hashlib.sha256(own.encode()).hexdigest()[:8]}" if own else ""


def duration_text(hours: int) -> Text:
    """Return a duration as people say it: hours up to 48, then days, then whole weeks."""
    if hours <= 48:
        return Text(fr=f"{hours} heures", en=f"{hours} hours")
    if hours % 168 or hours < 336:
        days = Decimal(hours) / 24
        return Text(fr=f"{spelled(days, 'fr')} jours", en=f"{spelled(days, 'en')} days")
    return Text(fr=f"{hours // 168} semaines", en=f"{hours // 168} weeks")


def _period(advice: Advice) -> Text | None:
    if advice.is_before:
        return None
    begin, end = advice.from_hours, advice.until_hours
    start = duration_text(begin)
    if end is None:
        return Text(fr=f"après {start.fr}", en=f"after {start.en}")
    stop = duration_text(end)
    if begin == 0:
        return Text(fr=f"pendant {stop.fr}", en=f"for {stop.en}")
    return Text(fr=f"de {start.fr} à {stop.fr}", en=f"from {start.en} to {stop.en}")


Found = TypeVar("Found", bound=Fact)


def _by_id(
    rows: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], Found]
) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for row in rows:
        fact = read(row)
        if fact.id in found:
            raise ValueError(f"{fact.id} stands twice in the facts")
        found[fact.id] = fact
    return found


def _amount(value: Mapping[str, Any]) -> Amount:
    least, most = Decimal(value["least"]), Decimal(value["most"])
    return Amount(usual=Decimal(value.get("usual", least)), least=least, most=most)


def _zones(row: Mapping[str, Any]) -> frozenset[Zone]:
    return frozenset(Zone(code) for code in row.get("zones", ()))


class _Reader:
    """Reads each sort of fact, the rule book's values filled into its texts."""

    def __init__(self, book: RuleBook, procedure: Procedure) -> None:
        self._book, self._procedure = book, procedure

    def claim(self, row: Mapping[str, Any]) -> Claim:
        return Claim(
            **self._common(row),
            text=self._text(row["text"]),
            knowledge=Knowledge(row["knowledge"]),
        )

    def course(self, row: Mapping[str, Any]) -> Course:
        return Course(
            **self._common(row, name=row["indication"]),
            indication=Indication(row["indication"]),
            name=self._text(row["name"]),
            zones=_zones(row),
            aim=self._text(row["aim"]),
            limits=self._text(row["limits"]),
            sessions=_amount(row["sessions"]),
            interval_days=self._apart(_amount(row["interval_days"]), _zones(row)),
            needle_mm=_amount(row["needle_mm"]) if "needle_mm" in row else None,
            upkeep=self._text(row["upkeep"]) if "upkeep" in row else None,
        )

    def _apart(self, days: Amount, zones: frozenset[Zone]) -> Amount:
        """Return an interval, no shorter than the one that the clinic keeps."""
        is_scalp = self._procedure is Procedure.NEEDLING and zones == {Zone.SCALP}
        case = "scalp" if is_scalp else self._procedure.value
        kept = self._book.value(f"R19.{case}.days")
        return Amount(
            usual=max(days.usual, kept), least=max(days.least, kept), most=max(days.most, kept)
        )

    def step(self, row: Mapping[str, Any]) -> Step:
        return Step(
            **self._common(row),
            title=self._text(row["title"]),
            text=self._text(row["text"]),
            minutes=_amount(row["minutes"]) if "minutes" in row else None,
        )

    def advice(self, row: Mapping[str, Any]) -> Advice:
        is_before = {"before": True, "after": False}[row["when"]]
        until = row.get("until_hours")
        if until is not None and until <= row["from_hours"]:
            raise ValueError(f"{row['id']} ends before it begins")
        return Advice(
            **self._common(row),
            text=self._text(row["text"]),
            kind=AdviceKind(row["kind"]),
            is_before=is_before,
            from_hours=0 if is_before else row["from_hours"],
            until_hours=until,
            zones=_zones(row),
        )

    def risk(self, row: Mapping[str, Any]) -> Risk:
        return Risk(
            **self._common(row),
            kind=RiskKind(row["kind"]),
            name=self._text(row["name"]),
            frequency=self._text(row["frequency"]),
            duration=self._text(row["duration"]),
            action=self._text(row["action"]),
            symptoms=frozenset(Symptom(code) for code in row["symptoms"]),
        )

    def contraindication(self, row: Mapping[str, Any]) -> Contraindication:
        asked = [self._book.questions[name] for name in row["questions"]]
        confirmed = all(question.status is Status.CONFIRMED for question in asked)
        return Contraindication(
            id=row["id"],
            sources=tuple(dict.fromkeys(tag for question in asked for tag in question.sources)),
            status=Status.CONFIRMED if confirmed else Status.TO_CONFIRM,
            strength=Strength(row["strength"]),
            text=self._text(row["text"]),
            questions=tuple(row["questions"]),
        )

    def alternative(self, row: Mapping[str, Any]) -> Alternative:
        return Alternative(
            **self._common(row), name=self._text(row["name"]), text=self._text(row["text"])
        )

    def _common(self, row: Mapping[str, Any], name: str = "") -> dict[str, Any]:
        sources = tuple(row["sources"])
        if unknown := [tag for tag in sources if tag not in self._book.sources]:
            raise ValueError(f"{row.get('id', name)} cites {unknown}, which have no reference")
        status = Status(row["status"])
        if not sources and status is Status.CONFIRMED:
            raise ValueError(f"{row.get('id', name)} is confirmed by no source")
        return {"id": row.get("id", name), "sources": sources, "status": status}

    def _text(self, value: Mapping[str, str]) -> Text:
        text = Text.from_mapping(value)
        return Text(fr=self._filled(text.fr, "fr"), en=self._filled(text.en, "en"))

    def _filled(self, text: str, language: str) -> str:
        return _BLANK.sub(lambda blank: self._value(blank[1], blank[2] or "", language), text)

    def _value(self, setting: str, shown: str, language: str) -> str:
        """Return a value as it is told; `shown` as a duration, hours are hours or days."""
        value = self._book.value(setting)
        if shown == "duration":
            return duration_text(int(value)).in_language(language)
        return spelled(value, language)
