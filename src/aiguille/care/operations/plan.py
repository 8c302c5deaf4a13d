"""Planning a course within the protocol and the clinic's rules."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.models import Plan, Verdict, VerdictStatus
from aiguille.care.operations.prescription import WarningUnseen
from aiguille.care.operations.shared import InvalidContent, store_rulings
from aiguille.care.planning import (
    Answer,
    Judgement,
    Limit,
    PlanDraft,
    PlannedPlace,
    judge,
    objections,
    technique_of,
)
from aiguille.care.queries import Screening, phototype_of, screening
from aiguille.care.reflection import REFLECTION_REQUESTED_ON
from aiguille.care.rules import ReasonMissing, RefusedByRuleBook
from aiguille.catalogue.queries import (
    NotInCatalogue,
    ProductView,
    ProtocolVersionView,
    RulesInForce,
    TreatmentView,
    get_product,
    get_protocol_version,
    get_treatment,
    rules_in_force,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure, ProductKind, VerdictOutcome, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.labels import label
from aiguille.kernel.numbers import exact
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import sides_in_words, zones_among
from aiguille.plumbing.models import authored_by
from aiguille.protocols.model import Protocol
from aiguille.protocols.reading import read_protocol

MOST_SESSIONS = 24
LONGEST_INTERVAL_DAYS = 366
LONGEST_REASON = 2_000
PLANNED_KINDS = {
    Procedure.NEEDLING: frozenset({ProductKind.PROTECTIVE, ProductKind.POST_CARE}),
    Procedure.MESOTHERAPY: frozenset({ProductKind.INJECTABLE}),
}
"""What may be planned: what is put on the skin after the needle, or what is injected."""


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
    places: Sequence[PlannedPlace],
    actor: Actor,
    at: datetime,
    product_id: UUID | None = None,
    acknowledged: Collection[str] = (),
    reasons: Mapping[str, str] | None = None,
    reflection_requested_on: date | None = None,
) -> UUID:
    """Plan a course under a verdict; the plan before it for the treatment is replaced.

    `acknowledged` are the keys of the warnings that the physician has seen (`plan_limits` gives
    them), `reasons` the physician's reasons by the key of what they decide upon; both are kept with
    the plan, and so is each answer of the rule book. `reflection_requested_on` is the date of the
    writing in which the patient asked to shorten the reflection period.

    Raises:
        NotAllowed: the actor is not a physician at work.
        PlanRefused: the protocol does not serve the treatment, the verdict does not open sessions,
            the intervals are out of order or below the rule book's, or the patient's answers stand
            in the way of these zones or this product.
        RefusedByRuleBook: a depth is above its zone's maximum, or a product is not to be used.
        WarningUnseen: a limit warns, and the physician has not seen it as it is.
        ReasonMissing: the rule book asks for the physician's reason.
        InvalidContent: a zone, technique, depth, product or number is none that there can be.
    """
    require(actor, Right.GIVE_VERDICT)
    verdict = Verdict.objects.select_for_update(of=("self",)).get(id=verdict_id)
    if verdict.status != VerdictStatus.ACTIVE or verdict.outcome == VerdictOutcome.NOT_ELIGIBLE:
        raise PlanRefused(
            Text(
                fr="L’avis médical n’autorise pas de séance.",
                en="The verdict does not allow a session.",
            )
        )
    _check_numbers(sessions_planned, interval_min_days, interval_default_days, interval_max_days)
    draft = _draft(
        verdict,
        protocol_version_id,
        sessions_planned=sessions_planned,
        interval_min_days=interval_min_days,
        places=places,
        product_id=product_id,
    )
    _check_places(draft)
    judged = _judged(verdict, draft, at=at)
    settings = {
        **_treated(draft),
        **_answered(judged.limits, acknowledged=acknowledged, reasons=reasons or {}),
        "rulings": [str(key) for key in _store(judged, verdict.patient_id, actor=actor, at=at)],
    }
    if reflection_requested_on is not None:
        settings[REFLECTION_REQUESTED_ON] = _request_date(reflection_requested_on, at=at)
    same = Plan.objects.filter(patient_id=verdict.patient_id, treatment_id=verdict.treatment_id)
    latest = same.aggregate(version=Max("version"))["version"]
    plan = Plan.objects.create(
        patient_id=verdict.patient_id,
        verdict_id=verdict.id,
        treatment_id=verdict.treatment_id,
        protocol_version_id=protocol_version_id,
        sessions_planned=sessions_planned,
        interval_min_days=interval_min_days,
        interval_default_days=interval_default_days,
        interval_max_days=interval_max_days,
        zones=[zone.value for zone in draft.zones],
        settings=settings,
        version=(latest or 0) + 1,
        replaces=same.filter(replaced_by=None).order_by("-version").first(),
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


def plan_limits(
    *,
    verdict_id: UUID,
    protocol_version_id: UUID,
    places: Sequence[PlannedPlace],
    at: datetime,
    sessions_planned: int | None = None,
    interval_min_days: int | None = None,
    product_id: UUID | None = None,
) -> tuple[Limit, ...]:
    """Return what stands against a plan as far as it is typed, most severe first; writes nothing.

    A place whose length is none is left out.

    Raises:
        PlanRefused: the protocol does not serve the verdict's treatment.
        InvalidContent: the product is none that may be planned.
    """
    verdict = Verdict.objects.get(id=verdict_id)
    draft = _draft(
        verdict,
        protocol_version_id,
        sessions_planned=sessions_planned,
        interval_min_days=interval_min_days,
        places=[
            place
            for place in places
            if all(mm is None or _is_length(mm) for mm in (place.needle_mm, place.depth_mm))
        ],
        product_id=product_id,
    )
    return _judged(verdict, draft, at=at).limits


@dataclass(frozen=True, slots=True)
class _Judged:
    """What stands against a draft, and what was asked to know."""

    limits: tuple[Limit, ...]
    judgement: Judgement
    screened: Screening | None
    rules: RulesInForce


def _draft(
    verdict: Verdict,
    protocol_version_id: UUID,
    *,
    sessions_planned: int | None,
    interval_min_days: int | None,
    places: Sequence[PlannedPlace],
    product_id: UUID | None,
) -> PlanDraft:
    treatment = get_treatment(verdict.treatment_id)
    return PlanDraft(
        protocol=_serving(get_protocol_version(protocol_version_id), treatment),
        indication=treatment.indication,
        phototype=phototype_of(patient_id=verdict.patient_id),
        places=tuple(places),
        sessions_planned=sessions_planned,
        interval_min_days=interval_min_days,
        product=_product(product_id, treatment.procedure),
    )


def _judged(verdict: Verdict, draft: PlanDraft, *, at: datetime) -> _Judged:
    rules = rules_in_force()
    judgement = judge(draft, rules)
    screened = _screened(verdict, draft, at=at) if draft.places else None
    against = (
        objections(
            screened.findings, settled=screened.settled_by(verdict.overrides), rules=screened.rules
        )
        if screened
        else ()
    )
    limits = sorted((*against, *judgement.limits), key=lambda one: -one.decision.severity)
    return _Judged(tuple(limits), judgement, screened, rules)


def _screened(verdict: Verdict, draft: PlanDraft, *, at: datetime) -> Screening:
    return screening(
        patient_id=verdict.patient_id,
        procedure=draft.protocol.procedure,
        act_date=max(verdict.valid_during.lower, at.date()),
        zones=[zone.value for zone in draft.zones],
        actives=[active.value for active in draft.product.actives] if draft.product else (),
    )


def _store(judged: _Judged, patient_id: UUID, *, actor: Actor, at: datetime) -> list[UUID]:
    asked = [*judged.judgement.rulings]
    if judged.screened is not None:
        asked.append((judged.screened.asked, judged.screened.answer))
    return store_rulings(
        patient_id=patient_id, rulings=asked, rules=judged.rules, actor=actor, at=at
    )


def _answered(
    limits: Sequence[Limit], *, acknowledged: Collection[str], reasons: Mapping[str, str]
) -> dict[str, Any]:
    """Return the warnings seen and the reasons given, or refuse the plan as it is."""
    for limit in limits:
        if limit.stops:
            is_rule_books = limit.field.startswith(("needle_mm_", "depth_mm_", "product_id"))
            refusal = RefusedByRuleBook if is_rule_books else PlanRefused
            raise refusal(limit.message, field=limit.field)
    for limit in limits:
        if limit.answer is Answer.TICK and limit.key not in acknowledged:
            raise WarningUnseen(limit.message, field=limit.field)
        if limit.answer is Answer.REASON and not reasons.get(limit.key, "").strip():
            raise ReasonMissing(limit.message, field=limit.field)
    seen = [limit.stored for limit in limits if limit.answer is Answer.TICK]
    decided = [
        {**limit.stored, "reason": reasons[limit.key].strip()[:LONGEST_REASON]}
        for limit in limits
        if limit.answer is Answer.REASON
    ]
    return {
        **({"acknowledged": seen} if seen else {}),
        **({"overridden": decided} if decided else {}),
    }


def _treated(draft: PlanDraft) -> dict[str, Any]:
    """Return where and how deep, with each zone's longest needle, and by which product."""
    kept: dict[str, Any] = {"places": [place.stored for place in draft.places]}
    if draft.protocol.procedure is Procedure.NEEDLING:
        kept["needle_mm"] = {zone.value: exact(draft.longest(zone)) for zone in draft.zones}
    if draft.product is not None:
        kept |= {
            "product_id": str(draft.product.id),
            "product_use": draft.use.value,
            "actives": [active.value for active in draft.product.actives],
        }
    return kept


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


