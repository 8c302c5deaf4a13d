from datetime import date, timedelta
from typing import Any

import pytest

from aiguille.rulebook import decide
from aiguille.rulebook.tests.asks import ask, ids, rules, screen

HA = ["hyaluronic_acid"]
LIDOCAINE = ["lidocaine"]
VITAMIN_C = ["vitamin_c"]
DAY = "2027-06-05"


def said(answer: str = "yes", **facts: Any) -> dict[str, Any]:
    return {"answer": answer, **facts}


# What a plain "yes" leads to: (needling, mesotherapy with no active planned); None is silence.
PLAIN_YES = {
    "S01": ("BLOCK", "BLOCK"),
    "S02": ("BLOCK", "BLOCK"),
    "S03": (None, None),
    "S04": (None, None),
    "S05": ("BLOCK", "REVIEW"),
    "S06": ("DELAY", "REVIEW"),
    "S07": ("DELAY", "INFORM"),
    "S08": ("BLOCK", "BLOCK"),
    "S09": ("REVIEW", "REVIEW"),
    "S10": ("BLOCK", "BLOCK"),
    "S11": ("DELAY", "DELAY"),
    "S12": ("BLOCK", "REVIEW"),
    "S13": ("BLOCK", "REVIEW"),
    "S14": ("REVIEW", "REVIEW"),
    "S15": ("BLOCK", "REVIEW"),
    "S16": ("BLOCK", "BLOCK"),
    "S17": ("BLOCK", "BLOCK"),
    "S18": ("REVIEW", "REVIEW"),
    "S19": ("INFORM", "INFORM"),
    "S20": ("REVIEW", "BLOCK"),
    "S21": ("BLOCK", "BLOCK"),
    "S22": ("BLOCK", "REVIEW"),
    "S23": ("REVIEW", "REVIEW"),
    "S24": ("REVIEW", "BLOCK"),
    "S25": ("INFORM", "INFORM"),
    "S26": ("REVIEW", "REVIEW"),
    "S27": ("REVIEW", "REVIEW"),
    "S28": ("BLOCK", "REVIEW"),
    "S29": ("INFORM", "BLOCK"),
    "S30": ("INFORM", "INFORM"),
    "S31": ("REVIEW", "BLOCK"),
    "S32": ("INFORM", "INFORM"),
    "S33": ("REVIEW", "BLOCK"),
    "S34": ("REVIEW", "REVIEW"),
    "S35": ("INFORM", None),
    "S36": ("DELAY", "DELAY"),
    "S37": ("DELAY", "DELAY"),
    "S38": ("BLOCK", "BLOCK"),
    "S39": ("DELAY", "DELAY"),
    "S40": ("DELAY", "DELAY"),
    "S41": ("DELAY", "DELAY"),
    "S42": ("DELAY", "DELAY"),
    "S43": ("REVIEW", "INFORM"),
    "S44": (None, None),
    "S45": ("REVIEW", "INFORM"),
    "S46": ("INFORM", None),
    "S47": ("INFORM", None),
    "S48": ("DELAY", "INFORM"),
    "S49": ("BLOCK", "REVIEW"),
    "S50": ("INFORM", "INFORM"),
    "S51": ("REVIEW", "REVIEW"),
    "S52": ("BLOCK", "BLOCK"),
    "S53": ("REVIEW", "REVIEW"),
    "S54": ("REVIEW", "BLOCK"),
    "S55": ("REVIEW", "REVIEW"),
    "S56": (None, None),
    "S57": ("BLOCK", "BLOCK"),
}
PROCEDURES = ("needling", "mesotherapy")
ZONE_QUESTIONS = ids("S08 S10 S12 S13 S14 S16 S22 S36 S37 S38 S40 S41 S48 S49 S52")
FROM_FACTS = {"S03", "S04", "S44"}


@pytest.mark.parametrize("question", PLAIN_YES)
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_a_plain_yes(question: str, procedure: str) -> None:
    expected = PLAIN_YES[question][PROCEDURES.index(procedure)]
    found = screen({question: said()}, procedure=procedure)
    assert rules(found) == ({question: expected} if expected else {})
    assert found["decision"] == (expected or "OK")
    assert found["earliest"] is None


@pytest.mark.parametrize("question", PLAIN_YES)
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_unknown_is_a_review_and_no_is_silent(question: str, procedure: str) -> None:
    unknown = screen({question: said("unknown")}, procedure=procedure)
    assert rules(unknown) == ({} if question in FROM_FACTS else {question: "REVIEW"})
    assert rules(screen({question: said("no")}, procedure=procedure)) == {}


