"""What the rule book and the protocol say of a plan while it is made: plain Python over facts.

The same judgement stands beside each field as it is typed, and decides when the plan is kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from aiguille.catalogue.queries import ProductView, RulesInForce
from aiguille.kernel.codes import Indication, Procedure, ProductUse, Zone
from aiguille.kernel.decisions import Decision
from aiguille.kernel.labels import label
from aiguille.kernel.numbers import exact
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import ZoneSide, zones_among
from aiguille.protocols.model import Confidence, Course, Protocol, TechniqueLimits
from aiguille.protocols.sources import digest_of

# Where no length is known, the rule book's own limit is asked: the longer wait.
UNKNOWN_LENGTH = Decimal("0.5")


class Answer(StrEnum):
    """What lets a plan pass in spite of a limit."""

    NOTHING = "NOTHING"
    TICK = "TICK"
    REASON = "REASON"


@dataclass(frozen=True, slots=True)
class PlannedPlace:
    """How deep one zone is treated on one side: a needle's length, or a technique and its depth."""

    zone_side: ZoneSide
    needle_mm: Decimal | None = None
    technique: str = ""
    depth_mm: Decimal | None = None

    @property
    def key(self) -> str:
        """Return what ends the names of its fields: "CHEEK_left"."""
        return f"{self.zone_side.zone}_{self.zone_side.side}"

    @property
    def stored(self) -> dict[str, str]:
        """Return it as a plan keeps it."""
        given = {
            "needle_mm": self.needle_mm and exact(self.needle_mm),
            "technique": self.technique,
            "depth_mm": self.depth_mm and exact(self.depth_mm),
        }
        return {**self.zone_side.stored, **{name: value for name, value in given.items() if value}}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Read what a plan keeps."""
        return cls(
            ZoneSide.from_stored(stored),
            needle_mm=Decimal(stored["needle_mm"]) if "needle_mm" in stored else None,
            technique=stored.get("technique", ""),
            depth_mm=Decimal(stored["depth_mm"]) if "depth_mm" in stored else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """A plan as far as it is typed: None is what is not there, or no number, yet."""

    protocol: Protocol
    indication: Indication
    phototype: int | None
    places: tuple[PlannedPlace, ...]
    sessions_planned: int | None = None
    interval_min_days: int | None = None
    product: ProductView | None = None

    @property
    def course(self) -> Course:
        """Return what the protocol proposes for the indication."""
        return self.protocol.course(self.indication)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Return the zones, each once."""
        return zones_among(place.zone_side for place in self.places)

    @property
    def use(self) -> ProductUse:
        """Return what the product is used for."""
        is_injected = self.protocol.procedure is Procedure.MESOTHERAPY
        return ProductUse.INJECT if is_injected else ProductUse.AFTER

    def longest(self, zone: Zone) -> Decimal:
        """Return the longest needle planned on a zone, on either side."""
        lengths = [p.needle_mm for p in self.places if p.zone_side.zone is zone and p.needle_mm]
        return max(lengths, default=UNKNOWN_LENGTH)


@dataclass(frozen=True, slots=True)
class Limit:
    """What stands against a plan as it is, or asks for a word of the physician.

    `field` is that of the form beside which it stands. `rule` is the rule book's, empty where the
    protocol's file says it; `sources` are tags of the rule book.
    """

    field: str
    decision: Decision
    message: Text
    answer: Answer
    rule: str = ""
    sources: tuple[str, ...] = ()
    is_to_confirm: bool = False

    @property
    def key(self) -> str:
        """Return what tells this limit from any other: whoever ticks it saw this very text."""
        seen = digest_of(
            {"rule": self.rule, "decision": self.decision.value, "says": self.message.as_dict()}
        )
        return f"{self.field}.{seen[:12]}"

    @property
    def stops(self) -> bool:
        """Tell whether the plan is refused whatever the physician says."""
        is_grave = self.decision.severity > Decision.WARN.severity
        return is_grave and self.answer is Answer.NOTHING

    @property
    def stored(self) -> dict[str, Any]:
        """Return it as a plan keeps it."""
        return {
            "field": self.field,
            "rule": self.rule,
            "decision": self.decision.value,
            "message": self.message.as_dict(),
            "sources": list(self.sources),
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """The limits, most severe first, and each question to the rule book with its answer."""

    limits: tuple[Limit, ...]
    rulings: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...] = field(repr=False)


