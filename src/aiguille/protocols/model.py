"""What a protocol is: steps, fields, guards, timers, repeats, limits. Immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from decimal import Decimal
from enum import StrEnum

from aiguille.kernel.codes import (
    Direction,
    EndPoint,
    Indication,
    Jurisdiction,
    Procedure,
    ProductKind,
    ProductUse,
    StaffRole,
    Technique,
    Zone,
)
from aiguille.kernel.text import Text


class Adoption(StrEnum):
    """How a clinic may take a protocol into use."""

    STANDARD = "standard"
    KNOWINGLY = "adopt_knowingly"


class Confidence(StrEnum):
    """Whether a value is sourced or still waits for the medical director."""

    SOURCED = "sourced"
    TO_CONFIRM = "to_confirm"


class Purpose(StrEnum):
    """What a step is for, where safety depends on it. Such a step can never be skipped."""

    CONSENT = "consent"
    SCREENING = "screening"
    CREAM_ON = "cream_on"
    CREAM_OFF = "cream_off"
    ANTISEPSIS = "antisepsis"
    NEEDLE = "needle"
    SHARPS = "sharps"
    ADVICE = "advice"


class Records(StrEnum):
    """What a needle step records besides its fields, event by event."""

    PASSES = "passes"
    INJECTIONS = "injections"


class FieldType(StrEnum):
    """The type of what a field records."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CHOICE = "choice"
    INSTANT = "instant"
    DATE = "date"
    ZONE = "zone"
    TECHNIQUE = "technique"
    UNIT_SCAN = "unit_scan"


class GuardKind(StrEnum):
    """What a guard in a protocol file may ask for."""

    STEP_DONE = "step_done"
    TIMER_ELAPSED = "timer_elapsed"
    CONSENT_CURRENT = "consent_current"
    VERDICT_VALID = "verdict_valid"
    RULE = "rule"
    UNIT_OPENED = "unit_opened"
    CREAM_REMOVED = "cream_removed"
    VALUE = "value"
    LIMITS = "limits"


class On(StrEnum):
    """Which events at its step a guard looks at."""

    ANY = "any"
    DONE = "done"
    UNIT = "unit"
    PASS = "pass"  # noqa: S105  a pass of the roller
    INJECTION = "injection"


