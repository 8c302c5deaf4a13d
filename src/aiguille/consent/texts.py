"""The text that a patient reads before consenting, composed from the facts of the catalogue.

A template (`data/<procedure>.toml`) names the sections, what is ticked at the end of each, and the
facts that go in. Nothing here decides whether a consent is in force: see `queries`.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from aiguille.catalogue.facts import (
    Advice,
    AdviceKind,
    Course,
    Facts,
    Risk,
    RiskKind,
    Strength,
    facts_of,
)
from aiguille.kernel.codes import Indication, Language, Procedure
from aiguille.kernel.text import Text
from aiguille.rulebook import RuleBook


@dataclass(frozen=True, slots=True)
class ConsentItem:
    """One line of a list: a risk, a step, a piece of advice. `label` may be empty."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ConsentSection:
    """A part of the text, read and then ticked: `acknowledgement` is the sentence ticked."""

    id: str
    title: str
    paragraphs: tuple[str, ...]
    items: tuple[ConsentItem, ...]
    acknowledgement: str


@dataclass(frozen=True, slots=True)
class ConsentContent:
    """The whole text in one language, and the mention that the patient types in full."""

    procedure: Procedure
    indication: Indication
    language: Language
    title: str
    sections: tuple[ConsentSection, ...]
    mention: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, the same for the same text: what is stored and digested."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "ConsentContent":
        """Read what `as_dict` gave."""
        return cls(
            procedure=Procedure(value["procedure"]),
            indication=Indication(value["indication"]),
            language=Language(value["language"]),
            title=value["title"],
            sections=tuple(
                ConsentSection(
                    id=section["id"],
                    title=section["title"],
                    paragraphs=tuple(section["paragraphs"]),
                    items=tuple(ConsentItem(**item) for item in section["items"]),
                    acknowledgement=section["acknowledgement"],
                )
                for section in value["sections"]
            ),
            mention=value["mention"],
        )

    @property
    def section_ids(self) -> tuple[str, ...]:
        """Return the sections that must all be ticked."""
        return tuple(section.id for section in self.sections)


def compose(
    *,
    procedure: Procedure,
    indication: Indication,
    language: Language,
    book: RuleBook | None = None,
) -> ConsentContent:
    """Compose the text for a treatment in one language, by a clinic's values or those shipped.

    Raises:
        KeyError: the facts say nothing of this indication: the clinic does not offer it.
    """
    facts = facts_of(procedure, book)
    template = _template(procedure)
    course = facts.courses[indication]
    writer = _Writer(facts, course, language)
    title = Text.from_mapping(template["title"]).in_language(language)
    return ConsentContent(
        procedure=procedure,
        indication=indication,
        language=language,
        title=title.format(concern=course.name.in_language(language)),
        sections=tuple(writer.section(row) for row in template["section"]),
        mention=Text.from_mapping(template["mention"]).in_language(language),
    )


@cache
def _template(procedure: Procedure) -> Mapping[str, Any]:
    path = files("aiguille.consent") / "data" / f"{procedure.value}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


# How the label of a list item begins, by what it is.
_LABELS: Mapping[str, Text] = {
    AdviceKind.DO: Text(fr="À faire", en="Do"),
    AdviceKind.AVOID: Text(fr="À éviter", en="Avoid"),
    AdviceKind.NORMAL: Text(fr="Normal", en="Normal"),
    AdviceKind.RESUME: Text(fr="À reprendre", en="Resume"),
    Strength.NEVER: Text(fr="Interdit le soin", en="Forbids the treatment"),
    Strength.NOT_NOW: Text(fr="Reporte le soin", en="Postpones the treatment"),
    Strength.DOCTOR: Text(fr="Le médecin décide", en="The doctor decides"),
}
_SESSIONS = Text(
    fr="Nombre de séances habituel : {sessions}, espacées de {days} jours environ.",
    en="Usual number of sessions: {sessions}, about {days} days apart.",
)
_UPKEEP = Text(fr="Entretien : {upkeep}.", en="Upkeep: {upkeep}.")
_RISK = Text(
    fr="Fréquence : {frequency}. Délai ou durée : {duration}. {action}",
    en="Frequency: {frequency}. Onset or duration: {duration}. {action}",
)
_BEFORE = Text(fr="avant la séance", en="before the session")