@pytest.mark.parametrize("question", PLAIN_YES)
@pytest.mark.parametrize("given", ["yes", "unknown"])
def test_only_zone_questions_are_silent_about_another_zone(question: str, given: str) -> None:
    elsewhere = screen({question: said(given, zones=["SCALP"])}, zones=["CHEEK", "NECK"])
    here = screen({question: said(given, zones=["SCALP", "NECK"])}, zones=["CHEEK", "NECK"])
    anywhere = screen({question: said(given, zones=[])}, zones=["CHEEK", "NECK"])
    plain = screen({question: said(given)}, zones=["CHEEK", "NECK"])
    assert here == anywhere == plain
    assert elsewhere == (screen() if question in ZONE_QUESTIONS else plain)


# Question, procedure, actives planned, facts of the answer, decision ("" for silence).
FORMS: list[tuple[str, str, list[str], dict[str, Any], str]] = [
    ("S14", "needling", [], {"type": "active_plaque"}, "BLOCK"),
    ("S14", "mesotherapy", [], {"type": "active_plaque"}, "REVIEW"),
    ("S19", "needling", [], {"type": "prescribed"}, "REVIEW"),
    ("S19", "mesotherapy", [], {"type": "prescribed"}, "INFORM"),
    ("S20", "needling", [], {"type": "unstable"}, "BLOCK"),
    ("S20", "mesotherapy", [], {"type": "unstable"}, "BLOCK"),
    ("S24", "needling", [], {"type": "scleroderma"}, "BLOCK"),
    ("S24", "needling", [], {"type": "inactive"}, "REVIEW"),
    ("S24", "mesotherapy", [], {"type": "scleroderma"}, "BLOCK"),
    ("S24", "mesotherapy", [], {"type": "inactive"}, "REVIEW"),
    ("S29", "needling", HA, {"type": "hyaluronic_acid"}, "INFORM"),
    ("S29", "mesotherapy", HA, {"type": "hyaluronic_acid"}, "BLOCK"),
    ("S29", "mesotherapy", HA, {"type": "biotin"}, "INFORM"),
    ("S29", "mesotherapy", [], {"type": "other"}, "INFORM"),
    ("S29", "mesotherapy", ["other"], {"type": "other"}, "BLOCK"),
    ("S29", "mesotherapy", HA, {}, "BLOCK"),
    ("S30", "needling", LIDOCAINE, {}, "INFORM"),
    ("S30", "mesotherapy", LIDOCAINE, {}, "BLOCK"),
    ("S30", "mesotherapy", ["procaine"], {}, "INFORM"),
    ("S32", "needling", VITAMIN_C, {}, "INFORM"),
    ("S32", "mesotherapy", VITAMIN_C, {}, "BLOCK"),
    ("S32", "mesotherapy", HA, {}, "INFORM"),
    ("S35", "needling", LIDOCAINE, {}, "INFORM"),
    ("S35", "mesotherapy", LIDOCAINE, {}, "REVIEW"),
    ("S35", "mesotherapy", HA, {}, ""),
    ("S46", "needling", HA, {"ended": DAY}, "INFORM"),
    ("S46", "mesotherapy", HA, {}, "DELAY"),
    ("S46", "mesotherapy", LIDOCAINE, {"ended": DAY}, ""),
    ("S47", "needling", HA, {"type": "infection", "ended": DAY}, "INFORM"),
    ("S47", "mesotherapy", HA, {}, "DELAY"),
    ("S47", "mesotherapy", LIDOCAINE, {}, ""),
    ("S48", "mesotherapy", HA, {"type": "wax", "ended": "2020-01-01"}, "INFORM"),
    ("S05", "mesotherapy", [], {"ended": "2001-01-01"}, "REVIEW"),
    ("S06", "mesotherapy", [], {"ended": "2001-01-01"}, "REVIEW"),
    ("S07", "mesotherapy", [], {"ended": "2001-01-01"}, "INFORM"),
    # For every BLOCK but S08, S10 and S21, an end changes nothing: once over, the answer is "no".
    ("S01", "needling", [], {"ended": "2001-01-01"}, "BLOCK"),
    ("S05", "needling", [], {"ended": "2001-01-01"}, "BLOCK"),
    ("S12", "needling", [], {"ended": "2001-01-01"}, "BLOCK"),
    ("S14", "needling", [], {"type": "active_plaque", "ended": "2001-01-01"}, "BLOCK"),
    ("S52", "mesotherapy", [], {"ended": "2001-01-01"}, "BLOCK"),
    # A type on a question that has none is a key nobody reads.
    ("S01", "needling", [], {"type": "whatever"}, "BLOCK"),
]


