"""What a course's proposal is made of: frozen values that pages and operations read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from aiguille.booking.course_terms import CourseState, Trouble
from aiguille.booking.course_times import Chosen, Wishes
from aiguille.booking.free_times import Choosable
from aiguille.booking.queries import AppointmentView
from aiguille.care.queries import PlanView
from aiguille.catalogue.queries import ServiceView
from aiguille.kernel.text import Text


class Change(StrEnum):
    """What becomes of a session: it is behind us, it stays, it moves, or it is new."""

    PAST = "PAST"
    KEPT = "KEPT"
    MOVED = "MOVED"
    NEW = "NEW"


class Bound(StrEnum):
    """What keeps a session from being earlier."""

    NOTICE = "NOTICE"
    VERDICT = "VERDICT"
    ANSWERS = "ANSWERS"
    REFLECTION = "REFLECTION"
    INTERVAL = "INTERVAL"
    OTHER_PLAN = "OTHER_PLAN"
    FIRST_DAY = "FIRST_DAY"
    PATIENT = "PATIENT"
    WISHES = "WISHES"
    TAKEN = "TAKEN"
    CHAIN = "CHAIN"
    CHOSEN = "CHOSEN"


@dataclass(frozen=True, slots=True)
class ProposedSession:
    """A session of a course, as it is or as it would be.

    `days_since` the session before it, None for the first; `trouble` where that is not what the
    plan asks. `because` says what keeps a new or moved one from being earlier; it may be from
    `not_before` to `not_after`, both included.
    """

    number: int
    change: Change
    starts_at: datetime
    local: datetime
    site_id: UUID
    site_name: str
    site_city: str
    practitioner_id: UUID | None
    practitioner_name: str
    days_since: int | None
    trouble: Trouble | None
    bound: Bound | None
    because: Text | None
    not_before: date | None
    not_after: date | None
    appointment: AppointmentView | None

    @property
    def local_date(self) -> date:
        """Return the date at the site."""
        return self.local.date()

    @property
    def chosen(self) -> Chosen:
        """Return the start as it is chosen, booked or moved to."""
        return Chosen(self.site_id, self.starts_at, self.practitioner_id)

    @property
    def is_change(self) -> bool:
        """Tell whether something is to be written for it."""
        return self.change in {Change.MOVED, Change.NEW}


@dataclass(frozen=True, slots=True)
class Alternative:
    """The chain that other days or another part of the day would give."""

    weekday: int | None
    part_of_day: tuple[int, int] | None
    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class CourseProposal:
    """A course's sessions in order, those that stand and those proposed.

    `missing` sessions could not be proposed, `why_not` says why. `dropped` are chosen starts that
    are not free, or not far enough apart. `is_late` where the first one comes later than the plan
    allows after the last one performed; `has_several` where no practitioner is free for all.
    `alternatives` are worked out when asked for.
    """

    plan: PlanView
    service: ServiceView
    treatment_id: UUID
    wishes: Wishes
    interval_days: int
    most_days: int
    state: CourseState
    sessions: tuple[ProposedSession, ...]
    missing: int
    why_not: Text | None
    dropped: tuple[Chosen, ...]
    is_late: bool
    has_several: bool
    sites: tuple[Choosable, ...]
    practitioners: tuple[Choosable, ...]
    alternatives: Callable[[], list[Alternative]] = field(compare=False, repr=False)

    @property
    def changes(self) -> tuple[ProposedSession, ...]:
        """Return the sessions that would be booked or moved."""
        return tuple(session for session in self.sessions if session.is_change)

    @property
    def moved(self) -> tuple[ProposedSession, ...]:
        """Return the sessions that would be moved."""
        return tuple(one for one in self.sessions if one.change is Change.MOVED)

    @property
    def new(self) -> tuple[ProposedSession, ...]:
        """Return the sessions that would be booked."""
        return tuple(one for one in self.sessions if one.change is Change.NEW)

    @property
    def is_sound(self) -> bool:
        """Tell whether every session keeps the plan's intervals as proposed."""
        return all(session.trouble is None for session in self.sessions)
