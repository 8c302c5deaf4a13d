"""Services that last for ages: answered as if nothing had been shortened, and soon."""

import copy
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiguille.scheduling import answers
from aiguille.scheduling.answers import answer
from aiguille.scheduling.scenario import read_scenario

WEEK = 7 * 24 * 60
ALL_DAY = ("00:00", "24:00")
SECONDS = 20
"""What any file may take, on a processor that others use too."""


def clinic(
    hours: list[tuple[int, str, str]], phases: list[tuple[int, list[str]]], zone: str
) -> dict[str, Any]:
    opened = [{"weekday": d, "from": f, "to": t, "site": "here"} for d, f, t in hours]
    need = {"skill": None, "buffer_before_minutes": 0, "buffer_after_minutes": 10}
    kinds = {"doctor": "practitioner", "room": "room"}
    return {
        "timezone": zone,
        "now": "2027-03-22T08:00:00+01:00",
        "slot_step_minutes": 30,
        "sites": ["here"],
        "resources": [
            {"id": "dr-a", "kind": "practitioner", "skills": [], "hours": opened},
            {
                "id": "room-1",
                "kind": "room",
                "skills": [],
                "hours": [
                    {"weekday": d, "from": "00:00", "to": "24:00", "site": "here"} for d in range(7)
                ],
                "closures": [{"from": "2027-04-20T00:00", "to": "2027-04-21T00:00"}],
            },
        ],
        "services": [
            {
                "id": "long",
                "needs": {
                    name: {**need, "kind": kinds[name]}
                    for name in sorted({name for _, held in phases for name in held})
                },
                "phases": [{"minutes": m, "needs": held} for m, held in phases],
                "min_notice_minutes": 0,
                "max_horizon_days": 60,
            }
        ],
        "bookings": [
            {"resources": ["room-1"], "from": "2027-05-03T09:00Z", "to": "2027-05-03T10:00Z"}
        ],
        "query": {"type": "slots", "service": "long", "from": "2027-03-22", "to": "2027-05-10"},
    }


openings = st.one_of(
    st.just([(day, *ALL_DAY) for day in range(7)]),
    st.lists(
        st.tuples(st.integers(0, 6), *(st.sampled_from([("09:00", "19:00"), ALL_DAY]),)).map(
            lambda pair: (pair[0], *pair[1])
        ),
        min_size=1,
        max_size=7,
    ),
)
lengths = st.one_of(st.integers(1, 40).map(lambda n: 30 * n), st.integers(1, 90).map(WEEK.__mul__))
held = st.sampled_from([["doctor"], ["room"], ["doctor", "room"], []])


@settings(max_examples=40, deadline=None)
@given(
    hours=openings,
    phases=st.lists(st.tuples(lengths, held), min_size=1, max_size=3).filter(
        lambda phases: any(names for _, names in phases)
    ),
    zone=st.sampled_from(["Europe/Paris", "Australia/Lord_Howe", "America/Cayenne"]),
)
def test_a_shortened_service_has_the_starts_of_the_long_one(
    hours: list[tuple[int, str, str]], phases: list[tuple[int, list[str]]], zone: str
) -> None:
    scenario = read_scenario(clinic(hours, phases, zone))
    short = answer(scenario)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "shortened", lambda service, **_: service)
        assert answer(scenario) == short


@pytest.mark.parametrize("minutes", [10**7, 10**9, 4 * 10**9, 10**10, 10**15])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_any_length_is_answered_soon(minutes: int, place: int) -> None:
    phases = [(30, ["room"]), (30, []), (30, ["doctor", "room"])]
    phases[place] = (minutes, phases[place][1])
    scenario = copy.deepcopy(
        clinic([(d, "09:00", "19:00") for d in range(5)], phases, "Europe/Paris")
    )
    begin = process_time()

    slots = answer(read_scenario(scenario))["slots"]

    assert process_time() - begin < SECONDS
    # Where it would last beyond the calendar, nothing is offered.
    assert slots == [] or minutes < 10**10


def test_a_phase_of_four_centuries_comes_out_at_the_same_hours() -> None:
    cycle = 146_097 * 24 * 60
    hours = [(d, "09:00", "19:00") for d in range(5)]

    def starts(minutes: int) -> object:
        phases = [(30, ["room"]), (minutes, []), (30, ["doctor"])]
        return answer(read_scenario(clinic(hours, phases, "Europe/Paris")))

    assert starts(90 * WEEK + cycle) == starts(90 * WEEK)
