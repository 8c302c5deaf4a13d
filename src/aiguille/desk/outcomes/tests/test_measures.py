"""The pages of measures: scoring, the chart with its table, and who may."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from aiguille.desk.outcomes.charts import EDGE, HEIGHT, WIDTH, chart_of
from aiguille.kernel.ids import new_id
from aiguille.outcomes.models import Score
from aiguille.outcomes.operations import record_scale
from aiguille.outcomes.queries import series_of
from aiguille.patients.queries import get_identity
from tests.session_day import SessionDay, ready_for_session
from tests.world import World

MOST_QUERIES = 20
SCALE = "glogau"


@pytest.fixture
def day(world: World) -> SessionDay:
    return ready_for_session(world)


@pytest.fixture
def bruno(world: World) -> Client:
    return world.staff_client(world.bruno)


@pytest.fixture
def page(world: World) -> str:
    return f"/fr/desk/patients/{get_identity(world.anna.patient_id).number}/measures/"


def text_of(response: Any) -> str:
    return str(response.content.decode())


def score(world: World, day: SessionDay, grade: str, *, after_days: int = 0) -> UUID:
    return record_scale(
        patient_id=world.anna.patient_id,
        treatment_id=day.treatment,
        scale=SCALE,
        moment="FOLLOW_UP" if after_days else "START",
        answers={"type": grade},
        form_key=new_id(),
        plan_id=day.plan,
        actor=world.bruno.actor,
        at=world.at + timedelta(days=after_days),
    )


def form(**answers: str) -> dict[str, str]:
    given = {"moment": "START", "place": "", "form_key": str(new_id())}
    return given | {name.replace("scale_", "scale-"): answer for name, answer in answers.items()}


class TestScoring:
    def test_a_plan_offers_its_scales_and_a_score_is_recorded(
        self, world: World, day: SessionDay, bruno: Client, page: str
    ) -> None:
        address = f"{page}mesotherapy-mesolift-ageing/glogau/"
        assert f'href="{address}"' in text_of(bruno.get(page))
        assert "rides aux mouvements" in text_of(bruno.get(address))

        sent = form(scale_type="III")
        bruno.post(address, sent)
        shown = bruno.post(address, sent, follow=True)

        assert "Cotation enregistrée." in text_of(shown)
        assert "rides au repos" in text_of(shown)
        assert Score.objects.get().plan_id == day.plan

    def test_what_is_missing_is_asked_again(
        self, day: SessionDay, bruno: Client, page: str
    ) -> None:
        address = f"{page}mesotherapy-mesolift-ageing/dlqi/"

        for typed in ("", "31", "4,5", "beaucoup"):
            response = bruno.post(address, form(scale_total=typed))
            assert response.status_code == 422
            assert f'value="{typed}"' in text_of(response) or not typed
        assert not Score.objects.exists()

    def test_a_start_that_is_there_is_said(
        self, world: World, day: SessionDay, bruno: Client, page: str
    ) -> None:
        score(world, day, "III")
        address = f"{page}mesotherapy-mesolift-ageing/glogau/"

        response = bruno.post(address, form(scale_type="II"))

        assert response.status_code == 422
        assert "déjà sa cotation de départ" in text_of(response)

    def test_a_wrong_one_is_withdrawn_with_a_reason(
        self, world: World, day: SessionDay, bruno: Client, page: str
    ) -> None:
        wrong = score(world, day, "III")
        address = f"{page.replace('measures', 'scores')}{wrong}/withdraw/"
        assert f'href="{address}"' in text_of(bruno.get(page))

        assert bruno.post(address, {"reason": ""}).status_code == 422
        shown = text_of(bruno.post(address, {"reason": "Autre patient"}, follow=True))

        assert "Cotation retirée" in shown
        assert "III – Avancé" not in shown
        assert bruno.get(address).status_code == 404

    @pytest.mark.parametrize(
        "scale",
        ["beauty", "hamilton_norwood", "ecca"],  # none, and two that are for others
    )
    def test_only_the_scales_of_the_indication_are_offered(
        self, day: SessionDay, bruno: Client, page: str, scale: str
    ) -> None:
        assert bruno.get(f"{page}mesotherapy-mesolift-ageing/{scale}/").status_code == 404
        assert bruno.get(f"{page}needling-striae/gais/").status_code == 404

    @pytest.mark.parametrize(("person", "status"), [("hugo", 403), ("diane", 403), ("carla", 404)])
    def test_others_neither_read_nor_score(
        self, world: World, day: SessionDay, page: str, person: str, status: int
    ) -> None:
        client = world.staff_client(getattr(world, person))
        address = f"{page}mesotherapy-mesolift-ageing/glogau/"
        assert client.get(page).status_code == status
        assert client.get(address).status_code == status
        assert client.post(address, form(scale_type="III")).status_code == status


class TestOverTime:
    def test_scores_are_drawn_and_listed(
        self, world: World, day: SessionDay, bruno: Client, page: str
    ) -> None:
        for grade, days in (("IV", 0), ("III", 30), ("II", 90)):
            score(world, day, grade, after_days=days)

        shown = text_of(bruno.get(page))

        assert len(re.findall(r'<circle cx="[0-9]+\.[0-9]" cy="[0-9]+\.[0-9]" r="4"/>', shown)) == 3
        assert "Mieux qu’au début" in shown
        for words in ("IV – Sévère", "III – Avancé", "II – Modéré", "Suivi"):
            assert words in shown

    def test_a_chart_stays_within_its_edges_and_falls_when_it_gets_better(
        self, world: World, day: SessionDay
    ) -> None:
        for grade, days in (("IV", 0), ("III", 30), ("I", 90)):
            score(world, day, grade, after_days=days)
        (series,) = series_of(patient_id=world.anna.patient_id)

        chart = chart_of(series)

        assert chart is not None
        points = chart.points
        assert [points[0].x, points[-1].x] == [EDGE, WIDTH - EDGE]
        assert [points[0].y, points[-1].y] == [EDGE, HEIGHT - EDGE]
        assert points[1].x == pytest.approx(EDGE + (WIDTH - 2 * EDGE) / 3, abs=0.1)

    def test_one_score_is_no_line(self, world: World, day: SessionDay) -> None:
        score(world, day, "IV")
        assert chart_of(series_of(patient_id=world.anna.patient_id)[0]) is None

    def test_the_page_asks_little_however_many_there_are(
        self,
        world: World,
        day: SessionDay,
        bruno: Client,
        page: str,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for days in range(12):
            score(world, day, "III", after_days=days)
        with django_assert_max_num_queries(MOST_QUERIES):
            assert bruno.get(page).status_code == 200
