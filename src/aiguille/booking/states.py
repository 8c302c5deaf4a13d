"""Changes of an appointment's state, each allowed from some states only, each with its event."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require_unless_system
from aiguille.audit.operations import Head, record, recording
from aiguille.audit.registry import Action
from aiguille.booking import events, notices
from aiguille.booking.facts import local_day
from aiguille.booking.gate import refuse_unless_open
from aiguille.booking.models import (
    AHEAD_STATES,
    Appointment,
    AppointmentEvent,
    AppointmentState,
    Occupancy,
)
from aiguille.care.queries import get_verdict
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.queries import record_ids
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.deadlocks import once_more
from aiguille.plumbing.models import authored_by
from aiguille.plumbing.statements import Part

State = AppointmentState
_A_DAY = timedelta(days=1)
CHECK_IN_FROM = (State.BOOKED,)
BEGIN_FROM = (State.BOOKED, State.ARRIVED)
# A session ends with its own record; a consultation may be written without anybody's check-in.
FINISH_FROM = {
    ServiceKind.CONSULTATION: (State.BOOKED, State.ARRIVED, State.IN_PROGRESS),
    ServiceKind.CHECK_UP: (State.BOOKED, State.ARRIVED, State.IN_PROGRESS),
    ServiceKind.SESSION: (State.IN_PROGRESS,),
}


class StaleVersion(DomainError):
    """The appointment changed since the page was shown."""

    code = "stale_version"
    default_text = Text(
        fr="Ce rendez-vous a changé entre-temps. Relisez-le avant de continuer.",
        en="This appointment changed in the meantime. Read it again before you go on.",
    )


class StateRefuses(DomainError):
    """The appointment's state does not allow this."""

    code = "state_refuses"
    default_text = Text(
        fr="L’état de ce rendez-vous ne le permet pas.",
        en="The state of this appointment does not allow it.",
    )


class ChangeTooLate(DomainError):
    """The clinic's limit for moving or cancelling online is past."""

    code = "change_too_late"
    default_text = Text(
        fr="Le délai pour modifier ce rendez-vous en ligne est passé. Appelez la clinique.",
        en="It is too late to change this appointment online. Please call the clinic.",
    )


class NotYet(DomainError):
    """The day or the hour has not come."""

    code = "not_yet"
    default_text = Text(
        fr="Le moment n’est pas venu : ce rendez-vous a lieu un autre jour ou plus tard.",
        en="The moment has not come: this appointment is on another day or later.",
    )


