"""The plan's page: proposed, judged as it is typed, kept with what was seen and with its start."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse

from aiguille.booking.operations import book, check_in
from aiguille.care.operations import give_verdict, write_consultation
from aiguille.care.queries import list_plans
from aiguille.catalogue.operations import create_product
from aiguille.catalogue.queries import consultation_service, treatment_by_code
from aiguille.kernel.codes import (
    Active,
    Procedure,
    ProductKind,
    ProductStatus,
    VerdictOutcome,
)
from aiguille.kernel.ids import new_id
from aiguille.outcomes.queries import scores_of
from tests.course import answer_no, open_catalogue
from tests.world import World

pytestmark = pytest.mark.django_db
LEFT, RIGHT = "needle_mm_CHEEK_left", "needle_mm_CHEEK_right"


def url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


TREATMENTS = {
    Procedure.NEEDLING: "needling-acne-scar-atrophic",
    Procedure.MESOTHERAPY: "mesotherapy-mesolift-ageing",
}


class Planning:
    """Dr Bruno before Anna's plan: needling of scars on both cheeks, or mesotherapy there."""

    def __init__(self, world: World, procedure: Procedure = Procedure.NEEDLING) -> None:
        self.patient_id = world.anna.patient_id
        open_catalogue(at=world.at)
        answer_no(world, procedure=procedure, at=world.at)
        appointment_id = book(
            patient_id=self.patient_id,
            service_id=consultation_service(procedure).id,
            site_id=world.lyon,
            starts_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
            practitioner_id=world.bruno_resource,
            actor=world.diane.actor,
            at=world.at,
        )
        check_in(appointment_id=appointment_id, actor=world.diane.actor, at=world.at)
        consultation = write_consultation(
            patient_id=self.patient_id,
            appointment_id=appointment_id,
            procedure=procedure,
            content={"reason": "Cicatrices", "zones": ["CHEEK"], "phototype": 2},
            actor=world.bruno.actor,
            at=world.at,
        )
        today = world.at.date()
        verdict_id = give_verdict(
            patient_id=self.patient_id,
            treatment_id=treatment_by_code(TREATMENTS[procedure]).id,
            consultation_id=consultation,
            outcome=VerdictOutcome.ELIGIBLE,
            reason="Peau saine.",
            valid_from=today,
            valid_until=today + timedelta(days=180),
            today=today,
            actor=world.bruno.actor,
            at=world.at,
        )
        self.args = (appointment_id, verdict_id)
        self.client = world.staff_client(world.bruno)
        self.page = self.client.get(url("plan", *self.args))
        form = self.page.context["form"]
        names = ["zones", "product_id", "sessions_planned", "form_key"]
        names += [f"interval_{which}_days" for which in ("min", "default", "max")]
        names += [name for row in form.rows() for _field, name, _lines in row.cells]
        self.data: dict[str, Any] = {name: form[name].value() or "" for name in names}

    def save(self, **changed: Any) -> Any:
        return self.client.post(url("plan", *self.args), self.data | changed)

    def check(self, changed: dict[str, Any], *, rows: bool = False) -> str:
        address = url("check_plan", *self.args) + ("?rows=1" if rows else "")
        answer = self.client.post(address, self.data | changed)
        assert answer.status_code == 200
        return unescape(answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def planning(world: World) -> Planning:
    return Planning(world)


class TestProposes:
    def test_the_courses_numbers_with_their_source_and_its_version(
        self, planning: Planning
    ) -> None:
        shown = unescape(planning.page.content.decode())
        assert "30 jours d’écart (28 à 56)" in shown
        assert "1.0.0" in shown
        for tag, reference in planning.page.context["course_sources"]:
            assert tag in shown
            assert reference in shown
        assert planning.page.context["limits"] == {}
        assert planning.save().status_code == 302
        (plan,) = list_plans(patient_id=planning.patient_id)
        assert [place.key for place in plan.places] == ["CHEEK_left", "CHEEK_right"]

    def test_the_disagreement_of_a_traditional_protocol(self, planning: Planning) -> None:
        assert planning.page.context["chosen"].protocol.disagreement is None
        traditional = planning.page.context["protocols"][-1]
        page = planning.client.get(url("plan", *planning.args) + traditional.href)
        assert page.context["chosen"].protocol.disagreement.fr in unescape(page.content.decode())


class TestRefuses:
    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"sessions_planned": "0"}, "sessions_planned"),
            ({"sessions_planned": "many"}, "sessions_planned"),
            ({"interval_min_days": "27"}, "interval_min_days"),
            ({"interval_max_days": "29"}, "interval_default_days"),
            ({"zones": []}, "zones"),
            ({"zones": ["SCALP:midline"]}, "zones"),
            ({"zones": ["NOSE:left"]}, "zones"),
            ({"zones": ["ELBOW"]}, "zones"),
            ({LEFT: ""}, LEFT),
            ({LEFT: "deep"}, LEFT),
            ({LEFT: "2,5"}, LEFT),
            ({RIGHT: "1,8"}, RIGHT),
            ({"product_id": str(UUID(int=1))}, "product_id"),
        ],
    )
    def test_what_is_wrong_beside_its_field(
        self, planning: Planning, changed: dict[str, Any], field: str
    ) -> None:
        answer = planning.save(**changed)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert list_plans(patient_id=planning.patient_id) == []

    def test_a_zone_whose_proposal_nobody_has_seen(self, planning: Planning) -> None:
        zones = [*planning.data["zones"], "NOSE:midline"]
        answer = planning.save(zones=zones)
        assert list(answer.context["form"].errors) == ["needle_mm_NOSE_midline"]
        assert 'value="0,5"' in answer.content.decode()
        saved = planning.save(zones=zones, needle_mm_NOSE_midline="0,5")
        assert saved.status_code == 302

    def test_another_patients_verdict(self, planning: Planning, world: World) -> None:
        appointment_id, verdict_id = planning.args
        for name in ("plan", "check_plan"):
            for args in ((appointment_id, new_id()), (new_id(), verdict_id)):
                assert planning.client.post(url(name, *args), {}).status_code == 404
        for person in (world.diane, world.hugo, world.carla, world.ines):
            answer = world.staff_client(person).post(url("check_plan", *planning.args), {})
            assert answer.status_code in {302, 403, 404}


