"""Prescribing: the numbing cream within its ceilings, other medicines line by line, signed together."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.accounts.signing import signature_of, signed_digest
from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.mentions import age_of, check_particulars, particulars
from aiguille.care.models import Plan, Prescription
from aiguille.care.operations.consultation import StaleVersion
from aiguille.care.operations.shared import InvalidContent, checked_zones, store_ruling
from aiguille.care.prescribing import (
    CREAM,
    MOST_LINES,
    NOT_MEASURED,
    Cream,
    Line,
    LineRefused,
    Measures,
    check_line,
    check_measures,
    check_times,
    cleaned,
    is_near_eye,
    lidocaine_of_cream,
    near_eye,
)
from aiguille.care.prescriptions import latest_weight
from aiguille.care.queries import get_consultation
from aiguille.care.rules import (
    OVERRIDABLE,
    ReasonMissing,
    RefusedByRuleBook,
    cream_conditions,
    unasked_for_cream,
)
from aiguille.care.signed import prescription_content
from aiguille.catalogue.queries import RulesInForce, rules_in_force
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import FORBIDDEN_ZONES, CreamCondition, Procedure
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


class NothingPrescribed(DomainError):
    """A prescription holds neither cream nor any other line, or too many."""

    code = "nothing_prescribed"
    default_text = Text(
        fr="Prescrivez la crème, ou au moins une autre ligne.",
        en="Prescribe the cream, or another line at least.",
    )


class CreamPrescribedAlready(DomainError):
    """The consultation has a cream already: it is corrected, not prescribed twice."""

    code = "cream_prescribed_already"
    default_text = Text(
        fr="Une crème est déjà prescrite pour cette consultation : corrigez cette ordonnance.",
        en="A cream is prescribed in this consultation already: correct that prescription.",
    )


@transaction.atomic
def prescribe(
    *,
    patient_id: UUID,
    consultation_id: UUID,
    plan_id: UUID | None,
    site_id: UUID,
    today: date,
    language: str,
    actor: Actor,
    at: datetime,
    cream: Cream | None = None,
    lines: Sequence[Line] = (),
    measures: Measures = NOT_MEASURED,
    override_reason: str = "",
    acknowledged: Sequence[str] = (),
    replaces_id: UUID | None = None,
    reason: str = "",
    request_key: UUID | None = None,
) -> UUID:
    """Prescribe the numbing cream within the rule book's ceilings, other lines, or both; sign it.

    A correction names the prescription that it `replaces_id` and says why (`reason`); that one
    stays, marked as replaced. `site_id` is the address that the physician signs under.
    `acknowledged` are the rules whose warning the physician has seen, which are signed with it. The
    same `request_key` again returns the prescription that it made.

    Raises:
        NotAllowed: the actor is not a physician with a registration in force.
        ConfirmIdentity: the physician did not prove within five minutes that it is they.
        NothingPrescribed: there is no line, or there are too many.
        MentionMissing: the record lacks what the law wants on a prescription.
        MeasureRefused, ImplausibleMeasure: the weight or height cannot be, or is asked again.
        LineRefused: a line lacks a mention, or holds what it cannot hold.
        CreamQuestionsOpen: what the cream forbids was not asked.
        CreamRefused: its times do not go together.
        RefusedByRuleBook: the cream is forbidden for this patient or above a ceiling, or the
            lidocaine of the day is above its own.
        WarningUnseen: a rule warns, and the physician has not seen it.
        ReasonMissing: a finding asks for a physician's reason, or a correction does not say why.
        CreamPrescribedAlready: the consultation has another cream, which this does not replace.
        StaleVersion: what it replaces was replaced already.
        InvalidContent: an amount is impossible, or plan and consultation are somebody else's.
    """
    require(actor, Right.PRESCRIBE)
    signature = signature_of(actor, on=today, at=at)
    if request_key is not None and (made := _made_by(request_key, patient_id)):
        return made
    consultation = get_consultation(consultation_id)
    is_own_plan = plan_id is None or Plan.objects.filter(id=plan_id, patient_id=patient_id).exists()
    if consultation.patient_id != patient_id or not is_own_plan:
        raise InvalidContent(field="plan")
    if not (cream or lines) or len(lines) > MOST_LINES:
        raise NothingPrescribed
    replacing = _replacing(replaces_id, patient_id=patient_id, reason=reason)
    check_measures(measures, before_kg=latest_weight(patient_id=patient_id))
    given = particulars(
        patient_id=patient_id,
        site_id=site_id,
        signer_id=signature["signer_id"],
        signer_name=signature["signer_name"],
        examined_at=consultation.effective_at,
        measures=measures,
        at=at,
    )
    check_particulars(given)
    age = age_of(given)
    written = [cleaned(line) for line in lines]
    for number, line in enumerate(written):
        check_line(line, number=number, age=age)
    rules, answers = rules_in_force(), latest_answers(patient_id, Procedure(consultation.procedure))
    shared: dict[str, Any] = {"patient_id": patient_id, "rules": rules, "actor": actor, "at": at}
    items: list[dict[str, Any]] = []
    ruling_id = lidocaine_ruling_id = None
    if cream is not None:
        ruling_id, item = _judged_cream(
            cream,
            answers=answers.answers if answers else {},
            age=age,
            override_reason=override_reason,
            acknowledged=acknowledged,
            **shared,
        )
        items.append(item)
    lidocaine_ruling_id = _judged_lidocaine(
        written,
        grams=Decimal(items[0]["grams"]) if cream is not None else Decimal(0),
        weight_kg=measures.weight_kg,
        **shared,
    )
    items += [line.as_item() for line in written]
    prescription = Prescription(
        patient_id=patient_id,
        consultation_id=consultation_id,
        plan_id=plan_id,
        site_id=site_id,
        ruling_id=ruling_id,
        lidocaine_ruling_id=lidocaine_ruling_id,
        items=items,
        mentions=given,
        cream_minutes_before=cream.minutes_before if cream else None,
        language=language,
        request_key=request_key,
        effective_at=at,
        **replacing,
        **signature,
        **authored_by(actor, at=at),
    )
    prescription.content_digest = signed_digest(prescription, prescription_content(prescription))
    if (elsewhere := _save(prescription)) is not None:
        return elsewhere
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


def lidocaine_ask(*, weight_kg: Decimal | None, mg: Decimal) -> dict[str, Any]:
    """Return the question about a day's lidocaine, all routes added, as the rule book reads it."""
    return {"kind": "lidocaine", "weight_kg": weight_kg, "mg": mg}


