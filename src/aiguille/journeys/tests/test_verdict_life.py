"""Whatever becomes of a verdict, its sessions follow a simple model, and none is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiguille.booking.models import Appointment, Occupancy
from aiguille.booking.operations import book, cancel_appointment, check_in
from aiguille.care.queries import current_verdict, get_verdict, screening
from aiguille.care.rules import Override
from aiguille.journeys.change_appointment import move
from aiguille.journeys.give_verdict import give_verdict
from aiguille.journeys.run_session import begin_session
from aiguille.journeys.suspend_verdict import SESSIONS_WAIT, end_verdict
from aiguille.kernel.codes import Procedure, VerdictOutcome
from aiguille.kernel.errors import DomainError
from aiguille.worklist.queries import list_open
from tests.course import ZONES, Course, open_course
from tests.session_day import ask_the_questions, sign_current_text
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # a Wednesday
# In weeks from it; a fortnight at least lies between two, and the clocks stay as they are.
WEEKS = (0, 2)
TO = st.sampled_from([0, 1, 2, 3])
UNTIL = st.sampled_from([0, 7, 15, 60])
FROM = st.sampled_from([0, 9])
WHICH = st.sampled_from([0, 1])
ENDS_FROM = {"suspend": {"ACTIVE"}, "revoke": {"ACTIVE", "SUSPENDED"}}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("suspend")),
        st.tuples(st.just("revoke")),
        st.tuples(st.just("give"), FROM, UNTIL),
        st.tuples(st.just("refuse")),
        st.tuples(st.just("move"), WHICH, TO),
        st.tuples(st.just("cancel"), WHICH),
    ),
    min_size=1,
    max_size=7,
)


@dataclass
class Model:
    """What a reader expects: the days that the verdict opens, and each session's day and state."""

    opens: tuple[date, date] | None
    status: str
    days: list[date]
    states: list[str] = field(default_factory=lambda: ["BOOKED", "BOOKED"])

    def allows(self, day: date) -> bool:
        return self.opens is not None and self.opens[0] <= day <= self.opens[1]

    def follow(self) -> None:
        """Let sessions ahead follow the verdict."""
        for which, state in enumerate(self.states):
            if state != "CANCELLED":
                opens = self.allows(self.days[which])
                self.states[which] = "BOOKED" if opens else "NEEDS_VERDICT"

    def may_move(self, which: int, day: date) -> bool:
        other = 1 - which
        is_apart = self.states[other] == "CANCELLED" or abs(day - self.days[other]) >= 14 * DAY
        return self.states[which] != "CANCELLED" and self.allows(day) and is_apart


class Clinic:
    """The same, done."""

    def __init__(self, world: World, course: Course) -> None:
        self.world, self.course = world, course
        self.sessions = [
            book(
                patient_id=world.anna.patient_id,
                service_id=course.session_service,
                site_id=world.lyon,
                starts_at=TEN + week * 7 * DAY,
                plan_id=course.plan,
                actor=world.diane.actor,
                at=world.at,
            )
            for week in WEEKS
        ]

    def end(self, how: str) -> None:
        found = current_verdict(
            patient_id=self.world.anna.patient_id, treatment_id=self.course.treatment
        )
        assert found is not None
        end_verdict(
            verdict_id=found.id,
            how=how,  # type: ignore[arg-type]
            reason="Doute",
            version=found.status_version,
            actor=self.world.bruno.actor,
            at=self.world.at,
        )

    def give(self, outcome: VerdictOutcome, valid_from: date, valid_until: date) -> None:
        world, anna = self.world, self.world.anna.patient_id
        ruling = screening(
            patient_id=anna, procedure=Procedure.MESOTHERAPY, act_date=valid_from, zones=ZONES
        )
        give_verdict(
            patient_id=anna,
            treatment_id=self.course.treatment,
            consultation_id=get_verdict(self.course.verdict).consultation_id,
            outcome=outcome,
            reason="Revu.",
            conditions="",
            valid_from=valid_from,
            valid_until=valid_until,
            overrides=[Override(rule=one["rule"], reason="Vu.") for one in ruling.findings],
            today=world.at.date(),
            actor=world.bruno.actor,
            at=world.at,
        )

    def move(self, which: int, weeks: int) -> None:
        move(
            appointment_id=self.sessions[which],
            starts_at=TEN + (7 * weeks + which) * DAY,
            actor=self.world.diane.actor,
            at=self.world.at,
        )

    def cancel(self, which: int) -> None:
        cancel_appointment(
            appointment_id=self.sessions[which], actor=self.world.diane.actor, at=self.world.at
        )

    def stand(self) -> list[tuple[str, date]]:
        rows = {row.id: row for row in Appointment.objects.all()}
        assert rows.keys() == set(self.sessions), "nothing is deleted"
        return [(rows[key].state, rows[key].local_date) for key in self.sessions]


