"""The aftercare of a session as a sheet to keep: what to do, avoid and expect, until when."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import override

from aiguille.catalogue.facts import AdviceKind
from aiguille.catalogue.queries import get_treatment
from aiguille.clinics.letterhead import letterhead, site_of_document, written_day
from aiguille.follow_up.queries import AftercareView, get_aftercare
from aiguille.follow_up.wording import instant, period
from aiguille.kernel.actor import SYSTEM
from aiguille.patients.operations import store_document
from aiguille.patients.queries import get_identity
from aiguille.plumbing.documents import make_pdf
from aiguille.treatment_sessions.queries import get_session

KIND = "AFTERCARE"
_TEMPLATE = "follow_up/documents/aftercare.typ"


def file_aftercare(*, aftercare_id: UUID, at: datetime) -> UUID:
    """Render the aftercare of a session and file it; return the document's id.

    Done again, it finds what was filed before: the same aftercare gives the same bytes.
    """
    aftercare = get_aftercare(aftercare_id)
    language = get_identity(aftercare.patient_id).language
    data = document_data(aftercare, language=language)
    return store_document(
        patient_id=aftercare.patient_id,
        kind=KIND,
        title=data["title"],
        language=language,
        subject_kind="aftercare",
        subject_id=aftercare.id,
        content=make_pdf(
            template=_TEMPLATE, data=data, language=language, made_at=aftercare.recorded_at
        ),
        media_type="application/pdf",
        actor=SYSTEM,
        at=at,
    )


def document_data(aftercare: AftercareView, *, language: str) -> dict[str, Any]:
    """Return what the template shows."""
    session = get_session(aftercare.session_id)
    site = site_of_document(session.site_id)
    zone = ZoneInfo(site.time_zone)
    ended_at = session.ended_at or aftercare.recorded_at
    with override(language):
        headings = {
            AdviceKind.AVOID: _("Avoid"),
            AdviceKind.DO: _("Do"),
            AdviceKind.NORMAL: _("This is normal"),
            AdviceKind.RESUME: _("Resume"),
        }
        title = _("Your aftercare")
    return {
        "title": title,
        "reference": str(aftercare.id),
        "date": f"{site.city}, {written_day(ended_at, zone=zone, language=language)}",
        "clinic": letterhead(site),
        "patient": get_identity(aftercare.patient_id).full_name,
        "treatment": get_treatment(session.treatment_id).name.in_language(language),
        "ended": instant(ended_at, at=ended_at, zone=zone, language=language),
        "groups": [
            {
                "title": heading,
                "items": [
                    {
                        "text": item.text.in_language(language),
                        "when": period(item, at=ended_at, zone=zone, language=language),
                        "sources": ", ".join(item.sources),
                    }
                    for item in aftercare.items
                    if item.kind == kind
                ],
            }
            for kind, heading in headings.items()
        ],
    }
