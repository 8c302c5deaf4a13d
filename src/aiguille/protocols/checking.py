"""What must hold between the parts of a protocol before anybody may use it."""

import re
from collections.abc import Iterator
from dataclasses import fields

from aiguille.kernel.codes import FORBIDDEN_ZONES, INDICATIONS_OF, Procedure, ProductUse
from aiguille.protocols.events import Body
from aiguille.protocols.model import (
    Adoption,
    Condition,
    Field,
    FieldType,
    Guard,
    GuardKind,
    On,
    Protocol,
    Purpose,
    Step,
)
from aiguille.protocols.references import BODY_OF, PATIENT, SESSION, UnitFacts
from aiguille.protocols.sources import Source

# The rule book's questions that a guard may ask, with the facts that each needs.
ASKS: dict[str, frozenset[str]] = {
    "performer": frozenset({"jurisdiction", "procedure", "role", "needle_mm", "place"}),
    "depth": frozenset({"zone", "indication", "needle_mm", "phototype"}),
    "density": frozenset({"rolls"}),
    "cream": frozenset(
        {
            "area_cm2", "grams", "minutes", "conditions", "needle_started",
            "removed_minutes_before", "on_needled_skin",
        }
    ),
    "lidocaine": frozenset({"weight_kg", "mg"}),
    "interval": frozenset({"procedure", "zone", "needle_mm", "days_since_last"}),
    "product": frozenset({"use", "status", "actives", "sterile"}),
    "mix": frozenset({"products", "prepared_by", "lot", "expiry", "own_diluent"}),
    "unit": frozenset(
        {"expiry", "act_date", "used_for_other_patient", "used_in_other_session", "lot_status"}
    ),
}  # fmt: skip

# What no protocol may leave out, whatever it is for.
NEEDED = (
    Purpose.CONSENT, Purpose.CREAM_ON, Purpose.CREAM_OFF, Purpose.ANTISEPSIS, Purpose.NEEDLE,
    Purpose.SHARPS, Purpose.ADVICE,
)  # fmt: skip
BEFORE_NEEDLE = (Purpose.CONSENT, Purpose.CREAM_ON, Purpose.CREAM_OFF, Purpose.ANTISEPSIS)
NEEDLE_GUARDS = (
    GuardKind.CONSENT_CURRENT, GuardKind.VERDICT_VALID, GuardKind.CREAM_REMOVED,
    GuardKind.UNIT_OPENED, GuardKind.TIMER_ELAPSED, GuardKind.LIMITS,
)  # fmt: skip
NEEDLE_ASKS = {
    Procedure.NEEDLING: ("performer", "depth", "cream", "interval"),
    Procedure.MESOTHERAPY: ("performer", "cream", "lidocaine", "interval"),
}

_SEMVER = re.compile(r"\d+\.\d+\.\d+")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_-]*")


def check(protocol: Protocol, source: Source) -> None:
    """Note in `source` every fault between the parts of a protocol whose parts are sound."""
    _head(protocol, source)
    before = _ancestors(protocol, source)
    for step in protocol.steps:
        path = f"step.{step.id}"
        for found, message in _step_faults(protocol, step):
            source.problem(f"{path}.{found}" if found else path, message)
        for guard in step.guards:
            for found, message in _guard_faults(protocol, step, guard):
                source.problem(f"{path}.guard.{guard.id}.{found}", message)
    if before is not None:
        _safety(protocol, source, before)


def _head(protocol: Protocol, source: Source) -> None:
    if not _SEMVER.fullmatch(protocol.version):
        source.problem("version", "must be three numbers, such as 1.0.0")
    if not _IDENTIFIER.fullmatch(protocol.id):
        source.problem("id", "must be small letters, digits and hyphens")
    for indication in protocol.indications:
        if indication not in INDICATIONS_OF[protocol.procedure]:
            source.problem("indications", f"{indication.value} is not of this procedure")
        if sum(course.indication is indication for course in protocol.courses) != 1:
            source.problem(f"courses.{indication.value}", "an indication needs its course")
    for zone in FORBIDDEN_ZONES & set(protocol.zones):
        source.problem("zones", f"no needle may touch {zone.value}")
    if (protocol.adoption is Adoption.KNOWINGLY) != (protocol.disagreement is not None):
        source.problem("disagreement", "is said exactly where the adoption is adopt_knowingly")
    _shape(protocol, source)


