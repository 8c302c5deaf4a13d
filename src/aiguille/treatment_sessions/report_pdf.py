"""The report of a session as a document: who, when, with what, step by step, nothing left out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from aiguille.accounts.queries import physician_credentials
from aiguille.catalogue.queries import get_product, get_treatment
from aiguille.clinics.letterhead import letterhead, site_of_document, written_day, written_instant
from aiguille.consent.queries import get_consent
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ProductUse
from aiguille.kernel.labels import label
from aiguille.patients.operations import store_document
from aiguille.patients.queries import get_identity
from aiguille.plumbing.documents import make_pdf
from aiguille.protocols.events import Corrected, Event, Stopped
from aiguille.protocols.state import RunState
from aiguille.protocols.totals import ZoneTotal
from aiguille.treatment_sessions.queries import SessionView, get_session, run_state, used_units
from aiguille.treatment_sessions.wording import details_of, what_of, where_of, words

KIND = "SESSION_REPORT"
_TEMPLATE = "treatment_sessions/documents/report.typ"


def file_report(*, session_id: UUID, at: datetime) -> UUID:
    """Render the report of a session that ended and file it; return the document's id.

    Done again, it finds what was filed before: the same session gives the same bytes.
    """
    session = get_session(session_id)
    assert session.ended_at is not None, "a report is made when the session has ended"
    language = get_identity(session.patient_id).language
    data = document_data(session, language=language)
    return store_document(
        patient_id=session.patient_id,
        kind=KIND,
        title=data["title"],
        language=language,
        subject_kind="session",
        subject_id=session.id,
        content=make_pdf(
            template=_TEMPLATE, data=data, language=language, made_at=session.ended_at
        ),
        media_type="application/pdf",
        actor=SYSTEM,
        at=at,
    )


def document_data(session: SessionView, *, language: str) -> dict[str, Any]:
    """Return what the template shows."""
    assert session.ended_at is not None
    site = site_of_document(session.site_id)
    zone = ZoneInfo(site.time_zone)
    patient = get_identity(session.patient_id)
    state = run_state(session.id)
    treatment = get_treatment(session.treatment_id)
    consent = get_consent(session.consent_id)
    units = used_units(session.id)
    products = {unit.facts.product_code: unit.facts.product_name for unit in units}
    credentials = physician_credentials(
        session.performer_id, session.begun_at.astimezone(zone).date()
    )

    def instant(at: datetime) -> str:
        return written_instant(at, zone=zone, language=language)

    with override(language):
        return {
            "title": _("Session report"),
            "reference": str(session.id),
            "date": f"{site.city}, {written_day(session.ended_at, zone=zone, language=language)}",
            "clinic": letterhead(site),
            "facts": [
                [
                    _("Patient"),
                    _patient(patient.first_names, patient.birth_name, patient.used_name),
                ],
                [
                    _("Born"),
                    date_format(patient.birth_date, "j F Y") if patient.birth_date else "–",
                ],
                [_("Record no."), str(patient.number)],
                [_("Treatment"), treatment.name.in_language(language)],
                [_("Protocol"), _protocol(state)],
                [
                    _("Physician"),
                    session.performer_name
                    + (f" · RPPS {credentials.rpps}" if credentials and credentials.rpps else ""),
                ],
                [_("Place"), f"{site.name}, {site.address}"],
                [_("Begun"), instant(session.begun_at)],
                [_("Ended"), instant(session.ended_at)],
                [
                    _("Consent"),
                    _("signed on %(when)s, text version %(version)s")
                    % {"when": instant(consent.signed_at), "version": consent.text.version},
                ],
            ],
            "stopped": _stop(state, zone=zone),
            "zones": [_zone(total) for total in state.totals.zones],
            "totals": _totals(state),
            "gestures": [
                {
                    "where": where_of(event.body),
                    "at": _hour(event, zone),
                    "details": _pairs(details_of(state.protocol, event.body, zone=zone)),
                }
                for event in (*state.passes, *state.injections)
            ],
            "units": [
                {
                    "name": used.facts.product_name,
                    "maker": get_product(used.facts.product_id).maker,
                    "lot": used.facts.lot_number,
                    "serial": used.facts.serial or "–",
                    "expiry": date_format(used.facts.expiry, "SHORT_DATE_FORMAT"),
                    "use": words(label(ProductUse(used.use))) if used.use else "–",
                }
                for used in units
            ],
            "log": _log(state, products=products, zone=zone),
        }


def _patient(first_names: str, birth_name: str, used_name: str) -> str:
    shown = f"{first_names} {used_name or birth_name}"
    return f"{shown} ({birth_name})" if used_name and used_name != birth_name else shown


def _protocol(state: RunState) -> str:
    protocol = state.protocol
    return f"{words(protocol.title)} ({protocol.id}, {protocol.version})"


def _stop(state: RunState, *, zone: ZoneInfo) -> list[str]:
    """Return when and why the session was stopped, or nothing."""
    if state.stopped is None or not isinstance(state.stopped.body, Stopped):
        return []
    pairs = details_of(state.protocol, state.stopped.body, zone=zone)
    return [_hour(state.stopped, zone), *(value for _term, value in pairs)]


def _zone(total: ZoneTotal) -> dict[str, str]:
    return {
        "where": f"{words(label(total.zone))}, {words(label(total.side)).lower()}",
        "passes": str(total.passes or "–"),
        "density": str(total.holes_per_cm2 or "–"),
        "points": str(total.points or "–"),
        "volume": f"{number_format(total.volume_ml)} ml" if total.volume_ml else "–",
    }


def _totals(state: RunState) -> list[list[str]]:
    totals, found = state.totals, []
    if totals.points:
        found.append([_("Points"), str(totals.points)])
        found.append([_("Volume"), f"{number_format(totals.volume_ml)} ml"])
    if totals.lidocaine_mg:
        found.append([_("Lidocaine injected"), f"{number_format(totals.lidocaine_mg)} mg"])
    return found + [
        [_("Cycles"), str(state.cycles[repeat.id])]
        for repeat in state.protocol.repeats
        if repeat.maximum > 1 and repeat.id in state.cycles
    ]


def _log(state: RunState, *, products: Mapping[str, str], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return every event ever recorded, in order, those taken back with what was said of them."""
    corrections = {
        event.body.replaces: event.body for event in state.log if isinstance(event.body, Corrected)
    }
    return [
        {
            "number": str(event.seq),
            "at": _hour(event, zone),
            "by": event.by,
            "what": what_of(state.protocol, event.body, products=products),
            "details": _pairs(details_of(state.protocol, event.body, zone=zone)),
            "reasons": list(dict.fromkeys(event.acknowledged.values())),
            "withdrawn": corrections[event.seq].reason if event.seq in corrections else "",
        }
        for event in state.log
    ]


def _hour(event: Event, zone: ZoneInfo) -> str:
    return date_format(event.at.astimezone(zone), "H:i")


def _pairs(details: tuple[tuple[str, str], ...]) -> str:
    return " · ".join(_("%(term)s: %(value)s") % {"term": t, "value": v} for t, v in details)
