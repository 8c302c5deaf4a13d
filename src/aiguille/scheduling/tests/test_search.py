"""The doors that pages and operations call, with facts as a database would give them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.courses import Gap, find_course
from aiguille.scheduling.facts import Facts, Resource, WeeklyOpening, opening_bits, window_for
from aiguille.scheduling.search import assign, find_slots, find_starts, stretches
from aiguille.scheduling.services import Need, Phase, Service
from aiguille.scheduling.starts import sets_at
from aiguille.scheduling.timeline import bits_of, tick_of, ticks_in
from aiguille.scheduling.wallclock import WallClock

MONDAY = date(2027, 3, 22)
TUESDAY = date(2027, 3, 23)
ASKED_AT = datetime(2027, 3, 1, tzinfo=UTC)
ROOM = Need("room", ResourceKind.ROOM, None, 0, 10)
DOCTOR = Need("doctor", ResourceKind.PRACTITIONER, "needling", 5, 5)
NEEDLING = Service(
    "needling",
    (ROOM, DOCTOR),
    (
        Phase(30, frozenset({"room"})),
        Phase(45, frozenset({"room", "doctor"})),
        Phase(5, frozenset({"room"})),
        Phase(10, frozenset({"room", "doctor"})),
    ),
)
Busy = dict[str, list[tuple[datetime, datetime]]]


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    """Return an instant of the week of the tests; the clinic's wall shows an hour more."""
    return datetime(2027, 3, day, hour - 1, minute, tzinfo=UTC)


def facts_for(service: Service, busy: Busy | None = None, rooms: int = 2) -> Facts:
    """Return a clinic in Paris, open from 9 to 19, with two doctors and some rooms."""
    span = window_for(
        zone="Europe/Paris",
        services=[service],
        at=ASKED_AT,
        first_date=MONDAY,
        last_date=MONDAY + timedelta(days=9),
    )
    clock = WallClock("Europe/Paris", span)
    opened = opening_bits(
        clock=clock, hours=[WeeklyOpening(day, 540, 1140, "lyon") for day in range(5)]
    )
    kinds = {"dr-anna": ResourceKind.PRACTITIONER, "dr-bruno": ResourceKind.PRACTITIONER}
    kinds |= {f"room-{number}": ResourceKind.ROOM for number in range(1, rooms + 1)}
    skills = {"dr-anna": {"needling", "laser"}, "dr-bruno": {"needling"}, "room-1": {"laser"}}
    return Facts(
        clock,
        15,
        ("lyon",),
        tuple(
            Resource(
                name,
                kind,
                frozenset(skills.get(name, set())),
                opened,
                bits_of(
                    span,
                    ((tick_of(start), tick_of(end)) for start, end in (busy or {}).get(name, [])),
                ),
            )
            for name, kind in kinds.items()
        ),
    )


class TestSlots:
    def test_each_names_who_could_do_it(self) -> None:
        facts = facts_for(NEEDLING, {"dr-anna": [(at(9), at(12))]})
        slots = find_slots(
            facts=facts, service=NEEDLING, at=ASKED_AT, first_date=MONDAY, last_date=MONDAY
        )
        assert slots[0] == (at(9), "lyon", ("dr-bruno",))
        assert (at(11, 45), "lyon", ("dr-anna", "dr-bruno")) in slots
        assert slots[-1].start == at(17, 30)

    def test_preferred_hours_narrow_a_search(self) -> None:
        facts = facts_for(NEEDLING)
        evenings = facts.clock.weekly([(1, 17 * 60, 24 * 60)])
        starts = find_starts(
            facts=facts,
            service=NEEDLING,
            at=ASKED_AT,
            first_date=MONDAY,
            last_date=MONDAY + timedelta(days=9),
            within=evenings,
        )
        assert starts.dates() == [TUESDAY, date(2027, 3, 30)]
        assert starts.on_dates(TUESDAY, TUESDAY).slots()[0].start == at(17, day=23)

    def test_the_nearest_come_first(self) -> None:
        facts = facts_for(NEEDLING, {name: [(at(11), at(15))] for name in ("room-1", "room-2")})
        starts = find_starts(
            facts=facts, service=NEEDLING, at=ASKED_AT, first_date=MONDAY, last_date=TUESDAY
        )
        nearest = starts.nearest(wanted=at(12), count=3)
        assert [slot.start for slot in nearest] == [at(9, 15), at(9), at(15)]

    @given(places=st.sets(st.integers(0, 99)), columns=st.integers(0, 20), seed=st.randoms())
    def test_sets_of_practitioners_are_their_bits(
        self, places: set[int], columns: int, seed: Random
    ) -> None:
        bits = [seed.getrandbits(100) for _ in range(columns)]
        ordered = sorted(places)
        assert sets_at(ordered, bits, 100) == [
            sum((column >> place & 1) << number for number, column in enumerate(bits))
            for place in ordered
        ]


