"""Taking time: the one way by which holds and appointments come to occupy anything.

The exclusion constraints decide. A transaction reads what is busy, chooses resources, queues up for
them, frees the expired holds on them and inserts its stretches in sorted order.
Where somebody else was quicker with one of the resources, others are chosen; where there are none
left, the caller learns so, with the nearest free starts.

A refused statement ends its transaction, so that whoever tries again needs a savepoint before it.
Most bookings need none, and a savepoint costs a booking a good part of its time: `placed` first
tries without, and then, should somebody have been quicker, once more from the beginning with one.
The first time, a booking that is alone queues up in the statement that writes it, and frees nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from aiguille.booking import facts
from aiguille.booking.facts import Calendar, Ignored
from aiguille.booking.free_times import Start, nearest_starts
from aiguille.booking.models import Appointment, Hold, Occupancy
from aiguille.clinics.queries import SiteView
from aiguille.clinics.timetable import get_resource
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.intervals import in_utc
from aiguille.kernel.text import Text
from aiguille.plumbing.deadlocks import is_deadlock
from aiguille.plumbing.statements import Insertion, Statement, insert_all
from aiguille.scheduling.search import assign, startable, stretches
from aiguille.scheduling.timeline import tick_of

# How often resources are chosen anew before the start is given up; each time, somebody else won.
MOST_CHOICES = 4

Written = TypeVar("Written")


class SlotTaken(DomainError):
    """The start is not free, or not any more; `nearest` are the free starts around it, in order."""

    code = "slot_taken"
    default_text = Text(
        fr="Cet horaire vient d’être pris ou n’est plus proposé.",
        en="This time has just been taken or is no longer offered.",
    )

    def __init__(self, *, nearest: tuple[Start, ...] = ()) -> None:
        self.nearest = nearest
        super().__init__(field="starts_at")


class Contended(Exception):
    """Somebody else was quicker: begin again, `carefully`."""


class ResourceRefused(DomainError):
    """The room or the device that was asked for does not serve here, or not at that time."""

    code = "resource_refused"

    def __init__(self, text: Text, *, nearest: tuple[Start, ...] = ()) -> None:
        self.nearest = nearest
        super().__init__(text, field="resource_id")


class PatientBusy(DomainError):
    """The patient has another appointment at that time."""

    code = "patient_busy"
    default_text = Text(
        fr="Un autre rendez-vous de cette personne a lieu au même moment.",
        en="This person has another appointment at that time.",
    )


@dataclass(frozen=True, slots=True)
class Taking:
    """One stretch to take: a resource for a need, from `start` up to `end`, buffers included."""

    resource_id: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """Resources chosen for a start, and what is still to be taken of them."""

    resource_ids: frozenset[UUID]
    takings: tuple[Taking, ...]
    practitioner_id: UUID | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A start that somebody wants. `offered_only` refuses what is not offered online.

    `resource_ids` are rooms and devices that are asked for by name.
    """

    calendar: Calendar
    site: SiteView
    starts_at: datetime
    practitioner_id: UUID | None
    patient_id: UUID | None
    ignored: Ignored
    offered_only: bool
    resource_ids: frozenset[UUID] = frozenset()

    @property
    def ends_at(self) -> datetime:
        """Return when the last phase ends."""
        return in_utc(self.starts_at) + self.calendar.engine_service.duration


def placed(act: Callable[[bool], Written], *, in_one_statement: bool = False) -> Written:
    """Run `act` in a transaction and return what it returns; it calls `place`.

    It is told whether to place carefully: first not, and then, where it was contended for or
    deadlocked, once more from the beginning. In an outer transaction only what it did itself is
    undone between. What writes `in_one_statement`, where it is not careful, is a transaction by
    that statement alone.
    """
    is_alone = in_one_statement and not connection.in_atomic_block
    try:
        with nullcontext() if is_alone else transaction.atomic():
            return act(False)  # noqa: FBT003 -- as `place` takes it
    except Contended:
        pass
    except OperationalError as error:
        if not is_deadlock(error):
            raise
    with transaction.atomic():
        return act(True)  # noqa: FBT003


