"""Creating and changing people who sign in."""

from datetime import date, datetime
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from aiguille.accounts import events
from aiguille.accounts.models import Qualification, User, UserKind
from aiguille.accounts.rights import Right, require_unless_system
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Language
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

TITLES = ("physician", "nurse")


class AddressTaken(DomainError):
    """Somebody signs in with this address already."""

    code = "address_taken"
    default_text = Text(
        fr="Cette adresse est déjà celle d’un compte.",
        en="This address already belongs to an account.",
    )


class AddressInvalid(DomainError):
    """What was given is not an e-mail address."""

    code = "address_invalid"
    default_text = Text(
        fr="Cette adresse e-mail n’est pas valable.", en="This e-mail address is not valid."
    )


class PasswordTooWeak(DomainError):
    """The password is too short, too common or too near the person's own data."""

    code = "password_too_weak"
    default_text = Text(
        fr="Ce mot de passe est trop faible : choisissez-en un plus long, que vous n’utilisez"
        " nulle part ailleurs.",
        en="This password is too weak: choose a longer one that you use nowhere else.",
    )


class QualificationUnsound(DomainError):
    """The title, a number or the period of a qualification cannot be right."""

    code = "qualification_unsound"


@transaction.atomic
def create_user(
    *,
    email: str,
    display_name: str,
    kind: str,
    language: str,
    actor: Actor,
    at: datetime,
    password: str | None = None,
) -> UUID:
    """Create a login and return its id; without a password it cannot sign in with one.

    A member of staff is created by an administrator; a patient's login by the journey that
    follows a one-time link.

    Raises:
        AddressInvalid, AddressTaken, PasswordTooWeak, NotAllowed.
    """
    if kind == UserKind.STAFF:
        require_unless_system(actor, Right.MANAGE_STAFF)
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise AddressInvalid(field="email") from error
    user = User(
        email=address,
        display_name=" ".join(display_name.split()),
        kind=UserKind(kind),
        language=Language(language),
        created_at=at,
    )
    _give_password(user, password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise AddressTaken(field="email") from error
    record(
        action=events.USER_CREATED,
        actor=actor,
        at=at,
        subject_kind="user",
        subject_id=user.id,
        details={"kind": user.kind},
    )
    return user.id


@transaction.atomic
def set_password(*, user_id: UUID, password: str, actor: Actor, at: datetime) -> None:
    """Give a member of staff a new password.

    Raises:
        PasswordTooWeak, NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_STAFF)
    user = User.objects.select_for_update().get(id=user_id, kind=UserKind.STAFF)
    _give_password(user, password)
    user.save(update_fields=["password"])
    record(action=events.PASSWORD_SET, actor=actor, at=at, subject_kind="user", subject_id=user_id)


@transaction.atomic
def grant_qualification(
    *,
    user_id: UUID,
    title: str,
    valid_from: date,
    actor: Actor,
    at: datetime,
    valid_until: date | None = None,
    specialty: str = "",
    rpps: str = "",
    ordre_number: str = "",
) -> UUID:
    """Record a title from `valid_from` up to, not including, `valid_until`; return its id.

    Raises:
        QualificationUnsound: unknown title, wrong RPPS number, or a period that overlaps another.
        NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_STAFF)
    if title not in TITLES:
        raise QualificationUnsound(
            Text(fr="Ce titre est inconnu.", en="This title is unknown."), field="title"
        )
    if rpps and not (len(rpps) == 11 and rpps.isascii() and rpps.isdigit()):
        raise QualificationUnsound(
            Text(
                fr="Un numéro RPPS a 11 chiffres.",
                en="An RPPS number has 11 digits.",
            ),
            field="rpps",
        )
    if valid_until is not None and valid_until <= valid_from:
        raise QualificationUnsound(
            Text(fr="La fin précède le début.", en="It ends before it begins."),
            field="valid_until",
        )
    qualification = Qualification(
        user_id=user_id,
        title=title,
        specialty=specialty.strip(),
        rpps=rpps,
        ordre_number=ordre_number.strip(),
        valid_during=(valid_from, valid_until),
    )
    try:
        with transaction.atomic():
            qualification.save(force_insert=True)
    except IntegrityError as error:
        raise QualificationUnsound(
            Text(
                fr="La personne porte déjà ce titre sur une partie de cette période.",
                en="The person already holds this title during part of this period.",
            ),
            field="valid_from",
        ) from error
    record(
        action=events.QUALIFICATION_GRANTED,
        actor=actor,
        at=at,
        subject_kind="user",
        subject_id=user_id,
        details={"title": title},
    )
    return qualification.id


@transaction.atomic
def change_language(*, user_id: UUID, language: str, actor: Actor, at: datetime) -> None:
    """Let a person read Aiguille in another language."""
    User.objects.filter(id=user_id).update(language=Language(language))
    record(
        action=events.LANGUAGE_CHANGED,
        actor=actor,
        at=at,
        subject_kind="user",
        subject_id=user_id,
        details={"language": language},
    )


def _give_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordTooWeak(field="password") from error
    user.set_password(password)