class TestChoosing:
    def test_the_least_versatile_are_taken_first(self) -> None:
        chosen = assign(facts=facts_for(NEEDLING), service=NEEDLING, start=at(9), site="lyon")
        assert chosen == {"room": "room-2", "doctor": "dr-bruno"}

    def test_of_those_alike_each_turn_begins_with_another(self) -> None:
        facts = facts_for(NEEDLING, rooms=4)  # the first has a skill more, and stays the last
        rooms = [
            (assign(facts=facts, service=NEEDLING, start=at(9), site="lyon", turn=turn) or {})[
                "room"
            ]
            for turn in range(5)
        ]
        assert rooms == ["room-2", "room-2", "room-3", "room-4", "room-2"]

    def test_a_named_practitioner_is_taken_or_nobody(self) -> None:
        facts = facts_for(NEEDLING, {"dr-anna": [(at(10), at(12))]})
        for start, doctor in ((at(12), "dr-anna"), (at(10), None)):
            chosen = assign(
                facts=facts, service=NEEDLING, start=start, site="lyon", practitioner="dr-anna"
            )
            assert (chosen or {}).get("doctor") == doctor

    def test_a_service_without_practitioner_cannot_name_one(self) -> None:
        rest = Service("rest", (ROOM,), (Phase(30, frozenset({"room"})),))
        facts = facts_for(rest)
        assert assign(facts=facts, service=rest, start=at(9), site="lyon")
        assert not assign(
            facts=facts, service=rest, start=at(9), site="lyon", practitioner="dr-anna"
        )

    def test_facts_that_say_too_little_are_refused(self) -> None:
        with pytest.raises(ValueError, match="do not cover"):
            assign(facts=facts_for(NEEDLING), service=NEEDLING, start=at(9, day=1), site="lyon")

    @pytest.mark.parametrize("asked", [3, 12])
    def test_needs_that_compete_each_have_a_room(self, asked: int) -> None:
        """With twelve different needs, matching start by start takes over from counting off."""
        needs = tuple(Need(f"room-{i}", ResourceKind.ROOM, None, 0, 5 * i) for i in range(asked))
        names = frozenset(need.name for need in needs)
        service = Service("crowd", needs, (Phase(60, names),))
        for rooms in (asked - 1, asked):
            busy = {"room-1": [(at(9), at(12))]}
            facts = facts_for(service, busy, rooms=rooms)
            slots = find_slots(
                facts=facts, service=service, at=ASKED_AT, first_date=MONDAY, last_date=MONDAY
            )
            assert bool(slots) == (rooms == asked)
            if slots:
                assert slots[0].start == at(12)
                chosen = assign(facts=facts, service=service, start=at(12), site="lyon")
                assert chosen is not None
                assert len(set(chosen.values())) == asked

    @given(busy=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 120), st.integers(1, 30))))
    def test_what_is_offered_can_be_taken_and_nothing_else(
        self, busy: list[tuple[int, int, int]]
    ) -> None:
        names = ("dr-anna", "dr-bruno", "room-1", "room-2")
        taken: Busy = {}
        for who, place, length in busy:
            begin = at(9) + timedelta(minutes=5 * place)
            period = (begin, begin + timedelta(minutes=5 * length))
            taken.setdefault(names[who], []).append(period)
        facts = facts_for(NEEDLING, taken)
        starts = find_starts(
            facts=facts, service=NEEDLING, at=ASKED_AT, first_date=MONDAY, last_date=MONDAY
        )
        offered = {slot.start: slot.practitioners for slot in starts.slots()}
        for quarter in range(40):
            start = at(9) + timedelta(minutes=15 * quarter)
            chosen = assign(facts=facts, service=NEEDLING, start=start, site="lyon")
            assert (chosen is not None) == (start in offered)
            if chosen is None:
                continue
            assert chosen["doctor"] in offered[start]
            for hold in stretches(service=NEEDLING, start=start, chosen=chosen):
                for begin, end in taken.get(hold.resource, []):
                    assert hold.period.end <= begin or end <= hold.period.start


