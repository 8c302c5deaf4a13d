"""The guide to a procedure, as everybody can read it: sections of texts and of facts.

A guide's file orders the sections and holds the connecting words; what it states comes from the
facts by id, as in the consent text. `kind` of a block names the template that shows it.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, ClassVar

from aiguille.catalogue.facts import (
    Advice,
    AdviceKind,
    Claim,
    Contraindication,
    Course,
    Fact,
    Facts,
    Knowledge,
    RiskKind,
    Step,
    Strength,
    facts_of,
)
from aiguille.kernel.codes import Language, Procedure
from aiguille.kernel.text import Text
from aiguille.rulebook.book import RuleBook, load_rulebook
from aiguille.rulebook.entries import Status


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph of the guide's own."""

    kind: ClassVar[str] = "text"
    text: Text
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimsBlock:
    """Statements, those only believed told apart."""

    kind: ClassVar[str] = "claims"
    claims: tuple[Claim, ...]

    @property
    def is_believed(self) -> bool:
        """Tell whether these are beliefs; a block never mixes the two."""
        return self.claims[0].knowledge is Knowledge.BELIEVED


@dataclass(frozen=True, slots=True)
class IllustrationBlock:
    """A drawing by name, with its caption."""

    kind: ClassVar[str] = "illustration"
    name: str
    caption: Text


@dataclass(frozen=True, slots=True)
class CoursesBlock:
    """What the procedure is for, and what it cannot do."""

    kind: ClassVar[str] = "courses"
    courses: tuple[Course, ...]


@dataclass(frozen=True, slots=True)
class SessionsBlock:
    """How many sessions are usual, and how far apart."""

    kind: ClassVar[str] = "sessions"
    courses: tuple[Course, ...]

    @property
    def has_needles(self) -> bool:
        """Tell whether needle lengths are given."""
        return any(course.needle_mm for course in self.courses)


