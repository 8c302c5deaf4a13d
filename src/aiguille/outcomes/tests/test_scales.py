"""The scales' file, and how a scale is scored."""

import json
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.kernel.codes import Indication, ScoreMoment
from aiguille.outcomes.scales import (
    Item,
    Scale,
    ScoreRefused,
    UnknownScale,
    follow_up_days,
    get_scale,
    measures_of,
    reference,
    scales,
)
from aiguille.rulebook.entries import Status

# The ranges of the clinical knowledge base, section 6.
RANGES = {
    "gais": (1, 5),
    "goodman_baron_grade": (1, 4),
    "goodman_baron_count": (0, 84),
    "ecca": (0, 540),
    "vancouver": (0, 13),
    "posas_observer": (6, 60),
    "posas_patient": (6, 60),
    "glogau": (1, 4),
    "fitzpatrick_wrinkles": (1, 9),
    "hamilton_norwood": (1, 12),
    "ludwig": (1, 3),
    "pain": (0, 10),
    "erythema": (0, 4),
    "dlqi": (0, 30),
}


def answers_for(item: Item) -> st.SearchStrategy[str]:
    if item.number is not None:
        return st.decimals(item.number.least, item.number.most, places=item.number.decimals).map(
            str
        )
    return st.sampled_from([option.code for option in item.options])


@pytest.mark.parametrize("scale", scales().values(), ids=lambda scale: scale.id)
class TestAScale:
    def test_has_the_range_of_its_source(self, scale: Scale) -> None:
        assert (int(scale.least), int(scale.most)) == RANGES[scale.id]

    def test_says_where_it_comes_from_and_how_sure_that_is(self, scale: Scale) -> None:
        weak = [tag for tag in scale.sources if tag.startswith(("GK", "DEF"))]
        assert scale.sources
        assert all(reference(tag) != tag for tag in scale.sources if tag not in weak)
        assert (scale.status is Status.TO_CONFIRM) == bool(weak)

    @given(data=st.data())
    def test_gives_a_value_within_its_range_for_any_answers(
        self, scale: Scale, data: st.DataObject
    ) -> None:
        answers = {item.id: data.draw(answers_for(item)) for item in scale.items}

        kept, value = scale.score(answers)

        assert scale.least <= value <= scale.most
        assert scale.score(json.loads(json.dumps(kept))) == (kept, value)
        assert scale.words_of(kept, value).fr

    def test_is_not_scored_with_an_item_missing_or_wrong(self, scale: Scale) -> None:
        good = {
            item.id: str(item.number.least) if item.number else item.options[0].code
            for item in scale.items
        }
        for item, bad in product(scale.items, ("", "-1", "NaN", "1e9", "oui", "9999")):
            with pytest.raises(ScoreRefused) as caught:
                scale.score(good | {item.id: bad})
            assert caught.value.field == item.id


def test_every_scale_of_the_knowledge_base_is_there() -> None:
    assert scales().keys() == RANGES.keys()


@pytest.mark.parametrize("indication", Indication)
def test_every_indication_is_measured_at_its_start_and_afterwards(indication: Indication) -> None:
    measures = measures_of(indication)

    assert measures.start
    assert "gais" not in {scale.id for scale in measures.start}  # it compares with the start
    assert "gais" in {scale.id for scale in measures.at(ScoreMoment.FOLLOW_UP)}
    assert {"pain", "erythema"} <= {scale.id for scale in measures.at(ScoreMoment.SESSION)}
    assert measures.status is Status.TO_CONFIRM


@pytest.mark.parametrize(
    ("sex", "proposed"),
    [
        ("F", {"ludwig"}),
        ("M", {"hamilton_norwood"}),
        ("U", {"ludwig", "hamilton_norwood"}),
        (None, {"ludwig", "hamilton_norwood"}),
    ],
)
def test_hair_loss_is_graded_by_the_scale_made_for_the_sex(
    sex: str | None, proposed: set[str]
) -> None:
    start = {scale.id for scale in measures_of(Indication.ALOPECIA_AGA, sex=sex).start}

    assert start == proposed | {"dlqi"}


def test_numbers_are_read_with_a_comma_and_no_finer_than_the_scale() -> None:
    assert get_scale("pain").score({"pain": "3,5"}) == ({"pain": "3.5"}, Decimal("3.5"))
    for scale, item, given_ in (("pain", "pain", "3.55"), ("dlqi", "total", "4.5")):
        with pytest.raises(ScoreRefused):
            get_scale(scale).score({item: given_})


def test_a_grade_is_shown_in_its_words_and_a_sum_with_its_maximum() -> None:
    assert get_scale("glogau").words_of({"type": "II"}, Decimal(2)).en.startswith("II – Moderate")
    assert get_scale("ecca").words_of({}, Decimal(75)).fr == "75 sur 540"


def test_there_is_no_other_scale() -> None:
    with pytest.raises(UnknownScale):
        get_scale("beauty")
    assert follow_up_days() == (30, 90, 150, 180)
