"""A prescription as a document: every mandatory mention (CSP R5132-3) read from the record."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import override

from aiguille.accounts.queries import get_user, physician_credentials
from aiguille.care.queries import PrescriptionView, get_plan, get_prescription
from aiguille.clinics.queries import get_site, the_group
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.text import Text
from aiguille.patients.operations import store_document
from aiguille.patients.queries import get_identity
from aiguille.plumbing.documents import make_pdf
from aiguille.rulebook import load_rulebook

KIND = "PRESCRIPTION"
_TEMPLATE = "care/documents/prescription.typ"


def file_prescription(*, prescription_id: UUID, at: datetime) -> UUID:
    """Render a prescription and file it in the patient's record; return the document's id.

    Done again, it finds what was filed before: the same prescription gives the same bytes.
    """
    prescription = get_prescription(prescription_id)
    return store_document(
        patient_id=prescription.patient_id,
        kind=KIND,
        title=_word("title", prescription.language),
        language=prescription.language,
        subject_kind="prescription",
        subject_id=prescription.id,
        content=make_pdf(
            template=_TEMPLATE,
            data=document_data(prescription),
            language=prescription.language,
            made_at=prescription.signed_at,
        ),
        media_type="application/pdf",
        actor=SYSTEM,
        at=at,
    )


def document_data(prescription: PrescriptionView) -> dict[str, Any]:
    """Return what the template shows."""
    language = prescription.language
    site, group = get_site(prescription.site_id), the_group()
    assert site is not None, "a foreign key keeps the site"
    patient = get_identity(prescription.patient_id)
    signed = prescription.signed_at.astimezone(ZoneInfo(site.time_zone))
    credentials = physician_credentials(prescription.signer_id, signed.date())
    account = get_user(prescription.signer_id)
    with override(language):
        signed_on = date_format(signed, "j F Y")
        signed_at = date_format(signed, "j F Y, H:i")
        born = date_format(patient.birth_date, "j F Y") if patient.birth_date else "–"
    physician = _word("physician", language)
    specialty = credentials.specialty if credentials else ""
    return {
        "title": _word("title", language),
        "reference": f"{prescription.id}",
        "date": f"{site.city}, {signed_on}",
        "clinic": {
            "name": group.name,
            "site": site.name,
            "street": site.street,
            "city": f"{site.postcode} {site.city}",
            "phone": site.phone,
            "email": site.email,
        },
        "prescriber": {
            "name": prescription.signer_name,
            "specialty": f"{physician}, {specialty}" if specialty else physician,
            "rpps": prescription.signer_rpps,
            "address": f"{site.address}, {_word('country', language)}",
            "phone": site.phone,
            "email": account.email if account else site.email,
        },
        "patient": {
            "name": _legal_name(patient.first_names, patient.birth_name, patient.used_name),
            "born": born,
            "sex": _text("sex", patient.sex).in_language(language),
            "number": str(patient.number),
        },
        "items": [_item(item, prescription) for item in prescription.items],
        "signed_at": signed_at,
        "digest": prescription.content_digest,
    }


def _item(item: Mapping[str, Any], prescription: PrescriptionView) -> dict[str, str]:
    language = prescription.language
    sessions = get_plan(prescription.plan_id).sessions_planned if prescription.plan_id else 1
    facts = {
        "grams": _number(item["grams"], language),
        "area": _number(item["area_cm2"], language),
        "minutes": item["minutes_before"],
        "sessions": sessions,
    }

    def say(name: str) -> str:
        return _text(item["kind"], name).in_language(language).format(**facts)

    zones = [load_rulebook().zone_label(zone).in_language(language) for zone in item["zones"]]
    return {
        "drug": item["drug"],
        "dose": say("dose"),
        "where": say("use") + ", ".join(zones),
        "when": say("when"),
        "removal": say("removal"),
        "duration": f"{say('duration_course' if sessions > 1 else 'duration_once')}. "
        f"{say('renewal')}.",
        "warning": say("warning"),
    }


def _legal_name(first_names: str, birth_name: str, used_name: str) -> str:
    shown = f"{first_names} {used_name or birth_name}"
    return f"{shown} ({birth_name})" if used_name and used_name != birth_name else shown


def _number(text: str, language: str) -> str:
    return text.replace(".", ",") if language == "fr" else text


def _word(name: str, language: str) -> str:
    return Text.from_mapping(_data()[name]).in_language(language)


def _text(group: str, name: str) -> Text:
    return Text.from_mapping(_data()[group][name])


@cache
def _data() -> dict[str, Any]:
    source = files("aiguille.care") / "data" / "prescription.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))
