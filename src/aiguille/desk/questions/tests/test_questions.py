"""The questions of the day at the desk: all of them, by whoever receives patients; and what changed."""

from datetime import timedelta

import pytest
from django.urls import reverse

from aiguille.audit.models import AuditEvent
from aiguille.booking.operations import book, check_in
from aiguille.catalogue.queries import session_service
from aiguille.kernel.codes import Procedure
from aiguille.kernel.ids import new_id
from aiguille.patients.queries import get_identity, latest_answers
from aiguille.rulebook import load_rulebook
from aiguille.treatment_sessions.models import AskedAgain, TreatmentSession
from tests.session_day import SessionDay, go_to, ready_for_session
from tests.world import World

MESO = Procedure.MESOTHERAPY
STARRED = [q.id for q in load_rulebook().questions_for(MESO, starred_only=True)]


@pytest.fixture
def day(world: World) -> SessionDay:
    found = ready_for_session(world)
    go_to(found.at)
    return found


def address(day: SessionDay) -> str:
    return reverse("desk:day_questions", args=[day.appointment])


def typed(world: World, **others: str) -> dict[str, str]:
    latest = latest_answers(world.anna.patient_id, MESO)
    assert latest is not None
    said = {f"{name}_answer": "no" for name in STARRED} | {"seen": str(latest.id)}
    return said | others


class TestAsking:
    def test_shows_every_starred_question_beside_the_answer_of_last_time(
        self, world: World, day: SessionDay
    ) -> None:
        shown = world.staff_client(world.bruno).get(address(day))

        form = shown.context["form"]
        assert [question.id for question in form.questions] == [
            q.id for q in load_rulebook().questions_for(MESO, starred_only=True)
        ]
        assert all(row["before"] for row in form.rows() if not row["question"].day_only)
        assert [value for value, _ in form.fields["S56_answer"].choices] == ["no", "yes"]

    def test_shows_no_answer_to_who_reads_no_records(self, world: World, day: SessionDay) -> None:
        shown = world.staff_client(world.diane).get(address(day))

        assert shown.status_code == 200
        assert not any(row["before"] for row in shown.context["form"].rows())

    @pytest.mark.parametrize("missing", ["S01", "S56"])
    def test_asks_for_what_was_left_out_and_keeps_the_rest(
        self, world: World, day: SessionDay, missing: str
    ) -> None:
        before = AskedAgain.objects.count()
        said = typed(world, S08_answer="yes", S08_ended="2026-02-01")
        del said[f"{missing}_answer"]

        answer = world.staff_client(world.diane).post(address(day), said)

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [f"{missing}_answer"]
        assert b'value="2026-02-01"' in answer.content
        assert AskedAgain.objects.count() == before

    def test_asks_what_a_new_answer_leads_to(self, world: World, day: SessionDay) -> None:
        client = world.staff_client(world.diane)
        client.post(address(day), typed(world, S05_answer="yes"))

        answer = client.post(address(day), typed(world))

        assert answer.status_code == 422, "did they take it before, and stop?"
        assert list(answer.context["form"].errors) == ["S06_answer"]
        done = client.post(address(day), typed(world, S06_answer="yes"))
        assert done.status_code == 302
        latest = latest_answers(world.anna.patient_id, MESO)
        assert latest is not None
        assert latest.answers["S06"] == {"answer": "yes"}

    def test_fills_in_no_without_recording_it(self, world: World, day: SessionDay) -> None:
        before = latest_answers(world.anna.patient_id, MESO)

        shown = world.staff_client(world.hugo).post(
            address(day), {"fill": "no", "S42_answer": "yes"}
        )

        assert shown.status_code == 200
        assert shown.context["form"]["S42_answer"].value() == "yes"
        assert shown.context["form"]["S01_answer"].value() == "no"
        assert not shown.context["form"]["S56_answer"].value(), "whether the skin is clean is seen"
        assert latest_answers(world.anna.patient_id, MESO) == before

    @pytest.mark.parametrize(
        ("field", "value"),
        [("S08_answer", "maybe"), ("S08_ended", "31/02"), ("S08_ended", "2062-01-01")],
    )
    def test_names_the_field_that_is_wrong(
        self, world: World, day: SessionDay, field: str, value: str
    ) -> None:
        said = typed(world, S08_answer="yes") | {field: value}

        answer = world.staff_client(world.diane).post(address(day), said)

        assert answer.status_code == 422
        assert field in answer.context["form"].errors

    def test_over_newer_answers_says_so(self, world: World, day: SessionDay) -> None:
        stale = typed(world)
        client = world.staff_client(world.diane)
        client.post(address(day), typed(world))

        answer = client.post(address(day), stale)

        assert answer.status_code == 409
        assert answer.context["form"]["S01_answer"].value() == "no", "what was typed is there"

    def test_that_alarms_says_that_a_doctor_looks_first(
        self, world: World, day: SessionDay
    ) -> None:
        client = world.staff_client(world.diane)

        answer = client.post(address(day), typed(world, S01_answer="yes"), follow=True)

        said = [str(message) for message in answer.context["messages"]]
        assert any("médecin" in one for one in said)
        begun = world.staff_client(world.bruno).post(
            reverse("desk:begin", args=[day.appointment]), follow=True
        )
        assert begun.status_code == 200
        assert not TreatmentSession.objects.exists()

    @pytest.mark.parametrize(
        ("person", "status"),
        [("bruno", 200), ("hugo", 200), ("diane", 200), ("ines", 404), ("carla", 404)],
    )
    def test_is_for_who_receives_patients(
        self, world: World, day: SessionDay, person: str, status: int
    ) -> None:
        client = world.staff_client(getattr(world, person))

        answer = client.get(address(day))

        assert answer.status_code == status or (person == "carla" and answer.status_code == 302)

    def test_on_another_day_leads_back(self, world: World, day: SessionDay) -> None:
        go_to(day.at - timedelta(days=1))

        answer = world.staff_client(world.diane).get(address(day))

        assert answer.status_code == 302
        assert answer["Location"] == reverse("desk:day")

    def test_of_an_unknown_appointment_is_not_there(self, world: World, day: SessionDay) -> None:
        unknown = reverse("desk:day_questions", args=[new_id()])
        assert world.staff_client(world.diane).get(unknown).status_code == 404


