"""A stored answer is given again, word for word, whatever was asked and by whatever values."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiguille.care.models import StoredRuling
from aiguille.care.operations.prescription import cream_ask
from aiguille.care.operations.shared import store_ruling
from aiguille.care.queries import replay_ruling
from aiguille.catalogue.rule_changes import change_rule_value
from aiguille.catalogue.rule_values import rules_in_force, rules_with
from aiguille.kernel.codes import CreamCondition
from aiguille.rulebook import RuleBook, load_rulebook
from aiguille.rulebook.tests.test_properties import screenings
from tests.world import World

pytestmark = pytest.mark.django_db
BOOK: RuleBook = load_rulebook()
EDITABLE = sorted(name for name, setting in BOOK.settings.items() if setting.is_editable)


@st.composite
def clinic_values(draw: st.DrawFn) -> dict[str, Decimal]:
    """Any values that a clinic may give to some settings."""
    found = {}
    for name in draw(st.sets(st.sampled_from(EDITABLE), max_size=8)):
        low, high = BOOK.limits(name)
        is_counted = BOOK.settings[name].unit in {"d", "rolls", "cents"}
        value = draw(
            st.decimals(int(low), int(high), places=0)
            if is_counted
            else st.decimals(low, high, places=4)
        )
        found[name] = BOOK.check_value(name, value)
    return found


@st.composite
def creams(draw: st.DrawFn) -> dict[str, Any]:
    """Any question about a cream, as a prescription asks it."""
    return cream_ask(
        area_cm2=draw(st.decimals(1, 800, places=2)),
        grams=draw(st.none() | st.decimals(0, 80, places=3)),
        minutes=draw(st.integers(1, 400)),
        conditions=sorted(draw(st.sets(st.sampled_from(CreamCondition), max_size=3))),
    )


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(screenings() | creams(), clinic_values(), st.integers(1, 9999))
def test_it_is_replayed_from_what_was_stored(
    world: World, question: dict[str, Any], values: dict[str, Decimal], number: int
) -> None:
    rules = rules_with(values, number=number)
    answer = rules.decide(question)
    ruling_id = store_ruling(
        patient_id=world.anna.patient_id,
        asked={
            name: str(fact) if isinstance(fact, Decimal) else fact
            for name, fact in question.items()
        },
        answer=answer,
        rules=rules,
        actor=world.bruno.actor,
        at=world.at,
    )
    stored, again = replay_ruling(ruling_id)
    assert json.loads(json.dumps(answer)) == stored == json.loads(json.dumps(again))
    row = StoredRuling.objects.get(id=ruling_id)
    assert row.rulebook_version == f"{BOOK.version}+{number}"
    assert {name: Decimal(value) for name, value in row.clinic_values.items()} == values


def test_a_later_value_changes_no_answer_of_before(world: World) -> None:
    question = cream_ask(area_cm2=Decimal(100), grams=Decimal(30), minutes=60, conditions=[])
    rules = rules_in_force()
    ruling_id = store_ruling(
        patient_id=world.anna.patient_id,
        asked={name: str(v) if isinstance(v, Decimal) else v for name, v in question.items()},
        answer=rules.decide(question),
        rules=rules,
        actor=world.bruno.actor,
        at=world.at,
    )
    # The warning goes down first: what warns never lies above what is refused.
    for setting, seen in (("R11.warn_grams", 50), ("R11.max_grams", 60)):
        change_rule_value(
            setting=setting,
            value=Decimal(20),
            seen=Decimal(seen),
            reason="Plus prudent.",
            effective_on=world.at.date(),
            actor=world.bruno.actor,
            at=world.at,
        )
    stored, again = replay_ruling(ruling_id)
    assert stored == again
    assert rules_in_force().decide(question)["decision"] == "BLOCK" != stored["decision"]
