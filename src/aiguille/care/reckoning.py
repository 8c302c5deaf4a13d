"""What other values of the rules would change for the verdicts in force, without changing anything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from aiguille.care.models import Plan, Prescription, Verdict, VerdictStatus
from aiguille.care.queries import asked_again
from aiguille.care.rules import OPENING_OUTCOMES
from aiguille.catalogue.queries import RulesInForce
from aiguille.kernel.decisions import Decision


@dataclass(frozen=True, slots=True)
class Shaken:
    """A verdict in force of which the rules would answer something otherwise.

    `kind` is what is asked (screening, depth, interval, cream); `before` and `after` are the
    decisions, which may be equal where only a day or a limit moves.
    """

    verdict_id: UUID
    patient_id: UUID
    treatment_id: UUID
    valid_until: date
    kind: str
    before: Decision
    after: Decision


def shaken_verdicts(*, before: RulesInForce, after: RulesInForce, on: date) -> list[Shaken]:
    """Return the verdicts in force on `on` that the rules would answer otherwise (three queries).

    Asked again are the screening that each verdict rests on, the lengths and the interval of its
    plan, and the cream prescribed under it; one line for each kind that differs.
    """
    found: dict[tuple[UUID, str], Shaken] = {}
    for verdict, asked in _asks(on):
        then, now = before.decide(asked), after.decide(asked)
        if then == now or "error" in now:
            continue
        line = Shaken(
            verdict_id=verdict.id,
            patient_id=verdict.patient_id,
            treatment_id=verdict.treatment_id,
            valid_until=verdict.valid_during.upper - timedelta(days=1),
            kind=str(asked["kind"]),
            before=Decision(then["decision"]),
            after=Decision(now["decision"]),
        )
        worst = found.get((line.verdict_id, line.kind))
        if worst is None or line.after.severity > worst.after.severity:
            found[line.verdict_id, line.kind] = line
    return sorted(found.values(), key=lambda line: -line.after.severity)


def _asks(on: date) -> Iterator[tuple[Verdict, Mapping[str, Any]]]:
    verdicts = {
        verdict.id: verdict
        for verdict in Verdict.objects.filter(
            status=VerdictStatus.ACTIVE,
            outcome__in=OPENING_OUTCOMES,
            valid_during__endswith__gt=on,
        ).select_related("ruling", "treatment")
    }
    for verdict in verdicts.values():
        yield verdict, asked_again(verdict.ruling.asked)
    plans = Plan.objects.filter(verdict_id__in=verdicts, replaced_by=None, entered_in_error=False)
    for plan in plans:
        verdict = verdicts[plan.verdict_id]
        yield from ((verdict, asked) for asked in _asks_of(plan, verdict))
    prescriptions = Prescription.objects.filter(
        plan__verdict_id__in=verdicts, replaced_by=None, entered_in_error=False
    ).select_related("ruling", "lidocaine_ruling", "plan")
    for prescription in prescriptions:
        assert prescription.plan is not None, "the query asks for those of a plan"
        for ruling in (prescription.ruling, prescription.lidocaine_ruling):
            if ruling is not None:
                yield verdicts[prescription.plan.verdict_id], asked_again(ruling.asked)


def _asks_of(plan: Plan, verdict: Verdict) -> Iterator[Mapping[str, Any]]:
    procedure = verdict.treatment.procedure
    lengths = plan.settings.get("needle_mm") or {}
    for zone in plan.zones:
        # As the gate asks: where the plan names no length, the rule's own limit.
        length = Decimal(str(lengths.get(zone, "0.5")))
        yield {
            "kind": "interval",
            "procedure": procedure,
            "zone": zone,
            "needle_mm": length,
            "days_since_last": plan.interval_min_days,
        }
        if zone in lengths:
            yield {
                "kind": "depth",
                "zone": zone,
                "indication": verdict.treatment.indication,
                "needle_mm": length,
                "phototype": verdict.ruling.asked.get("phototype"),
            }
