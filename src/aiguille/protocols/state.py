"""The state of a run: a fold over its events, and what follows from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from aiguille.kernel.codes import EndPoint
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
from aiguille.protocols.fields import condition_holds, read_values
from aiguille.protocols.model import Protocol, Purpose, Repeat, Step, Value
from aiguille.protocols.totals import Totals, totals_of

B = TypeVar("B", ZonePassed, InjectionRecorded, UnitOpened)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A step that was done, or skipped for a reason, in a cycle (1 outside repeats)."""

    step: str
    seq: int
    at: datetime
    by: str
    cycle: int
    values: Mapping[str, Value] = field(default_factory=dict)
    skipped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTimer:
    """A timer that was started: when it is due, when it is too late, when it was stopped."""

    id: str
    step: str
    started_at: datetime
    due_at: datetime
    ends_at: datetime | None
    stopped_at: datetime | None

    def is_due(self, at: datetime) -> bool:
        """Tell whether the least time has passed."""
        return at >= self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What keeps the session from being closed: a refusal's code, and the step it is about."""

    code: str
    step: str = ""


@dataclass(frozen=True, kw_only=True)
class RunState:
    """Where a run stands. `log` is every event ever accepted; the rest counts what still holds.

    `cycles` is the current cycle of each repeat by its id. `cycle_of` gives each pass, injection
    and unit its cycle by sequence number. `must_stop` follows frank bleeding: nothing but the
    stop may come next.
    """

    protocol: Protocol = field(repr=False)
    log: tuple[Event, ...] = ()
    begun: Event | None = None
    settled: tuple[Settled, ...] = ()
    passes: tuple[Event, ...] = ()
    injections: tuple[Event, ...] = ()
    units: tuple[Event, ...] = ()
    cycles: Mapping[str, int] = field(default_factory=dict)
    cycle_of: Mapping[int, int] = field(default_factory=dict)
    must_stop: bool = False
    stopped: Event | None = None
    closed: Event | None = None

    @property
    def last_at(self) -> datetime | None:
        """Return the instant of the latest event."""
        return self.log[-1].at if self.log else None

    @property
    def needle_started(self) -> bool:
        """Tell whether a needle has touched the skin."""
        return bool(self.passes or self.injections)

    @property
    def cream_removed(self) -> bool:
        """Tell whether the cream was asked about, and washed off where there was any."""
        asked = all(
            (settled := self.latest.get(step.id)) is not None and not settled.skipped
            for step in self.protocol.for_purpose(Purpose.CREAM_ON)
        )
        return asked and all(
            self.applies(step) is False or step.id in self.latest
            for step in self.protocol.for_purpose(Purpose.CREAM_OFF)
        )

    @cached_property
    def latest(self) -> Mapping[str, Settled]:
        """Return how each step was settled most recently."""
        return {each.step: each for each in self.settled}

    @cached_property
    def available(self) -> tuple[str, ...]:
        """Return the steps that may be done now, in the protocol's order; the first is next."""
        if self.begun is None or self.closed or self.must_stop:
            return ()
        return tuple(
            step.id
            for step in self.protocol.steps
            if self.applies(step) is not False
            and (step.when_stopped or not self.stopped)
            and not self.is_done(step)
            and not self.missing_before(step)
        )

    @cached_property
    def totals(self) -> Totals:
        """Return what the run adds up to."""
        return totals_of(
            protocol=self.protocol,
            passes=self.bodies(ZonePassed),
            injections=self.bodies(InjectionRecorded),
            units=self.bodies(UnitOpened),
        )

    @cached_property
    def timers(self) -> tuple[RunningTimer, ...]:
        """Return every timer that was started, stopped ones too."""
        return tuple(
            timer
            for settled in self.latest.values()
            if not settled.skipped
            for timer in self._timers_of(settled)
        )

    def timer(self, timer_id: str) -> RunningTimer | None:
        """Return a timer that was started, or None."""
        return next((timer for timer in self.timers if timer.id == timer_id), None)

    @cached_property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """Return what keeps the session from being closed, in the protocol's order."""
        if self.begun is None:
            return (Obstacle(code="not_begun"),)
        if self.must_stop:
            return (Obstacle(code="must_stop"),)
        return tuple(
            Obstacle(code="not_settled", step=step.id)
            for step in self.protocol.steps
            if (not self.stopped or step.id in self.protocol.closing)
            and self.applies(step) is not False
            and not self._is_complete(step)
        )

    def bodies(self, kind: type[B]) -> list[B]:
        """Return what passes, injections or opened units still hold, in order."""
        records = (*self.passes, *self.injections, *self.units)
        return [event.body for event in records if isinstance(event.body, kind)]

    def applies(self, step: Step) -> bool | None:
        """Tell whether the step's condition holds; None while that is not yet known."""
        condition = step.when
        if condition is None:
            return True
        settled = self.latest.get(condition.step)
        if settled is None:
            return False if self.stopped else None
        return condition_holds(condition, settled.values)

    def cycle_for(self, step: Step) -> int:
        """Return the cycle that the step's next event belongs to.

        The first step of a repeat begins a new cycle when the current one is complete, as long
        as cycles are left and nothing that follows the repeat was done.
        """
        repeat = self.protocol.repeat_of(step.id)
        if repeat is None:
            return 1
        current = self.cycles.get(repeat.id, 1)
        begins = (
            step.id == repeat.steps[0]
            and current < repeat.maximum
            and self._cycle_complete(repeat)
            and not any(
                other.id in self.latest
                for other in self.protocol.steps
                if other.id not in repeat.steps and set(other.after) & set(repeat.steps)
            )
        )
        return current + 1 if begins else current

    def is_done(self, step: Step) -> bool:
        """Tell whether the step is settled in the cycle that its next event would belong to."""
        settled = self.latest.get(step.id)
        return settled is not None and settled.cycle == self.cycle_for(step)

    def missing_before(self, step: Step) -> tuple[str, ...]:
        """Return the steps that must be settled before `step` and are not.

        After a stop nothing waits: what makes a person safe is done in the order it can be.
        """
        if self.stopped:
            return ()
        return tuple(
            before for before in step.after if not self._precedes(self._step(before), step)
        )

    def _step(self, step_id: str) -> Step:
        step = self.protocol.step(step_id)
        assert step is not None, step_id  # checked when the protocol was read
        return step

    def _precedes(self, before: Step, step: Step) -> bool:
        if self.applies(before) is False:
            return all(self._precedes(self._step(each), step) for each in before.after)
        repeat = self.protocol.repeat_of(before.id)
        settled = self.latest.get(before.id)
        if repeat is None or settled is None:
            return settled is not None
        if step.id in repeat.steps:
            return settled.cycle == self.cycle_for(step)
        return self._is_complete(before)

    def _is_complete(self, step: Step) -> bool:
        """Tell whether a step is settled, in each of the least cycles where it is repeated."""
        repeat = self.protocol.repeat_of(step.id)
        if repeat is None:
            return step.id in self.latest
        return self._cycle_complete(repeat) and self.cycles.get(repeat.id, 1) >= repeat.minimum

    def _cycle_complete(self, repeat: Repeat) -> bool:
        current = self.cycles.get(repeat.id, 1)
        return all(
            (settled := self.latest.get(each)) is not None and settled.cycle == current
            for each in repeat.steps
            if self.applies(self._step(each)) is not False
        )

    def _timers_of(self, settled: Settled) -> Iterable[RunningTimer]:
        for timer in self._step(settled.step).timers:
            started_at = settled.at
            if timer.from_field:
                recorded = settled.values.get(timer.from_field)
                if not isinstance(recorded, str):
                    continue
                started_at = datetime.fromisoformat(recorded)
            until = self.latest.get(timer.until)
            yield RunningTimer(
                id=timer.id,
                step=settled.step,
                started_at=started_at,
                due_at=started_at + timedelta(seconds=timer.minimum_s),
                ends_at=None
                if timer.maximum_s is None
                else started_at + timedelta(seconds=timer.maximum_s),
                stopped_at=until.at if until else None,
            )


