"""What a patient's signature covers, reckoned from the consent itself."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from aiguille.accounts.signing import CheckedSignature
from aiguille.consent.models import Consent
from aiguille.consent.rules import digest_of

_AT_ONCE = 500


def consent_content(row: Consent) -> dict[str, Any]:
    """Return exactly what a patient signed, under which text and when, as JSON values."""
    return {
        "patient": str(row.patient_id),
        "text": row.text.digest,
        "answers": row.answers,
        "mention": row.mention,
        "signature": row.signature,
        "signed_at": row.signed_at.astimezone(UTC).isoformat(),
    }


def check_signed() -> Iterator[CheckedSignature]:
    """Check every consent, and the text that it was signed under (one query)."""
    for row in Consent.objects.select_related("text").order_by("id").iterator(_AT_ONCE):
        is_whole = (
            digest_of(consent_content(row)) == row.content_digest
            and digest_of(row.text.content) == row.text.digest
        )
        yield CheckedSignature(
            kind="consent",
            id=row.id,
            signer_name=row.author_name,
            signed_at=row.signed_at,
            is_whole=is_whole,
        )
