"""The guards of a protocol file: what must hold before an event at a step."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from aiguille.kernel.codes import StaffRole
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.protocols.events import StepDone, UnitOpened, ZonePassed
from aiguille.protocols.fields import condition_holds
from aiguille.protocols.limits import limits_crossed
from aiguille.protocols.model import Guard, GuardKind, On
from aiguille.protocols.references import Moment, resolve
from aiguille.protocols.refusals import Refused, refuse
from aiguille.protocols.state import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the rule book says about an event that it lets pass."""

    ask: str
    decision: Decision
    messages: tuple[Text, ...]


def guards_hold(moment: Moment, after: RunState, notices: list[Notice]) -> Refused | None:
    """Return the first guard of the step that refuses the event; notices are added on the way.

    `after` is the state as it would be: what the event itself records can be guarded too.
    """
    kind = {StepDone: On.DONE, UnitOpened: On.UNIT, ZonePassed: On.PASS}.get(
        type(moment.event.body), On.INJECTION
    )
    for guard in moment.step.guards:
        if guard.on not in {On.ANY, kind} or not _concerns(guard, moment, after):
            continue
        if guard.kind is GuardKind.RULE:
            world = replace(moment, state=after) if kind is On.DONE else moment
            refused = _ask(guard, world, notices)
        elif guard.kind is GuardKind.LIMITS:
            refused = _limits(moment)
        elif _PLAIN[guard.kind](guard, moment, after):
            refused = None
        elif guard.kind in _OF_THE_WORLD:
            refused = moment.against(_refused_by(guard, moment))
        else:
            refused = _refused_by(guard, moment)
        if refused:
            return refused
    return None


def _concerns(guard: Guard, moment: Moment, after: RunState) -> bool:
    """Tell whether the guard looks at this event: its field and its condition."""
    body = moment.event.body
    if isinstance(body, UnitOpened) and guard.on is On.UNIT and moment.replaying:
        return False  # what stock said then is not known any more
    if isinstance(body, UnitOpened) and guard.on is On.UNIT and guard.field not in {"", body.field}:
        return False
    if guard.when is None:
        return True
    settled = after.latest.get(guard.when.step or moment.step.id)
    return settled is not None and condition_holds(guard.when, settled.values)


def _refused_by(guard: Guard, moment: Moment) -> Refused:
    step = moment.state.protocol.step(guard.step)
    timer = moment.state.timer(guard.timer)
    found = refuse(
        guard.kind,
        field=guard.field or guard.timer or guard.step,
        step=moment.step.id,
        title=moment.step.title,
        before=step.title if step else "",
        due=timer.due_at.isoformat() if timer else "",
    )
    return (
        found
        if guard.refusal is None
        else Refused(guard=found.guard, text=guard.refusal, field=found.field, step=found.step)
    )


def _step_done(guard: Guard, moment: Moment, _after: RunState) -> bool:
    settled = moment.state.latest.get(guard.step)
    return settled is not None and not settled.skipped


def _timer_elapsed(guard: Guard, moment: Moment, _after: RunState) -> bool:
    """Without an instant to run from, a timer of a step that is done has nothing to wait for."""
    timer = moment.state.timer(guard.timer)
    if timer is not None:
        return timer.is_due(moment.event.at)
    return any(
        each.id == guard.timer
        for settled in moment.state.settled
        if (step := moment.state.protocol.step(settled.step)) is not None
        for each in step.timers
    )


def _consent_current(_guard: Guard, moment: Moment, _after: RunState) -> bool:
    return moment.admitted or moment.facts.consent_current


def _verdict_valid(_guard: Guard, moment: Moment, _after: RunState) -> bool:
    return moment.admitted or moment.facts.verdict_valid


def _unit_opened(guard: Guard, moment: Moment, _after: RunState) -> bool:
    opened = {unit.kind for unit in moment.state.bodies(UnitOpened)}
    return opened.issuperset(guard.kinds)


def _cream_removed(_guard: Guard, moment: Moment, _after: RunState) -> bool:
    return moment.state.cream_removed


def _value(guard: Guard, moment: Moment, after: RunState) -> bool:
    settled = after.latest.get(guard.step or moment.step.id)
    return settled is not None and settled.values.get(guard.field) in guard.values


_PLAIN: dict[GuardKind, Callable[[Guard, Moment, RunState], bool]] = {
    GuardKind.STEP_DONE: _step_done,
    GuardKind.TIMER_ELAPSED: _timer_elapsed,
    GuardKind.CONSENT_CURRENT: _consent_current,
    GuardKind.VERDICT_VALID: _verdict_valid,
    GuardKind.UNIT_OPENED: _unit_opened,
    GuardKind.CREAM_REMOVED: _cream_removed,
    GuardKind.VALUE: _value,
}


# What was true when the event happened can only be asked of the world, not of the list of events.
_OF_THE_WORLD = {GuardKind.CONSENT_CURRENT, GuardKind.VERDICT_VALID}


def _ask(guard: Guard, moment: Moment, notices: list[Notice]) -> Refused | None:
    """Ask the rule book. What it warns of needs a reason, what it blocks is refused."""
    facts = {name: resolve(value, moment) for name, value in guard.facts.items()}
    if guard.only_with and facts[guard.only_with] is None:
        return None
    answer = moment.facts.decide({"kind": guard.ask, **facts})
    decision = answer.decision
    if decision in {Decision.OK, Decision.INFORM}:
        if decision is Decision.INFORM:
            notices.append(Notice(ask=guard.ask, decision=decision, messages=answer.messages))
        return None
    blocked = decision is Decision.BLOCK
    needs_physician = decision in {Decision.REVIEW, Decision.DELAY}
    if not blocked and (moment.replaying or _taken_on(guard.ask, moment, decision)):
        notices.append(Notice(ask=guard.ask, decision=decision, messages=answer.messages))
        return None
    code = "rule_blocks" if blocked else "rule_reviews" if needs_physician else "rule_warns"
    reasons = Text(
        fr=" ".join(text.fr for text in answer.messages),
        en=" ".join(text.en for text in answer.messages),
    )
    return moment.against(
        Refused(
            guard=guard.id,
            text=refuse(code, reasons=reasons).text,
            field=guard.ask,
            step=moment.step.id,
            decision=decision,
            can_acknowledge=not blocked,
            rules=answer.rules,
        )
    )


def _taken_on(name: str, moment: Moment, decision: Decision) -> bool:
    """Tell whether the operator gave a reason, and may: past a warning, only a physician."""
    may = decision is Decision.WARN or StaffRole.PHYSICIAN in moment.facts.roles
    return may and bool(moment.event.acknowledged.get(name, "").strip())


def _limits(moment: Moment) -> Refused | None:
    """Refuse what lies beyond the protocol's and the plan's limits, or ask for a reason."""
    for crossed in limits_crossed(moment):
        if crossed.decision is not Decision.BLOCK and (
            moment.replaying or _taken_on("limits", moment, crossed.decision)
        ):
            continue
        found = refuse(crossed.code, field=crossed.field, step=moment.step.id, **crossed.names)
        if crossed.decision is Decision.BLOCK:
            return found
        return Refused(
            guard=crossed.code,
            text=found.text,
            field="limits",
            step=moment.step.id,
            decision=crossed.decision,
            can_acknowledge=True,
        )
    return None
