"""What concerns a patient is read by the patient, and no session begins before."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from aiguille.audit.queries import list_events_of_patient
from aiguille.booking.models import Appointment
from aiguille.care.models import InformationRead
from aiguille.care.operations import InformationChanged, InformationNotTicked
from aiguille.care.queries import screening
from aiguille.care.rules import Override
from aiguille.journeys.give_verdict import give_verdict
from aiguille.journeys.read_information import acknowledge_information, read_information
from aiguille.journeys.run_session import begin_session
from aiguille.kernel.codes import Procedure, VerdictOutcome
from aiguille.patients.operations import complete_answers
from aiguille.patients.queries import get_identity, latest_answers
from aiguille.plumbing.access import NotVisible
from aiguille.treatment_sessions.models import TreatmentSession
from aiguille.treatment_sessions.operations import InformationUnread
from tests.session_day import SessionDay, go_to, ready_for_session
from tests.world import World

pytestmark = pytest.mark.django_db
CODE = "needling-ageing"


@pytest.fixture
def day(world: World) -> SessionDay:
    return ready_for_session(world, Procedure.NEEDLING)


def say_yes(world: World, day: SessionDay, *questions: str) -> None:
    """Let Anna tell Dr Bruno, on the morning of the session, what she had not answered yes to."""
    before = latest_answers(day.patient_id, Procedure.NEEDLING)
    assert before is not None
    complete_answers(
        patient_id=day.patient_id,
        procedure=Procedure.NEEDLING,
        answers={name: {"answer": "yes"} for name in questions},
        seen_id=before.id,
        actor=world.bruno.actor,
        at=day.at,
    )


def decide_again(world: World, day: SessionDay) -> None:
    """Let Dr Bruno give the verdict anew on the answers as they are, and the session rest on it."""
    found = screening(
        patient_id=day.patient_id,
        procedure=Procedure.NEEDLING,
        act_date=day.day,
        zones=[day.protocol.zones[0].value],
    )
    verdict_id = give_verdict(
        patient_id=day.patient_id,
        treatment_id=day.treatment,
        consultation_id=day.consultation,
        outcome=VerdictOutcome.ELIGIBLE,
        reason="Informée.",
        conditions="",
        valid_from=day.day,
        valid_until=day.day + timedelta(days=90),
        overrides=[Override(one["rule"], "Vu.") for one in found.findings],
        today=day.day,
        actor=world.bruno.actor.confirmed(day.at),
        at=day.at,
    )
    Appointment.objects.filter(id=day.appointment).update(verdict_id=verdict_id)


def begin(world: World, day: SessionDay) -> None:
    begin_session(
        appointment_id=day.appointment, actor=world.bruno.actor.confirmed(day.at), at=day.at
    )


def read(world: World, day: SessionDay, **other: Any) -> int:
    reading = read_information(patient_id=day.patient_id, treatment_code=CODE, at=day.at)
    facts: dict[str, Any] = {
        "ticked": {item.rule for item in reading.information},
        "seen": {item.digest for item in reading.information},
        "actor": world.anna.actor,
        "language": "fr",
    } | other
    return acknowledge_information(
        patient_id=day.patient_id, treatment_code=CODE, at=day.at, **facts
    )


class TestASession:
    def test_begins_where_there_is_nothing_to_read(self, world: World, day: SessionDay) -> None:
        assert not read_information(
            patient_id=day.patient_id, treatment_code=CODE, at=day.at
        ).information
        begin(world, day)

    def test_waits_until_the_patient_read_what_a_new_answer_asks(
        self, world: World, day: SessionDay
    ) -> None:
        say_yes(world, day, "S25")
        with pytest.raises(InformationUnread):
            begin(world, day)
        assert read(world, day) == 1
        begin(world, day)

    def test_waits_until_the_patient_read_what_the_verdict_rests_on(
        self, world: World, day: SessionDay
    ) -> None:
        say_yes(world, day, "S25", "S50")
        decide_again(world, day)
        with pytest.raises(InformationUnread):
            begin(world, day)
        assert read(world, day) == 2
        assert read(world, day) == 0
        begin(world, day)

    def test_is_refused_by_the_database_too(self, world: World, day: SessionDay) -> None:
        say_yes(world, day, "S25")
        decide_again(world, day)
        row = {
            "appointment_id": day.appointment,
            "patient_id": day.patient_id,
            "treatment_id": day.treatment,
            "plan_id": day.plan,
            "consent_id": day.consent,
            "protocol_version_id": day.protocol_version,
            "site_id": day.site_id,
            "performer_id": world.bruno.user_id,
            "performer_name": "Bruno Delmas",
            "begun_at": day.at,
        }
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            TreatmentSession.objects.create(**row)
        assert isinstance(refused.value.__cause__, psycopg.Error)
        assert refused.value.__cause__.diag.constraint_name == "session_needs_information_read"
        read(world, day)
        TreatmentSession.objects.create(**row)

    def test_under_another_verdict_asks_again(self, world: World, day: SessionDay) -> None:
        say_yes(world, day, "S25")
        read(world, day)
        decide_again(world, day)
        with pytest.raises(InformationUnread):
            begin(world, day)


class TestReading:
    def test_keeps_the_text_the_time_and_who(self, world: World, day: SessionDay) -> None:
        say_yes(world, day, "S25")
        read(world, day, language="en")
        (item,) = read_information(
            patient_id=day.patient_id, treatment_code=CODE, at=day.at
        ).information
        row = InformationRead.objects.get()
        assert (row.rule, row.text_digest, row.shown) == ("S25", item.digest, item.text.en)
        assert (row.author_id, row.recorded_at) == (world.anna.user_id, day.at)
        assert item.read_at == day.at
        actions = [line.action for line in list_events_of_patient(patient_id=day.patient_id)]
        assert actions.count("care:information:read") == 1

    def test_is_of_each_text_and_of_the_text_that_was_shown(
        self, world: World, day: SessionDay
    ) -> None:
        say_yes(world, day, "S25", "S50")
        with pytest.raises(InformationNotTicked) as refused:
            read(world, day, ticked={"S25"})
        assert refused.value.field == "read_S50"
        with pytest.raises(InformationChanged):
            read(world, day, seen={"another text"})
        assert not InformationRead.objects.exists()

    def test_is_nobody_elses(self, world: World, day: SessionDay) -> None:
        say_yes(world, day, "S25")
        for person in (world.bruno, world.diane, world.hugo, world.carla, world.marc):
            with pytest.raises(NotVisible):
                read(world, day, actor=person.actor)
        staff = {
            "patient_id": day.patient_id,
            "verdict_id": day.verdict,
            "rule": "S25",
            "language": "fr",
            "shown": "…",
            "text_digest": "0" * 64,
            "author_name": "Bruno Delmas",
            "recorded_at": day.at,
        }
        for other, constraint in (
            ({"author_kind": "staff"}, "information_read_by_the_patient"),
            ({"patient_id": world.marc.patient_id}, "information_read_matches_verdict"),
        ):
            facts = staff | {"author_kind": "patient", "author_id": world.anna.user_id} | other
            with pytest.raises(IntegrityError) as refused, transaction.atomic():
                InformationRead.objects.create(**facts)
            assert isinstance(refused.value.__cause__, psycopg.Error)
            assert refused.value.__cause__.diag.constraint_name == constraint


class TestThePages:
    def test_ask_in_the_space_and_tell_the_doctor(self, world: World, day: SessionDay) -> None:
        say_yes(world, day, "S25")
        go_to(day.at)
        anna, bruno = world.space_client(world.anna), world.staff_client(world.bruno)
        address = reverse("portal:information", args=[CODE])
        assert address in anna.get(reverse("portal:home")).content.decode()
        record = reverse("desk:patient", args=[_number(day)])
        assert "Pas encore lu" in bruno.get(record).content.decode()
        page = anna.get(address)
        assert page.status_code == 200
        assert "diabète" in page.content.decode()
        assert anna.post(address, {}).status_code == 422
        (item,) = page.context["form"].waiting
        stale = anna.post(address, {"read_S25": "on", "seen": "another"})
        assert stale.status_code == 409
        done = anna.post(address, {"read_S25": "on", "seen": item.digest})
        assert done.status_code == 302
        assert address not in anna.get(reverse("portal:home")).content.decode()
        assert "Pas encore lu" not in bruno.get(record).content.decode()

    def test_show_a_stranger_nothing(self, world: World, day: SessionDay) -> None:
        go_to(day.at)
        address = reverse("portal:information", args=[CODE])
        assert world.space_client(world.marc).get(address).status_code == 404
        assert Client().get(address).status_code in {302, 404}


def _number(day: SessionDay) -> int:
    return get_identity(day.patient_id).number
