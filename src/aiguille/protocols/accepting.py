"""Says whether one more event may happen, and if not, which guard refuses it and why."""

from dataclasses import dataclass

from aiguille.protocols.events import (
    Corrected,
    Event,
    InjectionRecorded,
    SessionBegun,
    SessionClosed,
    StepDone,
    StepSkipped,
    Stopped,
    UnitOpened,
    ZonePassed,
)
from aiguille.protocols.fields import read_values
from aiguille.protocols.guards import Notice, guards_hold
from aiguille.protocols.model import FieldType, Protocol, Purpose, Records
from aiguille.protocols.references import Moment, World
from aiguille.protocols.refusals import Refused, refuse
from aiguille.protocols.state import RunState, add, effective, fold

AtStep = StepDone | StepSkipped | UnitOpened | ZonePassed | InjectionRecorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The event may happen: the state after it, and what should be shown beside it."""

    state: RunState
    notices: tuple[Notice, ...] = ()


def accept(protocol: Protocol, state: RunState, event: Event, facts: World) -> Accepted | Refused:
    """Return the state after `event`, or the guard that refuses it.

    `state` is of the same protocol version. Nothing is read but the arguments: the same list of
    events with the same facts always gives the same answer.
    """
    refused = _envelope(state, event) or _life(state, event)
    if refused:
        return refused
    match event.body:
        case SessionBegun():
            refused = _begin(protocol, event.body, facts)
        case SessionClosed():
            refused = _close(protocol, state, facts)
        case Stopped():
            refused = None if facts.roles else refuse("actor_role")
        case Corrected():
            return _correct(protocol, state, event, event.body, facts)
        case _:
            return _at_step(state, event, facts)
    return refused or Accepted(state=add(state, event))


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An event that had happened already: the state after it, and what the world says against it.

    Each of `concerns` would have refused the event, had anybody been there to ask.
    """

    state: RunState
    concerns: tuple[Refused, ...] = ()


def admit(protocol: Protocol, state: RunState, event: Event, facts: World) -> Admitted | Refused:
    """Return the state after an event that happened where nobody could ask, with every concern.

    What consent, verdict, stock, roles and the rule book say is a concern, for a person to settle.
    Only what makes no sense in the list of events is refused: its order, its content, the limits
    that were known where it happened.
    """
    if not isinstance(event.body, AtStep):
        answer = accept(protocol, state, event, facts)
        return answer if isinstance(answer, Refused) else Admitted(state=answer.state)
    refused = _envelope(state, event) or _life(state, event)
    if refused:
        return refused
    concerns: list[Refused] = []
    answer = _at_step(state, event, facts, concerns=concerns)
    if isinstance(answer, Refused):
        return answer
    return Admitted(state=answer.state, concerns=tuple(concerns))


def _envelope(state: RunState, event: Event) -> Refused | None:
    expected = len(state.log) + 1
    if event.seq != expected:
        return refuse("sequence", field="seq", expected=str(expected), given=str(event.seq))
    if event.at.utcoffset() is None:
        return refuse("time_without_offset", field="at")
    if state.last_at is not None and event.at < state.last_at:
        return refuse(
            "time_backwards",
            field="at",
            given=event.at.isoformat(),
            latest=state.last_at.isoformat(),
        )
    return None if event.by.strip() else refuse("author_missing", field="by")


def _life(state: RunState, event: Event) -> Refused | None:
    body = event.body
    if state.closed:
        return refuse("closed")
    if isinstance(body, SessionBegun) == (state.begun is not None):
        return refuse("already_begun" if state.begun else "not_begun")
    if state.stopped and isinstance(body, Stopped):
        return refuse("already_stopped")
    if state.must_stop and not isinstance(body, Stopped | Corrected):
        return refuse("must_stop")
    return None


