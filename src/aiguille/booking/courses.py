"""Courses: proposing a plan's sessions, and booking or moving several of them, all or nothing.

Every session takes its time through `operations`, as one alone does. A course adds one transaction
around them: it queues up for everything that it is about to take before it takes anything, in
sorted order, so that two courses do not wait for each other; where they do all the same, it begins
again once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.booking import facts, notices
from aiguille.booking.course_proposals import (
    PARTS_OF_DAY,
    propose_course,
    propose_following,
)
from aiguille.booking.course_shapes import (
    Alternative,
    Bound,
    Change,
    CourseProposal,
    ProposedSession,
)
from aiguille.booking.course_terms import (
    CourseState,
    Irregular,
    Trouble,
    course_state,
    course_terms,
    sessions_of_course,
)
from aiguille.booking.course_times import Chosen, Wishes
from aiguille.booking.facts import Calendar, Ignored
from aiguille.booking.models import Appointment, Occupancy
from aiguille.booking.operations import AlreadyBooked, NotBookable, book, move_appointment
from aiguille.booking.placing import (
    SlotTaken,
    Wanted,
    choose,
    placed,
    queue_up,
)
from aiguille.booking.queries import session_appointments
from aiguille.booking.rules import is_bound_by_notice
from aiguille.booking.states import StaleVersion
from aiguille.catalogue.queries import session_service
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.intervals import in_utc
from aiguille.kernel.text import Text

__all__ = [
    "PARTS_OF_DAY",
    "Alternative",
    "Bound",
    "Change",
    "Chosen",
    "CourseProposal",
    "CourseState",
    "CourseTaken",
    "Irregular",
    "Move",
    "NothingToArrange",
    "ProposedSession",
    "Trouble",
    "Wishes",
    "arrange_course",
    "book_course",
    "course_state",
    "move_course",
    "propose_course",
    "propose_following",
    "sessions_of_course",
]


@dataclass(frozen=True, slots=True)
class Move:
    """A session that moves to another start; `version` is the one that the page showed."""

    appointment_id: UUID
    version: int | None
    to: Chosen


class CourseTaken(DomainError):
    """Some starts of a course are not free any more, so that none was booked or moved.

    `taken` are those, in order.
    """

    code = "course_taken"

    def __init__(self, taken: Sequence[Chosen], *, field: str = "starts") -> None:
        self.taken = tuple(taken)
        super().__init__(
            Text(
                fr="Un horaire au moins vient d’être pris. Rien n’a été réservé ni déplacé : "
                "voici une nouvelle proposition.",
                en="At least one time has just been taken. Nothing was booked or moved: here is "
                "a new proposal.",
            ),
            field=field,
        )


class NothingToArrange(DomainError):
    """No session was named, or the same one twice."""

    code = "nothing_to_arrange"
    default_text = Text(fr="Choisissez au moins une séance.", en="Choose at least one session.")


def book_course(
    *,
    plan_id: UUID,
    starts: Sequence[Chosen],
    request_key: UUID | None,
    actor: Actor,
    at: datetime,
) -> tuple[UUID, ...]:
    """Book sessions of a plan, all or none, and return their keys in the order of `starts`.

    One message confirms them all; each is reminded of by itself.

    Raises:
        CourseTaken, PatientBusy: a start, or the patient, is taken.
        AlreadyBooked: `request_key` made these sessions before.
        NothingToArrange: there are no starts.
        and what `operations.book` raises.
    """
    return arrange_course(
        plan_id=plan_id, moves=(), starts=starts, request_key=request_key, actor=actor, at=at
    )


def move_course(
    *, plan_id: UUID, moves: Sequence[Move], is_told: bool = True, actor: Actor, at: datetime
) -> tuple[UUID, ...]:
    """Move sessions of a plan, all or none, and return their keys.

    One message says the new times, where the patient is told.

    Raises:
        CourseTaken, PatientBusy: a start, or the patient, is taken.
        StaleVersion: a session changed since the page was shown.
        and what `operations.move_appointment` raises.
    """
    return arrange_course(
        plan_id=plan_id,
        moves=moves,
        starts=(),
        request_key=None,
        is_told=is_told,
        actor=actor,
        at=at,
    )


@transaction.atomic
def arrange_course(
    *,
    plan_id: UUID,
    moves: Sequence[Move],
    starts: Sequence[Chosen],
    request_key: UUID | None,
    is_told: bool = True,
    actor: Actor,
    at: datetime,
) -> tuple[UUID, ...]:
    """Move sessions of a plan and book others, all or none; return the keys, the moved ones first.

    Raises:
        what `book_course` and `move_course` raise.
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.BOOK)
    if not moves and not starts:
        raise NothingToArrange(field="starts")
    arranged = _Arranged(plan_id, moves, starts, request_key, actor, at, is_told=is_told)
    return placed(lambda _carefully: arranged.write())


