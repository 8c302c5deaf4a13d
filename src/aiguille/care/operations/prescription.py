"""Prescribing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.accounts.signing import signature_of, signed_digest
from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.models import Plan, Prescription
from aiguille.care.operations.shared import (
    InvalidContent,
    checked_zones,
    store_ruling,
)
from aiguille.care.queries import get_consultation
from aiguille.care.rules import (
    OVERRIDABLE,
    ReasonMissing,
    RefusedByRuleBook,
    cream_conditions,
    unasked_for_cream,
)
from aiguille.care.signed import prescription_content
from aiguille.catalogue.queries import rules_in_force
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import CreamCondition, Procedure
from aiguille.kernel.decisions import Decision
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.queries import latest_answers
from aiguille.plumbing.models import authored_by
from aiguille.rulebook import load_rulebook


class CreamQuestionsOpen(DomainError):
    """Nobody asked the patient what the cream forbids; `questions` are those left."""

    code = "cream_questions_open"

    def __init__(self, questions: Sequence[str]) -> None:
        self.questions = tuple(questions)
        titles = [load_rulebook().questions[name].title for name in questions]
        super().__init__(
            Text(
                fr="À demander avant de prescrire la crème : "
                + ", ".join(title.fr for title in titles)
                + ".",
                en="To ask before the cream is prescribed: "
                + ", ".join(title.en for title in titles)
                + ".",
            )
        )


class WarningUnseen(DomainError):
    """A rule warns about the cream, and the physician has not said that they saw it."""

    code = "warning_unseen"


@transaction.atomic
def prescribe_cream(
    *,
    patient_id: UUID,
    consultation_id: UUID,
    plan_id: UUID | None,
    site_id: UUID,
    product: str,
    area_cm2: Decimal,
    grams: Decimal | None,
    minutes_before: int,
    zones: Sequence[str],
    today: date,
    language: str,
    actor: Actor,
    at: datetime,
    conditions: Sequence[str] = (),
    override_reason: str = "",
    acknowledged: Sequence[str] = (),
) -> UUID:
    """Prescribe the numbing cream within the rule book's ceilings; sign it.

    The prescription before it of the same consultation is replaced. `grams` None prescribes the
    amount that the area requires; `minutes_before` is how long before the session the cream is put
    on; `conditions` are those of the cream that the questionnaire does not ask. `acknowledged` are
    the rules whose warning the physician has seen, which are signed with it. `site_id` is the
    address that the physician signs under.

    Raises:
        NotAllowed: the actor is not a physician with a registration in force.
        ConfirmIdentity: the physician did not prove within five minutes that it is they.
        CreamQuestionsOpen: what the cream forbids was not asked.
        RefusedByRuleBook: the cream is forbidden for this patient, or above a ceiling.
        WarningUnseen: a rule warns, and the physician has not seen it.
        ReasonMissing: a finding asks for a physician's reason and there is none.
        InvalidContent: an amount is impossible, or plan and consultation are somebody else's.
    """
    require(actor, Right.PRESCRIBE)
    signature = signature_of(actor, on=today, at=at)
    consultation = get_consultation(consultation_id)
    plans = Plan.objects.filter(patient_id=patient_id)
    is_own_plan = plan_id is None or plans.filter(id=plan_id).exists()
    if consultation.patient_id != patient_id or not is_own_plan:
        raise InvalidContent(field="plan")
    given = latest_answers(patient_id, Procedure(consultation.procedure))
    answers = given.answers if given else {}
    if unasked := unasked_for_cream(answers):
        raise CreamQuestionsOpen(unasked)
    asked = cream_ask(
        area_cm2=area_cm2,
        grams=grams,
        minutes=minutes_before,
        conditions=_conditions(answers, conditions),
    )
    rules = rules_in_force()
    answer = rules.decide(asked)
    _check(answer, override_reason=override_reason, acknowledged=acknowledged)
    ruling_id = store_ruling(
        patient_id=patient_id,
        asked={key: str(v) if isinstance(v, Decimal) else v for key, v in asked.items()},
        answer=answer,
        rules=rules,
        actor=actor,
        at=at,
    )
    where = checked_zones(zones, field="cream_zones")
    if not where or not product.strip():
        raise InvalidContent(
            Text(fr="Dites quoi, et sur quelles zones.", en="Say what, and on which zones."),
            field="cream_zones" if product.strip() else "product",
        )
    items = [
        {
            "kind": "numbing_cream",
            "drug": product,
            "grams": str(grams if grams is not None else answer["required_grams"]),
            "area_cm2": str(area_cm2),
            "zones": where,
            "minutes_before": minutes_before,
            "override_reason": override_reason,
            "acknowledged": [
                finding for finding in answer["findings"] if finding["decision"] == Decision.WARN
            ],
        }
    ]
    prescription = Prescription(
        patient_id=patient_id,
        consultation_id=consultation_id,
        plan_id=plan_id,
        site_id=site_id,
        ruling_id=ruling_id,
        items=items,
        cream_minutes_before=minutes_before,
        language=language,
        effective_at=at,
        **_replacing(consultation_id),
        **signature,
        **authored_by(actor, at=at),
    )
    prescription.content_digest = signed_digest(prescription, prescription_content(prescription))
    prescription.save(force_insert=True)
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


def cream_ask(
    *, area_cm2: Decimal, grams: Decimal | None, minutes: int, conditions: Sequence[str]
) -> dict[str, Any]:
    """Return the question about the cream as the rule book reads it, before any needle."""
    return {
        "kind": "cream",
        "area_cm2": area_cm2,
        "grams": grams,
        "minutes": minutes,
        "conditions": list(conditions),
        "needle_started": False,
        "removed_minutes_before": None,
        "on_needled_skin": False,
    }


def _conditions(answers: Mapping[str, Mapping[str, Any]], more: Sequence[str]) -> list[str]:
    known = {condition.value for condition in CreamCondition}
    if not set(more) <= known:
        raise InvalidContent(field="conditions")
    return sorted({*cream_conditions(answers), *more})


def _check(answer: Mapping[str, Any], *, override_reason: str, acknowledged: Sequence[str]) -> None:
    if "error" in answer:
        raise InvalidContent(
            Text(fr="Quantité impossible.", en="Impossible amount."),
            field={"minutes": "minutes_before"}.get(
                answer["error"]["field"], answer["error"]["field"]
            ),
        )
    for finding in answer["findings"]:
        message = Text.from_mapping(finding["message"])
        if finding["decision"] == Decision.BLOCK:
            raise RefusedByRuleBook(message, field=_FIELDS.get(finding["rule"]))
        if finding["decision"] in OVERRIDABLE and not override_reason.strip():
            raise ReasonMissing(message, field="override_reason")
        if finding["decision"] == Decision.WARN and finding["rule"] not in acknowledged:
            raise WarningUnseen(message, field="acknowledged")


# Beside which field of the form a rule's refusal stands; the others stand above the form.
_FIELDS = {"R11": "area_cm2", "R12": "minutes_before", "R14": "conditions"}


def _replacing(consultation_id: UUID) -> dict[str, Any]:
    """Return the columns by which a prescription replaces the one before it, if any."""
    before = Prescription.objects.filter(consultation_id=consultation_id, replaced_by=None).first()
    if before is None:
        return {}
    return {
        "replaces": before,
        "version": before.version + 1,
        "reason": "changed during the consultation",
    }
