"""What the patient agreed to: the exact text, the signature, and its withdrawal."""

from django.db import models
from django.db.models import Q

from aiguille.kernel.codes import Jurisdiction, Language
from aiguille.plumbing.models import AppendOnlyRow, Authored, Signed


class ConsentText(AppendOnlyRow):
    """A published version of the text for a treatment, a jurisdiction and a language."""

    treatment = models.ForeignKey("catalogue.Treatment", on_delete=models.PROTECT, related_name="+")
    jurisdiction = models.CharField(
        max_length=2, choices=[(code.value, code.name) for code in Jurisdiction]
    )
    language = models.CharField(
        max_length=2, choices=[(code.value, code.name) for code in Language]
    )
    version = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    class Meta:
        db_table = "consent_text"
        constraints = [
            models.UniqueConstraint(
                fields=["treatment", "jurisdiction", "language", "version"],
                name="one_consent_text_per_version",
            )
        ]


class Consent(AppendOnlyRow, Authored, Signed):
    """A patient's signed agreement to one treatment, under one version of the text.

    The signer is the login that proved to be the patient's, or to act for them.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    treatment = models.ForeignKey("catalogue.Treatment", on_delete=models.PROTECT, related_name="+")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="consents")
    language = models.CharField(max_length=2)
    answers = models.JSONField()
    mention = models.TextField()
    signature_kind = models.CharField(
        max_length=10, choices=[("DRAWN", "DRAWN"), ("TYPED", "TYPED")]
    )
    signature = models.TextField()
    # The form that was sent: sent twice, it signs once.
    request_key = models.UUIDField(null=True)

    class Meta:
        db_table = "consent_consent"
        constraints = [
            models.UniqueConstraint(fields=["patient", "request_key"], name="one_consent_per_form"),
            # The target of the session's composite foreign key (treatment_sessions, 0002).
            models.UniqueConstraint(
                fields=["id", "patient", "treatment"], name="consent_with_patient_and_treatment"
            ),
            models.CheckConstraint(
                name="consent_is_not_empty",
                condition=~Q(signature="") & ~Q(mention="") & ~Q(answers={}),
            ),
        ]


class ConsentWithdrawal(AppendOnlyRow, Authored):
    """The end of a consent, at any time and for any reason."""

    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField(blank=True)
    withdrawn_at = models.DateTimeField()

    class Meta:
        db_table = "consent_withdrawal"
