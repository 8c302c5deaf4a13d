"""People who sign in, and what they are qualified to do."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Lower

from aiguille.kernel.codes import Language
from aiguille.plumbing.models import Row


class UserKind(models.TextChoices):
    """Whether a person signs in to work or to be cared for."""

    STAFF = "STAFF"
    PATIENT = "PATIENT"


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail address whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user whose address is `username`."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, Row):
    """A login. It is apart from a patient: one address may serve several patients."""

    email = models.EmailField(max_length=254, unique=True)
    display_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=UserKind)
    language = models.CharField(
        max_length=2, choices=[(code.value, code.name) for code in Language], default=Language.FR
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        db_table = "accounts_user"
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_address")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_work_account(self) -> bool:
        """Tell whether the person signs in to work."""
        return self.kind == UserKind.STAFF


class Qualification(Row):
    """A title that the law asks for, with its number, from a day until another."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="qualifications")
    title = models.CharField(
        max_length=20, choices=[("physician", "PHYSICIAN"), ("nurse", "NURSE")]
    )
    specialty = models.CharField(max_length=120, blank=True)
    rpps = models.CharField(max_length=11, blank=True)
    ordre_number = models.CharField(max_length=30, blank=True)
    valid_during = DateRangeField()

    class Meta:
        db_table = "accounts_qualification"
        constraints = [
            ExclusionConstraint(
                name="one_title_at_a_time",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("title", RangeOperators.EQUAL),
                    ("valid_during", RangeOperators.OVERLAPS),
                ],
            )
        ]