def place(
    wanted: Wanted,
    *,
    at: datetime,
    write: Callable[[Choice], Written],
    first: Choice | None = None,
    carefully: bool = True,
    is_queue_written: bool = False,
) -> Written:
    """Choose resources and let `write` insert what takes them; return what it returns.

    `first` is a choice made already, to try before any other. Where `write` itself queues up
    (`is_queue_written`) and it is not done carefully, nothing else is asked of the database before
    it; a hold that expired is then in its way like any other.

    `write` runs under a savepoint, again with other resources where a constraint refused them,
    and once more after a deadlock. Where it is not done `carefully` there is no savepoint, and
    `Contended` leaves through the whole transaction to `placed`.

    Raises:
        SlotTaken: no resources are free.
        PatientBusy: the patient is taken.
    """
    deadlocks = 0
    for _ in range(MOST_CHOICES):
        choice, first = first or choose(wanted, at=at), None
        if choice is None:
            break
        try:
            with transaction.atomic() if carefully else nullcontext():
                if carefully or not is_queue_written:
                    queue_up(resource_ids=choice.resource_ids, patient_id=wanted.patient_id)
                    free_expired_holds(resource_ids=choice.resource_ids, at=at)
                return write(choice)
        except IntegrityError as error:
            if (name := constraint_of(error)) == "no_patient_twice":
                raise PatientBusy(field="starts_at") from error
            if name != "no_resource_twice":
                raise
            if not carefully:
                raise Contended from error
        except OperationalError as error:
            deadlocks += 1
            if not carefully or not is_deadlock(error) or deadlocks > 1:
                raise
    if wanted.resource_ids and choose(replace(wanted, resource_ids=frozenset()), at=at):
        raise ResourceRefused(
            Text(
                fr=f"{_named(wanted)} : fermé ou déjà pris à ce moment-là.",
                en=f"{_named(wanted)}: closed or taken at that time.",
            )
        )
    raise taken(wanted, at=at)


def refuse_unsuited(wanted: Wanted) -> None:
    """Refuse a room or a device that the service cannot use, whatever the time.

    Raises:
        ResourceRefused: it is of a kind that the service does not hold, without the skill that it
            asks for, or does not stand at the site.
    """
    suited = {resource.id: resource for resource in wanted.calendar.resources}
    kinds = {need.kind for need in wanted.calendar.service.needs}
    for resource_id in wanted.resource_ids:
        asked = get_resource(resource_id)
        if asked.kind not in kinds:
            raise ResourceRefused(_HOLDS_NONE[asked.kind])
        if resource_id not in suited:
            raise ResourceRefused(
                Text(
                    fr=f"{asked.name} ne sert pas à cette prestation.",
                    en=f"{asked.name} does not serve for this service.",
                )
            )
        if asked.site_id != wanted.site.id:
            raise ResourceRefused(
                Text(
                    fr=f"{asked.name} se trouve sur un autre site.",
                    en=f"{asked.name} is at another site.",
                )
            )


def _named(wanted: Wanted) -> str:
    return ", ".join(sorted(wanted.calendar.name_of(key) for key in wanted.resource_ids))


_HOLDS_NONE = {
    ResourceKind.PRACTITIONER: Text(
        fr="Cette prestation ne demande pas de praticien.",
        en="This service asks for no practitioner.",
    ),
    ResourceKind.ROOM: Text(
        fr="Cette prestation n’occupe pas de salle.", en="This service holds no room."
    ),
    ResourceKind.DEVICE: Text(
        fr="Cette prestation n’occupe pas d’appareil.", en="This service holds no device."
    ),
}


def taken(wanted: Wanted, *, at: datetime) -> SlotTaken:
    """Return the refusal, with the nearest free starts."""
    return SlotTaken(
        nearest=nearest_starts(
            wanted.calendar,
            wanted=wanted.starts_at,
            day=facts.local_day(wanted.starts_at, wanted.site.time_zone),
            at=at,
            site_id=wanted.site.id,
            practitioner_id=wanted.practitioner_id,
            patient_id=wanted.patient_id,
            ignored=wanted.ignored,
        )
    )


