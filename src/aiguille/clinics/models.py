"""The clinic group, its sites, the people and things that appointments need, and their hours."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.db import models
from django.db.models import F, Q

from aiguille.kernel.codes import Jurisdiction, ResourceKind, StaffRole
from aiguille.plumbing.models import LocalizedField, Row

MINUTES_PER_DAY = 1440


class PrintedNames(models.TextChoices):
    """How a printed agenda names the patients: paper lies about, and anybody may read it."""

    FULL = "FULL", "Full name"
    SHORT = "SHORT", "First name and initial"
    NUMBER = "NUMBER", "Record number"


class ClinicGroup(Row):
    """The one group that this installation serves."""

    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=200)
    email = models.EmailField()
    phone = models.CharField(max_length=20)
    jurisdiction = models.CharField(
        max_length=2, choices=[(code.value, code.name) for code in Jurisdiction]
    )
    second_factor_required = models.BooleanField(default=True)
    printed_names = models.CharField(
        max_length=10,
        choices=PrintedNames,
        default=PrintedNames.SHORT,
        db_default=PrintedNames.SHORT,
    )

    class Meta:
        db_table = "clinics_group"


class Site(Row):
    """A place of care, with its own time zone."""

    group = models.ForeignKey(ClinicGroup, on_delete=models.PROTECT, related_name="sites")
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    street = models.CharField(max_length=200)
    postcode = models.CharField(max_length=10)
    city = models.CharField(max_length=80)
    country = models.CharField(max_length=2, default="FR")
    phone = models.CharField(max_length=20)
    email = models.EmailField()
    time_zone = models.CharField(max_length=50)
    access = LocalizedField()
    is_open = models.BooleanField(default=True)

    class Meta:
        db_table = "clinics_site"


class Membership(Row):
    """A person's role at a site, from a day until another."""

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(code.value, code.name) for code in StaffRole])
    valid_during = DateRangeField()

    class Meta:
        db_table = "clinics_membership"
        constraints = [
            ExclusionConstraint(
                name="one_membership_at_a_time",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("site", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("valid_during", RangeOperators.OVERLAPS),
                ],
            )
        ]


class MedicalDirector(Row):
    """A physician's dated appointment as the group's medical director."""

    group = models.ForeignKey(ClinicGroup, on_delete=models.PROTECT, related_name="directors")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    valid_during = DateRangeField()

    class Meta:
        db_table = "clinics_medical_director"
        constraints = [
            ExclusionConstraint(
                name="one_medical_director_at_a_time",
                expressions=[
                    ("group", RangeOperators.EQUAL),
                    ("valid_during", RangeOperators.OVERLAPS),
                ],
            )
        ]


class Resource(Row):
    """What an appointment holds: a practitioner, a room or a device."""

    kind = models.CharField(
        max_length=20, choices=[(code.value, code.name) for code in ResourceKind]
    )
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=40, blank=True)
    presentation = LocalizedField(null=True)
    skills = ArrayField(models.CharField(max_length=60), default=list)
    user = models.OneToOneField(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="resources")
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "clinics_resource"
        constraints = [
            models.CheckConstraint(
                name="rooms_and_devices_have_a_site",
                condition=Q(kind=ResourceKind.PRACTITIONER) | Q(site__isnull=False),
            ),
            models.CheckConstraint(
                name="practitioners_sign_in",
                condition=~Q(kind=ResourceKind.PRACTITIONER) | Q(user__isnull=False),
            ),
        ]


class OpeningHours(Row):
    """A weekly opening in the site's wall-clock time; `until_minute` may be 1440 (midnight).

    It holds from the local date `valid_from` (None: always did) up to, not including, `valid_until`
    (None: without end). Hours of one resource that hold on the same dates are one week.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="hours")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField()
    from_minute = models.PositiveSmallIntegerField()
    until_minute = models.PositiveSmallIntegerField()
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)

    class Meta:
        db_table = "clinics_opening_hours"
        verbose_name_plural = "opening hours"
        constraints = [
            models.CheckConstraint(
                name="hours_hold_for_a_day_at_least",
                condition=Q(valid_from=None)
                | Q(valid_until=None)
                | Q(valid_from__lt=F("valid_until")),
            ),
            models.CheckConstraint(name="hours_weekday_exists", condition=Q(weekday__lte=6)),
            models.CheckConstraint(
                name="hours_end_after_beginning",
                condition=Q(from_minute__lt=F("until_minute"), until_minute__lte=MINUTES_PER_DAY),
            ),
        ]


class ExtraOpening(Row):
    """An opening on one date, added to the weekly hours."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="extra_openings")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    from_minute = models.PositiveSmallIntegerField()
    until_minute = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "clinics_extra_opening"
        constraints = [
            models.CheckConstraint(
                name="extra_ends_after_beginning",
                condition=Q(from_minute__lt=F("until_minute"), until_minute__lte=MINUTES_PER_DAY),
            )
        ]


class Closure(Row):
    """A wall-clock stretch in which a resource, or everything at a site, is closed."""

    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, null=True, related_name="closures"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, related_name="closures")
    from_date = models.DateField()
    from_minute = models.PositiveSmallIntegerField(default=0)
    until_date = models.DateField()
    until_minute = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    # Of a public holiday: whose it is, "FR" or "FR-GP", so that each reader has its name.
    holiday = models.CharField(max_length=20, blank=True, default="", db_default="")

    class Meta:
        db_table = "clinics_closure"
        constraints = [
            models.CheckConstraint(
                name="closure_of_a_resource_or_a_site",
                condition=Q(resource__isnull=False) | Q(site__isnull=False),
            )
        ]


class ExternalCalendar(Row):
    """Another calendar of a resource's, of which the busy time is read in and nothing else.

    `sealed_address` is encrypted, for such an address opens the calendar to whoever knows it; it is
    empty for a calendar that was handed in as a file.
    """

    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, related_name="external_calendars"
    )
    name = models.CharField(max_length=80)
    sealed_address = models.TextField(blank=True)
    host = models.CharField(max_length=253, blank=True)
    # The zone of times that name none, and of whole days.
    time_zone = models.CharField(max_length=50)
    etag = models.CharField(max_length=200, blank=True)
    modified = models.CharField(max_length=60, blank=True)
    # Why the latest reading failed (a code); empty after a good one.
    failure = models.CharField(max_length=40, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    # Events whose repetition is not understood: their first time counts, the page says so.
    not_understood = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    # Busy time is known up to this instant.
    read_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "clinics_external_calendar"
        indexes = [models.Index(fields=["next_try_at"], name="external_calendar_due")]


class ExternalBusy(Row):
    """A stretch in which an external calendar says that its resource is taken."""

    calendar = models.ForeignKey(ExternalCalendar, on_delete=models.CASCADE, related_name="busy")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    period = DateTimeRangeField()

    class Meta:
        db_table = "clinics_external_busy"
        verbose_name_plural = "external busy"


class SetupVersion(models.Model):
    """One row, whose `version` changes with every change of what can be booked, and never back.

    Statement triggers raise it (`clinics_raise_setup_version`, migrations here and in catalogue);
    what a process keeps of the set-up in memory is known by it.
    """

    read_only: ClassVar[bool] = True

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField()

    class Meta:
        db_table = "clinics_setup_version"
        constraints = [models.CheckConstraint(name="one_setup_version", condition=Q(id=1))]
