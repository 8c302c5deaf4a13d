"""No door opens to a session under a verdict that is wrong, whichever way it is wrong.

The doors are found, not listed: every address, command, job and operation that comes to book, to
move, to check in or to begin is knocked at here, or the test fails.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from aiguille.booking import gate
from aiguille.booking.models import Appointment, AppointmentEvent, Hold, Occupancy
from aiguille.booking.operations import confirm_under_verdict, flag_needs_verdict
from aiguille.care import operations as care
from aiguille.care.operations import make_plan
from aiguille.care.queries import get_verdict, screening
from aiguille.care.rules import Override
from aiguille.catalogue.queries import (
    get_service,
    protocol_versions,
    session_service,
    treatment_by_code,
)
from aiguille.journeys.give_verdict import give_verdict
from aiguille.journeys.suspend_verdict import end_verdict
from aiguille.kernel.codes import Procedure, VerdictOutcome
from aiguille.kernel.errors import DomainError
from aiguille.treatment_sessions.models import TreatmentSession
from tests.architecture.call_graph import package_graph, reachable
from tests.architecture.doors import (
    ADDRESSES,
    BOOKS,
    BY_SERVICE,
    DAY,
    FIRST,
    OPERATIONS,
    THIRD,
    Clinic,
    Knock,
    by_service,
    clinic_of,
)
from tests.architecture.test_write_paths import addresses, commands, jobs, operations
from tests.course import INTERVAL_DAYS, PLACES, ZONES, answer_no, open_course
from tests.session_day import go_to, ready_for_session, sign_current_text

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
BY_THE_DATABASE = "eligible verdict on its day"
GUARDED = {
    "booking.operations:_book",
    "booking.operations:move_appointment",
    "booking.states:check_in",
    "booking.states:begin",
    "booking.states:confirm_under_verdict",
    "treatment_sessions.operations:begin_session",
}
# These come to the guarded ones, and lead no session there.
NO_SESSION = {
    "address /book/details/": "a visitor holds and books what is offered to visitors",
    f"address {BY_SERVICE}": "a session is booked from its plan",
    "operation cli:main": "runs the commands",
    "command cli:_demo": "tells the demo's story through the operations that are knocked at",
}
# What gives a session back that waited, under the verdict that is named: looked at below.
CONFIRMS = {
    "address /desk/consultations/<uuid:appointment_id>/verdict/",
    "address /desk/symptoms/<uuid:report_id>/",
    "operation booking.states:confirm_under_verdict",
}


# --- All are known --------------------------------------------------------------------------------


def test_every_door_is_knocked_at():
    graph = package_graph()
    entries = addresses() | commands(graph) | jobs() | operations(graph)
    found = {
        entry.replace("address fr/", "address /"): name
        for entry, name in entries.items()
        if reachable(graph, [name]) & GUARDED
    }
    knocked = {f"address {route}" for route in ADDRESSES}
    knocked |= {f"operation {name}" for name in OPERATIONS}
    doors = knocked | NO_SESSION.keys() | CONFIRMS
    assert doors - found.keys() == set(), "there is no such door any more"
    # What stands behind a door that is knocked at is reached through it.
    behind = reachable(graph, {found[door] for door in doors})
    new = {entry for entry, name in found.items() if entry not in doors and name not in behind}
    assert new == set(), "knock at it in `doors`, or say why it leads to no session"


# --- The verdicts that are wrong ------------------------------------------------------------------

Spoil: TypeAlias = Callable[[Clinic], UUID | None]


def _another(c: Clinic, *, give: Any = None, **said: Any) -> UUID:
    """Give another verdict, by the operation alone: nobody looks after the sessions."""
    today, outcome = c.world.at.date(), said.pop("outcome", VerdictOutcome.ELIGIBLE)
    valid_from = said.pop("valid_from", today)
    consultation = get_verdict(c.course.verdict).consultation_id
    ruling = screening(
        patient_id=c.world.anna.patient_id,
        procedure=Procedure.MESOTHERAPY,
        act_date=valid_from,
        zones=ZONES,
    )
    verdict: UUID = (give or care.give_verdict)(
        patient_id=c.world.anna.patient_id,
        treatment_id=said.pop("treatment_id", c.course.treatment),
        consultation_id=consultation,
        outcome=outcome,
        reason="Revu.",
        conditions="",
        valid_from=valid_from,
        valid_until=said.pop("valid_until", valid_from + 90 * DAY),
        overrides=[Override(rule=one["rule"], reason="Vu.") for one in ruling.findings],
        today=today,
        actor=c.world.bruno.actor,
        at=c.world.at,
    )
    return verdict


def _ends(how: Literal["suspend", "revoke"]) -> Spoil:
    return lambda c: end_verdict(
        verdict_id=c.course.verdict,
        how=how,
        reason="Doute",
        version=get_verdict(c.course.verdict).status_version,
        actor=c.world.bruno.actor,
        at=c.world.at,
    )


def _alone(end: Any) -> Spoil:
    def act(c: Clinic) -> None:
        actor = c.world.bruno.actor
        assert end(verdict_id=c.course.verdict, reason="Doute", actor=actor, at=c.world.at)

    return act


def _alarming_answers(c: Clinic) -> None:
    # After the questions of the day, which are answered on the day of the first session.
    answer_no(c.world, procedure=Procedure.MESOTHERAPY, at=FIRST + MINUTE, S01="yes")


WRONG: dict[str, Spoil] = {
    "suspended": _ends("suspend"),
    "revoked": _ends("revoke"),
    "suspended, and nobody told the sessions": _alone(care.suspend_verdict),
    "revoked, and nobody told the sessions": _alone(care.revoke_verdict),
    "shortened": lambda c: _another(
        c, give=give_verdict, valid_until=c.world.at.date() + timedelta(days=1)
    ),
    "expired": lambda c: _another(c, valid_until=c.world.at.date()),
    "not yet valid": lambda c: _another(
        c, outcome=VerdictOutcome.NOT_BEFORE, valid_from=c.world.at.date() + 60 * DAY
    ),
    "not eligible": lambda c: _another(c, outcome=VerdictOutcome.NOT_ELIGIBLE),
    "against the answers": _alarming_answers,
}


@pytest.fixture
def clinic(world) -> Clinic:
    course = open_course(world)
    sign_current_text(world.anna, course.treatment, at=world.at)
    return clinic_of(world, course)


def whole() -> transaction.Atomic:
    """Return a transaction in which durable ones may begin, as in the test's own."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    return block


