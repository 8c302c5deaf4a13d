"""Every way in which a scenario can be wrong, and the field that the error names."""

import json
import re
from typing import Any

import pytest

from aiguille.scheduling.answers import answer
from aiguille.scheduling.reading import ScenarioError
from aiguille.scheduling.scenario import read_scenario

_MISSING = object()


def clinic() -> dict[str, Any]:
    """Return a scenario without an error, with one of everything at least."""
    resource = {
        "kind": "room",
        "skills": ["clean"],
        "hours": [{"weekday": 0, "from": "09:00", "to": "24:00", "site": "lyon"}],
        "extra": [{"date": "2027-03-22", "from": "09:00", "to": "24:00", "site": "lyon"}],
        "closures": [{"from": "2027-03-22T12:00", "to": "2027-03-22T24:00"}],
    }
    need = {
        "kind": "room",
        "skill": None,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 5,
    }
    service = {
        "id": "session",
        "needs": {"room": need, "doctor": {**need, "kind": "practitioner"}},
        "phases": [
            {"minutes": 30, "needs": ["room"]},
            {"minutes": 45, "needs": ["room", "doctor"]},
        ],
        "min_notice_minutes": 0,
        "max_horizon_days": 30,
    }
    rest = {"id": "rest", "needs": {}, "phases": [{"minutes": 30, "needs": []}]}
    booking = {"resources": ["room-1"], "from": "2027-03-22T09:00Z", "to": "2027-03-22T10:00Z"}
    scenario: dict[str, Any] = {
        "timezone": "Europe/Paris",
        "now": "2027-03-20T08:00:07.5+01:00",
        "slot_step_minutes": 15,
        "sites": ["lyon", "nice"],
        "resources": [
            {"id": "dr-a", **resource, "kind": "practitioner"},
            {"id": "room-1", **resource},
        ],
        "closures": [{"from": "2027-03-22T12:00", "to": "2027-03-22T13:00"}],
        "services": [service, {**service, **rest}],
        "bookings": [booking],
        "query": {
            "type": "slots",
            "service": "session",
            "from": "2027-03-22",
            "to": "2027-03-23",
            "practitioner": "dr-a",
            "site": "lyon",
        },
    }
    copied: dict[str, Any] = json.loads(json.dumps(scenario))  # nothing shared
    return copied


def course() -> dict[str, Any]:
    """Return a scenario that asks for a course, without an error."""
    scenario = clinic()
    scenario["query"] = {
        "type": "course",
        "services": ["session", "session", "session"],
        "gaps": [{"min_days": 1, "max_days": 1}, {"min_days": 2, "max_days": 9}],
        "from": "2027-03-22",
        "to": "2027-03-23",
        "same_practitioner": True,
        "practitioner": "dr-a",
        "site": "lyon",
    }
    return scenario


def changed(scenario: dict[str, Any], *changes: tuple[str, object]) -> dict[str, Any]:
    """Return the scenario with the values at some paths replaced, or removed."""
    for path, value in changes:
        steps = [int(s) if s.isdigit() else s for s in re.findall(r"[^.\[\]]+", path)]
        target: Any = scenario
        for step in steps[:-1]:
            target = target[step]
        if value is _MISSING:
            del target[steps[-1]]
        else:
            target[steps[-1]] = value
    return scenario


def field_of(scenario: object) -> str | None:
    """Return the field that is refused, or None."""
    try:
        answer(read_scenario(scenario))
    except ScenarioError as error:
        return error.field
    return None


_HOURS = "resources[1].hours[0]"
_EXTRA = "resources[1].extra[0]"
_CLOSURE = "resources[1].closures[0]"
_NEED = "services[0].needs.room"
_PHASE = "services[0].phases[1]"

# Paths of values that must be there, must be of their type, and may not be any of `_NEVER`.
_REQUIRED = (
    ["timezone", "now", "slot_step_minutes", "sites", "resources", "services", "bookings", "query"]
    + [f"resources[1].{key}" for key in ("id", "kind", "skills", "hours")]
    + [f"{_HOURS}.{key}" for key in ("weekday", "from", "to", "site")]
    + [f"{_EXTRA}.{key}" for key in ("date", "from", "to", "site")]
    + [f"{_CLOSURE}.{key}" for key in ("from", "to")]
    + [f"closures[0].{key}" for key in ("from", "to")]
    + [f"services[0].{key}" for key in ("id", "needs", "phases")]
    + [f"services[0].{key}" for key in ("min_notice_minutes", "max_horizon_days")]
    + [f"{_NEED}.{key}" for key in ("kind", "buffer_before_minutes", "buffer_after_minutes")]
    + [f"{_PHASE}.{key}" for key in ("minutes", "needs")]
    + [f"bookings[0].{key}" for key in ("resources", "from", "to")]
    + [f"query.{key}" for key in ("type", "from", "to")]
)
_OF_SLOTS = ["query.service"]
_OF_COURSES = ["query.services", "query.gaps", "query.gaps[1].min_days", "query.gaps[1].max_days"]
_ITEMS = ["sites[1]", "resources[1]", "resources[1].skills[0]", _HOURS, _EXTRA, _CLOSURE]
_ITEMS += [
    "closures[0]",
    "services[0]",
    _NEED,
    "services[0].phases[1]",
    "services[0].phases[1].needs[0]",
]
_ITEMS += ["bookings[0]", "bookings[0].resources[0]"]
_NO_VALUES: tuple[object, ...] = (None, True, -5, 7.5, "", {})
_ANY_STRING = {"sites[1]", "resources[1].id", "resources[1].skills[0]", "services[0].id"}
_OPTIONAL = ["resources[1].extra", "resources[1].closures", "closures"]


