"""Services: what an appointment is made of, and when it may be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.timeline import TICK_MINUTES, TICKS_PER_DAY, Span, tick_from
from aiguille.scheduling.wallclock import day_of

_END_OF_CALENDAR = (day_of(date.max) + 2) * TICKS_PER_DAY  # nothing is open from here on


class Stretch(NamedTuple):
    """Consecutive phases that a need holds, in ticks from the start of the appointment.

    The resource is open from `open_from` to `open_to`, and taken by nobody else from
    `busy_from` (which a buffer may put before the start) to `busy_to`.
    """

    open_from: int
    open_to: int
    busy_from: int
    busy_to: int


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that an appointment holds: a resource of `kind`, with `skill` unless None."""

    name: str
    kind: ResourceKind
    skill: str | None = None
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of an appointment, and the names of the needs held during it (perhaps none)."""

    minutes: int
    needs: frozenset[str]


@dataclass(frozen=True)
class Service:
    """What is booked: its phases run one after another from the start.

    Every need is named by a phase, at most one is a practitioner, and minutes are multiples of
    five.

    Raises:
        ValueError: one of these does not hold.
    """

    id: str
    needs: tuple[Need, ...]
    phases: tuple[Phase, ...]
    min_notice_minutes: int = 0
    max_horizon_days: int = 365

    def __post_init__(self) -> None:
        names = {need.name for need in self.needs}
        if len(names) != len(self.needs):
            raise ValueError("two needs have one name")
        if frozenset().union(*(phase.needs for phase in self.phases)) != names:
            raise ValueError("the needs are not those that the phases name")
        if [need.kind for need in self.needs].count(ResourceKind.PRACTITIONER) > 1:
            raise ValueError("a service needs one practitioner at most")
        if any(phase.minutes <= 0 for phase in self.phases):
            raise ValueError("a phase lasts five minutes at least")
        buffers = [n.buffer_before_minutes for n in self.needs]
        buffers += [n.buffer_after_minutes for n in self.needs]
        if any(minutes < 0 for minutes in buffers):
            raise ValueError("a buffer is not negative")
        minutes = [self.min_notice_minutes, *buffers, *(phase.minutes for phase in self.phases)]
        if any(length % TICK_MINUTES for length in minutes):
            raise ValueError(f"minutes are multiples of {TICK_MINUTES}")

    @cached_property
    def practitioner_need(self) -> Need | None:
        """The need of a practitioner, where there is one."""
        return next((n for n in self.needs if n.kind == ResourceKind.PRACTITIONER), None)

    @cached_property
    def duration(self) -> timedelta:
        """The length of all phases, buffers not included."""
        return timedelta(minutes=sum(phase.minutes for phase in self.phases))

    @cached_property
    def stretches(self) -> Mapping[str, tuple[Stretch, ...]]:
        """The stretches that each need holds, by the need's name."""
        held: dict[str, list[tuple[int, int]]] = {need.name: [] for need in self.needs}
        begin = 0
        for phase in self.phases:
            end = begin + phase.minutes // TICK_MINUTES
            for name in phase.needs:
                runs = held[name]
                if runs and runs[-1][1] == begin:
                    runs[-1] = (runs[-1][0], end)
                else:
                    runs.append((begin, end))
            begin = end
        return {
            need.name: tuple(
                Stretch(
                    first,
                    end,
                    first - need.buffer_before_minutes // TICK_MINUTES,
                    end + need.buffer_after_minutes // TICK_MINUTES,
                )
                for first, end in held[need.name]
            )
            for need in self.needs
        }

    @cached_property
    def reach(self) -> Span:
        """The ticks, counted from the start, on which a start depends, itself and buffers included."""
        stretches = [stretch for runs in self.stretches.values() for stretch in runs]
        return Span(
            min((0, *(stretch.busy_from for stretch in stretches))),
            max((0, *(stretch.busy_to for stretch in stretches))),
        )

    def start_span(self, *, at: datetime, within: Span) -> Span:
        """Return the ticks of `within` that notice and horizon leave for a start, asked at `at`."""
        now = tick_from(at)
        held_to = max((run.open_to for runs in self.stretches.values() for run in runs), default=0)
        first = max(within.first, now + self.min_notice_minutes // TICK_MINUTES)
        end = min(
            within.end, now + self.max_horizon_days * TICKS_PER_DAY, _END_OF_CALENDAR - held_to
        )
        return Span(first, max(first, end))
