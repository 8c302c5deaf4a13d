"""Photos of the skin, and scores on outcome scales: what a course changed, by the same measure."""

from django.db import models
from django.db.models import Q

from aiguille.kernel.codes import PhotoPurpose, ScoreMoment, Side, Zone
from aiguille.plumbing.models import AppendOnlyRow, Authored, Entry


class Photo(AppendOnlyRow, Authored):
    """A photo of one zone of a patient's skin.

    `file` and `thumbnail` are what we encoded anew, in the vault: what was sent is never kept.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    zone = models.CharField(max_length=20, choices=[(code.value, code.name) for code in Zone])
    side = models.CharField(max_length=10, choices=[(code.value, code.name) for code in Side])
    purpose = models.CharField(
        max_length=20, choices=[(code.value, code.name) for code in PhotoPurpose]
    )
    taken_on = models.DateField()
    file = models.ForeignKey("plumbing.VaultFile", on_delete=models.PROTECT, related_name="+")
    thumbnail = models.ForeignKey("plumbing.VaultFile", on_delete=models.PROTECT, related_name="+")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # The form that was sent and the file in it: sent twice, it is one photo.
    request_key = models.UUIDField()

    class Meta:
        db_table = "outcomes_photo"
        indexes = [models.Index(fields=["patient", "-taken_on", "-id"], name="photo_latest")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "request_key"], name="one_photo_per_form_and_file"
            ),
            # No consent to any other use can be given yet: its issue brings its own constraint.
            models.CheckConstraint(
                name="photo_serves_care", condition=Q(purpose=PhotoPurpose.CARE.value)
            ),
        ]


class PhotoWithdrawal(AppendOnlyRow, Authored):
    """The end of a photo's use, with the reason; the law of the record keeps the photo itself."""

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField()

    class Meta:
        db_table = "outcomes_photo_withdrawal"
        constraints = [
            models.CheckConstraint(name="withdrawal_has_a_reason", condition=~Q(reason=""))
        ]


class PhotosSeen(AppendOnlyRow):
    """Somebody saw small pictures of a patient's photos within an hour: one audit event each."""

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    viewer_id = models.UUIDField()
    hour = models.DateTimeField()

    class Meta:
        db_table = "outcomes_photos_seen"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "viewer_id", "hour"], name="photos_seen_once_an_hour"
            )
        ]


class Score(Entry):
    """What a scale gave for a patient under a treatment, at one moment of its course.

    `answers`: each item of the scale to the code chosen, in the words of `scale_version` of the
    scales' file. `plan_id` is the plan measured, which lies above this area. Empty `zone` and
    `side` mean the whole of what is treated.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    treatment = models.ForeignKey("catalogue.Treatment", on_delete=models.PROTECT, related_name="+")
    plan_id = models.UUIDField(null=True)
    scale = models.CharField(max_length=40)
    scale_version = models.CharField(max_length=20)
    moment = models.CharField(
        max_length=20, choices=[(code.value, code.name) for code in ScoreMoment]
    )
    zone = models.CharField(max_length=20, blank=True)
    side = models.CharField(max_length=10, blank=True)
    answers = models.JSONField()
    value = models.DecimalField(max_digits=6, decimal_places=1)
    request_key = models.UUIDField()

    class Meta:
        db_table = "outcomes_score"
        indexes = [models.Index(fields=["patient", "treatment", "scale"], name="score_series")]
        constraints = [
            models.UniqueConstraint(fields=["patient", "request_key"], name="one_score_per_form"),
            models.UniqueConstraint(
                fields=["plan_id", "scale", "zone", "side"],
                name="one_start_per_plan_and_scale",
                condition=Q(
                    moment=ScoreMoment.START.value, replaces__isnull=True, plan_id__isnull=False
                ),
            ),
            models.CheckConstraint(name="score_is_not_negative", condition=Q(value__gte=0)),
        ]