def rows() -> list[Any]:
    """Return all that a door could change of appointments and sessions."""
    return [
        sorted(
            Appointment.objects.values_list(
                "id", "patient_id", "state", "starts_at", "verdict_id", "plan_id", "version"
            )
        ),
        sorted(Occupancy.objects.exclude(appointment=None).values_list("appointment_id", "period")),
        AppointmentEvent.objects.count(),
        TreatmentSession.objects.count(),
    ]


def opened(c: Clinic, knock: Knock) -> str:
    """Knock, undo it, and say what is wrong with how it was refused: empty for a good refusal."""
    with whole():
        before, why, answer = rows(), "", None
        try:
            with whole():
                answer = knock(c)
        except DomainError as error:
            why = error.text.fr and error.text.en
        except DatabaseError as error:
            why = BY_THE_DATABASE if BY_THE_DATABASE in str(error) else ""
        if isinstance(answer, HttpResponseBase):
            why = explained(answer)
        is_the_same = rows() == before
        transaction.set_rollback(True)
    go_to(c.world.at)
    return ("" if why else f"not explained: {answer}") if is_the_same else "something changed"


def explained(answer: Any) -> str:
    """Return what a page says of the refusal, by itself or on the page that it leads to."""
    if answer.status_code == 302:
        answer = answer.client.get(answer["Location"])
        said = [str(message) for message in answer.context["messages"]]
        # The page before a move that concerns others says it of each session.
        return said[0] if said else answer.context.get("refusal") or ""
    if answer.status_code == 404:
        return "there is no such page"
    return answer.content.decode() if answer.status_code in {409, 422} else ""


class TestUnderAGoodVerdict:
    """The control: each door opens, so that what refuses below is the verdict."""

    @pytest.mark.parametrize("doors", [ADDRESSES, OPERATIONS], ids=["addresses", "operations"])
    def test_every_door_opens(self, clinic, doors):
        shut = [name for name, knock in doors.items() if opened(clinic, knock) == ""]
        assert shut == []


# Half of them say nothing of an address that another does not say, and each takes its time.
AT_ADDRESSES = WRONG.keys() - {"suspended", "revoked, and nobody told the sessions", "expired"}


@pytest.mark.parametrize(
    ("how", "doors"),
    [(how, OPERATIONS) for how in WRONG] + [(how, ADDRESSES) for how in sorted(AT_ADDRESSES)],
    ids=[*WRONG, *(f"{how}, at addresses" for how in sorted(AT_ADDRESSES))],
)
def test_no_door_opens_under_a_verdict_that_is(clinic, how, doors):
    WRONG[how](clinic)
    wrong = {name: said for name, knock in doors.items() if (said := opened(clinic, knock))}
    assert wrong == {}


