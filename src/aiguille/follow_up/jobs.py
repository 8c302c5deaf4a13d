"""The worker's part of follow-up."""

from uuid import UUID

from procrastinate.contrib.django import app

from aiguille.follow_up.aftercare_pdf import file_aftercare
from aiguille.plumbing.clock import now


@app.task(queue="documents", retry=3)
def render_aftercare(aftercare_id: str) -> str:
    """Render the aftercare of a session and file it; run twice, it files it once."""
    return str(file_aftercare(aftercare_id=UUID(aftercare_id), at=now()))
