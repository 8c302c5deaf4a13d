"""What a patient is asked to read before the sessions under a verdict, and whether they did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from aiguille.care.information import information_text
from aiguille.care.models import InformationRead, Prescription, Verdict
from aiguille.care.queries import BirthDateMissing, PlanView, VerdictView, screening
from aiguille.catalogue.queries import procedure_of, rules_in_force
from aiguille.kernel.codes import Procedure
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Information:
    """One thing to read; `read_at` is None until the patient said that they read this very text."""

    rule: str
    title: Text
    text: Text
    digest: str
    read_at: datetime | None

    @property
    def is_read(self) -> bool:
        """Tell whether the patient acknowledged it."""
        return self.read_at is not None


def information_of(*, verdict: VerdictView, plan: PlanView, day: date) -> tuple[Information, ...]:
    """Return what the patient reads before a session of the plan on a local date, in rule order.

    It is what the verdict's own ruling asks to tell, what the answers of today ask for an act on
    that day, and what the prescription of the plan asks (eight queries at most).
    """
    procedure, rules = procedure_of(plan.treatment_id), rules_in_force()
    wanted = sorted(
        {
            *_told_by(_answer_of(verdict)),
            *_told_by(_answer_on(day, plan, procedure)),
            *_told_by(_answer_about_cream(plan)),
        }
    )
    read = _read_under(verdict) if wanted else {}
    found = []
    for rule in wanted:
        text = information_text(rule, procedure, rules)
        found.append(
            Information(
                rule=rule,
                title=text.title,
                text=text.text,
                digest=text.digest,
                read_at=read.get((rule, text.digest)),
            )
        )
    return tuple(found)


def _told_by(answer: Mapping[str, Any] | None) -> Iterable[str]:
    return (
        finding["rule"]
        for finding in (answer or {}).get("findings", ())
        if finding["decision"] == Decision.INFORM
    )


def _answer_of(verdict: VerdictView) -> Mapping[str, Any] | None:
    answers = Verdict.objects.filter(id=verdict.id).values_list("ruling__answer", flat=True)
    return answers.first()


def _answer_on(day: date, plan: PlanView, procedure: Procedure) -> Mapping[str, Any] | None:
    try:
        screened = screening(
            patient_id=plan.patient_id,
            procedure=procedure,
            act_date=day,
            zones=plan.zones,
            actives=tuple(plan.settings.get("actives", ())),
        )
    except BirthDateMissing:
        return None
    return screened.answer


def _answer_about_cream(plan: PlanView) -> Mapping[str, Any] | None:
    prescribed = Prescription.objects.filter(
        plan_id=plan.id, ruling__isnull=False, replaced_by=None, entered_in_error=False
    ).order_by("-signed_at", "-id")
    return prescribed.values_list("ruling__answer", flat=True).first()


def _read_under(verdict: VerdictView) -> dict[tuple[str, str], datetime]:
    rows = InformationRead.objects.filter(verdict_id=verdict.id)
    return {
        (rule, digest): at
        for rule, digest, at in rows.values_list("rule", "text_digest", "recorded_at")
    }
