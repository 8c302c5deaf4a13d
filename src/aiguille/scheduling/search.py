"""The engine's doors for one appointment: search its starts, then choose and hold resources."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import product
from typing import NamedTuple

from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.intervals import Interval, in_utc, merge
from aiguille.scheduling.facts import Facts
from aiguille.scheduling.fitting import Fitting
from aiguille.scheduling.services import Service
from aiguille.scheduling.starts import SiteStarts, Slot, Starts
from aiguille.scheduling.timeline import TICK_MINUTES, Span, between, tick_of
from aiguille.scheduling.wallclock import day_of


class Hold(NamedTuple):
    """A resource that an appointment takes, and from when to when, buffers included."""

    resource: str
    period: Interval


def startable(
    *, facts: Facts, service: Service, at: datetime, first_date: date, last_date: date
) -> int:
    """Return the ticks at which step, notice, horizon and dates allow a start, asked at `at`.

    A start on which the facts say too little, because its stretches leave their span, is not
    allowed; `window_for` makes a span that is wide enough.
    """
    clock = facts.clock
    reach = service.reach
    covered = Span(clock.span.first - reach.first, clock.span.end - reach.end + 1)
    span = service.start_span(at=at, within=covered)
    return (
        clock.on_step(facts.step_minutes)
        & clock.dated(day_of(first_date), day_of(last_date))
        & between(clock.span, *span)
    )


def find_starts(
    *,
    facts: Facts,
    service: Service,
    at: datetime,
    first_date: date,
    last_date: date,
    practitioner: str | None = None,
    site: str | None = None,
    within: int | None = None,
) -> Starts:
    """Return every possible start of a service, asked at the instant `at`.

    `first_date` and `last_date` bound the local date of the start, both included. A practitioner
    or a site narrows the question, and so does `within`, a set of ticks (the hours that a person
    prefers, for instance: `WallClock.weekly`).
    """
    allowed = startable(
        facts=facts, service=service, at=at, first_date=first_date, last_date=last_date
    )
    if within is not None:
        allowed &= within
    fitting = Fitting(facts=facts, service=service)
    sites = [name for name in sorted(set(facts.sites)) if site in {None, name}]
    return Starts(
        facts.clock,
        tuple(_starts_at(fitting, name, allowed, practitioner) for name in sites),
    )


def _starts_at(fitting: Fitting, site: str, allowed: int, practitioner: str | None) -> SiteStarts:
    service = fitting.service
    doctor = service.practitioner_need
    if not allowed or (doctor is None and practitioner is not None):
        return SiteStarts(site, 0, {})
    by_practitioner: dict[str, int] = {}
    if doctor is not None:
        # First those who decide: where no practitioner is free, no room is looked at.
        anyone = 0
        for candidate, starts in fitting.starts_by_name(doctor, site):
            free = starts & allowed
            if free and practitioner in {None, candidate}:
                by_practitioner[candidate] = free
                anyone |= free
        allowed = anyone
    for kind in ResourceKind:
        needs = [need for need in service.needs if need.kind == kind and need is not doctor]
        if needs and allowed:
            allowed = fitting.together(needs, site, allowed)
    kept = {key: free & allowed for key, free in by_practitioner.items() if free & allowed}
    return SiteStarts(site, allowed, kept)


def find_slots(
    *,
    facts: Facts,
    service: Service,
    at: datetime,
    first_date: date,
    last_date: date,
    practitioner: str | None = None,
    site: str | None = None,
) -> list[Slot]:
    """Return every possible start with its practitioners, by instant, then by site."""
    return find_starts(
        facts=facts,
        service=service,
        at=at,
        first_date=first_date,
        last_date=last_date,
        practitioner=practitioner,
        site=site,
    ).slots()


def assign(
    *,
    facts: Facts,
    service: Service,
    start: datetime,
    site: str,
    practitioner: str | None = None,
    among: Collection[str] = (),
    turn: int = 0,
) -> dict[str, str] | None:
    """Return a resource's id for each need's name, or None where `start` is not possible.

    Only openings and busy time are asked: notice, horizon and step bind who books online, not
    the desk. Resources with few skills are taken first, then by id, beginning after the first
    `turn` of them. Each resource of `among` is one of those chosen.

    Raises:
        ValueError: `start` is not a multiple of five minutes, or the facts do not cover it.
    """
    tick = tick_of(start)
    span, reach = facts.clock.span, service.reach
    if tick + reach.first < span.first or tick + reach.end > span.end:
        raise ValueError("the facts do not cover this appointment")
    doctor = service.practitioner_need
    if practitioner is not None and doctor is None:
        return None
    only = {doctor.name: practitioner} if doctor and practitioner is not None else {}
    fitting = Fitting(facts=facts, service=service)
    for asked in _given(service, facts, only, among):
        if found := fitting.matched(service.needs, site, tick, asked, turn):
            return found
    return None


def _given(
    service: Service, facts: Facts, only: Mapping[str, str], among: Collection[str]
) -> Iterable[Mapping[str, str]]:
    """Yield every way in which the needs can have the resources that are asked for."""
    if not among:
        yield only
        return
    known = {resource.id: resource for resource in facts.resources}
    suited = [
        [need.name for need in service.needs if name in known and known[name].suits(need)]
        for name in among
    ]
    for needs in product(*suited):
        asked = dict(zip(needs, among, strict=True))
        clashes = any(only.get(need, resource) != resource for need, resource in asked.items())
        if len(asked) == len(among) and not clashes:
            yield {**only, **asked}


def stretches(*, service: Service, start: datetime, chosen: Mapping[str, str]) -> list[Hold]:
    """Return what an appointment takes, by resource, then by start.

    `chosen` gives a resource's id for each need's name, as `assign` does. Stretches of one
    resource that touch or overlap, once widened by the buffers, are one.
    """
    begin = in_utc(start)
    held: dict[str, list[Interval]] = {}
    for need in service.needs:
        held.setdefault(chosen[need.name], []).extend(
            Interval(
                begin + timedelta(minutes=TICK_MINUTES * stretch.busy_from),
                begin + timedelta(minutes=TICK_MINUTES * stretch.busy_to),
            )
            for stretch in service.stretches[need.name]
        )
    return [Hold(resource, period) for resource in sorted(held) for period in merge(held[resource])]
