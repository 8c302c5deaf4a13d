"""What can happen in a session: a small closed set of events, and their JSON."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from aiguille.kernel.codes import (
    Active,
    Direction,
    EndPoint,
    Indication,
    PreparedBy,
    ProductKind,
    ProductStatus,
    Side,
    Technique,
    Zone,
)
from aiguille.kernel.intervals import in_utc
from aiguille.kernel.numbers import exact, read_exact


class EventMalformed(ValueError):
    """An event's JSON does not have the shape of its type."""

    def __init__(self, field_name: str, message: str) -> None:
        self.field = field_name
        super().__init__(f"{field_name}: {message}")


class Pressure(StrEnum):
    """How hard the device was held."""

    LIGHT = "light"
    MEDIUM = "medium"
    FIRM = "firm"


class StopReason(StrEnum):
    """Why a session was stopped before its end."""

    FRANK_BLEEDING = "frank_bleeding"
    TOO_AGGRESSIVE = "too_aggressive"
    FAINTNESS = "faintness"
    ALLERGIC_REACTION = "allergic_reaction"
    LIDOCAINE_TOXICITY = "lidocaine_toxicity"
    VASCULAR_OCCLUSION = "vascular_occlusion"
    NEEDLE_STICK = "needle_stick"
    BREACH_OF_ASEPSIS = "breach_of_asepsis"
    PATIENT_REQUEST = "patient_request"
    OTHER = "other"


