"""The worker's part of sessions."""

from uuid import UUID

from procrastinate.contrib.django import app

from aiguille.plumbing.clock import now
from aiguille.treatment_sessions.report_pdf import file_report


@app.task(queue="documents", retry=3)
def render_report(session_id: str) -> str:
    """Render the report of a session and file it; run twice, it files it once."""
    return str(file_report(session_id=UUID(session_id), at=now()))
