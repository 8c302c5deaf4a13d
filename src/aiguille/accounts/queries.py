"""Reading people who sign in."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from aiguille.accounts.models import Qualification, User, UserKind
from aiguille.kernel.actor import Actor, ActorKind


@dataclass(frozen=True, slots=True)
class Account:
    """A login as other areas see it."""

    id: UUID
    email: str
    display_name: str
    language: str
    is_staff: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """The title and numbers that a physician signs with."""

    title: str
    specialty: str
    rpps: str
    ordre_number: str


def get_user(user_id: UUID) -> Account | None:
    """Return the account, or None (one query)."""
    user = User.objects.filter(id=user_id).first()
    return _account(user) if user else None


def get_user_by_email(email: str) -> Account | None:
    """Return the account with this address whatever its case, or None (one query)."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    return _account(user) if user else None


def list_staff_accounts() -> list[Account]:
    """Return the active staff accounts, by name (one query)."""
    users = User.objects.filter(kind=UserKind.STAFF, is_active=True)
    return [_account(user) for user in users.order_by("display_name", "email")]


def physician_credentials(user_id: UUID, on: date) -> Credentials | None:
    """Return what a physician signs with on that day; None for whoever is not one (one query)."""
    row = Qualification.objects.filter(
        user_id=user_id, title="physician", valid_during__contains=on
    ).first()
    if row is None:
        return None
    return Credentials(
        title=row.title,
        specialty=row.specialty,
        rpps=row.rpps,
        ordre_number=row.ordre_number,
    )


def actor_of_patient_account(user_id: UUID) -> Actor | None:
    """Return the actor of a patient's login, or None where it is not one or is closed."""
    user = User.objects.filter(id=user_id, kind=UserKind.PATIENT, is_active=True).first()
    return (
        Actor(kind=ActorKind.PATIENT, id=user.id, display_name=user.display_name) if user else None
    )


def _account(user: User) -> Account:
    return Account(
        id=user.id,
        email=user.email,
        display_name=user.display_name,
        language=user.language,
        is_staff=user.is_work_account,
        is_active=user.is_active,
    )