@pytest.mark.parametrize("scenario", [clinic(), course()])
def test_the_clinic_of_these_tests_has_no_error(scenario: dict[str, Any]) -> None:
    assert field_of(scenario) is None


@pytest.mark.parametrize("path", [*_REQUIRED, *_OF_SLOTS, f"{_NEED}.skill"])
def test_a_missing_field_is_named(path: str) -> None:
    assert field_of(changed(clinic(), (path, _MISSING))) == path


@pytest.mark.parametrize("path", _OF_COURSES)
def test_a_missing_field_of_a_course_is_named(path: str) -> None:
    assert field_of(changed(course(), (path, _MISSING))) == path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (path, value)
        for path in [*_REQUIRED, *_OF_SLOTS, *_ITEMS, *_OPTIONAL]
        for value in _NO_VALUES
        if not (value == "" and path in _ANY_STRING)
    ],
)
def test_a_value_of_the_wrong_kind_is_named(path: str, value: object) -> None:
    expected = path
    if value == {}:
        inside = {
            "query": "query.type",
            "resources[1]": "resources[1].id",
            "services[0]": "services[0].id",
            "bookings[0]": "bookings[0].resources",
            "closures[0]": "closures[0].from",
            _HOURS: f"{_HOURS}.weekday",
            _EXTRA: f"{_EXTRA}.date",
            _CLOSURE: f"{_CLOSURE}.from",
            _NEED: f"{_NEED}.kind",
            _PHASE: f"{_PHASE}.minutes",
            "services[0].needs": "services[0].phases[0].needs[0]",
        }
        expected = inside.get(path, path)
    assert field_of(changed(clinic(), (path, value))) == expected


@pytest.mark.parametrize("path", _OPTIONAL)
def test_what_may_be_missing_is_empty(path: str) -> None:
    assert field_of(changed(clinic(), (path, _MISSING))) is None


