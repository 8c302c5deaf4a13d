"""Reads a protocol's tables into its values, and refuses it with every fault named."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from aiguille.kernel import codes
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
from aiguille.protocols.checking import check
from aiguille.protocols.model import (
    Adoption,
    Confidence,
    Course,
    Field,
    FieldType,
    Guard,
    GuardKind,
    On,
    Option,
    PassPlan,
    Protocol,
    Purpose,
    Records,
    Repeat,
    Step,
    TechniqueLimits,
    Timer,
    VolumeCap,
)
from aiguille.protocols.sources import Problem, ProtocolMalformed, Source, load
from aiguille.protocols.tables import Table

CODES: dict[str, type[StrEnum]] = {
    name: getattr(codes, name) for name in ("Direction", "EndPoint", "ProductUse", "Side", "Zone")
}


def read_file(path: Path) -> tuple[Protocol | None, Source]:
    """Return the protocol of a file, None where it has faults, and its source with all of them."""
    source = load(path)
    return (None if source.problems else _read(source)), source


def read_protocol(content: Mapping[str, object], *, name: str = "protocol") -> Protocol:
    """Return the protocol of a content kept as plain JSON (`sources.Source.content`).

    Raises:
        ProtocolMalformed: it has faults.
    """
    source = Source(file=name, content=dict(content))
    protocol = _read(source)
    if protocol is None:
        raise ProtocolMalformed(tuple(source.problems))
    return protocol


def problems_of(path: Path) -> tuple[Problem, ...]:
    """Return every fault of a protocol file, none where it may be used."""
    return tuple(read_file(path)[1].problems)


def _read(source: Source) -> Protocol | None:
    root = Table(source, source.content, "")
    zones = root.codes("zones", Zone, needed=True)
    techniques = _techniques(root)
    protocol = Protocol(
        id=root.string("id"),
        version=root.string("version"),
        title=root.text("title"),
        summary=root.text("summary"),
        procedure=root.code("procedure", Procedure),
        indications=root.codes("indications", Indication, needed=True),
        jurisdiction=root.code("jurisdiction", Jurisdiction),
        adoption=root.code("adoption", Adoption),
        disagreement=root.optional_text("disagreement"),
        zones=zones,
        techniques=techniques,
        volume_caps=tuple(_cap(name, table) for name, table in root.tables("volume_cap")),
        courses=_courses(root),
        steps=_steps(root, zones, techniques),
        repeats=tuple(_repeat(name, table) for name, table in root.tables("repeat")),
        closing=root.strings("closing", needed=True),
        sources=root.strings("sources", needed=True),
    )
    root.close()
    if not source.problems:
        check(protocol, source)
    return None if source.problems else protocol


def _steps(
    root: Table, zones: tuple[Zone, ...], techniques: tuple[TechniqueLimits, ...]
) -> tuple[Step, ...]:
    """Read the steps that the protocol lists; other fragments may define more."""
    defined = dict(root.tables("step"))
    guards = {name: _guard(name, table) for name, table in root.tables("guard")}
    steps: list[Step] = []
    for at, name in enumerate(order := root.strings("steps", needed=True)):
        if name in order[:at]:
            root.problem(f"steps[{at}]", f"step {name!r} is listed twice")
        elif name not in defined:
            root.problem(f"steps[{at}]", f"unknown step {name!r}")
        else:
            before = order[at - 1 : at]
            steps.append(_step(name, defined[name], before, guards, zones, techniques))
    return tuple(steps)


def _step(
    name: str,
    table: Table,
    before: tuple[str, ...],
    shared: Mapping[str, Guard],
    zones: tuple[Zone, ...],
    techniques: tuple[TechniqueLimits, ...],
) -> Step:
    """Read one step; without `after` it follows the step listed before it.

    Its guards are those of its own table, and those of `shared` that `guards` names.
    """
    options = {
        FieldType.ZONE: tuple(Option(zone, None) for zone in zones),
        FieldType.TECHNIQUE: tuple(Option(each.technique, each.label) for each in techniques),
    }
    chosen = table.strings("guards")
    for at, missing in enumerate(chosen):
        if missing not in shared:
            table.problem(f"guards[{at}]", f"unknown guard {missing!r}")
    step = Step(
        id=name,
        title=table.text("title"),
        instruction=table.text("instruction"),
        roles=table.codes("roles", StaffRole, needed=True),
        after=table.strings("after") if table.has("after") else before,
        purpose=table.optional_code("purpose", Purpose),
        safety=table.boolean("safety"),
        skippable=table.boolean("skippable"),
        when_stopped=table.boolean("when_stopped"),
        records=table.optional_code("records", Records),
        when=table.condition("when"),
        fields=tuple(_field(key, each, options) for key, each in table.tables("field")),
        guards=(
            *(shared[each] for each in chosen if each in shared),
            *(_guard(key, each) for key, each in table.tables("guard")),
        ),
        timers=tuple(_timer(key, each) for key, each in table.tables("timer")),
        passes=_passes(table.table("passes")) if table.has("passes") else None,
        sources=table.strings("sources"),
    )
    table.close()
    return step


def _field(name: str, table: Table, given: Mapping[FieldType, tuple[Option, ...]]) -> Field:
    kind = table.code("type", FieldType)
    options = given.get(kind, ())
    if kind is FieldType.CHOICE:
        options = _options(table)
    field = Field(
        id=name,
        type=kind,
        label=table.text("label"),
        required=table.boolean("required", default=True),
        many=table.boolean("many"),
        unit=table.string("unit", default="-").removeprefix("-"),
        minimum=table.optional_decimal("min"),
        maximum=table.optional_decimal("max"),
        options=options,
        kind=table.optional_code("kind", ProductKind),
        use=table.optional_code("use", ProductUse),
        when=table.condition("when"),
    )
    if kind is FieldType.DECIMAL and not field.unit:
        table.problem("unit", "a decimal needs its unit")
    if kind is FieldType.UNIT_SCAN and field.kind is None:
        table.problem("kind", "a scanned unit needs its kind")
    table.close()
    return field


def _options(table: Table) -> tuple[Option, ...]:
    if table.has("codes"):
        name = table.string("codes")
        if name not in CODES:
            table.problem("codes", f"unknown codes {name!r}; known are {', '.join(CODES)}")
        return tuple(Option(code, None) for code in CODES.get(name, ()))
    choices = table.table("option")
    options = tuple(Option(value, choices.text(value)) for value in choices.raw)
    if not options:
        table.problem("option", "a choice needs its options")
    return options


def _guard(name: str, table: Table) -> Guard:
    kind = table.code("kind", GuardKind)
    facts = table.table("facts")
    guard = Guard(
        id=name,
        kind=kind,
        on=table.code("on", On, default=On.DONE if kind is GuardKind.VALUE else On.ANY),
        step=table.string("step", default="-").removeprefix("-"),
        timer=table.string("timer", default="-").removeprefix("-"),
        kinds=table.codes("kinds", ProductKind),
        field=table.string("field", default="-").removeprefix("-"),
        values=table.values("in") if table.has("in") else (),
        ask=table.string("ask", default="-").removeprefix("-"),
        facts={key: facts.take(key) for key in facts.raw},
        only_with=table.string("only_with", default="-").removeprefix("-"),
        when=table.condition("when"),
        refusal=table.optional_text("refusal"),
        sources=table.strings("sources"),
    )
    table.close()
    return guard


def _timer(name: str, table: Table) -> Timer:
    timer = Timer(
        id=name,
        label=table.text("label"),
        minimum_s=table.integer("min_seconds"),
        default_s=table.integer("default_seconds"),
        maximum_s=table.optional_integer("max_seconds"),
        from_field=table.string("from_field", default="-").removeprefix("-"),
        until=table.string("until", default="-").removeprefix("-"),
        sources=table.strings("sources"),
        confidence=table.code("confidence", Confidence, default=Confidence.SOURCED),
    )
    if not timer.minimum_s <= timer.default_s <= (timer.maximum_s or timer.default_s):
        table.problem("default_seconds", "must lie between the least and the most")
    table.close()
    return timer


def _passes(table: Table) -> PassPlan:
    direction, zone = table.table("per_direction"), table.table("per_zone")
    plan = PassPlan(
        device=table.string("device"),
        rolls_per_pass=table.integer("rolls_per_pass"),
        directions=table.codes("directions", Direction, needed=True),
        directions_min=table.integer("directions_min"),
        per_direction_min=direction.optional_integer("min"),
        per_direction_max=direction.optional_integer("max"),
        per_zone_min=zone.optional_integer("min"),
        per_zone_max=zone.optional_integer("max"),
        end_points=table.codes("end_points", EndPoint, needed=True),
        sources=table.strings("sources"),
        confidence=table.code("confidence", Confidence, default=Confidence.SOURCED),
    )
    for each in (direction, zone, table):
        each.close()
    return plan


def _repeat(name: str, table: Table) -> Repeat:
    repeat = Repeat(
        id=name,
        steps=table.strings("steps", needed=True),
        minimum=table.integer("min"),
        default=table.integer("default"),
        maximum=table.integer("max"),
        sources=table.strings("sources"),
        confidence=table.code("confidence", Confidence, default=Confidence.SOURCED),
    )
    if not 1 <= repeat.minimum <= repeat.default <= repeat.maximum:
        table.problem("default", "cycles must satisfy 1 <= min <= default <= max")
    table.close()
    return repeat


def _techniques(root: Table) -> tuple[TechniqueLimits, ...]:
    defined = dict(root.tables("technique"))
    found: list[TechniqueLimits] = []
    for at, code in enumerate(root.codes("techniques", Technique)):
        if code not in defined:
            root.problem(f"techniques[{at}]", f"technique {code.value!r} has no limits")
            continue
        found.append(_technique(code, defined[code]))
    return tuple(found)


def _technique(code: Technique, table: Table) -> TechniqueLimits:
    limits = TechniqueLimits(
        technique=code,
        label=table.text("label"),
        depth_warn_mm=table.optional_decimal("depth_warn_mm"),
        depth_max_mm=table.decimal("depth_max_mm"),
        angle_min=table.optional_integer("angle_min"),
        angle_max=table.optional_integer("angle_max"),
        spacing_min_mm=table.optional_integer("spacing_min_mm"),
        spacing_max_mm=table.optional_integer("spacing_max_mm"),
        volume_warn_ml=table.optional_decimal("volume_warn_ml"),
        volume_max_ml=table.decimal("volume_max_ml"),
        sources=table.strings("sources"),
        confidence=table.code("confidence", Confidence),
    )
    table.close()
    return limits


def _cap(name: str, table: Table) -> VolumeCap:
    cap = VolumeCap(
        id=name,
        zones=table.codes("zones", Zone),
        per_side=table.boolean("per_side"),
        maximum_ml=table.decimal("max_ml"),
        confidence=table.code("confidence", Confidence),
    )
    table.close()
    return cap


def _courses(root: Table) -> tuple[Course, ...]:
    """Read the course that the protocol names for each indication."""
    defined, chosen = dict(root.tables("course")), root.table("courses")
    courses: list[Course] = []
    for key in chosen.raw:
        code = chosen.string(key)
        if key not in list(Indication):
            chosen.problem(key, f"unknown indication {key!r}")
        elif code not in defined:
            chosen.problem(key, f"unknown course {code!r}")
        else:
            courses.append(_course(code, Indication(key), defined[code]))
    return tuple(courses)


def _course(code: str, indication: Indication, table: Table) -> Course:
    sessions, interval, needle = (
        table.table("sessions"), table.table("interval_days"), table.table("needle_mm")
    )  # fmt: skip
    course = Course(
        code=code,
        indication=indication,
        sessions_min=sessions.integer("min"),
        sessions_default=sessions.integer("default"),
        sessions_max=sessions.integer("max"),
        interval_min_days=interval.integer("min"),
        interval_default_days=interval.integer("default"),
        interval_max_days=interval.optional_integer("max"),
        offsets_days=table.integers("offsets_days"),
        tolerance_days=table.integers("tolerance_days"),
        maintenance=table.optional_text("maintenance"),
        needle_mm_min=needle.optional_decimal("min"),
        needle_mm_default=needle.optional_decimal("default"),
        needle_mm_max=needle.optional_decimal("max"),
        sources=table.strings("sources"),
        confidence=table.code("confidence", Confidence),
    )
    if course.offsets_days and len(course.tolerance_days) != len(course.offsets_days) - 1:
        table.problem("tolerance_days", "needs one value for each gap between two sessions")
    if list(course.offsets_days) != sorted(set(course.offsets_days)):
        table.problem("offsets_days", "must grow")
    for each in (sessions, interval, needle, table):
        each.close()
    return course