@dataclass(frozen=True, slots=True)
class StepsBlock:
    """A session as the patient lives it."""

    kind: ClassVar[str] = "steps"
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Facts under one heading, as `tone` shows them."""

    title: Text
    tone: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class AdviceBlock:
    """What to do, avoid, expect and take up again, in groups."""

    kind: ClassVar[str] = "advice"
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class RisksBlock:
    """The risks in groups, mildest first."""

    kind: ClassVar[str] = "risks"
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class ContraindicationsBlock:
    """Who should not, not yet, or only after a doctor's word."""

    kind: ClassVar[str] = "contraindications"
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One line of a comparison; as many cells as there are columns."""

    title: Text
    cells: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class ComparisonBlock:
    """Treatments side by side."""

    kind: ClassVar[str] = "comparison"
    caption: Text
    columns: tuple[Text, ...]
    rows: tuple[ComparisonRow, ...]
    sources: tuple[str, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class Question:
    """What people ask, answered in words and with facts."""

    ask: Text
    answer: Text
    claims: tuple[Claim, ...]
    advice: tuple[Advice, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionsBlock:
    """Questions that people ask."""

    kind: ClassVar[str] = "questions"
    questions: tuple[Question, ...]


Block = (
    TextBlock
    | ClaimsBlock
    | IllustrationBlock
    | CoursesBlock
    | SessionsBlock
    | StepsBlock
    | AdviceBlock
    | RisksBlock
    | ContraindicationsBlock
    | ComparisonBlock
    | QuestionsBlock
)


@dataclass(frozen=True, slots=True)
class Section:
    """A section, with its anchor in the page."""

    id: str
    title: Text
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """The whole guide. `references` are numbered from 1 in the order in which they are cited."""

    procedure: Procedure
    slug: Text
    title: Text
    lead: Text
    description: Text
    sections: tuple[Section, ...]
    references: tuple[tuple[str, str], ...]
    reviewed_by: Text
    reviewed_on: date

    def numbers(self, sources: Iterable[str]) -> list[int]:
        """Return the numbers of these sources in `references`, in order."""
        order = {tag: number for number, (tag, _) in enumerate(self.references, start=1)}
        return sorted(order[tag] for tag in sources)

    @property
    def questions(self) -> list[Question]:
        """Return every question that people ask."""
        return [
            question
            for section in self.sections
            for block in section.blocks
            if isinstance(block, QuestionsBlock)
            for question in block.questions
        ]


def guide(procedure: Procedure, book: RuleBook | None = None) -> Guide:
    """Return the guide to a procedure by a clinic's own values, or those shipped; read once each.

    Raises:
        ValueError, KeyError: the guide's file is wrong or names a fact that does not exist.
    """
    return _guide(procedure, book or load_rulebook())


@lru_cache(maxsize=16)
def _guide(procedure: Procedure, book: RuleBook) -> Guide:
    path = files("aiguille.catalogue") / "data" / "guides" / f"{procedure.value}.toml"
    top = tomllib.loads(path.read_text(encoding="utf-8"))
    facts = facts_of(procedure, book)
    sections = tuple(
        Section(
            id=row["id"],
            title=Text.from_mapping(row["title"]),
            blocks=tuple(found for block in row["block"] for found in _blocks(block, facts)),
        )
        for row in top["section"]
    )
    cited = dict.fromkeys(tag for section in sections for tag in _cited(section))
    return Guide(
        procedure=procedure,
        slug=Text.from_mapping(top["slug"]),
        title=Text.from_mapping(top["title"]),
        lead=Text.from_mapping(top["lead"]),
        description=Text.from_mapping(top["description"]),
        sections=sections,
        references=tuple((tag, book.sources[tag]) for tag in cited),
        reviewed_by=facts.reviewed_by,
        reviewed_on=facts.reviewed_on,
    )


def procedure_of_slug(slug: str) -> Procedure | None:
    """Return whose guide has this slug in either language, or None."""
    for procedure in Procedure:
        if slug in guide(procedure).slug.as_dict().values():
            return procedure
    return None


_ADVICE_TITLES: Mapping[AdviceKind, Text] = {
    AdviceKind.NORMAL: Text(fr="Ce qui est normal", en="What is normal"),
    AdviceKind.DO: Text(fr="À faire", en="Do"),
    AdviceKind.AVOID: Text(fr="À éviter", en="Avoid"),
    AdviceKind.RESUME: Text(fr="À reprendre", en="Resume"),
}
_RISK_TITLES: Mapping[RiskKind, Text] = {
    RiskKind.EXPECTED: Text(fr="Attendus", en="Expected"),
    RiskKind.UNCOMMON: Text(fr="Possibles", en="Possible"),
    RiskKind.SERIOUS: Text(fr="Graves, et rares", en="Serious, and rare"),
}
_STRENGTH_TITLES: Mapping[Strength, Text] = {
    Strength.NEVER: Text(fr="Pas ce soin", en="Not this treatment"),
    Strength.NOT_NOW: Text(fr="Pas maintenant", en="Not now"),
    Strength.DOCTOR: Text(fr="Seulement si le médecin l’accepte", en="Only if the doctor agrees"),
}


def _blocks(row: Mapping[str, Any], facts: Facts) -> Sequence[Block]:
    """Read one block of the file; claims known and believed come apart."""
    if row["kind"] == "claims":
        return _claims_apart([facts.claims[name] for name in row["ids"]])
    return [_READERS[row["kind"]](row, facts)]


def _claims_apart(claims: Iterable[Claim]) -> list[Block]:
    found: list[list[Claim]] = []
    for claim in claims:
        if not found or found[-1][0].knowledge is not claim.knowledge:
            found.append([])
        found[-1].append(claim)
    return [ClaimsBlock(tuple(together)) for together in found]


def _text(row: Mapping[str, Any], _facts: Facts) -> TextBlock:
    return TextBlock(Text.from_mapping(row["text"]), tuple(row.get("sources", ())))


def _illustration(row: Mapping[str, Any], _facts: Facts) -> IllustrationBlock:
    return IllustrationBlock(row["name"], Text.from_mapping(row["caption"]))


def _advice(row: Mapping[str, Any], facts: Facts) -> AdviceBlock:
    advice = facts.advice_before() if row["when"] == "before" else facts.advice_after()
    return AdviceBlock(
        tuple(
            Group(title, kind.value, together)
            for kind, title in _ADVICE_TITLES.items()
            if (together := tuple(entry for entry in advice if entry.kind is kind))
        )
    )


def _risks(_row: Mapping[str, Any], facts: Facts) -> RisksBlock:
    return RisksBlock(
        tuple(
            Group(title, kind.value, tuple(facts.risks_of(kind)))
            for kind, title in _RISK_TITLES.items()
        )
    )


def _contraindications(_row: Mapping[str, Any], facts: Facts) -> ContraindicationsBlock:
    entries: list[Contraindication] = list(facts.contraindications.values())
    return ContraindicationsBlock(
        tuple(
            Group(title, strength.value, tuple(e for e in entries if e.strength is strength))
            for strength, title in _STRENGTH_TITLES.items()
        )
    )


def _comparison(row: Mapping[str, Any], _facts: Facts) -> ComparisonBlock:
    columns = _texts(row["columns"])
    rows = tuple(
        ComparisonRow(Text.from_mapping(line["title"]), _texts(line["cells"]))
        for line in row["row"]
    )
    if any(len(line.cells) != len(columns) for line in rows):
        raise ValueError("a comparison has as many cells as columns")
    return ComparisonBlock(
        caption=Text.from_mapping(row["caption"]),
        columns=columns,
        rows=rows,
        sources=tuple(row["sources"]),
        status=Status(row["status"]),
    )


def _questions(row: Mapping[str, Any], facts: Facts) -> QuestionsBlock:
    return QuestionsBlock(
        tuple(
            Question(
                ask=Text.from_mapping(question["ask"]),
                answer=Text.from_mapping(question["answer"]),
                claims=tuple(facts.claims[name] for name in question.get("claims", ())),
                advice=tuple(facts.advice[name] for name in question.get("advice", ())),
                sources=tuple(question.get("sources", ())),
            )
            for question in row["question"]
        )
    )


def _texts(value: Mapping[str, Sequence[str]]) -> tuple[Text, ...]:
    pairs = zip(value[Language.FR], value[Language.EN], strict=True)
    return tuple(Text(fr=fr, en=en) for fr, en in pairs)


_READERS: Mapping[str, Callable[[Mapping[str, Any], Facts], Block]] = {
    "text": _text,
    "illustration": _illustration,
    "courses": lambda _row, facts: CoursesBlock(tuple(facts.courses.values())),
    "sessions": lambda _row, facts: SessionsBlock(tuple(facts.courses.values())),
    "steps": lambda _row, facts: StepsBlock(tuple(facts.steps.values())),
    "advice": _advice,
    "risks": _risks,
    "contraindications": _contraindications,
    "comparison": _comparison,
    "questions": _questions,
}


def _cited(section: Section) -> Iterable[str]:
    """Yield the tags that a section cites, in the order of reading."""
    for block in section.blocks:
        match block:
            case TextBlock() | ComparisonBlock():
                yield from block.sources
            case ClaimsBlock():
                yield from _of(block.claims)
            case CoursesBlock() | SessionsBlock():
                yield from _of(block.courses)
            case StepsBlock():
                yield from _of(block.steps)
            case AdviceBlock() | RisksBlock() | ContraindicationsBlock():
                for group in block.groups:
                    yield from _of(group.facts)
            case QuestionsBlock():
                for question in block.questions:
                    yield from (*_of(question.claims), *_of(question.advice), *question.sources)
            case IllustrationBlock():
                pass


def _of(facts: Iterable[Fact]) -> Iterable[str]:
    return (tag for fact in facts for tag in fact.sources)
