"""What the screen and the report show of a run, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from aiguille.journeys.reads.run import Run
from aiguille.plumbing.components.shapes import Step as StepItem
from aiguille.plumbing.components.shapes import StepState
from aiguille.protocols.events import (
    Corrected,
    Event,
    InjectionRecorded,
    StepDone,
    StepSkipped,
    UnitOpened,
    ZonePassed,
)
from aiguille.treatment_sessions.wording import details_of, what_of, where_of, words


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event in words. `can_withdraw` tells whether it may still be taken back."""

    seq: int
    at: datetime
    by: str
    what: str
    details: tuple[tuple[str, str], ...]
    acknowledged: tuple[str, ...]
    withdrawn_because: str
    is_correction: bool
    can_withdraw: bool


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One pass or injection of the step at hand."""

    seq: int
    where: str
    details: tuple[tuple[str, str], ...]


def step_items(run: Run) -> list[StepItem]:
    """Return the whole list of steps with where each stands."""
    items = []
    for step in run.protocol.steps:
        if run.state.applies(step) is False:
            continue
        settled = run.state.latest.get(step.id)
        state: StepState = "todo"
        detail, when, href = "", "", ""
        if run.step is not None and step.id == run.step.id:
            state = "current"
        elif settled is not None and run.state.is_done(step):
            state = "done"
        elif step.id in run.state.available:
            href = f"?step={step.id}#run-title"
            # Done in every cycle that was planned: another one may follow.
            state = "done" if settled is not None else "todo"
        if settled is not None:
            when = date_format(settled.at.astimezone(run.zone), "H:i")
            detail = (
                _("skipped: %(reason)s") % {"reason": settled.skipped} if settled.skipped else ""
            )
        repeat = run.protocol.repeat_of(step.id)
        if repeat is not None and repeat.maximum > 1:
            cycle = run.state.cycle_for(step)
            detail = _("cycle %(cycle)s") % {"cycle": cycle}
            if href and settled is not None:
                detail = _("begin cycle %(cycle)s") % {"cycle": cycle}
        items.append(
            StepItem(label=words(step.title), state=state, detail=detail, when=when, href=href)
        )
    return items


def record_lines(run: Run, *, whole: bool = False) -> list[RecordLine]:
    """Return the passes and injections of the step at hand, or of the `whole` session."""
    events = (*run.state.passes, *run.state.injections)
    return [
        RecordLine(
            seq=event.seq,
            where=where_of(event.body),
            details=details_of(run.protocol, event.body, zone=run.zone),
        )
        for event in events
        if isinstance(event.body, ZonePassed | InjectionRecorded)
        and (whole or (run.step is not None and event.body.step == run.step.id))
    ]


def log_lines(run: Run) -> list[LogLine]:
    """Return every event ever recorded, in order, with what was taken back and why."""
    corrections = {
        event.body.replaces: event for event in run.state.log if isinstance(event.body, Corrected)
    }
    return [_line(run, event, corrections) for event in run.state.log]


def _line(run: Run, event: Event, corrections: Mapping[int, Event]) -> LogLine:
    correction = corrections.get(event.seq)
    reason = ""
    if correction is not None and isinstance(correction.body, Corrected):
        reason = correction.body.reason
    return LogLine(
        seq=event.seq,
        at=event.at.astimezone(run.zone),
        by=event.by,
        what=what_of(run.protocol, event.body, products=run.products),
        details=details_of(run.protocol, event.body, zone=run.zone),
        acknowledged=tuple(event.acknowledged.values()),
        withdrawn_because=reason,
        is_correction=isinstance(event.body, Corrected),
        can_withdraw=correction is None
        and run.state.closed is None
        and isinstance(
            event.body, StepDone | StepSkipped | UnitOpened | ZonePassed | InjectionRecorded
        ),
    )
