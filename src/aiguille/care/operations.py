"""Writing the physician's part of the record: each act signed, stored with what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Max

from aiguille.accounts.queries import physician_credentials
from aiguille.accounts.rights import NotAllowed, Right, require
from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.models import (
    Consultation,
    Plan,
    Prescription,
    StoredRuling,
    Verdict,
    VerdictStatus,
)
from aiguille.care.queries import get_consultation, phototype_of, screening
from aiguille.care.rules import (
    Override,
    ReasonMissing,
    RefusedByRuleBook,
    check_period,
    check_verdict,
    content_digest,
    cream_conditions,
)
from aiguille.catalogue.queries import get_protocol_version, get_treatment
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Indication, Procedure, VerdictOutcome, Zone
from aiguille.kernel.decisions import Decision
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.queries import get_identity, latest_answers
from aiguille.plumbing.models import authored_by
from aiguille.rulebook import decide, load_rulebook

# What a consultation may hold; see `models.Consultation`.
CONSULTATION_TEXTS = ("reason", "history", "treatments", "allergies", "examination", "advice")
PHOTOTYPES = range(1, 7)


class StaleVersion(DomainError):
    """The record changed since the page was shown."""

    code = "stale_version"
    default_text = Text(
        fr="Le dossier a changé entre-temps : relisez-le avant d’enregistrer.",
        en="The record has changed meanwhile: read it again before saving.",
    )


class PlanRefused(DomainError):
    """The plan does not fit the treatment, the protocol or its intervals."""

    code = "plan_refused"


class InvalidContent(DomainError):
    """A field of a form holds what it cannot hold."""

    code = "invalid_content"


@transaction.atomic
def write_consultation(
    *,
    patient_id: UUID,
    procedure: Procedure,
    content: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    appointment_id: UUID | None = None,
    replaces_id: UUID | None = None,
    reason: str = "",
) -> UUID:
    """Write a consultation, or a new version of one that it `replaces` for a `reason`.

    Raises:
        NotAllowed: the actor is not a physician at work.
        InvalidContent: the phototype or a zone does not exist, or the reason for coming is empty.
        ReasonMissing: a correction does not say why.
        StaleVersion: the replaced version was replaced already.
    """
    require(actor, Right.WRITE_CONSULTATION)
    version = 1
    if replaces_id is not None:
        replaced = Consultation.objects.get(id=replaces_id, patient_id=patient_id)
        if not reason.strip():
            raise ReasonMissing(field="correction_reason")
        if Consultation.objects.filter(replaces_id=replaces_id).exists():
            raise StaleVersion
        version = replaced.version + 1
    answers = latest_answers(patient_id, procedure)
    consultation = Consultation.objects.create(
        patient_id=patient_id,
        appointment_id=appointment_id,
        procedure=procedure.value,
        answer_set_id=answers.id if answers else None,
        content=_checked_content(content),
        version=version,
        replaces_id=replaces_id,
        reason=reason,
        effective_at=at,
        **authored_by(actor, at=at),
    )
    record(
        action=events.CONSULTATION_WRITTEN,
        actor=actor,
        at=at,
        subject_kind="consultation",
        subject_id=consultation.id,
        patient_id=patient_id,
        details={"version": version},
    )
    return consultation.id


def _checked_content(content: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {
        name: str(content.get(name, "")).strip() for name in CONSULTATION_TEXTS
    }
    if not checked["reason"]:
        raise InvalidContent(
            Text(fr="Écrivez le motif de la venue.", en="Write what brings the patient."),
            field="reason",
        )
    phototype = content.get("phototype")
    if phototype is not None and phototype not in PHOTOTYPES:
        raise InvalidContent(
            Text(fr="Le phototype va de 1 à 6.", en="The phototype goes from 1 to 6."),
            field="phototype",
        )
    checked["phototype"] = phototype
    checked["zones"] = _checked_zones(content.get("zones", []), field="zones")
    return checked


def _checked_zones(zones: Sequence[str], *, field: str) -> list[str]:
    known = {zone.value for zone in Zone}
    unknown = [zone for zone in zones if zone not in known]
    if unknown:
        raise InvalidContent(
            Text(fr=f"Zone inconnue : {unknown[0]}.", en=f"Unknown zone: {unknown[0]}."),
            field=field,
        )
    return list(dict.fromkeys(zones))


@transaction.atomic
def store_ruling(
    *,
    patient_id: UUID,
    asked: Mapping[str, Any],
    answer: Mapping[str, Any],
    actor: Actor,
    at: datetime,
) -> UUID:
    """Keep an answer of the rule book with everything needed to replay it."""
    return StoredRuling.objects.create(
        patient_id=patient_id,
        kind=str(asked["kind"]),
        asked=dict(asked),
        rulebook_version=load_rulebook().version,
        clinic_values={},
        answer=dict(answer),
        decision=str(answer["decision"]),
        **authored_by(actor, at=at),
    ).id


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
        RefusedByRuleBook: a finding blocks, the indication or the performer is not allowed.
        ReasonMissing: a reason, the conditions or an override is missing.
        PeriodRefused: the period is not allowed.
        BirthDateMissing: the identity has no birth date.
    """
    require(actor, Right.GIVE_VERDICT)
    signature = _signature(actor, on=today)
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
    check_verdict(
        outcome=outcome,
        reason=reason,
        conditions=conditions,
        findings=[*_act_findings(treatment.procedure, treatment.indication), *screened.findings],
        overrides=overrides,
    )
    ruling_id = store_ruling(
        patient_id=patient_id, asked=screened.asked, answer=screened.answer, actor=actor, at=at
    )
    Verdict.objects.filter(
        patient_id=patient_id,
        treatment_id=treatment_id,
        status__in=(VerdictStatus.ACTIVE, VerdictStatus.SUSPENDED),
    ).update(
        status=VerdictStatus.SUPERSEDED,
        status_changed_at=at,
        status_version=F("status_version") + 1,
    )
    content = {
        "patient": str(patient_id),
        "treatment": str(treatment_id),
        "consultation": str(consultation_id),
        "ruling": str(ruling_id),
        "outcome": outcome.value,
        "reason": reason,
        "conditions": conditions,
        "overrides": [asdict(override) for override in overrides],
        "valid_from": valid_from.isoformat(),
        "valid_until": valid_until.isoformat(),
    }
    verdict = Verdict.objects.create(
        patient_id=patient_id,
        treatment_id=treatment_id,
        consultation_id=consultation_id,
        ruling_id=ruling_id,
        outcome=outcome.value,
        reason=reason,
        conditions=conditions,
        overrides=content["overrides"],
        valid_during=DateRange(valid_from, valid_until + timedelta(days=1)),
        content_digest=content_digest(content),
        signed_at=at,
        **signature,
        **authored_by(actor, at=at),
    )
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


