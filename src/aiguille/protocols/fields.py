"""Reads what a step records, by the field's type and bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from aiguille.kernel.numbers import exact
from aiguille.protocols.events import EventMalformed, date_of, decimal_of, instant_of
from aiguille.protocols.model import Condition, Field, FieldType, Step, Value


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with a recorded value: a refusal's code and what its text names."""

    field: str
    code: str
    detail: Mapping[str, str]


def condition_holds(condition: Condition, values: Mapping[str, Value]) -> bool:
    """Tell whether `values`, those of the condition's step, satisfy it."""
    recorded = values.get(condition.field)
    if isinstance(recorded, tuple):
        return any(each in condition.values for each in recorded)
    return recorded in condition.values


def read_values(
    step: Step, raw: Mapping[str, object], *, at: datetime
) -> tuple[dict[str, Value], list[FieldFault]]:
    """Return the typed values of a step's fields, and every fault found on the way.

    Instants stay strings in UTC, so that values compare and print alike everywhere; a later
    instant than `at` is a fault. Units are opened by their own events and are not read here.
    """
    values: dict[str, Value] = {}
    faults: list[FieldFault] = []
    known = {field.id: field for field in step.fields if field.type is not FieldType.UNIT_SCAN}
    faults.extend(FieldFault(key, "field_unknown", {}) for key in raw if key not in known)
    for field in known.values():
        given = raw.get(field.id)
        applies = field.when is None or condition_holds(field.when, values)
        if given is None or given in ("", []):
            if applies and field.required:
                faults.append(FieldFault(field.id, "field_missing", {}))
        elif not applies:
            faults.append(FieldFault(field.id, "field_not_applicable", {}))
        else:
            try:
                values[field.id] = _read(field, given, at)
            except _Wrong as wrong:
                faults.append(FieldFault(field.id, wrong.code, wrong.detail))
            except EventMalformed:
                faults.append(FieldFault(field.id, "field_type", {"type": field.type}))
    return values, faults


class _Wrong(Exception):
    def __init__(self, code: str, **detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code)


def _read(field: Field, given: object, at: datetime) -> Value:
    if field.many:
        if not isinstance(given, list | tuple):
            raise _Wrong("field_type", type=field.type)
        return tuple(str(_read_one(field, each, at)) for each in given)
    return _read_one(field, given, at)


def _read_one(field: Field, given: object, at: datetime) -> Value:
    match field.type:
        case FieldType.BOOLEAN if isinstance(given, bool):
            return given
        case FieldType.INTEGER if isinstance(given, int) and not isinstance(given, bool):
            _within(field, Decimal(given))
            return given
        case FieldType.DECIMAL:
            number = decimal_of(given, field.id)
            _within(field, number)
            return number
        case FieldType.INSTANT:
            instant = instant_of(given, field.id)
            if instant > at:
                raise _Wrong("field_in_future")
            return instant.isoformat()
        case FieldType.DATE:
            return date_of(given, field.id).isoformat()
        case FieldType.TEXT | FieldType.CHOICE | FieldType.ZONE | FieldType.TECHNIQUE if isinstance(
            given, str
        ):
            return _read_words(field, given)
    raise _Wrong("field_type", type=field.type)


def _read_words(field: Field, given: str) -> str:
    if field.type is FieldType.TEXT:
        if field.maximum is not None and len(given) > field.maximum:
            raise _Wrong("field_too_long", maximum=exact(field.maximum))
    elif given not in {option.value for option in field.options}:
        raise _Wrong("field_choice", value=given)
    return given


def _within(field: Field, number: Decimal) -> None:
    if field.minimum is not None and number < field.minimum:
        raise _Wrong("field_below", minimum=f"{exact(field.minimum)} {field.unit}".strip())
    if field.maximum is not None and number > field.maximum:
        raise _Wrong("field_above", maximum=f"{exact(field.maximum)} {field.unit}".strip())
