"""The guided run: the events of a session and the units it consumed."""

from django.db import models

from aiguille.kernel.codes import ContactMeans, ProductUse
from aiguille.plumbing.models import AppendOnlyRow, Authored, LocalizedField, Row, Signed


class SessionState(models.TextChoices):
    """Where a session stands."""

    RUNNING = "RUNNING"
    CLOSED = "CLOSED"
    STOPPED = "STOPPED"


class TreatmentSession(Row):
    """One session, begun under a protocol version that it keeps and a consent then in force.

    The consent is referenced together with patient and treatment by a composite foreign key, and
    a trigger refuses a withdrawn one (migration 0002).
    """

    mutable_columns = ("state", "ended_at", "version")

    appointment = models.OneToOneField(
        "booking.Appointment", on_delete=models.PROTECT, related_name="+"
    )
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    treatment = models.ForeignKey("catalogue.Treatment", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey("care.Plan", on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey("consent.Consent", on_delete=models.PROTECT, related_name="+")
    protocol_version = models.ForeignKey(
        "catalogue.ProtocolVersion", on_delete=models.PROTECT, related_name="+"
    )
    site = models.ForeignKey("clinics.Site", on_delete=models.PROTECT, related_name="+")
    performer_id = models.UUIDField()
    performer_name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=SessionState, default=SessionState.RUNNING)
    version = models.PositiveIntegerField(default=1)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "treatment_sessions_session"


class AskedAgain(AppendOnlyRow, Authored):
    """The starred questions asked again before a session, and the answers that came of it.

    No session begins unless they were asked on its own day, by the clock of its site (migration
    0006).
    """

    appointment = models.ForeignKey(
        "booking.Appointment", on_delete=models.PROTECT, related_name="+"
    )
    answer_set = models.ForeignKey("patients.AnswerSet", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "treatment_sessions_asked_again"


class SessionEvent(AppendOnlyRow, Authored):
    """One event of a session, in the protocol engine's words."""

    session = models.ForeignKey(TreatmentSession, on_delete=models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    idempotency_key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    # Of an event that a tablet kept while it had no network: its clock then, and when it came here.
    device = models.CharField(max_length=40, blank=True)
    device_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "treatment_sessions_event"
        constraints = [
            models.UniqueConstraint(fields=["session", "sequence"], name="one_event_per_sequence")
        ]


class SessionIncident(AppendOnlyRow, Authored):
    """Something the server holds against an event that a tablet recorded without it.

    The event is in the session's list where it made sense there; its content is here in any case.
    `lot` and `unit` are what it opened where that could not be consumed any more: a recall finds
    the patient by them. No session ends while an incident is open (migration 0008).
    """

    session = models.ForeignKey(
        TreatmentSession, on_delete=models.PROTECT, related_name="incidents"
    )
    event = models.ForeignKey(
        SessionEvent, on_delete=models.PROTECT, null=True, related_name="incidents"
    )
    lot = models.ForeignKey("stock.Lot", on_delete=models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey("stock.Unit", on_delete=models.PROTECT, null=True, related_name="+")
    idempotency_key = models.UUIDField()
    guard = models.CharField(max_length=60)
    reason = LocalizedField()
    payload = models.JSONField()
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "treatment_sessions_incident"
        constraints = [
            models.UniqueConstraint(
                fields=["idempotency_key", "guard"], name="one_incident_per_event_and_guard"
            )
        ]


class IncidentSettlement(AppendOnlyRow, Authored):
    """What a physician says of an incident, which ends it."""

    incident = models.OneToOneField(
        SessionIncident, on_delete=models.PROTECT, related_name="settlement"
    )
    note = models.TextField()

    class Meta:
        db_table = "treatment_sessions_incident_settlement"
        constraints = [
            models.CheckConstraint(name="settlement_says_something", condition=~models.Q(note=""))
        ]


class SessionSignature(AppendOnlyRow, Signed):
    """The closing signature of the physician who led a session, over all that was recorded in it.

    No session ends without one (migration 0003).
    """

    session = models.OneToOneField(
        TreatmentSession, on_delete=models.PROTECT, related_name="signature"
    )

    class Meta:
        db_table = "treatment_sessions_signature"


class UnitUse(AppendOnlyRow):
    """A unit or lot that a session consumed. A single-use unit is consumed once, ever."""

    session = models.ForeignKey(TreatmentSession, on_delete=models.PROTECT, related_name="uses")
    event = models.ForeignKey(SessionEvent, on_delete=models.PROTECT, related_name="uses")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey("stock.Lot", on_delete=models.PROTECT, related_name="+")
    unit = models.OneToOneField("stock.Unit", on_delete=models.PROTECT, null=True, related_name="+")
    use = models.CharField(
        max_length=20,
        choices=[(code.value, code.name) for code in ProductUse],
        blank=True,
    )
    used_at = models.DateTimeField()

    class Meta:
        db_table = "treatment_sessions_unit_use"


class RecallContact(AppendOnlyRow, Authored):
    """That a patient who received a lot was told of it, or could not be reached."""

    lot = models.ForeignKey("stock.Lot", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    means = models.CharField(
        max_length=20, choices=[(code.value, code.value) for code in ContactMeans]
    )
    was_reached = models.BooleanField()
    note = models.TextField(blank=True)

    class Meta:
        db_table = "treatment_sessions_recall_contact"
        indexes = [models.Index(fields=["lot", "patient"], name="recall_contact_by_patient")]
