"""From a signed value of a rule to the verdicts that it shakes: told, listed, never changed silently.

Nothing here suspends a verdict: the gate asks the rules in force anew at each step, and a physician
decides what becomes of a verdict that would be given otherwise now.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from aiguille.booking.queries import next_sessions_under
from aiguille.care.reckoning import Shaken, shaken_verdicts
from aiguille.catalogue import rule_changes
from aiguille.catalogue.queries import TreatmentView, treatments_by_id
from aiguille.catalogue.rule_values import RulesInForce, rules_in_force, rules_with
from aiguille.consent.operations import publish_texts
from aiguille.consent.queries import has_texts
from aiguille.kernel.actor import SYSTEM, Actor
from aiguille.kernel.codes import StaffRole
from aiguille.kernel.text import Text
from aiguille.patients.queries import get_identities
from aiguille.worklist.operations import open_task

TASK = "rule_changed"
_TITLE = Text(
    fr="Une règle a changé : relire cet avis médical",
    en="A rule changed: read this verdict again",
)
_DUE_AFTER = timedelta(days=1)
_URGENT_BEFORE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class ChangedRule:
    """A signed value, and how many verdicts it shook; none yet where it is planned."""

    change_id: UUID
    verdicts: int


@dataclass(frozen=True, slots=True)
class Affected:
    """A verdict in force that a value would answer otherwise, told by its record's number."""

    number: int
    treatment: TreatmentView
    what: Shaken


def change_rule(
    *,
    setting: str,
    value: Decimal,
    seen: Decimal,
    reason: str,
    effective_on: date,
    actor: Actor,
    at: datetime,
) -> ChangedRule:
    """Sign a value; where it applies at once, each verdict that it shakes opens a task.

    Raises:
        What `catalogue.rule_changes.change_rule_value` raises.
    """
    with transaction.atomic(durable=True):
        before = rules_in_force()
        change_id = rule_changes.change_rule_value(
            setting=setting,
            value=value,
            seen=seen,
            reason=reason,
            effective_on=effective_on,
            actor=actor,
            at=at,
        )
        verdicts = _tell(before, rules_in_force(), actor=actor, at=at)
        _say_in_texts(before, rules_in_force(), at=at)
    return ChangedRule(change_id=change_id, verdicts=verdicts)


def bring_into_force(*, at: datetime) -> int:
    """Let the planned values whose day has come apply, with the same tasks; return how many do."""
    with transaction.atomic(durable=True):
        before = rules_in_force()
        brought = rule_changes.bring_into_force(at=at)
        _tell(before, rules_in_force(), actor=SYSTEM, at=at)
        _say_in_texts(before, rules_in_force(), at=at)
    return len(brought)


def affected_by(*, setting: str, value: Decimal, on: date) -> list[Affected]:
    """Return the verdicts in force that another value of a setting would answer otherwise.

    One line for each verdict and kind of question, the most severe first; nothing where a clinic
    may not give that value (seven queries).
    """
    before = rules_in_force()
    after = rules_with({**before.values, setting: value}, number=0)
    if setting in after.left_out:
        return []
    found = shaken_verdicts(before=before, after=after, on=on)
    patients = get_identities({line.patient_id for line in found})
    treatments = treatments_by_id()
    return [
        Affected(
            number=patients[line.patient_id].number,
            treatment=treatments[line.treatment_id],
            what=line,
        )
        for line in found
    ]


def _say_in_texts(before: RulesInForce, after: RulesInForce, *, at: datetime) -> None:
    """Publish anew the consent texts that name a value which changed.

    A clinic that has published none, publishes none here.
    """
    if before.version != after.version and has_texts():
        publish_texts(actor=SYSTEM, at=at)


def _tell(before: RulesInForce, after: RulesInForce, *, actor: Actor, at: datetime) -> int:
    """Open a task for each verdict that the change shakes; return how many there are."""
    if before.version == after.version:
        return 0
    found = shaken_verdicts(before=before, after=after, on=rule_changes.clinic_day(at))
    shaken = {line.verdict_id: line for line in found}
    soonest = next_sessions_under(shaken, at=at)
    for line in shaken.values():
        starts_at = soonest.get(line.verdict_id)
        open_task(
            kind=TASK,
            title=_TITLE,
            subject_kind="verdict",
            subject_id=line.verdict_id,
            patient_id=line.patient_id,
            role=StaffRole.PHYSICIAN,
            due_at=at + _DUE_AFTER,
            is_urgent=starts_at is not None and starts_at < at + _URGENT_BEFORE,
            actor=actor,
            at=at,
        )
    return len(shaken)
