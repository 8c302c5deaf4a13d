"""Who a patient is: made provisionally, declared, checked, joined, and who may act for them."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.codes import Language
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients import events, rules
from aiguille.patients.access import get_patient_for
from aiguille.patients.models import IdentityStatus, Patient, Relation, RelationKind, Sex


class ContactInvalid(DomainError):
    """There is no way to reach the patient, or the e-mail address is none."""

    code = "contact_invalid"
    default_text = Text(
        fr="Cette adresse e-mail n’est pas valable.", en="This e-mail address is not valid."
    )


class IdentityIncomplete(DomainError):
    """The identity cannot be checked while traits are missing."""

    code = "identity_incomplete"
    default_text = Text(
        fr="La date de naissance manque : l’identité ne peut pas être vérifiée.",
        en="The date of birth is missing: the identity cannot be checked.",
    )


class IdentitySettled(DomainError):
    """The identity was checked by staff; only they change it."""

    code = "identity_settled"
    default_text = Text(
        fr="Votre identité a été vérifiée par la clinique : demandez-lui de la corriger.",
        en="The clinic has checked your identity: ask them to correct it.",
    )


class CannotJoin(DomainError):
    """The two records cannot be joined."""

    code = "cannot_join"
    default_text = Text(
        fr="Ces deux dossiers ne peuvent pas être rattachés.",
        en="These two records cannot be joined.",
    )


class StalePatient(DomainError):
    """Somebody changed the patient in the meantime."""

    code = "stale_patient"
    default_text = Text(
        fr="Quelqu’un a modifié cette fiche entre-temps : relisez-la avant de continuer.",
        en="Somebody has changed this record meanwhile: read it again before going on.",
    )


@dataclass(frozen=True, slots=True)
class IdentityTraits:
    """The traits of an identity as a person states them, not yet cleaned."""

    birth_name: str
    first_names: str
    birth_date: date
    sex: str = Sex.UNKNOWN.value
    used_name: str = ""
    birthplace: str = ""


@transaction.atomic
def create_provisional(
    *,
    birth_name: str,
    first_names: str,
    email: str,
    phone: str,
    language: str,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Create a provisional patient, as a public booking or a telephone call does; return the id.

    Raises:
        NameInvalid, PhoneInvalid, ContactInvalid.
        NotAllowed: the actor is staff without the right to book, or another patient.
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.BOOK)
    address, number = _contact(email=email, phone=phone)
    patient = Patient(
        number=_next_number(),
        birth_name=rules.clean_name(birth_name, field="birth_name"),
        first_names=rules.clean_name(first_names, field="first_names"),
        email=address,
        phone=number,
        language=Language(language),
        created_at=at,
    )
    _rekey(patient)
    patient.save(force_insert=True)
    _record(events.CREATED, patient.id, actor=actor, at=at)
    return patient.id


@transaction.atomic
def declare_identity(
    *, patient_id: UUID, traits: IdentityTraits, actor: Actor, at: datetime
) -> None:
    """Write the identity that the patient, or staff on their word, declares.

    Raises:
        IdentitySettled: staff have checked the identity, and a patient would change it.
        NameInvalid, BirthDateInvalid, NotAllowed.
        NotVisible: the patient is somebody else's.
    """
    patient = _locked(get_patient_for(actor=actor, patient_id=patient_id, at=at))
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.EDIT_IDENTITY)
    elif patient.identity_status == IdentityStatus.CHECKED:
        raise IdentitySettled
    declare(patient, traits, actor=actor, at=at)


def declare(patient: Patient, traits: IdentityTraits, *, actor: Actor, at: datetime) -> None:
    """Write cleaned traits to a locked patient; the caller has settled who may."""
    first_time = patient.identity_status == IdentityStatus.PROVISIONAL
    patient.birth_name = rules.clean_name(traits.birth_name, field="birth_name")
    patient.first_names = rules.clean_name(traits.first_names, field="first_names")
    patient.used_name = rules.clean_name(traits.used_name, field="used_name", required=False)
    patient.birthplace = rules.clean_name(traits.birthplace, field="birthplace", required=False)
    patient.birth_date = rules.check_birth_date(traits.birth_date, today=at.date())
    patient.sex = Sex(traits.sex)
    if first_time:
        patient.identity_status = IdentityStatus.DECLARED
    _rekey(patient)
    patient.version += 1
    patient.save()
    action = events.DECLARED if first_time else events.CORRECTED
    _record(action, patient.id, actor=actor, at=at)


@transaction.atomic
def check_identity(*, patient_id: UUID, document: str, actor: Actor, at: datetime) -> None:
    """Note that staff compared the identity with a document (`document` says which kind).

    Raises:
        IdentityIncomplete: the birth date is missing.
        NotAllowed, NotVisible.
    """
    require(actor, Right.EDIT_IDENTITY)
    patient = _locked(get_patient_for(actor=actor, patient_id=patient_id, at=at))
    if patient.birth_date is None:
        raise IdentityIncomplete(field="birth_date")
    patient.identity_status = IdentityStatus.CHECKED
    patient.version += 1
    patient.save()
    _record(events.CHECKED, patient.id, actor=actor, at=at, document=document)


@transaction.atomic
def change_contact(
    *,
    patient_id: UUID,
    email: str,
    phone: str,
    language: str,
    version: int,
    actor: Actor,
    at: datetime,
) -> None:
    """Change how the patient is reached and in which language.

    Raises:
        StalePatient: `version` is not the present one.
        ContactInvalid, PhoneInvalid, NotAllowed, NotVisible.
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.EDIT_IDENTITY)
    patient = _locked(get_patient_for(actor=actor, patient_id=patient_id, at=at))
    if patient.version != version:
        raise StalePatient
    patient.email, patient.phone = _contact(email=email, phone=phone)
    patient.language = Language(language)
    patient.version += 1
    patient.save()
    _record(events.CONTACT_CHANGED, patient.id, actor=actor, at=at)


