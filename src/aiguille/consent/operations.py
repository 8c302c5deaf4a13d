"""Publishing texts, signing and withdrawing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.signing import patient_signature_of, signed_digest
from aiguille.audit.operations import record
from aiguille.catalogue.queries import list_treatments, rules_in_force
from aiguille.consent import events
from aiguille.consent.models import Consent, ConsentText, ConsentWithdrawal
from aiguille.consent.queries import current_text
from aiguille.consent.rules import (
    ConsentIncomplete,
    check_acknowledged,
    check_mention,
    check_signature,
    digest_of,
)
from aiguille.consent.signed import consent_content
from aiguille.consent.texts import compose
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Jurisdiction, Language
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.queries import get_identity, surviving_id
from aiguille.plumbing.models import authored_by

LONGEST_REASON = 2000


class TextReplaced(DomainError):
    """The text that was read is not the latest one any more."""

    code = "consent_text_replaced"
    default_text = Text(
        fr="Le texte a changé entre-temps : relisez-le avant de signer.",
        en="The text has changed meanwhile: read it again before signing.",
    )


class AlreadyWithdrawn(DomainError):
    """The consent was withdrawn before."""

    code = "already_withdrawn"
    default_text = Text(
        fr="Ce consentement est déjà retiré.", en="This consent is already withdrawn."
    )


class ReasonTooLong(DomainError):
    """The reason of a withdrawal is too long."""

    code = "reason_too_long"
    default_text = Text(
        fr="Écrivez 2 000 caractères au plus.", en="Write 2,000 characters at most."
    )


@transaction.atomic
def publish_texts(*, actor: Actor, at: datetime) -> int:
    """Publish each treatment's text where it differs from the latest; return how many were new.

    A text tells the clinic's own values in force.
    """
    published = 0
    book = rules_in_force().book
    for treatment in list_treatments():
        for language in Language:
            content = compose(
                procedure=treatment.procedure,
                indication=treatment.indication,
                language=language,
                book=book,
            ).as_dict()
            digest = digest_of(content)
            latest = current_text(treatment.id, language)
            if latest is not None and latest.digest == digest:
                continue
            text = ConsentText.objects.create(
                treatment_id=treatment.id,
                jurisdiction=Jurisdiction.FR,
                language=language,
                version=latest.version + 1 if latest else 1,
                content=content,
                digest=digest,
                published_at=at,
            )
            record(
                action=events.TEXT_PUBLISHED,
                actor=actor,
                at=at,
                subject_kind="consent_text",
                subject_id=text.id,
                details={"version": text.version, "language": language.value, "digest": digest},
            )
            published += 1
    return published


@transaction.atomic
def sign_consent(
    *,
    patient_id: UUID,
    treatment_id: UUID,
    text_id: UUID,
    answers: Mapping[str, Any],
    mention: str,
    signature_kind: str,
    signature: str,
    request_key: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Sign the latest text for a treatment and return the consent.

    Two signatures make two records; one form (`request_key`) sent twice makes one.

    Raises:
        TextReplaced: the text is not the latest one.
        ConsentIncomplete: an acknowledgement, the mention or the signature is missing or is not
            this patient's; `field` says which.
        NotAllowed: the actor is not a patient's login.
        ConfirmIdentity: it was not proved within five minutes that the login is the patient's.
    """
    if request_key is not None:
        same_form = Consent.objects.filter(
            patient_id=patient_id, treatment_id=treatment_id, request_key=request_key
        )
        if signed_before := same_form.values_list("id", flat=True).first():
            return signed_before
    text = ConsentText.objects.filter(id=text_id, treatment_id=treatment_id).first()
    latest = current_text(treatment_id, text.language) if text else None
    if text is None or latest is None or latest.id != text.id:
        raise TextReplaced
    identity = get_identity(surviving_id(patient_id))
    if identity.birth_date is None:
        raise ConsentIncomplete(
            Text(
                fr="Votre date de naissance manque au dossier.",
                en="Your date of birth is missing from the record.",
            ),
            field="identity",
        )
    given = check_acknowledged(text.content, answers)
    written = check_mention(text.content, mention)
    signed = check_signature(
        kind=signature_kind,
        signature=signature,
        first_names=identity.first_names,
        last_names=(identity.birth_name, identity.used_name),
    )
    consent = Consent(
        patient_id=patient_id,
        treatment_id=treatment_id,
        text=text,
        language=text.language,
        answers=given,
        mention=written,
        signature_kind=signature_kind,
        signature=signed,
        request_key=request_key,
        **patient_signature_of(actor, at=at),
        **authored_by(actor, at=at),
    )
    consent.content_digest = signed_digest(consent, consent_content(consent))
    try:
        with transaction.atomic():
            consent.save(force_insert=True)
    except IntegrityError:
        # The same form, sent again while we looked: the constraint let the first one through.
        if request_key is None:
            raise
        return Consent.objects.values_list("id", flat=True).get(
            patient_id=patient_id, treatment_id=treatment_id, request_key=request_key
        )
    record(
        action=events.SIGNED,
        actor=actor,
        at=at,
        subject_kind="consent",
        subject_id=consent.id,
        patient_id=patient_id,
        details={"text_version": text.version, "digest": consent.content_digest},
    )
    return consent.id


@transaction.atomic
def withdraw_consent(
    *, consent_id: UUID, reason: str, actor: Actor, at: datetime
) -> tuple[UUID, ...]:
    """Withdraw a consent, and every other one that still stands for the same treatment.

    No session begins under them any more. Returns the consents withdrawn.

    Raises:
        AlreadyWithdrawn: it was withdrawn before.
        ReasonTooLong: the reason is longer than `LONGEST_REASON`.
    """
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLong(field="reason")
    consent = Consent.objects.get(id=consent_id)
    standing = list(
        Consent.objects.filter(
            patient_id=consent.patient_id, treatment_id=consent.treatment_id, withdrawal=None
        ).order_by("id")
    )
    if consent not in standing:
        raise AlreadyWithdrawn
    try:
        with transaction.atomic():
            for each in standing:
                _withdraw(each, reason=reason.strip(), actor=actor, at=at)
    except IntegrityError as error:
        raise AlreadyWithdrawn from error
    return tuple(each.id for each in standing)


def _withdraw(consent: Consent, *, reason: str, actor: Actor, at: datetime) -> None:
    withdrawal = ConsentWithdrawal.objects.create(
        consent=consent, reason=reason, withdrawn_at=at, **authored_by(actor, at=at)
    )
    record(
        action=events.WITHDRAWN,
        actor=actor,
        at=at,
        subject_kind="consent_withdrawal",
        subject_id=withdrawal.id,
        patient_id=consent.patient_id,
    )
