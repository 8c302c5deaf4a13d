"""Scoring a scale, at the start of a course and afterwards; a wrong score is withdrawn."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.catalogue.queries import get_treatment
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ScoreMoment, Side, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text
from aiguille.outcomes import events
from aiguille.outcomes.models import Score
from aiguille.outcomes.scales import ScoreRefused, get_scale
from aiguille.patients.access import get_patient_for
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import authored_by

LONGEST_REASON = 500


class AlreadyScored(DomainError):
    """The plan has a start on this scale, at this place."""

    code = "already_scored"
    default_text = Text(
        fr="Cette échelle a déjà sa cotation de départ pour ce plan.",
        en="This scale already has its start for this plan.",
    )


class ScoreWithdrawalRefused(DomainError):
    """A score cannot be withdrawn like this."""

    code = "score_withdrawal_refused"


@transaction.atomic
def record_scale(
    *,
    patient_id: UUID,
    treatment_id: UUID,
    scale: str,
    moment: str,
    answers: Mapping[str, str],
    form_key: UUID,
    actor: Actor,
    at: datetime,
    plan_id: UUID | None = None,
    zone: str = "",
    side: str = "",
) -> UUID:
    """Record what a scale gave and return the score's id; the same form sent twice is one score.

    `answers` are an option's code, or a number, for each item of the scale (`scales.get_scale`).
    `plan_id` is the plan measured; empty `zone` and `side` mean all that is treated.

    Raises:
        NotVisible: no such patient.
        NotAllowed: the actor is not a physician at work.
        NotInCatalogue: there is no such treatment.
        UnknownScale: there is no such scale.
        ScoreRefused: an item without an answer that it has, or a place or moment that is none;
            `field` names it.
        AlreadyScored: the plan has its start on this scale.
    """
    require(actor, Right.WRITE_CONSULTATION)
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.READ_RECORD)
    found = get_scale(scale)
    kept, value = found.score(answers)
    _check_place(moment, zone, side)
    sent = Score.objects.filter(patient_id=patient_id, request_key=form_key)
    if existing := sent.values_list("id", flat=True).first():
        return existing
    get_treatment(treatment_id)
    withdrawn = _withdrawn_start(plan_id, found.id, moment=moment, zone=zone, side=side)
    score = Score(
        patient_id=patient_id,
        treatment_id=treatment_id,
        plan_id=plan_id,
        version=withdrawn.version + 1 if withdrawn else 1,
        replaces=withdrawn,
        scale=found.id,
        scale_version=found.version,
        moment=moment,
        zone=zone,
        side=side,
        answers=kept,
        value=value,
        request_key=form_key,
        effective_at=at,
        **authored_by(actor, at=at),
    )
    try:
        with transaction.atomic():
            score.save(force_insert=True)
    except IntegrityError as error:
        if existing := sent.values_list("id", flat=True).first():
            return existing
        raise AlreadyScored(field="scale") from error
    _note(events.SCORE_RECORDED, score, actor=actor, at=at)
    return score.id


@transaction.atomic
def withdraw_score(*, score_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Mark a score as entered in error: it counts no more, and stays in the record.

    Raises:
        NotVisible: no such score, or one withdrawn before.
        NotAllowed: the actor is not a physician at work.
        ScoreWithdrawalRefused: no reason, or too long a one.
    """
    require(actor, Right.WRITE_CONSULTATION)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise ScoreWithdrawalRefused(
            Text(
                fr="Dites pourquoi, en 500 caractères au plus.",
                en="Say why, in 500 characters at most.",
            ),
            field="reason",
        )
    score = Score.objects.filter(id=score_id, replaced_by=None, entered_in_error=False).first()
    if score is None:
        raise NotVisible
    try:
        with transaction.atomic():
            _withdrawal(score, reason, actor=actor, at=at).save(force_insert=True)
    except IntegrityError:
        raise NotVisible from None
    _note(events.SCORE_WITHDRAWN, score, actor=actor, at=at)


def _withdrawal(score: Score, reason: str, *, actor: Actor, at: datetime) -> Score:
    return Score(
        patient_id=score.patient_id,
        treatment_id=score.treatment_id,
        plan_id=score.plan_id,
        scale=score.scale,
        scale_version=score.scale_version,
        moment=score.moment,
        zone=score.zone,
        side=score.side,
        answers=score.answers,
        value=score.value,
        request_key=new_id(),
        version=score.version + 1,
        replaces=score,
        reason=reason,
        entered_in_error=True,
        effective_at=score.effective_at,
        **authored_by(actor, at=at),
    )


def _withdrawn_start(
    plan_id: UUID | None, scale: str, *, moment: str, zone: str, side: str
) -> Score | None:
    """Return the withdrawal of a plan's start on a scale, which a new start then replaces."""
    if plan_id is None or moment != ScoreMoment.START:
        return None
    return Score.objects.filter(
        plan_id=plan_id,
        scale=scale,
        moment=moment,
        zone=zone,
        side=side,
        replaced_by=None,
        entered_in_error=True,
    ).first()


def _check_place(moment: str, zone: str, side: str) -> None:
    if moment not in set(ScoreMoment):
        raise ScoreRefused(
            Text(fr="Dites quand l’échelle est cotée.", en="Say when the scale is scored."),
            field="moment",
        )
    if zone and zone not in set(Zone):
        raise ScoreRefused(
            Text(fr="Cette zone n’existe pas.", en="There is no such area."), field="zone"
        )
    if side and (not zone or side not in set(Side)):
        raise ScoreRefused(
            Text(fr="Un côté se dit avec sa zone.", en="A side goes with its area."), field="side"
        )


def _note(action: Action, score: Score, *, actor: Actor, at: datetime) -> None:
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="score",
        subject_id=score.id,
        patient_id=score.patient_id,
        details={"scale": score.scale, "moment": score.moment},
    )