def _product(product_id: UUID | None, procedure: Procedure) -> ProductView | None:
    if product_id is None:
        return None
    try:
        product = get_product(product_id)
    except NotInCatalogue as error:
        raise InvalidContent(error.text, field="product_id") from error
    if ProductKind(product.kind) not in PLANNED_KINDS[procedure]:
        is_injected = procedure is Procedure.MESOTHERAPY
        raise InvalidContent(
            Text(fr="Ce produit ne s’injecte pas.", en="This product is not injected.")
            if is_injected
            else Text(
                fr="Ce produit ne s’applique pas après l’aiguille.",
                en="This product is not put on after the needle.",
            ),
            field="product_id",
        )
    return product


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


def _check_places(draft: PlanDraft) -> None:
    if not draft.places:
        raise InvalidContent(
            Text(fr="Choisissez au moins une zone.", en="Choose at least one zone."), field="zones"
        )
    sides = [place.zone_side for place in draft.places]
    if len(set(sides)) < len(sides):
        raise InvalidContent(
            Text(fr="Une zone est nommée deux fois.", en="A zone is named twice."), field="zones"
        )
    foreign = [zone for zone in zones_among(sides) if zone not in draft.protocol.zones]
    if foreign:
        raise _untreated(foreign[0])
    for place in draft.places:
        if draft.protocol.procedure is Procedure.NEEDLING:
            _check_length(place)
        else:
            _check_technique(place, draft.protocol)


