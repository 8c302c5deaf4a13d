"""A reported symptom with what the doctor needs to judge it: the session behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.catalogue.queries import TreatmentView, get_treatment
from aiguille.clinics.queries import SiteView, get_site
from aiguille.follow_up.access import get_report_for
from aiguille.follow_up.queries import ReportView, reports_of_patient
from aiguille.kernel.actor import Actor
from aiguille.patients.queries import Identity, get_identity
from aiguille.protocols.state import RunState
from aiguille.rulebook import Source, load_rulebook
from aiguille.treatment_sessions.queries import (
    SessionView,
    UsedUnit,
    get_session,
    run_state,
    used_units,
)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A finding of the rule book on the symptom, with the references it rests on."""

    rule: str
    decision: str
    message: Mapping[str, str]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class SymptomCase:
    """A report, the patient, the session with its figures, and the patient's other reports."""

    report: ReportView
    patient: Identity
    session: SessionView
    treatment: TreatmentView
    site: SiteView
    state: RunState
    units: tuple[UsedUnit, ...]
    rules: tuple[RuleLine, ...]
    others: tuple[ReportView, ...]

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the session's site."""
        return ZoneInfo(self.site.time_zone)


def read_symptom(*, report_id: UUID, actor: Actor, at: datetime) -> SymptomCase:
    """Return a report as the doctor sees it; that it was read is noted.

    Raises:
        NotVisible, NotAllowed: see `follow_up.access.get_report_for`.
    """
    report = get_report_for(actor=actor, report_id=report_id, at=at)
    session = get_session(report.session_id)
    site = get_site(session.site_id)
    assert site is not None, "a foreign key keeps the site"
    return SymptomCase(
        report=report,
        patient=get_identity(report.patient_id),
        session=session,
        treatment=get_treatment(session.treatment_id),
        site=site,
        state=run_state(session.id),
        units=tuple(used_units(session.id)),
        rules=tuple(_rule(finding) for finding in report.ruling["findings"]),
        others=tuple(
            other for other in reports_of_patient(report.patient_id) if other.id != report.id
        ),
    )


def _rule(finding: Mapping[str, Any]) -> RuleLine:
    known = load_rulebook().sources
    return RuleLine(
        rule=finding["rule"],
        decision=finding["decision"],
        message=finding["message"],
        sources=tuple(Source(tag, known.get(tag, "")) for tag in finding["sources"]),
    )
