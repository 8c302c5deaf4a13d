"""Reading the physician's part of the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiguille.care.models import (
    Consultation,
    ConsultationDraft,
    Plan,
    StoredRuling,
    Verdict,
    VerdictStatus,
)
from aiguille.care.planning import PlannedPlace
from aiguille.care.prescriptions import PrescriptionView, get_prescription, list_prescriptions
from aiguille.care.rules import OPENING_OUTCOMES, settled_rules
from aiguille.catalogue.queries import RulesInForce, rules_in_force
from aiguille.catalogue.rule_values import read_values, rules_with
from aiguille.kernel.codes import Procedure, Side, VerdictOutcome, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.patients.person import of_same_person
from aiguille.patients.queries import Judged, judged_by
from aiguille.plumbing.statements import Lookup

if TYPE_CHECKING:
    from aiguille.care.session_record import SessionRecord

# Read there, and a part of what is read here.
__all__ = ["PrescriptionView", "get_prescription", "list_prescriptions"]


class BirthDateMissing(DomainError):
    """Nothing can be decided before the birth date is known."""

    code = "birth_date_missing"
    default_text = Text(
        fr="La date de naissance manque au dossier.", en="The record lacks the date of birth."
    )


@dataclass(frozen=True, slots=True)
class Screening:
    """The rule book's answer on a patient's latest answers, with the question as it was asked."""

    asked: Mapping[str, Any]
    answer: Mapping[str, Any]
    answer_set_id: UUID | None
    answered_at: datetime | None
    rules: RulesInForce

    @property
    def findings(self) -> list[Mapping[str, Any]]:
        """Return the findings, in the rule book's order."""
        return list(self.answer["findings"])

    @property
    def answers(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the answers that were judged, by question."""
        answers: Mapping[str, Mapping[str, Any]] = self.asked["answers"]
        return answers

    def settled_by(self, overrides: Sequence[Mapping[str, str]]) -> frozenset[str]:
        """Return the rules whose finding a verdict's overrides settle as it is now."""
        return settled_rules(overrides=overrides, findings=self.findings, answers=self.answers)

    @property
    def decision(self) -> str:
        """Return the most severe decision."""
        return str(self.answer["decision"])

    @property
    def earliest(self) -> date | None:
        """Return the day from which every delay with a known end is over."""
        raw = self.answer["earliest"]
        return None if raw is None else date.fromisoformat(raw)


@dataclass(frozen=True, slots=True)
class Screener:
    """A patient as the rule book judges them, whatever the day of the act; see `screener`."""

    always: Mapping[str, Any]
    answer_set_id: UUID | None
    answered_at: datetime | None
    rules: RulesInForce

    def on(self, act_date: date, *, zones: Sequence[str], actives: Sequence[str] = ()) -> Screening:
        """Ask the rule book about an act on `act_date`."""
        asked = {
            **self.always,
            "act_date": act_date.isoformat(),
            "zones": list(zones),
            "actives": list(actives),
        }
        return Screening(
            asked=asked,
            answer=self.rules.decide(asked),
            answer_set_id=self.answer_set_id,
            answered_at=self.answered_at,
            rules=self.rules,
        )


@dataclass(frozen=True, slots=True)
class VerdictView:
    """A verdict as others may read it; `valid_until` is the last day, included."""

    id: UUID
    patient_id: UUID
    treatment_id: UUID
    consultation_id: UUID
    outcome: VerdictOutcome
    reason: str
    conditions: str
    overrides: tuple[Mapping[str, str], ...]
    valid_from: date
    valid_until: date
    status: str
    status_reason: str
    status_changed_at: datetime | None
    status_version: int
    signer_name: str
    signed_at: datetime

    @property
    def is_active(self) -> bool:
        """Tell whether the verdict was neither suspended, revoked nor replaced."""
        return self.status == VerdictStatus.ACTIVE

    def opens(self, day: date) -> bool:
        """Tell whether a session may take place on the local date `day`."""
        return (
            self.is_active
            and self.outcome in OPENING_OUTCOMES
            and self.valid_from <= day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan; `settings` holds what is treated where and how, and the product."""

    id: UUID
    patient_id: UUID
    treatment_id: UUID
    verdict_id: UUID
    protocol_version_id: UUID
    sessions_planned: int
    interval_min_days: int
    interval_default_days: int
    interval_max_days: int
    zones: tuple[str, ...]
    settings: Mapping[str, Any]
    author_name: str
    recorded_at: datetime

    @property
    def places(self) -> tuple[PlannedPlace, ...]:
        """Return where it is treated, on which side, and how; one made before sides were, on both."""
        kept = self.settings.get("places")
        if kept is not None:
            return tuple(map(PlannedPlace.from_stored, kept))
        lengths = self.settings.get("needle_mm", {})
        return tuple(
            PlannedPlace(
                ZoneSide(Zone(zone), Side.BOTH),
                needle_mm=Decimal(lengths[zone]) if zone in lengths else None,
                technique=self.settings.get("technique", ""),
            )
            for zone in self.zones
        )


@dataclass(frozen=True, slots=True)
class ConsultationView:
    """A consultation as it was written."""

    id: UUID
    patient_id: UUID
    appointment_id: UUID | None
    procedure: str
    content: Mapping[str, Any]
    version: int
    author_name: str
    effective_at: datetime
    recorded_at: datetime
    answer_set_id: UUID | None


def screening(
    *,
    patient_id: UUID,
    procedure: Procedure,
    act_date: date,
    zones: Sequence[str],
    actives: Sequence[str] = (),
) -> Screening:
    """Ask the rule book about the patient's latest answers for an act on `act_date`.

    What was not answered counts as unknown.

    Raises:
        BirthDateMissing: the identity has no birth date.
    """
    return screener(patient_id=patient_id, procedure=procedure).on(
        act_date, zones=zones, actives=actives
    )


def screener(
    *,
    patient_id: UUID,
    procedure: Procedure,
    record: "SessionRecord | None" = None,
    judged: Judged | None = None,
) -> Screener:
    """Return what `screening` asks of a patient, read once for acts on any day (three queries).

    Whoever has the `record` at hand, or what the patient is `judged` by, passes it.

    Raises:
        BirthDateMissing: the identity has no birth date.
    """
    return screener_of(
        judged or judged_by(patient_id, procedure),
        procedure=procedure,
        phototype=record.phototype if record else phototype_of(patient_id=patient_id),
        rules=record.rules if record else rules_in_force(),
    )


def screener_of(
    judged: Judged, *, procedure: Procedure, phototype: int | None, rules: RulesInForce
) -> Screener:
    """Return what `screener` returns, of whoever has read what a patient is judged by; no query.

    Raises:
        BirthDateMissing: the identity has no birth date.
    """
    if judged.birth_date is None:
        raise BirthDateMissing
    return Screener(
        always={
            "kind": "screening",
            "procedure": procedure.value,
            "born": judged.birth_date.isoformat(),
            "phototype": phototype,
            "answers": dict(judged.answers),
            "unanswered": "unknown",
        },
        answer_set_id=judged.answer_set_id,
        answered_at=judged.answered_at,
        rules=rules,
    )


def depth_ruling(
    *,
    zone: str,
    indication: str,
    needle_mm: Decimal,
    phototype: int | None,
    rules: RulesInForce | None = None,
) -> Mapping[str, Any]:
    """Return what the rules say of a needle length, with `default_mm` and `max_mm`.

    Whoever asks for several zones reads the `rules` once.
    """
    return (rules or rules_in_force()).decide(
        {
            "kind": "depth",
            "zone": zone,
            "indication": indication,
            "needle_mm": needle_mm,
            "phototype": phototype,
        }
    )


def phototype_of(*, patient_id: UUID) -> int | None:
    """Return the phototype (1 to 6) of the latest consultation that gives one."""
    contents = (content for (content,) in _CONTENTS.rows(patient_id))
    return next((content["phototype"] for content in contents if content.get("phototype")), None)


def verdict_in_force(*, patient_id: UUID, treatment_id: UUID, on: date) -> VerdictView | None:
    """Return the verdict under which a session may take place on the local date `on`."""
    verdict = current_verdict(patient_id=patient_id, treatment_id=treatment_id)
    return verdict if verdict is not None and verdict.opens(on) else None


def current_verdict(*, patient_id: UUID, treatment_id: UUID) -> VerdictView | None:
    """Return the latest verdict on the treatment that was not replaced, whatever its status.

    It may stand under any of the person's records: `patient_id` says which.
    """
    verdict = _CURRENT_VERDICT.first(patient_id, treatment_id)
    return None if verdict is None else _verdict_view(verdict)


def get_verdict(verdict_id: UUID) -> VerdictView:
    """Return a verdict.

    Raises:
        Verdict.DoesNotExist: there is none.
    """
    return _verdict_view(Verdict.objects.get(id=verdict_id))


def signer_of_verdict(verdict_id: UUID) -> UUID:
    """Return who signed a verdict (one query)."""
    signer_id: UUID = Verdict.objects.values_list("signer_id", flat=True).get(id=verdict_id)
    return signer_id


def list_verdicts(*, patient_id: UUID) -> list[VerdictView]:
    """Return the verdicts on a person, under whichever of their records, latest first."""
    rows = Verdict.objects.filter(patient_id__in=of_same_person(patient_id))
    return [_verdict_view(row) for row in rows.order_by("-signed_at", "-id")]


def list_plans(*, patient_id: UUID) -> list[PlanView]:
    """Return a person's plans in force, under whichever of their records, latest first."""
    return [_plan_view(row) for row in _PLANS.rows(patient_id)]


def get_plan(plan_id: UUID) -> PlanView:
    """Return a plan.

    Raises:
        Plan.DoesNotExist: there is none.
    """
    return _plan_view(Plan.objects.get(id=plan_id))


def latest_plan(*, patient_id: UUID, treatment_id: UUID) -> PlanView | None:
    """Return the plan in force for the treatment, or None."""
    plans = list_plans(patient_id=patient_id)
    return next((plan for plan in plans if plan.treatment_id == treatment_id), None)


def consultation_of_appointment(appointment_id: UUID) -> ConsultationView | None:
    """Return the consultation written for an appointment as it stands, or None (one query)."""
    row = Consultation.objects.filter(
        appointment_id=appointment_id, replaced_by=None, entered_in_error=False
    ).first()
    return None if row is None else _consultation_view(row)


def versions_of_consultation(appointment_id: UUID) -> frozenset[UUID]:
    """Return the keys of every version of an appointment's consultation (one query)."""
    rows = Consultation.objects.filter(appointment_id=appointment_id)
    return frozenset(rows.values_list("id", flat=True))


def draft_of_consultation(appointment_id: UUID) -> Mapping[str, Any] | None:
    """Return what was typed and not yet saved for an appointment, or None (one query)."""
    found = ConsultationDraft.objects.filter(appointment_id=appointment_id)
    return found.values_list("content", flat=True).first()


def list_consultations(*, patient_id: UUID) -> list[ConsultationView]:
    """Return the consultations that stand, latest first."""
    rows = Consultation.objects.filter(
        patient_id=patient_id, replaced_by=None, entered_in_error=False
    ).order_by("-effective_at", "-id")
    return [_consultation_view(row) for row in rows]


def get_consultation(consultation_id: UUID) -> ConsultationView:
    """Return a consultation.

    Raises:
        Consultation.DoesNotExist: there is none.
    """
    return _consultation_view(Consultation.objects.get(id=consultation_id))


def replay_ruling(ruling_id: UUID) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return a stored ruling's answer, and the rule book's now by the values stored with it.

    The two are equal while the rule files are those of the version stored.
    """
    ruling = StoredRuling.objects.get(id=ruling_id)
    rules = rules_with(read_values(ruling.clinic_values), number=0)
    return ruling.answer, rules.decide(asked_again(ruling.asked))


def asked_again(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored question as it was asked, its quantities exact."""
    return {
        name: Decimal(value) if name in _QUANTITIES and value is not None else value
        for name, value in stored.items()
    }


# What every booking of a session asks.
_CURRENT_VERDICT: Lookup[Verdict] = Lookup(
    lambda patient_id, treatment_id: (
        Verdict.objects.filter(patient_id__in=of_same_person(patient_id), treatment_id=treatment_id)
        .exclude(status=VerdictStatus.SUPERSEDED)
        .order_by("-signed_at", "-id")[:1]
    ),
    UUID,
    UUID,
)
_PLANS: Lookup[Plan] = Lookup(
    lambda patient_id: Plan.objects.filter(
        patient_id__in=of_same_person(patient_id), replaced_by=None, entered_in_error=False
    ).order_by("-recorded_at", "-id"),
    UUID,
)
_CONTENTS: Lookup[tuple[Mapping[str, Any]]] = Lookup(
    lambda patient_id: (
        Consultation.objects.filter(
            patient_id__in=of_same_person(patient_id), replaced_by=None, entered_in_error=False
        )
        .order_by("-effective_at")
        .values_list("content")[:20]
    ),
    UUID,
)

# Facts that are kept as decimal text, so that JSON does not round them.
_QUANTITIES = frozenset({"area_cm2", "grams", "mg", "needle_mm", "weight_kg"})


def _verdict_view(row: Verdict) -> VerdictView:
    return VerdictView(
        id=row.id,
        patient_id=row.patient_id,
        treatment_id=row.treatment_id,
        consultation_id=row.consultation_id,
        outcome=VerdictOutcome(row.outcome),
        reason=row.reason,
        conditions=row.conditions,
        overrides=tuple(row.overrides),
        valid_from=row.valid_during.lower,
        valid_until=row.valid_during.upper - timedelta(days=1),
        status=row.status,
        status_reason=row.status_reason,
        status_changed_at=row.status_changed_at,
        status_version=row.status_version,
        signer_name=row.signer_name,
        signed_at=row.signed_at,
    )


def _plan_view(row: Plan) -> PlanView:
    return PlanView(
        id=row.id,
        patient_id=row.patient_id,
        treatment_id=row.treatment_id,
        verdict_id=row.verdict_id,
        protocol_version_id=row.protocol_version_id,
        sessions_planned=row.sessions_planned,
        interval_min_days=row.interval_min_days,
        interval_default_days=row.interval_default_days,
        interval_max_days=row.interval_max_days,
        zones=tuple(row.zones),
        settings=row.settings,
        author_name=row.author_name,
        recorded_at=row.recorded_at,
    )


def _consultation_view(row: Consultation) -> ConsultationView:
    return ConsultationView(
        id=row.id,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
        procedure=row.procedure,
        content=row.content,
        version=row.version,
        author_name=row.author_name,
        effective_at=row.effective_at,
        recorded_at=row.recorded_at,
        answer_set_id=row.answer_set_id,
    )
