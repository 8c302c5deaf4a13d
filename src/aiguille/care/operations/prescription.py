"""Prescribing."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.models import Prescription
from aiguille.care.operations.shared import (
    InvalidContent,
    checked_zones,
    signature_of,
    store_ruling,
)
from aiguille.care.queries import get_consultation
from aiguille.care.rules import (
    ReasonMissing,
    RefusedByRuleBook,
    content_digest,
    cream_conditions,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.patients.queries import get_identity, latest_answers
from aiguille.plumbing.models import authored_by
from aiguille.rulebook import decide


@transaction.atomic
def prescribe_cream(
    *,
    patient_id: UUID,
    consultation_id: UUID,
    plan_id: UUID | None,
    area_cm2: Decimal,
    grams: Decimal | None,
    minutes_before: int,
    zones: Sequence[str],
    today: date,
    actor: Actor,
    at: datetime,
    language: str,
    product: str,
    override_reason: str = "",
) -> UUID:
    """Prescribe the numbing cream within the rule book's ceilings; sign it.

    `grams` None prescribes the amount that the area requires. `minutes_before` is how long before
    the session the cream is put on.

    Raises:
        NotAllowed: the actor is not a physician with a registration in force.
        RefusedByRuleBook: the cream is forbidden for this patient, or above a ceiling.
        ReasonMissing: a finding asks for a physician's reason and there is none.
        InvalidContent: an amount is impossible.
    """
    require(actor, Right.PRESCRIBE)
    signature = signature_of(actor, on=today)
    consultation = get_consultation(consultation_id)
    answers = latest_answers(patient_id, Procedure(consultation.procedure))
    asked = {
        "kind": "cream",
        "area_cm2": area_cm2,
        "grams": grams,
        "minutes": minutes_before,
        "conditions": cream_conditions(answers.answers if answers else {}),
        "needle_started": False,
        "removed_minutes_before": None,
        "on_needled_skin": False,
    }
    answer = decide(asked)
    if "error" in answer:
        raise InvalidContent(
            Text(fr="Quantité impossible.", en="Impossible amount."),
            field=str(answer["error"]["field"]),
        )
    for finding in answer["findings"]:
        message = Text(fr=finding["message"]["fr"], en=finding["message"]["en"])
        if finding["decision"] == Decision.BLOCK:
            raise RefusedByRuleBook(message, field="cream")
        if finding["decision"] == Decision.REVIEW and not override_reason.strip():
            raise ReasonMissing(message, field="override_reason")
    storable = {key: str(v) if isinstance(v, Decimal) else v for key, v in asked.items()}
    ruling_id = store_ruling(
        patient_id=patient_id, asked=storable, answer=answer, actor=actor, at=at
    )
    items = [
        {
            "kind": "numbing_cream",
            "drug": product,
            "grams": str(grams if grams is not None else answer["required_grams"]),
            "area_cm2": str(area_cm2),
            "zones": checked_zones(zones, field="cream_zones"),
            "minutes_before": minutes_before,
            "override_reason": override_reason,
        }
    ]
    content = {
        "patient": str(patient_id),
        "consultation": str(consultation_id),
        "items": items,
        "language": language,
        "patient_name": get_identity(patient_id).full_name,
    }
    prescription = Prescription.objects.create(
        patient_id=patient_id,
        consultation_id=consultation_id,
        plan_id=plan_id,
        ruling_id=ruling_id,
        items=items,
        cream_minutes_before=minutes_before,
        language=language,
        content_digest=content_digest(content),
        signed_at=at,
        effective_at=at,
        **signature,
        **authored_by(actor, at=at),
    )
    record(
        action=events.PRESCRIPTION_SIGNED,
        actor=actor,
        at=at,
        subject_kind="prescription",
        subject_id=prescription.id,
        patient_id=patient_id,
        details={"digest": prescription.content_digest},
    )
    return prescription.id
