"""After the session: what to do until when, what the patient reports, who looked at it."""

from django.db import models

from aiguille.kernel.codes import Symptom, Triage
from aiguille.plumbing.models import AppendOnlyRow, Authored


class Aftercare(AppendOnlyRow, Authored):
    """The aftercare of one session, with its dates, as derived when the session closed.

    `items`: list of `{"id", "kind", "text": {"fr", "en"}, "from", "until", "sources"}`.
    """

    session = models.OneToOneField(
        "treatment_sessions.TreatmentSession", on_delete=models.PROTECT, related_name="+"
    )
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    procedure = models.CharField(max_length=20)
    data_version = models.CharField(max_length=40)
    items = models.JSONField()

    class Meta:
        db_table = "follow_up_aftercare"


class SymptomReport(AppendOnlyRow, Authored):
    """What a patient felt or saw after a session, and how the rule book triaged it.

    `asked`, `rulebook_version` and `clinic_values` replay the ruling; reports of before the clinic
    could have values of its own lack them.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(
        "treatment_sessions.TreatmentSession", on_delete=models.PROTECT, related_name="+"
    )
    symptom = models.CharField(max_length=40, choices=[(code.value, code.name) for code in Symptom])
    hours_since = models.PositiveIntegerField()
    pain = models.PositiveSmallIntegerField(null=True)
    note = models.TextField(blank=True)
    triage = models.CharField(max_length=20, choices=[(code.value, code.name) for code in Triage])
    ruling = models.JSONField()
    asked = models.JSONField(null=True)
    rulebook_version = models.CharField(max_length=40, blank=True, db_default="")
    clinic_values = models.JSONField(null=True)
    reported_at = models.DateTimeField()
    # The form that was sent: sent twice, it reports once.
    request_key = models.UUIDField(null=True)

    class Meta:
        db_table = "follow_up_symptom_report"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "request_key"], name="one_symptom_report_per_form"
            )
        ]
        indexes = [models.Index(fields=["patient", "-reported_at"], name="symptom_by_patient")]


class SymptomReview(AppendOnlyRow, Authored):
    """A doctor's answer to a report; a report that blocks sessions blocks until it has one."""

    report = models.ForeignKey(SymptomReport, on_delete=models.PROTECT, related_name="reviews")
    note = models.TextField()
    closes = models.BooleanField(default=False)

    class Meta:
        db_table = "follow_up_symptom_review"
