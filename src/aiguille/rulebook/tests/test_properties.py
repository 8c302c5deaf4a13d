"""What holds for any answers, facts or texts."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aiguille.kernel.codes import Active, CreamCondition, Zone
from aiguille.kernel.decisions import Decision
from aiguille.rulebook import decide, load_rulebook
from aiguille.rulebook.tests.asks import SOUND, answer, ask, screen

BOOK = load_rulebook()
DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1))
QUESTIONS = st.sampled_from(list(BOOK.questions))
ZONES = st.lists(st.sampled_from(Zone), min_size=1, max_size=4)


@st.composite
def given_answers(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Any sound answers to some of the questions."""
    answers: dict[str, dict[str, Any]] = {}
    for name in draw(st.sets(QUESTIONS, max_size=12)):
        said: dict[str, Any] = {"answer": draw(st.sampled_from(["yes", "no", "unknown"]))}
        if draw(st.booleans()):
            said["ended"] = draw(DAYS).isoformat()
        if draw(st.booleans()):
            said["zones"] = draw(ZONES)
        types = [option.code for option in BOOK.questions[name].types]
        if draw(st.booleans()) and types:
            said["type"] = draw(st.sampled_from(types))
        answers[name] = said
    return answers


@st.composite
def screenings(draw: st.DrawFn) -> dict[str, Any]:
    act_date = draw(DAYS)
    return ask(
        "screening",
        procedure=draw(st.sampled_from(["needling", "mesotherapy"])),
        act_date=act_date.isoformat(),
        born=(act_date - timedelta(days=draw(st.integers(0, 30000)))).isoformat(),
        phototype=draw(st.none() | st.integers(1, 6)),
        zones=draw(ZONES),
        actives=draw(st.lists(st.sampled_from(Active), max_size=4)),
        answers=draw(given_answers()),
        unanswered=draw(st.sampled_from(["yes", "no", "unknown"])),
    )


def severity(found: dict[str, Any]) -> int:
    return Decision(found["decision"]).severity


@given(screenings())
def test_the_decision_and_the_day_follow_from_the_findings(question: dict[str, Any]) -> None:
    found = decide(question)
    findings = found["findings"]
    assert severity(found) == max(map(severity, findings), default=0)
    delays = [finding["earliest"] for finding in findings if finding["decision"] == "DELAY"]
    assert found["earliest"] == (max(delays) if delays and None not in delays else None)
    assert all(
        finding["earliest"] is None or finding["decision"] == "DELAY" for finding in findings
    )
    assert all(day is None or day > question["act_date"] for day in delays)
    assert len({finding["rule"] for finding in findings}) == len(findings)
    assert [severity(finding) for finding in findings] == sorted(
        map(severity, findings), reverse=True
    )
    assert found == json.loads(json.dumps(found))


@given(screenings(), QUESTIONS)
def test_one_more_yes_or_unknown_never_lowers_the_severity(
    question: dict[str, Any], name: str
) -> None:
    def found(said: str) -> int:
        answers = {**question["answers"], name: {"answer": said}}
        return severity(decide({**question, "answers": answers, "unanswered": "no"}))

    assert found("no") <= found("yes")
    assert found("no") <= found("unknown")


@given(screenings(), QUESTIONS)
def test_unknown_about_a_planned_zone_is_never_ok(question: dict[str, Any], name: str) -> None:
    answers = {**question["answers"], name: {"answer": "unknown"}}
    found = decide({**question, "answers": answers, "phototype": None})
    if name not in {"S03", "S04"}:
        assert severity(found) >= Decision.REVIEW.severity
        assert name in {finding["rule"] for finding in found["findings"]}


@given(screenings())
def test_the_order_of_answers_zones_and_actives_changes_nothing(question: dict[str, Any]) -> None:
    turned = {
        **question,
        "answers": dict(reversed(question["answers"].items())),
        "zones": question["zones"][::-1],
        "actives": question["actives"][::-1],
    }
    assert decide(turned) == decide(question)


@given(screenings(), st.integers(1, 400))
def test_waiting_until_the_earliest_day_ends_every_known_delay(
    question: dict[str, Any], extra: int
) -> None:
    found = decide({**question, "unanswered": "no"})
    if found["earliest"] is None:
        return
    # A vaccine ahead comes nearer as the act moves, so it is left out.
    answers = {name: said for name, said in question["answers"].items() if name != "S46"}
    for day in (
        found["earliest"],
        (date.fromisoformat(found["earliest"]) + timedelta(extra)).isoformat(),
    ):
        later = decide({**question, "unanswered": "no", "answers": answers, "act_date": day})
        assert all(finding["decision"] != "DELAY" for finding in later["findings"])


@given(st.text(max_size=60), DAYS)
def test_any_text_as_a_code_is_read_or_refused(text: str, today: date) -> None:
    found = answer("barcode", text=text, today=today.isoformat())
    assert (found["decision"] == "BLOCK") == ("reason" in found)


@given(
    st.decimals(0, 800, places=2),
    st.none() | st.decimals(0, 80, places=3),
    st.decimals(0, 400, places=1),
    st.lists(st.sampled_from(CreamCondition), max_size=3),
)
def test_more_cream_is_never_milder(
    area: Decimal, grams: Decimal | None, minutes: Decimal, conditions: list[CreamCondition]
) -> None:
    # From the shortest useful time on, more of anything is at least as severe.
    minutes = max(minutes, Decimal(60))
    facts: dict[str, Any] = {"area_cm2": area, "grams": grams, "minutes": minutes}
    here = severity(answer("cream", **facts, conditions=conditions))
    assert here >= severity(answer("cream", **facts))
    for key, value in facts.items():
        if value is not None:
            assert here <= severity(
                answer("cream", **{**facts, key: value + 1}, conditions=conditions)
            )


@given(st.decimals("0.001", 300, places=6), st.decimals(0, 300, places=6))
def test_the_lidocaine_ceiling_is_exact(weight: Decimal, dose: Decimal) -> None:
    found = answer("lidocaine", weight_kg=weight, mg=dose)
    assert (found["decision"] == "OK") == (dose <= min(3 * weight, Decimal(200)))


@given(
    st.sampled_from(list(SOUND)),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.decimals()
        | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    st.data(),
)
def test_no_fact_breaks_the_engine(kind: str, value: Any, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([*SOUND[kind], "kind"]))
    found = decide({**ask(kind), key: value})
    assert ("error" in found) != ("decision" in found)
    if "error" in found:
        assert found["error"]["field"].split(".")[0] == key


@given(screenings())
def test_screening_asks_nobody_twice_for_the_same_answer(question: dict[str, Any]) -> None:
    plain = {name: said["answer"] for name, said in question["answers"].items()}
    implied = BOOK.implied_answers(plain)
    assert not implied.keys() & plain.keys()
    assert set(implied.values()) <= {"no"}
    assert screen()["decision"] == "OK"