def whole() -> transaction.Atomic:
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # durable ones may begin in it
    return block


def passes(act: Callable[[], object]) -> bool:
    """Tell whether an act would pass now; undo it."""
    with whole():
        try:
            with whole():
                act()
        except (DomainError, IntegrityError):
            return False
        finally:
            transaction.set_rollback(True)
    return True


def expect_the_model(clinic: Clinic, model: Model) -> None:
    world = clinic.world
    assert [state for state, _ in clinic.stand()] == model.states
    assert [day for _, day in clinic.stand()] == model.days
    for key, state, day in zip(clinic.sessions, model.states, model.days, strict=True):
        holds = Occupancy.objects.filter(appointment_id=key).exists()
        assert holds == (state != "CANCELLED"), "what waits keeps its time"
        at = Appointment.objects.get(id=key).starts_at
        assert at.date() == day

        def arrive(key: UUID = key, at: datetime = at) -> None:
            check_in(appointment_id=key, actor=world.diane.actor, at=at)

        def begin(key: UUID = key, at: datetime = at) -> None:
            ask_the_questions(world, key, at=at)
            begin_session(appointment_id=key, actor=world.bruno.actor, at=at)

        assert passes(arrive) == passes(begin) == (state == "BOOKED")
    if "NEEDS_VERDICT" in model.states:
        kinds = {task.kind for task in list_open(actor=world.bruno.actor, at=world.at)}
        assert SESSIONS_WAIT in kinds, "a physician is asked"


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_sessions_follow_their_verdict(world: World, steps: list[tuple[object, ...]]) -> None:
    with whole():
        course = open_course(world)
        sign_current_text(world.anna, course.treatment, at=world.at)
        clinic, today = Clinic(world, course), world.at.date()
        model = Model(
            opens=(today, today + 180 * DAY),
            status="ACTIVE",
            days=[(TEN + week * 7 * DAY).date() for week in WEEKS],
        )
        for step in steps:
            match step:
                case ("suspend" | "revoke" as how,):
                    is_done = passes_for_good(partial(clinic.end, how))
                    assert is_done == (model.status in ENDS_FROM[how])
                    if is_done:
                        model.opens = None
                        model.status = "SUSPENDED" if how == "suspend" else "REVOKED"
                        model.follow()
                case ("give", int(start), int(length)):
                    period = (today + start * DAY, today + (start + length) * DAY)
                    outcome = VerdictOutcome.NOT_BEFORE if start else VerdictOutcome.ELIGIBLE
                    clinic.give(outcome, *period)
                    model.opens, model.status = period, "ACTIVE"
                    model.follow()
                case ("refuse",):
                    clinic.give(VerdictOutcome.NOT_ELIGIBLE, today, today + 30 * DAY)
                    model.opens, model.status = None, "ACTIVE"
                    model.follow()
                case ("move", int(which), int(weeks)):
                    day = (TEN + (7 * weeks + which) * DAY).date()
                    is_done = passes_for_good(partial(clinic.move, which, weeks))
                    assert is_done == model.may_move(which, day)
                    if is_done:
                        model.days[which], model.states[which] = day, "BOOKED"
                case ("cancel", int(which)):
                    clinic.cancel(which)
                    model.states[which] = "CANCELLED"
            expect_the_model(clinic, model)
        transaction.set_rollback(True)


def passes_for_good(act: Callable[[], object]) -> bool:
    """Do it, and tell whether it was done."""
    try:
        with whole():
            act()
    except DomainError:
        return False
    return True