@pytest.mark.parametrize("key", ["practitioner", "site", "same_practitioner"])
def test_a_question_may_leave_out(key: str) -> None:
    assert field_of(changed(course(), (f"query.{key}", _MISSING))) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("timezone", "Europe/Lutece"),
        ("timezone", "Europe"),
        ("timezone", "europe/paris"),
        ("timezone", "../Europe/Paris"),
        ("timezone", "right/Europe/Paris"),
        ("timezone", "localtime"),
        ("now", "2027-03-20T08:00:00"),
        ("now", "2027-02-30T08:00:00Z"),
        ("now", "2027-03-20T24:00:00Z"),
        ("now", "2027-03-20 08:00:00Z"),
        ("now", "yesterday"),
        ("slot_step_minutes", 0),
        ("slot_step_minutes", 12),
        ("resources[1].id", "dr-a"),
        ("resources[1].kind", "nurse"),
        (f"{_HOURS}.weekday", 7),
        (f"{_HOURS}.weekday", "monday"),
        (f"{_HOURS}.from", "24:00"),
        (f"{_HOURS}.from", "9:00"),
        (f"{_HOURS}.from", "09:03"),
        (f"{_HOURS}.to", "08:55"),
        (f"{_HOURS}.to", "24:05"),
        (f"{_HOURS}.to", "10:60"),
        (f"{_HOURS}.site", "paris"),
        (f"{_EXTRA}.date", "2027-02-29"),
        (f"{_EXTRA}.date", "20270322"),
        (f"{_EXTRA}.to", "00:00"),
        (f"{_EXTRA}.site", "paris"),
        (f"{_CLOSURE}.from", "2027-03-22T24:00"),
        (f"{_CLOSURE}.from", "2027-03-22T12:01"),
        (f"{_CLOSURE}.from", "2027-03-22T12:00+01:00"),
        (f"{_CLOSURE}.from", "2027-03-22 12:00"),
        (f"{_CLOSURE}.from", "2027-03-22"),
        (f"{_CLOSURE}.to", "2027-03-22T11:55"),
        ("closures[0].to", "2027-03-21T13:00"),
        ("services[1].id", "session"),
        (f"{_NEED}.kind", "practitioner_room"),
        (f"{_NEED}.skill", 3),
        (f"{_NEED}.buffer_before_minutes", 4),
        (f"{_NEED}.buffer_after_minutes", 7.0),
        (f"{_PHASE}.minutes", 0),
        (f"{_PHASE}.minutes", 42),
        (f"{_PHASE}.needs[1]", 5),
        ("services[0].min_notice_minutes", 61),
        ("services[0].max_horizon_days", 1.5),
        ("bookings[0].resources[0]", "room-2"),
        ("bookings[0].from", "2027-03-22T09:00"),
        ("bookings[0].from", "2027-03-22T09:01Z"),
        ("bookings[0].from", "2027-03-22T09:00:00.1Z"),
        ("bookings[0].from", "2027-03-22T09:00+00:01"),
        ("bookings[0].to", "2027-03-22T09:55+01:00"),
        ("query.type", "day"),
        ("query.service", "peeling"),
        ("query.from", "2027-3-22"),
        ("query.to", "2027-03-21"),
        ("query.to", "2029-04-11"),
        ("query.practitioner", "dr-z"),
        ("query.practitioner", "room-1"),
        ("query.practitioner", 3),
        ("query.site", "paris"),
    ],
)
def test_a_value_that_cannot_be_is_named(path: str, value: object) -> None:
    assert field_of(changed(clinic(), (path, value))) == path


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ([("query.services", [])], "query.services"),
        ([("query.services[2]", "peeling")], "query.services[2]"),
        ([("query.gaps", [])], "query.gaps"),
        ([("query.services", ["session"])], "query.gaps"),
        ([("query.gaps[0].min_days", 0)], "query.gaps[0].min_days"),
        ([("query.gaps[1].max_days", 1)], "query.gaps[1].max_days"),
        ([("query.same_practitioner", None)], "query.same_practitioner"),
        ([("query.same_practitioner", 1)], "query.same_practitioner"),
        ([("query.services[1]", "rest")], "query.same_practitioner"),
        ([("query.services[1]", "rest"), ("query.same_practitioner", False)], None),
    ],
)
def test_a_course_that_cannot_be_asked(changes: list[tuple[str, object]], field: str) -> None:
    assert field_of(changed(course(), *changes)) == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        # A need is held by a phase, and one practitioner at most is needed.
        ([(f"{_PHASE}.needs", ["room"])], "services[0].needs.doctor"),
        ([("services[0].phases", [])], "services[0].needs.room"),
        ([("services[0].needs.room.kind", "practitioner")], "services[0].needs.doctor.kind"),
        # The first error in the order of the tables is told, resource by resource.
        ([("query.site", "paris"), ("bookings[0].to", "x")], "bookings[0].to"),
        (
            [("resources[0].closures[0].to", "x"), ("resources[1].id", 3)],
            "resources[0].closures[0].to",
        ),
        ([(f"{_HOURS}.site", "paris"), (f"{_HOURS}.to", "08:00")], f"{_HOURS}.to"),
        ([("closures[0].to", "x"), ("services[0].id", 3)], "closures[0].to"),
        ([(f"{_PHASE}.minutes", 1), (f"{_PHASE}.needs", ["room"])], "services[0].needs.doctor"),
        ([("query.to", "2027-03-21"), ("query.practitioner", "x")], "query.to"),
        # What the question does not use is checked too.
        ([("services[1].phases[0].minutes", 1)], "services[1].phases[0].minutes"),
    ],
)
def test_the_first_error_is_told(changes: list[tuple[str, object]], field: str) -> None:
    assert field_of(changed(clinic(), *changes)) == field


@pytest.mark.parametrize(
    "changes",
    [
        [(f"{_HOURS}.from", "23:55"), (f"{_HOURS}.to", "23:55")],
        [(f"{_CLOSURE}.from", "0001-01-01T00:00"), (f"{_CLOSURE}.to", "9999-12-31T24:00")],
        [("bookings[0].to", "2027-03-22T10:00:00+01:00")],
        [("services[0].needs.room.skill", "nobody-has-it")],
        [("slot_step_minutes", 30.0)],
        [("query.to", "2029-04-10")],
        [("unknown", 1), ("services[0].colour", None)],
        [("sites[1]", "lyon")],
        [("services[0].min_notice_minutes", 5 * 10**30)],
        [("services[0].max_horizon_days", 10**30)],
        [("services[0].phases[0].minutes", 5 * 10**30)],
        [("services[0].needs.room.buffer_after_minutes", 5 * 10**30)],
        [("services[0].needs.room.buffer_before_minutes", 5 * 10**30)],
        [("now", "9999-12-31T23:59:59-14:00")],
        [("now", "0001-01-01T00:00:00+14:00")],
        [("query.from", "9999-12-30"), ("query.to", "9999-12-31")],
        [("query.from", "0001-01-01"), ("query.to", "0001-01-02")],
    ],
    ids=str,
)
def test_unusual_values_are_no_error(changes: list[tuple[str, object]]) -> None:
    assert field_of(changed(clinic(), *changes)) is None


@pytest.mark.parametrize("value", [[], "x", 3, None])
def test_a_file_that_holds_no_object_is_refused_whole(value: object) -> None:
    assert field_of(value) == ""
