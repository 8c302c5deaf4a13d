"""Suspending or revoking a verdict: its sessions keep their time, wait, and somebody is asked."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.booking.queries import appointments_of_patient
from aiguille.booking.states import flag_needs_verdict, wait_for_sessions
from aiguille.care import operations as care
from aiguille.care.queries import get_verdict
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import StaffRole
from aiguille.kernel.text import Text
from aiguille.plumbing.deadlocks import once_more
from aiguille.worklist.operations import open_task

SESSIONS_WAIT = "sessions_wait_for_verdict"
_TITLE = Text(
    fr="Des séances réservées attendent un avis médical",
    en="Booked sessions wait for a verdict",
)
_DUE_AFTER = timedelta(days=1)
_URGENT_BEFORE = timedelta(days=3)


@once_more
def end_verdict(
    *,
    verdict_id: UUID,
    how: Literal["suspend", "revoke"],
    reason: str,
    version: int,
    actor: Actor,
    at: datetime,
) -> None:
    """Suspend or revoke a verdict; `version` is the one that the page showed.

    Raises:
        NotAllowed: the actor is not a physician at work.
        ReasonMissing: there is no reason.
        StaleVersion: the verdict changed since.
    """
    with transaction.atomic(durable=True):
        require(actor, Right.GIVE_VERDICT)
        verdict = get_verdict(verdict_id)
        wait_for_sessions(patient_id=verdict.patient_id, treatment_id=verdict.treatment_id)
        if verdict.status_version != version:
            raise care.StaleVersion
        change = care.suspend_verdict if how == "suspend" else care.revoke_verdict
        if not change(verdict_id=verdict_id, reason=reason, actor=actor, at=at):
            raise care.StaleVersion
        flag_needs_verdict(verdict_id=verdict_id, actor=actor, at=at)
        ask_for_verdict(
            patient_id=verdict.patient_id,
            treatment_id=verdict.treatment_id,
            verdict_id=verdict_id,
            actor=actor,
            at=at,
        )


def ask_for_verdict(
    *, patient_id: UUID, treatment_id: UUID, verdict_id: UUID, actor: Actor, at: datetime
) -> None:
    """Ask a physician to decide, where sessions ahead wait for a verdict."""
    waiting = [
        appointment
        for appointment in appointments_of_patient(patient_id)
        if appointment.state == "NEEDS_VERDICT"
        and appointment.treatment_id == treatment_id
        and appointment.starts_at > at
    ]
    if not waiting:
        return
    soonest = min(waiting, key=lambda appointment: appointment.starts_at)
    open_task(
        kind=SESSIONS_WAIT,
        title=_TITLE,
        subject_kind="verdict",
        subject_id=verdict_id,
        patient_id=patient_id,
        site_id=soonest.site_id,
        role=StaffRole.PHYSICIAN,
        due_at=at + _DUE_AFTER,
        is_urgent=soonest.starts_at < at + _URGENT_BEFORE,
        actor=actor,
        at=at,
    )
