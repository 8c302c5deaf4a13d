"""What the signatures of verdicts and prescriptions cover, reckoned from the rows themselves."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from aiguille.accounts.signing import CheckedSignature, check_signatures
from aiguille.care.models import Prescription, StoredRuling, Verdict
from aiguille.protocols.sources import digest_of

_AT_ONCE = 500


def verdict_content(row: Verdict) -> dict[str, Any]:
    """Return exactly what the signature of a verdict covers, as JSON values."""
    return {
        "patient": str(row.patient_id),
        "treatment": str(row.treatment_id),
        "consultation": str(row.consultation_id),
        "ruling": ruling_digest(row.ruling),
        "outcome": row.outcome,
        "reason": row.reason,
        "conditions": row.conditions,
        "overrides": row.overrides,
        "valid_from": row.valid_during.lower.isoformat(),
        "valid_until": (row.valid_during.upper - timedelta(days=1)).isoformat(),
    }


def prescription_content(row: Prescription) -> dict[str, Any]:
    """Return exactly what the signature of a prescription covers, as JSON values.

    What prescriptions hold only since then is not in the content of those signed before.
    """
    content: dict[str, Any] = {
        "patient": str(row.patient_id),
        "consultation": str(row.consultation_id),
        "plan": str(row.plan_id) if row.plan_id else None,
        "site": str(row.site_id),
        "ruling": ruling_digest(row.ruling) if row.ruling else None,
        "items": row.items,
        "cream_minutes_before": row.cream_minutes_before,
        "language": row.language,
    }
    if row.mentions:
        content["mentions"] = row.mentions
        content["replaces"] = str(row.replaces_id) if row.replaces_id else None
        content["reason"] = row.reason
    if row.lidocaine_ruling:
        content["lidocaine"] = ruling_digest(row.lidocaine_ruling)
    return content


def ruling_digest(row: StoredRuling) -> str:
    """Return the digest of what the rule book was asked, by which values, and what it said."""
    return digest_of(
        {
            "asked": row.asked,
            "version": row.rulebook_version,
            "values": row.clinic_values,
            "answer": row.answer,
        }
    )


def check_signed() -> Iterator[CheckedSignature]:
    """Check every verdict and prescription (two queries)."""
    verdicts = Verdict.objects.select_related("ruling").order_by("id")
    yield from check_signatures("verdict", verdicts.iterator(_AT_ONCE), verdict_content)
    prescriptions = Prescription.objects.select_related("ruling", "lidocaine_ruling").order_by("id")
    yield from check_signatures(
        "prescription", prescriptions.iterator(_AT_ONCE), prescription_content
    )
