"""The search for a course: what is read for one question, and the best chain that answers it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import product
from uuid import UUID

from aiguille.booking import facts
from aiguille.booking.course_chains import Budget, Fixed, Group, Solution, Spacing, best_chain
from aiguille.booking.course_reasons import Reasons
from aiguille.booking.course_terms import CourseState, CourseTerms, days_after
from aiguille.booking.course_times import Chosen, CourseTimes, Wishes
from aiguille.booking.facts import Calendar
from aiguille.booking.gate import MOST_STEPS
from aiguille.booking.queries import AppointmentView
from aiguille.catalogue.queries import ServiceView, session_service
from aiguille.clinics.queries import SiteView
from aiguille.plumbing.access import NotVisible
from aiguille.scheduling.wallclock import date_of

# The desk is bound by no horizon; no verdict lasts longer.
_FURTHEST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Found:
    """A solution with how it was found; `is_usual` where it keeps the interval the plan proposes."""

    solution: Solution | None
    moved: int = 0
    is_late: bool = False
    has_several: bool = False
    is_usual: bool = True


class Asked:
    """One question about a course, with everything that is read for it.

    `chosen` are starts picked already; where `moving` is one of the sessions, that is its new one.
    """

    def __init__(
        self,
        terms: CourseTerms,
        wishes: Wishes,
        *,
        is_offered_only: bool,
        at: datetime,
        moving: AppointmentView | None = None,
    ) -> None:
        self.terms, self.wishes, self.at = terms, wishes, at
        self.is_offered_only = is_offered_only
        self.moving = moving
        self.chosen: list[Chosen] = []
        self.state: CourseState = terms.stands(is_offered_only=is_offered_only, at=at)
        self.past = tuple(v for v in self.state.past if moving is None or v.id != moving.id)
        self.service: ServiceView = session_service(terms.plan.treatment_id)
        self.excluded: list[tuple[date, date]] = [
            (other - timedelta(days=apart), other + timedelta(days=apart))
            for other in terms.others
            for apart in (terms.interval_days - 1,)
        ]

    # --- What is read -----------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Tell whether there is a verdict that opens sessions, and a session to arrange."""
        if not (self.state.missing or self.state.ahead):
            return False
        verdict = self.terms.verdict
        return verdict is not None and verdict.opens(verdict.valid_from)

    @cached_property
    def calendar(self) -> Calendar:
        """What the sessions can be held with, under the limits that bind whoever asks."""
        service = self.service
        if not self.is_offered_only:
            service = replace(service, min_notice_minutes=0, max_horizon_days=_FURTHEST_DAYS)
        return facts.read_calendar(service)

    @cached_property
    def times(self) -> CourseTimes:
        """What is free, read once."""
        verdict = self.terms.verdict
        assert verdict is not None
        return CourseTimes(
            calendar=self.calendar,
            patient_id=self.terms.plan.patient_id,
            moving=[
                view.id for view in (*self.state.ahead, *([self.moving] if self.moving else []))
            ],
            first_day=max(self.at.date() - timedelta(days=1), verdict.valid_from),
            last_day=verdict.valid_until,
            site_id=self.wishes.site_id,
            at=self.at,
        )

    @cached_property
    def reasons(self) -> Reasons:
        """Why sessions are when they are."""
        return Reasons(
            terms=self.terms,
            times=self.times,
            wishes=self.wishes,
            service=self.service,
            is_offered_only=self.is_offered_only,
            at=self.at,
        )

    @property
    def booked(self) -> list[AppointmentView]:
        """The sessions ahead that may stay or move, without the one that is being moved."""
        return [v for v in self.state.ahead if self.moving is None or v.id != self.moving.id]

    def _day_of(self, chosen: Chosen) -> date:
        return facts.local_day(chosen.starts_at, self.site(chosen.site_id).time_zone)

    def site(self, site_id: UUID) -> SiteView:
        """Return a site that is open.

        Raises:
            NotVisible: there is none.
        """
        found = self.calendar.site(site_id)
        if found is None:
            raise NotVisible
        return found

    @property
    def last(self) -> date | None:
        """The day of the latest session that took place, or that stays whatever happens."""
        return self.past[-1].local_date if self.past else None

    # --- The search -------------------------------------------------------------------------------

    def checked(self, chosen: Sequence[Chosen]) -> tuple[list[Chosen], tuple[Chosen, ...]]:
        """Return the chosen starts that are free and far enough apart, and those dropped."""
        free = self.state.missing + len(self.booked)
        kept: list[Chosen] = []
        for one in chosen[:free]:
            if self.calendar.site(one.site_id) is None or not self.times.has(one):
                break
            day, since = self._day_of(one), self._day_of(kept[-1]) if kept else self.last
            days = self.terms.interval_days if since is None else (day - since).days
            if days < self.terms.interval_days or (kept and days > self.terms.most_days):
                break
            if any(first <= day <= last for first, last in self.excluded):
                break
            if self.terms.objection(day) is not None:
                break
            kept.append(one)
        return kept, tuple(chosen[len(kept) :])

    def solve(self) -> Found:
        """Return the best chain whose days the patient's answers allow."""
        least = self.reasons.least(self.last)
        found = Found(None)
        for _ in range(MOST_STEPS):
            found = self._search(first_day=least.day)
            against = self._first_objection(found)
            if against is None:
                return found
            self.excluded.append(against)
        return Found(None)

    def _first_objection(self, found: Found) -> tuple[date, date] | None:
        """Return the days to leave out, where the answers object to a day that was found."""
        if found.solution is None:
            return None
        verdict = self.terms.verdict
        assert verdict is not None
        for place, link in zip(found.solution.places, found.solution.links, strict=True):
            if place is not None:
                continue
            day = date_of(link.day)
            objection = self.terms.objection(day)
            if objection is None:
                continue
            if objection.date is not None and objection.date > day:
                return day, objection.date - timedelta(days=1)
            forever = self.terms.objection(verdict.valid_until) is not None
            return day, verdict.valid_until if forever else day
        return None

    def spacing(self, first_day: date, *, may_be_late: bool, is_usual: bool) -> Spacing:
        """Return what holds between the sessions: as the plan proposes, or as near as may be."""
        usual = self.terms.usual_days if is_usual else self.terms.interval_days
        if self.last is not None:
            first_day = max(first_day, days_after(self.last, usual))
        verdict = self.terms.verdict
        assert verdict is not None
        return Spacing(
            least=self.terms.interval_days,
            most=self.terms.most_days,
            last=self.last,
            first_day=first_day,
            last_day=verdict.valid_until,
            may_be_late=may_be_late,
            usual=usual,
        )

    def _search(self, *, first_day: date) -> Found:
        """Return the chain with as many sessions, then as few moves, as can be."""
        booked = [Fixed(view.local_date, view.id, may_move=True) for view in self.booked]
        fixed = [
            Fixed(self._day_of(one), number, may_move=False)
            for number, one in enumerate(self.chosen)
        ]
        missing = 0 if self.moving else self.state.missing
        taken = 0 if self.moving else len(fixed)  # chosen starts are of missing or moved sessions
        budget = Budget()
        tried = self._tried()
        for count in range(missing, -1, -1):
            for is_late in (False, True) if self.last else (False,):
                for moved in range(len(booked) + 1):
                    if count + moved < taken:
                        continue
                    # The interval that the plan proposes, then the shortest that it allows.
                    for is_usual, (groups, several) in product(self._rhythms, tried):
                        solution = best_chain(
                            groups,
                            fixed=fixed,
                            booked=booked,
                            moved=moved,
                            free=count + moved - taken,
                            spacing=self.spacing(first_day, may_be_late=is_late, is_usual=is_usual),
                            budget=budget,
                        )
                        if solution is not None:
                            return Found(solution, moved, is_late, several, is_usual)
        return Found(None)

    @property
    def _rhythms(self) -> tuple[bool, ...]:
        return (True, False) if self.terms.usual_days > self.terms.interval_days else (True,)

    def _tried(self) -> list[tuple[list[Group], bool]]:
        """Return the groups to try, one list after the other, and whether several would do it."""
        wishes = self.wishes
        if self.chosen and self.moving is None:
            start = self.chosen[0]
            wishes = replace(
                wishes,
                site_id=start.site_id,
                practitioner_id=start.practitioner_id if wishes.same_practitioner else None,
            )
        groups = self.times.groups(wishes, without=self.excluded)
        tried = [(groups, False)]
        if wishes.practitioner_id is None and wishes.same_practitioner:
            anyone = replace(wishes, same_practitioner=False)
            tried.append((self.times.groups(anyone, without=self.excluded), True))
            # A course goes on with whoever began it, where it can.
            standing = (*self.past, *self.state.ahead)
            usual = (standing[-1].site_id, standing[-1].practitioner_id) if standing else None
            same = [one for one in groups if (one.site_id, one.practitioner_id) == usual]
            if same:
                tried.insert(0, (same, False))
        return tried
