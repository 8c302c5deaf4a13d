"""The session screen: what it records, what it refuses beside the field, and to whom it opens."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from aiguille.audit.models import AuditEvent
from aiguille.booking.queries import get_appointment
from aiguille.consent.operations import withdraw_consent
from aiguille.journeys.run_session import begin_session
from aiguille.kernel.codes import Procedure
from aiguille.treatment_sessions.models import SessionEvent, TreatmentSession
from aiguille.treatment_sessions.queries import get_session, run_state
from tests.session_day import go_to, ready_for_session, run_to_the_end

pytestmark = pytest.mark.django_db


class Screen:
    """Dr Bruno's tablet in a session of Anna's, led up to a step."""

    def __init__(self, world, procedure, until=""):
        self.world = world
        self.day = ready_for_session(world, procedure)
        self.id = begin_session(
            appointment_id=self.day.appointment, actor=world.bruno.actor, at=self.day.at
        )
        at = run_to_the_end(world, self.day, self.id, until=until) if until else self.day.at
        go_to(at + timedelta(minutes=1))
        self.address = reverse("desk:run", args=[self.id])
        self.client = world.staff_client(world.bruno)

    def get(self, step=""):
        return self.client.get(self.address, {"step": step} if step else {})

    def post(self, action, step="", **typed):
        return self.client.post(
            self.address, {"action": action, "step": step, "key": str(uuid4())} | typed
        )

    @property
    def events(self):
        return SessionEvent.objects.filter(session_id=self.id).count()


@pytest.fixture
def needling(world):
    return lambda until="": Screen(world, Procedure.NEEDLING, until)


@pytest.fixture
def mesotherapy(world):
    return lambda until="": Screen(world, Procedure.MESOTHERAPY, until)


PASS = {
    "pass-zone": "FOREHEAD",
    "pass-side": "both",
    "pass-needle_mm": "0.5",
    "pass-pressure": "light",
    "pass-passes_horizontal": "2",
    "pass-passes_vertical": "2",
    "pass-passes_oblique_left": "1",
    "pass-passes_oblique_right": "1",
}


class TestBegin:
    def test_leads_to_the_screen(self, world):
        day = ready_for_session(world)
        go_to(day.at)
        client = world.staff_client(world.bruno)
        for _ in range(2):
            answer = client.post(reverse("desk:begin", args=[day.appointment]))
            session = TreatmentSession.objects.get()
            assert answer.url == reverse("desk:run", args=[session.id])
        assert get_appointment(day.appointment).state == "IN_PROGRESS"

    def test_without_consent_stays_on_the_day_and_says_why(self, world):
        day = ready_for_session(world)
        withdraw_consent(consent_id=day.consent, reason="Doute", actor=world.anna.actor, at=day.at)
        go_to(day.at)
        client = world.staff_client(world.bruno)
        answer = client.post(reverse("desk:begin", args=[day.appointment]), follow=True)
        assert "consentement" in answer.content.decode()
        assert not TreatmentSession.objects.exists()
        assert get_appointment(day.appointment).state == "ARRIVED"


class TestSteps:
    def test_are_recorded_one_after_the_other(self, mesotherapy):
        screen = mesotherapy()
        assert screen.post("done", "explain", explained="on").status_code == 302
        assert screen.get().context["step"].id == "prepare"

    def test_left_unsaid_are_refused_beside_the_field(self, mesotherapy):
        screen = mesotherapy()
        answer = screen.post("done", "explain")
        assert answer.status_code == 422
        assert screen.events == 1

    def test_whose_turn_has_not_come_record_nothing(self, needling):
        screen = needling("cream_off")
        answer = screen.post("pass", "passes", **PASS)
        assert screen.events == len(run_state(screen.id).log)
        assert not run_state(screen.id).passes
        assert answer.status_code in {302, 422}

    def test_sent_twice_are_kept_once(self, mesotherapy):
        screen, key = mesotherapy(), str(uuid4())
        for _ in range(2):
            screen.client.post(
                screen.address,
                {"action": "done", "step": "explain", "explained": "on", "key": key},
            )
        assert screen.events == 2


class TestPass:
    def test_is_recorded_and_shown(self, needling):
        screen = needling("passes")
        assert screen.post("pass", "passes", **PASS).status_code == 302
        page = screen.get("passes")
        assert len(page.context["records"]) == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("pass-zone", "EYELID"),
            ("pass-zone", "<script>alert(1)</script>"),
            ("pass-needle_mm", ""),
            ("pass-needle_mm", "abc"),
            ("pass-needle_mm", "99"),
            ("pass-passes_horizontal", "-1"),
        ],
    )
    def test_bad_input_is_named_and_kept(self, needling, field, value):
        screen = needling("passes")
        answer = screen.post("pass", "passes", **PASS | {field: value})
        assert answer.status_code == 422
        form = answer.context["pass_form"]
        assert list(form.errors) == [field.removeprefix("pass-")]
        assert form[field.removeprefix("pass-")].value() == value
        assert "<script>alert" not in answer.content.decode()
        assert not run_state(screen.id).passes

    def test_frank_bleeding_leaves_only_the_stop(self, needling):
        screen = needling("passes")
        screen.post("pass", "passes", **PASS | {"pass-end_point": "FRANK_BLEEDING"})
        page = screen.get()
        assert page.context["run"].state.must_stop
        typed = {"stop-reason": "frank_bleeding", "stop-note": "Front"}
        assert screen.post("stop", **typed).status_code == 302
        assert run_state(screen.id).stopped is not None


class TestUnit:
    def test_is_opened_from_stock(self, needling):
        screen = needling("open_device")
        choice = screen.get("open_device").context["run"].units[0]
        unit = choice.usable[0]
        answer = screen.post("unit", "open_device", field=choice.field.id, unit=str(unit.unit_id))
        assert answer.status_code == 302
        report = screen.client.get(reverse("desk:report", args=[screen.id])).content.decode()
        assert unit.lot_number in report

    def test_unknown_is_refused_with_its_reason(self, needling):
        screen = needling("open_device")
        for unit in (str(uuid4()), "garbage", ""):
            answer = screen.post("unit", "open_device", field="device", unit=unit)
            assert answer.status_code == 422
            assert "stock" in answer.content.decode()


class TestClosing:
    def test_ends_the_session_and_shows_the_report(self, mesotherapy):
        screen = mesotherapy("next_date")
        screen.post("skip", "next_date", **{"skip-reason": "Par téléphone"})
        answer = screen.post("close")
        assert answer.status_code == 302, answer.context["refusal"]
        assert answer.url == reverse("desk:report", args=[screen.id])
        assert get_session(screen.id).state == "CLOSED"
        assert get_appointment(screen.day.appointment).state == "DONE"
        assert screen.get().status_code == 200

    def test_too_early_is_refused(self, needling):
        screen = needling("sharps")
        assert screen.post("close").status_code == 422
        assert AuditEvent.objects.filter(action="treatment_sessions:event:refused").exists()


class TestWithdrawal:
    def test_takes_an_entry_back_and_keeps_it_readable(self, mesotherapy):
        screen = mesotherapy()
        screen.post("done", "explain", explained="on")
        answer = screen.post("withdraw", replaces="2", **{"withdraw-reason": "Trop tôt"})
        assert answer.status_code == 302
        page = screen.get()
        assert page.context["step"].id == "explain"
        assert "Trop tôt" in page.content.decode()

    def test_of_nothing_changes_nothing(self, mesotherapy):
        screen = mesotherapy()
        for replaces in ("99", "x", ""):
            screen.post("withdraw", replaces=replaces, **{"withdraw-reason": "Erreur"})
        assert screen.events == 1


class TestDoor:
    def test_strangers_do_not_enter(self, world, mesotherapy, client):
        screen = mesotherapy()
        report = reverse("desk:report", args=[screen.id])
        outside = [
            client,
            world.staff_client(world.carla),
            world.staff_client(world.diane),
            world.space_client(world.anna),
            world.space_client(world.marc),
        ]
        for other in outside:
            for address in (screen.address, report):
                assert other.get(address).status_code in {302, 403, 404}
                assert other.post(screen.address, {"action": "close"}).status_code in {
                    302,
                    403,
                    404,
                }
        assert screen.events == 1

    def test_an_unknown_session_is_not_found(self, world, mesotherapy):
        screen = mesotherapy()
        for name in ("run", "report"):
            address = reverse(f"desk:{name}", args=[uuid4()])
            assert screen.client.get(address).status_code == 404

    def test_the_page_costs_no_more_when_the_session_is_long(
        self, mesotherapy, django_assert_max_num_queries
    ):
        screen = mesotherapy("advice")
        screen.get()
        with django_assert_max_num_queries(18):
            assert screen.get().status_code == 200
