"""The physician's part: consultation, stored rulings, verdict, plan and prescription."""

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import Q

from aiguille.kernel.actor import ActorKind
from aiguille.kernel.codes import VerdictOutcome
from aiguille.plumbing.models import AppendOnlyRow, Authored, Entry, Row, Signed


class StoredRuling(AppendOnlyRow, Authored):
    """An answer of the rule book, kept with everything needed to replay it."""

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    asked = models.JSONField()
    rulebook_version = models.CharField(max_length=40)
    clinic_values = models.JSONField(default=dict)
    answer = models.JSONField()
    decision = models.CharField(max_length=10)

    class Meta:
        db_table = "care_ruling"


class Consultation(Entry):
    """What a physician heard, saw and advised.

    `content`: `reason`, `history`, `treatments`, `allergies`, `examination`, `advice` (texts),
    `phototype` (1 to 6 or null), `zones` (codes of those to treat), and what `examination.py` says
    of `places` and `examined`.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    appointment_id = models.UUIDField(null=True)
    procedure = models.CharField(max_length=20)
    answer_set = models.ForeignKey(
        "patients.AnswerSet", on_delete=models.PROTECT, null=True, related_name="+"
    )
    content = models.JSONField()

    class Meta:
        db_table = "care_consultation"
        indexes = [models.Index(fields=["patient", "-recorded_at"], name="consultation_latest")]
        constraints = [
            # A form sent twice must not make two consultations; a correction names what it replaces.
            models.UniqueConstraint(
                fields=["appointment_id"],
                name="one_consultation_per_appointment",
                condition=Q(replaces__isnull=True, appointment_id__isnull=False),
            )
        ]


class ConsultationDraft(Row):
    """What a physician has typed in a consultation and not yet saved; gone once it is."""

    appointment_id = models.UUIDField(unique=True)
    patient = models.ForeignKey("patients.Patient", on_delete=models.CASCADE, related_name="+")
    author_id = models.UUIDField()
    content = models.JSONField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "care_consultation_draft"


class VerdictStatus(models.TextChoices):
    """Whether a verdict may still be relied upon."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    SUPERSEDED = "SUPERSEDED"


class Verdict(Row, Authored, Signed):
    """A physician's signed decision on one treatment for one patient.

    `valid_during` are the local dates on which a session may take place. Only `status` and its
    companions ever change; the rest is written once (column privileges see to it).
    """

    mutable_columns = ("status", "status_reason", "status_changed_at", "status_version")

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    treatment = models.ForeignKey("catalogue.Treatment", on_delete=models.PROTECT, related_name="+")
    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="verdicts"
    )
    ruling = models.ForeignKey(StoredRuling, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(
        max_length=20, choices=[(code.value, code.name) for code in VerdictOutcome]
    )
    reason = models.TextField()
    conditions = models.TextField(blank=True)
    overrides = models.JSONField(default=list)
    valid_during = DateRangeField()
    status = models.CharField(max_length=20, choices=VerdictStatus, default=VerdictStatus.ACTIVE)
    status_reason = models.TextField(blank=True)
    status_changed_at = models.DateTimeField(null=True)
    status_version = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "care_verdict"
        constraints = [
            # The target of the appointment's composite foreign key (booking, 0002).
            models.UniqueConstraint(
                fields=["id", "patient", "treatment"], name="verdict_with_patient_and_treatment"
            ),
            models.UniqueConstraint(
                fields=["patient", "treatment"],
                name="one_active_verdict_per_treatment",
                condition=Q(status=VerdictStatus.ACTIVE),
            ),
            models.CheckConstraint(name="verdict_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="conditions_are_written",
                condition=~Q(outcome=VerdictOutcome.ELIGIBLE_IF) | ~Q(conditions=""),
            ),
        ]


class InformationRead(AppendOnlyRow, Authored):
    """A patient's own word that they read what a finding of the rule book asks to tell them.

    `shown` is the text exactly as it stood on the page, in `language`; `text_digest` is that of the
    text in every language, so that another text, or another value in it, asks again.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=30)
    language = models.CharField(max_length=2)
    shown = models.TextField()
    text_digest = models.CharField(max_length=64)

    class Meta:
        db_table = "care_information_read"
        constraints = [
            models.UniqueConstraint(
                fields=["verdict", "rule", "text_digest"], name="information_read_once"
            ),
            models.CheckConstraint(
                name="information_read_by_the_patient",
                condition=Q(author_kind=ActorKind.PATIENT.value, author_id__isnull=False),
            ),
        ]


class Plan(Entry):
    """A course: how many sessions of which protocol, at which intervals, where and how."""

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="plans")
    treatment = models.ForeignKey("catalogue.Treatment", on_delete=models.PROTECT, related_name="+")
    protocol_version = models.ForeignKey(
        "catalogue.ProtocolVersion", on_delete=models.PROTECT, related_name="+"
    )
    sessions_planned = models.PositiveSmallIntegerField()
    interval_min_days = models.PositiveSmallIntegerField()
    interval_default_days = models.PositiveSmallIntegerField()
    interval_max_days = models.PositiveSmallIntegerField()
    zones = ArrayField(models.CharField(max_length=20))
    settings = models.JSONField(default=dict)

    class Meta:
        db_table = "care_plan"
        constraints = [
            models.CheckConstraint(
                name="plan_intervals_in_order",
                condition=Q(
                    interval_min_days__gte=1,
                    interval_min_days__lte=models.F("interval_default_days"),
                    interval_default_days__lte=models.F("interval_max_days"),
                ),
            ),
            models.CheckConstraint(
                name="plan_has_sessions",
                condition=Q(sessions_planned__gte=1, sessions_planned__lte=24),
            ),
        ]


class Prescription(Entry, Signed):
    """A signed prescription.

    `items` are its lines in order, as `care.prescribing` writes them. `mentions` are the particulars
    of prescriber, site and patient as they stood when it was signed, which its document shows
    whatever changes afterwards; empty in those signed before they were kept. `site` is the
    professional address that it is signed under. `ruling` is the rule book's on the cream,
    `lidocaine_ruling` that on lidocaine by any other route.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    consultation = models.ForeignKey(
        Consultation, on_delete=models.PROTECT, related_name="prescriptions"
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, null=True, related_name="prescriptions"
    )
    ruling = models.ForeignKey(StoredRuling, on_delete=models.PROTECT, null=True, related_name="+")
    lidocaine_ruling = models.ForeignKey(
        StoredRuling, on_delete=models.PROTECT, null=True, related_name="+"
    )
    site = models.ForeignKey("clinics.Site", on_delete=models.PROTECT, related_name="+")
    items = models.JSONField()
    mentions = models.JSONField(default=dict)
    cream_minutes_before = models.PositiveSmallIntegerField(null=True)
    language = models.CharField(max_length=2)
    request_key = models.UUIDField(null=True, unique=True)

    class Meta:
        db_table = "care_prescription"
        constraints = [
            models.CheckConstraint(
                name="cream_was_judged",
                condition=Q(cream_minutes_before__isnull=True) | Q(ruling__isnull=False),
            ),
            models.CheckConstraint(name="prescription_has_lines", condition=~Q(items=[])),
            # A second cream for one consultation can only replace the first.
            models.UniqueConstraint(
                fields=["consultation"],
                name="one_cream_per_consultation",
                condition=Q(replaces__isnull=True, cream_minutes_before__isnull=False),
            ),
        ]