def longest_on_skin(rules: RulesInForce) -> int:
    """Return the most minutes that the cream may stay on the skin, by the clinic's value."""
    return int(rules.book.value("R12.max_minutes"))


def _judged_cream(
    cream: Cream,
    *,
    answers: Mapping[str, Mapping[str, Any]],
    age: int | None,
    override_reason: str,
    acknowledged: Sequence[str],
    patient_id: UUID,
    rules: RulesInForce,
    actor: Actor,
    at: datetime,
) -> tuple[UUID, dict[str, Any]]:
    """Ask the rule book about the cream; return the ruling kept and the line."""
    if age is None or age < rules.book.whole("S03.adult_from"):
        # The cream's rules are those of adults.
        raise RefusedByRuleBook(rules.book.questions["S03"].message, field="product")
    if unasked := unasked_for_cream(answers):
        raise CreamQuestionsOpen(unasked)
    where = checked_zones(cream.zones, field="cream_zones")
    if not where or not cream.product.strip():
        raise InvalidContent(
            Text(fr="Dites quoi, et sur quelles zones.", en="Say what, and on which zones."),
            field="cream_zones" if cream.product.strip() else "product",
        )
    if forbidden := sorted(set(where) & FORBIDDEN_ZONES):
        label = load_rulebook().zone_label(forbidden[0])
        raise InvalidContent(
            Text(fr=f"Jamais sur cette zone : {label.fr}.", en=f"Never on this zone: {label.en}."),
            field="cream_zones",
        )
    asked = cream_ask(
        area_cm2=cream.area_cm2,
        grams=cream.grams,
        minutes=cream.on_skin,
        conditions=_conditions(answers, cream.conditions),
    )
    answer = rules.decide(asked)
    _check(answer, override_reason=override_reason, acknowledged=acknowledged)
    longest = longest_on_skin(rules)
    check_times(cream, longest=longest)
    if is_near_eye(where) and not override_reason.strip():
        raise ReasonMissing(near_eye(), field="override_reason")
    ruling_id = _keep(asked, answer, patient_id=patient_id, rules=rules, actor=actor, at=at)
    return ruling_id, {
        "kind": CREAM,
        "drug": cream.product,
        "grams": str(cream.grams if cream.grams is not None else answer["required_grams"]),
        "area_cm2": str(cream.area_cm2),
        "zones": where,
        "minutes_before": cream.minutes_before,
        "minutes_on_skin": cream.on_skin,
        "longest_minutes": longest,
        "conditions": list(cream.conditions),
        "override_reason": override_reason,
        "acknowledged": [
            finding for finding in answer["findings"] if finding["decision"] == Decision.WARN
        ],
    }


