"""Scoring scales: who may, what is kept, and how a wrong score ends."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.queries import list_events_of_patient
from aiguille.catalogue.queries import NotInCatalogue, treatment_by_code
from aiguille.catalogue.seed import treatment_code
from aiguille.kernel.codes import Indication, Procedure, Side, Zone
from aiguille.kernel.ids import new_id
from aiguille.outcomes.models import Score
from aiguille.outcomes.operations import record_scale, withdraw_score
from aiguille.outcomes.operations.scores import AlreadyScored, ScoreWithdrawalRefused
from aiguille.outcomes.queries import scores_of, series_of
from aiguille.outcomes.scales import ScoreRefused, UnknownScale
from aiguille.plumbing.access import NotVisible
from tests.course import open_catalogue
from tests.world import AT, Person, World

PLAN = new_id()
GRADE = {"grade": "3"}


@pytest.fixture
def treatment(world: World) -> UUID:
    open_catalogue(at=world.at)
    code = treatment_code(Procedure.NEEDLING, Indication.ACNE_SCAR_ATROPHIC)
    return treatment_by_code(code).id


def score(
    world: World,
    treatment: UUID,
    *,
    by: Person | None = None,
    scale: str = "goodman_baron_grade",
    answers: dict[str, str] = GRADE,
    moment: str = "START",
    form_key: UUID | None = None,
    plan_id: UUID | None = PLAN,
    zone: str = "",
    side: str = "",
    days_later: int = 0,
) -> UUID:
    return record_scale(
        patient_id=world.anna.patient_id,
        treatment_id=treatment,
        scale=scale,
        moment=moment,
        answers=answers,
        form_key=form_key or new_id(),
        plan_id=plan_id,
        zone=zone,
        side=side,
        actor=(by or world.bruno).actor,
        at=AT + timedelta(days=days_later),
    )


def test_a_score_keeps_the_answers_and_the_version_of_the_scale(
    world: World, treatment: UUID
) -> None:
    score_id = score(world, treatment)

    (line,) = scores_of(patient_id=world.anna.patient_id)
    assert (line.id, line.value, line.answers) == (score_id, Decimal(3), GRADE)
    assert (line.plan_id, line.moment, line.zone) == (PLAN, "START", None)
    assert line.words.en.startswith("3 – Moderate")
    assert Score.objects.get().scale_version == "1.0.0"
    event = list_events_of_patient(patient_id=world.anna.patient_id)[0]
    assert event.action == "outcomes:score:recorded"


@pytest.mark.parametrize(
    ("person", "refusal"),
    [(name, NotAllowed) for name in ("diane", "hugo", "ines", "carla", "anna", "marc")],
)
def test_only_physicians_score(
    world: World, treatment: UUID, person: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        score(world, treatment, by=getattr(world, person))
    with pytest.raises(refusal):
        withdraw_score(
            score_id=score(world, treatment),
            reason="Erreur",
            actor=getattr(world, person).actor,
            at=AT,
        )


def test_a_form_sent_twice_scores_once(world: World, treatment: UUID) -> None:
    form = new_id()
    assert score(world, treatment, form_key=form) == score(world, treatment, form_key=form)


def test_a_plan_has_one_start_on_a_scale_and_place(world: World, treatment: UUID) -> None:
    score(world, treatment)
    with pytest.raises(AlreadyScored):
        score(world, treatment)

    score(world, treatment, zone="CHEEK", side="left")
    score(world, treatment, moment="FOLLOW_UP", days_later=90)
    score(world, treatment, plan_id=new_id())


@pytest.mark.parametrize(
    ("said", "refusal", "field"),
    [
        ({"scale": "beauty"}, UnknownScale, "scale"),
        ({"answers": {}}, ScoreRefused, "grade"),
        ({"answers": {"grade": "5"}}, ScoreRefused, "grade"),
        ({"moment": "NEVER"}, ScoreRefused, "moment"),
        ({"zone": "ELBOW"}, ScoreRefused, "zone"),
        ({"side": "left"}, ScoreRefused, "side"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    world: World, treatment: UUID, said: dict[str, str], refusal: type[ScoreRefused], field: str
) -> None:
    with pytest.raises(refusal) as caught:
        score(world, treatment, **said)  # type: ignore[arg-type]
    assert caught.value.field == field
    with pytest.raises(NotInCatalogue):
        score(world, new_id())


def test_a_wrong_score_is_withdrawn_with_a_reason_and_the_start_scored_again(
    world: World, treatment: UUID
) -> None:
    wrong = score(world, treatment)
    with pytest.raises(ScoreWithdrawalRefused):
        withdraw_score(score_id=wrong, reason=" ", actor=world.bruno.actor, at=AT)

    withdraw_score(score_id=wrong, reason="Autre patient", actor=world.bruno.actor, at=AT)
    assert scores_of(patient_id=world.anna.patient_id) == ()
    with pytest.raises(NotVisible):
        withdraw_score(score_id=wrong, reason="Encore", actor=world.bruno.actor, at=AT)

    right = score(world, treatment, answers={"grade": "2"})
    assert [line.id for line in scores_of(patient_id=world.anna.patient_id)] == [right]
    assert Score.objects.count() == 3
    with pytest.raises(AlreadyScored):
        score(world, treatment)


def test_scores_are_shown_over_time_by_scale_and_place(
    world: World, treatment: UUID, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for days, grade in ((90, "2"), (0, "3"), (30, "3")):
        moment = "FOLLOW_UP" if days else "START"
        score(world, treatment, answers={"grade": grade}, moment=moment, days_later=days)
    score(world, treatment, zone="CHEEK", side="left")

    with django_assert_num_queries(1):
        series = series_of(patient_id=world.anna.patient_id)

    whole, cheek = series
    assert [int(one.value) for one in whole.scores] == [3, 3, 2]
    assert (whole.change, whole.is_better) == (Decimal(-1), True)
    assert (cheek.zone, cheek.side, cheek.change) == (Zone.CHEEK, Side.LEFT, None)
    assert not cheek.is_better
    assert scores_of(patient_id=world.anna.patient_id, treatment_id=new_id()) == ()