def _begin(protocol: Protocol, body: SessionBegun, facts: World) -> Refused | None:
    if (body.protocol, body.version) != (protocol.id, protocol.version):
        return refuse("protocol_version", field="version", wanted=protocol.version)
    if body.indication not in protocol.indications:
        return refuse("indication", field="indication", given=body.indication)
    if not facts.verdict_valid:
        return refuse("verdict_valid")
    if not facts.consent_current:
        return refuse("consent_current")
    return _performer(protocol, facts)


def _close(protocol: Protocol, state: RunState, facts: World) -> Refused | None:
    for obstacle in state.obstacles:
        step = protocol.step(obstacle.step)
        return refuse("closing", step=obstacle.step, title=step.title if step else obstacle.code)
    return _performer(protocol, facts)


def _performer(protocol: Protocol, facts: World) -> Refused | None:
    """Who begins and closes a session is who may hold its needle."""
    for step in protocol.for_purpose(Purpose.NEEDLE):
        if not facts.roles & set(step.roles):
            return refuse("actor_role", step=step.id)
    return None


def _at_step(
    state: RunState,
    event: Event,
    facts: World,
    *,
    admitted: bool = False,
    replaying: bool = False,
    concerns: list[Refused] | None = None,
) -> Accepted | Refused:
    body = event.body
    assert isinstance(body, AtStep)
    step = state.protocol.step(body.step)
    if step is None:
        return refuse("step_unknown", field="step", step=body.step, given=body.step)
    moment = Moment(
        state=state,
        event=event,
        step=step,
        facts=facts,
        admitted=admitted,
        replaying=replaying,
        concerns=concerns,
    )
    refused = _place(moment) or _content(moment)
    if refused:
        return refused
    after = add(state, event)
    notices: list[Notice] = []
    if not isinstance(body, StepSkipped):
        refused = guards_hold(moment, after, notices)
    return refused or Accepted(state=after, notices=tuple(notices))


def _place(moment: Moment) -> Refused | None:
    """Refuse an event at a step that is not open to this person now."""
    state, step = moment.state, moment.step
    if state.stopped and not step.when_stopped:
        return refuse("stopped", step=step.id)
    if step.purpose is Purpose.NEEDLE and not state.cream_removed:
        return refuse("cream_removed", step=step.id)  # said before any other step that is missing
    if state.applies(step) is False:
        return refuse("not_applicable", step=step.id, title=step.title)
    if state.is_done(step):
        return refuse("already_done", step=step.id, title=step.title)
    for missing in state.missing_before(step):
        before = state.protocol.step(missing)
        return refuse(
            "step_done",
            field=missing,
            step=step.id,
            title=step.title,
            before=before.title if before else missing,
        )
    if not moment.replaying and not moment.facts.roles & set(step.roles):
        return moment.against(refuse("actor_role", step=step.id))
    return None


def _content(moment: Moment) -> Refused | None:
    """Refuse an event whose own content does not fit its step."""
    step, body = moment.step, moment.event.body
    match body:
        case StepSkipped():
            if not step.skippable:
                return refuse("never_skipped", step=step.id, title=step.title)
            if not body.reason.strip():
                return refuse("reason_missing", field="reason", step=step.id)
        case StepDone():
            return _values(moment, body) or _units_scanned(moment) or _records_made(moment)
        case UnitOpened():
            return _unit(moment, body)
        case ZonePassed() if step.records is not Records.PASSES:
            return refuse("not_recorded_here", step=step.id, title=step.title)
        case InjectionRecorded() if step.records is not Records.INJECTIONS:
            return refuse("not_recorded_here", step=step.id, title=step.title)
    return None


def _values(moment: Moment, body: StepDone) -> Refused | None:
    _, faults = read_values(moment.step, body.values, at=moment.event.at)
    for fault in faults:
        field = moment.step.field(fault.field)
        label = field.label if field else fault.field
        return refuse(
            fault.code, field=fault.field, step=moment.step.id, label=label, **fault.detail
        )
    return None


