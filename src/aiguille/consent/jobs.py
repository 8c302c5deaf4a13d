"""The worker's part of consent."""

from uuid import UUID

from procrastinate.contrib.django import app

from aiguille.consent.consent_pdf import file_consent
from aiguille.plumbing.clock import now


@app.task(queue="documents", retry=3)
def render_consent(consent_id: str) -> str:
    """Render a signed consent and file it; run twice, it files it once."""
    return str(file_consent(consent_id=UUID(consent_id), at=now()))
