"""Who goes on in spite of a finding: nobody of a BLOCK, a physician with a reason of the others."""

from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from aiguille.accounts.rights import NotAllowed
from aiguille.booking.placing import constraint_of
from aiguille.care.models import Verdict
from aiguille.care.operations import give_verdict
from aiguille.care.queries import consultation_of_appointment
from aiguille.care.rules import Override, ReasonMissing, RefusedByRuleBook
from aiguille.catalogue.queries import treatment_by_code
from aiguille.desk.agenda.tests.test_links import colleague
from aiguille.desk.care.tests.test_consultation import arrive, ask_all, url, verdict_data, written
from aiguille.kernel.codes import StaffRole, VerdictOutcome
from aiguille.kernel.ids import new_id
from tests.course import open_catalogue
from tests.world import World

pytestmark = pytest.mark.django_db
# The rule, and the answer by which the rule book decides so.
FINDINGS = {
    "BLOCK": ("S01", "yes"),
    "DELAY": ("S06", "yes"),
    "REVIEW": ("S27", "unknown"),
}
OTHERS = [role for role in StaffRole if role is not StaffRole.PHYSICIAN]
decisions = pytest.mark.parametrize("decision", FINDINGS)


@pytest.fixture
def bruno(world: World) -> Client:
    open_catalogue(at=world.at)
    return world.staff_client(world.bruno)


def before_the_verdict(world: World, bruno: Client, decision: str) -> UUID:
    """Lead Anna to the verdict's page with an answer that the rule book decides so."""
    rule, answer = FINDINGS[decision]
    appointment_id = arrive(world)
    assert bruno.post(url("consultation", appointment_id), written()).status_code == 302
    ask_all(bruno, world, appointment_id)
    page = bruno.get(url("questions", appointment_id) + "?all=1")
    seen = str(page.context["form"]["seen"].value())
    changed = {f"{rule}_answer": answer, "seen": seen}
    assert bruno.post(url("questions", appointment_id) + "?all=1", changed).status_code == 302
    return appointment_id


def decided(world: World, appointment_id: UUID, **facts: Any) -> UUID:
    consultation = consultation_of_appointment(appointment_id)
    assert consultation is not None
    today = world.at.date()
    asked: dict[str, Any] = {
        "patient_id": world.anna.patient_id,
        "treatment_id": treatment_by_code("needling-acne-scar-atrophic").id,
        "consultation_id": consultation.id,
        "outcome": VerdictOutcome.ELIGIBLE,
        "reason": "Retenu.",
        "valid_from": today,
        "valid_until": today,
        "today": today,
        "actor": world.bruno.actor,
        "at": world.at,
    }
    return give_verdict(**(asked | facts))


@decisions
def test_by_the_page(world: World, bruno: Client, decision: str) -> None:
    appointment_id = before_the_verdict(world, bruno, decision)
    rule, address = FINDINGS[decision][0], url("verdict", appointment_id)
    page = bruno.get(address)
    assert (rule in {line.rule for line in page.context["blocking"]}) == (decision == "BLOCK")
    sent = verdict_data(page)
    with_reason = sent | {f"override_{rule}": "Vu à l’examen."}
    for role in OTHERS:
        answer = world.staff_client(colleague(world, role)).post(address, with_reason)
        assert answer.status_code in {403, 404}, role
    without = bruno.post(address, sent)
    assert without.status_code == 422
    assert without.context["form"].errors
    assert Verdict.objects.count() == 0

    answer = bruno.post(address, with_reason)

    if decision == "BLOCK":
        assert answer.status_code == 422
        assert Verdict.objects.count() == 0
        return
    assert answer.status_code == 302
    (kept,) = Verdict.objects.get().overrides
    assert (kept["rule"], kept["decision"]) == (rule, decision)
    assert kept["reason"] == "Vu à l’examen."


@decisions
def test_by_the_operation(world: World, bruno: Client, decision: str) -> None:
    appointment_id, rule = before_the_verdict(world, bruno, decision), FINDINGS[decision][0]
    given = [Override(rule, "Vu à l’examen.")]
    for role in OTHERS:
        actor = colleague(world, role).actor.confirmed(world.at)
        with pytest.raises(NotAllowed):
            decided(world, appointment_id, overrides=given, actor=actor)
    with pytest.raises(RefusedByRuleBook if decision == "BLOCK" else ReasonMissing):
        decided(world, appointment_id)
    for outcome in (VerdictOutcome.ELIGIBLE, VerdictOutcome.ELIGIBLE_IF, VerdictOutcome.NOT_BEFORE):
        facts = {"overrides": given, "outcome": outcome, "conditions": "Sous réserve."}
        if decision == "BLOCK":
            with pytest.raises(RefusedByRuleBook):
                decided(world, appointment_id, **facts)
        else:
            kept = Verdict.objects.get(id=decided(world, appointment_id, **facts))
            assert [one["reason"] for one in kept.overrides] == ["Vu à l’examen."]
    decided(world, appointment_id, outcome=VerdictOutcome.NOT_ELIGIBLE)


@decisions
def test_by_the_database(world: World, bruno: Client, decision: str) -> None:
    """The application's role inserts the row itself."""
    appointment_id, rule = before_the_verdict(world, bruno, decision), FINDINGS[decision][0]
    refused = decided(world, appointment_id, outcome=VerdictOutcome.NOT_ELIGIBLE)
    honest = Verdict.objects.filter(id=refused).values().get() | {"status": "SUPERSEDED"}
    override = {"rule": rule, "decision": decision, "answer": "yes", "reason": "Vu."}

    def inserted(**facts: Any) -> str:
        row = Verdict(**(honest | {"id": new_id(), "outcome": "ELIGIBLE"} | facts))
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            return constraint_of(error)
        return "inserted"

    with_reason = "verdict_never_overrides_a_block" if decision == "BLOCK" else "inserted"
    without = with_reason if decision == "BLOCK" else "verdict_gives_its_reasons"
    assert inserted(overrides=[]) == without
    assert inserted(overrides=[override | {"reason": " "}]) == without
    assert inserted(overrides=[override]) == with_reason
    for role in OTHERS:
        signer = colleague(world, role).user_id
        assert inserted(overrides=[override], signer_id=signer) == "physician_signs_verdict"
