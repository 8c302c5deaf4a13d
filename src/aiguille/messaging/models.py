"""What must leave the house: written in the deciding transaction, sent by the worker."""

from django.db import models

from aiguille.kernel.codes import Language
from aiguille.plumbing.models import AppendOnlyRow, Row


class MessageState(models.TextChoices):
    """Where a message is on its way."""

    QUEUED = "QUEUED"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    DROPPED = "DROPPED"
    FAILED = "FAILED"


class OutboxMessage(Row):
    """A message to send at an instant, about a subject at a version.

    When its time comes the worker asks the area that owns `subject_kind` whether it is still
    true for `subject_version`, and to render it; nothing personal is stored here but the address.
    """

    group_id = models.UUIDField()
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=10, choices=[("EMAIL", "EMAIL"), ("SMS", "SMS")])
    recipient = models.CharField(max_length=254)
    language = models.CharField(
        max_length=2, choices=[(code.value, code.name) for code in Language]
    )
    patient_id = models.UUIDField(null=True)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_version = models.PositiveIntegerField()
    dedupe_key = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "messaging_outbox"
        # Not `unique=True`, which brings a second index, for searches by a text's beginning.
        constraints = [models.UniqueConstraint(fields=["dedupe_key"], name="outbox_says_it_once")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="outbox_due",
                condition=models.Q(state="QUEUED"),
            ),
            models.Index(fields=["subject_id"], name="outbox_by_subject"),
        ]


class DemoMail(AppendOnlyRow):
    """A message as the demo's transport kept it, for the page that shows every message sent."""

    outbox = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, null=True)
    recipient = models.CharField(max_length=254)
    channel = models.CharField(max_length=10)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    attachments = models.JSONField(default=list)
    sent_at = models.DateTimeField()

    class Meta:
        db_table = "messaging_demo_mail"
        indexes = [models.Index(fields=["-sent_at"], name="demo_mail_latest")]