def fold(protocol: Protocol, events: Iterable[Event]) -> RunState:
    """Return the state after `events`, which are taken as they are: `guards.accept` judges.

    A correction counts at the place of the event that it replaces; both stay in the log.
    """
    log = tuple(events)
    run = _Run(RunState(protocol=protocol))
    for event in effective(log):
        run.add(event)
    return run.freeze(log)


def add(state: RunState, event: Event) -> RunState:
    """Return the state after one more event: the same as folding the longer list."""
    log = (*state.log, event)
    if isinstance(event.body, Corrected):
        return fold(state.protocol, log)
    run = _Run(state)
    run.add(event)
    return run.freeze(log)


def effective(log: Iterable[Event]) -> list[Event]:
    """Return the events that hold: corrections applied at the place of what they replace."""
    events = list(log)
    corrections = {
        event.body.replaces: event for event in events if isinstance(event.body, Corrected)
    }
    held: list[Event] = []
    for event in events:
        if isinstance(event.body, Corrected):
            continue
        correction = corrections.get(event.seq)
        if correction is None:
            held.append(event)
        elif isinstance(correction.body, Corrected) and correction.body.body is not None:
            held.append(
                replace(event, body=correction.body.body, acknowledged=correction.acknowledged)
            )
    return held


class _Run:
    """A state being built: what grows is kept in lists, what steps depend on in a snapshot."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.passes = list(state.passes)
        self.injections = list(state.injections)
        self.units = list(state.units)
        self.cycle_of = dict(state.cycle_of)
        self.must_stop = state.must_stop

    def add(self, event: Event) -> None:
        match event.body:
            case StepDone(step=step_id) | StepSkipped(step=step_id):
                self._settle(event, step_id)
            case ZonePassed(step=step_id, end_point=end_point):
                self._record(event, step_id, self.passes)
                self.must_stop |= end_point is EndPoint.FRANK_BLEEDING
            case InjectionRecorded(step=step_id):
                self._record(event, step_id, self.injections)
            case UnitOpened(step=step_id):
                self._record(event, step_id, self.units)
            case SessionBegun():
                self.state = replace(self.state, begun=event)
            case Stopped():
                self.state = replace(self.state, stopped=event)
                self.must_stop = False
            case SessionClosed():
                self.state = replace(self.state, closed=event)

    def freeze(self, log: tuple[Event, ...]) -> RunState:
        return replace(
            self.state,
            log=log,
            passes=tuple(self.passes),
            injections=tuple(self.injections),
            units=tuple(self.units),
            cycle_of=self.cycle_of,
            must_stop=self.must_stop and not self.state.stopped,
        )

    def _record(self, event: Event, step_id: str, records: list[Event]) -> None:
        step = self.state.protocol.step(step_id)
        if step is not None:
            self.cycle_of[event.seq] = self._enter_cycle(step)
            records.append(event)

    def _settle(self, event: Event, step_id: str) -> None:
        step = self.state.protocol.step(step_id)
        if step is None:
            return
        body = event.body
        values: Mapping[str, Value] = {}
        if isinstance(body, StepDone):
            values, _ = read_values(step, body.values, at=event.at)
        settled = Settled(
            step=step_id,
            seq=event.seq,
            at=event.at,
            by=event.by,
            cycle=self._enter_cycle(step),
            values=values,
            skipped=body.reason if isinstance(body, StepSkipped) else "",
        )
        self.state = replace(self.state, settled=(*self.state.settled, settled))
        self.must_stop |= EndPoint.FRANK_BLEEDING in values.values()

    def _enter_cycle(self, step: Step) -> int:
        """Return the cycle of the step's event, which may be the one that begins it."""
        cycle = self.state.cycle_for(step)
        repeat = self.state.protocol.repeat_of(step.id)
        if repeat is not None and cycle != self.state.cycles.get(repeat.id):
            self.state = replace(self.state, cycles={**self.state.cycles, repeat.id: cycle})
        return cycle
