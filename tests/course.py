"""From a patient to a course of sessions: what booking, sessions and follow-up start from.

The catalogue is the shipped one. Anna is healthy: she answered no to everything, Dr Bruno gave
her verdict and planned three sessions of mesotherapy, two weeks apart.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from aiguille.care.operations import give_verdict, make_plan, write_consultation
from aiguille.care.planning import PlannedPlace
from aiguille.care.queries import screening
from aiguille.care.reflection import reflection_days
from aiguille.care.rules import Override
from aiguille.catalogue import operations as catalogue
from aiguille.catalogue import seed
from aiguille.catalogue.queries import (
    consultation_service,
    protocol_versions,
    session_service,
    treatment_by_code,
)
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, Side, VerdictOutcome, Zone
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.patients.operations import save_draft_answers, submit_answers
from aiguille.protocols.library import shipped_protocols
from aiguille.rulebook import QuestionInput, load_rulebook
from tests.world import SpacePerson, World

ZONES = ("CHEEK", "FOREHEAD")
PLACES = [
    PlannedPlace(ZoneSide(Zone(zone), side), technique="IED")
    for zone, side in (("CHEEK", Side.LEFT), ("CHEEK", Side.RIGHT), ("FOREHEAD", Side.MIDLINE))
]
TREATMENT = "mesotherapy-mesolift-ageing"
INTERVAL_DAYS = 14
SESSIONS = 3


@dataclass(frozen=True)
class Course:
    """A patient's course: verdict and plan in force, and the services that are booked."""

    consultation_service: UUID
    session_service: UUID
    treatment: UUID
    verdict: UUID
    plan: UUID


def open_catalogue(*, at: datetime) -> None:
    """Fill the catalogue as it ships, with every protocol adopted."""
    seed.load(actor=SYSTEM, at=at)
    for shipped in shipped_protocols().values():
        catalogue.adopt_protocol(content=shipped.content, knowingly=True, actor=SYSTEM, at=at)


def answer_no(
    world: World,
    *,
    procedure: Procedure,
    at: datetime,
    person: SpacePerson | None = None,
    **others: str,
) -> None:
    """Let Anna answer no to everything, save `others` (id=answer).

    `person` answers in her stead.
    """
    who = person or world.anna
    save_draft_answers(
        patient_id=who.patient_id,
        procedure=procedure,
        answers=no_to_all(procedure, **others),
        actor=who.actor,
        at=at,
    )
    submit_answers(patient_id=who.patient_id, procedure=procedure, actor=who.actor, at=at)


def no_to_all(procedure: Procedure, **others: str) -> dict[str, dict[str, str]]:
    """Return "no" to every question that a patient types an answer to, save `others`."""
    return {
        question.id: {"answer": others.get(question.id, "no")}
        for question in load_rulebook().questions_for(procedure)
        if question.input is not QuestionInput.BIRTH_DATE  # the identity says it
    }


def open_course(
    world: World,
    *,
    days: int = 180,
    told_days_ago: int | None = None,
    reflection_requested_on: date | None = None,
    usual_days: int = INTERVAL_DAYS,
) -> Course:
    """Give Anna her verdict, for `days` from the world's day on, and her plan.

    The consultation that informed her was `told_days_ago`: a reflection period before, usually.
    Where the rule book asks for a physician's judgement, Dr Bruno gives his reason.
    """
    at, today = world.at, world.at.date()
    open_catalogue(at=at)
    answer_no(world, procedure=Procedure.MESOTHERAPY, at=at)
    treatment = treatment_by_code(TREATMENT)
    consultation = write_consultation(
        patient_id=world.anna.patient_id,
        procedure=Procedure.MESOTHERAPY,
        content={"reason": "Teint terne", "zones": list(ZONES), "phototype": 2},
        actor=world.bruno.actor,
        at=at - timedelta(days=reflection_days().usual if told_days_ago is None else told_days_ago),
    )
    ruling = screening(
        patient_id=world.anna.patient_id,
        procedure=Procedure.MESOTHERAPY,
        act_date=today,
        zones=ZONES,
    )
    verdict = give_verdict(
        patient_id=world.anna.patient_id,
        treatment_id=treatment.id,
        consultation_id=consultation,
        outcome=VerdictOutcome.ELIGIBLE,
        reason="Peau saine.",
        valid_from=today,
        valid_until=today + timedelta(days=days),
        today=today,
        overrides=[
            Override(rule=finding["rule"], reason="Vu à l’examen.") for finding in ruling.findings
        ],
        actor=world.bruno.actor,
        at=at,
    )
    plan = make_plan(
        verdict_id=verdict,
        protocol_version_id=protocol_versions(treatment.id)[0].id,
        sessions_planned=SESSIONS,
        interval_min_days=INTERVAL_DAYS,
        interval_default_days=usual_days,
        interval_max_days=28,
        places=PLACES,
        reflection_requested_on=reflection_requested_on,
        actor=world.bruno.actor,
        at=at,
    )
    return Course(
        consultation_service=consultation_service(Procedure.MESOTHERAPY).id,
        session_service=session_service(treatment.id).id,
        treatment=treatment.id,
        verdict=verdict,
        plan=plan,
    )
