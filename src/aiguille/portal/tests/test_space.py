"""The patient's space, page by page: the owner finds it, others find nothing."""

from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from aiguille.accounts.queries import get_user
from aiguille.booking.queries import appointments_of_patient
from aiguille.journeys.become_patient import open_space
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.ids import new_id
from aiguille.patients.operations import (
    IdentityTraits,
    check_identity,
    create_provisional,
    make_link,
    relate,
    store_document,
)
from aiguille.patients.queries import get_identity
from aiguille.plumbing import clock
from tests.course import Course, open_course
from tests.world import MARC_BORN, World

PAGES = ["home", "profile", "documents", "appointments", "switch"]


def address(page: str, *arguments: object) -> str:
    with translation.override("fr"):  # an English page asked for before leaves its language on
        return reverse(f"portal:{page}", args=arguments)


@pytest.fixture
def anna(world: World) -> Client:
    return world.space_client(world.anna)


@pytest.fixture
def course(world: World) -> Course:
    return open_course(world)


class TestPages:
    @pytest.mark.parametrize("page", PAGES)
    def test_are_for_the_patient(self, world: World, anna: Client, page: str) -> None:
        assert anna.get(address(page)).status_code == 200
        assert Client().get(address(page)).status_code == 302
        for person in (world.bruno, world.diane, world.carla):
            assert world.staff_client(person).get(address(page)).status_code == 404

    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_speak_both_languages(self, anna: Client, language: str) -> None:
        page = anna.get(address("home").replace("/fr/", f"/{language}/"))

        assert f'<html lang="{language}"'.encode() in page.content


class TestHome:
    def test_is_quiet_without_anything(self, anna: Client) -> None:
        page = anna.get(address("home")).context["page"]

        assert page.is_quiet

    def test_shows_the_course_and_what_comes_next(
        self, world: World, anna: Client, course: Course
    ) -> None:
        response = anna.get(address("home"))
        page = response.context["page"]

        assert [c.plan_id for c in page.courses] == [course.plan]
        assert page.courses[0].may_book
        assert page.questionnaires == ()
        assert address("book_session", course.plan) in response.content.decode()

    def test_takes_few_more_queries_with_an_appointment_than_with_none(
        self, world: World, anna: Client, course: Course
    ) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        anna.get(address("home"))
        with CaptureQueriesContext(connection) as before:
            anna.get(address("home"))
        book_first(anna, course)
        with CaptureQueriesContext(connection) as after:
            anna.get(address("home"))

        # When to put the cream on is read of the next appointment alone.
        assert len(after) <= len(before) + 5
        assert len(after) <= 42


class TestProfile:
    def test_changes_contacts(self, world: World, anna: Client) -> None:
        page = anna.get(address("profile"))
        typed = {
            "email": "anna.new@example.net",
            "phone": "06 11 22 33 44",
            "language": "en",
            "version": page.context["form"]["version"].value(),
        }

        assert anna.post(address("profile"), typed).status_code == 302

        identity = get_identity(world.anna.patient_id)
        assert (identity.email, identity.phone) == ("anna.new@example.net", "+33611223344")
        stale = anna.post(address("profile"), typed)
        assert stale.status_code == 409
        assert "anna.new@example.net" in stale.content.decode()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "nowhere"}, "email"),
            ({"email": ""}, "email"),
            ({"email": "a" * 255 + "@example.net"}, "email"),
            ({"phone": "<script>alert(1)</script>"}, "phone"),
            ({"phone": "12"}, "phone"),
            ({"language": "xx"}, "language"),
            ({"version": "many"}, "version"),
        ],
    )
    def test_explains_bad_input_beside_the_field_and_keeps_it(
        self, world: World, anna: Client, changes: dict[str, str], field: str
    ) -> None:
        typed = {"email": "x@example.net", "phone": "", "language": "fr", "version": "2"}
        before = get_identity(world.anna.patient_id)

        response = anna.post(address("profile"), typed | changes)

        assert response.status_code == 422
        assert response.context["form"].errors.keys() == {field}
        assert "<script>alert" not in response.content.decode()
        assert get_identity(world.anna.patient_id) == before


class TestDocuments:
    @pytest.fixture
    def document(self, world: World, settings: Settings, tmp_path: Path) -> UUID:
        settings.VAR = tmp_path
        return store_document(
            patient_id=world.anna.patient_id,
            kind="CONSENT",
            title="Consentement",
            language="fr",
            subject_kind="consent",
            subject_id=new_id(),
            content=b"%PDF-1.7",
            media_type="application/pdf",
            actor=SYSTEM,
            at=world.at,
        )

    def test_are_handed_to_their_owner_only(
        self, world: World, anna: Client, document: UUID
    ) -> None:
        assert "Consentement" in anna.get(address("documents")).content.decode()
        response = anna.get(address("document", document))
        assert (response.content, response["Content-Type"]) == (b"%PDF-1.7", "application/pdf")
        assert "no-store" in response["Cache-Control"]

        marc = world.space_client(world.marc)
        assert "Consentement" not in marc.get(address("documents")).content.decode()
        assert marc.get(address("document", document)).status_code == 404
        assert anna.get(address("document", new_id())).status_code == 404