@transaction.atomic
def relate(*, user_id: UUID, patient_id: UUID, kind: str, actor: Actor, at: datetime) -> None:
    """Let a login act for a patient from today on; done again, it changes nothing."""
    relation, created = Relation.objects.get_or_create(
        user_id=user_id,
        patient_id=patient_id,
        kind=RelationKind(kind),
        defaults={"valid_during": (at.date(), None)},
    )
    if created:
        _record(events.RELATED, patient_id, actor=actor, at=at, relation=relation.kind)


@transaction.atomic
def is_still_reached_at(*, patient_id: UUID, email: str) -> bool:
    """Tell whether messages to the patient go to an address, and keep it so until the commit."""
    patient = Patient.objects.select_for_update().filter(id=patient_id).first()
    return patient is not None and patient.merged_into_id is None and patient.email == email


@transaction.atomic
def join_provisional(*, provisional_id: UUID, into_id: UUID, actor: Actor, at: datetime) -> None:
    """Join a record to an existing one, after staff checked that both are one person.

    Nothing moves: rows keep their own patient, readers follow `merged_into`, and `unmerge`
    undoes it.

    Raises:
        CannotJoin: they are the same, one is joined already, the joined one has a checked identity
            or records of its own joined to it, or the record joined to has no checked identity.
        NotAllowed, NotVisible.
    """
    require(actor, Right.EDIT_IDENTITY)
    if provisional_id == into_id:
        raise CannotJoin
    rows = {
        row.id: row
        for row in Patient.objects.select_for_update()
        .filter(id__in=[provisional_id, into_id])
        .order_by("id")
    }
    get_patient_for(actor=actor, patient_id=provisional_id, at=at)
    get_patient_for(actor=actor, patient_id=into_id, at=at)
    provisional, target = rows[provisional_id], rows[into_id]
    if provisional.merged_into_id or target.merged_into_id:
        raise CannotJoin(
            Text(fr="Un de ces dossiers est déjà rattaché.", en="One of them is joined already.")
        )
    if provisional.identity_status == IdentityStatus.CHECKED or provisional.merged.exists():
        raise CannotJoin(
            Text(
                fr="Seul un dossier dont l’identité n’a pas été vérifiée se rattache à un autre.",
                en="Only a record whose identity was not checked is joined to another.",
            )
        )
    if target.identity_status != IdentityStatus.CHECKED:
        raise CannotJoin(
            Text(
                fr="Vérifiez d’abord l’identité du dossier à conserver.",
                en="First check the identity of the record that stays.",
            )
        )
    provisional.merged_into = target
    provisional.version += 1
    provisional.save()
    for patient_id in (provisional_id, into_id):
        _record(
            events.JOINED,
            patient_id,
            actor=actor,
            at=at,
            joined=str(provisional_id),
            into=str(into_id),
        )


@transaction.atomic
def unmerge(*, provisional_id: UUID, actor: Actor, at: datetime) -> None:
    """Separate a record that was joined by mistake.

    Raises:
        CannotJoin: it is not joined.
        NotAllowed, NotVisible.
    """
    require(actor, Right.EDIT_IDENTITY)
    patient = _locked(provisional_id)
    get_patient_for(actor=actor, patient_id=provisional_id, at=at)
    target_id = patient.merged_into_id
    if target_id is None:
        raise CannotJoin(Text(fr="Ce dossier n’est pas rattaché.", en="This record is not joined."))
    patient.merged_into = None
    patient.version += 1
    patient.save()
    for patient_id in (provisional_id, target_id):
        _record(
            events.SEPARATED,
            patient_id,
            actor=actor,
            at=at,
            joined=str(provisional_id),
            into=str(target_id),
        )


def _locked(patient_id: UUID) -> Patient:
    return Patient.objects.select_for_update().get(id=patient_id)


def _contact(*, email: str, phone: str) -> tuple[str, str]:
    address = email.strip().lower()
    if address:
        try:
            validate_email(address)
        except ValidationError as error:
            raise ContactInvalid(field="email") from error
    number = rules.clean_phone(phone)
    if not address and not number:
        raise ContactInvalid(
            Text(
                fr="Donnez une adresse e-mail ou un téléphone.",
                en="Give an e-mail address or a telephone number.",
            ),
            field="email",
        )
    return address, number


def _rekey(patient: Patient) -> None:
    patient.name_key = rules.name_key(patient.birth_name, patient.first_names, patient.used_name)


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('patients_patient_number')")
        return int(cursor.fetchone()[0])


def _record(
    action: Action, patient_id: UUID, *, actor: Actor, at: datetime, **details: str
) -> None:
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="patient",
        subject_id=patient_id,
        patient_id=patient_id,
        details=details,
    )
