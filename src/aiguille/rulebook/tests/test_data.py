"""The shipped rule files: complete, in both languages, each value with its source or its doubt."""

import re
from decimal import Decimal
from itertools import pairwise

import pytest

from aiguille.kernel.codes import (
    FORBIDDEN_ZONES,
    Active,
    CreamCondition,
    Procedure,
    Symptom,
    Triage,
    Zone,
)
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.rulebook import Status, UnknownRule, ValueRefused, decide, load_rulebook
from aiguille.rulebook.entries import Case, QuestionInput, Rule
from aiguille.rulebook.loading import DATA, QUESTION_IDS
from aiguille.rulebook.tests.asks import SOUND, ask, ids

BOOK = load_rulebook()
STARRED = ids("S01 S02 S05 S08 S10 S11 S12 S18 S19 S42 S56")
CASES = [(rule, case) for rule in BOOK.rules.values() for case in rule.cases.values()]


def texts() -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    for question in BOOK.questions.values():
        found += [
            (question.id, text)
            for text in (question.title, question.ask, question.help, question.message)
        ]
        found += [(question.id, option.label) for option in question.types]
        found += [
            (question.id, effect.message)
            for action in question.actions.values()
            for effect in action.effects()
        ]
    found += [(rule.id, rule.title) for rule in BOOK.rules.values()]
    found += [(rule.id, case.message) for rule, case in CASES if case.message]
    found += [(rule.id, case.label) for rule, case in CASES if case.label]
    return found + [(theme.code, theme.title) for theme in BOOK.themes]


def test_all_57_questions_exist_once_and_in_one_theme() -> None:
    assert tuple(BOOK.questions) == QUESTION_IDS
    assert len(QUESTION_IDS) == 57
    themed = [name for theme in BOOK.themes for name in theme.questions]
    assert sorted(themed) == list(QUESTION_IDS)


def test_the_starred_questions_are_asked_again_on_the_day() -> None:
    assert [name for name, question in BOOK.questions.items() if question.starred] == STARRED
    for procedure in Procedure:
        again = BOOK.questions_for(procedure, starred_only=True)
        assert sorted(question.id for question in again) == STARRED


def test_every_text_is_two_texts_in_good_typography() -> None:
    for owner, text in texts():
        for language, words in text.as_dict().items():
            assert words == words.strip(), (owner, words)
            assert words, owner
            assert "'" not in words, (owner, words)
            assert "  " not in words, (owner, words)
            if language == "fr":
                assert not re.search(r"[^\s\u00a0][?!;»]| [:?!;»]", words), (owner, words)
        if len(text.fr) > 25:
            assert text.fr != text.en, owner


def test_questions_are_questions_without_a_verdict() -> None:
    for question in BOOK.questions.values():
        assert question.ask.fr.endswith("\u00a0?"), question.id
        assert question.ask.en.endswith("?"), question.id
        assert len(question.ask.fr) <= 130, question.id


def test_every_source_has_a_reference() -> None:
    used = {tag for question in BOOK.questions.values() for tag in question.sources}
    used |= {tag for rule in BOOK.rules.values() for tag in rule.sources}
    used |= {tag for _, case in CASES for tag in case.sources}
    assert used <= BOOK.sources.keys()
    assert not used & {"DEF", "GK", "CALC"}


def test_what_has_no_source_is_to_be_confirmed() -> None:
    for entry in (*BOOK.rules.values(), *BOOK.questions.values()):
        assert entry.sources or entry.status is Status.TO_CONFIRM, entry.id
    for rule, case in CASES:
        assert case.sources or case.status is Status.TO_CONFIRM, (rule.id, case.name)


def test_cautious_defaults_are_to_be_confirmed() -> None:
    confirmed = [name for name, q in BOOK.questions.items() if q.status is Status.CONFIRMED]
    assert confirmed == ["S57"]
    for rule in ("R03", "R10", "R15", "R16", "R18", "R20", "HOME_NEEDLING", "TOO_MANY_ROLLS"):
        assert BOOK.rules[rule].status is Status.TO_CONFIRM, rule
    assert {BOOK.case("R16", zone).status for zone in Zone} == {Status.TO_CONFIRM}
    for rule, case in (("R19", "needling"), ("R19", "mesotherapy"), ("R14", "porphyria")):
        assert BOOK.case(rule, case).status is Status.TO_CONFIRM, case


def test_no_file_names_a_place_on_a_machine() -> None:
    for path in DATA.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.\./|/work|/home|/tmp|\.txt\b", text), path.name


def test_the_data_covers_every_code() -> None:
    assert set(Zone) <= BOOK.rules["R16"].cases.keys()
    assert set(Symptom) <= BOOK.rules["R20"].cases.keys()
    assert set(Triage) - {Triage.EXPECTED} <= BOOK.rules["R20"].cases.keys()
    assert set(CreamCondition) == BOOK.rules["R14"].cases.keys()
    assert {option.code for option in BOOK.questions["S29"].types} == set(Active)


