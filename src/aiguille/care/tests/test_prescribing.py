"""What a prescription may hold, without a database: lines, measures, times, anaesthetics."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.care.prescribing import (
    Cream,
    CreamRefused,
    ImplausibleMeasure,
    Line,
    LineRefused,
    MeasureRefused,
    Measures,
    check_line,
    check_measures,
    check_times,
    cleaned,
    holds_anaesthetic,
    reasons_at,
)
from aiguille.care.prescriptions import CreamOrdered
from aiguille.kernel.ids import new_id

LINE = Line(drug="paracétamol", dose="1 g", frequency="3 fois par jour", route="ORAL", packs=1)
SOON = st.integers(0, 31_536_000).map(
    lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


def test_a_line_comes_back_as_it_was_kept() -> None:
    line = replace(LINE, lidocaine_mg=Decimal("12.5"), is_off_label=True)
    assert Line.of_item(line.as_item()) == line
    assert set(line.as_item()) == {field.name for field in fields(Line)} | {"kind"}


def test_a_line_has_its_spaces_in_order() -> None:
    line = cleaned(replace(LINE, drug="  amoxicilline \t acide ", formula=" a  b \n\n c "))
    assert (line.drug, line.formula) == ("amoxicilline acide", "a b\n\nc")


@pytest.mark.parametrize("name", ["drug", "dose", "frequency", "route"])
def test_a_line_has_every_mention(name: str) -> None:
    check_line(LINE, number=0, age=40)
    empty: dict[str, Any] = {name: " "}
    with pytest.raises(LineRefused) as refused:
        check_line(replace(LINE, **empty), number=3, age=40)
    assert refused.value.field == f"line_3_{name}"


@pytest.mark.parametrize(
    ("drug", "brand", "is_one"),
    [
        ("Lidocaïne", "", True),
        ("LIDOCAINE + PRILOCAINE", "", True),
        ("lignocaine", "", True),
        ("", "Emla 5 %", True),
        ("chlorhydrate de lidocaïne", "Xylocaïne", True),
        ("paracétamol", "Doliprane", False),
        ("mépivacaïne", "", False),
    ],
)
def test_an_anaesthetic_is_known_however_it_is_written(drug: str, brand: str, is_one: bool) -> None:
    assert holds_anaesthetic(replace(LINE, drug=drug, brand=brand)) == is_one


def test_a_preparation_cannot_hide_the_cream() -> None:
    hidden = replace(
        LINE, route="CUTANEOUS", is_preparation=True, formula="Lidocaïne 23 g\nTétracaïne 7 g"
    )
    with pytest.raises(LineRefused):
        check_line(hidden, number=0, age=40)


@pytest.mark.parametrize(
    ("age", "codes"), [(40, {"MTE", "CIF"}), (5, {"MTE", "EFG", "CIF"}), (6, {"MTE", "CIF"})]
)
def test_reasons_against_substitution_are_those_of_the_age(age: int, codes: set[str]) -> None:
    assert {reason.code for reason in reasons_at(age)} == codes


# Limits are included; 70 kg typed in pounds is 154.
@pytest.mark.parametrize(
    ("weight", "height", "before", "error"),
    [
        ("40", None, None, None),
        ("39.9", None, None, ImplausibleMeasure),
        ("100", None, None, None),
        ("100.1", None, None, ImplausibleMeasure),
        ("154", None, None, ImplausibleMeasure),
        ("154", 170, None, ImplausibleMeasure),
        ("110", 195, None, None),
        ("60", None, "50", None),
        ("60.1", None, "50", ImplausibleMeasure),
        ("1.9", None, None, MeasureRefused),
        ("400.1", None, None, MeasureRefused),
        (None, 139, None, ImplausibleMeasure),
        (None, 261, None, MeasureRefused),
    ],
)
def test_a_weight_that_can_hardly_be_right_is_asked_again(
    weight: str | None, height: int | None, before: str | None, error: type[Exception] | None
) -> None:
    measures = Measures(Decimal(weight) if weight else None, height)
    before_kg = Decimal(before) if before else None
    if error is None:
        check_measures(measures, before_kg=before_kg)
        return
    with pytest.raises(error):
        check_measures(measures, before_kg=before_kg)
    confirmed = replace(measures, are_confirmed=True)
    if error is ImplausibleMeasure:
        check_measures(confirmed, before_kg=before_kg)
    else:
        with pytest.raises(MeasureRefused):
            check_measures(confirmed, before_kg=before_kg)


@given(st.decimals(40, 100, places=1))
def test_most_adults_typed_in_pounds_are_asked_again(kilograms: Decimal) -> None:
    pounds = (kilograms / Decimal("0.45359237")).quantize(Decimal("0.1"))
    if pounds > 100:
        with pytest.raises(ImplausibleMeasure):
            check_measures(Measures(pounds), before_kg=None)
    # Against a weight known from before, all of them.
    with pytest.raises(ImplausibleMeasure):
        check_measures(Measures(pounds), before_kg=kilograms)


@pytest.mark.parametrize(
    ("before", "on_skin", "is_accepted"),
    [(120, None, True), (120, 120, True), (120, 60, True), (120, 121, False), (301, 60, False), (120, 0, False)],
)  # fmt: skip
def test_a_cream_is_on_before_it_is_off(
    before: int, on_skin: int | None, is_accepted: bool
) -> None:
    cream = Cream("x", Decimal(40), before, ["CHEEK"], minutes_on_skin=on_skin)
    if is_accepted:
        check_times(cream, longest=300)
    else:
        with pytest.raises(CreamRefused):
            check_times(cream, longest=300)


@given(SOON, st.integers(1, 300), st.data())
def test_a_cream_moves_with_its_session(
    starts_at: datetime, minutes: int, data: st.DataObject
) -> None:
    on_skin = data.draw(st.integers(1, minutes))
    moved_by = timedelta(minutes=data.draw(st.integers(-100_000, 100_000)))
    ordered = CreamOrdered(new_id(), minutes, on_skin, 300)
    times, moved = ordered.before(starts_at), ordered.before(starts_at + moved_by)
    assert moved.apply_at - times.apply_at == moved_by
    assert moved.remove_at - times.remove_at == moved_by
    assert times.apply_at < times.remove_at <= starts_at
    assert times.latest_at is not None
    assert times.latest_at - times.apply_at == timedelta(minutes=300)
    assert times.is_removed_at_clinic == (times.remove_at == starts_at)
