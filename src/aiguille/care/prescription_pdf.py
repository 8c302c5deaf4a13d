"""A prescription as a document: every mandatory mention (CSP R5132-3), as it was signed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import override

from aiguille.care.mentions import particulars
from aiguille.care.prescribing import (
    CREAM,
    NOT_MEASURED,
    Line,
    is_near_eye,
    routes,
    substitution_reasons,
    words,
)
from aiguille.care.prescriptions import PrescriptionView, get_prescription
from aiguille.care.queries import get_consultation, get_plan
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Language
from aiguille.kernel.text import Text
from aiguille.patients.operations import store_document
from aiguille.plumbing.documents import make_pdf
from aiguille.rulebook import load_rulebook

KIND = "PRESCRIPTION"
# What a pharmacy in France dispenses on; a patient who reads another language gets a translation too.
ORIGINAL = Language.FR.value
_TEMPLATE = "care/documents/prescription.typ"


def file_prescription(*, prescription_id: UUID, at: datetime) -> UUID:
    """Render a prescription and file it in the patient's record; return the original's id.

    Where the patient reads another language, a translation is filed beside it. Done again, it finds
    what was filed before: the same prescription gives the same bytes.
    """
    prescription = get_prescription(prescription_id)
    if prescription.language != ORIGINAL:
        _file(prescription, language=prescription.language, at=at)
    return _file(prescription, language=ORIGINAL, at=at)


def _file(prescription: PrescriptionView, *, language: str, at: datetime) -> UUID:
    return store_document(
        patient_id=prescription.patient_id,
        kind=KIND,
        title=_word("title" if language == ORIGINAL else "copy_title", language),
        language=language,
        subject_kind="prescription",
        subject_id=prescription.id,
        content=make_pdf(
            template=_TEMPLATE,
            data=document_data(prescription, language=language),
            language=language,
            made_at=prescription.signed_at,
        ),
        media_type="application/pdf",
        actor=SYSTEM,
        at=at,
    )


def document_data(prescription: PrescriptionView, *, language: str) -> dict[str, Any]:
    """Return what the template shows, in a language."""
    given = prescription.mentions or _as_of_now(prescription)
    clinic, prescriber, patient = given["clinic"], given["prescriber"], given["patient"]
    signed = prescription.signed_at.astimezone(ZoneInfo(clinic["time_zone"]))
    signed_on = _day(signed.date(), language)
    physician = _word("physician", language)
    specialty = prescriber["specialty"]
    with override(language):
        hour = date_format(signed, "H:i")
    items = [
        _cream(item, prescription, language) if item["kind"] == CREAM else _medicine(item, language)
        for item in prescription.items
    ]
    counted = "counted_one" if len(items) == 1 else "counted"
    return {
        "title": _word("title", language),
        "reference": f"{prescription.id}",
        "running": f"{patient['name']} · {signed_on} · {prescriber['name']}",
        "date": f"{clinic['place']}, {signed_on}",
        "note": "" if language == ORIGINAL else _word("copy_note", language),
        "replaces": _replaced(prescription, language),
        "clinic": clinic,
        "prescriber": prescriber
        | {
            "specialty": f"{physician}, {specialty}" if specialty else physician,
            "address": f"{prescriber['address']}, {_word('country', language)}",
        },
        "patient": {
            "name": patient["name"],
            "birth_name": patient["birth_name"],
            "born": _day(date.fromisoformat(patient["born"]), language) if patient["born"] else "–",
            "age": patient["age"],
            "sex": Text.from_mapping(words()["sex"][patient["sex"]]).in_language(language),
            "weight": _number(patient["weight_kg"] or "", language),
            "height": patient["height_cm"],
            "number": patient["number"],
            "examined": _day(date.fromisoformat(given["examined_on"]), language),
        },
        "items": items,
        "counted": _line_word(counted, language).format(count=len(items)),
        "signed_at": f"{signed_on}, {hour}",
        "digest": prescription.content_digest,
    }


def _cream(
    item: Mapping[str, Any], prescription: PrescriptionView, language: str
) -> dict[str, Any]:
    sessions = get_plan(prescription.plan_id).sessions_planned if prescription.plan_id else 1
    before = item["minutes_before"]
    on_skin = item.get("minutes_on_skin", before)
    facts = {
        "grams": _number(item["grams"], language),
        "area": _number(item["area_cm2"], language),
        "minutes": before,
        "on_skin": on_skin,
        "longest": item.get("longest_minutes", 300),
        "sessions": sessions,
    }

    def say(name: str) -> str:
        return Text.from_mapping(words()[CREAM][name]).in_language(language).format(**facts)

    zones = [load_rulebook().zone_label(zone).in_language(language) for zone in item["zones"]]
    return {
        "name": item["drug"],
        "brand": "",
        "before": "",
        "rows": [
            [_row("dose", language), say("dose")],
            [_row("where", language), say("use") + ", ".join(zones)],
            [_row("when", language), say("when")],
            [
                _row("removal", language),
                say("removal_home" if on_skin < before else "removal_clinic"),
            ],
            [
                _row("duration", language),
                say("duration_course" if sessions > 1 else "duration_once"),
            ],
            [_row("renewal", language), say("renewal")],
        ],
        "notes": [say("warning_near_eye" if is_near_eye(item["zones"]) else "warning")],
    }


def _medicine(item: Mapping[str, Any], language: str) -> dict[str, Any]:
    line = Line.of_item(item)

    def say(name: str, **facts: object) -> str:
        return _line_word(name, language).format(**facts)

    durations = [line.duration] if line.duration else []
    if line.packs is not None:
        durations.append(say("packs_one" if line.packs == 1 else "packs", packs=line.packs))
    renewal = {0: "renewal_none", 1: "renewal_one"}.get(line.renewals, "renewals")
    rows = [
        [_row("preparation", language), line.formula] if line.is_preparation else None,
        [_row("dose", language), line.dose],
        [_row("frequency", language), line.frequency],
        [_row("route", language), routes()[line.route].in_language(language)],
        [_row("duration", language), " · ".join(durations)],
        [_row("renewal", language), say(renewal, renewals=line.renewals)],
        [_row("instructions", language), line.instructions] if line.instructions else None,
    ]
    reason = substitution_reasons().get(line.not_substitutable)
    return {
        "name": ", ".join(part for part in (line.drug, line.strength, line.form) if part),
        "brand": line.brand,
        "before": reason.wording if reason else "",
        "rows": [row for row in rows if row],
        "notes": [say("off_label")] if line.is_off_label else [],
    }


def _as_of_now(prescription: PrescriptionView) -> dict[str, Any]:
    """Return the particulars of a prescription that was signed before they were kept with it."""
    return particulars(
        patient_id=prescription.patient_id,
        site_id=prescription.site_id,
        signer_id=prescription.signer_id,
        signer_name=prescription.signer_name,
        examined_at=get_consultation(prescription.consultation_id).effective_at,
        measures=NOT_MEASURED,
        at=prescription.signed_at,
    )


def _replaced(prescription: PrescriptionView, language: str) -> str:
    if prescription.replaces_id is None:
        return ""
    before = get_prescription(prescription.replaces_id)
    zone = ZoneInfo((prescription.mentions or _as_of_now(prescription))["clinic"]["time_zone"])
    return _word("replaces", language).format(
        day=_day(before.signed_at.astimezone(zone).date(), language), reference=before.id
    )


def _day(day: date, language: str) -> str:
    with override(language):
        return date_format(day, "j F Y")


def _number(text: str, language: str) -> str:
    return text.replace(".", ",") if language == "fr" else text


def _word(name: str, language: str) -> str:
    return Text.from_mapping(words()[name]).in_language(language)


def _line_word(name: str, language: str) -> str:
    return Text.from_mapping(words()["line"][name]).in_language(language)


def _row(name: str, language: str) -> str:
    return Text.from_mapping(words()["row"][name]).in_language(language)
