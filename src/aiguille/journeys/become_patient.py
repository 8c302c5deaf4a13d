"""From a link in a message to a space of one's own: no password, a birth date each time."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.operations import create_user
from aiguille.accounts.queries import actor_of_patient_account, get_user_by_email
from aiguille.kernel.actor import VISITOR, Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.messaging.operations import queue
from aiguille.patients.operations import (
    IdentityTraits,
    LinkUnusable,
    link_login,
    may_ask_for_link,
    relate,
    verify_birth_date,
)
from aiguille.patients.queries import list_related, patients_reached_at

SPACE_LINK = "space_link"


class AddressOfStaff(DomainError):
    """The patient's address is that of a staff account, which a link must never open."""

    code = "address_of_staff"
    default_text = Text(
        fr="Cette adresse est celle d’un compte professionnel. Demandez à la clinique"
        " d’enregistrer votre adresse personnelle.",
        en="This address is that of a staff account. Ask the clinic to record your private one.",
    )


@dataclass(frozen=True, slots=True)
class OpenedSpace:
    """A space that may be shown: whose login, which patient."""

    user_id: UUID
    patient_id: UUID
    language: str


def open_space(
    *,
    token: str,
    birth_date: date,
    address: str,
    at: datetime,
    traits: IdentityTraits | None = None,
    relation: str = "SELF",
) -> OpenedSpace:
    """Open the space that a link and the birth date give, making the login at the first time.

    At the first time `traits` declare the identity, and `relation` says for whom the reader of
    the message acts.

    Raises:
        LinkUnusable, BirthDateWrong, TooManyAttempts: refused, and counted.
        AddressOfStaff, NameInvalid, BirthDateInvalid.
    """
    with transaction.atomic(durable=True):
        opening = link_login(
            token=token,
            birth_date=birth_date,
            address=address,
            actor=VISITOR,
            at=at,
            traits=traits,
        )
        # A refusal was counted, and the count must be committed: it is raised below.
        if opening.refusal is None:
            assert opening.patient_id is not None
            user_id = _login_of(
                opening.patient_id,
                email=opening.email,
                full_name=opening.full_name,
                language=opening.language,
                relation=relation,
                at=at,
            )
            return OpenedSpace(
                user_id=user_id, patient_id=opening.patient_id, language=opening.language
            )
    raise opening.refusal


def switch_patient(
    *, user_id: UUID, patient_id: UUID, birth_date: date, address: str, at: datetime
) -> None:
    """Let a login show another patient for whom it acts, once the birth date is given.

    Raises:
        LinkUnusable: the login does not act for that patient.
        BirthDateWrong, TooManyAttempts: refused, and counted.
    """
    actor = actor_of_patient_account(user_id)
    if actor is None or patient_id not in {p.patient_id for p in list_related(user_id, at)}:
        raise LinkUnusable
    with transaction.atomic(durable=True):
        refusal = verify_birth_date(
            patient_id=patient_id, birth_date=birth_date, address=address, actor=actor, at=at
        )
    if refusal is not None:
        raise refusal


def ask_for_link(*, email: str, address: str, at: datetime) -> None:
    """Send a fresh link to each patient reached at an address; say nothing of whether there is one.

    Too many requests are ignored as silently.
    """
    with transaction.atomic(durable=True):
        if not may_ask_for_link(email=email, address=address, at=at):
            return
        for patient in patients_reached_at(email):
            queue(
                kind=SPACE_LINK,
                channel="EMAIL",
                recipient=patient.email,
                language=patient.language,
                patient_id=patient.id,
                subject_kind="patient",
                subject_id=patient.id,
                subject_version=patient.version,
                due_at=at,
                dedupe_key=f"{SPACE_LINK}:{patient.id}:{at.isoformat()}",
                at=at,
            )


def _login_of(
    patient_id: UUID,
    *,
    email: str,
    full_name: str,
    language: str,
    relation: str,
    at: datetime,
) -> UUID:
    """Return the login of the mailbox that the link went to, related to the patient."""
    if not email:
        raise LinkUnusable
    account = get_user_by_email(email)
    if account is not None and account.is_staff:
        raise AddressOfStaff
    if account is not None and not account.is_active:
        raise LinkUnusable
    user_id = (
        account.id
        if account
        else create_user(
            email=email,
            display_name=full_name,
            kind="PATIENT",
            language=language,
            actor=VISITOR,
            at=at,
        )
    )
    if not any(patient_id in related.record_ids for related in list_related(user_id, at)):
        relate(
            user_id=user_id,
            patient_id=patient_id,
            kind=relation,
            actor=_as_patient(user_id),
            at=at,
        )
    return user_id


def _as_patient(user_id: UUID) -> Actor:
    return actor_of_patient_account(user_id) or VISITOR