def _shape(protocol: Protocol, source: Source) -> None:
    for repeat in protocol.repeats:
        positions = [at for at, step in enumerate(protocol.steps) if step.id in repeat.steps]
        if len(positions) != len(repeat.steps):
            source.problem(f"repeat.{repeat.id}.steps", "names a step that the protocol lacks")
        elif positions != list(range(positions[0], positions[0] + len(positions))):
            source.problem(f"repeat.{repeat.id}.steps", "must be neighbours")
    for step_id in protocol.closing:
        step = protocol.step(step_id)
        if step is None:
            source.problem("closing", f"unknown step {step_id!r}")
        elif step.skippable or not step.when_stopped:
            source.problem("closing", f"{step_id!r} must be possible after a stop, never skipped")


def _ancestors(protocol: Protocol, source: Source) -> dict[str, set[str]] | None:
    """Return all the steps before each step; None, and a fault, where they form a cycle."""
    known = {step.id for step in protocol.steps}
    waiting = {step.id: set(step.after) & known for step in protocol.steps}
    for step in protocol.steps:
        for missing in set(step.after) - known:
            source.problem(f"step.{step.id}.after", f"unknown step {missing!r}")
    before: dict[str, set[str]] = {}
    while waiting:
        ready = [step for step, needs in waiting.items() if needs <= before.keys()]
        if not ready:
            names = ", ".join(waiting)
            source.problem(
                f"step.{next(iter(waiting))}.after",
                f"these steps wait for each other in a cycle: {names}",
            )
            return None
        for step_id in ready:
            needs = waiting.pop(step_id)
            before[step_id] = needs.union(*(before[each] for each in needs))
    return before


def _step_faults(protocol: Protocol, step: Step) -> Iterator[tuple[str, str]]:
    if (step.purpose is not None or step.safety) and step.skippable:
        yield "skippable", "a safety step can never be skipped"
    if (step.purpose is Purpose.NEEDLE) != (step.records is not None):
        yield "records", "a needle step, and no other, records passes or injections"
    if step.records == "passes" and step.passes is None:
        yield "passes", "a step that records passes needs its plan"
    if step.purpose is Purpose.NEEDLE and step.when_stopped:
        yield "when_stopped", "no needle after a stop"
    if step.when is not None:
        yield from _condition_faults(protocol, step, step.when, "when", needs_step=True)
    for field in step.fields:
        if field.when is not None:
            yield from _condition_faults(protocol, step, field.when, f"field.{field.id}.when")
    for timer in step.timers:
        started = step.field(timer.from_field) if timer.from_field else None
        if timer.from_field and (started is None or started.type is not FieldType.INSTANT):
            yield f"timer.{timer.id}.from_field", f"no instant is recorded as {timer.from_field!r}"
        if timer.until and protocol.step(timer.until) is None:
            yield f"timer.{timer.id}.until", f"unknown step {timer.until!r}"


def _condition_faults(
    protocol: Protocol, step: Step, condition: Condition, path: str, *, needs_step: bool = False
) -> Iterator[tuple[str, str]]:
    named = protocol.step(condition.step) if condition.step else step
    if needs_step and not condition.step:
        yield f"{path}.step", "the step that recorded it is needed"
        return
    if named is None:
        yield f"{path}.step", f"unknown step {condition.step!r}"
        return
    field = named.field(condition.field)
    if field is None:
        yield f"{path}.field", f"unknown field {condition.field!r}"
        return
    if not condition.values:
        yield f"{path}.in", "a list of values is needed"
    options = {option.value for option in field.options}
    for value in condition.values:
        if options and value not in options:
            yield f"{path}.in", f"unknown value {value!r}"


def _guard_faults(protocol: Protocol, step: Step, guard: Guard) -> Iterator[tuple[str, str]]:
    if guard.when is not None:
        yield from _condition_faults(protocol, step, guard.when, "when")
    match guard.kind:
        case GuardKind.STEP_DONE:
            if protocol.step(guard.step) is None:
                yield "step", f"unknown step {guard.step!r}"
        case GuardKind.TIMER_ELAPSED:
            timers = {timer.id for each in protocol.steps for timer in each.timers}
            if guard.timer not in timers:
                yield "timer", f"unknown timer {guard.timer!r}"
        case GuardKind.UNIT_OPENED:
            scanned = {field.kind for each in protocol.steps for field in each.fields}
            if not guard.kinds or set(guard.kinds) - scanned:
                yield "kinds", "the kinds of unit that a step of this protocol opens are needed"
        case GuardKind.VALUE:
            condition = Condition(field=guard.field, values=guard.values, step=guard.step)
            for path, message in _condition_faults(protocol, step, condition, ""):
                yield path.removeprefix("."), message
        case GuardKind.RULE:
            yield from _rule_faults(protocol, step, guard)