def judge(draft: PlanDraft, rules: RulesInForce) -> Judgement:
    """Return what stands against a plan: the clinic's rules in force, and its protocol.

    What is not known yet is not judged; a length that is no length leads to nothing here.
    """
    asked: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []

    def ask(question: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        answer = rules.decide(question)
        if "error" in answer:
            return []
        asked.append((question, answer))
        return list(answer["findings"])

    def said(name: str, finding: Mapping[str, Any], message: Text | None = None) -> Limit:
        decision = Decision(finding["decision"])
        return Limit(
            field=name,
            decision=decision,
            message=message or Text.from_mapping(finding["message"]),
            answer=_answer(decision, name),
            rule=finding["rule"],
            sources=tuple(finding["sources"]),
            is_to_confirm=rules.is_to_confirm(finding["rule"]),
        )

    found = [
        *(said(name, one) for name, question in _depths(draft) for one in ask(question)),
        *(
            said("interval_min_days", finding, message)
            for finding, message in _by_zones((zone, ask(q)) for zone, q in _intervals(draft))
        ),
        *_of_course(draft),
        *_of_techniques(draft),
    ]
    if draft.product is not None:
        question = {
            "kind": "product",
            "use": draft.use.value,
            "status": draft.product.status.value,
            "actives": [active.value for active in draft.product.actives],
            "sterile": draft.product.is_sterile,
        }
        found += [said("product_id", finding) for finding in ask(question)]
    # Beside what is forbidden, nothing is left to be ticked.
    stopped = {limit.field for limit in found if limit.stops}
    kept = [limit for limit in found if limit.stops or limit.field not in stopped]
    kept.sort(key=lambda limit: -limit.decision.severity)
    return Judgement(tuple(kept), tuple(asked))


def objections(
    findings: Sequence[Mapping[str, Any]], *, settled: Iterable[str], rules: RulesInForce
) -> tuple[Limit, ...]:
    """Return what the patient's answers say against the zones and the product.

    What the verdict settled with a reason is settled here; the rest is settled by a new verdict.
    """
    done = set(settled)
    return tuple(
        Limit(
            field="zones",
            decision=Decision(finding["decision"]),
            message=Text.from_mapping(finding["message"]),
            answer=Answer.NOTHING,
            rule=finding["rule"],
            sources=tuple(finding["sources"]),
            is_to_confirm=rules.is_to_confirm(finding["rule"]),
        )
        for finding in findings
        if Decision(finding["decision"]).severity >= Decision.REVIEW.severity
        and finding["rule"] not in done
    )


def _answer(decision: Decision, name: str) -> Answer:
    if decision is Decision.WARN:
        return Answer.TICK
    # The gate asks for the interval again: no reason shortens it here.
    if decision is Decision.REVIEW and name == "product_id":
        return Answer.REASON
    return Answer.NOTHING


def _depths(draft: PlanDraft) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place in draft.places:
        if place.needle_mm is not None:
            yield (
                f"needle_mm_{place.key}",
                {
                    "kind": "depth",
                    "zone": place.zone_side.zone.value,
                    "indication": draft.indication.value,
                    "needle_mm": place.needle_mm,
                    "phototype": draft.phototype,
                },
            )


def _intervals(draft: PlanDraft) -> Iterator[tuple[Zone, Mapping[str, Any]]]:
    if draft.interval_min_days is None:
        return
    for zone in draft.zones:
        yield (
            zone,
            {
                "kind": "interval",
                "procedure": draft.protocol.procedure.value,
                "zone": zone.value,
                "needle_mm": draft.longest(zone),
                "days_since_last": draft.interval_min_days,
            },
        )


def _by_zones(
    found: Iterable[tuple[Zone, list[Mapping[str, Any]]]],
) -> Iterator[tuple[Mapping[str, Any], Text]]:
    """Say a finding once for all the zones that it is about."""
    zones: dict[tuple[str, str], list[Text]] = defaultdict(list)
    first: dict[tuple[str, str], Mapping[str, Any]] = {}
    for zone, findings in found:
        for finding in findings:
            same = (finding["rule"], finding["message"]["en"])
            first.setdefault(same, finding)
            zones[same].append(label(zone))
    for same, finding in first.items():
        message = Text.from_mapping(finding["message"])
        yield (
            finding,
            Text(
                fr=f"{', '.join(name.fr for name in zones[same])} : {message.fr}",
                en=f"{', '.join(name.en for name in zones[same])}: {message.en}",
            ),
        )


def _of_course(draft: PlanDraft) -> Iterator[Limit]:
    course = draft.course

    def warning(name: str, message: Text) -> Limit:
        return Limit(
            field=name,
            decision=Decision.WARN,
            message=message,
            answer=Answer.TICK,
            sources=course.sources,
            is_to_confirm=course.confidence is Confidence.TO_CONFIRM,
        )

    planned, least = draft.sessions_planned, draft.interval_min_days
    low, high = course.sessions_min, course.sessions_max
    if planned is not None and not low <= planned <= high:
        yield warning(
            "sessions_planned",
            Text(
                fr=f"Le protocole propose {low} séances pour cette indication."
                if low == high
                else f"Le protocole propose de {low} à {high} séances pour cette indication.",
                en=f"The protocol proposes {low} sessions for this indication."
                if low == high
                else f"The protocol proposes {low} to {high} sessions for this indication.",
            ),
        )
    advised = course.interval_min_days
    if least is not None and least < advised:
        yield warning(
            "interval_min_days",
            Text(
                fr=f"{least} jours : moins que les {advised} jours conseillés entre deux séances "
                "pour cette indication.",
                en=f"{least} days: less than the {advised} days advised between two sessions for "
                "this indication.",
            ),
        )
    deepest = course.needle_mm_max
    for place in draft.places:
        if place.needle_mm is not None and deepest is not None and place.needle_mm > deepest:
            given, most = exact(place.needle_mm), exact(deepest)
            yield warning(
                f"needle_mm_{place.key}",
                Text(
                    fr=f"{_comma(given)} mm dépasse les {_comma(most)} mm proposés au plus pour "
                    "cette indication.",
                    en=f"{given} mm is above the {most} mm proposed at most for this indication.",
                ),
            )


def _of_techniques(draft: PlanDraft) -> Iterator[Limit]:
    for place in draft.places:
        limits = technique_of(draft.protocol, place.technique)
        depth = place.depth_mm
        if limits is None or depth is None:
            continue
        most, warn = limits.depth_max_mm, limits.depth_warn_mm
        is_above = depth > most
        crossed = most if is_above else warn
        if crossed is None or depth <= crossed:
            continue
        given, shown = exact(depth), exact(crossed)
        yield Limit(
            field=f"depth_mm_{place.key}",
            decision=Decision.BLOCK if is_above else Decision.WARN,
            message=Text(
                fr=f"{limits.label.fr} : {_comma(given)} mm dépasse "
                f"{'le maximum' if is_above else 'la valeur d’alerte'} de {_comma(shown)} mm.",
                en=f"{limits.label.en}: {given} mm is above the "
                f"{'maximum' if is_above else 'warning value'} of {shown} mm.",
            ),
            answer=Answer.NOTHING if is_above else Answer.TICK,
            sources=limits.sources,
            is_to_confirm=limits.confidence is Confidence.TO_CONFIRM,
        )


def technique_of(protocol: Protocol, code: str) -> TechniqueLimits | None:
    """Return the limits of one of the protocol's techniques, or None."""
    return next((one for one in protocol.techniques if one.technique.value == code), None)


def _comma(number: str) -> str:
    return number.replace(".", ",")
