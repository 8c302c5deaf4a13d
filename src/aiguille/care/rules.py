"""What makes a verdict, a plan or a prescription acceptable: plain Python over facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiguille.care.validity import validity
from aiguille.kernel.codes import Answer, CreamCondition, VerdictOutcome
from aiguille.kernel.decisions import Decision
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

OPENING_OUTCOMES = frozenset(
    {VerdictOutcome.ELIGIBLE, VerdictOutcome.ELIGIBLE_IF, VerdictOutcome.NOT_BEFORE}
)

OVERRIDABLE = frozenset({Decision.DELAY, Decision.REVIEW})

# Which answers of the questionnaire are conditions of the numbing cream (rule book, `cream`).
CREAM_CONDITIONS: Mapping[str, tuple[CreamCondition, ...]] = {
    "S30": (CreamCondition.AMIDE_ALLERGY,),
    "S32": (CreamCondition.G6PD_DEFICIENCY, CreamCondition.METHAEMOGLOBINAEMIA),
    "S33": (CreamCondition.PORPHYRIA,),
    "S34": (CreamCondition.CLASS_III_ANTIARRHYTHMIC,),
}


class RefusedByRuleBook(DomainError):
    """The rule book forbids it, whoever asks."""

    code = "refused_by_rule_book"


class ReasonMissing(DomainError):
    """A finding that a physician may override, or a verdict, has no written reason."""

    code = "reason_missing"
    default_text = Text(fr="Écrivez le motif.", en="Write the reason.")


class PeriodRefused(DomainError):
    """The dates of a verdict do not make a period that is allowed."""

    code = "period_refused"


@dataclass(frozen=True, slots=True)
class Override:
    """A physician's reason for going on in spite of a finding."""

    rule: str
    reason: str


def stored_overrides(
    *,
    overrides: Sequence[Override],
    findings: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, str]]:
    """Return the overrides that answer a finding, each with the decision and answer it settles."""
    given = {override.rule: override.reason.strip() for override in overrides}
    return [
        {
            "rule": finding["rule"],
            "reason": given[finding["rule"]],
            "decision": finding["decision"],
            "answer": answer_to(finding["rule"], answers),
        }
        for finding in findings
        if finding["decision"] in OVERRIDABLE and given.get(finding["rule"])
    ]


def settled_rules(
    *,
    overrides: Sequence[Mapping[str, str]],
    findings: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Mapping[str, Any]],
) -> frozenset[str]:
    """Return the rules whose finding, as it is now, a physician settled with a reason.

    Who goes on although nobody knows has not gone on although the answer is yes: another answer
    or another decision is settled again.
    """
    settled = {
        (override["rule"], override["decision"], override["answer"]) for override in overrides
    }
    return frozenset(
        finding["rule"]
        for finding in findings
        if finding["decision"] in OVERRIDABLE
        and (finding["rule"], finding["decision"], answer_to(finding["rule"], answers)) in settled
    )


def answer_to(rule: str, answers: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the answer to a question, unknown where it was not asked."""
    return str(answers.get(rule, {}).get("answer", Answer.UNKNOWN.value))


def check_period(*, valid_from: date, valid_until: date, today: date) -> None:
    """Accept a verdict's first and last day (both included), or refuse.

    Raises:
        PeriodRefused: it begins in the past, ends before it begins, or lasts longer than allowed.
    """
    if valid_from < today:
        raise PeriodRefused(
            Text(fr="La date de début est passée.", en="The first day is in the past."),
            field="valid_from",
        )
    if valid_until < valid_from:
        raise PeriodRefused(
            Text(
                fr="La date de fin précède la date de début.",
                en="The last day is before the first.",
            ),
            field="valid_until",
        )
    longest = validity()
    if valid_until > longest.latest_day(valid_from):
        raise PeriodRefused(
            Text(
                fr=f"Un avis médical vaut {longest.longest_months} mois au plus.",
                en=f"A verdict holds for {longest.longest_months} months at most.",
            ),
            field="valid_until",
        )


def check_verdict(
    *,
    outcome: VerdictOutcome,
    reason: str,
    conditions: str,
    findings: Sequence[Mapping[str, Any]],
    overrides: Sequence[Override],
) -> None:
    """Accept a verdict against the rule book's findings on its first day, or refuse.

    A BLOCK cannot be overridden; each DELAY and REVIEW needs the physician's reason.

    Raises:
        RefusedByRuleBook: the outcome opens sessions although a finding blocks.
        ReasonMissing: the verdict, its conditions or a finding lacks its reason.
    """
    if not reason.strip():
        raise ReasonMissing(field="reason")
    if outcome is VerdictOutcome.ELIGIBLE_IF and not conditions.strip():
        raise ReasonMissing(
            Text(fr="Écrivez les conditions.", en="Write the conditions."), field="conditions"
        )
    if outcome not in OPENING_OUTCOMES:
        return
    blocking = [f for f in findings if f["decision"] == Decision.BLOCK]
    if blocking:
        first = blocking[0]
        raise RefusedByRuleBook(
            Text(
                fr=f"{first['rule']} interdit l’acte : {first['message']['fr']}",
                en=f"{first['rule']} forbids the act: {first['message']['en']}",
            ),
            field="outcome",
        )
    given = {override.rule: override.reason.strip() for override in overrides}
    for finding in findings:
        if finding["decision"] in OVERRIDABLE and not given.get(finding["rule"]):
            raise ReasonMissing(
                Text(
                    fr=f"Motivez votre décision malgré {finding['rule']}.",
                    en=f"Give your reason for going on in spite of {finding['rule']}.",
                ),
                field=f"override_{finding['rule']}",
            )


def unasked_for_cream(answers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the questions about the cream that nobody answered with yes or no."""
    return [
        question for question in CREAM_CONDITIONS if answer_to(question, answers) == Answer.UNKNOWN
    ]


def cream_conditions(answers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the cream's conditions that the answers affirm; an unknown answer counts as yes.

    What was never asked is no answer here: `unasked_for_cream` stops a prescription before.
    """
    return sorted(
        condition.value
        for question, conditions in CREAM_CONDITIONS.items()
        if answers.get(question, {}).get("answer") in ("yes", "unknown")
        for condition in conditions
    )