class TestAnothers:
    """The verdict is good, and somebody else's, or on something else; or there is none."""

    @pytest.fixture
    def other_plan(self, clinic):
        """Anna's plan of another treatment, under a verdict of its own."""
        world, treatment = clinic.world, treatment_by_code("mesotherapy-acne")
        verdict = _another(clinic, treatment_id=treatment.id)
        return make_plan(
            verdict_id=verdict,
            protocol_version_id=protocol_versions(treatment.id)[0].id,
            sessions_planned=4,  # as its protocol proposes
            interval_min_days=INTERVAL_DAYS,
            interval_default_days=INTERVAL_DAYS,
            interval_max_days=28,
            places=PLACES,
            actor=world.bruno.actor,
            at=world.at,
        )

    def test_patients_verdict_opens_nothing_for_whoever_has_none(self, clinic):
        marc = replace(clinic, as_patient=clinic.world.marc)
        doors = {name: knock for name, knock in ADDRESSES.items() if name in BOOKS}
        doors["book"] = OPERATIONS["booking.operations:book"]
        assert {name: said for name, knock in doors.items() if (said := opened(marc, knock))} == {}

    def test_patients_plan_opens_nothing(self, clinic):
        day = ready_for_session(
            clinic.world, Procedure.NEEDLING, person=clinic.world.marc, hours_later=3
        )
        theirs = replace(clinic, course=replace(clinic.course, plan=day.plan))
        doors = {name: knock for name, knock in ADDRESSES.items() if name in BOOKS}
        doors["book"] = OPERATIONS["booking.operations:book"]
        wrong = {name: said for name, knock in doors.items() if (said := opened(theirs, knock))}
        assert wrong == {}

    @pytest.mark.parametrize("has_own", [True, False])
    def test_treatments_verdict_opens_nothing(self, clinic, other_plan, has_own):
        if not has_own:
            WRONG["suspended"](clinic)
        other = treatment_by_code("mesotherapy-acne")
        book = OPERATIONS["booking.operations:book"]
        mixed = replace(clinic, course=replace(clinic.course, plan=other_plan))
        service = session_service(other.id).id
        crossed = replace(clinic, course=replace(clinic.course, session_service=service))
        assert opened(mixed, book) == ""
        assert opened(crossed, book) == ""

    def test_service_is_no_way_around_the_plan(self, clinic):
        assert opened(clinic, by_service) == ""

    def test_visitor_is_offered_no_session(self, clinic):
        code = get_service(clinic.course.session_service).code
        with override("fr"):
            address = reverse("public:book_times", args=[code])
        held = Hold.objects.count()
        assert Client().post(address, {"start": THIRD.isoformat()}).status_code == 404
        assert Hold.objects.count() == held


class TestWhatWaits:
    """Sessions that lost their verdict come back under one that opens their day, and no other."""

    @pytest.fixture
    def waiting(self, clinic):
        flag_needs_verdict(
            verdict_id=clinic.course.verdict, actor=clinic.world.bruno.actor, at=clinic.world.at
        )
        return clinic

    def confirmed(self, c, verdict_id):
        return confirm_under_verdict(
            verdict_id=verdict_id, actor=c.world.bruno.actor, at=c.world.at
        )

    def test_comes_back_under_a_good_verdict(self, waiting):
        back = self.confirmed(waiting, waiting.course.verdict)
        assert set(back) == {waiting.first, waiting.second}

    @pytest.mark.parametrize("how", [how for how in WRONG if how != "against the answers"])
    def test_does_not_under_one_that_is(self, waiting, how):
        verdict = WRONG[how](waiting) or waiting.course.verdict
        assert self.confirmed(waiting, verdict) == []
        assert set(Appointment.objects.values_list("state", flat=True)) == {"NEEDS_VERDICT"}

    def test_does_not_under_that_of_another_treatment(self, waiting):
        other = _another(waiting, treatment_id=treatment_by_code("mesotherapy-acne").id)
        assert self.confirmed(waiting, other) == []


class TestTheGuard:
    """With the guards off, the test above turns red: it sees a door that opens."""

    def test_its_absence_is_seen(self, clinic, monkeypatch):
        WRONG["against the answers"](clinic)
        monkeypatch.setattr(gate, "_objection_of_answers", lambda *_, **__: None)
        through = {name for name, knock in ADDRESSES.items() if opened(clinic, knock)}
        assert through == ADDRESSES.keys()
