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


def list_open(*, actor: Actor, limit: int = 100) -> list[TaskView]:
    """Return the open tasks of the actor's roles and those they own, most pressing first.

    One query. Urgent ones come first, then by deadline.
    """
    rows = _open_for(actor).select_related("patient", "owner")
    return [_view(row) for row in rows.order_by("-is_urgent", "due_at", "id")[:limit]]


def count_open(*, actor: Actor) -> int:
    """Return how many tasks `list_open` would give without its limit (one query)."""
    return _open_for(actor).count()


def get_task(task_id: UUID) -> TaskView:
    """Return a task.

    Raises:
        Task.DoesNotExist: there is none.
    """
    return _view(Task.objects.select_related("patient", "owner").get(id=task_id))


def _open_for(actor: Actor) -> QuerySet[Task]:
    return Task.objects.exclude(state=TaskState.DONE).filter(
        Q(owner_id=actor.id) | Q(role__in=[role.value for role in actor.roles], owner_id=None)
    )


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
