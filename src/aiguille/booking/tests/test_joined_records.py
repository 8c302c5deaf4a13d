"""A person with two records: what stands under one holds for the other, once they are joined."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aiguille.booking.gate import PlanNeeded, VerdictNeeded, earliest_session_start
from aiguille.booking.models import Appointment, Occupancy
from aiguille.booking.operations import book, check_in, move_appointment
from aiguille.booking.queries import get_appointment
from aiguille.booking.states import confirm_under_verdict, flag_needs_verdict
from aiguille.care.operations import (
    give_verdict,
    revoke_verdict,
    suspend_verdict,
    write_consultation,
)
from aiguille.care.queries import current_verdict, list_plans, list_verdicts, screening
from aiguille.care.rules import Override
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, VerdictOutcome
from aiguille.patients.operations import (
    IdentityTraits,
    check_identity,
    create_provisional,
    declare_identity,
    join_provisional,
    unmerge,
)
from aiguille.patients.queries import get_identity, record_ids
from tests.course import ZONES, answer_no, open_course

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def course(world):
    return open_course(world)


@pytest.fixture
def kept(world, course):
    """Anna's other record, whose identity was checked, and which is the one to keep."""
    patient_id = create_provisional(
        birth_name="Martin",
        first_names="Anna Marie",
        email="anna@example.net",
        phone="",
        language="fr",
        actor=SYSTEM,
        at=world.at,
    )
    anna = get_identity(world.anna.patient_id)
    declare_identity(
        patient_id=patient_id,
        traits=declared(anna, first_names="Anna Marie"),
        actor=world.diane.actor,
        at=world.at,
    )
    check_identity(patient_id=patient_id, document="passport", actor=world.diane.actor, at=world.at)
    return patient_id


def declared(identity, **others):
    traits = {
        "birth_name": identity.birth_name,
        "first_names": identity.first_names,
        "birth_date": identity.birth_date,
        "sex": identity.sex,
        "birthplace": identity.birthplace,
    }
    return IdentityTraits(**(traits | others))


@pytest.fixture
def join(world, kept):
    def call():
        join_provisional(
            provisional_id=world.anna.patient_id,
            into_id=kept,
            actor=world.diane.actor,
            at=world.at,
        )

    return call


@pytest.fixture
def booked_for(world, course):
    """Return a call that books a session of Anna's plan for a record."""

    def call(patient_id, starts_at=WEDNESDAY, plan_id=course.plan):
        return book(
            patient_id=patient_id,
            service_id=course.session_service,
            site_id=world.lyon,
            starts_at=starts_at,
            plan_id=plan_id,
            actor=world.diane.actor,
            at=world.at,
        )

    return call


class TestAVerdictOfTheOtherRecord:
    @pytest.mark.parametrize("with_plan", [True, False])
    def test_opens_nothing_before_they_are_joined(self, kept, course, booked_for, with_plan):
        with pytest.raises((VerdictNeeded, PlanNeeded)):
            booked_for(kept, plan_id=course.plan if with_plan else None)
        assert Appointment.objects.count() == 0
        with pytest.raises(PlanNeeded):
            earliest_session_start(patient_id=kept, plan_id=course.plan, at=WEDNESDAY)

    def test_opens_sessions_of_its_own_record_once_they_are(
        self, world, kept, course, join, booked_for
    ):
        join()
        assert record_ids(world.anna.patient_id) == [kept, world.anna.patient_id]
        assert record_ids(kept) == [kept, world.anna.patient_id]
        for asked in (kept, world.anna.patient_id):
            found = earliest_session_start(patient_id=asked, plan_id=course.plan, at=world.at)
            assert found.date is not None
        view = get_appointment(booked_for(kept))
        assert (view.patient_id, view.verdict_id) == (world.anna.patient_id, course.verdict)
        check_in(appointment_id=view.id, actor=world.diane.actor, at=WEDNESDAY)

    @pytest.mark.parametrize("end", [suspend_verdict, revoke_verdict])
    def test_taken_back_opens_nothing_any_more(self, world, kept, course, join, booked_for, end):
        join()
        end(verdict_id=course.verdict, reason="Doute", actor=world.bruno.actor, at=world.at)
        for asked in (kept, world.anna.patient_id):
            with pytest.raises(VerdictNeeded):
                booked_for(asked)

    def test_opens_nothing_once_they_are_separated(self, world, kept, course, join, booked_for):
        join()
        unmerge(provisional_id=world.anna.patient_id, actor=world.diane.actor, at=world.at)
        with pytest.raises((VerdictNeeded, PlanNeeded)):
            booked_for(kept)
        assert get_appointment(booked_for(world.anna.patient_id)).verdict_id == course.verdict


