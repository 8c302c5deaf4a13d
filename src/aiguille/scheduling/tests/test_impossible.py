"""Services that nobody can ever have: nothing is offered, at once, and it is no error."""

from typing import Any

import pytest

from aiguille.scheduling.answers import answer
from aiguille.scheduling.scenario import read_scenario
from aiguille.scheduling.tests.reference import reference_answer


def clinic(*, phases: list[dict[str, Any]], **need: Any) -> dict[str, Any]:
    """Return a doctor's mornings and a room's whole days, and a service with these phases."""
    wanted = {
        "kind": "practitioner",
        "skill": None,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
    }
    weekdays = range(7)
    return {
        "timezone": "Europe/Paris",
        "now": "2027-03-20T08:00:00+01:00",
        "slot_step_minutes": 15,
        "sites": ["lyon", "paris"],
        "resources": [
            {
                "id": "dr-a",
                "kind": "practitioner",
                "skills": ["needling"],
                "hours": [
                    {"weekday": day, "from": "09:00", "to": "12:00", "site": "lyon"}
                    for day in weekdays
                ],
            },
            {
                "id": "room",
                "kind": "room",
                "skills": [],
                "hours": [
                    {"weekday": day, "from": "00:00", "to": "24:00", "site": "paris"}
                    for day in weekdays
                ],
            },
        ],
        "services": [
            {
                "id": "s",
                "needs": {"doctor": wanted | need}
                | ({"room": wanted | {"kind": "room"}} if "room" in str(phases) else {}),
                "phases": phases,
                "min_notice_minutes": 0,
                "max_horizon_days": 365,
            }
        ],
        "bookings": [],
        "query": {"type": "slots", "service": "s", "from": "2027-03-22", "to": "2027-03-30"},
    }


# Beyond what a calendar holds, and twenty years.
CENTURIES, YEARS = 10**10, 10**7
MORNING = [{"minutes": 180, "needs": ["doctor"]}]


@pytest.mark.parametrize(
    ("phases", "need"),
    [
        ([{"minutes": 185, "needs": ["doctor"]}], {}),
        ([{"minutes": 100, "needs": ["doctor"]}, {"minutes": 85, "needs": ["doctor"]}], {}),
        ([{"minutes": YEARS, "needs": ["doctor"]}], {}),
        ([{"minutes": CENTURIES, "needs": ["doctor"]}], {}),
        ([{"minutes": 30, "needs": ["doctor"]}, {"minutes": YEARS, "needs": []}] * 2, {}),
        (MORNING, {"skill": "laser"}),
        (MORNING, {"kind": "device"}),
        ([{"minutes": 30, "needs": ["doctor", "room"]}], {}),  # never at one site
    ],
    ids=[
        "a phase longer than any opening",
        "phases longer than any opening",
        "a phase of years",
        "a phase of centuries",
        "a pause of years",
        "a skill that nobody has",
        "a kind of which there is none",
        "resources that are never at one site",
    ],
)
def test_nothing_is_offered(phases: list[dict[str, Any]], need: dict[str, Any]) -> None:
    scenario = clinic(phases=phases, **need)
    assert answer(read_scenario(scenario)) == {"slots": []}
    if all(phase["minutes"] < 1000 for phase in phases):  # the reference counts every tick
        assert reference_answer(scenario) == {"slots": []}
    question = {"type": "course", "services": ["s"], "gaps": []}
    course = scenario | {"query": scenario["query"] | question}
    assert answer(read_scenario(course)) == {"course": None}


def test_what_just_fits_is_offered() -> None:
    """Otherwise nothing would be offered for another reason."""
    scenario = clinic(phases=MORNING)
    slots = answer(read_scenario(scenario))["slots"]
    assert slots == reference_answer(scenario)["slots"]
    assert isinstance(slots, list)
    assert len(slots) == 9


@pytest.mark.parametrize(
    ("buffer", "days"),
    [("buffer_before_minutes", range(22, 25)), ("buffer_after_minutes", range(26, 31))],
)
def test_a_buffer_of_centuries_reaches_every_booking(buffer: str, days: range) -> None:
    """Before what is booked, or after it; where nothing is, every morning is offered."""
    scenario = clinic(phases=MORNING, **{buffer: CENTURIES})
    assert offered_days(scenario) == list(range(22, 31))
    booked = {"resources": ["dr-a"], "from": "2027-03-25T09:00Z", "to": "2027-03-25T10:00Z"}
    assert offered_days(scenario | {"bookings": [booked]}) == list(days)


def offered_days(scenario: dict[str, Any]) -> list[int]:
    """Return the days of March on which something is offered."""
    slots = answer(read_scenario(scenario))["slots"]
    assert isinstance(slots, list)
    return [int(slot["start"][8:10]) for slot in slots]
