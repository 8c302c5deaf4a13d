"""Proposing a course: the earliest chain of a plan's sessions, around those that stand.

Everything free is read once for the whole horizon; chains, reasons and alternatives are made from
those sets (about fourteen queries, however long the course). What is proposed is what the gate
would let pass; the gate and the constraints decide when it is booked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import combinations
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.booking.course_chains import Budget, Solution, best_chain
from aiguille.booking.course_search import Asked, Found
from aiguille.booking.course_shapes import (
    Alternative,
    Bound,
    Change,
    CourseProposal,
    ProposedSession,
)
from aiguille.booking.course_terms import Trouble, course_terms
from aiguille.booking.course_times import DAY_MINUTES, Chosen, Wishes
from aiguille.booking.free_times import Choosable
from aiguille.booking.gate import why_closed
from aiguille.booking.queries import AppointmentView, get_appointment
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.intervals import in_utc
from aiguille.kernel.text import Text
from aiguille.scheduling.timeline import instant_of

# Parts of a day that are offered: from and until which minute a session may start.
PARTS_OF_DAY = ((0, 12 * 60), (12 * 60, 17 * 60), (17 * 60, DAY_MINUTES))


def propose_course(
    *,
    plan_id: UUID,
    at: datetime,
    first_day: date | None = None,
    weekdays: frozenset[int] = frozenset(),
    part_of_day: tuple[int, int] | None = None,
    practitioner_id: UUID | None = None,
    site_id: UUID | None = None,
    same_practitioner: bool = True,
    chosen: Sequence[Chosen] = (),
    is_offered_only: bool = True,
) -> CourseProposal:
    """Return the earliest chain of a plan's sessions that keeps its intervals.

    Sessions that are booked stay where they are as long as the intervals hold with them; where
    they do not, as few as possible are moved. `chosen` are starts picked for the first of the
    others, in order. `is_offered_only` keeps to what is offered online: the desk may go below the
    notice and beyond the horizon.

    Raises:
        PlanNeeded: there is no such plan in force.
        NotInCatalogue: the clinic offers no session of the treatment.
    """
    wishes = Wishes(
        first_day=first_day,
        weekdays=weekdays,
        part_of_day=part_of_day,
        practitioner_id=practitioner_id,
        site_id=site_id,
        same_practitioner=same_practitioner,
    )
    terms = course_terms(plan_id)
    asked = Asked(terms, wishes, is_offered_only=is_offered_only, at=at)
    picked = [replace(one, starts_at=in_utc(one.starts_at)) for one in chosen]
    if not asked.is_open:
        return _Answer(asked, Found(None), dropped=tuple(picked)).proposal()
    asked.chosen, dropped = asked.checked(picked)
    return _Answer(asked, asked.solve(), dropped=dropped).proposal()


def propose_following(
    *,
    appointment_id: UUID,
    starts_at: datetime,
    at: datetime,
    site_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    is_offered_only: bool = True,
) -> CourseProposal:
    """Return what becomes of a course where one of its sessions is moved to `starts_at`.

    The session itself is MOVED without a reason; the others stay as far as the intervals allow.

    Raises:
        NotVisible: there is no such appointment.
        PlanNeeded: it belongs to no plan in force.
    """
    view = get_appointment(appointment_id)
    terms = course_terms(view.plan_id or appointment_id)
    asked = Asked(terms, Wishes(), is_offered_only=is_offered_only, at=at, moving=view)
    asked.chosen = [Chosen(site_id or view.site_id, in_utc(starts_at), practitioner_id)]
    return _Answer(asked, asked.solve() if asked.is_open else Found(None), dropped=()).proposal()


class _Answer:
    """What a search found, told session by session."""

    def __init__(self, asked: Asked, found: Found, *, dropped: tuple[Chosen, ...]) -> None:
        self._asked, self._found, self._dropped = asked, found, dropped

    def proposal(self) -> CourseProposal:
        """Return the whole course, sessions that stand and those proposed, in order."""
        standing = [_Entry.of(view, self._change_of(view)) for view in self._asked.past]
        if self._found.solution is None:
            entries = [_Entry.of(view, Change.KEPT) for view in self._asked.booked]
            entries += [
                _Entry.at(one, self._asked.moving, is_chosen=True) for one in self._moved_alone
            ]
        else:
            entries = self._placed(self._found.solution)
        sessions = self._numbered(sorted([*standing, *entries], key=lambda one: one.starts_at))
        proposed = sum(one.change is Change.NEW for one in sessions)
        missing = 0 if self._asked.moving else self._asked.state.missing - proposed
        last = sessions[-1].local_date if sessions else None
        return CourseProposal(
            plan=self._asked.terms.plan,
            service=self._asked.service,
            treatment_id=self._asked.terms.plan.treatment_id,
            wishes=self._asked.wishes,
            interval_days=self._asked.terms.interval_days,
            most_days=self._asked.terms.most_days,
            state=self._asked.state,
            sessions=tuple(sessions),
            missing=missing,
            why_not=self._why_none(last) if missing else None,
            dropped=self._dropped,
            is_late=self._found.is_late,
            has_several=self._found.has_several,
            sites=self._sites,
            practitioners=self._practitioners,
            alternatives=self._alternatives,
        )

    def _change_of(self, view: AppointmentView) -> Change:
        is_over = not view.is_ahead or view.starts_at <= self._asked.at
        return Change.PAST if is_over else Change.KEPT

    @property
    def _moved_alone(self) -> list[Chosen]:
        return self._asked.chosen if self._asked.moving else []

    def _placed(self, solution: Solution) -> list["_Entry"]:
        """Return what a solution does with each session: kept, moved or new."""
        by_id = {view.id: view for view in self._asked.booked}
        entries: list[_Entry] = []
        for place, link in zip(solution.places, solution.links, strict=True):
            if place is None:
                start = Chosen(
                    solution.group.site_id,
                    instant_of(link.tick),
                    solution.group.practitioner_id,
                )
                entries.append(_Entry.at(start, None, is_chosen=False))
            elif isinstance(place.key, UUID):
                entries.append(_Entry.of(by_id.pop(place.key), Change.KEPT))
            else:
                start = self._asked.chosen[place.key]
                entries.append(_Entry.at(start, self._asked.moving, is_chosen=True))
        return _with_moves(entries, list(by_id.values()))

    def _numbered(self, entries: Sequence["_Entry"]) -> list[ProposedSession]:
        found: list[ProposedSession] = []
        before: date | None = None
        for number, entry in enumerate(entries, 1):
            session = self._session(number, entry, before)
            found.append(session)
            before = session.local_date
        return found

    def _session(self, number: int, entry: "_Entry", before: date | None) -> ProposedSession:
        view = entry.view
        site = self._asked.calendar.site(entry.site_id)
        zone = site.time_zone if site else view.time_zone if view else "UTC"
        local = entry.starts_at.astimezone(ZoneInfo(zone))
        days = None if before is None else (local.date() - before).days
        trouble = bound = because = not_before = not_after = None
        if entry.change is not Change.PAST and days is not None:
            if days < self._asked.terms.interval_days:
                trouble = Trouble.TOO_CLOSE
            elif days > self._asked.terms.most_days:
                trouble = Trouble.TOO_FAR
        if entry.change in {Change.NEW, Change.MOVED} and self._asked.is_open:
            not_before = self._asked.reasons.least(before).day
            not_after = self._asked.reasons.most(before)
            if entry.is_chosen:
                bound = Bound.CHOSEN
            else:
                bound, because = self._asked.reasons.why_not_earlier(before, local.date())
        stays = entry.change in {Change.PAST, Change.KEPT} and view is not None
        return ProposedSession(
            number=number,
            change=entry.change,
            starts_at=entry.starts_at,
            local=local,
            site_id=entry.site_id,
            site_name=site.name if site else view.site_name if view else "",
            site_city=site.city if site else view.site_city if view else "",
            practitioner_id=entry.practitioner_id,
            practitioner_name=view.practitioner_name
            if stays and view
            else self._asked.calendar.name_of(entry.practitioner_id)
            if entry.practitioner_id
            else "",
            days_since=days,
            trouble=trouble,
            bound=bound,
            because=because,
            not_before=not_before,
            not_after=not_after,
            appointment=view,
        )

    def _why_none(self, last: date | None) -> Text:
        if not self._asked.is_open:
            return why_closed(self._asked.terms.verdict)
        return self._asked.reasons.why_none(last)

    def _alternatives(self) -> list[Alternative]:
        """Return the chains of other days and parts of the day, with the same person and place."""
        if self._found.solution is None or not any(p is None for p in self._found.solution.places):
            return []
        group = self._found.solution.group
        here = replace(
            self._asked.wishes,
            site_id=group.site_id,
            practitioner_id=group.practitioner_id,
            same_practitioner=group.practitioner_id is not None,
        )
        by_day = [(day, None, replace(here, weekdays=frozenset({day}))) for day in range(7)]
        by_part = [(None, part, replace(here, part_of_day=part)) for part in PARTS_OF_DAY]
        return [
            found
            for weekday, part, wishes in [*by_day, *by_part]
            if (found := self._alternative(weekday, part, wishes)) is not None
        ]

    def _alternative(
        self, weekday: int | None, part: tuple[int, int] | None, wishes: Wishes
    ) -> Alternative | None:
        assert self._found.solution is not None
        same = self._found.solution
        free = sum(place is None for place in same.places)
        kept = [place for place in same.places if place is not None]
        solution = best_chain(
            self._asked.times.groups(wishes, without=self._asked.excluded),
            fixed=[one for one in kept if not one.may_move],
            booked=[one for one in kept if one.may_move],
            moved=0,
            free=free,
            spacing=self._asked.spacing(
                self._asked.reasons.least(self._asked.last).day,
                may_be_late=self._found.is_late,
                is_usual=self._found.is_usual,
            ),
            budget=Budget(),
        )
        if solution is None:
            return None
        zone = self._asked.site(wishes.site_id).time_zone if wishes.site_id else "UTC"
        ticks = [link.tick for link in solution.links if link.tick >= 0]
        return Alternative(
            weekday=weekday,
            part_of_day=part,
            first=instant_of(ticks[0]).astimezone(ZoneInfo(zone)),
            last=instant_of(ticks[-1]).astimezone(ZoneInfo(zone)),
            count=len(ticks),
        )

    @property
    def _practitioners(self) -> tuple[Choosable, ...]:
        doctors = (r for r in self._asked.calendar.resources if r.kind is ResourceKind.PRACTITIONER)
        return tuple(
            Choosable(doctor.id, self._asked.calendar.name_of(doctor.id))
            for doctor in sorted(doctors, key=lambda doctor: doctor.name)
        )

    @property
    def _sites(self) -> tuple[Choosable, ...]:
        doctors = {one.id for one in self._practitioners}
        manned = {
            opening.site_id
            for resource in self._asked.calendar.resources
            for opening in resource.weekly
            if resource.id in doctors or not self._asked.service.has_practitioner
        }
        return tuple(
            Choosable(site.id, f"{site.city}, {site.street}")
            for site in self._asked.calendar.sites
            if site.id in manned
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A session before it has its number."""

    change: Change
    starts_at: datetime
    site_id: UUID
    practitioner_id: UUID | None
    view: AppointmentView | None
    is_chosen: bool = False

    @classmethod
    def of(cls, view: AppointmentView, change: Change) -> "_Entry":
        """Return a session that stands."""
        return cls(change, view.starts_at, view.site_id, view.practitioner_id, view)

    @classmethod
    def at(cls, start: Chosen, view: AppointmentView | None, *, is_chosen: bool) -> "_Entry":
        """Return a session at a new start: of an appointment that moves, or a new one."""
        change = Change.MOVED if view else Change.NEW
        where = (start.starts_at, start.site_id, start.practitioner_id)
        return cls(change, *where, view, is_chosen)


def _with_moves(entries: list[_Entry], left: list[AppointmentView]) -> list[_Entry]:
    """Return the entries, with the appointments that lost their place at the nearest new ones."""
    free = [number for number, entry in enumerate(entries) if entry.change is Change.NEW]
    left = sorted(left, key=lambda view: view.starts_at)
    if not left:
        return entries
    nearest = min(
        combinations(free, len(left)),
        key=lambda chosen: sum(
            abs((entries[number].starts_at - view.starts_at).total_seconds())
            for number, view in zip(chosen, left, strict=True)
        ),
    )
    made = list(entries)
    for number, view in zip(nearest, left, strict=True):
        made[number] = replace(made[number], change=Change.MOVED, view=view)
    return made