class TestWarns:
    def test_and_passes_once_it_was_seen(self, planning: Planning) -> None:
        answer = planning.save(**{LEFT: "1,8"})
        assert answer.status_code == 422
        (line,) = answer.context["limits"][LEFT]
        assert f'name="seen" value="{line.limit.key}"' in answer.content.decode()
        assert planning.save(**{LEFT: "1,8", "seen": [line.limit.key]}).status_code == 302
        (plan,) = list_plans(patient_id=planning.patient_id)
        assert plan.settings["acknowledged"] == [line.limit.stored]

    def test_as_it_is_typed_beside_the_field_with_its_sources(self, planning: Planning) -> None:
        shown = planning.check({LEFT: "1,8", RIGHT: "2,5", "sessions_planned": "9"})
        assert shown.index(f'id="limits-{LEFT}"') < shown.index("1,8 mm dépasse la valeur d’alerte")
        assert "2,5 mm dépasse le maximum de 2 mm" in shown
        assert "Le protocole propose de 3 à 6 séances" in shown
        assert "N29" in shown
        assert "/desk/rules/R16/" in shown
        assert "1 limite arrête ce plan" in shown
        assert list_plans(patient_id=planning.patient_id) == []

    def test_as_it_is_typed_of_whatever_is_no_number_yet(self, planning: Planning) -> None:
        for typed in ("", "-", "1,", "NaN", "1e9", "9" * 40, "\x00"):
            planning.check({LEFT: typed, "sessions_planned": typed, "interval_min_days": typed})

    def test_with_the_fields_of_the_zones_ticked_now(self, planning: Planning) -> None:
        shown = planning.check({"zones": ["NOSE:midline"]}, rows=True)
        assert 'name="needle_mm_NOSE_midline"' in shown
        assert LEFT not in shown


class TestMesotherapy:
    @pytest.fixture
    def injecting(self, world: World) -> Planning:
        return Planning(world, Procedure.MESOTHERAPY)

    def test_plans_a_technique_and_a_depth_for_each_side(self, injecting: Planning) -> None:
        left, right = "depth_mm_CHEEK_left", "depth_mm_CHEEK_right"
        shown = injecting.check({left: "0,7", right: "3"})
        assert "0,7 mm dépasse la valeur d’alerte de 0,5 mm" in shown
        assert "3 mm dépasse le maximum de 1 mm" in shown
        assert injecting.save(**{right: "3"}).status_code == 422
        refused = injecting.save(**{left: "0,7"})
        (line,) = refused.context["limits"][left]
        assert injecting.save(**{left: "0,7", "seen": [line.limit.key]}).status_code == 302
        (plan,) = list_plans(patient_id=injecting.patient_id)
        assert [(place.key, place.technique, place.depth_mm) for place in plan.places] == [
            ("CHEEK_left", "IED", Decimal("0.7")),
            ("CHEEK_right", "IED", None),
        ]

    def test_checks_what_its_product_is_and_contains(self, world: World) -> None:
        open_catalogue(at=world.at)
        suspended = create_product(
            code="suspended",
            kind=ProductKind.INJECTABLE,
            name="Essai suspendu",
            maker="Maison",
            status=ProductStatus.SUSPENDU_ANSM,
            actives=[Active.DEOXYCHOLATE],
            is_sterile=True,
            actor=world.ines.actor,
            at=world.at,
        )
        injecting = Planning(world, Procedure.MESOTHERAPY)
        shown = unescape(injecting.page.content.decode())
        assert "Suspendu par l’ANSM · Désoxycholate" in shown
        typed = injecting.check({"product_id": str(suspended)})
        assert "Produit suspendu par l’ANSM" in typed
        assert "/desk/rules/PRODUCT_STATUS/" in typed
        refused = injecting.save(product_id=str(suspended))
        assert refused.status_code == 422
        assert list(refused.context["form"].errors) == ["product_id"]


class TestCosts:
    def test_no_more_than_it_says(
        self, planning: Planning, django_assert_max_num_queries: Any
    ) -> None:
        # The last zone ticked asks no more than the first: nothing is read zone by zone.
        for zones in (["NOSE:midline"], planning.data["zones"]):
            with django_assert_max_num_queries(24):
                planning.check({"zones": zones})
        with django_assert_max_num_queries(42):
            planning.client.get(url("plan", *planning.args))


class TestStart:
    def test_is_measured_with_the_plan(self, planning: Planning, world: World) -> None:
        scale = planning.page.context["start"][0]
        answers = {
            f"{scale.prefix}-{item.id}": item.options[0].code if item.options else "1"
            for item in scale.scale.items
        }
        first = next(iter(answers))
        if len(answers) > 1:
            assert planning.save(**{first: answers[first]}).status_code == 422
            assert list_plans(patient_id=planning.patient_id) == []
        assert planning.save(**answers).status_code == 302
        (plan,) = list_plans(patient_id=planning.patient_id)
        (score,) = scores_of(patient_id=planning.patient_id)
        assert (score.plan_id, score.scale.id, score.moment) == (plan.id, scale.scale.id, "START")