@pytest.mark.parametrize(("question", "procedure", "actives", "facts", "decision"), FORMS)
def test_questions_with_more_than_one_form(
    question: str, procedure: str, actives: list[str], facts: dict[str, Any], decision: str
) -> None:
    found = screen({question: said(**facts)}, procedure=procedure, actives=actives)
    assert rules(found) == ({question: decision} if decision else {})


@pytest.mark.parametrize("question", ["S35", "S46", "S47"])
def test_unknown_is_a_review_even_where_yes_would_be_silent(question: str) -> None:
    assert rules(screen({question: said("unknown")}, procedure="mesotherapy")) == {
        question: "REVIEW"
    }


# Each wait: its question, procedure, actives planned, type given, and days.
WAITS: list[tuple[str, str, list[str], str | None, int]] = [
    ("S06", "needling", [], None, 180),
    ("S07", "needling", [], None, 5),
    *[("S11", procedure, [], None, 14) for procedure in PROCEDURES],
    *[("S36", procedure, [], None, 14) for procedure in PROCEDURES],
    *[("S37", procedure, [], None, 28) for procedure in PROCEDURES],
    *[("S39", procedure, [], "superficial", 30) for procedure in PROCEDURES],
    *[("S39", procedure, [], "medium_deep", 90) for procedure in PROCEDURES],
    *[("S39", procedure, [], None, 90) for procedure in PROCEDURES],
    *[("S40", procedure, [], "non_ablative", 28) for procedure in PROCEDURES],
    *[("S40", procedure, [], "ablative", 90) for procedure in PROCEDURES],
    *[("S40", procedure, [], None, 90) for procedure in PROCEDURES],
    *[("S41", procedure, [], None, 180) for procedure in PROCEDURES],
    *[("S42", procedure, [], None, 14) for procedure in PROCEDURES],
    ("S46", "mesotherapy", HA, None, 14),
    ("S47", "mesotherapy", HA, "care", 14),
    ("S47", "mesotherapy", HA, "infection", 28),
    ("S47", "mesotherapy", HA, None, 28),
    ("S48", "needling", [], "wax", 7),
    ("S48", "needling", [], "shave", 1),
    ("S48", "needling", [], None, 7),
]


def _days_before(days: int) -> str:
    return (date.fromisoformat(DAY) - timedelta(days=days)).isoformat()


@pytest.mark.parametrize(("question", "procedure", "actives", "kind", "days"), WAITS)
def test_a_wait_is_over_on_its_last_day(
    question: str, procedure: str, actives: list[str], kind: str | None, days: int
) -> None:
    typed = {"type": kind} if kind else {}

    def after(elapsed: int) -> dict[str, Any]:
        answers = {question: said(ended=_days_before(elapsed), **typed)}
        return screen(answers, procedure=procedure, actives=actives)

    early = after(days - 1)
    assert rules(early) == {question: "DELAY"}
    assert early["earliest"] == _days_before(-1)
    assert after(days)["findings"] == []
    running = screen({question: said(**typed)}, procedure=procedure, actives=actives)
    assert (running["decision"], running["earliest"]) == ("DELAY", None)
    ahead = after(-3)
    assert ahead["earliest"] == _days_before(-3 - days)


@pytest.mark.parametrize(
    ("vaccine", "earliest"),
    [(0, -14), (13, -1), (14, None), (-14, -28), (-15, None), (-300, None)],
)
def test_a_vaccine_counts_on_both_sides(vaccine: int, earliest: int | None) -> None:
    answers = {"S46": said(ended=_days_before(vaccine))}
    found = screen(answers, procedure="mesotherapy", actives=HA)
    assert found["earliest"] == (None if earliest is None else _days_before(earliest))
    assert found["decision"] == ("OK" if earliest is None else "DELAY")


@pytest.mark.parametrize("procedure", PROCEDURES)
@pytest.mark.parametrize(
    ("question", "days", "then"),
    [("S08", 14, {"S09": "REVIEW"}), ("S10", 14, {}), ("S21", 180, {"S21": "REVIEW"})],
)
def test_a_refusal_that_ended_waits_then_changes(
    procedure: str, question: str, days: int, then: dict[str, str]
) -> None:
    waiting = screen({question: said(ended=_days_before(days - 1))}, procedure=procedure)
    assert rules(waiting) == {question: "DELAY"}
    assert waiting["earliest"] == _days_before(-1)
    over = screen({question: said(ended=_days_before(days))}, procedure=procedure)
    assert rules(over) == then
    assert over["earliest"] is None


