"""The export as a FHIR PlanDefinition, read by FHIR's own model."""

import io
import json

import pytest
from fhir.resources.R4B.plandefinition import PlanDefinition

from aiguille.protocols.cli import export
from aiguille.protocols.fhir import EXTENSIONS, fhir_id, plan_definition
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.machine import plain
from aiguille.protocols.model import GuardKind
from aiguille.protocols.sources import SHIPPED
from aiguille.protocols.tests.runs import protocol_of

NAMES = sorted(shipped_protocols())


def actions_of(resource):
    """Return every step's action by its id, those in a group too."""
    found = {}
    for action in resource["action"]:
        for each in action.get("action", [action]):
            found[each["id"]] = each
    return found


def extension(element, name):
    urls = {each["url"]: each["valueString"] for each in element["extension"]}
    return json.loads(urls[f"{EXTENSIONS}:{name}"])


@pytest.mark.parametrize("name", NAMES)
def test_fhir_takes_every_shipped_protocol_and_nothing_is_lost(name):
    protocol = protocol_of(name)
    resource = plan_definition(protocol, citations={"SEED-N": "Seed text"})
    PlanDefinition.model_validate(json.loads(json.dumps(resource)))
    actions = actions_of(resource)
    assert list(actions) == [fhir_id(step.id) for step in protocol.steps]
    for step in protocol.steps:
        action = actions[fhir_id(step.id)]
        assert {each["actionId"] for each in action.get("relatedAction", [])} >= {
            fhir_id(each) for each in step.after
        }
        assert len(action["participant"]) == len(step.roles)
        assert (action["requiredBehavior"] == "could") is step.skippable
        if step.fields:
            assert extension(action, "fields") == plain(step.fields)
        guards = [
            json.loads(each["expression"]["expression"])
            for each in action.get("condition", [])
            if each["kind"] != "applicability"
        ]
        assert guards == plain(step.guards)
    assert extension(resource, "volume-caps") == plain(protocol.volume_caps)


def test_a_waiting_time_stands_on_the_action_that_waits():
    protocol = protocol_of("needling-roller-ageing")
    actions = actions_of(plan_definition(protocol))
    waits = {
        (fhir_id(step.id), related["actionId"]): related["offsetDuration"]["value"] * 60
        for step in protocol.steps
        for related in actions[fhir_id(step.id)].get("relatedAction", [])
        if "offsetDuration" in related
    }
    wanted = {
        (fhir_id(step.id), fhir_id(other.id)): timer.minimum_s
        for step in protocol.steps
        for guard in step.guards
        if guard.kind is GuardKind.TIMER_ELAPSED
        for other in protocol.steps
        for timer in other.timers
        if timer.id == guard.timer and not timer.from_field
    }
    assert wanted
    assert waits == wanted


def test_a_repeat_is_a_group_that_may_be_done_several_times():
    resource = plan_definition(protocol_of("needling-roller-ageing"))
    actions = json.loads(json.dumps(resource))["action"]
    (group,) = [action for action in actions if "action" in action]
    assert group["cardinalityBehavior"] == "multiple"
    assert extension(group, "cycles")["minimum"] >= 1


def test_the_command_prints_it_with_the_sources_in_words(tmp_path):
    out = io.StringIO()
    code = export(SHIPPED / "mesotherapy-hair.toml", out, citations={"SEED-M": "The seed text"})
    assert code == 0
    cited = {
        each["label"]: each["citation"] for each in json.loads(out.getvalue())["relatedArtifact"]
    }
    assert cited["SEED-M"] == "The seed text"
    broken = tmp_path / "broken.toml"
    broken.write_text('id = "broken"\n')
    assert export(broken, out, citations={}) == 2
    assert "broken.toml" in out.getvalue()
