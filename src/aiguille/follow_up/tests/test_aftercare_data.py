import json
from datetime import UTC, datetime, timedelta

import pytest

from aiguille.follow_up.aftercare_data import aftercare_items, contacts, data_version
from aiguille.kernel.codes import Procedure, Symptom, Zone
from aiguille.rulebook.book import load_rulebook

# The night in which French clocks go back: an hour of advice is still an hour.
ENDED_AT = datetime(2026, 10, 24, 16, 40, tzinfo=UTC)

every_procedure = pytest.mark.parametrize("procedure", list(Procedure))


@every_procedure
def test_advice_comes_dated_and_ready_to_store(procedure: Procedure) -> None:
    items = [item.dated(ENDED_AT) for item in aftercare_items(procedure)]
    assert json.loads(json.dumps(items)) == items
    assert [item["from"] for item in items] == sorted(item["from"] for item in items)
    for item in items:
        assert item.keys() == {"id", "kind", "text", "from", "until", "sources"}
        assert item["until"] is None or item["until"] > item["from"]


@pytest.mark.parametrize(
    ("procedure", "advice", "hours"),
    [
        (Procedure.NEEDLING, "no-sunscreen-yet", 24),
        (Procedure.NEEDLING, "no-heat", 72),
        (Procedure.NEEDLING, "no-sunbathing", 14 * 24),
        (Procedure.MESOTHERAPY, "no-heat", 48),
        (Procedure.MESOTHERAPY, "no-sun", 14 * 24),
    ],
)
def test_what_to_avoid_ends_at_its_hour(procedure: Procedure, advice: str, hours: int) -> None:
    item = next(item for item in aftercare_items(procedure) if item.id == advice)
    assert item.dated(ENDED_AT)["until"] == (ENDED_AT + timedelta(hours=hours)).isoformat()


def test_hair_is_not_washed_after_the_scalp_only() -> None:
    scalp = {item.id for item in aftercare_items(Procedure.MESOTHERAPY, [Zone.SCALP])}
    face = {item.id for item in aftercare_items(Procedure.MESOTHERAPY, [Zone.CHEEK])}
    assert "no-washing-hair" in scalp
    assert "no-washing-hair" not in face


def test_the_clinic_asks_about_lumps_for_as_long_as_they_may_come() -> None:
    asked = [c.after_days for c in contacts(Procedure.MESOTHERAPY) if Symptom.NODULE in c.asks]
    assert asked == [7, 14, 30, 60, 90]


@every_procedure
def test_every_contact_has_its_sources(procedure: Procedure) -> None:
    references = load_rulebook().sources
    assert contacts(procedure)
    for contact in contacts(procedure):
        assert contact.sources
        assert set(contact.sources) <= set(references)


@every_procedure
def test_the_version_fits_its_column(procedure: Procedure) -> None:
    assert 0 < len(data_version(procedure)) <= 40
