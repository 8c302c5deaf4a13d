"""Facts of the world that guards look at, and the references by which files name them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from typing import Protocol as Shape

from aiguille.kernel.codes import (
    Active,
    CreamCondition,
    LotStatus,
    PerformerRole,
    PreparedBy,
    ProductKind,
    ProductStatus,
    ProductUse,
    StaffRole,
    Zone,
)
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.protocols.events import (
    Event,
    InjectionRecorded,
    SessionBegun,
    UnitOpened,
    ZonePassed,
)
from aiguille.protocols.model import On, Step
from aiguille.protocols.refusals import Refused
from aiguille.protocols.state import RunState
from aiguille.protocols.totals import lidocaine_mg_per_ml, rolls_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAnswer:
    """What the rule book answered: its decision, and what it says to people and programs."""

    decision: Decision
    messages: tuple[Text, ...] = ()
    rules: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, answer: Mapping[str, object]) -> "RuleAnswer":
        """Read an answer as `aiguille decide` prints it.

        Raises:
            ValueError: it is an error, or has no decision: the question was malformed.
        """
        findings = answer.get("findings", [])
        if "decision" not in answer or not isinstance(findings, list):
            raise ValueError(f"the rule book refused the question: {answer.get('error')}")
        return cls(
            decision=Decision(str(answer["decision"])),
            messages=tuple(Text.from_mapping(finding["message"]) for finding in findings),
            rules=tuple(str(finding["rule"]) for finding in findings),
        )


Decide = Callable[[Mapping[str, object]], RuleAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """What stock knows of the unit that is being opened."""

    unit: str
    product: str
    kind: ProductKind
    lot: str
    expiry: date
    status: ProductStatus = ProductStatus.INCONNU
    actives: tuple[Active, ...] = ()
    sterile: bool = False
    prepared_by: PreparedBy = PreparedBy.PRACTICE
    lidocaine_mg_per_ml: Decimal | None = None
    needles: int | None = None
    needle_mm: Decimal | None = None
    lot_status: LotStatus = LotStatus.AVAILABLE
    used_for_other_patient: bool = False
    used_in_other_session: bool = False

    def opened_for(self, *, step: str, field: str) -> UnitOpened:
        """Return the event's body that opens this unit for a field of a step."""
        return UnitOpened(
            step=step, field=field, **{name: getattr(self, name) for name in _ON_LABEL}
        )

    @classmethod
    def of_label(cls, body: UnitOpened) -> "UnitFacts":
        """Return what stock knows where it agrees with a label and the unit may be used."""
        return cls(**{name: getattr(body, name) for name in _ON_LABEL})

    def differs_from(self, body: UnitOpened) -> str:
        """Return the first fact in which an opening differs from stock, empty where none does."""
        return next((name for name in _ON_LABEL if getattr(self, name) != getattr(body, name)), "")