def constraint_of(error: DatabaseError) -> str:
    """Return the name of the constraint that refused a statement, empty where there is none."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


def queue_up(*, resource_ids: Iterable[UUID], patient_id: UUID | None = None) -> None:
    """Wait for whoever is taking time of these resources, or of this patient, right now.

    The constraint alone is enough to be right, but not to be quick: two that insert at the same
    moment each see the other's row and wait for each other until PostgreSQL ends one of them. So
    whoever takes time first queues up, in sorted order, until the end of its transaction.
    """
    _QUEUE_UP.rows(queue_keys(resource_ids=resource_ids, patient_id=patient_id))


def queue_keys(*, resource_ids: Iterable[UUID], patient_id: UUID | None = None) -> list[int]:
    """Return what to lock, in which order, to queue up for these."""
    owners = {*resource_ids, *([patient_id] if patient_id else [])}
    return sorted(int.from_bytes(owner.bytes[8:], "big", signed=True) for owner in owners)


def free_expired_holds(*, resource_ids: Collection[UUID], at: datetime) -> None:
    """Free what holds that expired by `at` still take of these resources.

    A constraint cannot know that a hold expired. Call it after `queue_up` for the resources.
    """
    _FREE_EXPIRED.run(list(resource_ids), at)


_QUEUE_UP = Statement("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key")
_FREE_EXPIRED = Statement(
    "DELETE FROM booking_occupancy USING booking_hold"
    " WHERE hold_id = booking_hold.id AND resource_id = ANY (%s) AND expires_at <= %s"
)
_TAKE = Insertion(Occupancy)


def occupy(
    *,
    takings: Sequence[Taking],
    appointment: Appointment | None = None,
    hold: Hold | None = None,
) -> None:
    """Insert stretches in sorted order, then the patient's own, in one statement."""
    insert_all(_TAKE, stretches_of(takings=takings, appointment=appointment, hold=hold))


def stretches_of(
    *,
    takings: Sequence[Taking],
    appointment: Appointment | None = None,
    hold: Hold | None = None,
) -> list[Occupancy]:
    """Return the rows that `occupy` inserts."""
    rows = [
        Occupancy(
            resource_id=taking.resource_id,
            appointment=appointment,
            hold=hold,
            period=DateTimeTZRange(taking.start, taking.end),
        )
        for taking in sorted(takings, key=lambda taking: (taking.resource_id, taking.start))
    ]
    if appointment is not None:
        rows.append(
            Occupancy(
                patient_id=appointment.patient_id,
                appointment=appointment,
                period=DateTimeTZRange(appointment.starts_at, appointment.ends_at),
            )
        )
    return rows


def _turn(wanted: Wanted) -> int:
    """Return at which room and device to begin: another one for each practitioner who is named.

    So they tend to keep theirs, and who books with one does not queue up behind who books with
    another.
    """
    named = wanted.practitioner_id
    others = (r.id for r in wanted.calendar.resources if r.kind is ResourceKind.PRACTITIONER)
    return sum(1 for other in others if named is not None and other < named)


def choose(wanted: Wanted, *, at: datetime) -> Choice | None:
    """Return free resources for a start and what to take of them, or None (one query)."""
    service = wanted.calendar.engine_service
    practitioner = str(wanted.practitioner_id) if wanted.practitioner_id else None
    try:
        known = facts.facts_for_start(
            wanted.calendar,
            site=wanted.site,
            starts_at=wanted.starts_at,
            at=at,
            ignored=wanted.ignored,
            practitioner_id=wanted.practitioner_id,
        )
    except ValueError:
        return None  # between two ticks: never offered, so never free
    if wanted.offered_only:
        day = facts.local_day(wanted.starts_at, wanted.site.time_zone)
        offered = startable(facts=known, service=service, at=at, first_date=day, last_date=day)
        if not offered >> (tick_of(wanted.starts_at) - known.clock.span.first) & 1:
            return None
    chosen = assign(
        facts=known,
        service=service,
        start=wanted.starts_at,
        site=str(wanted.site.id),
        practitioner=practitioner,
        among=sorted(map(str, wanted.resource_ids)),
        turn=_turn(wanted),
    )
    if chosen is None:
        return None
    doctor = service.practitioner_need
    return Choice(
        resource_ids=frozenset(UUID(key) for key in chosen.values()),
        takings=tuple(
            Taking(UUID(held.resource), held.period.start, held.period.end)
            for held in stretches(service=service, start=wanted.starts_at, chosen=chosen)
        ),
        practitioner_id=UUID(chosen[doctor.name]) if doctor else None,
    )