class TestSwitching:
    @pytest.fixture
    def child(self, world: World) -> UUID:
        patient_id = create_provisional(
            birth_name="Martin",
            first_names="Léo",
            email=world.anna.email,
            phone="",
            language="fr",
            actor=SYSTEM,
            at=world.at,
        )
        born = MARC_BORN.replace(year=2010)
        token = make_link(
            patient_id=patient_id,
            scope="SPACE",
            expires_at=world.at.replace(year=2027),
            at=world.at,
        )
        open_space(
            token=token,
            birth_date=born,
            traits=IdentityTraits(birth_name="Martin", first_names="Léo", birth_date=born),
            relation="PARENT",
            address="192.0.2.1",
            at=world.at,
        )
        return patient_id

    def test_asks_for_the_birth_date_the_first_time(self, anna: Client, child: UUID) -> None:
        page = address("switch_to", child)
        assert anna.get(page).status_code == 200
        wrong = anna.post(page, {"birth_date_0": "1", "birth_date_1": "1", "birth_date_2": "2000"})
        assert wrong.status_code == 422

        right = {"birth_date_0": "23", "birth_date_1": "11", "birth_date_2": "2010"}
        names = {"birth_date_day": "23", "birth_date_month": "11", "birth_date_year": "2010"}
        assert anna.post(page, right | names).status_code == 302

        assert "Léo" in anna.get(address("home")).content.decode()

    def test_knows_no_other_patient(self, world: World, anna: Client) -> None:
        assert anna.get(address("switch_to", world.marc.patient_id)).status_code == 404
        assert anna.get(address("switch_to", new_id())).status_code == 404


class TestSignOut:
    def test_closes_the_space(self, anna: Client) -> None:
        assert anna.get(address("sign_out")).status_code == 405
        anna.post(address("sign_out"))

        assert anna.get(address("home")).status_code == 302

    def test_follows_a_login_that_was_closed(self, world: World, anna: Client) -> None:
        from django.contrib.auth import get_user_model

        get_user_model().objects.filter(pk=world.anna.user_id).update(is_active=False)

        assert get_user(world.anna.user_id) is not None
        assert anna.get(address("home")).status_code == 302


def book_first(client: Client, course: Course) -> None:
    page = client.get(address("book_session", course.plan))
    start = next(day.starts[0] for day in page.context["days"] if day.starts)
    typed = {"start": start.value, "request_key": str(page.context["request_key"])}
    assert client.post(address("book_session", course.plan), typed).status_code == 302


class TestAppointments:
    def test_of_the_plan_are_booked_moved_and_cancelled(
        self, world: World, anna: Client, course: Course
    ) -> None:
        book_first(anna, course)
        view = appointments_of_patient(world.anna.patient_id)[0]
        assert (view.plan_id, view.session_number) == (course.plan, 1)
        assert anna.get(address("appointments")).status_code == 200

        page = anna.get(address("move_appointment", view.id))
        later = [s for day in page.context["days"] for s in day.starts][-1]
        moved = anna.post(
            address("move_appointment", view.id), {"start": later.value, "version": view.version}
        )
        assert moved.status_code == 302
        after = appointments_of_patient(world.anna.patient_id)[0]
        assert after.starts_at > view.starts_at

        anna.post(address("cancel_appointment", view.id), {"version": after.version})
        assert appointments_of_patient(world.anna.patient_id)[0].state == "CANCELLED"

    def test_sent_twice_are_booked_once(self, world: World, anna: Client, course: Course) -> None:
        page = anna.get(address("book_session", course.plan))
        start = next(day.starts[0] for day in page.context["days"] if day.starts)
        typed = {"start": start.value, "request_key": str(page.context["request_key"])}

        codes = [
            anna.post(address("book_session", course.plan), typed).status_code for _ in range(2)
        ]

        assert codes == [302, 302]
        assert len(appointments_of_patient(world.anna.patient_id)) == 1

    @pytest.mark.parametrize(
        "start",
        ["", "x", "x/y", f"{UUID(int=1)}/2026-03-05T09:00:00", f"{UUID(int=1)}/2026-03-05T09:00Z"],
    )
    def test_at_times_that_are_none_are_refused(
        self, world: World, anna: Client, course: Course, start: str
    ) -> None:
        response = anna.post(address("book_session", course.plan), {"start": start})

        assert response.status_code == 422
        assert appointments_of_patient(world.anna.patient_id) == []

    def test_of_somebody_else_are_not_there(
        self, world: World, anna: Client, course: Course
    ) -> None:
        book_first(anna, course)
        view = appointments_of_patient(world.anna.patient_id)[0]
        marc = world.space_client(world.marc)

        assert marc.get(address("book_session", course.plan)).status_code == 404
        assert marc.get(address("move_appointment", view.id)).status_code == 404
        assert marc.post(address("cancel_appointment", view.id)).status_code == 404
        assert anna.get(address("book_session", new_id())).status_code == 404

    def test_weeks_are_turned_and_never_go_before_what_is_permitted(
        self, anna: Client, course: Course
    ) -> None:
        page = address("book_session", course.plan)
        for wanted in ("2026-04-01", "1999-01-01", "nonsense", "9999-12-31"):
            assert anna.get(f"{page}?from={wanted}").status_code == 200


def test_the_clock_of_these_tests_stands_at_the_world(world: World) -> None:
    assert abs((clock.now() - world.at).total_seconds()) < 120
    check_identity(
        patient_id=world.anna.patient_id, document="x", actor=world.diane.actor, at=world.at
    )
    relate(
        user_id=world.anna.user_id,
        patient_id=world.anna.patient_id,
        kind="SELF",
        actor=SYSTEM,
        at=world.at,
    )
