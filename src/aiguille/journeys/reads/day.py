"""The day of a site: who comes when, for what, and what is still missing before the needle."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.booking.queries import AppointmentView, agenda_day
from aiguille.clinics.access import visible_site_ids
from aiguille.clinics.queries import SiteView, list_sites
from aiguille.consent.queries import consented_treatments
from aiguille.journeys.reads.agenda import is_late
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ServiceKind
from aiguille.patients.queries import patients_with_answers
from aiguille.plumbing.access import NotVisible
from aiguille.treatment_sessions.asked_again import asked_again_at, is_asked_on_its_day
from aiguille.treatment_sessions.queries import sessions_of_appointments


@dataclass(frozen=True, slots=True)
class DayLine:
    """One appointment of the day.

    `lacks_*` say what the patient still owes; `session_id` is that of a session begun. Late is who
    should be here and was not seen yet.
    """

    appointment: AppointmentView
    held: tuple[str, ...]
    is_mine: bool
    lacks_answers: bool
    lacks_consent: bool
    lacks_questions: bool
    has_started: bool
    is_late: bool
    session_id: UUID | None


@dataclass(frozen=True, slots=True)
class Day:
    """A site's day as a member of staff sees it."""

    site: SiteView
    sites: tuple[SiteView, ...]
    day: date
    today: date
    lines: tuple[DayLine, ...]

    @property
    def waiting(self) -> int:
        """Return how many patients have arrived and wait."""
        return sum(line.appointment.state == "ARRIVED" for line in self.lines)

    @property
    def left(self) -> int:
        """Return how many appointments are still ahead."""
        return sum(line.appointment.is_ahead for line in self.lines)


def read_day(
    *, actor: Actor, at: datetime, site_code: str | None, day: date | None, mine_only: bool
) -> Day:
    """Return the day of the site named, or of the actor's first; at most ten queries.

    Raises:
        NotVisible: the actor has no role at that site, or at none.
    """
    visible = visible_site_ids(actor=actor, at=at)
    sites = tuple(site for site in list_sites() if site.id in visible)
    site = next((s for s in sites if site_code in (None, "", s.code)), None)
    if site is None:
        raise NotVisible
    today = at.astimezone(ZoneInfo(site.time_zone)).date()
    agenda = agenda_day(site_id=site.id, day=day or today)
    patients = {line.appointment.patient_id for line in agenda}
    answered = patients_with_answers(patients)
    consented = consented_treatments(patients)
    asked = asked_again_at([line.appointment.id for line in agenda])
    begun = sessions_of_appointments([line.appointment.id for line in agenda])
    lines = [
        DayLine(
            appointment=line.appointment,
            held=line.held,
            is_mine=line.appointment.practitioner_user_id == actor.id,
            lacks_answers=(line.appointment.patient_id, line.appointment.procedure) not in answered,
            lacks_consent=_lacks_consent(line.appointment, consented),
            lacks_questions=not is_asked_on_its_day(
                line.appointment, asked.get(line.appointment.id)
            ),
            has_started=line.appointment.starts_at <= at,
            is_late=is_late(line.appointment, at=at),
            session_id=begun.get(line.appointment.id),
        )
        for line in agenda
    ]
    return Day(
        site=site,
        sites=sites,
        day=day or today,
        today=today,
        lines=tuple(line for line in lines if line.is_mine or not mine_only),
    )


def _lacks_consent(appointment: AppointmentView, consented: set[tuple[UUID, UUID]]) -> bool:
    return (
        appointment.kind is ServiceKind.SESSION
        and appointment.treatment_id is not None
        and (appointment.patient_id, appointment.treatment_id) not in consented
    )
