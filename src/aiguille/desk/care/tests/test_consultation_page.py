"""The consultation's first page: who reads it, who writes, what it knows, and what it costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aiguille.accounts.rights import NotAllowed
from aiguille.booking.operations import book
from aiguille.care.operations import keep_draft, write_consultation
from aiguille.care.operations.shared import InvalidContent
from aiguille.care.queries import consultation_of_appointment, draft_of_consultation
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.operations import add_membership
from aiguille.desk.care.tests.test_consultation import answer_online, arrive, url, written
from aiguille.follow_up.operations import report_symptom
from aiguille.journeys.reads.consultation_sheet import (
    SHOWN_ACTS,
    ConsultationSheet,
    read_consultation_sheet,
)
from aiguille.kernel.codes import Procedure, Side, StaffRole, Symptom, Zone
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.patients.operations import save_draft_answers, submit_answers, write_note
from aiguille.plumbing.access import NotVisible
from aiguille.treatment_sessions.queries import get_session
from bench.history import ANSWER_SETS, CONSULTATIONS, SESSIONS, give_past
from tests.after_session import Ended, end_session
from tests.course import open_catalogue
from tests.session_day import go_to
from tests.world import AT, Person, World, build_world

pytestmark = pytest.mark.django_db

READERS = {StaffRole.PHYSICIAN, StaffRole.NURSE}
WRITERS = {StaffRole.PHYSICIAN}


@pytest.fixture
def appointment(world: World) -> UUID:
    """Anna has arrived for her consultation."""
    open_catalogue(at=world.at)
    return arrive(world)


def in_role(world: World, role: StaffRole) -> Person:
    """Return somebody who works in Lyon in one role alone."""
    add_membership(
        user_id=world.carla.user_id,
        site_id=world.lyon,
        role=role,
        valid_from=world.at.date(),
        actor=world.ines.actor,
        at=world.at,
    )
    return world.carla


def content(**changed: Any) -> dict[str, Any]:
    return {
        "reason": "Cicatrices",
        "phototype": 2,
        "places": [{"zone": "CHEEK", "side": "left"}, {"zone": "NOSE", "side": "midline"}],
        "examined": [{"zone": "CHEEK", "seen": ["active_acne"], "note": "Papules"}],
    } | changed


class TestRoles:
    @pytest.mark.parametrize("role", StaffRole)
    def test_read_and_write_what_theirs_may(
        self, world: World, appointment: UUID, role: StaffRole
    ) -> None:
        write_consultation(
            patient_id=world.anna.patient_id,
            procedure=Procedure.NEEDLING,
            content=content(),
            appointment_id=appointment,
            actor=world.bruno.actor,
            at=world.at,
        )
        client = world.staff_client(in_role(world, role))
        page = client.get(url("consultation", appointment))
        assert page.status_code == (200 if role in READERS else 403)
        if role in READERS:
            shown = page.content.decode()
            assert ("<textarea" in shown) == (role in WRITERS)
            assert ("/draft/" in shown) == (role in WRITERS)
            assert ("/questions/" in shown) == (role in WRITERS)
        typed = written(reason="Autre motif") | {
            "replaces": str(consultation_of_appointment(appointment).id)  # type: ignore[union-attr]
        }
        posted = client.post(url("consultation", appointment), typed)
        drafted = client.post(url("consultation_draft", appointment), typed)
        found = consultation_of_appointment(appointment)
        assert found is not None
        if role in WRITERS:
            assert (posted.status_code, drafted.status_code) == (302, 204)
            assert found.content["reason"] == "Autre motif"
        else:
            assert posted.status_code == 403
            assert drafted.status_code in {403, 404}
            assert found.content["reason"] == "Cicatrices"
            assert draft_of_consultation(appointment) is None

    @pytest.mark.parametrize("role", StaffRole)
    def test_write_by_operation_only_as_physicians(
        self, world: World, appointment: UUID, role: StaffRole
    ) -> None:
        actor = replace(world.bruno.actor, roles=frozenset({role}))

        def write() -> None:
            keep_draft(
                appointment_id=appointment,
                patient_id=world.anna.patient_id,
                content={"reason": "Cica"},
                actor=actor,
                at=world.at,
            )
            write_consultation(
                patient_id=world.anna.patient_id,
                procedure=Procedure.NEEDLING,
                content=content(),
                appointment_id=appointment,
                actor=actor,
                at=world.at,
            )

        if role in WRITERS:
            write()
            return
        with pytest.raises(NotAllowed):
            write()
        assert consultation_of_appointment(appointment) is None
        assert draft_of_consultation(appointment) is None

    def test_are_not_needed_to_stay_outside(self, world: World, appointment: UUID) -> None:
        for actor in (world.carla.actor, world.anna.actor, world.marc.actor):
            with pytest.raises((NotAllowed, NotVisible)):
                read_consultation_sheet(appointment_id=appointment, actor=actor, at=world.at)


class TestTheExamination:
    def test_is_kept_by_zone_and_side(self, world: World, appointment: UUID) -> None:
        bruno = world.staff_client(world.bruno)
        typed = written(zones=["CHEEK:left", "NOSE:midline", "BACK:midline"]) | {
            "examined_CHEEK_seen": ["active_acne", "atrophic_scars"],
            "examined_CHEEK_note": " Deux papules ",
            "examined_BACK_seen": ["suspicious_lesion"],
            "examined_BACK_aside": "aside",
        }
        assert bruno.post(url("consultation", appointment), typed).status_code == 302
        kept = consultation_of_appointment(appointment)
        assert kept is not None
        assert kept.content["zones"] == ["NOSE", "CHEEK"]
        assert [ZoneSide.from_stored(one).code for one in kept.content["places"]] == [
            "NOSE:midline",
            "CHEEK:left",
            "BACK:midline",
        ]
        assert kept.content["examined"] == [
            {"zone": "NOSE", "seen": [], "note": "", "is_treated": True},
            {
                "zone": "CHEEK",
                "seen": ["atrophic_scars", "active_acne"],
                "note": "Deux papules",
                "is_treated": True,
            },
            {"zone": "BACK", "seen": ["suspicious_lesion"], "note": "", "is_treated": False},
        ]
        page = bruno.get(url("consultation", appointment))
        form = page.context["form"]
        again = {name: form[name].value() for name in written() if name in form.fields}
        again["replaces"] = str(kept.id)
        assert bruno.post(url("consultation", appointment), typed | again).status_code == 302
        assert consultation_of_appointment(appointment) == kept, "nothing changed: no new version"

    def test_contradicts_an_answer_until_one_of_them_is_corrected(
        self, world: World, appointment: UUID
    ) -> None:
        write_consultation(
            patient_id=world.anna.patient_id,
            procedure=Procedure.NEEDLING,
            content=content(),
            appointment_id=appointment,
            actor=world.bruno.actor,
            at=world.at,
        )
        (found,) = sheet(world, appointment).contradictions
        assert (found.zone, found.finding.question, found.answer) == (Zone.CHEEK, "S12", "no")
        page = world.staff_client(world.bruno).get(url("consultation", appointment))
        assert f"{url('questions', appointment)}?all=1" in page.content.decode()
        for zones, is_settled in ((["NOSE"], False), (["CHEEK", "NOSE"], True), ([], True)):
            answer = {"answer": "yes"} | ({"zones": zones} if zones else {})
            give_answers(world, {"S12": answer})
            assert (sheet(world, appointment).contradictions == ()) == is_settled

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"places": [{"zone": "NOSE", "side": "left"}]}, "zones"),
            ({"places": [{"zone": "EYELID", "side": "left"}]}, "zones"),
            ({"places": [{"zone": "ELBOW", "side": "left"}]}, "zones"),
            ({"places": [{"zone": "NOSE"}]}, "zones"),
            ({"places": ["NOSE:midline"]}, "zones"),
            ({"examined": [{"zone": "BACK", "seen": [], "note": ""}]}, "examined"),
            ({"examined": [{"zone": "NOSE", "seen": ["thinning"], "note": ""}]}, "examined"),
            ({"examined": [{"zone": "NOSE", "seen": [], "note": "x" * 1001}]}, "examined"),
        ],
    )
    def test_holds_only_what_is_drawn_and_listed(
        self, world: World, appointment: UUID, changed: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidContent) as refused:
            write_consultation(
                patient_id=world.anna.patient_id,
                procedure=Procedure.NEEDLING,
                content=content(**changed),
                actor=world.bruno.actor,
                at=world.at,
            )
        assert refused.value.field == field


def sheet(world: World, appointment_id: UUID) -> ConsultationSheet:
    return read_consultation_sheet(
        appointment_id=appointment_id, actor=world.bruno.actor, at=world.at
    )


def give_answers(
    world: World, answers: dict[str, dict[str, Any]], procedure: Procedure = Procedure.NEEDLING
) -> None:
    save_draft_answers(
        patient_id=world.anna.patient_id,
        procedure=procedure,
        answers=answers,
        actor=world.anna.actor,
        at=world.at,
    )
    submit_answers(
        patient_id=world.anna.patient_id,
        procedure=procedure,
        actor=world.anna.actor,
        at=world.at,
    )


@pytest.fixture
def after_a_session(world: World) -> Ended:
    """Anna was treated, and it is some days later."""
    ended = end_session(world)
    go_to(ended.at + timedelta(days=9))
    return ended


def come_again(world: World, ended: Ended) -> UUID:
    """Book a consultation of mesotherapy some days after the session."""
    at = ended.at + timedelta(days=9)
    return book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.MESOTHERAPY).id,
        site_id=world.lyon,
        starts_at=at.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=5),
        practitioner_id=world.bruno_resource,
        actor=world.diane.actor,
        at=at,
    )


class TestWhatIsKnown:
    def test_says_what_changed_since_the_last_consultation(
        self, world: World, after_a_session: Ended
    ) -> None:
        at = after_a_session.at + timedelta(days=9)
        later = replace(world, at=at)
        give_answers(later, {"S18": {"answer": "yes"}}, Procedure.MESOTHERAPY)
        write_note(
            patient_id=world.anna.patient_id,
            topic="ALLERGY",
            text="Latex",
            actor=world.bruno.actor,
            at=at,
        )
        report_symptom(
            session=get_session(after_a_session.session_id),
            symptom=Symptom.BRUISE,
            note="",
            pain=None,
            actor=world.anna.actor,
            at=at,
        )
        page = sheet(later, come_again(world, after_a_session))
        since = page.since
        assert since is not None
        (changed,) = since.answers
        assert (changed.after.question, changed.before.answer, changed.after.answer) == (
            "S18",
            "no",
            "yes",
        )
        assert [note.text for note in since.notes] == ["Latex"]
        assert [one.symptom for one in since.reports] == [Symptom.BRUISE]
        assert [one.session_id for one in since.sessions] == [after_a_session.session_id]
        shown = text_of(world.staff_client(world.bruno), page.appointment.id)
        for words in ("Latex", "Bleu", "Anticoagulant"):
            assert words in shown

    def test_says_that_nothing_changed(self, world: World, appointment: UUID) -> None:
        write_consultation(
            patient_id=world.anna.patient_id,
            procedure=Procedure.NEEDLING,
            content=content(),
            actor=world.bruno.actor,
            at=world.at - timedelta(hours=2),
        )
        answer_online(world, Procedure.NEEDLING)
        write_consultation(
            patient_id=world.anna.patient_id,
            procedure=Procedure.NEEDLING,
            content=content(phototype=4),
            actor=world.bruno.actor,
            at=world.at - timedelta(hours=1),
        )
        page = sheet(world, appointment)
        assert page.since is not None
        assert page.since.is_quiet
        shown = text_of(world.staff_client(world.bruno), appointment)
        assert "Rien n’a changé depuis la dernière consultation." in shown
        assert "La dernière fois : IV" in shown

    def test_lists_earlier_acts_with_when_where_and_the_lots(
        self, world: World, after_a_session: Ended
    ) -> None:
        at = after_a_session.at + timedelta(days=9)
        day = (at - timedelta(days=60)).date()
        told = {"S37": {"answer": "yes", "ended": day, "zones": ["CHEEK"]}}
        give_answers(replace(world, at=at), told, Procedure.MESOTHERAPY)
        page = sheet(replace(world, at=at), come_again(world, after_a_session))
        (elsewhere,) = page.acts_elsewhere
        assert (elsewhere.question, elsewhere.ended) == ("S37", day)
        (act,) = page.acts.latest
        assert (act.session_id, act.is_ended) == (after_a_session.session_id, True)
        assert act.zone_sides, "where it was injected"
        assert all(one.side in Side for one in act.zone_sides)
        assert act.products, "what was injected"
        shown = text_of(world.staff_client(world.bruno), page.appointment.id)
        for product in act.products:
            assert f"{product.name}, lot {product.lot}" in shown
        assert url("report", after_a_session.session_id) in shown

    def test_puts_the_most_severe_first(self, world: World, appointment: UUID) -> None:
        give_answers(world, {name: {"answer": "yes"} for name in ("S25", "S17", "S09", "S42")})
        found = [one.decision.severity for one in sheet(world, appointment).findings]
        assert found == sorted(found, reverse=True)
        assert len(set(found)) >= 3


def text_of(client: Client, appointment_id: UUID) -> str:
    page = client.get(url("consultation", appointment_id))
    assert page.status_code == 200
    return " ".join(unescape(page.content.decode()).split())


@contextmanager
def as_owner() -> Iterator[Any]:
    """Give the database's owner, in a transaction."""
    with psycopg.connect(**connections["owner"].get_connection_params()) as owner:
        yield owner


@pytest.mark.usefixtures("committed_db")
def test_costs_at_most_twenty_queries_after_ten_years() -> None:
    go_to(AT)
    world = build_world()
    ended = end_session(world)
    later = ended.at + timedelta(days=9)
    go_to(later)
    appointment_id = come_again(world, ended)
    with as_owner() as owner:
        give_past(owner, world.anna.patient_id)
    page = sheet(replace(world, at=later), appointment_id)
    assert (len(page.earlier), page.acts.total) == (CONSULTATIONS + 1, SESSIONS + 1)
    assert len(page.acts.latest) == SHOWN_ACTS
    assert ANSWER_SETS == 30
    client = world.staff_client(world.bruno)
    client.get(url("consultation", appointment_id))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url("consultation", appointment_id)).status_code == 200
    assert len(captured) <= 20, [query["sql"][:80] for query in captured]