@once_more
@transaction.atomic
def check_in(*, appointment_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that the patient arrived, on the appointment's own day.

    Raises:
        NotAllowed, NotVisible, StateRefuses, NotYet.
        VerdictNeeded, PlanNeeded, AnswersForbid: of a session, see `gate.refuse_unless_open`.
    """
    require_unless_system(actor, Right.CHECK_IN)
    row = locked(appointment_id)
    expect_state(row, CHECK_IN_FROM)
    if local_day(at, row.time_zone) != row.local_date:
        raise NotYet
    _ask_the_gate(row)
    _change(row, State.ARRIVED, events.CHECKED_IN, actor=actor, at=at)


@transaction.atomic
def mark_no_show(*, appointment_id: UUID, actor: Actor, at: datetime) -> None:
    """Record, once it should have begun, that the patient did not come; its time becomes free.

    Raises:
        NotAllowed, NotVisible, StateRefuses, NotYet.
    """
    require_unless_system(actor, Right.CHECK_IN)
    row = locked(appointment_id)
    expect_state(row, AHEAD_STATES)
    if at < row.starts_at:
        raise NotYet
    Occupancy.objects.filter(appointment=row).delete()
    _change(row, State.NO_SHOW, events.NOT_ATTENDED, actor=actor, at=at)
    notices.drop(row, at=at)


@transaction.atomic
def begin(*, appointment_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that the appointment begins; the journey that calls this checked who may.

    Raises:
        NotVisible, StateRefuses.
        VerdictNeeded, PlanNeeded, AnswersForbid: as `check_in`.
    """
    row = locked(appointment_id)
    expect_state(row, BEGIN_FROM)
    _ask_the_gate(row)
    _change(row, State.IN_PROGRESS, events.BEGUN, actor=actor, at=at)


@transaction.atomic
def finish(*, appointment_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that the appointment took place; the journey that calls this checked who may.

    Raises:
        NotVisible, StateRefuses.
    """
    row = locked(appointment_id)
    expect_state(row, FINISH_FROM[ServiceKind(row.kind)])
    _change(row, State.DONE, events.FINISHED, actor=actor, at=at)


def wait_for_sessions(*, patient_id: UUID, treatment_id: UUID) -> None:
    """Wait for whoever changes a session of the person right now, and let nobody until the commit.

    Whoever checks a session in or moves it has the session first and then its verdict: so must
    whoever changes the verdict, or both would wait for each other.
    """
    rows = Appointment.objects.filter(
        patient_id__in=record_ids(patient_id),
        treatment_id=treatment_id,
        kind=ServiceKind.SESSION,
        state__in=(*AHEAD_STATES, State.ARRIVED),
    )
    list(rows.select_for_update(of=("self",)).order_by("id").values_list("id"))


@transaction.atomic
def flag_needs_verdict(*, verdict_id: UUID, actor: Actor, at: datetime) -> list[UUID]:
    """Take the sessions that rely on a verdict and have not begun out of the booked ones.

    Return their keys. Patients who wait in the clinic wait on. They keep their time until somebody
    decides; nothing reminds the patient of them meanwhile.
    """
    rows = _locked_sessions(verdict_id=verdict_id, states=(State.BOOKED, State.ARRIVED))
    for row in rows:
        _change(row, State.NEEDS_VERDICT, events.VERDICT_LOST, actor=actor, at=at)
        notices.drop(row, at=at)
    return [row.id for row in rows]


@transaction.atomic
def confirm_under_verdict(*, verdict_id: UUID, actor: Actor, at: datetime) -> list[UUID]:
    """Let sessions that wait for a verdict rely on this one where it opens their day.

    Returns their keys. Those on days that the verdict does not open keep waiting; of those of today
    the hour may have come, while the patient waited for the physician.
    """
    verdict = get_verdict(verdict_id)
    rows = (
        Appointment.objects.select_for_update(of=("self",))
        .filter(
            patient_id__in=record_ids(verdict.patient_id),
            treatment_id=verdict.treatment_id,
            state=State.NEEDS_VERDICT,
            starts_at__gt=at - _A_DAY,
        )
        .order_by("id")
    )
    opened = [
        row
        for row in rows
        if verdict.opens(row.local_date) and local_day(at, row.time_zone) <= row.local_date
    ]
    for row in opened:
        before = snapshot(row)
        row.verdict_id = verdict.id
        if row.patient_id != verdict.patient_id:
            row.patient_id = verdict.patient_id
            taken = Occupancy.objects.filter(appointment=row, patient__isnull=False)
            taken.update(patient_id=verdict.patient_id)
        _change(row, State.BOOKED, events.VERDICT_FOUND, actor=actor, at=at, before=before)
        notices.remind(row, at=at)
    return [row.id for row in opened]


# --- What every change does -----------------------------------------------------------------------


def _ask_the_gate(row: Appointment) -> None:
    if row.kind != ServiceKind.SESSION:
        return
    assert row.treatment_id is not None, "a constraint says so"
    refuse_unless_open(
        patient_id=row.patient_id,
        treatment_id=row.treatment_id,
        plan_id=row.plan_id,
        verdict_id=row.verdict_id,
        day=row.local_date,
    )


def locked(appointment_id: UUID, *, version: int | None = None) -> Appointment:
    """Return the appointment, locked; `version` is the one that the page showed.

    Raises:
        NotVisible: there is none.
        StaleVersion: it is another version by now.
    """
    row = Appointment.objects.select_for_update(of=("self",)).filter(id=appointment_id).first()
    if row is None:
        raise NotVisible
    expect_version(row, version)
    return row


def expect_version(row: Appointment, version: int | None) -> None:
    """Let an appointment pass that is at the version that the page showed, if it showed one.

    Raises:
        StaleVersion: it is another version by now.
    """
    if version is not None and row.version != version:
        raise StaleVersion


def expect_state(row: Appointment, allowed: Collection[AppointmentState]) -> None:
    """Let an appointment in one of the states pass.

    Raises:
        StateRefuses: it is in another one.
    """
    if row.state not in allowed:
        raise StateRefuses


def snapshot(row: Appointment) -> dict[str, Any]:
    """Return what the appointment's history keeps of it."""
    return {
        "state": row.state,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "site": str(row.site_id),
        "practitioner": str(row.practitioner_id) if row.practitioner_id else None,
        "verdict": str(row.verdict_id) if row.verdict_id else None,
        "plan": str(row.plan_id) if row.plan_id else None,
    }


def note(
    row: Appointment,
    action: Action,
    *,
    before: dict[str, Any] | None,
    actor: Actor,
    at: datetime,
) -> None:
    """Write the appointment's event and the audit's, in the transaction of the change."""
    AppointmentEvent.objects.create(
        appointment=row,
        kind=kind_of(action),
        before=before,
        after=snapshot(row),
        **authored_by(actor, at=at),
    )
    record(actor=actor, at=at, **_told(row, action))


def kind_of(action: Action) -> str:
    """Return what an appointment's history calls an action of the audit."""
    return action.code.rpartition(":")[2]


def recording_of(
    row: Appointment, action: Action, *, actor: Actor, at: datetime, after: Head
) -> Sequence[Part]:
    """Return what writes the audit's event of a change, as parts of the statement that makes it."""
    return recording(actor=actor, at=at, after=after, **_told(row, action))


def _told(row: Appointment, action: Action) -> dict[str, Any]:
    return {
        "action": action,
        "subject_kind": "appointment",
        "subject_id": row.id,
        "patient_id": row.patient_id,
        "site_id": row.site_id,
        "details": {"state": row.state, "version": row.version},
    }


def _change(
    row: Appointment,
    state: AppointmentState,
    action: Action,
    *,
    actor: Actor,
    at: datetime,
    before: dict[str, Any] | None = None,
) -> None:
    before = before or snapshot(row)
    row.state = state
    row.version += 1
    row.changed_at = at
    row.save()
    note(row, action, before=before, actor=actor, at=at)


def _locked_sessions(
    *, verdict_id: UUID, states: Collection[AppointmentState]
) -> list[Appointment]:
    return list(
        Appointment.objects.select_for_update(of=("self",))
        .filter(verdict_id=verdict_id, state__in=states)
        .order_by("id")
    )