def _judged_lidocaine(
    lines: Sequence[Line],
    *,
    grams: Decimal,
    weight_kg: Decimal | None,
    patient_id: UUID,
    rules: RulesInForce,
    actor: Actor,
    at: datetime,
) -> UUID | None:
    """Ask the rule book about the lidocaine of the lines, all routes added; None without any.

    A cream alone has ceilings of its own; beside another line its lidocaine counts too.
    """
    numbers = [n for n, line in enumerate(lines) if line.lidocaine_mg is not None]
    if not numbers:
        return None
    total = lidocaine_of_cream(grams) + sum(
        (line.lidocaine_mg for line in lines if line.lidocaine_mg is not None), Decimal(0)
    )
    asked = lidocaine_ask(weight_kg=weight_kg, mg=total)
    answer = rules.decide(asked)
    if "error" in answer:
        raise LineRefused(
            Text(fr="Quantité impossible.", en="Impossible amount."),
            field=f"line_{numbers[0]}_lidocaine_mg",
        )
    for finding in answer["findings"]:
        if finding["decision"] == Decision.BLOCK:
            raise RefusedByRuleBook(
                Text.from_mapping(finding["message"]),
                field="weight_kg" if weight_kg is None else f"line_{numbers[0]}_lidocaine_mg",
            )
    return _keep(asked, answer, patient_id=patient_id, rules=rules, actor=actor, at=at)


def _keep(
    asked: Mapping[str, Any],
    answer: Mapping[str, Any],
    *,
    patient_id: UUID,
    rules: RulesInForce,
    actor: Actor,
    at: datetime,
) -> UUID:
    return store_ruling(
        patient_id=patient_id,
        asked={key: str(v) if isinstance(v, Decimal) else v for key, v in asked.items()},
        answer=answer,
        rules=rules,
        actor=actor,
        at=at,
    )


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


def _made_by(request_key: UUID, patient_id: UUID) -> UUID | None:
    made = Prescription.objects.filter(request_key=request_key).first()
    if made is None:
        return None
    if made.patient_id != patient_id:
        raise InvalidContent(field="request_key")
    return made.id


def _replacing(replaces_id: UUID | None, *, patient_id: UUID, reason: str) -> dict[str, Any]:
    """Return the columns by which a prescription replaces another, none for a new one."""
    if replaces_id is None:
        return {}
    before = Prescription.objects.filter(id=replaces_id, patient_id=patient_id).first()
    if before is None:
        raise InvalidContent(field="replaces")
    if not reason.strip():
        raise ReasonMissing(field="correction_reason")
    if Prescription.objects.filter(replaces_id=replaces_id).exists():
        raise StaleVersion
    return {"replaces": before, "version": before.version + 1, "reason": reason.strip()}


def _save(prescription: Prescription) -> UUID | None:
    """Write the row; return the one that another request made with the same key meanwhile."""
    try:
        with transaction.atomic():
            prescription.save(force_insert=True)
    except IntegrityError as error:
        diagnosis = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
        if diagnosis == "one_cream_per_consultation":
            raise CreamPrescribedAlready(field="product") from error
        if "request_key" in diagnosis and prescription.request_key is not None:
            return _made_by(prescription.request_key, prescription.patient_id)
        if "replaces" in diagnosis:
            raise StaleVersion from error
        raise
    return None