def _untreated(zone: Zone) -> PlanRefused:
    name = label(zone)
    return PlanRefused(
        Text(
            fr=f"Le protocole ne traite pas cette zone : {name.fr}.",
            en=f"The protocol does not treat this zone: {name.en}.",
        ),
        field="zones",
    )


def _check_length(place: PlannedPlace) -> None:
    if not _is_length(place.needle_mm):
        (name,) = sides_in_words([place.zone_side])
        raise InvalidContent(
            Text(
                fr=f"{name.fr} : donnez une longueur d’aiguille en millimètres.",
                en=f"{name.en}: give a needle length in millimetres.",
            ),
            field=f"needle_mm_{place.key}",
        )


def _check_technique(place: PlannedPlace, protocol: Protocol) -> None:
    if technique_of(protocol, place.technique) is None:
        raise InvalidContent(
            Text(
                fr="Choisissez une technique du protocole.",
                en="Choose one of the protocol’s techniques.",
            ),
            field=f"technique_{place.key}",
        )
    if place.depth_mm is not None and not _is_length(place.depth_mm):
        raise InvalidContent(
            Text(fr="Donnez une profondeur en millimètres.", en="Give a depth in millimetres."),
            field=f"depth_mm_{place.key}",
        )


def _is_length(length: Decimal | None) -> bool:
    return length is not None and length.is_finite() and 0 < length < 100