def _act_findings(procedure: str, indication: str) -> list[Mapping[str, Any]]:
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
    return [finding for ask in asks for finding in decide(ask)["findings"]]


def _signature(actor: Actor, *, on: date) -> dict[str, Any]:
    """Return the `Signed` columns of a physician whose registration is in force."""
    credentials = physician_credentials(actor.id, on) if actor.id else None
    if actor.id is None or credentials is None:
        raise NotAllowed(
            Text(
                fr="Seul un médecin inscrit peut signer.",
                en="Only a registered physician may sign.",
            )
        )
    return {
        "signer_id": actor.id,
        "signer_name": actor.display_name,
        "signer_role": "physician",
        "signer_rpps": credentials.rpps,
    }


@transaction.atomic
def suspend_verdict(*, verdict_id: UUID, reason: str, actor: Actor, at: datetime) -> bool:
    """Suspend an active verdict; return False where it was not active any more."""
    return _change_status(
        verdict_id, VerdictStatus.SUSPENDED, events.VERDICT_SUSPENDED, reason, actor, at
    )


@transaction.atomic
def revoke_verdict(*, verdict_id: UUID, reason: str, actor: Actor, at: datetime) -> bool:
    """Revoke an active verdict for a `reason`; return False where it was not active any more.

    Raises:
        NotAllowed: the actor is not a physician at work.
        ReasonMissing: there is no reason.
    """
    require(actor, Right.GIVE_VERDICT)
    if not reason.strip():
        raise ReasonMissing(field="reason")
    return _change_status(
        verdict_id, VerdictStatus.REVOKED, events.VERDICT_REVOKED, reason, actor, at
    )


