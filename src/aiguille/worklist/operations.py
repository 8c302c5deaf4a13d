"""Opening, taking and finishing tasks."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import StaffRole
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.worklist import events
from aiguille.worklist.access import get_task_for
from aiguille.worklist.models import Task, TaskState

LONGEST_OUTCOME = 1000
# Such a task ends with its subject, by that subject's own operation, and never by a tap on the list.
ENDS_WITH_SUBJECT = frozenset({"symptom_report"})


class EndsWithSubject(DomainError):
    """The task ends when its subject is dealt with, not before."""

    code = "ends_with_subject"
    default_text = Text(
        fr="Cette tâche se termine quand un médecin répond et clôt le signalement.",
        en="This task ends when a physician answers and closes the report.",
    )


class OutcomeTooLong(DomainError):
    """What came of a task is said at too great length."""

    code = "outcome_too_long"
    default_text = Text(
        fr="Écrivez 1 000 caractères au plus.", en="Write 1,000 characters at most."
    )


class TaskGone(DomainError):
    """Somebody else took or finished the task first."""

    code = "task_gone"
    default_text = Text(
        fr="Quelqu’un s’en occupe déjà.", en="Somebody is already taking care of it."
    )


@transaction.atomic
def open_task(
    *,
    kind: str,
    title: Text,
    subject_kind: str,
    subject_id: UUID,
    role: StaffRole,
    due_at: datetime,
    actor: Actor,
    at: datetime,
    patient_id: UUID | None = None,
    site_id: UUID | None = None,
    owner_id: UUID | None = None,
    is_urgent: bool = False,
) -> UUID:
    """Open a task, or return the open one of the same kind about the same subject."""
    task = Task(
        kind=kind,
        title=title,
        patient_id=patient_id,
        site_id=site_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        role=role.value,
        owner_id=owner_id,
        is_urgent=is_urgent,
        due_at=due_at,
        created_at=at,
    )
    # The partial unique index decides who was first; the other one finds its row.
    Task.objects.bulk_create([task], ignore_conflicts=True)
    stored_id: UUID = (
        Task.objects.exclude(state=TaskState.DONE)
        .values_list("id", flat=True)
        .get(kind=kind, subject_id=subject_id)
    )
    if stored_id == task.id:
        _record(events.TASK_OPENED, task, actor=actor, at=at)
    return stored_id


@transaction.atomic
def take_task(*, task_id: UUID, actor: Actor, at: datetime) -> None:
    """Take an open task for oneself.

    Raises:
        NotAllowed: the actor has no worklist.
        NotVisible: it is for other roles.
        TaskGone: it is not open any more.
    """
    get_task_for(actor=actor, task_id=task_id)
    taken = Task.objects.filter(id=task_id, state=TaskState.OPEN).update(
        state=TaskState.TAKEN, owner_id=actor.id, taken_at=at
    )
    if not taken:
        raise TaskGone
    _record(events.TASK_TAKEN, Task.objects.get(id=task_id), actor=actor, at=at)


@transaction.atomic
def finish_task(*, task_id: UUID, actor: Actor, at: datetime, outcome: str = "") -> None:
    """Finish a task, saying what came of it.

    Raises:
        NotAllowed: the actor has no worklist.
        NotVisible: it is for other roles.
        EndsWithSubject: something else ends it.
        OutcomeTooLong, TaskGone.
    """
    task = get_task_for(actor=actor, task_id=task_id)
    if task.kind in ENDS_WITH_SUBJECT:
        raise EndsWithSubject
    if len(outcome) > LONGEST_OUTCOME:
        raise OutcomeTooLong(field="outcome")
    _finish(task_id, actor=actor, at=at, outcome=outcome.strip())


@transaction.atomic
def finish_tasks_about(*, kind: str, subject_id: UUID, actor: Actor, at: datetime) -> None:
    """Finish the open task of a kind about a subject, where there is one.

    Called by what deals with the subject, which has asked for its own right.
    """
    for task_id in (
        Task.objects.filter(kind=kind, subject_id=subject_id)
        .exclude(state=TaskState.DONE)
        .values_list("id", flat=True)
    ):
        _finish(task_id, actor=actor, at=at, outcome="")


def _finish(task_id: UUID, *, actor: Actor, at: datetime, outcome: str) -> None:
    done = (
        Task.objects.filter(id=task_id)
        .exclude(state=TaskState.DONE)
        .update(state=TaskState.DONE, done_at=at, outcome=outcome)
    )
    if not done:
        raise TaskGone
    _record(events.TASK_DONE, Task.objects.get(id=task_id), actor=actor, at=at)


def _record(action: Action, task: Task, *, actor: Actor, at: datetime) -> None:
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="task",
        subject_id=task.id,
        patient_id=task.patient_id,
        site_id=task.site_id,
        details={"kind": task.kind},
    )
