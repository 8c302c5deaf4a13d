"""Appointments and what they hold; the database refuses overlaps and missing verdicts."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
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
    # A keyed digest of the network address, empty where nobody anonymous holds the time.
    address_hash = models.CharField(max_length=64, blank=True, db_default="")
    service = models.ForeignKey("catalogue.Service", on_delete=models.CASCADE, related_name="+")
    site = models.ForeignKey("clinics.Site", on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "booking_hold"
        indexes = [
            models.Index(
                fields=["address_hash", "expires_at"],
                name="hold_by_address",
                condition=~Q(address_hash=""),
            )
        ]


class Appointment(Row):
    """A service for a patient at an instant.

    `treatment` and `verdict` are referenced together with service, kind and patient by composite
    foreign keys (migration 0002), so that a session cannot pass for a consultation, nor rely on
    another patient's or another treatment's verdict.
    """

    number = models.PositiveIntegerField(unique=True)
    # Nothing asks for less than an index below holds. The database holds service and treatment to
    # the composite keys, which say more than a foreign key of each.
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    service = models.ForeignKey(
        "catalogue.Service",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(
        max_length=20, choices=[(code.value, code.name) for code in ServiceKind]
    )
    treatment = models.ForeignKey(
        "catalogue.Treatment",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    verdict = models.ForeignKey(
        "care.Verdict", on_delete=models.PROTECT, null=True, related_name="+"
    )
    plan = models.ForeignKey("care.Plan", on_delete=models.PROTECT, null=True, related_name="+")
    session_number = models.PositiveSmallIntegerField(null=True)
    site = models.ForeignKey(
        "clinics.Site", on_delete=models.PROTECT, related_name="+", db_index=False
    )
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

    # Both are found by the constraints' own indexes.
    resource = models.ForeignKey(
        "clinics.Resource", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, null=True, related_name="occupancies"
    )
    hold = models.ForeignKey(
        Hold, on_delete=models.CASCADE, null=True, related_name="occupancies", db_index=False
    )
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
        indexes = [
            models.Index(fields=["resource", "period"], name="occupancy_btree"),
            # Nearly every row is an appointment's, and pays nothing for this one.
            models.Index(
                fields=["hold"], name="occupancy_by_hold", condition=Q(hold__isnull=False)
            ),
        ]


class BusyWeek(models.Model):
    """A resource's taken ticks of one week: `Occupancy` again, a bit per five minutes.

    Week and bits are those of `scheduling.timeline.weeks_of`. Triggers on `booking_occupancy` keep
    it (migrations 0006 and 0008), with the transaction that changed it last, and nobody else does.
    """

    read_only: ClassVar[bool] = True

    pk = models.CompositePrimaryKey("resource_id", "week")
    resource = models.ForeignKey(
        "clinics.Resource", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    week = models.IntegerField()
    bits = models.BinaryField()

    class Meta:
        db_table = "booking_busy_week"


class OccupancyHistory(models.Model):
    """Occupancy of appointments long past, which stands in nobody's way any more.

    `booking_move_to_history` (migration 0006) moves rows here, under their own keys.
    """

    read_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, editable=False)
    resource = models.ForeignKey(
        "clinics.Resource", on_delete=models.PROTECT, null=True, related_name="+"
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, related_name="+"
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, related_name="past_occupancies"
    )
    need = models.CharField(max_length=40, blank=True)
    period = DateTimeRangeField()

    class Meta:
        db_table = "booking_occupancy_history"


class EveryOccupancy(models.Model):
    """`Occupancy` and `OccupancyHistory` as one thing to read (a view, migration 0007)."""

    id = models.UUIDField(primary_key=True, editable=False)
    resource = models.ForeignKey(
        "clinics.Resource", on_delete=models.DO_NOTHING, null=True, related_name="+"
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.DO_NOTHING, null=True, related_name="+"
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.DO_NOTHING, null=True, related_name="+"
    )
    hold = models.ForeignKey(Hold, on_delete=models.DO_NOTHING, null=True, related_name="+")
    need = models.CharField(max_length=40, blank=True)
    period = DateTimeRangeField()

    class Meta:
        managed = False
        db_table = "booking_every_occupancy"


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


class WaitingState(models.TextChoices):
    """Where a person on the waiting list stands."""

    WAITING = "WAITING"
    SERVED = "SERVED"
    LEFT = "LEFT"
    REMOVED = "REMOVED"
    OVER = "OVER"


class WaitingEntry(Row):
    """A person who waits for a time that fits: where, with whom, on which days, at which hours.

    Empty lists mean any. Weekdays count from 0, Monday; minutes are the site's own clock, and the
    whole appointment lies within them. `instead_of` is the appointment for which an earlier time
    is wanted.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey("catalogue.Service", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey("care.Plan", on_delete=models.PROTECT, null=True, related_name="+")
    instead_of = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, related_name="+"
    )
    sites = ArrayField(models.UUIDField(), default=list)
    practitioners = ArrayField(models.UUIDField(), default=list)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list)
    from_minute = models.PositiveSmallIntegerField()
    until_minute = models.PositiveSmallIntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    state = models.CharField(max_length=10, choices=WaitingState, default=WaitingState.WAITING)
    version = models.PositiveIntegerField(default=1)
    # What asked for the place on the list, where asking twice must not make two.
    request_key = models.UUIDField(null=True, unique=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "booking_waiting_entry"
        constraints = [
            models.CheckConstraint(
                name="waiting_hours_in_order",
                condition=Q(from_minute__lt=F("until_minute"), until_minute__lte=1440),
            ),
            models.CheckConstraint(
                name="waiting_days_in_order", condition=Q(first_day__lte=F("last_day"))
            ),
            models.UniqueConstraint(
                fields=["patient", "service"],
                name="waits_once_for_a_service",
                condition=Q(state=WaitingState.WAITING),
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at", "id"],
                name="waiting_in_order",
                condition=Q(state=WaitingState.WAITING),
            )
        ]


class OfferState(models.TextChoices):
    """What became of a time that was offered."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class Offer(Row):
    """A time kept for a person on the waiting list until the deadline; a `Hold` takes it."""

    entry = models.ForeignKey(WaitingEntry, on_delete=models.PROTECT, related_name="offers")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey("clinics.Site", on_delete=models.PROTECT, related_name="+")
    practitioner = models.ForeignKey(
        "clinics.Resource", on_delete=models.PROTECT, null=True, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    time_zone = models.CharField(max_length=50)
    deadline = models.DateTimeField()
    state = models.CharField(max_length=10, choices=OfferState, default=OfferState.OPEN)
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, related_name="+"
    )
    offered_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "booking_offer"
        constraints = [
            models.CheckConstraint(
                name="offer_answered_before_its_start", condition=Q(deadline__lt=F("starts_at"))
            ),
            models.CheckConstraint(
                name="accepted_offer_is_an_appointment",
                condition=~Q(state=OfferState.ACCEPTED) | Q(appointment__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["patient"],
                name="one_open_offer_a_person",
                condition=Q(state=OfferState.OPEN),
            ),
            models.UniqueConstraint(
                fields=["entry", "site", "starts_at"], name="a_time_is_offered_once_to_a_person"
            ),
        ]
        indexes = [
            models.Index(fields=["deadline"], name="offer_due", condition=Q(state=OfferState.OPEN))
        ]
