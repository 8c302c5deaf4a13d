"""Asking the worker for documents, in the transaction that makes them due.

A job is a row of the same database: it is there when the transaction commits, and only then.
"""

from uuid import UUID

from aiguille.consent.jobs import render_consent
from aiguille.follow_up.jobs import render_aftercare
from aiguille.follow_up.queries import aftercare_of_session
from aiguille.treatment_sessions.jobs import render_report


def file_session_documents(*, session_id: UUID) -> None:
    """Have the report of a session filed, and its aftercare sheet where there is one."""
    render_report.defer(session_id=str(session_id))
    aftercare = aftercare_of_session(session_id)
    if aftercare is not None:
        render_aftercare.defer(aftercare_id=str(aftercare.id))


def file_consent_document(*, consent_id: UUID) -> None:
    """Have a signed consent filed."""
    render_consent.defer(consent_id=str(consent_id))
