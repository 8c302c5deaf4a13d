"""Who is cared for: identity, who may act for them, links, answers and documents."""

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from aiguille.kernel.codes import Language, Procedure
from aiguille.plumbing.models import AppendOnlyRow, Authored, Entry, Row


class Sex(models.TextChoices):
    """Administrative sex, as the identity traits ask for it."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "U"


class IdentityStatus(models.TextChoices):
    """How far the identity was checked."""

    PROVISIONAL = "PROVISIONAL"
    DECLARED = "DECLARED"
    CHECKED = "CHECKED"


class Patient(Row):
    """A person in care. A public booking makes a provisional one; staff check identities."""

    number = models.PositiveIntegerField(unique=True)
    birth_name = models.CharField(max_length=100)
    first_names = models.CharField(max_length=100)
    used_name = models.CharField(max_length=100, blank=True)
    # All names as `rules.name_key` writes them: what a search by a few letters reads.
    name_key = models.CharField(max_length=310, default="")
    birth_date = models.DateField(null=True)
    sex = models.CharField(max_length=1, choices=Sex, default=Sex.UNKNOWN)
    birthplace = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=20, blank=True)
    language = models.CharField(
        max_length=2, choices=[(code.value, code.name) for code in Language], default=Language.FR
    )
    identity_status = models.CharField(
        max_length=20, choices=IdentityStatus, default=IdentityStatus.PROVISIONAL
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="merged"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "patients_patient"
        constraints = [
            models.CheckConstraint(
                name="not_merged_into_itself", condition=~Q(merged_into=F("id"))
            ),
            models.CheckConstraint(
                name="checked_identity_has_birth_date",
                condition=~Q(identity_status=IdentityStatus.CHECKED) | Q(birth_date__isnull=False),
            ),
        ]
        indexes = [
            GinIndex(fields=["name_key"], name="patient_name_key", opclasses=["gin_trgm_ops"]),
            GinIndex(fields=["phone"], name="patient_phone_part", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["birth_date"], name="patient_birth_date"),
        ]

    @property
    def full_name(self) -> str:
        """Return the name that people use for the patient."""
        return f"{self.first_names} {self.used_name or self.birth_name}".strip()


class RelationKind(models.TextChoices):
    """What a login is to a patient."""

    SELF = "SELF"
    PARENT = "PARENT"
    GUARDIAN = "GUARDIAN"


class Relation(Row):
    """A login that may act for a patient, from a day until another."""

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="relations")
    kind = models.CharField(max_length=10, choices=RelationKind)
    valid_during = DateRangeField()

    class Meta:
        db_table = "patients_relation"
        constraints = [
            models.UniqueConstraint(fields=["user", "patient", "kind"], name="one_relation")
        ]


class LinkScope(models.TextChoices):
    """What a secret link opens."""

    APPOINTMENT = "APPOINTMENT"
    SPACE = "SPACE"
    WAITING = "WAITING"


class SecretLink(Row):
    """A link sent to somebody: only its hash is kept; it expires and can be revoked.

    `subject_id` is the appointment that an APPOINTMENT link speaks of, or the place on the waiting
    list that a WAITING link speaks of.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=20, choices=LinkScope)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="links")
    subject_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    failed_attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "patients_secret_link"


class AttemptKind(models.TextChoices):
    """What a stranger may try only so often."""

    BIRTH_DATE = "BIRTH_DATE"
    NEW_LINK = "NEW_LINK"
    WAITING_LIST = "WAITING_LIST"


class Attempt(Row):
    """Something tried from an address or for a mailbox (`key` is a keyed digest); kept for a day."""

    kind = models.CharField(max_length=20, choices=AttemptKind)
    key = models.CharField(max_length=64)
    tried_at = models.DateTimeField()

    class Meta:
        db_table = "patients_attempt"
        indexes = [
            models.Index(fields=["kind", "key", "tried_at"], name="attempt_recent"),
            models.Index(fields=["tried_at"], name="attempt_old"),
        ]


class AnswerDraft(Row):
    """Answers being typed, saved one by one until they are handed in.

    `asked_for` is the appointment before which the starred questions are asked again; none of the
    whole questionnaire.
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="answer_drafts")
    procedure = models.CharField(
        max_length=20, choices=[(code.value, code.name) for code in Procedure]
    )
    asked_for = models.UUIDField(null=True)
    answers = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "patients_answer_draft"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "procedure", "asked_for"],
                name="one_draft_per_occasion",
                nulls_distinct=False,
            )
        ]


class AnswerSet(Entry):
    """A questionnaire as handed in: question id to answer, in the rule book's words."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="answer_sets")
    procedure = models.CharField(
        max_length=20, choices=[(code.value, code.name) for code in Procedure]
    )
    answers = models.JSONField()
    rulebook_version = models.CharField(max_length=40)
    language = models.CharField(max_length=2)

    class Meta:
        db_table = "patients_answer_set"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "procedure", "version"], name="one_answer_set_per_version"
            )
        ]


class DocumentKind(models.TextChoices):
    """What a document is."""

    PRESCRIPTION = "PRESCRIPTION"
    CONSENT = "CONSENT"
    SESSION_REPORT = "SESSION_REPORT"
    AFTERCARE = "AFTERCARE"


class Document(AppendOnlyRow, Authored):
    """A finished document of the record: immutable, kept in the vault."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=30, choices=DocumentKind)
    title = models.CharField(max_length=200)
    language = models.CharField(max_length=2)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    file = models.ForeignKey("plumbing.VaultFile", on_delete=models.PROTECT, related_name="+")
    is_shown_to_patient = models.BooleanField(default=True)

    class Meta:
        db_table = "patients_document"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "language"], name="one_document_per_subject"
            )
        ]


class Note(Entry):
    """A fact of the record that staff or the patient wrote outside a consultation."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="notes")
    topic = models.CharField(
        max_length=20,
        choices=[("ALLERGY", "ALLERGY"), ("HISTORY", "HISTORY"), ("TREATMENT", "TREATMENT")],
    )
    text = models.TextField()
    tags = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        db_table = "patients_note"
