"""From answers handed in to what they change: verdicts are judged again before anything else.

A verdict that relied on other answers is suspended when the new ones lead to a review, a delay or
a refusal that the earlier ones did not lead to. Its sessions keep their time and wait, and a
physician is asked to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.booking.states import flag_needs_verdict, wait_for_sessions
from aiguille.care.operations import suspend_verdict
from aiguille.care.queries import (
    VerdictView,
    get_consultation,
    latest_plan,
    list_verdicts,
    screening,
    signer_of_verdict,
)
from aiguille.care.rules import answer_to
from aiguille.catalogue.queries import get_treatment
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure, StaffRole
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.patients.operations import submit_answers
from aiguille.patients.queries import Answers, changed_answers, latest_answers, record_ids
from aiguille.plumbing.deadlocks import once_more
from aiguille.worklist.operations import open_task

ANSWERS_CHANGED = "answers_changed"
TITLE = Text(
    fr="Réponses modifiées : avis médical suspendu, à revoir",
    en="Answers changed: verdict suspended, to be looked at again",
)
DUE_AFTER = timedelta(days=1)
URGENT_BEFORE = timedelta(days=3)
_OF_TODAY = frozenset({"BOOKED", "ARRIVED", "NEEDS_VERDICT"})


@dataclass(frozen=True, slots=True)
class RecordedAnswers:
    """The answers that were handed in, and the verdicts that they suspended."""

    answer_set_id: UUID
    suspended: tuple[UUID, ...]


@once_more
def record_answers(
    *, patient_id: UUID, procedure: Procedure, actor: Actor, at: datetime
) -> RecordedAnswers:
    """Hand in a patient's draft and judge the verdicts on this procedure again.

    Raises:
        NothingToSubmit, AnswersIncomplete, NotVisible, NotAllowed.
    """
    with transaction.atomic(durable=True):
        before = latest_answers(patient_id, procedure)
        answer_set_id = submit_answers(
            patient_id=patient_id, procedure=procedure, actor=actor, at=at
        )
        suspended = judge_again(
            patient_id=patient_id, procedure=procedure, before=before, actor=actor, at=at
        )
    return RecordedAnswers(answer_set_id=answer_set_id, suspended=suspended)


def judge_again(
    *,
    patient_id: UUID,
    procedure: Procedure,
    before: Answers | None,
    actor: Actor,
    at: datetime,
) -> tuple[UUID, ...]:
    """Judge the verdicts on a procedure by the latest answers; return those that it suspended.

    `before` are the answers that they relied on. Runs in the transaction of the new ones.
    """
    after = latest_answers(patient_id, procedure)
    if after is None or (before and not changed_answers(before.answers, after.answers)):
        return ()
    # The patient of the day may be here already, or late.
    ahead = [
        a
        for a in appointments_of_patient(patient_id)
        if a.starts_at > at or (a.state in _OF_TODAY and a.local_date >= at.date())
    ]
    return tuple(
        verdict.id
        for record_id in record_ids(patient_id)
        for verdict in list_verdicts(patient_id=record_id)
        if verdict.is_active
        and get_treatment(verdict.treatment_id).procedure == procedure
        and _is_shaken(verdict, procedure, patient_id=patient_id, before=before, ahead=ahead, at=at)
        and _suspend(verdict, ahead=ahead, actor=actor, at=at)
    )


def _is_shaken(
    verdict: VerdictView,
    procedure: Procedure,
    *,
    patient_id: UUID,
    before: Answers | None,
    ahead: list[AppointmentView],
    at: datetime,
) -> bool:
    """Tell whether the new answers lead to something grave that the earlier ones did not."""
    plan = latest_plan(patient_id=verdict.patient_id, treatment_id=verdict.treatment_id)
    now = screening(
        patient_id=patient_id,
        procedure=procedure,
        act_date=_next_act(verdict, ahead, at=at),
        zones=get_consultation(verdict.consultation_id).content["zones"],
        actives=plan.settings.get("actives", ()) if plan else (),
    )
    then = dict(before.answers) if before else {}
    earlier = now.rules.decide({**now.asked, "answers": then})
    return bool(_grave(now.answer, now.answers) - _grave(earlier, then))


def _grave(
    ruling: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]
) -> set[tuple[str, str, str]]:
    """Return the findings that stop a session, each with the answer that leads to it."""
    return {
        (finding["rule"], finding["decision"], answer_to(finding["rule"], answers))
        for finding in ruling["findings"]
        if Decision(finding["decision"]).severity >= Decision.REVIEW.severity
    }


def _next_act(verdict: VerdictView, ahead: list[AppointmentView], *, at: datetime) -> date:
    days = [a.local_date for a in ahead if a.verdict_id == verdict.id]
    return min(days, default=at.date())


def _suspend(
    verdict: VerdictView, *, ahead: list[AppointmentView], actor: Actor, at: datetime
) -> bool:
    wait_for_sessions(patient_id=verdict.patient_id, treatment_id=verdict.treatment_id)
    if not suspend_verdict(
        verdict_id=verdict.id, reason=TITLE.in_language("fr"), actor=actor, at=at
    ):
        return False
    flag_needs_verdict(verdict_id=verdict.id, actor=actor, at=at)
    sessions = [a for a in ahead if a.verdict_id == verdict.id]
    soonest = min((a.starts_at for a in sessions), default=None)
    is_urgent = soonest is not None and soonest < at + URGENT_BEFORE
    open_task(
        kind=ANSWERS_CHANGED,
        title=TITLE,
        subject_kind="verdict",
        subject_id=verdict.id,
        patient_id=verdict.patient_id,
        site_id=sessions[0].site_id if sessions else None,
        role=StaffRole.PHYSICIAN,
        # Whoever judged looks again; what presses is for every physician.
        owner_id=None if is_urgent else signer_of_verdict(verdict.id),
        due_at=at + DUE_AFTER,
        is_urgent=is_urgent,
        actor=actor,
        at=at,
    )
    return True
