"""The engine against the slow reference: on the examples, on every change of clocks, at random."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from aiguille.scheduling.answers import answer
from aiguille.scheduling.scenario import read_scenario
from aiguille.scheduling.tests.reference import reference_answer
from aiguille.scheduling.tests.strategies import CHANGES, ZONES, scenarios

_SLOW = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@_SLOW
@given(scenario=scenarios(course=False))
def test_slots_are_those_of_the_rules(scenario: dict[str, Any]) -> None:
    assert answer(read_scenario(scenario)) == reference_answer(scenario)


@_SLOW
@given(scenario=scenarios(course=True))
def test_a_course_is_the_first_chain_of_the_rules(scenario: dict[str, Any]) -> None:
    assert answer(read_scenario(scenario)) == reference_answer(scenario)


def on_call(zone: str, day: Any, hours: list[tuple[str, str]]) -> dict[str, Any]:
    """Return a clinic open on three days at these hours, asked for half-hour starts."""
    days = [day + timedelta(days=offset) for offset in (-1, 0, 1)]
    return {
        "timezone": zone,
        "now": f"{(day - timedelta(days=9)).isoformat()}T00:00:00Z",
        "slot_step_minutes": 15,
        "sites": ["lyon"],
        "resources": [
            {
                "id": "dr-a",
                "kind": "practitioner",
                "skills": [],
                "hours": [
                    {"weekday": each.weekday(), "from": start, "to": end, "site": "lyon"}
                    for each in days
                    for start, end in hours
                ],
            }
        ],
        "services": [
            {
                "id": "call",
                "needs": {
                    "doctor": {
                        "kind": "practitioner",
                        "skill": None,
                        "buffer_before_minutes": 0,
                        "buffer_after_minutes": 0,
                    }
                },
                "phases": [{"minutes": 30, "needs": ["doctor"]}],
                "min_notice_minutes": 0,
                "max_horizon_days": 365,
            }
        ],
        "bookings": [],
        "query": {
            "type": "slots",
            "service": "call",
            "from": days[0].isoformat(),
            "to": days[2].isoformat(),
        },
    }


@pytest.mark.parametrize("zone", ZONES)
def test_every_change_of_clocks_until_2035(zone: str) -> None:
    hours = [("00:00", "01:45"), ("01:55", "02:15"), ("02:30", "03:00"), ("22:00", "24:00")]
    for day in CHANGES[zone]:
        scenario = on_call(zone, day, hours)
        assert answer(read_scenario(scenario)) == reference_answer(scenario), day


def needling(zone: str, day: Any) -> dict[str, Any]:
    """Return a clinic of two sites whose phased service runs over the hours that change.

    The numbing phase holds a room and not the doctor; a closure and bookings begin or end within
    an hour that exists twice or never.
    """
    scenario = on_call(zone, day, [])
    days = [day + timedelta(days=offset) for offset in (-1, 0, 1)]

    def open_at(site: str, *hours: tuple[str, str]) -> list[dict[str, Any]]:
        return [
            {"weekday": each.weekday(), "from": start, "to": end, "site": site}
            for each in days
            for start, end in hours
        ]

    def resource(name: str, kind: str, *hours: dict[str, Any], **others: Any) -> dict[str, Any]:
        return {"id": name, "kind": kind, "skills": ["pen"], "hours": list(hours)} | others

    def need(kind: str, before: int, after: int) -> dict[str, Any]:
        return {
            "kind": kind,
            "skill": "pen",
            "buffer_before_minutes": before,
            "buffer_after_minutes": after,
        }

    closed = [{"from": f"{day}T01:30", "to": f"{day}T02:15"}]
    on_the_day = {"date": day.isoformat(), "from": "02:05", "to": "05:00", "site": "lyon"}
    midnight = datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
    return scenario | {
        "sites": ["paris", "lyon"],
        "resources": [
            resource("dr-a", "practitioner", *open_at("lyon", ("00:00", "04:30"))),
            resource("dr-b", "practitioner", *open_at("paris", ("01:45", "24:00"))),
            resource("dr-c", "practitioner", closures=closed, extra=[on_the_day]),
            resource("room-1", "room", *open_at("lyon", ("00:00", "06:00"), ("22:00", "24:00"))),
            resource("room-2", "room", *open_at("paris", ("00:00", "24:00")), closures=closed),
        ],
        "services": [
            {
                "id": "call",
                "needs": {"doctor": need("practitioner", 5, 10), "room": need("room", 10, 15)},
                "phases": [
                    {"minutes": 45, "needs": ["room"]},
                    {"minutes": 30, "needs": ["room", "doctor"]},
                    {"minutes": 10, "needs": ["doctor"]},
                ],
                "min_notice_minutes": 60,
                "max_horizon_days": 365,
            }
        ],
        "bookings": [
            {
                "resources": [name],
                "from": (midnight + timedelta(minutes=start)).isoformat(),
                "to": (midnight + timedelta(minutes=end)).isoformat(),
            }
            for name, start, end in (
                ("room-1", 90, 125),
                ("dr-b", 175, 240),
                ("room-2", 600, 660),
            )
        ],
    }


@pytest.mark.parametrize("zone", ZONES)
def test_a_phased_service_over_every_change_until_2035(zone: str) -> None:
    for day in CHANGES[zone]:
        scenario = needling(zone, day)
        wanted = reference_answer(scenario)
        assert answer(read_scenario(scenario)) == wanted, day
        assert len(wanted["slots"]) > 10


def test_every_change_is_visited() -> None:
    """Twice a year, in the zones that change their clocks at all."""
    changing = ("Europe/Paris", "America/Toronto", "Europe/Lisbon", "Australia/Lord_Howe")
    assert {zone: len(CHANGES[zone]) for zone in changing} == dict.fromkeys(changing, 24)
    for zone in changing:
        for day in CHANGES[zone]:
            ends = (datetime.combine(day + timedelta(n), time.min, ZoneInfo(zone)) for n in (0, 1))
            assert len({end.utcoffset() for end in ends}) == 2


@pytest.mark.parametrize(
    ("zone", "change", "starts"),
    [
        ("Europe/Paris", 0, 19),  # 2024-03-31, an hour short
        ("Europe/Paris", 1, 27),  # 2024-10-27, an hour more
        ("Australia/Lord_Howe", 0, 25),  # 2024-04-07, half an hour more
        ("Australia/Lord_Howe", 1, 21),  # 2024-10-06, half an hour short
    ],
)
def test_a_night_on_call_offers_what_the_night_has(zone: str, change: int, starts: int) -> None:
    day = CHANGES[zone][change]
    scenario = on_call(zone, day, [("00:00", "06:00")])
    scenario["query"] |= {"from": day.isoformat(), "to": day.isoformat()}
    found = answer(read_scenario(scenario))["slots"]
    assert isinstance(found, list)
    assert len(found) == starts
