"""What a patient reads of a limit is the clinic's own value, in texts that are kept too."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aiguille.consent.queries import current_consent, current_text
from aiguille.follow_up.aftercare_data import data_version
from aiguille.journeys.change_rule import bring_into_force, change_rule
from aiguille.kernel.codes import Procedure
from aiguille.rulebook import load_rulebook
from tests.session_day import SessionDay, ready_for_session
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def day(world: World) -> SessionDay:
    return ready_for_session(world, Procedure.NEEDLING)


def change(world: World, **other: Any) -> None:
    facts: dict[str, Any] = {
        "setting": "S06.days",
        "value": Decimal(365),
        "seen": Decimal(180),
        "reason": "Plus prudent.",
        "effective_on": world.at.date(),
        "actor": world.bruno.actor,
        "at": world.at,
    }
    change_rule(**(facts | other))


def text_of(day: SessionDay) -> tuple[int, str]:
    found = current_text(day.treatment, "fr")
    assert found is not None
    return found.version, str(found.content)


def test_a_consent_text_that_names_the_value_is_published_and_signed_anew(
    world: World, day: SessionDay
) -> None:
    version, before = text_of(day)
    assert "180 jours après l’arrêt" in before
    change(world)
    after = text_of(day)
    assert after[0] == version + 1
    assert "365 jours après l’arrêt" in after[1]
    assert "180 jours après l’arrêt" not in after[1]
    assert current_consent(patient_id=day.patient_id, treatment_id=day.treatment) is None


def test_one_that_does_not_stays_as_it_was_signed(world: World, day: SessionDay) -> None:
    before = text_of(day)
    change(world, setting="R15.max_mg", value=Decimal(150), seen=Decimal(200))
    assert text_of(day) == before
    assert current_consent(patient_id=day.patient_id, treatment_id=day.treatment) is not None


def test_a_planned_value_is_told_from_its_day_on(world: World, day: SessionDay) -> None:
    before = text_of(day)
    change(world, effective_on=world.at.date() + timedelta(days=10))
    assert text_of(day) == before
    bring_into_force(at=world.at + timedelta(days=10))
    assert "365 jours" in text_of(day)[1]


def test_aftercare_is_kept_with_the_values_that_it_told() -> None:
    book = load_rulebook().with_values({"S06.days": 365})
    assert data_version(Procedure.NEEDLING, book=book) != data_version(Procedure.NEEDLING)
