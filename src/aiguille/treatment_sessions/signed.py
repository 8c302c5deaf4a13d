"""What the signature that closes a session covers, reckoned from the session's own rows."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from aiguille.accounts.signing import CheckedSignature, check_signatures
from aiguille.treatment_sessions.models import SessionSignature

_AT_ONCE = 100


def session_content(row: SessionSignature) -> dict[str, Any]:
    """Return exactly what the signature of a session covers, as JSON values."""
    session = row.session
    return {
        "session": str(session.id),
        "appointment": str(session.appointment_id),
        "patient": str(session.patient_id),
        "treatment": str(session.treatment_id),
        "plan": str(session.plan_id),
        "consent": str(session.consent_id),
        "protocol_version": str(session.protocol_version_id),
        "site": str(session.site_id),
        "performer": str(session.performer_id),
        "begun_at": session.begun_at.astimezone(UTC).isoformat(),
        "events": [
            [event.sequence, event.author_name, event.kind, event.payload]
            for event in sorted(session.events.all(), key=lambda event: event.sequence)
        ],
        "units": sorted(
            [str(use.event_id), str(use.lot_id), str(use.unit_id)] for use in session.uses.all()
        ),
    }


def check_signed() -> Iterator[CheckedSignature]:
    """Check the signature of every session that ended (three queries for each hundred)."""
    rows = SessionSignature.objects.select_related("session").order_by("id")
    shown = rows.prefetch_related("session__events", "session__uses")
    yield from check_signatures("session", shown.iterator(_AT_ONCE), session_content)
