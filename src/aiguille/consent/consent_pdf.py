"""A signed consent as a document: the text as it was read, the ticks, the mention, the signature."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from aiguille.clinics.letterhead import letterhead, site_of_document, written_day, written_instant
from aiguille.consent.queries import ConsentView, get_consent
from aiguille.consent.rules import PAD
from aiguille.kernel.actor import SYSTEM
from aiguille.patients.operations import store_document
from aiguille.patients.queries import get_identity
from aiguille.plumbing.documents import make_pdf

KIND = "CONSENT"
_TEMPLATE = "consent/documents/consent.typ"
_INK = "#2f2a2c"


def file_consent(*, consent_id: UUID, at: datetime) -> UUID:
    """Render a signed consent and file it; return the document's id.

    Done again, it finds what was filed before: the same consent gives the same bytes.
    """
    consent = get_consent(consent_id)
    language = consent.text.language.value
    data = document_data(consent)
    return store_document(
        patient_id=consent.patient_id,
        kind=KIND,
        title=data["title"],
        language=language,
        subject_kind="consent",
        subject_id=consent.id,
        content=make_pdf(
            template=_TEMPLATE, data=data, language=language, made_at=consent.signed_at
        ),
        media_type="application/pdf",
        actor=SYSTEM,
        at=at,
    )


def document_data(consent: ConsentView) -> dict[str, Any]:
    """Return what the template shows."""
    language = consent.text.language.value
    content = consent.text.content
    site = site_of_document(None)
    zone = ZoneInfo(site.time_zone)
    patient = get_identity(consent.patient_id)
    signed_at = written_instant(consent.signed_at, zone=zone, language=language)
    with override(language):
        return {
            "title": content["title"],
            "reference": str(consent.id),
            "date": written_day(consent.signed_at, zone=zone, language=language),
            "clinic": letterhead(site),
            "facts": [
                [_("First names"), patient.first_names],
                [_("Name at birth"), patient.birth_name],
                *([[_("Name used"), patient.used_name]] if patient.used_name else []),
                [
                    _("Born"),
                    date_format(patient.birth_date, "j F Y") if patient.birth_date else "–",
                ],
                [_("Record no."), str(patient.number)],
                [
                    _("Text"),
                    _("version %(version)s, published on %(day)s")
                    % {
                        "version": consent.text.version,
                        "day": written_day(consent.text.published_at, zone=zone, language=language),
                    },
                ],
                [_("Signed"), signed_at],
                [_("Signed in by"), consent.author_name],
            ],
            "sections": [
                {
                    "title": section["title"],
                    "paragraphs": section["paragraphs"],
                    "items": section["items"],
                    "acknowledgement": section["acknowledgement"],
                    "ticked": consent.answers.get(section["id"]) is True,
                }
                for section in content["sections"]
            ],
            "mention": consent.mention,
            "typed": consent.signature if consent.signature_kind == "TYPED" else "",
            "drawn": drawing_as_svg(consent.signature) if consent.signature_kind == "DRAWN" else "",
            "signed_at": signed_at,
            "text_digest": consent.text.digest,
            "digest": consent.content_digest,
        }


def drawing_as_svg(path: str) -> str:
    """Return a drawn signature, whose path the rules checked, as a picture."""
    width, height = PAD
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<path d="{path}" fill="none" stroke="{_INK}" stroke-width="3"'
        ' stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
