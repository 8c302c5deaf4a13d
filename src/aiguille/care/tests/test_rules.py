"""What makes a verdict acceptable: tables, and properties over any findings."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.care.rules import (
    CREAM_CONDITIONS,
    OPENING_OUTCOMES,
    Override,
    PeriodRefused,
    ReasonMissing,
    RefusedByRuleBook,
    answer_to,
    check_period,
    check_verdict,
    cream_conditions,
    settled_rules,
    stored_overrides,
    unasked_for_cream,
)
from aiguille.care.validity import add_months, validity
from aiguille.kernel.codes import Answer, VerdictOutcome
from aiguille.kernel.decisions import Decision

TODAY = date(2026, 3, 2)
RULES = ("S01", "S05", "S06", "S25", "S38")


def finding(rule: str, decision: Decision) -> dict[str, Any]:
    return {
        "rule": rule,
        "decision": decision,
        "earliest": None,
        "message": {"fr": "…", "en": "…"},
        "sources": [],
    }


findings_lists = st.lists(
    st.builds(finding, st.sampled_from(RULES), st.sampled_from(list(Decision))),
    unique_by=lambda one: str(one["rule"]),
)
override_lists = st.lists(
    st.builds(Override, rule=st.sampled_from(RULES), reason=st.sampled_from(["", "  ", "Vu."]))
)
answer_maps = st.dictionaries(
    st.sampled_from(RULES), st.builds(lambda a: {"answer": a.value}, st.sampled_from(list(Answer)))
)


def check(outcome: VerdictOutcome, findings: Any, overrides: Any, **other: str) -> None:
    check_verdict(
        outcome=outcome,
        findings=findings,
        overrides=overrides,
        **({"reason": "Oui.", "conditions": "Sans soleil."} | other),
    )


class TestVerdict:
    @given(
        outcome=st.sampled_from(sorted(OPENING_OUTCOMES)),
        findings=findings_lists,
        overrides=override_lists,
    )
    def test_opens_only_what_is_settled(
        self, outcome: VerdictOutcome, findings: Any, overrides: Any
    ) -> None:
        """A BLOCK never passes; a DELAY or REVIEW only with its own reason; the rest always."""
        decisions = {one["decision"] for one in findings}
        # The last reason given for a rule counts, as the form posts each once.
        reasons = {one.rule: one.reason.strip() for one in overrides}
        missing = [
            one
            for one in findings
            if one["decision"] in {Decision.DELAY, Decision.REVIEW} and not reasons.get(one["rule"])
        ]
        if Decision.BLOCK in decisions:
            with pytest.raises(RefusedByRuleBook):
                check(outcome, findings, overrides)
        elif missing:
            with pytest.raises(ReasonMissing) as refused:
                check(outcome, findings, overrides)
            assert refused.value.field == f"override_{missing[0]['rule']}"
        else:
            check(outcome, findings, overrides)

    @given(findings=findings_lists)
    def test_may_always_refuse(self, findings: Any) -> None:
        check(VerdictOutcome.NOT_ELIGIBLE, findings, [])

    @pytest.mark.parametrize(
        ("outcome", "texts", "field"),
        [
            (VerdictOutcome.ELIGIBLE, {"reason": ""}, "reason"),
            (VerdictOutcome.NOT_ELIGIBLE, {"reason": " \n"}, "reason"),
            (VerdictOutcome.ELIGIBLE_IF, {"conditions": " "}, "conditions"),
        ],
    )
    def test_is_written(self, outcome: VerdictOutcome, texts: Any, field: str) -> None:
        with pytest.raises(ReasonMissing) as refused:
            check(outcome, [], [], **texts)
        assert refused.value.field == field


class TestOverrides:
    @given(findings=findings_lists, overrides=override_lists, answers=answer_maps)
    def test_settle_the_findings_that_they_answer(
        self, findings: Any, overrides: Any, answers: Any
    ) -> None:
        kept = stored_overrides(overrides=overrides, findings=findings, answers=answers)
        settled = settled_rules(overrides=kept, findings=findings, answers=answers)
        assert settled == {one["rule"] for one in kept}
        decisions = {one["rule"]: one["decision"] for one in findings}
        assert all(decisions[rule] in {Decision.DELAY, Decision.REVIEW} for rule in settled)

    @pytest.mark.parametrize(
        ("decision", "answer", "holds"),
        [
            (Decision.REVIEW, "unknown", True),
            (Decision.REVIEW, "yes", False),
            (Decision.DELAY, "unknown", False),
            (Decision.BLOCK, "unknown", False),
        ],
    )
    def test_hold_for_the_same_answer_and_decision_only(
        self, decision: Decision, answer: str, holds: bool
    ) -> None:
        kept = stored_overrides(
            overrides=[Override("S06", "Demandé.")],
            findings=[finding("S06", Decision.REVIEW)],
            answers={},
        )
        now = settled_rules(
            overrides=kept,
            findings=[finding("S06", decision)],
            answers={"S06": {"answer": answer}},
        )
        assert ("S06" in now) is holds


class TestPeriod:
    @pytest.mark.parametrize(
        ("first", "last", "field"),
        [
            (TODAY, TODAY, None),
            (TODAY, date(2027, 3, 2), None),
            (TODAY + timedelta(days=90), TODAY + timedelta(days=200), None),
            (TODAY - timedelta(days=1), TODAY, "valid_from"),
            (TODAY, TODAY - timedelta(days=1), "valid_until"),
            (TODAY, date(2027, 3, 3), "valid_until"),
        ],
    )
    def test_lies_ahead_and_within_a_year(self, first: date, last: date, field: str | None) -> None:
        if field is None:
            check_period(valid_from=first, valid_until=last, today=TODAY)
        else:
            with pytest.raises(PeriodRefused) as refused:
                check_period(valid_from=first, valid_until=last, today=TODAY)
            assert refused.value.field == field

    @given(
        first=st.dates(TODAY, date(2060, 1, 1)),
        after=st.integers(min_value=0, max_value=800),
    )
    def test_proposed_is_always_allowed(self, first: date, after: int) -> None:
        last = validity().last_day(first, last_session_after_days=after)
        check_period(valid_from=first, valid_until=last, today=first)
        assert last >= add_months(first, 6)

    @pytest.mark.parametrize(
        ("after", "last"),
        [
            (0, date(2026, 9, 2)),
            (156, date(2026, 9, 2)),  # the day that six months end as well
            (157, date(2026, 9, 3)),
            (337, date(2027, 3, 2)),
            (338, date(2027, 3, 2)),
        ],
    )
    def test_proposed_covers_the_course_within_a_year(self, after: int, last: date) -> None:
        assert validity().last_day(date(2026, 3, 2), last_session_after_days=after) == last

    @pytest.mark.parametrize(
        ("day", "months", "then"),
        [
            (date(2026, 8, 31), 6, date(2027, 2, 28)),
            (date(2027, 8, 31), 6, date(2028, 2, 29)),
            (date(2028, 2, 29), 12, date(2029, 2, 28)),
            (date(2026, 12, 1), 1, date(2027, 1, 1)),
        ],
    )
    def test_months_end_where_they_end(self, day: date, months: int, then: date) -> None:
        assert add_months(day, months) == then


class TestCream:
    @given(
        answers=st.dictionaries(
            st.sampled_from(sorted(CREAM_CONDITIONS)),
            st.builds(lambda a: {"answer": a.value}, st.sampled_from(list(Answer))),
        )
    )
    def test_nothing_missing_is_taken_as_fine(self, answers: Any) -> None:
        for question, conditions in CREAM_CONDITIONS.items():
            answer = answer_to(question, answers)
            is_asked = question not in unasked_for_cream(answers)
            assert is_asked is (answer in {"yes", "no"})
            if answer == "yes":
                assert {one.value for one in conditions} <= set(cream_conditions(answers))