@pytest.mark.parametrize("own", ["yes", "no", "unknown"])
def test_a_healed_herpes_speaks_once_as_s09(own: str) -> None:
    healed = {"S08": said(ended="2026-01-01"), "S09": said(own)}
    for answers in (healed, dict(reversed(healed.items()))):
        found = screen(answers)
        assert [finding["rule"] for finding in found["findings"]] == ["S09"]
        assert found["findings"][0]["sources"] == ["N25", "Z20b", "N37", "N38"]
        assert "antiviral" in found["findings"][0]["message"]["en"]


def test_a_healed_herpes_elsewhere_says_nothing() -> None:
    assert screen({"S08": said(ended="2026-01-01", zones=["BACK"])})["findings"] == []


@pytest.mark.parametrize(
    ("born", "found"),
    [
        ("2009-06-06", {"S03": "BLOCK"}),
        ("2009-06-05", {"S04": "INFORM"}),
        ("2005-06-06", {"S04": "INFORM"}),
        ("2005-06-05", {}),
        ("2027-06-05", {"S03": "BLOCK"}),
        ("2010-01-01", {"S03": "BLOCK"}),
    ],
)
def test_age_comes_from_the_birth_date_alone(born: str, found: dict[str, str]) -> None:
    assert rules(screen(born=born)) == found
    contrary = {"S03": said("no" if "S03" in found else "yes"), "S04": said("unknown")}
    assert rules(screen(contrary, born=born)) == found
    assert {"S03", "S04"} & rules(screen(born=born, unanswered="unknown")).keys() == set(found)


@pytest.mark.parametrize(
    ("act_date", "found"), [("2026-02-28", {"S03": "BLOCK"}), ("2026-03-01", {"S04": "INFORM"})]
)
def test_a_birthday_of_29_february_falls_on_1_march(act_date: str, found: dict[str, str]) -> None:
    assert rules(screen(born="2008-02-29", act_date=act_date)) == found


@pytest.mark.parametrize("procedure", PROCEDURES)
@pytest.mark.parametrize("phototype", [1, 3, 4, 6])
@pytest.mark.parametrize("own", ["yes", "no", "unknown"])
def test_a_known_phototype_decides_s44_alone(procedure: str, phototype: int, own: str) -> None:
    found = screen({"S44": said(own)}, procedure=procedure, phototype=phototype)
    assert rules(found) == ({"S44": "INFORM"} if phototype >= 4 else {})


@pytest.mark.parametrize(
    ("own", "found"), [("yes", {"S44": "INFORM"}), ("no", {}), ("unknown", {"S44": "REVIEW"})]
)
def test_without_a_phototype_s44_is_answered(own: str, found: dict[str, str]) -> None:
    assert rules(screen({"S44": said(own)}, phototype=None)) == found
    assert rules(screen(phototype=None, unanswered=own)).get("S44") == found.get("S44")


def test_what_is_not_answered_is_unknown_unless_said_otherwise() -> None:
    question = ask("screening")
    del question["unanswered"]
    found = decide(question)
    assert found == screen(unanswered="unknown")
    expected = {name: "REVIEW" for name in PLAIN_YES if name not in FROM_FACTS}
    assert rules(found) == expected
    assert rules(screen({"S01": said("no")}, unanswered="unknown")).keys() == expected.keys() - {
        "S01"
    }


def test_unanswered_may_be_yes() -> None:
    found = screen({"S57": said("no")}, unanswered="yes")
    assert rules(found) == {
        name: decision for name, (decision, _) in PLAIN_YES.items() if decision and name != "S57"
    }


def test_the_earliest_day_is_the_latest_of_all_delays() -> None:
    answers = {
        "S42": said(ended="2027-06-01"),
        "S36": said(ended="2027-06-04"),
        "S57": said(),
    }
    found = screen(answers)
    assert (found["decision"], found["earliest"]) == ("BLOCK", "2027-06-18")
    by_rule = {finding["rule"]: finding["earliest"] for finding in found["findings"]}
    assert by_rule == {"S57": None, "S36": "2027-06-18", "S42": "2027-06-15"}
    without_end = screen({**answers, "S11": said()})
    assert without_end["earliest"] is None


def test_findings_come_most_severe_first() -> None:
    answers = {"S25": said(), "S18": said(), "S11": said(), "S01": said()}
    found = [finding["rule"] for finding in screen(answers)["findings"]]
    assert found == ["S01", "S11", "S18", "S25"]
