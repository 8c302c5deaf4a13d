"""Planning a course within the protocol and the rule book."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.models import Plan, Verdict, VerdictStatus
from aiguille.care.operations.shared import InvalidContent, checked_zones
from aiguille.care.queries import phototype_of, screening
from aiguille.care.reflection import REFLECTION_REQUESTED_ON
from aiguille.care.rules import RefusedByRuleBook
from aiguille.catalogue.queries import (
    ProtocolVersionView,
    TreatmentView,
    get_product,
    get_protocol_version,
    get_treatment,
    rules_in_force,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure, ProductKind, ProductUse, VerdictOutcome
from aiguille.kernel.decisions import Decision
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.models import authored_by
from aiguille.protocols.model import Protocol
from aiguille.protocols.reading import read_protocol
from aiguille.rulebook import load_rulebook

MOST_SESSIONS = 24
LONGEST_INTERVAL_DAYS = 366


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
    reflection_requested_on: date | None = None,
) -> UUID:
    """Plan a course under a verdict; the plan before it for the treatment is replaced.

    `settings` holds, for needling, `needle_mm`: zones to needle lengths (decimal text, mm); for
    mesotherapy, `technique` (a code) and, where one is chosen, `product_id`. What the product
    contains (`actives`), and each warning seen with its zone (`acknowledged`), is written beside it. `acknowledged` are the zones whose depth warning the
    physician has seen; `reflection_requested_on` is the date of the writing in which the patient
    asked to shorten the reflection period.

    Raises:
        NotAllowed: the actor is not a physician at work.
        PlanRefused: the protocol does not serve the treatment, the verdict does not open sessions,
            the intervals are out of order or below the rule book's, or the patient's answers stand
            in the way of these zones or this product.
        RefusedByRuleBook: a depth is above its zone's maximum, or a product is not to be injected.
        InvalidContent: a zone, technique, product or number is none that there can be.
    """
    require(actor, Right.GIVE_VERDICT)
    verdict = Verdict.objects.select_for_update(of=("self",)).get(id=verdict_id)
    treatment = get_treatment(verdict.treatment_id)
    version = get_protocol_version(protocol_version_id)
    if verdict.status != VerdictStatus.ACTIVE or verdict.outcome == VerdictOutcome.NOT_ELIGIBLE:
        raise PlanRefused(
            Text(
                fr="L’avis médical n’autorise pas de séance.",
                en="The verdict does not allow a session.",
            )
        )
    protocol = _serving(version, treatment)
    _check_numbers(sessions_planned, interval_min_days, interval_default_days, interval_max_days)
    planned_zones = checked_zones(zones, field="zones")
    if not planned_zones:
        raise InvalidContent(
            Text(fr="Choisissez au moins une zone.", en="Choose at least one zone."), field="zones"
        )
    _check_zones(protocol, planned_zones)
    if treatment.procedure is Procedure.NEEDLING:
        kept = _needling(settings, verdict.patient_id, treatment, planned_zones, acknowledged)
    else:
        kept = _mesotherapy(settings, protocol)
    if reflection_requested_on is not None:
        kept[REFLECTION_REQUESTED_ON] = _request_date(reflection_requested_on, at=at)
    _check_interval(treatment.procedure, planned_zones, kept, interval_min_days)
    _check_answers(verdict, treatment.procedure, planned_zones, kept.get("actives", ()), at=at)
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
        settings=kept,
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


def _request_date(asked_on: date, *, at: datetime) -> str:
    # By the clock of a site east of Greenwich, today may be a day ahead.
    if asked_on > at.date() + timedelta(days=1):
        raise InvalidContent(
            Text(fr="Cette date est à venir.", en="This date lies ahead."),
            field="reflection_requested_on",
        )
    return asked_on.isoformat()


def _serving(version: ProtocolVersionView, treatment: TreatmentView) -> Protocol:
    if treatment.procedure != version.procedure or treatment.indication not in version.indications:
        raise PlanRefused(
            Text(
                fr="Ce protocole ne sert pas cette indication.",
                en="This protocol does not serve this indication.",
            ),
            field="protocol",
        )
    return read_protocol(version.content)


def _check_numbers(sessions: int, least: int, default: int, most: int) -> None:
    if not 1 <= sessions <= MOST_SESSIONS:
        raise PlanRefused(
            Text(
                fr=f"Un plan compte de 1 à {MOST_SESSIONS} séances.",
                en=f"A plan has from 1 to {MOST_SESSIONS} sessions.",
            ),
            field="sessions_planned",
        )
    if not 1 <= least <= default <= most <= LONGEST_INTERVAL_DAYS:
        raise PlanRefused(
            Text(
                fr="Les intervalles doivent se suivre : minimum, habituel, maximum, en jours.",
                en="The intervals must be in order: least, usual, most, in days.",
            ),
            field="interval_default_days",
        )


def _check_zones(protocol: Protocol, zones: Sequence[str]) -> None:
    foreign = [zone for zone in zones if zone not in protocol.zones]
    if foreign:
        name = load_rulebook().zone_label(foreign[0])
        raise PlanRefused(
            Text(
                fr=f"Le protocole ne traite pas cette zone : {name.fr}.",
                en=f"The protocol does not treat this zone: {name.en}.",
            ),
            field="zones",
        )


def _check_interval(
    procedure: Procedure, zones: Sequence[str], settings: Mapping[str, Any], least: int
) -> None:
    lengths, rules = settings.get("needle_mm", {}), rules_in_force()
    for zone in zones:
        answer = rules.decide(
            {
                "kind": "interval",
                "procedure": procedure.value,
                "zone": zone,
                # Mesotherapy has no length here; the rule's own limit asks the longer wait.
                "needle_mm": Decimal(lengths.get(zone, "0.5")),
                "days_since_last": least,
            }
        )
        if answer["decision"] in {Decision.DELAY, Decision.BLOCK}:
            message = answer["findings"][0]["message"]
            name = load_rulebook().zone_label(zone)
            raise PlanRefused(
                Text(fr=f"{name.fr} : {message['fr']}", en=f"{name.en}: {message['en']}"),
                field="interval_min_days",
            )


def _check_answers(
    verdict: Verdict,
    procedure: Procedure,
    zones: Sequence[str],
    actives: Sequence[str],
    *,
    at: datetime,
) -> None:
    """Refuse zones or a product to which the answers object beyond what the verdict settled."""
    screened = screening(
        patient_id=verdict.patient_id,
        procedure=procedure,
        act_date=max(verdict.valid_during.lower, at.date()),
        zones=zones,
        actives=actives,
    )
    settled = screened.settled_by(verdict.overrides)
    for finding in screened.findings:
        is_grave = Decision(finding["decision"]).severity >= Decision.REVIEW.severity
        if is_grave and finding["rule"] not in settled:
            raise PlanRefused(Text.from_mapping(finding["message"]), field="zones")


def _needling(
    settings: Mapping[str, Any],
    patient_id: UUID,
    treatment: TreatmentView,
    zones: Sequence[str],
    acknowledged: Sequence[str],
) -> dict[str, Any]:
    """Return the settings of needling: an allowed length for each zone."""
    phototype = phototype_of(patient_id=patient_id)
    lengths, rules = settings.get("needle_mm", {}), rules_in_force()
    kept: dict[str, str] = {}
    seen: list[dict[str, Any]] = []
    for zone in zones:
        field = f"needle_mm_{zone}"
        length = _length(lengths.get(zone), field=field)
        answer = rules.decide(
            {
                "kind": "depth",
                "zone": zone,
                "indication": treatment.indication.value,
                "needle_mm": length,
                "phototype": phototype,
            }
        )
        if "error" in answer:
            raise _impossible_length(field)
        for finding in answer["findings"]:
            if finding["decision"] == Decision.BLOCK or zone not in acknowledged:
                raise RefusedByRuleBook(Text.from_mapping(finding["message"]), field=field)
            seen.append({"zone": zone, **finding})
        kept[zone] = str(length)
    return {"needle_mm": kept, **({"acknowledged": seen} if seen else {})}


def _mesotherapy(settings: Mapping[str, Any], protocol: Protocol) -> dict[str, Any]:
    """Return the settings of mesotherapy: a technique of the protocol, and an allowed product."""
    techniques = {limits.technique.value for limits in protocol.techniques}
    technique = str(settings.get("technique", ""))
    if technique not in techniques:
        raise InvalidContent(
            Text(
                fr="Choisissez une technique du protocole.",
                en="Choose one of the protocol’s techniques.",
            ),
            field="technique",
        )
    if not settings.get("product_id"):
        return {"technique": technique}
    product = get_product(UUID(str(settings["product_id"])))
    if product.kind != ProductKind.INJECTABLE:
        raise InvalidContent(
            Text(fr="Ce produit ne s’injecte pas.", en="This product is not injected."),
            field="product_id",
        )
    actives = [active.value for active in product.actives]
    answer = rules_in_force().decide(
        {
            "kind": "product",
            "use": ProductUse.INJECT.value,
            "status": product.status.value,
            "actives": actives,
            "sterile": product.is_sterile,
        }
    )
    if answer["decision"] == Decision.BLOCK:
        raise RefusedByRuleBook(
            Text.from_mapping(answer["findings"][0]["message"]), field="product_id"
        )
    return {"technique": technique, "product_id": str(product.id), "actives": actives}


def _length(given: object, *, field: str) -> Decimal:
    try:
        length = Decimal(str(given))
    except InvalidOperation as error:
        raise _impossible_length(field) from error
    if not length.is_finite() or length <= 0:
        raise _impossible_length(field)
    return length


def _impossible_length(field: str) -> InvalidContent:
    return InvalidContent(
        Text(
            fr="Donnez une longueur d’aiguille en millimètres.",
            en="Give a needle length in millimetres.",
        ),
        field=field,
    )
