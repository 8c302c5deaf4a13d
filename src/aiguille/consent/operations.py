"""Publishing texts, signing and withdrawing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.audit.operations import record
from aiguille.catalogue.queries import list_treatments
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
from aiguille.consent.texts import compose
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Jurisdiction, Language
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.queries import get_identity
from aiguille.plumbing.models import authored_by


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


@transaction.atomic
def publish_texts(*, actor: Actor, at: datetime) -> int:
    """Publish each treatment's text where it differs from the latest; return how many were new."""
    published = 0
    for treatment in list_treatments():
        for language in Language:
            content = compose(
                procedure=treatment.procedure, indication=treatment.indication, language=language
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
    actor: Actor,
    at: datetime,
) -> UUID:
    """Sign the latest text for a treatment; two signatures make two records.

    Raises:
        TextReplaced: the text is not the latest one.
        ConsentIncomplete: an acknowledgement, the mention or the signature is missing or is not
            this patient's; `field` says which.
    """
    text = ConsentText.objects.filter(id=text_id, treatment_id=treatment_id).first()
    latest = current_text(treatment_id, text.language) if text else None
    if text is None or latest is None or latest.id != text.id:
        raise TextReplaced
    identity = get_identity(patient_id)
    if identity.birth_date is None:
        raise ConsentIncomplete(
            Text(
                fr="Votre date de naissance manque au dossier.",
                en="Your birth date is missing from the record.",
            ),
            field="identity",
        )
    given = check_acknowledged(text.content, answers)
    written = check_mention(text.content, mention)
    names = tuple(
        f"{identity.first_names.split()[0]} {name}"
        for name in (identity.birth_name, identity.used_name)
        if name
    )
    signed = check_signature(kind=signature_kind, signature=signature, names=names)
    consent = Consent.objects.create(
        patient_id=patient_id,
        treatment_id=treatment_id,
        text=text,
        language=text.language,
        answers=given,
        mention=written,
        signature_kind=signature_kind,
        signature=signed,
        content_digest=digest_of(
            {
                "patient": str(patient_id),
                "text": text.digest,
                "answers": given,
                "mention": written,
                "signature": signed,
                "signed_at": at.isoformat(),
            }
        ),
        signed_at=at,
        **authored_by(actor, at=at),
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
def withdraw_consent(*, consent_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Withdraw a consent: no session begins under it any more.

    Raises:
        AlreadyWithdrawn: it was withdrawn before.
    """
    consent = Consent.objects.get(id=consent_id)
    try:
        with transaction.atomic():
            withdrawal = ConsentWithdrawal.objects.create(
                consent=consent, reason=reason, withdrawn_at=at, **authored_by(actor, at=at)
            )
    except IntegrityError as error:
        raise AlreadyWithdrawn from error
    record(
        action=events.WITHDRAWN,
        actor=actor,
        at=at,
        subject_kind="consent_withdrawal",
        subject_id=withdrawal.id,
        patient_id=consent.patient_id,
    )