class TestALaterVerdictOnThePerson:
    """Dr Bruno gives it under the record that is kept, where the other had one."""

    @pytest.fixture
    def give(self, world, kept, course):
        def call(outcome=VerdictOutcome.ELIGIBLE, **period):
            at = world.at + timedelta(minutes=2)
            today = world.at.date()
            answer_no(
                world,
                procedure=Procedure.MESOTHERAPY,
                at=at,
                person=replace(world.anna, patient_id=kept, actor=SYSTEM),
            )
            consultation = write_consultation(
                patient_id=kept,
                procedure=Procedure.MESOTHERAPY,
                content={"reason": "Revue", "zones": list(ZONES), "phototype": 2},
                actor=world.bruno.actor,
                at=at,
            )
            ruling = screening(
                patient_id=kept,
                procedure=Procedure.MESOTHERAPY,
                act_date=today,
                zones=ZONES,
            )
            return give_verdict(
                patient_id=kept,
                treatment_id=course.treatment,
                consultation_id=consultation,
                outcome=outcome,
                reason="Revue.",
                valid_from=today,
                valid_until=today + timedelta(days=60),
                today=today,
                overrides=[
                    Override(rule=finding["rule"], reason="Vu.") for finding in ruling.findings
                ],
                actor=world.bruno.actor,
                at=at,
            )

        return call

    def test_replaces_the_one_before_under_either_record(self, world, kept, course, join, give):
        join()
        verdict = give()
        for asked in (kept, world.anna.patient_id):
            found = current_verdict(patient_id=asked, treatment_id=course.treatment)
            assert found is not None
            assert found.id == verdict
            assert [one.status for one in list_verdicts(patient_id=asked)] == [
                "ACTIVE",
                "SUPERSEDED",
            ]
            assert [plan.id for plan in list_plans(patient_id=asked)] == [course.plan]

    def test_takes_over_the_sessions_that_wait(self, world, kept, course, join, give, booked_for):
        session = booked_for(world.anna.patient_id)
        join()
        verdict = give()
        flag_needs_verdict(verdict_id=course.verdict, actor=world.bruno.actor, at=world.at)
        assert get_appointment(session).state == "NEEDS_VERDICT"
        confirmed = confirm_under_verdict(verdict_id=verdict, actor=world.bruno.actor, at=world.at)
        assert confirmed == [session]
        view = get_appointment(session)
        assert (view.patient_id, view.verdict_id, view.state) == (kept, verdict, "BOOKED")
        held = Occupancy.objects.filter(appointment_id=session, patient__isnull=False)
        assert set(held.values_list("patient_id", flat=True)) == {kept}

    def test_is_taken_by_a_session_that_moves(self, world, kept, course, join, give, booked_for):
        session = booked_for(world.anna.patient_id)
        join()
        verdict = give()
        move_appointment(
            appointment_id=session,
            starts_at=WEDNESDAY + timedelta(days=1),
            actor=world.diane.actor,
            at=world.at,
        )
        view = get_appointment(session)
        assert (view.patient_id, view.verdict_id) == (kept, verdict)

    def test_of_two_records_joined_afterwards_the_latest_counts(
        self, world, kept, course, join, give, booked_for
    ):
        session = booked_for(world.anna.patient_id)
        give(VerdictOutcome.NOT_ELIGIBLE)
        join()
        for asked in (kept, world.anna.patient_id):
            with pytest.raises(VerdictNeeded):
                booked_for(asked, WEDNESDAY + timedelta(days=21))
        with pytest.raises(VerdictNeeded):
            check_in(appointment_id=session, actor=world.diane.actor, at=WEDNESDAY)
