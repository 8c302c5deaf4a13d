"""What stands against a plan is what the rule book says of it, by any clinic's values."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.care.planning import Answer, PlanDraft, PlannedPlace, judge
from aiguille.catalogue.rule_values import RulesInForce, rules_with
from aiguille.kernel.codes import Indication, Procedure, Side, Zone
from aiguille.kernel.decisions import Decision
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.model import Protocol
from aiguille.rulebook import load_rulebook

PROTOCOLS = sorted(
    (shipped.protocol for shipped in shipped_protocols().values()), key=lambda one: one.id
)
MILLIMETRES = st.decimals(Decimal("0.05"), Decimal(14), places=2)
DAYS = st.integers(1, 60)


@st.composite
def drafts(draw: st.DrawFn) -> PlanDraft:
    protocol: Protocol = draw(st.sampled_from(PROTOCOLS))
    is_needling = protocol.procedure is Procedure.NEEDLING
    zones = draw(st.lists(st.sampled_from(protocol.zones), min_size=1, max_size=4, unique=True))
    places = []
    for zone in zones:
        for side in draw(st.sampled_from([(Side.BOTH,), (Side.LEFT, Side.RIGHT)])):
            technique = "" if is_needling else draw(st.sampled_from(protocol.techniques)).technique
            mm = draw(st.none() | MILLIMETRES)
            places.append(
                PlannedPlace(
                    ZoneSide(zone, side),
                    needle_mm=mm if is_needling else None,
                    technique=technique,
                    depth_mm=None if is_needling else mm,
                )
            )
    return PlanDraft(
        protocol=protocol,
        indication=draw(st.sampled_from(protocol.indications)),
        phototype=draw(st.none() | st.integers(1, 6)),
        places=tuple(places),
        sessions_planned=draw(st.none() | st.integers(1, 24)),
        interval_min_days=draw(st.none() | DAYS),
    )


@st.composite
def clinics(draw: st.DrawFn) -> RulesInForce:
    """Draw a clinic's own values of depths and intervals, within their hard limits."""
    book = load_rulebook()
    names = [
        n for n, s in book.settings.items() if n.startswith(("R16.", "R19.")) and s.is_editable
    ]
    values = {}
    for name in draw(st.lists(st.sampled_from(names), max_size=4, unique=True)):
        low, high = book.limits(name)
        steps = draw(st.integers(0, 4))
        value = low + (high - low) * steps / 4
        values[name] = value.to_integral_value() if book.settings[name].unit == "d" else value
    return rules_with(values, number=1)


def asked_of(draft: PlanDraft, rules: RulesInForce) -> dict[str, list[Decision]]:
    """Ask the rule book about each field on its own, without the plan's judgement."""
    found: dict[str, list[Decision]] = {}

    def ask(field: str, question: dict[str, Any]) -> None:
        answer = rules.decide(question)
        assert "error" not in answer
        decisions = [Decision(one["decision"]) for one in answer["findings"]]
        found.setdefault(field, []).extend(decisions)

    for place in draft.places:
        if place.needle_mm is not None:
            ask(
                f"needle_mm_{place.key}",
                {
                    "kind": "depth",
                    "zone": place.zone_side.zone.value,
                    "indication": draft.indication.value,
                    "needle_mm": place.needle_mm,
                    "phototype": draft.phototype,
                },
            )
    if draft.interval_min_days is not None:
        for zone in {place.zone_side.zone for place in draft.places}:
            typed = [p.needle_mm for p in draft.places if p.zone_side.zone is zone and p.needle_mm]
            ask(
                "interval_min_days",
                {
                    "kind": "interval",
                    "procedure": draft.protocol.procedure.value,
                    "zone": zone.value,
                    "needle_mm": max(typed, default=Decimal("0.5")),
                    "days_since_last": draft.interval_min_days,
                },
            )
    return found


@given(draft=drafts(), rules=clinics())
def test_a_plan_is_stopped_exactly_where_the_rule_book_stops_it(
    draft: PlanDraft, rules: RulesInForce
) -> None:
    limits = judge(draft, rules).limits
    asked = asked_of(draft, rules)
    for field, decisions in asked.items():
        worst = max(decisions, key=lambda one: one.severity, default=Decision.OK)
        mine = [one for one in limits if one.field == field and one.rule]
        assert max((one.decision.severity for one in mine), default=0) == worst.severity
        assert any(one.stops for one in mine) == (worst.severity > Decision.WARN.severity)
    assert {one.field for one in limits if one.rule} <= asked.keys()


@given(draft=drafts(), rules=clinics())
def test_whatever_does_not_stop_it_asks_for_a_tick_that_names_what_was_seen(
    draft: PlanDraft, rules: RulesInForce
) -> None:
    limits = judge(draft, rules).limits
    assert all(one.stops or one.answer is Answer.TICK for one in limits)
    assert len({one.key for one in limits}) == len(limits)
    severities = [one.decision.severity for one in limits]
    assert severities == sorted(severities, reverse=True)
    stopped = {one.field for one in limits if one.stops}
    assert not [one for one in limits if one.field in stopped and not one.stops]


@given(draft=drafts(), rules=clinics())
def test_every_answer_of_the_rule_book_is_kept_and_is_the_same_again(
    draft: PlanDraft, rules: RulesInForce
) -> None:
    judgement = judge(draft, rules)
    fields = sum(place.needle_mm is not None for place in draft.places)
    zones = len({place.zone_side.zone for place in draft.places})
    intervals = zones if draft.interval_min_days is not None else 0
    assert len(judgement.rulings) == fields + intervals
    assert all(rules.decide(question) == answer for question, answer in judgement.rulings)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda one: one.id)
def test_what_a_protocol_proposes_stands_against_nothing_but_its_own_depth_warnings(
    protocol: Protocol,
) -> None:
    rules = rules_with({}, number=0)
    for indication in protocol.indications:
        course = protocol.course(Indication(indication))
        zones = [Zone(zone) for zone in protocol.zones]
        draft = PlanDraft(
            protocol=protocol,
            indication=Indication(indication),
            phototype=2,
            places=tuple(PlannedPlace(ZoneSide(zone, Side.BOTH)) for zone in zones),
            sessions_planned=course.sessions_default,
            interval_min_days=course.interval_min_days,
        )
        assert judge(draft, rules).limits == ()
