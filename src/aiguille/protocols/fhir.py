"""A protocol as a FHIR R4 PlanDefinition, for other programs; the JSON machine stays ours.

Every step is an action with its order, conditions, waiting times and participants. What FHIR has
no element for (typed fields, guards, limits) travels in extensions, so that nothing is lost.
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum

from aiguille.kernel.text import Text
from aiguille.protocols.machine import plain
from aiguille.protocols.model import Condition, Guard, GuardKind, Protocol, Step, Timer

Json = dict[str, object]

EXTENSIONS = "urn:aiguille:fhir"
GUARD_LANGUAGE = "application/json"  # a guard is data, not a program
_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
_TYPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
_COUNTRY_SYSTEM = "urn:iso:std:iso:3166"


def plan_definition(protocol: Protocol, *, citations: Mapping[str, str] | None = None) -> Json:
    """Return the protocol as plain JSON of a PlanDefinition (FHIR R4, also valid in R4B).

    `citations` gives each source tag its words. French is the resource's language; English stands
    beside every text as its translation.
    """
    cited = citations or {}
    tags = dict.fromkeys(
        [*protocol.sources, *(tag for step in protocol.steps for tag in step.sources)]
    )
    return {
        "resourceType": "PlanDefinition",
        "id": protocol.id,
        "language": "fr",
        "url": f"urn:aiguille:protocol:{protocol.id}",
        "version": protocol.version,
        "name": "".join(part.capitalize() for part in protocol.id.split("-")),
        **_text("title", protocol.title),
        "type": {"coding": [{"system": _TYPE_SYSTEM, "code": "clinical-protocol"}]},
        "status": "active",
        "experimental": False,
        **_text("description", protocol.summary),
        **(_text("usage", protocol.disagreement) if protocol.disagreement else {}),
        "jurisdiction": [
            {"coding": [{"system": _COUNTRY_SYSTEM, "code": protocol.jurisdiction.value}]}
        ],
        "topic": [_concept(code) for code in protocol.indications],
        "relatedArtifact": [
            {"type": "citation", "label": tag, "citation": cited.get(tag, tag)} for tag in tags
        ],
        "action": list(_actions(protocol)),
        "extension": [
            _json_extension(name, plain(getattr(protocol, name)))
            for name in ("procedure", "zones", "techniques", "volume_caps", "courses", "closing")
        ],
    }


def fhir_id(name: str) -> str:
    """Return one of our names as FHIR lets an id be written."""
    return name.replace("_", "-")


def _actions(protocol: Protocol) -> Iterable[Json]:
    """Yield one action a step; the steps of a repeat stand together in a group."""
    done: set[str] = set()
    for step in protocol.steps:
        repeat = protocol.repeat_of(step.id)
        if repeat is None:
            yield _action(protocol, step)
        elif repeat.id not in done:
            done.add(repeat.id)
            together = [protocol.step(each) for each in repeat.steps]
            yield {
                "id": fhir_id(repeat.id),
                "groupingBehavior": "logical-group",
                "selectionBehavior": "all",
                "cardinalityBehavior": "multiple" if repeat.maximum > 1 else "single",
                "extension": [
                    _json_extension(
                        "cycles",
                        {
                            "minimum": repeat.minimum,
                            "default": repeat.default,
                            "maximum": repeat.maximum,
                        },
                    )
                ],
                "action": [_action(protocol, each) for each in together if each is not None],
            }


def _action(protocol: Protocol, step: Step) -> Json:
    waits = _waits(protocol, step)
    related = [
        {"actionId": fhir_id(before), "relationship": "after-end", **waits.get(before, {})}
        for before in dict.fromkeys([*step.after, *waits])
    ]
    conditions = [_guard_condition(step, guard) for guard in step.guards]
    if step.when is not None:
        conditions.insert(0, _applicability(step.when))
    kept = {
        "fields": plain(step.fields),
        "timers": plain(step.timers),
        "passes": plain(step.passes),
        "purpose": plain(step.purpose),
        "records": plain(step.records),
    }
    return {
        "id": fhir_id(step.id),
        **_text("title", step.title),
        **_text("description", step.instruction),
        **({"condition": conditions} if conditions else {}),
        **({"relatedAction": related} if related else {}),
        "participant": [{"type": "practitioner", "role": _concept(role)} for role in step.roles],
        "requiredBehavior": "could" if step.skippable else "must",
        "extension": [_json_extension(name, value) for name, value in kept.items() if value],
    }


def _waits(protocol: Protocol, step: Step) -> dict[str, Json]:
    """Return, by the step that starts a timer, how long this step waits for it."""
    wanted = {guard.timer for guard in step.guards if guard.kind is GuardKind.TIMER_ELAPSED}
    return {
        each.id: {"offsetDuration": _minutes(timer)}
        for each in protocol.steps
        for timer in each.timers
        if timer.id in wanted and not timer.from_field
    }


def _minutes(timer: Timer) -> Json:
    return {
        "value": timer.minimum_s / 60,
        "unit": "min",
        "system": "http://unitsofmeasure.org",
        "code": "min",
    }


def _applicability(condition: Condition) -> Json:
    return {
        "kind": "applicability",
        "expression": {
            "language": GUARD_LANGUAGE,
            "expression": json.dumps(plain(condition), ensure_ascii=False),
        },
    }


def _guard_condition(step: Step, guard: Guard) -> Json:
    return {
        "kind": "start" if guard.on.value != "done" else "stop",
        "expression": {
            **({"description": guard.refusal.fr} if guard.refusal else {}),
            "name": fhir_id(f"{step.id}.{guard.id}"),
            "language": GUARD_LANGUAGE,
            "expression": json.dumps(plain(guard), ensure_ascii=False),
        },
    }


def _text(name: str, text: Text) -> Json:
    """Return an element in French with its English translation beside it."""
    english: Json = {
        "url": _TRANSLATION,
        "extension": [
            {"url": "lang", "valueCode": "en"},
            {"url": "content", "valueString": text.en},
        ],
    }
    return {name: text.fr, f"_{name}": {"extension": [english]}}


def _concept(code: StrEnum) -> Json:
    """Return one of our codes; the glossary says what it means."""
    return {"coding": [{"system": f"urn:aiguille:{type(code).__name__}", "code": code.value}]}


def _json_extension(name: str, value: object) -> Json:
    return {
        "url": f"{EXTENSIONS}:{fhir_id(name)}",
        "valueString": json.dumps(value, ensure_ascii=False, sort_keys=True),
    }