class TestStretches:
    def test_they_are_widened_and_those_that_touch_are_one(self) -> None:
        chosen = {"room": "room-1", "doctor": "dr-anna"}
        holds = stretches(service=NEEDLING, start=at(9), chosen=chosen)
        assert [(h.resource, h.period.start, h.period.end) for h in holds] == [
            ("dr-anna", at(9, 25), at(10, 35)),  # two stretches that the buffers join
            ("room-1", at(9), at(10, 40)),
        ]

    def test_a_pause_longer_than_the_buffers_stays_free(self) -> None:
        phases = (Phase(10, frozenset({"doctor"})), Phase(30, frozenset()))
        service = Service("twice", (DOCTOR,), (*phases, phases[0]))
        holds = stretches(service=service, start=at(9), chosen={"doctor": "dr-anna"})
        assert [(h.period.start, h.period.end) for h in holds] == [
            (at(8, 55), at(9, 15)),
            (at(9, 35), at(9, 55)),
        ]


class TestCourses:
    def test_an_appointment_may_stay_while_the_others_are_proposed(self) -> None:
        facts = facts_for(NEEDLING)
        kept = bits_of(facts.clock.span, [(tick_of(at(11, day=24)), tick_of(at(11, 5, day=24)))])
        course = find_course(
            facts=facts,
            services=[NEEDLING, NEEDLING, NEEDLING],
            gaps=[Gap(1, 1), Gap(2, 7)],
            at=ASKED_AT,
            first_date=MONDAY,
            last_date=MONDAY + timedelta(days=9),
            same_practitioner=True,
            within=[None, kept, None],
        )
        assert course is not None
        assert course.practitioner == "dr-anna"
        assert course.starts == [at(9, day=23), at(11, day=24), at(9, day=26)]
        assert all(earlier < later for earlier, later in pairwise(course.ticks))

    def test_a_chain_needs_one_gap_fewer_than_services(self) -> None:
        with pytest.raises(ValueError, match="one gap"):
            find_course(
                facts=facts_for(NEEDLING),
                services=[NEEDLING],
                gaps=[Gap(1, 1)],
                at=ASKED_AT,
                first_date=MONDAY,
                last_date=MONDAY,
            )


@pytest.mark.parametrize(
    ("needs", "phases", "problem"),
    [
        ((ROOM,), (Phase(30, frozenset()),), "not those"),
        ((), (Phase(30, frozenset({"room"})),), "not those"),
        ((ROOM, ROOM), (Phase(30, frozenset({"room"})),), "one name"),
        ((ROOM,), (Phase(32, frozenset({"room"})),), "multiples"),
        ((ROOM,), (Phase(0, frozenset({"room"})),), "five minutes"),
        (
            (DOCTOR, Need("nurse", ResourceKind.PRACTITIONER)),
            (Phase(30, frozenset({"doctor", "nurse"})),),
            "one practitioner",
        ),
        (
            (Need("room", ResourceKind.ROOM, None, -5, 0),),
            (Phase(30, frozenset({"room"})),),
            "negative",
        ),
    ],
)
def test_a_service_that_makes_no_sense_is_refused(
    needs: tuple[Need, ...], phases: tuple[Phase, ...], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Service("x", needs, phases)


def test_starts_outside_what_the_facts_cover_are_not_offered() -> None:
    """A caller whose span is too narrow offers less, never something that may be taken."""
    wide = facts_for(NEEDLING)
    span = type(wide.clock.span)(tick_of(at(10)), tick_of(at(14)))
    clock = WallClock("Europe/Paris", span)
    opened = opening_bits(clock=clock, hours=[WeeklyOpening(0, 540, 1140, "lyon")])
    resources = tuple(Resource(r.id, r.kind, r.skills, opened) for r in wide.resources)
    starts = find_starts(
        facts=Facts(clock, 5, ("lyon",), resources),
        service=NEEDLING,
        at=ASKED_AT,
        first_date=MONDAY,
        last_date=MONDAY,
    )
    found = ticks_in(span, starts.bits)
    assert (found[0], found[-1]) == (tick_of(at(10)), tick_of(at(12, 20)))
