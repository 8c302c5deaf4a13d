"""Tasks for people: what, about whom, for whom, until when."""

from django.db import models
from django.db.models import Q

from aiguille.plumbing.models import LocalizedField, Row


class TaskState(models.TextChoices):
    """Where a task stands."""

    OPEN = "OPEN"
    TAKEN = "TAKEN"
    DONE = "DONE"


class Task(Row):
    """Something that a person must do before a deadline."""

    kind = models.CharField(max_length=60)
    title = LocalizedField()
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, related_name="+"
    )
    site = models.ForeignKey("clinics.Site", on_delete=models.PROTECT, null=True, related_name="+")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    role = models.CharField(max_length=20)
    owner = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    is_urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=TaskState, default=TaskState.OPEN)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)

    class Meta:
        db_table = "worklist_task"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                name="one_open_task_per_subject",
                condition=~Q(state=TaskState.DONE),
            ),
            models.CheckConstraint(
                name="done_tasks_say_when",
                condition=~Q(state=TaskState.DONE) | Q(done_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="task_open", condition=~Q(state=TaskState.DONE))
        ]