_ON_LABEL = tuple(
    each.name
    for each in fields(UnitFacts)
    if each.name not in {"lot_status", "used_for_other_patient", "used_in_other_session"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimits:
    """What the physician planned at most; None where the plan says nothing."""

    needle_mm: Decimal | None = None
    cycles: int | None = None
    volume_ml: Decimal | None = None


class World(Shape):
    """What guards may ask about the world around one event; most events make them ask little."""

    @property
    def roles(self) -> frozenset[StaffRole]:
        """Return the roles of who acts."""

    @property
    def performer(self) -> PerformerRole:
        """Return who acts in the words of the law."""

    @property
    def consent_current(self) -> bool:
        """Tell whether the consent in force covers the treatment."""

    @property
    def verdict_valid(self) -> bool:
        """Tell whether a verdict opens this day."""

    @property
    def act_date(self) -> date:
        """Return the day in the clinic's time zone."""

    @property
    def phototype(self) -> int | None:
        """Return the phototype, 1 to 6, where it is known."""

    @property
    def weight_kg(self) -> Decimal | None:
        """Return the weight, where it is known."""

    @property
    def cream_conditions(self) -> tuple[CreamCondition, ...]:
        """Return what the answers mean for a numbing cream."""

    @property
    def days_since_last(self) -> Mapping[Zone, int]:
        """Return, by zone, the days since the last session of the same procedure."""

    @property
    def unit(self) -> UnitFacts | None:
        """Return what stock knows of the unit that is being opened."""

    @property
    def plan(self) -> PlanLimits:
        """Return what the plan allows at most."""

    def decide(self, question: Mapping[str, object], /) -> RuleAnswer:
        """Ask the rule book."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A world that is known beforehand: of a rehearsal, of a test."""

    roles: frozenset[StaffRole]
    performer: PerformerRole
    consent_current: bool
    verdict_valid: bool
    act_date: date
    decide: Decide
    phototype: int | None = None
    weight_kg: Decimal | None = None
    cream_conditions: tuple[CreamCondition, ...] = ()
    days_since_last: Mapping[Zone, int] = field(default_factory=dict)
    unit: UnitFacts | None = None
    plan: PlanLimits = field(default_factory=PlanLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An event about to happen at a step of a run, in the world of `facts`.

    `admitted` means that consent and verdict were judged when the event happened: a correction
    does not ask for them again. `replaying` means that the event was accepted before and is judged
    again because an earlier one is corrected: then only what the list of events itself says can
    refuse it.

    With `concerns`, the event has happened already, where nobody could ask (no network): what the
    world says against it is noted there and does not refuse it any more.
    """

    state: RunState
    event: Event
    step: Step
    facts: World
    admitted: bool = False
    replaying: bool = False
    concerns: list[Refused] | None = None

    def against(self, refused: Refused) -> Refused | None:
        """Return the refusal by the world, or note it where the event has happened already."""
        if self.concerns is None:
            return refused
        self.concerns.append(refused)
        return None


SESSION = (
    "indication", "procedure", "jurisdiction", "act_date", "performer", "products",
    "lidocaine_mg", "needle_started",
)  # fmt: skip
PATIENT = ("phototype", "weight_kg", "cream_conditions", "days_since_last")
BODY_OF = {On.UNIT: UnitOpened, On.PASS: ZonePassed, On.INJECTION: InjectionRecorded}


def resolve(reference: object, moment: Moment) -> object:
    """Return what a fact of a rule-book question stands for, as plain JSON with exact decimals.

    A literal stands for itself. `checking` has already refused unknown references.
    """
    if not isinstance(reference, str) or not reference.startswith("$"):
        return reference
    root, _, path = reference[1:].partition(".")
    return _plain(_ROOTS[root](moment, path))


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _event(moment: Moment, path: str) -> object:
    return getattr(moment.event.body, path)


def _patient(moment: Moment, path: str) -> object:
    if path == "days_since_last":
        zone = getattr(moment.event.body, "zone", None)
        return moment.facts.days_since_last.get(zone) if isinstance(zone, Zone) else None
    return getattr(moment.facts, path)


def _session(moment: Moment, path: str) -> object:
    state, body = moment.state, moment.event.body
    match path:
        case "procedure":
            return state.protocol.procedure
        case "jurisdiction":
            return state.protocol.jurisdiction
        case "act_date":
            return moment.facts.act_date
        case "performer":
            return moment.facts.performer
        case "needle_started":
            return state.needle_started
        case "products":
            return _products(moment)
        case "lidocaine_mg":
            volume = state.totals.volume_ml
            if isinstance(body, InjectionRecorded):
                volume += body.total_ml
            return volume * lidocaine_mg_per_ml(state.bodies(UnitOpened)) or None
    assert state.begun is not None
    assert isinstance(state.begun.body, SessionBegun)
    return state.begun.body.indication


def _products(moment: Moment) -> int:
    """Return how many different products this session injects, the one being opened included."""
    opened = [*moment.state.bodies(UnitOpened)]
    if isinstance(moment.event.body, UnitOpened):
        opened.append(moment.event.body)
    return len(
        {
            unit.product
            for unit in opened
            if (step := moment.state.protocol.step(unit.step)) is not None
            and (found := step.field(unit.field)) is not None
            and found.use is ProductUse.INJECT
        }
    )


def _zone(moment: Moment, _path: str) -> int:
    """Return the rolls over this zone and side in the session, this event's included."""
    body = moment.event.body
    assert isinstance(body, ZonePassed)
    before = sum(
        total.rolls
        for total in moment.state.totals.zones
        if (total.zone, total.side) == (body.zone, body.side)
    )
    return before + rolls_of(moment.step.passes, body.count)


def _unit(moment: Moment, path: str) -> object:
    known = moment.facts.unit
    if known is None and isinstance(moment.event.body, UnitOpened):
        known = UnitFacts.of_label(moment.event.body)  # that stock does not know it was said before
    return getattr(known, path)


def _field(moment: Moment, _path: str) -> object:
    body = moment.event.body
    found = moment.step.field(body.field) if isinstance(body, UnitOpened) else None
    return found.use if found else None


def _value(moment: Moment, path: str) -> object:
    step_id, _, field_id = path.partition(".")
    settled = moment.state.latest.get(step_id)
    return settled.values.get(field_id) if settled else None


def _minutes(moment: Moment, path: str) -> object:
    timer = moment.state.timer(path)
    if timer is None:
        return None
    return _in_minutes((timer.stopped_at or moment.event.at) - timer.started_at)


def _minutes_since(moment: Moment, path: str) -> object:
    settled = moment.state.latest.get(path)
    return None if settled is None else _in_minutes(moment.event.at - settled.at)


def _in_minutes(duration: timedelta) -> Decimal:
    """Return minutes to the hundredth, rounded up: a limit that is just passed is passed."""
    return (Decimal(str(duration.total_seconds())) / 60).quantize(Decimal("0.01"), ROUND_UP)


_ROOTS: dict[str, Callable[[Moment, str], object]] = {
    "event": _event,
    "patient": _patient,
    "session": _session,
    "zone": _zone,
    "unit": _unit,
    "field": _field,
    "value": _value,
    "minutes": _minutes,
    "minutes_since": _minutes_since,
}
