"""A run's events in words, in the language that is active: for the screen and the report alike."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from aiguille.kernel.codes import Direction, EndPoint, Side, Technique, Zone
from aiguille.kernel.labels import label
from aiguille.kernel.text import Text
from aiguille.protocols.events import (
    Body,
    Corrected,
    InjectionRecorded,
    Pressure,
    SessionBegun,
    SessionClosed,
    StepDone,
    StepSkipped,
    Stopped,
    StopReason,
    UnitOpened,
    ZonePassed,
)
from aiguille.protocols.model import Field, FieldType, Option, Protocol, Step

PRESSURES = {
    Pressure.LIGHT: gettext_lazy("Light"),
    Pressure.MEDIUM: gettext_lazy("Medium"),
    Pressure.FIRM: gettext_lazy("Firm"),
}
STOP_REASONS = {
    StopReason.FRANK_BLEEDING: gettext_lazy("Frank bleeding"),
    StopReason.TOO_AGGRESSIVE: gettext_lazy("Too vigorous"),
    StopReason.FAINTNESS: gettext_lazy("Faintness"),
    StopReason.ALLERGIC_REACTION: gettext_lazy("Allergic reaction"),
    StopReason.LIDOCAINE_TOXICITY: gettext_lazy("Signs of lidocaine toxicity"),
    StopReason.VASCULAR_OCCLUSION: gettext_lazy("Signs of a blocked vessel"),
    StopReason.NEEDLE_STICK: gettext_lazy("Needle-stick injury"),
    StopReason.BREACH_OF_ASEPSIS: gettext_lazy("Breach of asepsis"),
    StopReason.PATIENT_REQUEST: gettext_lazy("The patient asks to stop"),
    StopReason.OTHER: gettext_lazy("Another reason"),
}


def words(text: Text) -> str:
    """Return a text of the data in the page's language."""
    return text.in_language(get_language() or "fr")


def _title_of(protocol: Protocol, step_id: str) -> str:
    step = protocol.step(step_id)
    return words(step.title) if step else step_id


def what_of(protocol: Protocol, body: Body, *, products: Mapping[str, str] | None = None) -> str:
    """Say what an event is about; `products` are names by code, the code is said without."""
    match body:
        case StepDone(step=step):
            return _title_of(protocol, step)
        case StepSkipped(step=step):
            return _("Left out: %(step)s") % {"step": _title_of(protocol, step)}
        case UnitOpened():
            return _("Opened: %(product)s") % {
                "product": (products or {}).get(body.product, body.product)
            }
        case ZonePassed():
            return _("Passes: %(where)s") % {"where": where_of(body)}
        case InjectionRecorded():
            return _("Injections: %(where)s") % {"where": where_of(body)}
        case Corrected():
            return _("Entry %(seq)s withdrawn") % {"seq": body.replaces}
    return str(_MARKS[type(body)])


_MARKS: dict[type[Body], object] = {
    SessionBegun: gettext_lazy("Session begun"),
    Stopped: gettext_lazy("Session stopped"),
    SessionClosed: gettext_lazy("Session closed"),
}


def where_of(body: Body) -> str:
    """Say the zone and side of a pass or an injection."""
    assert isinstance(body, ZonePassed | InjectionRecorded)
    return f"{words(label(body.zone))}, {words(label(body.side)).lower()}"


def details_of(protocol: Protocol, body: Body, *, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    """Return what an event recorded, as pairs of a term and a value; hours are those of `zone`."""
    match body:
        case StepDone(step=step_id, values=values):
            step = protocol.step(step_id)
            return _values(step, values, zone=zone) if step else ()
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


def _values(
    step: Step, values: Mapping[str, object], *, zone: ZoneInfo
) -> tuple[tuple[str, str], ...]:
    found = []
    for field in step.fields:
        value = values.get(field.id)
        if value is not None:
            found.append((words(field.label), _value(field, value, zone=zone)))
    return tuple(found)


def _value(field: Field, value: object, *, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return str(YES if value else NO)
    if isinstance(value, list | tuple):
        return ", ".join(_value(field, each, zone=zone) for each in value)
    text = str(value)
    match field.type:
        case FieldType.ZONE:
            return words(label(Zone(text)))
        case FieldType.INSTANT:
            return date_format(datetime.fromisoformat(text).astimezone(zone), "H:i")
        case FieldType.DATE:
            return date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT")
        case FieldType.DECIMAL:
            return f"{number_format(Decimal(text))} {field.unit}".strip()
    option = next((o for o in field.options if o.value == text), None)
    if option is not None:
        return option_words(option)
    return f"{text} {field.unit}".strip()


def option_words(option: Option) -> str:
    """Return the word of a choice: its own label, else that of the kernel's code."""
    if option.label is not None:
        return words(option.label)
    for codes in (EndPoint, Direction, Side, Zone, Technique):
        if option.value in set(codes):
            return words(label(codes(option.value)))
    return option.value
