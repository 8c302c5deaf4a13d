"""Secret links: made for one patient and one purpose, opened only together with the birth date.

Only a link's hash is kept. Looking at a link changes nothing; opening it needs the birth date, so
that a forwarded message or a shared mailbox opens no record. Wrong answers are counted on the
link and on the address they come from; a count must survive the refusal, so the operations here
that refuse return the refusal instead of raising it, and the journey raises it after its commit.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from aiguille.audit.operations import record
from aiguille.kernel.actor import SYSTEM, Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients import events
from aiguille.patients.models import Attempt, AttemptKind, LinkScope, Patient, SecretLink
from aiguille.patients.operations.identities import IdentityTraits, declare

WRONG_DATES_PER_LINK = 5
WRONG_DATES_PER_ADDRESS = 20
WRONG_DATES_PER_PATIENT = 10
LINKS_ASKED_PER_ADDRESS = 10
LINKS_ASKED_PER_MAILBOX = 3
WINDOW = timedelta(hours=1)
KEPT = timedelta(days=1)
# A link to the space opens once; for this long once more, because people press twice.
REOPENS_FOR = timedelta(minutes=10)


class LinkUnusable(DomainError):
    """The link is unknown, expired, revoked, locked or used: it does not matter which."""

    code = "link_unusable"
    default_text = Text(
        fr="Ce lien ne fonctionne plus. Demandez-en un nouveau : il arrive par e-mail en quelques"
        " instants.",
        en="This link no longer works. Ask for a new one: it arrives by e-mail in a moment.",
    )


class BirthDateWrong(DomainError):
    """The birth date is not the one of the record."""

    code = "birth_date_wrong"
    default_text = Text(
        fr="Cette date ne correspond pas. Vérifiez le jour, le mois et l’année.",
        en="This date does not match. Check the day, the month and the year.",
    )


class TooManyAttempts(DomainError):
    """Too much was tried from here, or for this record, in the last hour."""

    code = "too_many_attempts"
    default_text = Text(
        fr="Trop d’essais. Attendez une heure, ou appelez la clinique.",
        en="Too many attempts. Wait an hour, or call the clinic.",
    )


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a link says before it is opened: nothing of the record."""

    link_id: UUID
    scope: str
    patient_id: UUID
    subject_id: UUID | None
    language: str
    is_first_time: bool


@dataclass(frozen=True, slots=True)
class LinkOpening:
    """What came of an attempt to open a link: either a refusal, or an open record."""

    patient_id: UUID | None = None
    email: str = ""
    full_name: str = ""
    language: str = ""
    refusal: DomainError | None = None


@transaction.atomic
def make_link(
    *,
    patient_id: UUID,
    scope: str,
    expires_at: datetime,
    at: datetime,
    subject_id: UUID | None = None,
    actor: Actor = SYSTEM,
) -> str:
    """Make a link and return its secret token, which exists nowhere else afterwards."""
    token = secrets.token_urlsafe(24)
    link = SecretLink.objects.create(
        token_hash=_hash(token),
        scope=LinkScope(scope),
        patient_id=patient_id,
        subject_id=subject_id,
        created_at=at,
        expires_at=expires_at,
    )
    record(
        action=events.LINK_MADE,
        actor=actor,
        at=at,
        subject_kind="link",
        subject_id=link.id,
        patient_id=patient_id,
        details={"scope": link.scope},
    )
    return token


def open_link(*, token: str, at: datetime, scope: str | None = None) -> LinkView:
    """Return what a link speaks of; looking at it changes nothing.

    Raises:
        LinkUnusable: it is unknown, expired, revoked, locked, used, or of another scope.
    """
    link = SecretLink.objects.select_related("patient").filter(token_hash=_hash(token)).first()
    if link is None or not _is_usable(link, at=at) or (scope and link.scope != scope):
        raise LinkUnusable
    return LinkView(
        link_id=link.id,
        scope=link.scope,
        patient_id=link.patient_id,
        subject_id=link.subject_id,
        language=link.patient.language,
        is_first_time=link.patient.birth_date is None,
    )


@transaction.atomic
def link_login(
    *,
    token: str,
    birth_date: date,
    address: str,
    actor: Actor,
    at: datetime,
    traits: IdentityTraits | None = None,
) -> LinkOpening:
    """Open the patient's space with a link and the birth date, and count what is wrong.

    A provisional patient has no birth date yet: the first opening declares it with the other
    `traits`. Returns the refusal where there is one; it raises only for traits that are malformed.

    Raises:
        NameInvalid, BirthDateInvalid.
    """
    link = SecretLink.objects.select_for_update().filter(token_hash=_hash(token)).first()
    if link is None or link.scope != LinkScope.SPACE or not _is_usable(link, at=at):
        return LinkOpening(refusal=LinkUnusable())
    patient = Patient.objects.select_for_update().get(id=link.patient_id)
    if patient.birth_date is None:
        if traits is None or traits.birth_date != birth_date:
            return LinkOpening(refusal=LinkUnusable())
        declare(patient, traits, actor=actor, at=at)
    else:
        refusal = _compare(patient, birth_date, address=address, actor=actor, at=at)
        if refusal is not None:
            if isinstance(refusal, BirthDateWrong):
                link.failed_attempts += 1
                link.save(update_fields=["failed_attempts"])
            return LinkOpening(refusal=refusal)
    if link.used_at is None:
        link.used_at = at
        link.save(update_fields=["used_at"])
    record(
        action=events.LINK_OPENED,
        actor=actor,
        at=at,
        subject_kind="link",
        subject_id=link.id,
        patient_id=patient.id,
    )
    return LinkOpening(
        patient_id=patient.id,
        email=patient.email,
        full_name=patient.full_name,
        language=patient.language,
    )