Value = str | bool | int | Decimal | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds where the recorded `field` has one of `values`.

    `step` is the step that recorded it; empty means the step that carries the condition.
    """

    field: str
    values: tuple[str | bool, ...]
    step: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a field; a kernel code has its label in the glossary, so none here."""

    value: str
    label: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something a step records. Bounds are inclusive; for `unit_scan` they count units."""

    id: str
    type: FieldType
    label: Text
    required: bool = True
    many: bool = False
    unit: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    options: tuple[Option, ...] = ()
    kind: ProductKind | None = None
    use: ProductUse | None = None
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Something that must hold before an event at a step.

    `step`, `timer`, `kinds`, `ask` and `facts` belong to the kinds that name them; `facts` maps
    each fact of a rule-book question to a literal or a reference (see `references`). With
    `only_with`, the question is asked only where that fact is known.
    """

    id: str
    kind: GuardKind
    on: On = On.ANY
    step: str = ""
    timer: str = ""
    kinds: tuple[ProductKind, ...] = ()
    field: str = ""
    values: tuple[str | bool, ...] = ()
    ask: str = ""
    facts: Mapping[str, object] = attribute(default_factory=dict)
    only_with: str = ""
    when: Condition | None = None
    refusal: Text | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A clock that starts when its step is done, or at the instant that `from_field` records.

    It is due after `minimum_s`, and runs until the step `until` is done, for ever where empty.
    """

    id: str
    label: Text
    minimum_s: int
    default_s: int
    maximum_s: int | None = None
    from_field: str = ""
    until: str = ""
    sources: tuple[str, ...] = ()
    confidence: Confidence = Confidence.SOURCED


@dataclass(frozen=True, slots=True, kw_only=True)
class PassPlan:
    """How passes are made over a zone: counts are to-and-fro movements, or passes of a pen."""

    device: str
    rolls_per_pass: int
    directions: tuple[Direction, ...]
    directions_min: int
    per_direction_min: int | None = None
    per_direction_max: int | None = None
    per_zone_min: int | None = None
    per_zone_max: int | None = None
    end_points: tuple[EndPoint, ...]
    sources: tuple[str, ...] = ()
    confidence: Confidence = Confidence.SOURCED


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do. `after` names the steps that must be settled before it."""

    id: str
    title: Text
    instruction: Text
    roles: tuple[StaffRole, ...]
    after: tuple[str, ...]
    purpose: Purpose | None = None
    safety: bool = False
    skippable: bool = False
    when_stopped: bool = False
    records: Records | None = None
    when: Condition | None = None
    fields: tuple[Field, ...] = ()
    guards: tuple[Guard, ...] = ()
    timers: tuple[Timer, ...] = ()
    passes: PassPlan | None = None
    sources: tuple[str, ...] = ()

    def field(self, field_id: str) -> "Field | None":
        """Return the field of that id, or None."""
        return next((found for found in self.fields if found.id == field_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Steps done once in each cycle, in order; cycles run from `minimum` to `maximum`."""

    id: str
    steps: tuple[str, ...]
    minimum: int
    default: int
    maximum: int
    sources: tuple[str, ...] = ()
    confidence: Confidence = Confidence.SOURCED


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueLimits:
    """What a technique allows: millimetres of penetration, degrees, millilitres per point.

    Above `depth_warn_mm` or `volume_warn_ml` the operator gives a reason; above the maximum the
    record is refused. None means that no source sets it.
    """

    technique: Technique
    label: Text
    depth_warn_mm: Decimal | None
    depth_max_mm: Decimal
    angle_min: int | None
    angle_max: int | None
    spacing_min_mm: int | None
    spacing_max_mm: int | None
    volume_warn_ml: Decimal | None
    volume_max_ml: Decimal
    sources: tuple[str, ...]
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCap:
    """The most that a group of zones, or with no zones the whole session, may receive."""

    id: str
    zones: tuple[Zone, ...]
    per_side: bool
    maximum_ml: Decimal
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The session defaults of one indication: how many, how far apart, how deep to propose.

    Intervals are days between two sessions. `offsets_days` counts from the first session where
    the spacing changes on the way, with one tolerance for each gap.
    """

    code: str
    indication: Indication
    sessions_min: int
    sessions_default: int
    sessions_max: int
    interval_min_days: int
    interval_default_days: int
    interval_max_days: int | None
    offsets_days: tuple[int, ...]
    tolerance_days: tuple[int, ...]
    maintenance: Text | None
    needle_mm_min: Decimal | None
    needle_mm_default: Decimal | None
    needle_mm_max: Decimal | None
    sources: tuple[str, ...]
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A whole protocol, its includes resolved. Built by `reading`, which finds every fault."""

    id: str
    version: str
    title: Text
    summary: Text
    procedure: Procedure
    indications: tuple[Indication, ...]
    jurisdiction: Jurisdiction
    adoption: Adoption
    disagreement: Text | None
    zones: tuple[Zone, ...]
    techniques: tuple[TechniqueLimits, ...]
    volume_caps: tuple[VolumeCap, ...]
    courses: tuple[Course, ...]
    steps: tuple[Step, ...]
    repeats: tuple[Repeat, ...]
    closing: tuple[str, ...]
    sources: tuple[str, ...]
    _steps: dict[str, Step] = attribute(init=False, repr=False, compare=False)
    _repeats: dict[str, Repeat] = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_steps", {step.id: step for step in self.steps})
        object.__setattr__(
            self, "_repeats", {step: repeat for repeat in self.repeats for step in repeat.steps}
        )

    def step(self, step_id: str) -> Step | None:
        """Return the step of that id, or None."""
        return self._steps.get(step_id)

    def repeat_of(self, step_id: str) -> Repeat | None:
        """Return the repeat that the step belongs to, or None."""
        return self._repeats.get(step_id)

    def for_purpose(self, purpose: Purpose) -> tuple[Step, ...]:
        """Return the steps that serve `purpose`, in order."""
        return tuple(step for step in self.steps if step.purpose is purpose)

    def technique(self, technique: Technique) -> TechniqueLimits | None:
        """Return the limits of a technique, None where this protocol does not use it."""
        return next((t for t in self.techniques if t.technique is technique), None)

    def course(self, indication: Indication) -> Course:
        """Return the session defaults of an indication that the protocol serves.

        Raises:
            KeyError: the protocol does not serve `indication`.
        """
        for course in self.courses:
            if course.indication is indication:
                return course
        raise KeyError(indication)
