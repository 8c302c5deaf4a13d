"""The worker's part of care."""

from uuid import UUID

from procrastinate.contrib.django import app

from aiguille.care.prescription_pdf import file_prescription
from aiguille.plumbing.clock import now


@app.task(queue="documents", retry=3)
def render_prescription(prescription_id: str) -> str:
    """Render a signed prescription and file it; run twice, it files it once."""
    return str(file_prescription(prescription_id=UUID(prescription_id), at=now()))
