"""Reading consent texts and what was signed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from aiguille.consent.models import Consent, ConsentText
from aiguille.kernel.codes import Jurisdiction, Language


@dataclass(frozen=True, slots=True)
class ConsentTextView:
    """A published text. `content`: see `texts.ConsentContent`."""

    id: UUID
    treatment_id: UUID
    language: Language
    version: int
    content: Mapping[str, Any]
    digest: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A signed consent."""

    id: UUID
    patient_id: UUID
    treatment_id: UUID
    text: ConsentTextView
    answers: Mapping[str, Any]
    mention: str
    signature_kind: str
    signature: str
    author_name: str
    author_kind: str
    content_digest: str
    signed_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str


def has_texts() -> bool:
    """Tell whether the clinic published any text (one query)."""
    return ConsentText.objects.exists()


def current_text(
    treatment_id: UUID, language: str, jurisdiction: Jurisdiction = Jurisdiction.FR
) -> ConsentTextView | None:
    """Return the latest published text for a treatment in a language, or None."""
    text = (
        ConsentText.objects.filter(
            treatment_id=treatment_id, language=language, jurisdiction=jurisdiction.value
        )
        .order_by("-version")
        .first()
    )
    return None if text is None else _text(text)


def current_consent(*, patient_id: UUID, treatment_id: UUID) -> ConsentView | None:
    """Return the consent in force: not withdrawn, and under the latest version of its text."""
    for row in _signed(patient_id).filter(treatment_id=treatment_id)[:1]:
        latest = current_text(treatment_id, row.language)
        if latest is not None and row.text_id == latest.id and not hasattr(row, "withdrawal"):
            return _view(row)
    return None


def list_consents(*, patient_id: UUID) -> list[ConsentView]:
    """Return every consent the patient ever signed, latest first (one query)."""
    return [_view(row) for row in _signed(patient_id)]


def find_consent(consent_id: UUID) -> ConsentView | None:
    """Return a consent, or None."""
    row = Consent.objects.select_related("text", "withdrawal").filter(id=consent_id).first()
    return None if row is None else _view(row)


def get_consent(consent_id: UUID) -> ConsentView:
    """Return a consent.

    Raises:
        Consent.DoesNotExist: there is none.
    """
    return _view(Consent.objects.select_related("text", "withdrawal").get(id=consent_id))


def _signed(patient_id: UUID) -> QuerySet[Consent]:
    return (
        Consent.objects.filter(patient_id=patient_id)
        .select_related("text", "withdrawal")
        .order_by("-signed_at", "-id")
    )


def _text(row: ConsentText) -> ConsentTextView:
    return ConsentTextView(
        id=row.id,
        treatment_id=row.treatment_id,
        language=Language(row.language),
        version=row.version,
        content=row.content,
        digest=row.digest,
        published_at=row.published_at,
    )


def _view(row: Consent) -> ConsentView:
    withdrawal = getattr(row, "withdrawal", None)
    return ConsentView(
        id=row.id,
        patient_id=row.patient_id,
        treatment_id=row.treatment_id,
        text=_text(row.text),
        answers=row.answers,
        mention=row.mention,
        signature_kind=row.signature_kind,
        signature=row.signature,
        author_name=row.author_name,
        author_kind=row.author_kind,
        content_digest=row.content_digest,
        signed_at=row.signed_at,
        withdrawn_at=withdrawal.withdrawn_at if withdrawal else None,
        withdrawal_reason=withdrawal.reason if withdrawal else "",
    )


def consented_treatments(patient_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Return the (patient, treatment) pairs with a consent in force (two queries)."""
    latest = {
        (text.treatment_id, text.language): text.id
        for text in ConsentText.objects.order_by("version").only("id", "treatment_id", "language")
    }
    rows = Consent.objects.filter(patient_id__in=list(patient_ids), withdrawal=None).values_list(
        "patient_id", "treatment_id", "language", "text_id"
    )
    return {
        (patient_id, treatment_id)
        for patient_id, treatment_id, language, text_id in rows
        if latest.get((treatment_id, language)) == text_id
    }
