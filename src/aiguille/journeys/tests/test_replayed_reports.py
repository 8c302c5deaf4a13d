"""A report is triaged by the clinic's values, and keeps what its ruling needs to be replayed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from aiguille.catalogue.rule_changes import change_rule_value
from aiguille.catalogue.rule_values import read_values, rules_in_force, rules_with
from aiguille.follow_up.models import SymptomReport
from aiguille.journeys.report_symptom import report_symptom
from aiguille.kernel.codes import Procedure, Symptom, Triage
from aiguille.rulebook import load_rulebook
from tests.after_session import end_session
from tests.world import World

pytestmark = pytest.mark.django_db


def sign(world: World, *, hours: int, seen: int) -> None:
    change_rule_value(
        setting="R20.redness.expected_hours",
        value=Decimal(hours),
        seen=Decimal(seen),
        reason="Plus prudent.",
        effective_on=world.at.date(),
        actor=world.bruno.actor,
        at=world.at,
    )


@pytest.mark.parametrize("hours", [None, 24, 72])
def test_it_is_triaged_and_replayed_by_the_values_of_its_day(
    world: World, hours: int | None
) -> None:
    usual = int(load_rulebook().value("R20.redness.expected_hours"))
    if hours is not None:
        sign(world, hours=hours, seen=usual)
    rules = rules_in_force()
    ended = end_session(world, Procedure.NEEDLING)
    found = report_symptom(
        session_id=ended.session_id,
        symptom=Symptom.REDNESS,
        note="",
        pain=None,
        actor=world.anna.actor,
        at=ended.at + timedelta(hours=48),
    )
    assert (found.triage is Triage.EXPECTED) == (hours != 24)
    sign(world, hours=1, seen=hours or usual)
    row = SymptomReport.objects.get(id=found.id)
    assert row.asked is not None
    assert row.clinic_values is not None
    assert row.rulebook_version == rules.version
    assert read_values(row.clinic_values) == rules.values
    assert rules_with(read_values(row.clinic_values), number=0).decide(row.asked) == row.ruling
    assert rules_in_force().decide(row.asked)["triage"] != Triage.EXPECTED
