"""Planning a course within the protocol and the rule book."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.models import Plan, Verdict, VerdictStatus
from aiguille.care.operations.shared import InvalidContent, checked_zones
from aiguille.care.queries import phototype_of
from aiguille.care.rules import RefusedByRuleBook
from aiguille.catalogue.queries import get_protocol_version, get_treatment
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Indication, Procedure, VerdictOutcome
from aiguille.kernel.decisions import Decision
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.models import authored_by
from aiguille.rulebook import decide


class PlanRefused(DomainError):
    """The plan does not fit the treatment, the protocol or its intervals."""

    code = "plan_refused"


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
    planned_zones = checked_zones(zones, field="zones")
    if not planned_zones:
        raise InvalidContent(
            Text(fr="Choisissez au moins une zone.", en="Choose at least one zone."), field="zones"
        )
    _check_interval(treatment.procedure, planned_zones, settings, interval_min_days)
    if treatment.procedure == Procedure.NEEDLING:
        _check_depths(
            verdict.patient_id, treatment.indication, planned_zones, settings, acknowledged
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
        zones=planned_zones,
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
