"""Before a session the starred questions are asked again: in the patient's space, and on the day.

The answers are a new version; what they change suspends verdicts as any answers do. A session
begins only when the questions were asked on its own day (`treatment_sessions.asked_again`).
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right
from aiguille.booking.access import get_appointment_for
from aiguille.booking.queries import AppointmentView
from aiguille.booking.states import NotYet, StateRefuses
from aiguille.journeys.record_answers import RecordedAnswers, judge_again
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ServiceKind
from aiguille.patients.operations import answer_again, submit_again
from aiguille.patients.queries import Answers, latest_answers, surviving_id
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.deadlocks import once_more
from aiguille.treatment_sessions.asked_again import note_asked_again

ASKED_DAYS_BEFORE = 3
"""How many days before a session its questions are asked again (DEF, to confirm)."""
_OPEN_STATES = frozenset({"BOOKED", "ARRIVED", "NEEDS_VERDICT"})


@once_more
def hand_in_again(*, appointment_id: UUID, actor: Actor, at: datetime) -> RecordedAnswers:
    """Hand in what a patient typed again before a session, and judge the verdicts again.

    Raises:
        NothingToSubmit, AnswersIncomplete, NotVisible.
        NotYet: the session is too far ahead.
        StateRefuses: it does not take place any more, or has begun.
    """
    appointment = askable(appointment_id=appointment_id, actor=actor, at=at)
    patient_id = surviving_id(appointment.patient_id)
    with transaction.atomic(durable=True):
        before = latest_answers(patient_id, appointment.procedure)
        answer_set_id = submit_again(
            patient_id=patient_id,
            procedure=appointment.procedure,
            asked_for=appointment.id,
            on_the_day=is_on_its_day(appointment, at=at),
            actor=actor,
            at=at,
        )
        return _judged(appointment, answer_set_id, before=before, actor=actor, at=at)


@once_more
def ask_on_the_day(
    *,
    appointment_id: UUID,
    answers: Mapping[str, Mapping[str, Any]],
    seen_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> RecordedAnswers:
    """Record what a patient answers at the clinic on a session's day, and judge the verdicts again.

    Raises:
        AnswersChanged, AnswersIncomplete, AnswerUnsound: see `patients.operations.answer_again`.
        NotVisible: no such session, or the actor receives no patients.
        NotYet: the session is on another day.
        StateRefuses: it does not take place any more, or has begun.
    """
    appointment = askable(appointment_id=appointment_id, actor=actor, at=at)
    if not is_on_its_day(appointment, at=at):
        raise NotYet
    patient_id = surviving_id(appointment.patient_id)
    with transaction.atomic(durable=True):
        before = latest_answers(patient_id, appointment.procedure)
        answer_set_id = answer_again(
            patient_id=patient_id,
            procedure=appointment.procedure,
            answers=answers,
            seen_id=seen_id,
            actor=actor,
            at=at,
        )
        return _judged(appointment, answer_set_id, before=before, actor=actor, at=at)


def _judged(
    appointment: AppointmentView,
    answer_set_id: UUID,
    *,
    before: Answers | None,
    actor: Actor,
    at: datetime,
) -> RecordedAnswers:
    note_asked_again(appointment_id=appointment.id, answer_set_id=answer_set_id, actor=actor, at=at)
    suspended = judge_again(
        patient_id=surviving_id(appointment.patient_id),
        procedure=appointment.procedure,
        before=before,
        actor=actor,
        at=at,
    )
    return RecordedAnswers(answer_set_id=answer_set_id, suspended=suspended)


def askable(*, appointment_id: UUID, actor: Actor, at: datetime) -> AppointmentView:
    """Return a session whose questions may be asked again now.

    Raises:
        NotVisible: no such session, somebody else's, or the actor receives no patients.
        NotYet: it is too far ahead.
        StateRefuses: it does not take place any more, or has begun.
    """
    appointment = get_appointment_for(
        actor=actor, appointment_id=appointment_id, at=at, right=Right.ASK_AGAIN
    )
    if appointment.kind is not ServiceKind.SESSION:
        raise NotVisible
    if appointment.state not in _OPEN_STATES or appointment.local_date < _today(appointment, at):
        raise StateRefuses
    if not is_near(appointment, at=at):
        raise NotYet
    return appointment


def is_near(appointment: AppointmentView, *, at: datetime) -> bool:
    """Tell whether the time to ask again before a session has come."""
    return _today(appointment, at) + timedelta(days=ASKED_DAYS_BEFORE) >= appointment.local_date


def is_on_its_day(appointment: AppointmentView, *, at: datetime) -> bool:
    """Tell whether it is the appointment's own day, by the clock of its site."""
    return _today(appointment, at) == appointment.local_date


def _today(appointment: AppointmentView, at: datetime) -> date:
    return at.astimezone(appointment.local.tzinfo).date()
