"""The rules' pages: who reads, who signs, what is refused in plain words, what a change shakes."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.booking.gate import interval_days
from aiguille.booking.queries import get_appointment
from aiguille.care.models import Verdict
from aiguille.care.queries import get_plan
from aiguille.catalogue.models import RuleValueChange
from aiguille.catalogue.rule_values import rules_in_force
from aiguille.journeys.change_rule import bring_into_force
from aiguille.kernel.codes import Procedure
from aiguille.rulebook import load_rulebook
from aiguille.worklist.models import Task
from tests.session_day import SessionDay, go_to, ready_for_session
from tests.world import World

pytestmark = pytest.mark.django_db
BOOK = load_rulebook()
SETTING = "R15.max_mg"
WAIT = "R19.needling.days"


@pytest.fixture
def bruno(world: World) -> Client:
    return world.staff_client(world.bruno)


@pytest.fixture
def session(world: World) -> SessionDay:
    return ready_for_session(world, Procedure.NEEDLING)


def typed(world: World, **other: str) -> dict[str, Any]:
    facts = {
        "seen": "200",
        "value": "150,5",
        "reason": "Plus prudent.",
        "effective_on": world.at.date().isoformat(),
    }
    return facts | other


def page_of(client: Client, name: str, *args: str, **query: str) -> str:
    answer = client.get(reverse(f"desk:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


class TestReading:
    def test_every_rule_has_a_page_that_names_its_sources(self, bruno: Client) -> None:
        for rule_id in [*BOOK.rules, *list(BOOK.questions)[::8]]:
            text = page_of(bruno, "rule", rule_id)
            for source in BOOK.explain(rule_id).sources:
                assert source.tag in text, rule_id

    def test_the_list_is_searched_by_number_word_and_subject(self, bruno: Client) -> None:
        for query, found in (
            ({}, len(BOOK.rules) + len(BOOK.questions)),
            ({"q": "s06"}, 1),
            ({"q": "lidocaine plafond"}, 1),
            ({"subject": "cream"}, 4),
            ({"subject": "cream", "q": "S06"}, 0),
            ({"q": "<script>"}, 0),
            ({"subject": "no such"}, len(BOOK.rules) + len(BOOK.questions)),
        ):
            answer = bruno.get(reverse("desk:rules"), query)
            assert answer.context["found"] == found, query

    @pytest.mark.parametrize("who", ["diane", "hugo", "ines"])
    def test_who_reads_no_records_reads_no_rules(self, world: World, who: str) -> None:
        client = world.staff_client(getattr(world, who))
        for name, args in (("rules", ()), ("rule", ("R15",)), ("rules_in_law", ())):
            assert client.get(reverse(f"desk:{name}", args=args)).status_code == 403

    def test_a_colleague_reads_and_is_offered_no_change(self, world: World) -> None:
        paula = world.staff_client(world.paula)
        text = page_of(paula, "rule", "R15")
        assert reverse("desk:rule_value", args=[SETTING]) not in text
        assert reverse("desk:rule_confirm", args=["R15"]) not in text
        for name, arg in (("rule_value", SETTING), ("rule_confirm", "R15")):
            address = reverse(f"desk:{name}", args=[arg])
            assert paula.get(address).status_code == 403
            assert paula.post(address, typed(world)).status_code == 403
        assert rules_in_force().values == {}

    def test_what_does_not_exist_or_is_fixed_has_no_page(self, bruno: Client) -> None:
        for name, arg in (
            ("rule", "R99"),
            ("rule_value", "R99.none"),
            ("rule_value", "R11.grams_per_cm2"),
        ):
            assert bruno.get(reverse(f"desk:{name}", args=[arg])).status_code == 404

    def test_every_rule_page_says_what_it_is_in_law(self, bruno: Client) -> None:
        law = reverse("desk:rules_in_law")
        assert law in page_of(bruno, "rule", "S06")
        assert law in page_of(bruno, "rules")
        assert "2017/745" in page_of(bruno, "rules_in_law")

    def test_the_pages_cost_few_queries(
        self, bruno: Client, django_assert_max_num_queries: Any
    ) -> None:
        page_of(bruno, "rules")
        for name, args in (("rules", ()), ("rule", ("R16",))):
            with django_assert_max_num_queries(14):
                page_of(bruno, name, *args)


class TestChanging:
    def test_the_director_signs_a_value_and_reads_it_back(
        self, world: World, bruno: Client
    ) -> None:
        address = reverse("desk:rule_value", args=[SETTING])
        answer = bruno.post(address, typed(world))
        assert answer.status_code == 302
        assert answer["Location"] == reverse("desk:rule", args=["R15"])
        text = page_of(bruno, "rule", "R15")
        assert "150,5" in text
        assert "Plus prudent." in text
        assert "10003456786" in text
        assert str(rules_in_force().values[SETTING]) == "150.5"

    @pytest.mark.parametrize(
        ("other", "field"),
        [
            ({"value": "201"}, "value"),
            ({"value": "beaucoup"}, "value"),
            ({"value": "nan"}, "value"),
            ({"value": ""}, "value"),
            ({"reason": " "}, "reason"),
            ({"effective_on": "2020-01-01"}, "effective_on"),
            ({"effective_on": "2026-02-31"}, "effective_on"),
        ],
    )
    def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(
        self, world: World, bruno: Client, other: dict[str, str], field: str
    ) -> None:
        sent = typed(world, **other)
        answer = bruno.post(reverse("desk:rule_value", args=[SETTING]), sent)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert 'value="200"' in answer.content.decode()
        assert all(answer.context["form"][name].value() == sent[name] for name in sent)
        assert not RuleValueChange.objects.exists()

    def test_outside_the_hard_limit_it_says_within_what(self, world: World, bruno: Client) -> None:
        answer = bruno.post(reverse("desk:rule_value", args=[SETTING]), typed(world, value="201"))
        assert "entre 0 et 200" in answer.content.decode()

    def test_whoever_signed_in_a_while_ago_proves_first_that_it_is_they(
        self, world: World, bruno: Client
    ) -> None:
        go_to(world.at + timedelta(minutes=6))
        for name, arg in (("rule_value", SETTING), ("rule_confirm", "R16")):
            answer = bruno.post(reverse(f"desk:{name}", args=[arg]), typed(world))
            assert answer.status_code == 302
            assert "/rules/" not in answer["Location"]
        assert not RuleValueChange.objects.exists()

    def test_a_page_of_before_another_change_is_stale(self, world: World, bruno: Client) -> None:
        address = reverse("desk:rule_value", args=[SETTING])
        bruno.post(address, typed(world))
        answer = bruno.post(address, typed(world, value="120"))
        assert answer.status_code == 409
        assert answer.context["form"]["value"].value() == "120"
        assert answer.context["form"]["seen"].value() == "150.5"

    def test_the_director_confirms_a_rule_once(self, bruno: Client) -> None:
        address = reverse("desk:rule_confirm", args=["R16"])
        assert bruno.get(address).status_code == 200
        assert bruno.post(address, {"reason": ""}).status_code == 422
        assert bruno.post(address, {"reason": "Relu avec la notice."}).status_code == 302
        assert "Relu avec la notice." in page_of(bruno, "rule", "R16")
        assert not rules_in_force().is_to_confirm("R16")
        assert bruno.get(address).status_code == 302
        assert bruno.post(address, {"reason": "Encore."}).status_code == 302
        assert RuleValueChange.objects.count() == 1


class TestWhatAChangeShakes:
    def change(self, world: World, client: Client, **other: str) -> Any:
        sent = typed(world, seen="28", value="60", **other)
        return client.post(reverse("desk:rule_value", args=[WAIT]), sent)

    def test_it_is_shown_before_anything_is_signed(
        self, world: World, bruno: Client, session: SessionDay
    ) -> None:
        answer = self.change(world, bruno, action="look")
        assert answer.status_code == 200
        (one,) = answer.context["affected"]
        assert (one.what.verdict_id, one.what.kind) == (session.verdict, "interval")
        assert (one.what.before, one.what.after) == ("OK", "DELAY")
        assert not RuleValueChange.objects.exists()

    def test_each_verdict_opens_a_task_and_stays_as_it_was_signed(
        self, world: World, bruno: Client, session: SessionDay
    ) -> None:
        before = Verdict.objects.values().get(id=session.verdict)
        assert self.change(world, bruno).status_code == 302
        task = Task.objects.get(kind="rule_changed")
        assert (task.subject_id, task.patient_id) == (session.verdict, session.patient_id)
        assert (task.role, task.is_urgent) == ("physician", True)
        assert Verdict.objects.values().get(id=session.verdict) == before
        assert get_appointment(session.appointment).state == "ARRIVED"

    def test_the_gate_asks_the_new_value_from_then_on(
        self, world: World, bruno: Client, session: SessionDay
    ) -> None:
        plan = get_plan(session.plan)
        assert interval_days(plan, Procedure.NEEDLING) == plan.interval_min_days
        self.change(world, bruno)
        assert interval_days(plan, Procedure.NEEDLING) == 60

    def test_what_leaves_it_as_it_was_opens_none(
        self, world: World, bruno: Client, session: SessionDay
    ) -> None:
        answer = bruno.post(reverse("desk:rule_value", args=[SETTING]), typed(world))
        assert answer.status_code == 302
        assert not Task.objects.filter(kind="rule_changed").exists()

    def test_a_planned_value_asks_once_its_day_has_come(
        self, world: World, bruno: Client, session: SessionDay
    ) -> None:
        day = world.at.date() + timedelta(3)
        assert self.change(world, bruno, effective_on=day.isoformat()).status_code == 302
        assert not Task.objects.filter(kind="rule_changed").exists()
        assert bring_into_force(at=world.at + timedelta(2)) == 0
        assert bring_into_force(at=world.at + timedelta(3)) == 1
        assert Task.objects.get(kind="rule_changed").subject_id == session.verdict
        assert bring_into_force(at=world.at + timedelta(4)) == 0