def _units_scanned(moment: Moment) -> Refused | None:
    """Refuse a step whose units were not all opened in this cycle."""
    state, step = moment.state, moment.step
    cycle = state.cycle_for(step)
    values: dict[str, object] = {}
    if isinstance(moment.event.body, StepDone):
        values = dict(moment.event.body.values)
    for field in step.fields:
        if field.type is not FieldType.UNIT_SCAN or not field.required:
            continue
        if field.when and values.get(field.when.field) not in field.when.values:
            continue
        opened = sum(
            state.cycle_of[event.seq] == cycle
            for event in state.units
            if isinstance(event.body, UnitOpened)
            and (event.body.step, event.body.field) == (step.id, field.id)
        )
        if opened < (field.minimum or 1):
            return refuse("unit_missing", field=field.id, step=step.id, label=field.label)
    return None


def _records_made(moment: Moment) -> Refused | None:
    """Refuse a needle step without a single pass or injection in this cycle."""
    state, step = moment.state, moment.step
    if step.records is None:
        return None
    cycle = state.cycle_for(step)
    made = any(
        state.cycle_of[event.seq] == cycle and getattr(event.body, "step", "") == step.id
        for event in (*state.passes, *state.injections)
    )
    return None if made else refuse("nothing_recorded", step=step.id, title=step.title)


def _unit(moment: Moment, body: UnitOpened) -> Refused | None:
    step, state = moment.step, moment.state
    field = step.field(body.field)
    if field is None or field.type is not FieldType.UNIT_SCAN:
        return refuse("field_unknown", field=body.field, step=step.id, label=body.field)
    if field.kind is not body.kind:
        return refuse("unit_kind", field=field.id, step=step.id, label=field.label, given=body.kind)
    if any(body.unit == unit.unit for unit in state.bodies(UnitOpened)):
        return refuse("unit_used", field=field.id, step=step.id, unit=body.unit)
    if moment.replaying:
        return None
    known = moment.facts.unit
    if known is None:
        return moment.against(refuse("unit_unknown", field=field.id, step=step.id, unit=body.unit))
    if wrong := known.differs_from(body):
        return moment.against(refuse("unit_differs", field=wrong, step=step.id, unit=body.unit))
    if known.used_for_other_patient or known.used_in_other_session:
        return moment.against(refuse("unit_used", field=field.id, step=step.id, unit=body.unit))
    return None


def _correct(
    protocol: Protocol, state: RunState, event: Event, body: Corrected, facts: World
) -> Accepted | Refused:
    """Accept a correction unless an event that follows could not stand any more.

    The corrected event is judged anew at its place; those after it only by what the list itself
    says, since the world they happened in is gone.
    """
    refused = _correctable(state, body, facts)
    if refused:
        return refused
    run = fold(protocol, ())
    for each in effective((*state.log, event)):
        if each.seq >= body.replaces and isinstance(each.body, AtStep):
            # A later withdrawal of consent or verdict changes nothing about what happened.
            judged = _at_step(run, each, facts, admitted=True, replaying=each.seq != body.replaces)
            if isinstance(judged, Refused):
                if each.seq == body.replaces:
                    return judged
                return refuse(
                    "correction_breaks", field="replaces", seq=str(each.seq), reason=judged.text
                )
        run = add(run, each)
    return Accepted(state=add(state, event))


def _correctable(state: RunState, body: Corrected, facts: World) -> Refused | None:
    """Refuse a correction of what is not there, or into something else than it was."""
    old = next((each.body for each in state.log if each.seq == body.replaces), None)
    if not isinstance(old, AtStep):
        return refuse("correction_target", field="replaces", given=str(body.replaces))
    if not body.reason.strip():
        return refuse("reason_missing", field="reason")
    new = body.body
    if new is not None and not (type(new) is type(old) and getattr(new, "step", "") == old.step):
        return refuse("correction_kind", field="body")
    step = state.protocol.step(old.step)
    if step is not None and not facts.roles & set(step.roles):
        return refuse("actor_role", step=step.id)
    return None