class Body:
    """What happened, without when and by whom."""

    type: ClassVar[str]
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBegun(Body):
    """The session starts under one protocol version, for one indication."""

    type: ClassVar[str] = "session_begun"
    protocol: str
    version: str
    indication: Indication


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone(Body):
    """A step is done. `values` are plain JSON by field id; decimals and instants are strings."""

    type: ClassVar[str] = "step_done"
    step: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped(Body):
    """A step that may be left out is left out, for a reason."""

    type: ClassVar[str] = "step_skipped"
    step: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOpened(Body):
    """A stock unit is opened for the `field` of a step; the facts are those of its label.

    `product` identifies the product, `unit` the one physical unit. `lidocaine_mg_per_ml` is None
    where the product holds none; `needles` counts those of a roller or a cartridge, `needle_mm`
    is their length where it is fixed.
    """

    type: ClassVar[str] = "unit_opened"
    step: str
    field: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePassed(Body):
    """A zone was needled: how many passes in each direction, and what the skin showed.

    For a pen, `seconds`, `area_cm2` and `frequency_hz` give the estimate of holes.
    """

    type: ClassVar[str] = "zone_passed"
    step: str
    zone: Zone
    side: Side
    needle_mm: Decimal
    passes: Mapping[Direction, int]
    pressure: Pressure
    end_point: EndPoint | None = None
    seconds: int | None = None
    area_cm2: Decimal | None = None
    frequency_hz: int | None = None

    @property
    def count(self) -> int:
        """Return the passes in all directions together."""
        return sum(self.passes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionRecorded(Body):
    """A zone was injected: `volume_ml` at each of `points`.

    `inserted_mm` is how much of the needle entered the skin, the whole needle where None;
    `angle` is in degrees from the skin's surface.
    """

    type: ClassVar[str] = "injection_recorded"
    step: str
    zone: Zone
    side: Side
    technique: Technique
    needle_mm: Decimal
    angle: int
    volume_ml: Decimal
    points: int
    inserted_mm: Decimal | None = None
    spacing_mm: int | None = None

    @property
    def total_ml(self) -> Decimal:
        """Return the volume of all points together."""
        return self.volume_ml * self.points


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(Body):
    """The session is stopped before its end; only what makes it safe may follow."""

    type: ClassVar[str] = "stopped"
    reason: StopReason
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(Body):
    """Everything that must be done is done; nothing may follow."""

    type: ClassVar[str] = "session_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Body):
    """Event `replaces` was wrong: `body` says what happened, None that nothing did.

    The wrong event stays in the list; its instant and author are those of the corrected fact.
    """

    type: ClassVar[str] = "corrected"
    replaces: int
    reason: str
    body: Body | None = None


BODIES: dict[str, type[Body]] = {
    body.type: body
    for body in (
        SessionBegun,
        StepDone,
        StepSkipped,
        UnitOpened,
        ZonePassed,
        InjectionRecorded,
        Stopped,
        SessionClosed,
        Corrected,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a session's list: `seq` counts from 1, `at` is UTC, `by` names who.

    `acknowledged` holds a reason for each warning that the operator saw and took upon
    themselves, by the name of the rule-book question or limit that warned.
    """

    seq: int
    at: datetime
    by: str
    body: Body
    acknowledged: Mapping[str, str] = field(default_factory=dict)


def event_as_json(event: Event) -> dict[str, object]:
    """Return the event as plain JSON; `event_from_json` reads it back."""
    found: dict[str, object] = {
        "seq": event.seq,
        "at": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "by": event.by,
        **body_as_json(event.body),
    }
    if event.acknowledged:
        found["acknowledged"] = dict(event.acknowledged)
    return found


def body_as_json(body: Body) -> dict[str, object]:
    """Return a body as plain JSON with its `type`; what is None or empty is left out."""
    found: dict[str, object] = {"type": body.type}
    for each in fields(body):  # type: ignore[arg-type]
        value = getattr(body, each.name)
        if value not in (None, "", (), {}):
            found[each.name] = _plain(value)
    return found


def _plain(value: object) -> object:
    match value:
        case Body():
            return body_as_json(value)
        case StrEnum():
            return value.value
        case Decimal():
            return exact(value)
        case date():
            return str(value)
        case tuple():
            return [_plain(each) for each in value]
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
    return value


def event_from_json(raw: Mapping[str, object]) -> Event:
    """Read an event.

    Raises:
        EventMalformed: a key is missing, unknown or of the wrong type; it names the key.
    """
    acknowledged = raw.get("acknowledged", {})
    if not isinstance(acknowledged, Mapping) or not all(
        isinstance(reason, str) for reason in acknowledged.values()
    ):
        raise EventMalformed("acknowledged", "reasons in words are needed")
    return Event(
        seq=_read(raw.get("seq"), int, "seq"),
        at=instant_of(raw.get("at"), "at"),
        by=_read(raw.get("by"), str, "by"),
        acknowledged=dict(acknowledged),
        body=body_from_json(
            {k: v for k, v in raw.items() if k not in {"seq", "at", "by", "acknowledged"}}
        ),
    )


def body_from_json(raw: Mapping[str, object]) -> Body:
    """Read an event's body, told apart by `type`.

    Raises:
        EventMalformed: a key is missing, unknown or of the wrong type; it names the key.
    """
    name = raw.get("type")
    kind = BODIES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise EventMalformed("type", f"unknown type of event {name!r}")
    known = _shape_of(kind.type)
    for key in raw:
        if key != "type" and key not in known:
            raise EventMalformed(key, "unknown key")
    values = {
        key: _read(raw.get(key), hint, key)
        for key, (hint, needed) in known.items()
        if needed or raw.get(key) is not None
    }
    return kind(**values)


@cache
def _shape_of(name: str) -> dict[str, tuple[Any, bool]]:
    """Return the type of each key of a body, and whether it is needed."""
    kind = BODIES[name]
    hints = get_type_hints(kind)
    return {
        each.name: (
            hints[each.name],
            each.default is MISSING and each.default_factory is MISSING,
        )
        for each in fields(kind)  # type: ignore[arg-type]
    }


def _read(value: object, hint: Any, key: str) -> Any:
    """Return `value` as the type `hint` of a body's field."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is UnionType:  # what may be None is only read where it is given
        return _read(value, next(each for each in inner if each is not NoneType), key)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise EventMalformed(key, "a list is needed")
        return tuple(_read(each, inner[0], key) for each in value)
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise EventMalformed(key, "an object is needed")
        return {_read(k, inner[0], key): _read(v, inner[1], key) for k, v in value.items()}
    if hint is Body:
        if not isinstance(value, Mapping):
            raise EventMalformed(key, "an event's body is needed")
        return body_from_json(value)
    return _read_single(value, hint, key)


def _read_single(value: object, hint: Any, key: str) -> Any:
    if hint is object:
        return value
    if hint in _EXACT:
        return _EXACT[hint](value, key)
    if issubclass(hint, StrEnum):
        if not isinstance(value, str) or value not in list(hint):
            raise EventMalformed(key, f"{value!r} is none of {', '.join(hint)}")
        return hint(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise EventMalformed(key, f"{_WORDS[hint]} is needed")
    return value


_WORDS = {str: "a text", int: "a whole number", bool: "true or false"}


def decimal_of(value: object, key: str) -> Decimal:
    """Read an exact number from a string or a whole number.

    Raises:
        EventMalformed: it is neither, or not in plain notation; a float is refused, being inexact.
    """
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        number = read_exact(str(value))
        if number is not None:
            return number
    raise EventMalformed(key, 'an exact number is needed, such as "0.5"')


def instant_of(value: object, key: str) -> datetime:
    """Read an instant with its offset, as UTC.

    Raises:
        EventMalformed: it is no instant, or has no offset.
    """
    try:
        if isinstance(value, str):
            return in_utc(datetime.fromisoformat(value))
    except ValueError:
        pass
    raise EventMalformed(key, "an instant with its offset is needed")


def date_of(value: object, key: str) -> date:
    """Read a date.

    Raises:
        EventMalformed: it is no date in the form 2026-05-31.
    """
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise EventMalformed(key, "a date such as 2026-05-31 is needed")


_EXACT: dict[type, Callable[[object, str], object]] = {Decimal: decimal_of, date: date_of}
