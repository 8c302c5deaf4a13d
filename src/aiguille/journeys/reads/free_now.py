"""Times that are free already and would do: shown before somebody joins the waiting list."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import get_language

from aiguille.booking.gate import session_terms
from aiguille.booking.queries import AppointmentView, Start, free_times
from aiguille.booking.waiting_rules import Wish
from aiguille.booking.wording import when_in
from aiguille.catalogue.queries import ServiceView
from aiguille.journeys.wait_for_time import When
from aiguille.kernel.codes import ServiceKind
from aiguille.kernel.errors import DomainError

MOST = 3
_MOST_DAYS_ASKED = 12


@dataclass(frozen=True, slots=True)
class FreeNow:
    """A free start that would do, and with whom where the person named somebody."""

    start: Start
    practitioner_id: UUID | None
    place: str

    @property
    def when(self) -> str:
        """Return the start as the page's language writes it."""
        return when_in(self.start.local, get_language() or "fr")


def free_now(
    *,
    service: ServiceView,
    when: When,
    patient_id: UUID | None = None,
    plan_id: UUID | None = None,
    moving: AppointmentView | None = None,
    at: datetime,
) -> list[FreeNow]:
    """Return the first free starts that would do for somebody who is about to wait.

    Those of a session are on days that its verdict, its plan and the answers allow. Where an
    earlier time than that of `moving` is wanted, they are before it.
    """
    wish = Wish(
        sites=frozenset(when.sites),
        practitioners=tuple(when.practitioners),
        weekdays=frozenset(when.weekdays),
        from_minute=when.from_minute,
        until_minute=when.until_minute,
        first_day=when.first_day,
        last_day=when.last_day,
    )
    first = max(when.first_day, at.date() - timedelta(days=1))
    last = min(when.last_day, at.date() + timedelta(days=service.max_horizon_days + 1))
    if last < first:
        return []
    times = free_times(
        service=service,
        first_day=first,
        last_day=last,
        patient_id=patient_id,
        moving=moving.id if moving else None,
        at=at,
    )
    found: list[FreeNow] = []
    asked = 0
    for day in (free.day for free in times.days if free.count):
        fits = [
            FreeNow(start, who[0], times.site_name(start.site_id))
            for start in times.starts_on([day])
            if wish.fits(
                starts_at=start.starts_at,
                minutes=service.minutes,
                time_zone=start.time_zone,
                site_id=start.site_id,
            )
            and (who := wish.who(start.practitioner_ids))
            and (moving is None or start.starts_at < moving.starts_at)
        ]
        if not fits:
            continue
        if service.kind is ServiceKind.SESSION and patient_id is not None:
            asked += 1
            if asked > _MOST_DAYS_ASKED:
                break
            if not _is_allowed(service, patient_id, plan_id, fits[0].start, moving):
                continue
        found += fits
        if len(found) >= MOST:
            break
    return found[:MOST]


def _is_allowed(
    service: ServiceView,
    patient_id: UUID,
    plan_id: UUID | None,
    start: Start,
    moving: AppointmentView | None,
) -> bool:
    if service.treatment_id is None:
        return True
    try:
        session_terms(
            patient_id=patient_id,
            treatment_id=service.treatment_id,
            plan_id=plan_id,
            day=start.local_date,
            moving=moving.id if moving else None,
        )
    except DomainError:
        return False
    return True