@pytest.mark.parametrize("zone", [zone for zone in Zone if zone not in FORBIDDEN_ZONES])
def test_a_zone_proposes_less_than_it_warns_of_and_warns_before_it_stops(zone: Zone) -> None:
    steps = [BOOK.value(f"R16.{zone}.{step}") for step in ("default_mm", "warn_mm", "max_mm")]
    assert all(low <= high for low, high in pairwise(steps))
    assert steps[-1] <= Decimal("2.5")


@pytest.mark.parametrize("procedure", list(Procedure))
def test_every_question_matters_to_the_procedure_that_it_is_asked_for(
    procedure: Procedure,
) -> None:
    every = BOOK.questions_for(procedure)
    assert every[0].input is QuestionInput.BIRTH_DATE
    assert all(question.matters_to(procedure) for question in every)
    assert {*QUESTION_IDS} - {question.id for question in every} == {"S04", "S56"}
    with_the_days = BOOK.questions_for(procedure, with_day_only=True)
    assert {question.id for question in with_the_days} == {*QUESTION_IDS} - {"S04"}
    assert [question for question in with_the_days if question in every] == every


def test_a_question_asks_only_for_details_that_matter() -> None:
    needling, mesotherapy = Procedure
    questions = BOOK.questions
    asks_end = [name for name, question in questions.items() if question.asks_end(needling)]
    assert asks_end == ids("S06 S07 S08 S10 S11 S21 S36 S37 S39 S40 S41 S42 S48")
    assert questions["S46"].asks_end(mesotherapy)
    assert not questions["S46"].asks_end(needling)
    asks_type = [name for name, question in questions.items() if question.asks_type(mesotherapy)]
    assert asks_type == ids("S24 S29 S39 S40 S47")
    zoned = [name for name, question in questions.items() if question.asks_zones]
    assert zoned == ids("S08 S10 S12 S13 S14 S16 S22 S36 S37 S38 S40 S41 S48 S49 S52")


def test_a_branch_that_is_not_reached_counts_as_no() -> None:
    stopped = BOOK.questions["S06"]
    assert not stopped.is_reached({"S05": "yes"})
    assert stopped.is_reached({"S05": "no"})
    assert stopped.is_reached({})
    assert BOOK.implied_answers({"S05": "yes", "S25": "yes"}) == {
        "S06": "no",
        "S26": "no",
        "S56": "no",
    }
    assert BOOK.implied_answers({"S05": "yes", "S06": "yes", "S56": "unknown"}) == {}


def test_every_case_can_be_explained() -> None:
    for name in (*BOOK.rules, *BOOK.questions):
        explanation = BOOK.explain(name)
        cited = {source.tag for source in explanation.sources}
        assert set(explanation.entry.sources) <= cited
        assert all(source.reference for source in explanation.sources)
    assert BOOK.explain("S06").values == {"S06.days": 180}
    with pytest.raises(UnknownRule):
        BOOK.explain("S99")


def test_every_case_that_decides_can_be_reached() -> None:
    def decides(pair: tuple[Rule, Case]) -> bool:
        return pair[1].decision is not None

    assert all(case.decision is not Decision.OK for _, case in filter(decides, CASES))
    assert all(case.label or case.settings or case.decision for _, case in CASES)


def test_the_version_tells_the_data_apart() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{12}", BOOK.version)
    assert load_rulebook() is BOOK
    assert BOOK.with_values({"S06.days": 200}).version == BOOK.version


# --- A clinic's own values ------------------------------------------------------------------------


def test_a_clinic_s_value_is_used_and_leaves_the_shipped_one_alone() -> None:
    question = ask(
        "screening", answers={"S06": {"answer": "yes", "ended": "2026-12-07"}}, unanswered="no"
    )
    assert decide(question)["decision"] == "OK"
    found = decide(question, values={"S06.days": 200})
    assert (found["decision"], found["earliest"]) == ("DELAY", "2027-06-25")
    assert decide(question)["decision"] == "OK"
    depth = ask("depth", needle_mm=1)
    assert decide(depth, values={"R16.CHEEK.max_mm": Decimal("0.9")})["decision"] == "BLOCK"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("S06.days", 179),
        ("S06.days", Decimal("200.5")),
        ("S06.days", 10**6),
        ("S07.days", 8),
        ("S37.days", 13),
        ("R11.max_grams", 61),
        ("R15.max_mg", 201),
        ("R16.CHEEK.max_mm", Decimal("1.6")),
        ("R19.needling.days", 27),
        ("R11.max_grams", -1),
        ("R11.max_grams", Decimal("NaN")),
        ("R11.max_grams", True),
        ("RETENTION.years_after_last_visit", 10),
        ("S99.days", 1),
        ("no such thing", 1),
    ],
)
def test_a_value_beyond_its_hard_limits_is_refused(setting: str, value: Decimal | int) -> None:
    with pytest.raises(ValueRefused) as refusal:
        decide(ask("density"), values={setting: value})
    assert refusal.value.field == setting


def test_no_clinic_can_loosen_a_shipped_limit_by_a_value_at_its_bound() -> None:
    for name, setting in BOOK.settings.items():
        if not setting.is_editable:
            continue
        for bound in (setting.at_least, setting.at_most, setting.value):
            if bound is not None:
                BOOK.check_value(name, bound)


def test_the_asks_of_these_tests_are_all_sound() -> None:
    assert all("decision" in decide(ask(kind)) for kind in SOUND)