class _Arranged:
    """One arrangement of a course, written under a savepoint."""

    def __init__(
        self,
        plan_id: UUID,
        moves: Sequence[Move],
        starts: Sequence[Chosen],
        request_key: UUID | None,
        actor: Actor,
        at: datetime,
        *,
        is_told: bool,
    ) -> None:
        terms = course_terms(plan_id)
        self.plan = terms.plan
        self.sessions = {view.id for view in terms.sessions}
        self.calendar: Calendar = facts.read_calendar(session_service(self.plan.treatment_id))
        self.moves = sorted(moves, key=lambda move: in_utc(move.to.starts_at))
        self.starts = list(starts)
        self.request_key, self.actor, self.at = request_key, actor, at
        self.is_told = is_told
        self.moving = [move.appointment_id for move in self.moves]
        if len(set(self.moving)) != len(self.moving) or not self.sessions.issuperset(self.moving):
            raise NothingToArrange(field="starts")
        if any(self.calendar.site(one.site_id) is None for one in self._wanted_starts):
            raise NotBookable(field="site_id")

    @property
    def is_alone(self) -> bool:
        """Tell whether one session only is arranged: the patient is told as of any other."""
        return len(self.moves) + len(self.starts) == 1

    @property
    def _wanted_starts(self) -> list[Chosen]:
        return [*(move.to for move in self.moves), *self.starts]

    def write(self) -> tuple[UUID, ...]:
        """Take everything, or raise."""
        self._queue_up()
        self._refuse_second()
        old = {row.id: row.version for row in self._rows()}
        for move in self.moves:
            if move.version is not None and old[move.appointment_id] != move.version:
                raise StaleVersion
        # Their old time is in nobody's way, least of all their own.
        Occupancy.objects.filter(appointment_id__in=self.moving).delete()
        made: dict[Chosen, UUID] = {}
        todo: list[tuple[datetime, Chosen, UUID | None]] = [
            *((in_utc(move.to.starts_at), move.to, move.appointment_id) for move in self.moves),
            *((in_utc(one.starts_at), one, None) for one in self.starts),
        ]
        todo.sort(key=lambda each: each[0])
        waiting = {key for _, _, key in todo if key is not None}
        for _, start, appointment_id in todo:
            if appointment_id is not None:
                waiting.discard(appointment_id)
                self._move(start, appointment_id, waiting)
            else:
                made[start] = self._book(start, self.starts.index(start), waiting)
        keys = (*self.moving, *(made[start] for start in self.starts))
        self._number_anew()
        if self.is_alone or not self.is_told:
            return keys
        notices.announce_course(
            patient_id=self.plan.patient_id,
            plan_id=self.plan.id,
            appointment_ids=keys,
            is_news=not self.moves,
            at=self.at,
        )
        return keys

    def _rows(self) -> list[Appointment]:
        """Return the appointments that move, locked in sorted order."""
        rows = Appointment.objects.select_for_update(of=("self",)).filter(id__in=self.moving)
        return list(rows.order_by("id"))

    def _queue_up(self) -> None:
        """Queue up for what will be taken, what becomes free, and the patient, all at once."""
        wanted: set[UUID] = set()
        for start in self._wanted_starts:
            choice = choose(self._wanted(start), at=self.at)
            if choice is not None:
                wanted |= choice.resource_ids
        held = Occupancy.objects.filter(
            appointment_id__in=self.moving, resource__isnull=False
        ).values_list("resource_id", flat=True)
        wanted.update(held)
        queue_up(resource_ids=wanted, patient_id=self.plan.patient_id)

    def _wanted(self, start: Chosen) -> Wanted:
        site = self.calendar.site(start.site_id)
        assert site is not None
        return Wanted(
            calendar=self.calendar,
            site=site,
            starts_at=in_utc(start.starts_at),
            practitioner_id=start.practitioner_id,
            patient_id=self.plan.patient_id,
            ignored=Ignored(),
            offered_only=is_bound_by_notice(self.actor),
        )

    def _refuse_second(self) -> None:
        if self.request_key is None:
            return
        made = Appointment.objects.filter(
            request_key__in=[self._key_of(number) for number in range(len(self.starts))]
        ).values_list("id", flat=True)
        if first := made.first():
            raise AlreadyBooked(first)

    def _key_of(self, number: int) -> UUID | None:
        """Return under what the session of a request is asked for: none of them twice."""
        return uuid5(self.request_key, str(number)) if self.request_key else None

    def _book(self, start: Chosen, number: int, waiting: set[UUID]) -> UUID:
        try:
            return book(
                patient_id=self.plan.patient_id,
                service_id=self.calendar.service.id,
                site_id=start.site_id,
                starts_at=start.starts_at,
                practitioner_id=start.practitioner_id,
                plan_id=self.plan.id,
                request_key=self._key_of(number),
                is_told=self.is_alone and self.is_told,
                moving_next=waiting,
                actor=self.actor,
                at=self.at,
            )
        except SlotTaken as error:
            raise self._taken(start) from error

    def _move(self, start: Chosen, appointment_id: UUID, waiting: set[UUID]) -> None:
        try:
            move_appointment(
                appointment_id=appointment_id,
                starts_at=start.starts_at,
                site_id=start.site_id,
                practitioner_id=start.practitioner_id,
                told_after=timedelta(0) if self.is_alone and self.is_told else None,
                moving_next=waiting,
                actor=self.actor,
                at=self.at,
            )
        except SlotTaken as error:
            raise self._taken(start) from error

    def _taken(self, start: Chosen) -> CourseTaken:
        """Return the refusal, with every start that is not free: those before it were."""
        after = [
            one for one in self._wanted_starts if in_utc(one.starts_at) > in_utc(start.starts_at)
        ]
        return CourseTaken(
            [
                start,
                *(
                    one
                    for one in sorted(after, key=lambda one: in_utc(one.starts_at))
                    if choose(self._wanted(one), at=self.at) is None
                ),
            ]
        )

    def _number_anew(self) -> None:
        """Count the sessions of the course that stand, in order, as they are now."""
        found = session_appointments(
            patient_id=self.plan.patient_id, procedure=self.calendar.service.procedure
        )
        standing = [view for view in sessions_of_course(self.plan, found) if view.is_standing]
        for number, view in enumerate(standing, 1):
            if view.session_number != number:
                Appointment.objects.filter(id=view.id).update(session_number=number)
