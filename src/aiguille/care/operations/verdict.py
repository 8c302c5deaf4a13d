"""Giving, suspending and revoking verdicts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F

from aiguille.accounts.rights import Right, require
from aiguille.accounts.signing import signature_of, signed_digest
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.care import events
from aiguille.care.models import Verdict, VerdictStatus
from aiguille.care.operations.shared import InvalidContent, store_ruling
from aiguille.care.queries import get_consultation, screening
from aiguille.care.rules import (
    Override,
    ReasonMissing,
    check_period,
    check_verdict,
    stored_overrides,
)
from aiguille.care.signed import verdict_content
from aiguille.catalogue.queries import RulesInForce, get_treatment
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure, VerdictOutcome
from aiguille.kernel.text import Text
from aiguille.patients.queries import record_ids
from aiguille.plumbing.models import authored_by


@transaction.atomic
def give_verdict(
    *,
    patient_id: UUID,
    treatment_id: UUID,
    consultation_id: UUID,
    outcome: VerdictOutcome,
    reason: str,
    valid_from: date,
    valid_until: date,
    today: date,
    actor: Actor,
    at: datetime,
    conditions: str = "",
    overrides: Sequence[Override] = (),
    actives: Sequence[str] = (),
) -> UUID:
    """Give a signed verdict on a treatment; the one before it, if any, is superseded.

    The rule book is asked about the latest answers on the verdict's first day. `valid_from` and
    `valid_until` are local dates, both included; `today` is the clinic's local date.

    Raises:
        NotAllowed: the actor is not a physician with a registration in force.
        ConfirmIdentity: the physician did not prove within five minutes that it is they.
        RefusedByRuleBook: a finding blocks, the indication or the performer is not allowed.
        ReasonMissing: a reason, the conditions or an override is missing.
        PeriodRefused: the period is not allowed.
        BirthDateMissing: the identity has no birth date.
    """
    require(actor, Right.GIVE_VERDICT)
    signature = signature_of(actor, on=today, at=at)
    consultation = get_consultation(consultation_id)
    treatment = get_treatment(treatment_id)
    if consultation.patient_id != patient_id or consultation.procedure != treatment.procedure:
        raise InvalidContent(
            Text(
                fr="La consultation ne porte pas sur ce patient et ce soin.",
                en="The consultation is not about this patient and treatment.",
            ),
            field="consultation",
        )
    if not consultation.content["zones"]:
        raise InvalidContent(
            Text(
                fr="La consultation ne nomme aucune zone à traiter.",
                en="The consultation names no zone to treat.",
            ),
            field="zones",
        )
    check_period(valid_from=valid_from, valid_until=valid_until, today=today)
    screened = screening(
        patient_id=patient_id,
        procedure=Procedure(treatment.procedure),
        act_date=valid_from,
        zones=consultation.content["zones"],
        actives=actives,
    )
    findings = [
        *act_findings(treatment.procedure, treatment.indication, rules=screened.rules),
        *screened.findings,
    ]
    check_verdict(
        outcome=outcome,
        reason=reason,
        conditions=conditions,
        findings=findings,
        overrides=overrides,
    )
    ruling_id = store_ruling(
        patient_id=patient_id,
        asked=screened.asked,
        answer=screened.answer,
        rules=screened.rules,
        actor=actor,
        at=at,
    )
    Verdict.objects.filter(
        patient_id__in=record_ids(patient_id),
        treatment_id=treatment_id,
        status__in=(VerdictStatus.ACTIVE, VerdictStatus.SUSPENDED),
    ).update(
        status=VerdictStatus.SUPERSEDED,
        status_changed_at=at,
        status_version=F("status_version") + 1,
    )
    verdict = Verdict(
        patient_id=patient_id,
        treatment_id=treatment_id,
        consultation_id=consultation_id,
        ruling_id=ruling_id,
        outcome=outcome.value,
        reason=reason,
        conditions=conditions,
        overrides=stored_overrides(
            overrides=overrides, findings=findings, answers=screened.answers
        ),
        valid_during=DateRange(valid_from, valid_until + timedelta(days=1)),
        **signature,
        **authored_by(actor, at=at),
    )
    verdict.content_digest = signed_digest(verdict, verdict_content(verdict))
    verdict.save(force_insert=True)
    record(
        action=events.VERDICT_GIVEN,
        actor=actor,
        at=at,
        subject_kind="verdict",
        subject_id=verdict.id,
        patient_id=patient_id,
        details={"outcome": outcome.value, "digest": verdict.content_digest},
    )
    return verdict.id


def act_findings(
    procedure: str, indication: str, *, rules: RulesInForce
) -> list[Mapping[str, Any]]:
    """Return what the rule book says of the act itself: its indication, and who performs it."""
    asks: tuple[Mapping[str, Any], ...] = (
        {"kind": "indication", "procedure": procedure, "indication": indication},
        {
            "kind": "performer",
            "jurisdiction": "FR",
            "procedure": procedure,
            "role": "physician",
            "needle_mm": Decimal("0.5"),
            "place": "clinic",
        },
    )
    return [finding for ask in asks for finding in rules.decide(ask)["findings"]]


@transaction.atomic
def suspend_verdict(*, verdict_id: UUID, reason: str, actor: Actor, at: datetime) -> bool:
    """Suspend an active verdict; return False where it was not active any more.

    Anybody's news may shake a verdict (a patient's answers, a symptom), so no right is asked here.

    Raises:
        ReasonMissing: there is no reason.
    """
    return _change_status(
        verdict_id, VerdictStatus.SUSPENDED, events.VERDICT_SUSPENDED, reason, actor, at
    )


@transaction.atomic
def revoke_verdict(*, verdict_id: UUID, reason: str, actor: Actor, at: datetime) -> bool:
    """Revoke an active or suspended verdict; return False where it was neither any more.

    Raises:
        NotAllowed: the actor is not a physician at work.
        ReasonMissing: there is no reason.
    """
    require(actor, Right.GIVE_VERDICT)
    return _change_status(
        verdict_id, VerdictStatus.REVOKED, events.VERDICT_REVOKED, reason, actor, at
    )


def _change_status(
    verdict_id: UUID, status: VerdictStatus, action: Action, reason: str, actor: Actor, at: datetime
) -> bool:
    if not reason.strip():
        raise ReasonMissing(field="reason")
    standing = {VerdictStatus.ACTIVE}
    if status is VerdictStatus.REVOKED:
        standing.add(VerdictStatus.SUSPENDED)
    changed = Verdict.objects.filter(id=verdict_id, status__in=standing).update(
        status=status,
        status_reason=reason,
        status_changed_at=at,
        status_version=F("status_version") + 1,
    )
    if not changed:
        return False
    patient_id = Verdict.objects.values_list("patient_id", flat=True).get(id=verdict_id)
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="verdict",
        subject_id=verdict_id,
        patient_id=patient_id,
    )
    return True
