"""Bounds on a date, and who they bind."""

from datetime import UTC, date, datetime, timedelta

import pytest

from aiguille.booking.rules import (
    CHANGE_LIMIT,
    Earliest,
    latest_bound,
    may_still_change,
    screening_bound,
)
from aiguille.kernel.actor import SYSTEM, VISITOR, Actor, ActorKind
from aiguille.kernel.text import Text

WHY = Text(fr="Attendre.", en="Wait.")
START = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # the instant at which clocks go forward in France
PATIENT = Actor(kind=ActorKind.PATIENT, id=None, display_name="Anna")
DESK = Actor(kind=ActorKind.STAFF, id=None, display_name="Diane")


def finding(rule, decision, earliest=None):
    return {
        "rule": rule,
        "decision": decision,
        "earliest": earliest,
        "message": {"fr": rule, "en": rule},
    }


@pytest.mark.parametrize("actor", [VISITOR, PATIENT])
@pytest.mark.parametrize(
    ("left", "may"),
    [
        (CHANGE_LIMIT + timedelta(seconds=1), True),
        (CHANGE_LIMIT, True),
        (CHANGE_LIMIT - timedelta(seconds=1), False),
        (timedelta(0), False),
    ],
)
def test_patients_may_change_until_the_limit(actor, left, may):
    assert may_still_change(starts_at=START, actor=actor, at=START - left) is may


@pytest.mark.parametrize("actor", [DESK, SYSTEM])
def test_the_limit_does_not_bind_the_clinic(actor):
    assert may_still_change(starts_at=START, actor=actor, at=START)


@pytest.mark.parametrize(
    ("dates", "bound"),
    [
        ([date(2026, 3, 1)], date(2026, 3, 1)),
        ([date(2026, 3, 1), date(2026, 4, 1), date(2026, 2, 1)], date(2026, 4, 1)),
        ([date(2026, 3, 1), None, date(2026, 4, 1)], None),
    ],
)
def test_the_latest_bound_binds_and_never_wins(dates, bound):
    assert latest_bound(Earliest(day, WHY) for day in dates).date == bound


@pytest.mark.parametrize(
    ("findings", "settled", "expected"),
    [
        ([], (), "free"),
        ([finding("S1", "INFORM"), finding("S2", "WARN")], (), "free"),
        ([finding("S1", "REVIEW")], ("S1",), "free"),
        ([finding("S1", "REVIEW")], ("S2",), None),
        ([finding("S1", "BLOCK")], ("S1",), None),
        ([finding("S1", "DELAY", "2026-05-01")], (), date(2026, 5, 1)),
        ([finding("S1", "DELAY")], (), None),
        (
            [finding("S1", "DELAY", "2026-05-01"), finding("S2", "DELAY", "2026-06-01")],
            (),
            date(2026, 6, 1),
        ),
        ([finding("S1", "DELAY", "2026-05-01"), finding("S2", "BLOCK")], (), None),
    ],
)
def test_answers_bind_unless_a_physician_settled_them(findings, settled, expected):
    found = screening_bound(findings, settled)
    assert ("free" if found is None else found.date) == expected
    if found is not None:
        assert "médecin" in found.bound_by.fr
        assert not any(one["rule"] in found.bound_by.fr for one in findings), "between two of them"
