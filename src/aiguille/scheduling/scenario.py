"""Scenario files: a clinic's calendar and one question, read and checked whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.courses import Gap
from aiguille.scheduling.facts import Closure, DatedOpening, WeeklyOpening
from aiguille.scheduling.reading import Node, Reason
from aiguille.scheduling.services import Need, Phase, Service
from aiguille.scheduling.wallclock import day_of

_KINDS = frozenset(kind.value for kind in ResourceKind)
_MOST_DAYS = 750


@dataclass(frozen=True, slots=True)
class ScenarioResource:
    """A resource as the file has it, in wall-clock time."""

    id: str
    kind: ResourceKind
    skills: frozenset[str]
    hours: tuple[WeeklyOpening, ...]
    extra: tuple[DatedOpening, ...]
    closures: tuple[Closure, ...]


@dataclass(frozen=True, slots=True)
class SlotsQuestion:
    """Every possible start of one service."""

    service: Service
    first_date: date
    last_date: date
    practitioner: str | None
    site: str | None


@dataclass(frozen=True, slots=True)
class CourseQuestion:
    """The first chain of appointments."""

    services: tuple[Service, ...]
    gaps: tuple[Gap, ...]
    first_date: date
    last_date: date
    same_practitioner: bool
    practitioner: str | None
    site: str | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole file; `bookings` gives each resource's intervals of ticks."""

    zone: str
    now: datetime
    step_minutes: int
    sites: tuple[str, ...]
    resources: tuple[ScenarioResource, ...]
    closures: tuple[Closure, ...]
    bookings: dict[str, list[tuple[int, int]]]
    question: SlotsQuestion | CourseQuestion


def read_scenario(value: object) -> Scenario:
    """Return the scenario in a JSON value.

    Fields are read in the order in which `README.md` of the scenarios lists them, so that the
    error raised is the first one.

    Raises:
        ScenarioError: a field is wrong; the error names it.
    """
    root = Node(value)
    zone = root["timezone"].zone()
    now = root["now"].instant()
    step = root["slot_step_minutes"].minutes(least=5)
    sites = tuple(node.string() for node in root["sites"].items())
    resources: dict[str, ScenarioResource] = {}
    for node in root["resources"].items():
        resource = _resource(node, sites, resources)
        resources[resource.id] = resource
    closures = _closures(root)
    services: dict[str, Service] = {}
    for node in root["services"].items():
        service = _service(node, services)
        services[service.id] = service
    bookings = _bookings(root["bookings"], resources)
    practitioners = {r.id for r in resources.values() if r.kind == ResourceKind.PRACTITIONER}
    question = _question(root["query"], services, practitioners, sites)
    return Scenario(zone, now, step, sites, tuple(resources.values()), closures, bookings, question)


def _resource(
    node: Node, sites: Sequence[str], known: dict[str, ScenarioResource]
) -> ScenarioResource:
    return ScenarioResource(
        id=node["id"].new_in(known),
        kind=ResourceKind(node["kind"].one_of(_KINDS)),
        skills=frozenset(skill.string() for skill in node["skills"].items()),
        hours=tuple(
            WeeklyOpening(item["weekday"].weekday(), *_times(item), item["site"].one_of(sites))
            for item in node["hours"].items()
        ),
        extra=tuple(
            DatedOpening(
                day_of(item["date"].calendar_date()), *_times(item), item["site"].one_of(sites)
            )
            for item in node.get("extra", []).items()
        ),
        closures=_closures(node),
    )


def _times(node: Node) -> tuple[int, int]:
    start = node["from"].minute_of_day(is_end=False)
    end = node["to"].minute_of_day(is_end=True)
    if end < start:
        raise node["to"].refused(Reason.REVERSED)
    return start, end


def _closures(node: Node) -> tuple[Closure, ...]:
    closures = []
    for item in node.get("closures", []).items():
        closure = Closure(item["from"].wall(is_end=False), item["to"].wall(is_end=True))
        if closure.to_wall < closure.from_wall:
            raise item["to"].refused(Reason.REVERSED)
        closures.append(closure)
    return tuple(closures)


