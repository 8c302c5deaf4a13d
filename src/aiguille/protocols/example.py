"""A whole run of any protocol, made from the protocol itself: for rehearsals, demo and tests."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from aiguille.kernel.codes import (
    Active,
    EndPoint,
    Indication,
    PerformerRole,
    ProductKind,
    ProductStatus,
    Side,
    StaffRole,
    Technique,
    Zone,
)
from aiguille.kernel.decisions import Decision
from aiguille.protocols.accepting import accept
from aiguille.protocols.events import (
    Body,
    Event,
    InjectionRecorded,
    Pressure,
    SessionBegun,
    SessionClosed,
    StepDone,
    UnitOpened,
    ZonePassed,
)
from aiguille.protocols.model import (
    Field,
    FieldType,
    GuardKind,
    Protocol,
    Records,
    Step,
    TechniqueLimits,
)
from aiguille.protocols.references import Facts, RuleAnswer, UnitFacts
from aiguille.protocols.refusals import Refused
from aiguille.protocols.state import RunState, fold

_STERILE = {
    ProductKind.INJECTABLE: (ProductStatus.DM_CE_CLASSE_III, (Active.HYALURONIC_ACID,)),
    ProductKind.PROTECTIVE: (ProductStatus.MEDICAMENT_AMM, ()),
    ProductKind.POST_CARE: (ProductStatus.MEDICAMENT_AMM, ()),
}


class ExampleRefused(Exception):
    """The engine refused an event of an example, in the world that it was given."""


def everything_allowed(_question: Mapping[str, object]) -> RuleAnswer:
    """Answer OK to every question: a rehearsal without the rule book."""
    return RuleAnswer(decision=Decision.OK)


def example_facts(*, at: datetime) -> Facts:
    """Return a world in which everything is in order, the physician acting."""
    return Facts(
        roles=frozenset({StaffRole.PHYSICIAN}),
        performer=PerformerRole.PHYSICIAN,
        consent_current=True,
        verdict_valid=True,
        act_date=at.date(),
        decide=everything_allowed,
        phototype=3,
        weight_kg=Decimal(60),
    )


def facts_for(body: Body, facts: Facts) -> Facts:
    """Return `facts` with stock agreeing to the unit that `body` opens, if it opens one."""
    if not isinstance(body, UnitOpened):
        return facts
    return replace(facts, unit=UnitFacts.of_label(body))


def example_run(
    protocol: Protocol,
    *,
    begins_at: datetime,
    by: str = "Dr Bruno",
    indication: Indication | None = None,
    zones: tuple[Zone, ...] = (),
    facts: Facts | None = None,
    choices: Mapping[str, str] = MappingProxyType({"applied": "at_home"}),
) -> tuple[Event, ...]:
    """Return the events of a whole run, each accepted, from its beginning to its closing.

    Each step in turn gets its units, its passes or injections over `zones` (the first zone of the
    protocol where empty) and plausible values; a minute passes between events, and timers elapse.
    `choices` picks options by field id; recorded instants lie ninety minutes before the beginning.

    Raises:
        ExampleRefused: the engine refused an event in the world of `facts`.
    """
    run = _Example(protocol, begins_at, by, facts or example_facts(at=begins_at), choices)
    run.happen(
        SessionBegun(
            protocol=protocol.id,
            version=protocol.version,
            indication=indication or protocol.indications[0],
        )
    )
    wanted = {step: repeat.default for repeat in protocol.repeats for step in repeat.steps}
    while todo := [
        step
        for step in map(protocol.step, run.state.available)
        if step is not None and run.state.cycle_for(step) <= wanted.get(step.id, 1)
    ]:
        run.do(todo[0], zones or protocol.zones[:1])
    run.happen(SessionClosed())
    return run.state.log


class _Example:
    def __init__(
        self,
        protocol: Protocol,
        begins_at: datetime,
        by: str,
        facts: Facts,
        choices: Mapping[str, str],
    ) -> None:
        self.protocol = protocol
        self.state: RunState = fold(protocol, ())
        self.at = begins_at.astimezone(UTC)
        self.by = by
        self.facts = facts
        self.choices = choices
        self.applied_at = self.at - timedelta(minutes=90)

    def do(self, step: Step, zones: tuple[Zone, ...]) -> None:
        values: dict[str, object] = {}
        for field in step.fields:
            if field.type is FieldType.UNIT_SCAN:
                if field.required and field.when is None:
                    self.happen(self._unit(step, field))
            elif field.when is None or values.get(field.when.field) in field.when.values:
                values[field.id] = self._value(step, field)
        self._wait(step)
        if step.records:
            for zone in zones:
                self.happen(self._record(step, zone))
        self.happen(StepDone(step=step.id, values=values))

    def happen(self, body: Body) -> None:
        event = Event(
            seq=len(self.state.log) + 1,
            at=self.at,
            by=self.by,
            body=body,
            acknowledged=dict.fromkeys(
                ("limits", "density", "depth", "interval", "cream", "product", "mix"),
                "Exemple commenté",
            )
            if isinstance(body, ZonePassed | InjectionRecorded)
            else {},
        )
        answer = accept(self.protocol, self.state, event, facts_for(body, self.facts))
        if isinstance(answer, Refused):
            raise ExampleRefused(f"{event.seq} {body.type}: {answer.guard}: {answer.text.en}")
        self.state = answer.state
        self.at += timedelta(minutes=1)

    def _wait(self, step: Step) -> None:
        for guard in step.guards:
            timer = self.state.timer(guard.timer)
            if guard.kind is GuardKind.TIMER_ELAPSED and timer is not None:
                self.at = max(self.at, timer.due_at)

    def _unit(self, step: Step, field: Field) -> UnitOpened:
        assert field.kind is not None
        status, actives = _STERILE.get(field.kind, (ProductStatus.DM_CE_CLASSE_III, ()))
        course = self.protocol.courses[0]
        number = len(self.state.units) + 1
        return UnitOpened(
            step=step.id,
            field=field.id,
            unit=f"{field.kind}-{number}",
            product=field.kind.lower(),
            kind=field.kind,
            lot=f"LOT{number:03}",
            expiry=date(self.at.year + 1, 12, 31),
            status=status,
            actives=actives,
            sterile=True,
            needles={ProductKind.ROLLER: 192, ProductKind.PEN_CARTRIDGE: 12}.get(field.kind),
            needle_mm=course.needle_mm_default if field.kind is ProductKind.ROLLER else None,
        )

    def _record(self, step: Step, zone: Zone) -> Body:
        if step.records is Records.INJECTIONS:
            return _injection(step, zone, self.protocol.techniques[0])
        plan = step.passes
        assert plan is not None
        is_pen = plan.device == "pen"
        wanted = plan.per_zone_min or len(plan.directions)
        each, rest = divmod(wanted, len(plan.directions))
        return ZonePassed(
            step=step.id,
            zone=zone,
            side=Side.BOTH,
            needle_mm=self.protocol.courses[0].needle_mm_default or Decimal("0.5"),
            passes={d: each + (at < rest) for at, d in enumerate(plan.directions)},
            pressure=Pressure.LIGHT,
            end_point=EndPoint.ERYTHEMA,
            seconds=60 if is_pen else None,
            area_cm2=Decimal(50) if is_pen else None,
            frequency_hz=90 if is_pen else None,
        )

    def _value(self, step: Step, field: Field) -> object:
        for guard in step.guards:
            if guard.kind is GuardKind.VALUE and guard.field == field.id:
                return guard.values[0]
        match field.type:
            case FieldType.BOOLEAN:
                return True
            case FieldType.INTEGER:
                return int(field.minimum or 0) + 1
            case FieldType.DECIMAL:
                return str((field.minimum or Decimal(0)) + 1)
            case FieldType.CHOICE | FieldType.ZONE | FieldType.TECHNIQUE:
                first = self.choices.get(field.id, field.options[0].value)
                return [first] if field.many else first
            case FieldType.INSTANT:
                return self.applied_at.isoformat()
            case FieldType.DATE:
                return (self.at + timedelta(days=30)).date().isoformat()
        return "—"


def _injection(step: Step, zone: Zone, limits: TechniqueLimits) -> InjectionRecorded:
    shallow = limits.technique is Technique.IED
    return InjectionRecorded(
        step=step.id,
        zone=zone,
        side=Side.BOTH,
        technique=limits.technique,
        needle_mm=Decimal(4),
        inserted_mm=Decimal("1.5") if shallow else Decimal(2),
        angle=limits.angle_min or 15,
        volume_ml=limits.volume_warn_ml or limits.volume_max_ml,
        points=20,
    )
