"""Appointments and what they hold; the database refuses overlaps and missing verdicts."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from aiguille.kernel.codes import Language, ServiceKind
from aiguille.plumbing.models import AppendOnlyRow, Authored, Row


class AppointmentState(models.TextChoices):
    """Where an appointment stands."""

    BOOKED = "BOOKED"
    NEEDS_VERDICT = "NEEDS_VERDICT"
    ARRIVED = "ARRIVED"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"


HOLDING_STATES = (
    AppointmentState.BOOKED,
    AppointmentState.NEEDS_VERDICT,
    AppointmentState.ARRIVED,
    AppointmentState.IN_PROGRESS,
    AppointmentState.DONE,
)
# Those in which the appointment still waits for its patient and may be moved or cancelled.
AHEAD_STATES = (AppointmentState.BOOKED, AppointmentState.NEEDS_VERDICT)


class Hold(Row):
    """A time kept for ten minutes while a person types; one per browser."""

    browser_hash = models.CharField(max_length=64, unique=True)
    service = models.ForeignKey("catalogue.Service", on_delete=models.CASCADE, related_name="+")
    site = models.ForeignKey("clinics.Site", on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "booking_hold"


class Appointment(Row):
    """A service for a patient at an instant.

    `treatment` and `verdict` are referenced together with service, kind and patient by composite
    foreign keys (migration 0002), so that a session cannot pass for a consultation, nor rely on
    another patient's or another treatment's verdict.
    """

    number = models.PositiveIntegerField(unique=True)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey("catalogue.Service", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(
        max_length=20, choices=[(code.value, code.name) for code in ServiceKind]
    )
    treatment = models.ForeignKey(
        "catalogue.Treatment", on_delete=models.PROTECT, null=True, related_name="+"
    )
    verdict = models.ForeignKey(
        "care.Verdict", on_delete=models.PROTECT, null=True, related_name="+"
    )
    plan = models.ForeignKey("care.Plan", on_delete=models.PROTECT, null=True, related_name="+")
    session_number = models.PositiveSmallIntegerField(null=True)
    site = models.ForeignKey("clinics.Site", on_delete=models.PROTECT, related_name="+")
    practitioner = models.ForeignKey(
        "clinics.Resource", on_delete=models.PROTECT, null=True, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # What was promised to the patient, whatever later happens to the zone's rules.
    local_start = models.CharField(max_length=16)
    time_zone = models.CharField(max_length=50)
    local_date = models.DateField()
    state = models.CharField(
        max_length=20, choices=AppointmentState, default=AppointmentState.BOOKED
    )
    state_reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    # What asked for the appointment, where asking twice must not make two.
    request_key = models.UUIDField(null=True, unique=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "booking_appointment"
        constraints = [
            models.CheckConstraint(
                name="sessions_need_a_verdict",
                condition=~Q(kind=ServiceKind.SESSION)
                | Q(verdict__isnull=False, treatment__isnull=False),
            ),
            models.CheckConstraint(
                name="appointment_ends_after_start", condition=Q(starts_at__lt=F("ends_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["site", "local_date"], name="appointment_by_day"),
            models.Index(fields=["patient", "starts_at"], name="appointment_by_patient"),
        ]


class Occupancy(Row):
    """One held stretch of one resource, or of the patient, buffers included, pending holds too."""

    resource = models.ForeignKey(
        "clinics.Resource", on_delete=models.PROTECT, null=True, related_name="+"
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, related_name="+"
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, null=True, related_name="occupancies"
    )
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, null=True, related_name="occupancies")
    need = models.CharField(max_length=40, blank=True)
    period = DateTimeRangeField()

    class Meta:
        db_table = "booking_occupancy"
        constraints = [
            ExclusionConstraint(
                name="no_resource_twice",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(resource__isnull=False),
            ),
            ExclusionConstraint(
                name="no_patient_twice",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(patient__isnull=False),
            ),
            models.CheckConstraint(
                name="occupancy_of_a_resource_or_a_patient",
                condition=Q(resource__isnull=False, patient__isnull=True)
                | Q(resource__isnull=True, patient__isnull=False),
            ),
            models.CheckConstraint(
                name="occupancy_for_an_appointment_or_a_hold",
                condition=Q(appointment__isnull=False, hold__isnull=True)
                | Q(appointment__isnull=True, hold__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["resource", "period"], name="occupancy_btree")]


class AppointmentEvent(AppendOnlyRow, Authored):
    """A change of an appointment: what it was before and after."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=30)
    before = models.JSONField(null=True)
    after = models.JSONField()

    class Meta:
        db_table = "booking_appointment_event"


class CalendarFeed(Row):
    """A secret address at which a calendar program reads the appointments of somebody.

    Of a practitioner, or of a patient for whom `user` acts. Only the secret's hash is kept.
    """

    secret_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    resource = models.ForeignKey(
        "clinics.Resource", on_delete=models.PROTECT, null=True, related_name="+"
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, related_name="+"
    )
    name = models.CharField(max_length=80)
    language = models.CharField(
        max_length=2, choices=[(code.value, code.name) for code in Language]
    )
    has_initials = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    # How often it was asked for in the hour that began then.
    counted_from = models.DateTimeField(null=True)
    counted = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "booking_calendar_feed"
        constraints = [
            models.CheckConstraint(
                name="feed_of_a_practitioner_or_a_patient",
                condition=Q(resource__isnull=False, patient__isnull=True)
                | Q(resource__isnull=True, patient__isnull=False),
            )
        ]
