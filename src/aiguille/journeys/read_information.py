"""What waits for a patient to read before a session of a treatment, and their word that they did."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from aiguille.care import operations
from aiguille.care.informing import Information, information_of
from aiguille.care.queries import PlanView, VerdictView, current_verdict, list_plans
from aiguille.catalogue.queries import (
    NotInCatalogue,
    TreatmentView,
    get_treatment,
    treatment_by_code,
)
from aiguille.clinics.queries import list_sites
from aiguille.journeys.sign_consent import next_session
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.patients.access import get_patient_for
from aiguille.patients.queries import record_ids
from aiguille.plumbing.access import NotVisible


@dataclass(frozen=True, slots=True)
class Reading:
    """What a patient reads before the next session of a treatment."""

    treatment: TreatmentView
    verdict: VerdictView
    information: tuple[Information, ...]

    @property
    def waiting(self) -> tuple[Information, ...]:
        """Return what the patient has not acknowledged yet."""
        return tuple(item for item in self.information if not item.is_read)


def reading_of(plan: PlanView, *, verdict: VerdictView | None, at: datetime) -> Reading | None:
    """Return what there is to read before the plan's next session, None where none is opened."""
    if verdict is None or not verdict.opens(verdict.valid_from):
        return None
    session = next_session(patient_id=plan.patient_id, treatment_id=plan.treatment_id, at=at)
    zones = {site.time_zone for site in list_sites()} or {"UTC"}
    today = min(at.astimezone(ZoneInfo(zone)).date() for zone in zones)
    return Reading(
        treatment=get_treatment(plan.treatment_id),
        verdict=verdict,
        information=information_of(
            verdict=verdict,
            plan=plan,
            day=session.local_date if session else max(today, verdict.valid_from),
        ),
    )


def read_information(*, patient_id: UUID, treatment_code: str, at: datetime) -> Reading:
    """Return what there is to read about a treatment that a physician planned for the patient.

    Raises:
        NotVisible: there is no such treatment, or nothing is planned under a verdict in force.
    """
    try:
        treatment = treatment_by_code(treatment_code)
    except NotInCatalogue as error:
        raise NotVisible from error
    for record_id in record_ids(patient_id):
        for plan in list_plans(patient_id=record_id):
            if plan.treatment_id != treatment.id:
                continue
            verdict = current_verdict(patient_id=record_id, treatment_id=treatment.id)
            if reading := reading_of(plan, verdict=verdict, at=at):
                return reading
    raise NotVisible


@transaction.atomic(durable=True)
def acknowledge_information(
    *,
    patient_id: UUID,
    treatment_code: str,
    ticked: Collection[str],
    seen: Collection[str],
    language: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Keep that the patient read what concerns them; return how many texts are newly read.

    Raises:
        NotVisible: the patient is not the actor's, the actor is staff, or nothing is to be read.
        InformationNotTicked, InformationChanged: see `care.operations.acknowledge_information`.
    """
    # Nobody but the patient's own login says that they read it.
    if actor.kind is ActorKind.STAFF:
        raise NotVisible
    get_patient_for(actor=actor, patient_id=patient_id, at=at)
    reading = read_information(patient_id=patient_id, treatment_code=treatment_code, at=at)
    return operations.acknowledge_information(
        verdict_id=reading.verdict.id,
        information=reading.information,
        ticked=ticked,
        seen=seen,
        language=language,
        actor=actor,
        at=at,
    )