class _Writer:
    """Writes the sections of one treatment in one language."""

    def __init__(self, facts: Facts, course: Course, language: Language) -> None:
        self._facts = facts
        self._course = course
        self._language = language

    def section(self, row: Mapping[str, Any]) -> ConsentSection:
        paragraphs: list[str] = []
        items: list[ConsentItem] = []
        for name in row.get("uses", ()):
            found_paragraphs, found_items = _PIECES[name](self)
            paragraphs += found_paragraphs
            items += found_items
        own = row.get("claims_of", {}).get(self._course.indication, [])
        claims = [self._facts.claims[name] for name in (*row.get("claims", ()), *own)]
        paragraphs += [self._say(claim.text) for claim in claims]
        if "paragraph" in row:
            paragraphs.append(self._say(Text.from_mapping(row["paragraph"])))
        return ConsentSection(
            id=row["id"],
            title=self._say(Text.from_mapping(row["title"])),
            paragraphs=tuple(paragraphs),
            items=tuple(items),
            acknowledgement=self._say(Text.from_mapping(row["acknowledgement"])),
        )

    def aim(self) -> tuple[list[str], list[ConsentItem]]:
        return [self._say(self._course.aim), self._say(self._course.limits)], []

    def course(self) -> tuple[list[str], list[ConsentItem]]:
        said = self._say(_SESSIONS).format(
            sessions=self._say(self._course.sessions.text),
            days=self._say(self._course.interval_days.text),
        )
        if self._course.upkeep is None:
            return [said], []
        return [said, self._say(_UPKEEP).format(upkeep=self._say(self._course.upkeep))], []

    def steps(self) -> tuple[list[str], list[ConsentItem]]:
        steps = self._facts.steps.values()
        return [], [ConsentItem(self._say(step.title), self._say(step.text)) for step in steps]

    def before(self) -> tuple[list[str], list[ConsentItem]]:
        return [], [self._advice(advice) for advice in self._facts.advice_before()]

    def after(self) -> tuple[list[str], list[ConsentItem]]:
        return [], [self._advice(advice) for advice in self._facts.advice_after(self._course.zones)]

    def expected_risks(self) -> tuple[list[str], list[ConsentItem]]:
        return [], self._risks(self._facts.risks_of(RiskKind.EXPECTED, RiskKind.UNCOMMON))

    def serious_risks(self) -> tuple[list[str], list[ConsentItem]]:
        return [], self._risks(self._facts.risks_of(RiskKind.SERIOUS))

    def contraindications(self) -> tuple[list[str], list[ConsentItem]]:
        return [], [
            ConsentItem(self._say(_LABELS[entry.strength]), self._say(entry.text))
            for entry in self._facts.contraindications.values()
        ]

    def alternatives(self) -> tuple[list[str], list[ConsentItem]]:
        entries = self._facts.alternatives.values()
        return [], [ConsentItem(self._say(entry.name), self._say(entry.text)) for entry in entries]

    def _risks(self, risks: list[Risk]) -> list[ConsentItem]:
        return [
            ConsentItem(
                self._say(risk.name),
                self._say(_RISK).format(
                    frequency=self._say(risk.frequency),
                    duration=self._say(risk.duration),
                    action=self._say(risk.action),
                ),
            )
            for risk in risks
        ]

    def _advice(self, advice: Advice) -> ConsentItem:
        period = _BEFORE if advice.is_before else advice.period
        label = self._say(_LABELS[advice.kind])
        when = f" ({self._say(period)})" if period else ""
        return ConsentItem(f"{label}{when}", self._say(advice.text))

    def _say(self, text: Text) -> str:
        return text.in_language(self._language)


_PIECES: Mapping[str, Callable[[_Writer], tuple[list[str], list[ConsentItem]]]] = {
    "aim": _Writer.aim,
    "course": _Writer.course,
    "steps": _Writer.steps,
    "before": _Writer.before,
    "after": _Writer.after,
    "expected_risks": _Writer.expected_risks,
    "serious_risks": _Writer.serious_risks,
    "contraindications": _Writer.contraindications,
    "alternatives": _Writer.alternatives,
}