def _rule_faults(protocol: Protocol, step: Step, guard: Guard) -> Iterator[tuple[str, str]]:
    facts = ASKS.get(guard.ask)
    if facts is None:
        yield "ask", f"unknown question {guard.ask!r}; known are {', '.join(ASKS)}"
        return
    for missing in sorted(facts - guard.facts.keys()):
        yield f"facts.{missing}", f"the question {guard.ask!r} needs this fact"
    for unknown in sorted(guard.facts.keys() - facts):
        yield f"facts.{unknown}", f"the question {guard.ask!r} has no such fact"
    if guard.only_with and guard.only_with not in guard.facts:
        yield "only_with", f"unknown fact {guard.only_with!r}"
    if guard.field and step.field(guard.field) is None:
        yield "field", f"unknown field {guard.field!r}"
    for name, reference in guard.facts.items():
        is_reference = isinstance(reference, str) and reference.startswith("$")
        if is_reference and not _is_known(protocol, guard, str(reference)):
            yield f"facts.{name}", f"unknown reference {reference!r} on {guard.on.value!r}"


def _is_known(  # noqa: PLR0911  one line for each root
    protocol: Protocol, guard: Guard, reference: str
) -> bool:
    root, _, path = reference[1:].partition(".")
    body: type[Body] | None = BODY_OF.get(guard.on)
    match root:
        case "event":
            return body is not None and path in {each.name for each in fields(body)}  # type: ignore[arg-type]
        case "patient":
            return path in PATIENT
        case "session":
            return path in SESSION
        case "zone":
            return path == "rolls" and guard.on is On.PASS
        case "unit":
            return guard.on is On.UNIT and path in {each.name for each in fields(UnitFacts)}
        case "field":
            return guard.on is On.UNIT and path == "use"
        case "minutes":
            return path in {timer.id for each in protocol.steps for timer in each.timers}
        case "minutes_since":
            return protocol.step(path) is not None
        case "value":
            step_id, _, field_id = path.partition(".")
            step = protocol.step(step_id)
            return step is not None and step.field(field_id) is not None
    return False


def _safety(protocol: Protocol, source: Source, before: dict[str, set[str]]) -> None:
    """What no file can switch off: the needle comes after consent, cream, antisepsis, unit."""
    for purpose in NEEDED:
        if not protocol.for_purpose(purpose):
            source.problem("steps", f"no step has the purpose {purpose.value!r}")
    for needle in protocol.for_purpose(Purpose.NEEDLE):
        for found, message in _needle_faults(protocol, needle, before[needle.id]):
            source.problem(f"step.{needle.id}.{found}", message)
    for step in protocol.steps:
        for field in step.fields:
            asked = {guard.ask for guard in step.guards if guard.field in {"", field.id}}
            for ask in _asks_needed(field):
                if ask not in asked:
                    source.problem(
                        f"step.{step.id}.guard",
                        f"opening {field.id!r} must ask the question {ask!r}",
                    )


def _needle_faults(protocol: Protocol, needle: Step, before: set[str]) -> Iterator[tuple[str, str]]:
    for purpose in BEFORE_NEEDLE:
        found = protocol.for_purpose(purpose)
        if found and not any(step.id in before for step in found):
            yield "after", f"a needle waits for a step of {purpose.value!r}"
    unconditional = [guard for guard in needle.guards if guard.when is None]
    for kind in NEEDLE_GUARDS:
        if not any(guard.kind is kind and guard.on is On.ANY for guard in unconditional):
            yield "guard", f"a needle step needs the guard {kind.value!r}"
    for ask in NEEDLE_ASKS[protocol.procedure]:
        if not any(guard.ask == ask for guard in unconditional):
            yield "guard", f"a needle step must ask the question {ask!r}"


def _asks_needed(field: Field) -> tuple[str, ...]:
    """Return what the rule book must be asked when a unit is opened, by what it is used for."""
    if field.type is not FieldType.UNIT_SCAN:
        return ()
    if field.use is None:
        return ("unit",)
    return ("unit", "product", "mix") if field.use is ProductUse.INJECT else ("unit", "product")