def _service(node: Node, known: dict[str, Service]) -> Service:
    name = node["id"].new_in(known)
    used = _needs_used(node)
    needs: list[Need] = []
    for key, item in node["needs"].members():
        if used is not None and key not in used:
            raise item.refused(Reason.UNUSED_NEED)
        kind = ResourceKind(item["kind"].one_of(_KINDS))
        if kind == ResourceKind.PRACTITIONER and any(need.kind == kind for need in needs):
            raise item["kind"].refused(Reason.SECOND_PRACTITIONER)
        skill = item["skill"]
        needs.append(
            Need(
                name=key,
                kind=kind,
                skill=None if skill.value is None else skill.string(),
                buffer_before_minutes=item["buffer_before_minutes"].minutes(),
                buffer_after_minutes=item["buffer_after_minutes"].minutes(),
            )
        )
    names = {need.name for need in needs}
    return Service(
        id=name,
        needs=tuple(needs),
        phases=tuple(
            Phase(
                minutes=item["minutes"].minutes(least=5),
                needs=frozenset(need.one_of(names) for need in item["needs"].items()),
            )
            for item in node["phases"].items()
        ),
        min_notice_minutes=node["min_notice_minutes"].minutes(),
        max_horizon_days=node["max_horizon_days"].number(),
    )


def _needs_used(node: Node) -> set[object] | None:
    """Return what the phases of a service name, or None where they cannot be read.

    Looked at ahead of its turn: a need that no phase names is an error of the need, which comes
    before the phases. Phases that cannot be read are an error of their own, when their turn comes.
    """
    phases = node.get("phases", None).value
    if not isinstance(phases, list):
        return None
    used: set[object] = set()
    for phase in phases:
        named = phase.get("needs") if isinstance(phase, dict) else None
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            return None
        used.update(named)
    return used


def _bookings(node: Node, known: dict[str, ScenarioResource]) -> dict[str, list[tuple[int, int]]]:
    bookings: dict[str, list[tuple[int, int]]] = {}
    for item in node.items():
        held = [resource.one_of(known) for resource in item["resources"].items()]
        period = item["from"].tick(), item["to"].tick()
        if period[1] < period[0]:
            raise item["to"].refused(Reason.REVERSED)
        for resource in held:
            bookings.setdefault(resource, []).append(period)
    return bookings


def _question(
    node: Node, services: dict[str, Service], practitioners: set[str], sites: Sequence[str]
) -> SlotsQuestion | CourseQuestion:
    if node["type"].one_of({"slots", "course"}) == "slots":
        service = services[node["service"].one_of(services)]
        first, last = _dates(node)
        practitioner = _named(node.get("practitioner", None), practitioners)
        return SlotsQuestion(
            service, first, last, practitioner, _named(node.get("site", None), sites)
        )
    chain = [services[item.one_of(services)] for item in node["services"].items()]
    if not chain:
        raise node["services"].refused(Reason.NO_SERVICE)
    items = node["gaps"].items()
    if len(items) != len(chain) - 1:
        raise node["gaps"].refused(Reason.GAP_COUNT)
    gaps = []
    for item in items:
        gap = Gap(item["min_days"].number(least=1), item["max_days"].number())
        if gap.max_days < gap.min_days:
            raise item["max_days"].refused(Reason.REVERSED)
        gaps.append(gap)
    first, last = _dates(node)
    same = node.get("same_practitioner", False)
    if same.boolean() and any(service.practitioner_need is None for service in chain):
        raise same.refused(Reason.NOBODY_NEEDED)
    return CourseQuestion(
        tuple(chain),
        tuple(gaps),
        first,
        last,
        same.boolean(),
        _named(node.get("practitioner", None), practitioners),
        _named(node.get("site", None), sites),
    )


def _dates(node: Node) -> tuple[date, date]:
    first, last = node["from"].calendar_date(), node["to"].calendar_date()
    if last < first:
        raise node["to"].refused(Reason.REVERSED)
    if (last - first).days > _MOST_DAYS:
        raise node["to"].refused(Reason.TOO_LONG)
    return first, last


def _named(node: Node, known: Sequence[str] | set[str]) -> str | None:
    return None if node.value is None else node.one_of(known)