def _change_status(
    verdict_id: UUID, status: VerdictStatus, action: Any, reason: str, actor: Actor, at: datetime
) -> bool:
    changed = Verdict.objects.filter(id=verdict_id, status=VerdictStatus.ACTIVE).update(
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


@transaction.atomic
def make_plan(
    *,
    verdict_id: UUID,
    protocol_version_id: UUID,
    sessions_planned: int,
    interval_min_days: int,
    interval_default_days: int,
    interval_max_days: int,
    zones: Sequence[str],
    settings: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    acknowledged: Sequence[str] = (),
) -> UUID:
    """Plan a course under a verdict; the plan before it for the treatment is replaced.

    `settings["needle_mm"]` maps zones to needle lengths (decimal text, mm) for needling;
    `settings["technique"]` names the technique for mesotherapy. `acknowledged` are the zones whose
    depth warning the physician has seen.

    Raises:
        NotAllowed: the actor is not a physician at work.
        PlanRefused: the protocol does not serve the treatment, the verdict does not open sessions,
            or the intervals are out of order or below the rule book's.
        RefusedByRuleBook: a depth is above its zone's maximum, or a zone is forbidden.
        InvalidContent: a zone is unknown or none is named.
    """
    require(actor, Right.GIVE_VERDICT)
    verdict = Verdict.objects.select_for_update(of=("self",)).get(id=verdict_id)
    treatment = get_treatment(verdict.treatment_id)
    protocol = get_protocol_version(protocol_version_id)
    if verdict.status != VerdictStatus.ACTIVE or verdict.outcome == VerdictOutcome.NOT_ELIGIBLE:
        raise PlanRefused(
            Text(
                fr="L’avis médical n’autorise pas de séance.",
                en="The verdict does not allow a session.",
            )
        )
    if (
        treatment.procedure != protocol.procedure
        or treatment.indication not in protocol.indications
    ):
        raise PlanRefused(
            Text(
                fr="Ce protocole ne sert pas cette indication.",
                en="This protocol does not serve this indication.",
            ),
            field="protocol",
        )
    if not 1 <= interval_min_days <= interval_default_days <= interval_max_days:
        raise PlanRefused(
            Text(fr="Les intervalles ne se suivent pas.", en="The intervals are out of order."),
            field="interval_default_days",
        )
    checked_zones = _checked_zones(zones, field="zones")
    if not checked_zones:
        raise InvalidContent(
            Text(fr="Choisissez au moins une zone.", en="Choose at least one zone."), field="zones"
        )
    _check_interval(treatment.procedure, checked_zones, settings, interval_min_days)
    if treatment.procedure == Procedure.NEEDLING:
        _check_depths(
            verdict.patient_id, treatment.indication, checked_zones, settings, acknowledged
        )
    replaced = (
        Plan.objects.filter(
            patient_id=verdict.patient_id, treatment_id=verdict.treatment_id, replaced_by=None
        )
        .order_by("-version")
        .first()
    )
    latest = Plan.objects.filter(
        patient_id=verdict.patient_id, treatment_id=verdict.treatment_id
    ).aggregate(version=Max("version"))["version"]
    plan = Plan.objects.create(
        patient_id=verdict.patient_id,
        verdict_id=verdict.id,
        treatment_id=verdict.treatment_id,
        protocol_version_id=protocol_version_id,
        sessions_planned=sessions_planned,
        interval_min_days=interval_min_days,
        interval_default_days=interval_default_days,
        interval_max_days=interval_max_days,
        zones=checked_zones,
        settings=dict(settings),
        version=(latest or 0) + 1,
        replaces=replaced,
        effective_at=at,
        **authored_by(actor, at=at),
    )
    record(
        action=events.PLAN_MADE,
        actor=actor,
        at=at,
        subject_kind="plan",
        subject_id=plan.id,
        patient_id=verdict.patient_id,
        details={"sessions": sessions_planned, "protocol": str(protocol_version_id)},
    )
    return plan.id


def _check_interval(
    procedure: str, zones: Sequence[str], settings: Mapping[str, Any], interval_min_days: int
) -> None:
    lengths = settings.get("needle_mm", {})
    for zone in zones:
        answer = decide(
            {
                "kind": "interval",
                "procedure": procedure,
                "zone": zone,
                "needle_mm": Decimal(str(lengths.get(zone, "0.5"))),
                "days_since_last": interval_min_days,
            }
        )
        if "error" in answer or answer["decision"] in (Decision.DELAY, Decision.BLOCK):
            raise PlanRefused(
                Text(
                    fr=f"L’intervalle est trop court pour la zone {zone}.",
                    en=f"The interval is too short for the zone {zone}.",
                ),
                field="interval_min_days",
            )


def _check_depths(
    patient_id: UUID,
    indication: str,
    zones: Sequence[str],
    settings: Mapping[str, Any],
    acknowledged: Sequence[str],
) -> None:
    phototype = phototype_of(patient_id=patient_id)
    lengths = settings.get("needle_mm", {})
    for zone in zones:
        field = f"needle_mm_{zone}"
        if zone not in lengths:
            raise InvalidContent(
                Text(
                    fr=f"Indiquez la longueur d’aiguille pour la zone {zone}.",
                    en=f"Give the needle length for the zone {zone}.",
                ),
                field=field,
            )
        answer = decide(
            {
                "kind": "depth",
                "zone": zone,
                "indication": Indication(indication).value,
                "needle_mm": Decimal(str(lengths[zone])),
                "phototype": phototype,
            }
        )
        if "error" in answer:
            raise InvalidContent(
                Text(
                    fr=f"Longueur d’aiguille impossible pour la zone {zone}.",
                    en=f"Impossible needle length for the zone {zone}.",
                ),
                field=field,
            )
        worst = max(
            answer["findings"], key=lambda f: Decision(f["decision"]).severity, default=None
        )
        if worst is None:
            continue
        if worst["decision"] == Decision.BLOCK or zone not in acknowledged:
            raise RefusedByRuleBook(
                Text(fr=worst["message"]["fr"], en=worst["message"]["en"]), field=field
            )


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
    signature = _signature(actor, on=today)
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
            "zones": _checked_zones(zones, field="cream_zones"),
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
