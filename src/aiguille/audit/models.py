"""Who did and who read what, in chains that show any change."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from aiguille.plumbing.models import AppendOnlyRow


class ChainHead(models.Model):
    """The end of one record's chain; locked while an event is appended."""

    record_id = models.UUIDField(primary_key=True)
    length = models.BigIntegerField()
    mac = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_chain_head"


class AuditEvent(AppendOnlyRow):
    """One thing done or read. `mac` is keyed over the content and the previous `mac`."""

    record_id = models.UUIDField()
    position = models.BigIntegerField()
    action = models.CharField(max_length=80)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    patient_id = models.UUIDField(null=True)
    site_id = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200)
    actor_roles = ArrayField(models.CharField(max_length=20), default=list)
    details = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    previous_mac = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)
    key_id = models.CharField(max_length=40)

    class Meta:
        db_table = "audit_event"
        constraints = [
            models.UniqueConstraint(fields=["record_id", "position"], name="one_event_per_position")
        ]
        indexes = [
            models.Index(fields=["patient_id", "occurred_at"], name="audit_by_patient"),
            models.Index(fields=["subject_id", "occurred_at"], name="audit_by_subject"),
        ]
