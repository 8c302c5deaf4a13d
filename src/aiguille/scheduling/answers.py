"""Answering scenarios with the engine that the pages use."""

import json
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from aiguille.scheduling.courses import find_course
from aiguille.scheduling.facts import (
    Facts,
    Resource,
    closed_bits,
    dates_span,
    opening_bits,
    window_for,
)
from aiguille.scheduling.reading import Node, Reason, ScenarioError
from aiguille.scheduling.scenario import CourseQuestion, Scenario, SlotsQuestion, read_scenario
from aiguille.scheduling.search import find_starts
from aiguille.scheduling.services import Service
from aiguille.scheduling.shortening import shortened
from aiguille.scheduling.timeline import TICK_MINUTES, TICKS_PER_DAY, Span, bits_of
from aiguille.scheduling.wallclock import MINUTES_PER_DAY, WallClock

Answer = dict[str, object]


def answer_file(path: str) -> Answer:
    """Return the answer to a scenario file, an error being an answer too (`{"error": ...}`)."""
    try:
        return answer(read_scenario(_json_in(path)))
    except ScenarioError as error:
        return {"error": {"field": error.field, "message": error.text.en}}


def _json_in(path: str) -> object:
    try:
        value: object = json.loads(Path(path).read_bytes(), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise Node(None).refused(Reason.UNREADABLE) from error
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def answer(scenario: Scenario) -> Answer:
    """Return the answer to a scenario, as it is written in JSON."""
    question = scenario.question
    if isinstance(question, SlotsQuestion):
        return _slots(scenario, question)
    return _course(scenario, question)


def _slots(scenario: Scenario, question: SlotsQuestion) -> Answer:
    (service,), facts = _facts(scenario, (question.service,))
    starts = find_starts(
        facts=facts,
        service=service,
        at=scenario.now,
        first_date=question.first_date,
        last_date=question.last_date,
        practitioner=question.practitioner,
        site=question.site,
    )
    return {
        "slots": [
            {"start": facts.clock.written(tick), "site": site, "practitioners": list(ids)}
            for tick, site, ids in starts.named_rows()
        ]
    }


def _course(scenario: Scenario, question: CourseQuestion) -> Answer:
    services, facts = _facts(scenario, question.services)
    course = find_course(
        facts=facts,
        services=services,
        gaps=question.gaps,
        at=scenario.now,
        first_date=question.first_date,
        last_date=question.last_date,
        same_practitioner=question.same_practitioner,
        practitioner=question.practitioner,
        site=question.site,
    )
    if course is None:
        return {"course": None}
    return {
        "course": [
            {
                "start": facts.clock.written(tick),
                "site": course.site,
                "practitioner": course.practitioner,
            }
            for tick in course.ticks
        ]
    }


def _facts(scenario: Scenario, services: tuple[Service, ...]) -> tuple[tuple[Service, ...], Facts]:
    """Return the services asked for and what the engine needs to know about them."""
    question = scenario.question
    first_date, last_date = question.first_date, question.last_date
    dates = dates_span(zone=scenario.zone, first_date=first_date, last_date=last_date)
    booked = [tick for held in scenario.bookings.values() for period in held for tick in period]
    services = tuple(
        _with_useful_buffers(_of_useful_length(service, scenario, dates, booked), dates, booked)
        for service in services
    )
    span = window_for(
        zone=scenario.zone,
        services=services,
        at=scenario.now,
        first_date=first_date,
        last_date=last_date,
    )
    clock = WallClock(scenario.zone, span)
    closed = closed_bits(clock, scenario.closures)
    needs = [need for service in services for need in service.needs]
    resources = (
        Resource(
            id=resource.id,
            kind=resource.kind,
            skills=resource.skills,
            open=opening_bits(
                clock=clock,
                hours=resource.hours,
                extra=resource.extra,
                closed=closed | closed_bits(clock, resource.closures),
            ),
            busy=bits_of(span, scenario.bookings.get(resource.id, ())),
        )
        for resource in scenario.resources
        if any(need.kind == resource.kind for need in needs)
    )
    return services, Facts(clock, scenario.step_minutes, scenario.sites, tuple(resources))


def _of_useful_length(
    service: Service, scenario: Scenario, dates: Span, booked: list[int]
) -> Service:
    """Return the service with no phase longer than what can make a difference."""
    walls = [closure.to_wall for closure in scenario.closures]
    for resource in scenario.resources:
        walls += [closure.to_wall for closure in resource.closures]
        walls += [(opening.day + 1) * MINUTES_PER_DAY for opening in resource.extra]
    # No wall is further than a day from UTC.
    named = [wall // TICK_MINUTES + 2 * TICKS_PER_DAY for wall in walls]
    settled = max([dates.end, *booked, *named])
    short = shortened(service, settled_after=settled - dates.first)
    # Near the calendar's end an appointment must end before it, as long as it really is.
    spans = {each.start_span(at=scenario.now, within=dates) for each in (service, short)}
    return short if len(spans) == 1 else service


def _with_useful_buffers(service: Service, dates: Span, booked: list[int]) -> Service:
    """Return the service with no buffer longer than the time in which anything happens.

    A buffer of a thousand years reaches the same bookings, and would make as many years of ticks.
    """
    held_to = max((run.open_to for runs in service.stretches.values() for run in runs), default=0)
    first, last = min([dates.first, *booked]), max([dates.end + held_to, *booked])
    most = (last - first) * TICK_MINUTES
    return replace(
        service,
        needs=tuple(
            replace(
                need,
                buffer_before_minutes=min(need.buffer_before_minutes, most),
                buffer_after_minutes=min(need.buffer_after_minutes, most),
            )
            for need in service.needs
        ),
    )
