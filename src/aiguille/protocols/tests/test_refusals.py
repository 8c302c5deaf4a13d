"""Each guard refuses by its name, in both languages, and what may happen happens."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from aiguille.kernel.codes import (
    Direction,
    EndPoint,
    LotStatus,
    PerformerRole,
    ProductKind,
    Side,
    StaffRole,
    Technique,
    Zone,
)
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.protocols.accepting import Accepted
from aiguille.protocols.events import (
    Body,
    Corrected,
    InjectionRecorded,
    Pressure,
    SessionBegun,
    SessionClosed,
    StepDone,
    StepSkipped,
    Stopped,
    StopReason,
    UnitOpened,
    ZonePassed,
)
from aiguille.protocols.references import PlanLimits, RuleAnswer, UnitFacts
from aiguille.protocols.refusals import Refused, refusal_texts
from aiguille.protocols.tests.runs import MESOLIFT, ROLLER, Run, other_indication

NURSE = frozenset({StaffRole.NURSE})
ASSISTANT = frozenset({StaffRole.ASSISTANT})


def passing(**changes: object) -> ZonePassed:
    plain: dict[str, object] = {
        "step": "passes",
        "zone": Zone.CHEEK,
        "side": Side.LEFT,
        "needle_mm": Decimal("0.5"),
        "passes": dict.fromkeys(Direction, 2),
        "pressure": Pressure.LIGHT,
    }
    return ZonePassed(**{**plain, **changes})  # type: ignore[arg-type]


def injecting(**changes: object) -> InjectionRecorded:
    plain: dict[str, object] = {
        "step": "injections",
        "zone": Zone.CHEEK,
        "side": Side.LEFT,
        "technique": Technique.IDS_NAPPAGE,
        "needle_mm": Decimal(4),
        "angle": 30,
        "volume_ml": Decimal("0.01"),
        "points": 50,
    }
    return InjectionRecorded(**{**plain, **changes})  # type: ignore[arg-type]


def opening(**changes: object) -> UnitOpened:
    plain: dict[str, object] = {
        "step": "open_device",
        "field": "device",
        "unit": "R-77",
        "product": "roller-05",
        "kind": ProductKind.ROLLER,
        "lot": "L1",
        "expiry": date(2027, 1, 31),
        "sterile": True,
    }
    return UnitOpened(**{**plain, **changes})  # type: ignore[arg-type]


def answering(kind: str, decision: Decision) -> Callable[[Mapping[str, object]], RuleAnswer]:
    def decide(ask: Mapping[str, object]) -> RuleAnswer:
        if ask["kind"] != kind:
            return RuleAnswer(decision=Decision.OK)
        return RuleAnswer(decision=decision, messages=(Text(fr="Car.", en="Because."),))

    return decide


ROLLER_DONE = StepDone(step="open_device", values={"pack_intact": True})
IDENTITY = {"identity_checked": True, "consent_confirmed": True}

# Where the run stands, what is tried in which world, and which guard refuses it at which field.
CASES: dict[str, tuple[str, str, Body, dict[str, object], str, str]] = {
    "a step that does not exist": (
        ROLLER, "identity_consent", StepDone(step="dance"), {}, "step_unknown", "step"),
    "a step out of turn": (ROLLER, "screening", StepDone(step="photo"), {}, "step_done", "screening"),
    "a step done twice": (
        ROLLER, "screening", StepDone(step="identity_consent"), {}, "already_done", ""),
    "a hand that may not": (
        ROLLER, "identity_consent", StepDone(step="identity_consent", values=IDENTITY),
        {"roles": ASSISTANT}, "actor_role", ""),
    "consent withdrawn": (
        ROLLER, "identity_consent", StepDone(step="identity_consent", values=IDENTITY),
        {"consent_current": False}, "consent_current", ""),
    "verdict lapsed": (
        ROLLER, "screening", StepDone(step="screening", values={"reread": True}),
        {"verdict_valid": False}, "verdict_valid", ""),
    "identity not checked": (
        ROLLER, "identity_consent",
        StepDone(step="identity_consent", values=IDENTITY | {"identity_checked": False}),
        {}, "value", "identity_checked"),
    "a missing value": (
        ROLLER, "screening", StepDone(step="screening"), {}, "field_missing", "reread"),
    "an unknown value": (
        ROLLER, "screening", StepDone(step="screening", values={"reread": True, "moon": 1}),
        {}, "field_unknown", "moon"),
    "a value of the wrong type": (
        ROLLER, "screening", StepDone(step="screening", values={"reread": "yes"}),
        {}, "field_type", "reread"),
    "a choice that is none": (
        ROLLER, "cream_on", StepDone(step="cream_on", values={"applied": "twice"}),
        {}, "field_choice", "applied"),
    "an amount below": (
        ROLLER, "cream_on",
        StepDone(step="cream_on", values={
            "applied": "at_home", "grams": "-1", "area_cm2": "10", "zones": ["CHEEK"],
            "applied_at": "2026-03-02T08:00:00Z"}),
        {}, "field_below", "grams"),
    "an inexact amount": (
        ROLLER, "cream_on",
        StepDone(step="cream_on", values={
            "applied": "at_home", "grams": 1.5, "area_cm2": "10", "zones": ["CHEEK"],
            "applied_at": "2026-03-02T08:00:00Z"}),
        {}, "field_type", "grams"),
    "cream put on tomorrow": (
        ROLLER, "cream_on",
        StepDone(step="cream_on", values={
            "applied": "at_home", "grams": "1", "area_cm2": "10", "zones": ["CHEEK"],
            "applied_at": "2026-03-03T08:00:00Z"}),
        {}, "field_in_future", "applied_at"),
    "an amount without cream": (
        ROLLER, "cream_on", StepDone(step="cream_on", values={"applied": "none", "grams": "1"}),
        {}, "field_not_applicable", "grams"),
    "views above": (
        ROLLER, "photo", StepDone(step="photo", values={"views": 13}), {}, "field_above", "views"),
    "a safety step skipped": (
        ROLLER, "antisepsis", StepSkipped(step="antisepsis", reason="in a hurry"),
        {}, "never_skipped", ""),
    "a step skipped without reason": (
        ROLLER, "photo", StepSkipped(step="photo", reason="  "), {}, "reason_missing", "reason"),
    "one step of antisepsis after cream": (
        ROLLER, "antisepsis",
        StepDone(step="antisepsis", values={"method": "one_step", "antiseptic": "x"}),
        {}, "value", "method"),
    "a device not scanned": (ROLLER, "open_device", ROLLER_DONE, {}, "unit_missing", "device"),
    "a field that scans nothing": (
        ROLLER, "open_device", opening(field="pack_intact"), {}, "field_unknown", "pack_intact"),
    "another product than asked": (
        ROLLER, "open_device", opening(kind=ProductKind.SYRINGE), {}, "unit_kind", "device"),
    "a unit that stock does not know": (
        ROLLER, "open_device", opening(), {"unit": None}, "unit_unknown", "device"),
    "a label that stock contradicts": (
        ROLLER, "open_device", opening(),
        {"unit": UnitFacts.of_label(opening(lot="L2"))}, "unit_differs", "lot"),
    "a unit of another patient": (
        ROLLER, "open_device", opening(),
        {"unit": replace(UnitFacts.of_label(opening()), used_for_other_patient=True)},
        "unit_used", "device"),
    "a unit of another session": (
        ROLLER, "open_device", opening(),
        {"unit": replace(UnitFacts.of_label(opening()), used_in_other_session=True)},
        "unit_used", "device"),
    "a recalled lot": (
        ROLLER, "open_device", opening(),
        {"unit": replace(UnitFacts.of_label(opening()), lot_status=LotStatus.RECALLED),
         "decide": answering("unit", Decision.BLOCK)}, "unit_usable", "unit"),
    "a needle under cream": (ROLLER, "cream_off", passing(), {}, "cream_removed", ""),
    "a needle before the cream is asked about": (
        MESOLIFT, "cream_on", injecting(), {}, "cream_removed", ""),
    "a needle before the skin is disinfected": (
        ROLLER, "antisepsis", passing(), {}, "step_done", "open_device"),
    "a needle held by a nurse": (ROLLER, "passes", passing(), {"roles": NURSE}, "actor_role", ""),
    "a needle the law denies": (
        ROLLER, "passes", passing(),
        {"performer": PerformerRole.NURSE, "decide": answering("performer", Decision.BLOCK)},
        "performer_of_pass", "performer"),
    "a needle without consent": (
        ROLLER, "passes", passing(), {"consent_current": False}, "consent_current", ""),
    "a needle without verdict": (
        ROLLER, "passes", passing(), {"verdict_valid": False}, "verdict_valid", ""),
    "a needle too deep for the zone": (
        ROLLER, "passes", passing(), {"decide": answering("depth", Decision.BLOCK)},
        "depth_of_pass", "depth"),
    "a cream that stayed too long": (
        ROLLER, "passes", passing(), {"decide": answering("cream", Decision.BLOCK)},
        "cream_in_time", "cream"),
    "a zone too soon": (
        ROLLER, "passes", passing(),
        {"days_since_last": {Zone.CHEEK: 20}, "decide": answering("interval", Decision.DELAY)},
        "interval_of_pass", "interval"),
    "too many rolls": (
        ROLLER, "passes", passing(), {"decide": answering("density", Decision.WARN)},
        "density", "density"),
    "a zone of no protocol": (
        ROLLER, "passes", passing(zone=Zone.EYELID), {}, "limits", "zone"),
    "a pass of nothing": (ROLLER, "passes", passing(passes={}), {}, "limits", "passes"),
    "a negative needle": (
        ROLLER, "passes", passing(needle_mm=Decimal(-1)), {}, "limits", "needle_mm"),
    "a needle nobody opened": (
        ROLLER, "passes", passing(needle_mm=Decimal(1)), {}, "limits", "needle_mm"),
    "more passes than the protocol": (
        ROLLER, "passes", passing(passes=dict.fromkeys(Direction, 3)), {}, "limits", "limits"),
    "fewer directions": (
        ROLLER, "passes", passing(passes={Direction.VERTICAL: 8}), {}, "limits", "limits"),
    "a longer needle than planned": (
        ROLLER, "passes", passing(), {"plan": PlanLimits(needle_mm=Decimal("0.25"))},
        "limits", "limits"),
    "passes done without a pass": (
        ROLLER, "passes", StepDone(step="passes"), {}, "nothing_recorded", ""),
    "an injection of a roller": (
        ROLLER, "passes", injecting(step="passes"), {}, "not_recorded_here", ""),
    "an injection too deep": (
        MESOLIFT, "injections", injecting(angle=60), {}, "limits", "needle_mm"),
    "a technique of another protocol": (
        MESOLIFT, "injections", injecting(technique=Technique.GUN), {}, "limits", "technique"),
    "a drop too large": (
        MESOLIFT, "injections", injecting(volume_ml=Decimal("0.02")), {}, "limits", "volume_ml"),
    "a face too full": (MESOLIFT, "injections", injecting(points=301), {}, "limits", "volume_ml"),
    "no point at all": (MESOLIFT, "injections", injecting(points=0), {}, "limits", "points"),
    "an impossible angle": (MESOLIFT, "injections", injecting(angle=91), {}, "limits", "angle"),
    "more needle inside than there is": (
        MESOLIFT, "injections", injecting(inserted_mm=Decimal(5)), {}, "limits", "inserted_mm"),
    "an unusual angle": (MESOLIFT, "injections", injecting(angle=20), {}, "limits", "limits"),
    "an unusual spacing": (
        MESOLIFT, "injections", injecting(spacing_mm=9), {}, "limits", "limits"),
    "more than planned": (
        MESOLIFT, "injections", injecting(), {"plan": PlanLimits(volume_ml=Decimal("0.1"))},
        "limits", "limits"),
    "a mixture": (
        MESOLIFT, "product",
        opening(step="product", field="product", kind=ProductKind.INJECTABLE),
        {"decide": answering("mix", Decision.BLOCK)}, "not_mixed", "mix"),
    "a product that may not be injected": (
        MESOLIFT, "product",
        opening(step="product", field="product", kind=ProductKind.INJECTABLE),
        {"decide": answering("product", Decision.BLOCK)}, "product_allowed", "product"),
    "closing too soon": (ROLLER, "protect", SessionClosed(), {}, "closing", ""),
    "beginning again": (
        ROLLER, "screening",
        SessionBegun(protocol=ROLLER, version="1.0.0", indication=other_indication()),
        {}, "already_begun", ""),
    "correcting what is not there": (
        ROLLER, "screening", Corrected(replaces=99, reason="x"), {}, "correction_target", "replaces"),
    "correcting the beginning": (
        ROLLER, "screening", Corrected(replaces=1, reason="x"), {}, "correction_target", "replaces"),
    "correcting without reason": (
        ROLLER, "screening", Corrected(replaces=2, reason=" "), {}, "reason_missing", "reason"),
    "correcting into another step": (
        ROLLER, "screening",
        Corrected(replaces=2, reason="x", body=StepDone(step="photo", values={"views": 1})),
        {}, "correction_kind", "body"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "step", "body", "world", "guard", "field"), CASES.values(), ids=CASES
)
def test_it_refuses(
    name: str, step: str, body: Body, world: dict[str, object], guard: str, field: str
) -> None:
    run = Run.up_to(name, step)
    refused = run.attempt(body, **world)  # type: ignore[arg-type]
    assert isinstance(refused, Refused)
    if guard != "limits":
        assert refused.guard == guard
    assert refused.field == field
    assert refused.text.fr
    assert refused.text.en
    assert "{" not in refused.text.fr


@pytest.mark.parametrize(
    ("changes", "world", "guard"),
    [
        ({}, {"consent_current": False}, "consent_current"),
        ({}, {"verdict_valid": False}, "verdict_valid"),
        ({}, {"roles": NURSE}, "actor_role"),
        ({"version": "0.9.0"}, {}, "protocol_version"),
        ({"protocol": MESOLIFT}, {}, "protocol_version"),
        ({"indication": other_indication()}, {}, "indication"),
    ],
)
def test_a_session_does_not_begin(
    changes: dict[str, object], world: dict[str, object], guard: str
) -> None:
    run = Run.of(ROLLER)
    refused = run.attempt(run.beginning(**changes), **world)  # type: ignore[arg-type]
    assert isinstance(refused, Refused)
    assert refused.guard == guard


def test_nothing_happens_before_the_beginning_or_after_the_end() -> None:
    refused = Run.of(ROLLER).attempt(StepDone(step="identity_consent", values=IDENTITY))
    assert isinstance(refused, Refused)
    assert refused.guard == "not_begun"
    run = Run.up_to(ROLLER, "next_date")
    run.do(StepSkipped(step="next_date", reason="Dernière séance"))
    run.do(SessionClosed())
    refused = run.attempt(Corrected(replaces=2, reason="x"))
    assert isinstance(refused, Refused)
    assert refused.guard == "closed"


def test_time_and_sequence_only_go_forward() -> None:
    run = Run.begun(ROLLER).wait(minutes=-1)
    back = run.attempt(StepDone(step="identity_consent", values=IDENTITY))
    assert isinstance(back, Refused)
    assert (back.guard, back.field) == ("time_backwards", "at")
    assert "08:59" in back.text.en
    run.wait(minutes=1)
    for seq in (1, 3):
        jump = run.attempt(StepDone(step="identity_consent", values=IDENTITY), seq=seq)
        assert isinstance(jump, Refused)
        assert (jump.guard, jump.field) == ("sequence", "seq")
    run.at = datetime(2026, 3, 2, 10)  # noqa: DTZ001  that is the fault
    naive = run.attempt(StepDone(step="identity_consent", values=IDENTITY))
    assert isinstance(naive, Refused)
    assert naive.guard == "time_without_offset"


def test_every_event_has_an_author() -> None:
    run = Run.begun(ROLLER)
    run.by = " "
    refused = run.attempt(StepDone(step="identity_consent", values=IDENTITY))
    assert isinstance(refused, Refused)
    assert refused.guard == "author_missing"


def test_every_text_of_a_refusal_is_used_by_the_engine() -> None:
    assert all(text.fr != text.en for text in refusal_texts().values())


@pytest.mark.parametrize(
    ("decision", "roles", "passes"),
    [
        (Decision.WARN, {StaffRole.PHYSICIAN}, True),
        (Decision.REVIEW, {StaffRole.PHYSICIAN}, True),
        (Decision.DELAY, {StaffRole.PHYSICIAN}, True),
        (Decision.BLOCK, {StaffRole.PHYSICIAN}, False),
        (Decision.WARN, {StaffRole.NURSE}, True),
        (Decision.REVIEW, {StaffRole.NURSE}, False),
    ],
)
def test_a_reason_passes_a_warning_a_physicians_a_review_nobodys_a_block(
    decision: Decision, roles: set[StaffRole], passes: bool
) -> None:
    run = Run.up_to(ROLLER, "protect")
    body = opening(step="protect", field="protection", kind=ProductKind.PROTECTIVE)
    world = {"decide": answering("product", decision), "roles": frozenset(roles)}
    refused = run.attempt(body, **world)  # type: ignore[arg-type]
    assert isinstance(refused, Refused)
    assert refused.can_acknowledge == (decision is not Decision.BLOCK)
    answer = run.attempt(body, acknowledged={"product": "Seul produit disponible"}, **world)  # type: ignore[arg-type]
    assert isinstance(answer, Accepted) == passes
    if isinstance(answer, Accepted):
        assert [notice.decision for notice in answer.notices] == [decision]


def test_a_limit_of_the_protocol_passes_with_a_reason_and_an_impossible_one_never() -> None:
    run = Run.up_to(ROLLER, "passes")
    few = passing(passes={Direction.VERTICAL: 8})
    assert isinstance(run.attempt(few, acknowledged={"limits": "Nez étroit"}), Accepted)
    nothing = run.attempt(passing(passes={}), acknowledged={"limits": "Rien"})
    assert isinstance(nothing, Refused)
    assert not nothing.can_acknowledge


def test_the_needle_waits_for_the_antiseptic_to_dry() -> None:
    run = Run.up_to(ROLLER, "antisepsis")
    run.do(StepDone(step="antisepsis", values={"method": "four_step", "antiseptic": "Alcool"}))
    run.wait(seconds=29).do(opening())
    run.do(ROLLER_DONE)
    early = run.attempt(passing())
    assert isinstance(early, Refused)
    assert (early.guard, early.field) == ("timer_elapsed", "drying")
    run.wait(seconds=1).do(passing())


def test_the_cream_waits_its_time_unless_somebody_says_why() -> None:
    run = Run.up_to(ROLLER, "cream_on")
    run.do(opening(step="cream_on", field="cream", kind=ProductKind.NUMBING_CREAM, unit="C-1"))
    run.do(
        StepDone(
            step="cream_on",
            values={
                "applied": "here", "grams": "7.5", "area_cm2": "50", "zones": ["CHEEK"],
                "applied_at": run.at.isoformat(),
            },
        )
    )  # fmt: skip
    run.wait(minutes=59)
    early = run.attempt(StepDone(step="cream_wait", values={"numb": True}))
    assert isinstance(early, Refused)
    assert early.guard == "timer_elapsed"
    run.do(StepSkipped(step="cream_wait", reason="Ne souhaite pas attendre"))
    assert run.state.available == ("cream_off",)


def test_cream_on_one_who_may_not_have_it_is_refused_here_and_recorded_from_home() -> None:
    run = Run.up_to(ROLLER, "cream_on")
    values: dict[str, object] = {
        "grams": "7.5", "area_cm2": "50", "zones": ["CHEEK"],
        "applied_at": "2026-03-02T07:30:00Z",
    }  # fmt: skip
    blocking = answering("cream", Decision.BLOCK)
    run.do(opening(step="cream_on", field="cream", kind=ProductKind.NUMBING_CREAM, unit="C-1"))
    here = run.attempt(
        StepDone(step="cream_on", values={**values, "applied": "here"}), decide=blocking
    )
    assert isinstance(here, Refused)
    assert here.guard == "cream_allowed"
    home = StepDone(step="cream_on", values={**values, "applied": "at_home"})
    assert isinstance(run.attempt(home, decide=blocking), Accepted)


def test_the_rule_book_hears_the_facts_of_the_moment() -> None:
    asked: list[Mapping[str, object]] = []

    def listening(ask: Mapping[str, object]) -> RuleAnswer:
        asked.append(ask)
        return RuleAnswer(decision=Decision.OK)

    run = Run.up_to(ROLLER, "passes").wait(minutes=1)
    run.do(passing())
    run.do(passing(), decide=listening, days_since_last={Zone.CHEEK: 30})
    questions = {str(ask["kind"]): ask for ask in asked}
    assert questions["density"] == {"kind": "density", "rolls": 32}
    assert questions["interval"]["days_since_last"] == 30
    assert questions["depth"]["indication"] == "AGEING"
    cream = questions["cream"]
    assert cream["needle_started"] is True
    assert Decimal(str(cream["minutes"])) > 90
    assert Decimal(str(cream["removed_minutes_before"])) > 0


def test_frank_bleeding_leaves_nothing_but_the_stop() -> None:
    run = Run.up_to(ROLLER, "passes")
    run.do(passing(end_point=EndPoint.FRANK_BLEEDING))
    assert run.state.must_stop
    for body in (passing(zone=Zone.NOSE), StepDone(step="passes"), SessionClosed()):
        refused = run.attempt(body)
        assert isinstance(refused, Refused)
        assert refused.guard == "must_stop"
    run.do(Stopped(reason=StopReason.FRANK_BLEEDING))
    refused = run.attempt(passing(zone=Zone.NOSE))
    assert isinstance(refused, Refused)
    assert refused.guard == "stopped"
    assert [each.step for each in run.state.obstacles] == ["sharps", "advice"]
    run.do(StepDone(step="sharps", values={"discarded": True}))
    run.do(StepDone(step="advice", values={"leaflet_given": True, "red_flags_explained": True}))
    run.do(SessionClosed())


def test_a_stop_with_cream_on_the_skin_still_asks_to_wash_it_off() -> None:
    run = Run.up_to(ROLLER, "cream_wait")
    run.do(Stopped(reason=StopReason.ALLERGIC_REACTION))
    assert [each.step for each in run.state.obstacles] == ["cream_off", "sharps", "advice"]
    run.do(StepDone(step="cream_off", values={"washed_off": True}))


def test_lidocaine_is_counted_over_the_whole_session() -> None:
    asked: list[Mapping[str, object]] = []

    def listening(ask: Mapping[str, object]) -> RuleAnswer:
        asked.append(ask)
        return RuleAnswer(decision=Decision.OK)

    run = Run.up_to(MESOLIFT, "product")
    run.do(
        opening(
            step="product", field="product", kind=ProductKind.INJECTABLE,
            lidocaine_mg_per_ml=Decimal(3),
        )
    )  # fmt: skip
    run.do(StepDone(step="product", values={"clear": True}))
    run.do(StepDone(step="antisepsis", values={"method": "four_step", "antiseptic": "Alcool"}))
    run.wait(minutes=1).do(injecting(points=100))
    run.do(injecting(points=50), decide=listening)
    assert [ask["mg"] for ask in asked if ask["kind"] == "lidocaine"] == [Decimal("4.50")]
    assert run.state.totals.lidocaine_mg == Decimal("4.50")