@transaction.atomic
def verify_birth_date(
    *, patient_id: UUID, birth_date: date, address: str, actor: Actor, at: datetime
) -> DomainError | None:
    """Compare a birth date with a record's, counting wrong ones; return the refusal or None."""
    patient = Patient.objects.select_for_update().get(id=patient_id)
    return _compare(patient, birth_date, address=address, actor=actor, at=at)


@transaction.atomic
def may_ask_for_link(*, email: str, address: str, at: datetime) -> bool:
    """Count a request for a new link; tell whether the address and the mailbox may have one."""
    return _may_ask(AttemptKind.NEW_LINK, email=email, address=address, at=at)


@transaction.atomic
def may_join_waiting_list(*, email: str, address: str, at: datetime) -> bool:
    """Count a stranger's request to wait; tell whether address and mailbox may make it."""
    return _may_ask(AttemptKind.WAITING_LIST, email=email, address=address, at=at)


@transaction.atomic
def revoke_links(*, patient_id: UUID, actor: Actor, at: datetime) -> int:
    """Revoke every link of a patient that still works; return how many there were."""
    revoked = SecretLink.objects.filter(
        patient_id=patient_id, revoked_at__isnull=True, expires_at__gt=at
    ).update(revoked_at=at)
    if revoked:
        record(
            action=events.LINK_REVOKED,
            actor=actor,
            at=at,
            subject_kind="patient",
            subject_id=patient_id,
            patient_id=patient_id,
            details={"count": revoked},
        )
    return revoked


def _may_ask(kind: AttemptKind, *, email: str, address: str, at: datetime) -> bool:
    _forget_old(at=at)
    mailbox, origin = _key("mailbox", email.strip().lower()), _key("address", address)
    allowed = (
        _count(kind, mailbox, at=at) < LINKS_ASKED_PER_MAILBOX
        and _count(kind, origin, at=at) < LINKS_ASKED_PER_ADDRESS
    )
    _note(kind, origin, at=at)
    if allowed:
        _note(kind, mailbox, at=at)
    return allowed


def _compare(
    patient: Patient, birth_date: date, *, address: str, actor: Actor, at: datetime
) -> DomainError | None:
    """Count wrong dates on the address and on the record: many links guess one date together."""
    _forget_old(at=at)
    origin, target = _key("address", address), _key("patient", str(patient.id))
    kind = AttemptKind.BIRTH_DATE
    if (
        _count(kind, origin, at=at) >= WRONG_DATES_PER_ADDRESS
        or _count(kind, target, at=at) >= WRONG_DATES_PER_PATIENT
    ):
        return TooManyAttempts()
    known = patient.birth_date
    if known is not None and compare_digest(known.isoformat(), birth_date.isoformat()):
        return None
    _note(kind, origin, at=at)
    _note(kind, target, at=at)
    record(
        action=events.LINK_REFUSED,
        actor=actor,
        at=at,
        subject_kind="patient",
        subject_id=patient.id,
        patient_id=patient.id,
    )
    return BirthDateWrong(field="birth_date")


def _is_usable(link: SecretLink, *, at: datetime) -> bool:
    used_up = (
        link.scope == LinkScope.SPACE
        and link.used_at is not None
        and at >= link.used_at + REOPENS_FOR
    )
    return (
        link.expires_at > at
        and link.revoked_at is None
        and link.failed_attempts < WRONG_DATES_PER_LINK
        and not used_up
    )


def _hash(token: str) -> str:
    # The token is 192 random bits: a plain digest cannot be guessed backwards.
    return hashlib.sha256(token.encode()).hexdigest()


def _key(kind: str, value: str) -> str:
    # Addresses are personal data and easy to guess: the digest is keyed.
    return salted_hmac(f"aiguille.patients.attempt.{kind}", value, algorithm="sha256").hexdigest()


def _count(kind: AttemptKind, key: str, *, at: datetime) -> int:
    return Attempt.objects.filter(kind=kind, key=key, tried_at__gt=at - WINDOW).count()


def _note(kind: AttemptKind, key: str, *, at: datetime) -> None:
    Attempt.objects.create(kind=kind, key=key, tried_at=at)


def _forget_old(*, at: datetime) -> None:
    Attempt.objects.filter(tried_at__lt=at - KEPT).delete()