class TestHistory:
    def page(self, world: World, procedure: str = "mesotherapy") -> str:
        number = get_identity(world.anna.patient_id).number
        return reverse("desk:answers_history", args=[number, procedure])

    def test_names_what_changed_and_who_read_it(self, world: World, day: SessionDay) -> None:
        world.staff_client(world.diane).post(address(day), typed(world, S42_answer="yes"))

        shown = world.staff_client(world.bruno).get(self.page(world))

        latest = shown.context["page"].versions[0]
        assert [change.question for change in latest.changes] == ["S42"]
        assert "Coup de soleil" in shown.content.decode()
        assert AuditEvent.objects.filter(
            action="patients:answers:read", actor_id=world.bruno.user_id
        ).exists()

    @pytest.mark.parametrize(
        ("person", "status"), [("bruno", 200), ("diane", 403), ("hugo", 403), ("ines", 403)]
    )
    def test_is_for_who_reads_records(
        self, world: World, day: SessionDay, person: str, status: int
    ) -> None:
        client = world.staff_client(getattr(world, person))
        assert client.get(self.page(world)).status_code == status

    def test_of_no_procedure_is_not_there(self, world: World, day: SessionDay) -> None:
        client = world.staff_client(world.bruno)
        assert client.get(self.page(world, "laser")).status_code == 404
        assert client.get(self.page(world, "needling")).status_code == 200, "nothing answered yet"


def test_beginning_unasked_leads_to_the_questions(world: World, day: SessionDay) -> None:
    at = day.at + timedelta(days=35, hours=-1)  # ten o'clock in summer time
    unasked = book(
        patient_id=day.patient_id, service_id=session_service(day.treatment).id,
        site_id=world.lyon, starts_at=at, plan_id=day.plan, actor=world.diane.actor, at=day.at,
    )  # fmt: skip
    go_to(at)
    check_in(appointment_id=unasked, actor=world.diane.actor, at=at)
    client = world.staff_client(world.bruno)
    (line,) = client.get(reverse("desk:day")).context["shown"].lines
    assert line.lacks_questions

    answer = client.post(reverse("desk:begin", args=[unasked]), follow=True)

    assert answer.redirect_chain == [(reverse("desk:day_questions", args=[unasked]), 302)]
    assert "avant de commencer la séance" in answer.content.decode()
    client.post(answer.redirect_chain[0][0], typed(world, S56_answer="yes"))
    (line,) = client.get(reverse("desk:day")).context["shown"].lines
    assert not line.lacks_questions
    assert "/sessions/" in client.post(reverse("desk:begin", args=[unasked]))["Location"]
