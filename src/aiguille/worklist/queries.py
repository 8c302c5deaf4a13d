"""Reading the worklist."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text
from aiguille.worklist.models import Task, TaskState


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as its page shows it."""

    id: UUID
    kind: str
    title: Text
    patient_id: UUID | None
    patient_number: int | None
    patient_name: str
    site_id: UUID | None
    subject_kind: str
    subject_id: UUID
    role: str
    owner_id: UUID | None
    owner_name: str
    is_urgent: bool
    state: str
    due_at: datetime
    created_at: datetime

    def is_late(self, at: datetime) -> bool:
        """Tell whether the deadline has passed at the instant `at`."""
        return self.due_at < at


def list_open(
    *, actor: Actor, at: datetime, everybody: bool = False, limit: int = 100
) -> list[TaskView]:
    """Return the open tasks that the actor is to look at, most pressing first (one query).

    Those are the tasks that they own, those of their roles that nobody owns, and those of their
    roles that are late, whoever owns them: nobody else's absence hides a task. With `everybody`,
    all tasks of their roles. Urgent ones come first, then by deadline.
    """
    rows = _open_for(actor, at=at, everybody=everybody).select_related("patient", "owner")
    return [_view(row) for row in rows.order_by("-is_urgent", "due_at", "id")[:limit]]


def count_open(*, actor: Actor, at: datetime, everybody: bool = False) -> int:
    """Return how many tasks `list_open` would give without its limit (one query)."""
    return _open_for(actor, at=at, everybody=everybody).count()


def find_task(task_id: UUID) -> TaskView | None:
    """Return a task, or None."""
    row = Task.objects.select_related("patient", "owner").filter(id=task_id).first()
    return None if row is None else _view(row)


def _open_for(actor: Actor, *, at: datetime, everybody: bool) -> QuerySet[Task]:
    of_roles = Q(role__in=[role.value for role in actor.roles])
    mine = Q(owner_id=actor.id)
    wanted = mine | of_roles if everybody else mine | of_roles & (Q(owner=None) | Q(due_at__lt=at))
    return Task.objects.exclude(state=TaskState.DONE).filter(wanted)


def _view(row: Task) -> TaskView:
    return TaskView(
        id=row.id,
        kind=row.kind,
        title=row.title,
        patient_id=row.patient_id,
        patient_number=row.patient.number if row.patient else None,
        patient_name=row.patient.full_name if row.patient else "",
        site_id=row.site_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        role=row.role,
        owner_id=row.owner_id,
        owner_name=row.owner.display_name if row.owner else "",
        is_urgent=row.is_urgent,
        state=row.state,
        due_at=row.due_at,
        created_at=row.created_at,
    )
