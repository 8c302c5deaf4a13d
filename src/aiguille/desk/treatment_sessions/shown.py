"""What the screen and the report show of a run, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aiguille.desk.treatment_sessions.forms import PRESSURES, STOP_REASONS, words
from aiguille.journeys.reads.run import Run
from aiguille.kernel.codes import Zone
from aiguille.kernel.labels import label
from aiguille.plumbing.components.shapes import Step as StepItem
from aiguille.plumbing.components.shapes import StepState
from aiguille.protocols.events import (
    Body,
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
from aiguille.protocols.model import Field, FieldType, Step


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
        if settled is not None:
            when = date_format(settled.at.astimezone(run.zone), "H:i")
            detail = (
                _("left out: %(reason)s") % {"reason": settled.skipped} if settled.skipped else ""
            )
        repeat = run.protocol.repeat_of(step.id)
        if repeat is not None and repeat.maximum > 1:
            detail = _("cycle %(cycle)s") % {"cycle": run.state.cycle_for(step)}
        items.append(
            StepItem(label=words(step.title), state=state, detail=detail, when=when, href=href)
        )
    return items


def record_lines(run: Run, *, whole: bool = False) -> list[RecordLine]:
    """Return the passes and injections of the step at hand, or of the `whole` session."""
    events = (*run.state.passes, *run.state.injections)
    return [
        RecordLine(seq=event.seq, where=_where(event.body), details=_details(run, event.body))
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
        what=_what(run, event.body),
        details=_details(run, event.body),
        acknowledged=tuple(event.acknowledged.values()),
        withdrawn_because=reason,
        is_correction=isinstance(event.body, Corrected),
        can_withdraw=correction is None
        and run.state.closed is None
        and isinstance(
            event.body, StepDone | StepSkipped | UnitOpened | ZonePassed | InjectionRecorded
        ),
    )


def _title_of(run: Run, step_id: str) -> str:
    step = run.protocol.step(step_id)
    return words(step.title) if step else step_id


def _what(run: Run, body: Body) -> str:
    match body:
        case StepDone(step=step):
            return _title_of(run, step)
        case StepSkipped(step=step):
            return _("Left out: %(step)s") % {"step": _title_of(run, step)}
        case UnitOpened():
            return _("Opened: %(product)s") % {"product": body.product}
        case ZonePassed():
            return _("Passes: %(where)s") % {"where": _where(body)}
        case InjectionRecorded():
            return _("Injections: %(where)s") % {"where": _where(body)}
        case Corrected():
            return _("Entry %(seq)s taken back") % {"seq": body.replaces}
    return str(_MARKS[type(body)])


_MARKS: dict[type[Body], object] = {
    SessionBegun: gettext_lazy("Session begun"),
    Stopped: gettext_lazy("Session stopped"),
    SessionClosed: gettext_lazy("Session closed"),
}


def _where(body: Body) -> str:
    assert isinstance(body, ZonePassed | InjectionRecorded)
    return f"{words(label(body.zone))}, {words(label(body.side)).lower()}"


def _details(run: Run, body: Body) -> tuple[tuple[str, str], ...]:
    match body:
        case StepDone(step=step_id, values=values):
            step = run.protocol.step(step_id)
            return _values(run, step, values) if step else ()
        case StepSkipped(reason=reason) | Corrected(reason=reason):
            return ((_("Reason"), reason),)
        case UnitOpened():
            return (
                (_("Lot"), body.lot),
                (_("Expires"), date_format(body.expiry, "SHORT_DATE_FORMAT")),
            )
        case ZonePassed():
            return _pass_details(body)
        case InjectionRecorded():
            return _injection_details(body)
        case Stopped():
            note = ((_("What happened"), body.note),) if body.note else ()
            return ((_("Why"), str(STOP_REASONS[body.reason])), *note)
    return ()


def _pass_details(body: ZonePassed) -> tuple[tuple[str, str], ...]:
    passes = ", ".join(
        f"{words(label(direction)).lower()} {count}" for direction, count in body.passes.items()
    )
    found = [
        (_("Needle length"), f"{number_format(body.needle_mm)} mm"),
        (_("Passes"), passes),
        (_("Pressure"), str(PRESSURES[body.pressure])),
    ]
    if body.end_point:
        found.append((_("End point"), words(label(body.end_point))))
    if body.seconds:
        found.append((_("Duration"), f"{body.seconds} s"))
    return tuple(found)


def _injection_details(body: InjectionRecorded) -> tuple[tuple[str, str], ...]:
    return (
        (_("Technique"), words(label(body.technique))),
        (
            _("Needle"),
            _("%(mm)s mm at %(angle)s°")
            % {"mm": number_format(body.needle_mm), "angle": body.angle},
        ),
        (
            _("Points"),
            _("%(points)s × %(ml)s ml = %(total)s ml")
            % {
                "points": body.points,
                "ml": number_format(body.volume_ml),
                "total": number_format(body.total_ml),
            },
        ),
    )


YES, NO = gettext_lazy("yes"), gettext_lazy("no")


def _values(run: Run, step: Step, values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    found = []
    for field in step.fields:
        value = values.get(field.id)
        if value is not None:
            found.append((words(field.label), _value(run, field, value)))
    return tuple(found)


def _value(run: Run, field: Field, value: object) -> str:
    if isinstance(value, bool):
        return str(YES if value else NO)
    if isinstance(value, list | tuple):
        return ", ".join(_value(run, field, each) for each in value)
    text = str(value)
    match field.type:
        case FieldType.ZONE:
            return words(label(Zone(text)))
        case FieldType.INSTANT:
            return date_format(datetime.fromisoformat(text).astimezone(run.zone), "H:i")
        case FieldType.DECIMAL:
            return f"{number_format(Decimal(text))} {field.unit}".strip()
    option = next((o for o in field.options if o.value == text), None)
    if option is not None and option.label is not None:
        return words(option.label)
    return f"{text} {field.unit}".strip()
