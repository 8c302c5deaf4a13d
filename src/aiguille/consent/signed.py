"""What a patient's signature covers, reckoned from the consent itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aiguille.accounts.signing import CheckedSignature, check_signatures
from aiguille.consent.models import Consent
from aiguille.consent.rules import digest_of

_AT_ONCE = 500


def consent_content(row: Consent) -> dict[str, Any]:
    """Return exactly what a patient signed, and under which text, as JSON values."""
    return {
        "patient": str(row.patient_id),
        "treatment": str(row.treatment_id),
        "text": row.text.digest,
        "language": row.language,
        "answers": row.answers,
        "mention": row.mention,
        "signature_kind": row.signature_kind,
        "signature": row.signature,
    }


def check_signed() -> Iterator[CheckedSignature]:
    """Check every consent, and the text that it was signed under (one query)."""
    rows = Consent.objects.select_related("text").order_by("id")
    for row in rows.iterator(_AT_ONCE):
        (found,) = check_signatures("consent", [row], consent_content)
        text_is_whole = digest_of(row.text.content) == row.text.digest
        yield replace(found, is_whole=found.is_whole and text_is_whole)
