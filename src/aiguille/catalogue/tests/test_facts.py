import re
from importlib.resources import files

import pytest

from aiguille.catalogue.facts import AdviceKind, Strength, duration_text, facts_of
from aiguille.catalogue.seed import _rows, treatment_code
from aiguille.kernel.codes import INDICATIONS_OF, Indication, Procedure, Symptom, Triage, Zone
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.rulebook.book import load_rulebook

every_procedure = pytest.mark.parametrize("procedure", list(Procedure))


def texts_of(value: object) -> list[Text]:
    """Every text of a fact."""
    names = type(value).__dataclass_fields__  # type: ignore[attr-defined]
    return [found for name in names if isinstance(found := getattr(value, name), Text)]


@every_procedure
def test_every_source_has_its_reference(procedure: Procedure) -> None:
    references = load_rulebook().sources
    for fact in facts_of(procedure).everything():
        assert set(fact.sources) <= set(references), fact.id


@every_procedure
def test_a_statement_without_source_is_marked_as_still_to_confirm(procedure: Procedure) -> None:
    for fact in facts_of(procedure).everything():
        assert fact.sources or fact.status == "to_confirm", fact.id


@every_procedure
def test_every_blank_is_filled_from_the_rule_book(procedure: Procedure) -> None:
    for fact in facts_of(procedure).everything():
        for text in texts_of(fact):
            assert not re.search(r"[{}]", text.fr + text.en), fact.id


@every_procedure
def test_french_is_set_as_french_is_printed(procedure: Procedure) -> None:
    for fact in facts_of(procedure).everything():
        for text in texts_of(fact):
            assert not re.search(r"'| [:;?!»]|« ", text.fr), text.fr
            assert "'" not in text.en, text.en


@every_procedure
def test_the_numbers_are_the_same_in_both_languages(procedure: Procedure) -> None:
    for fact in facts_of(procedure).everything():
        for text in texts_of(fact):
            assert numbers(text.fr) == numbers(text.en), text


def numbers(text: str) -> list[str]:
    plain = re.sub(r"(?<=\d)[\u00a0\u202f ,](?=\d{3})", "", text).replace("1er", "1")
    return sorted(re.findall(r"\d+", plain))


@every_procedure
def test_what_forbids_or_postpones_is_what_the_rule_book_refuses(procedure: Procedure) -> None:
    book = load_rulebook()
    refusing = {Decision.BLOCK, Decision.DELAY}
    for entry in facts_of(procedure).contraindications.values():
        actions = [book.questions[q].actions[procedure] for q in entry.questions]
        decisions = {action.effect.decision for action in actions}
        # What refuses one product only (an allergy to its anaesthetic) leaves the choice of another.
        refused = {action.active for action in actions if action.effect.decision is Decision.BLOCK}
        if entry.strength is Strength.DOCTOR:
            assert None not in refused, entry.id
        elif entry.questions != ("S46", "S47"):  # these delay only where hyaluronic acid is used
            assert decisions & refusing, entry.id


@every_procedure
def test_every_answer_that_always_blocks_is_told_to_the_public(procedure: Procedure) -> None:
    told = {q for entry in facts_of(procedure).contraindications.values() for q in entry.questions}
    for question in load_rulebook().questions.values():
        always = question.actions[procedure].effect.decision is Decision.BLOCK
        assert not always or question.id in told | {"S57"}, question.id


@every_procedure
def test_an_emergency_says_whom_to_call(procedure: Procedure) -> None:
    triage = load_rulebook().rules["R20"].cases
    for risk in facts_of(procedure).risks.values():
        urgent = {
            symptom
            for symptom in risk.symptoms
            if triage[symptom].attributes["triage"] == Triage.EMERGENCY_15
        }
        assert bool(urgent) == ("112" in risk.action.en), risk.id


@every_procedure
def test_every_symptom_that_is_told_belongs_to_the_one_list(procedure: Procedure) -> None:
    told = {symptom for risk in facts_of(procedure).risks.values() for symptom in risk.symptoms}
    assert told <= set(Symptom)
    assert {Symptom.PUS, Symptom.NODULE, Symptom.BREATHING_DIFFICULTY} <= told


def test_every_treatment_of_the_seed_has_its_course() -> None:
    for _, row in _rows("treatment"):
        procedure, indication = Procedure(row["procedure"]), Indication(row["indication"])
        course = facts_of(procedure).courses[indication]
        assert indication in INDICATIONS_OF[procedure]
        assert course.sessions.least <= course.sessions.usual <= course.sessions.most
        assert treatment_code(procedure, indication).startswith(procedure.value)


def test_a_clinics_own_values_are_told() -> None:
    shipped = load_rulebook()
    values = {
        "S06.days": 365,
        "R19.needling.days": 42,
        "R20.swelling.expected_hours": 48,
        "R20.redness.expected_hours": 96,
    }
    book = shipped.with_values(values)
    told, before = facts_of(Procedure.NEEDLING, book), facts_of(Procedure.NEEDLING)
    assert told.version != before.version == facts_of(Procedure.NEEDLING, shipped).version
    assert "365 jours après l’arrêt" in told.contraindications["isotretinoin"].text.fr
    reaction = told.risks["reaction"].action
    assert "4 jours" in reaction.fr
    assert "48 heures" in reaction.fr
    assert "7 jours" in before.risks["reaction"].action.fr
    for course in told.courses.values():
        if course.zones != {Zone.SCALP}:
            assert min(course.interval_days.usual, course.interval_days.least) >= 42


@every_procedure
def test_every_value_that_may_change_is_told_by_its_blank(procedure: Procedure) -> None:
    """Change every waiting time and every limit: no text tells the shipped one any more."""
    shipped = load_rulebook()
    named = re.findall(r"\{(\w+(?:\.\w+)+)(?::duration)?\}", _source_of(procedure))
    assert named
    for setting in set(named):
        if not shipped.settings[setting].is_editable:
            continue
        low, high = shipped.limits(setting)
        value = shipped.value(setting)
        other = low + 24 if setting.startswith("R20") else value + 1 if value < high else value - 1
        if not low <= other <= high or other == value:
            continue
        own = facts_of(procedure, shipped.with_values({setting: other}))
        texts = [
            {text.fr for fact in facts.everything() for text in texts_of(fact)}
            for facts in (facts_of(procedure), own)
        ]
        assert texts[0] != texts[1], setting


def _source_of(procedure: Procedure) -> str:
    path = files("aiguille.catalogue") / "data" / "facts" / f"{procedure.value}.toml"
    return "\n".join(
        line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")
    )


def test_no_course_is_closer_than_the_rule_book_allows() -> None:
    book = load_rulebook()
    for procedure in Procedure:
        least = book.value(f"R19.{procedure.value}.days")
        for course in facts_of(procedure).courses.values():
            assert course.interval_days.least >= least, course.id


def test_advice_for_one_zone_stays_with_that_zone() -> None:
    facts = facts_of(Procedure.MESOTHERAPY)
    scalp = {advice.id for advice in facts.advice_after(frozenset({Zone.SCALP}))}
    cheek = {advice.id for advice in facts.advice_after(frozenset({Zone.CHEEK}))}
    assert "no-washing-hair" in scalp - cheek
    assert "no-make-up" in cheek - scalp
    assert {"no-heat", "no-sun", "watch-nodules"} <= scalp & cheek


@every_procedure
def test_what_is_taken_up_again_is_no_longer_avoided(procedure: Procedure) -> None:
    advice = facts_of(procedure).advice_after()
    for again in (entry for entry in advice if entry.kind is AdviceKind.RESUME):
        assert again.until_hours is None
        assert again.from_hours > 0


@pytest.mark.parametrize(
    ("hours", "fr", "en"),
    [
        (8, "8 heures", "8 hours"),
        (48, "48 heures", "48 hours"),
        (72, "3 jours", "3 days"),
        (168, "7 jours", "7 days"),
        (336, "2 semaines", "2 weeks"),
        (2160, "90 jours", "90 days"),
    ],
)
def test_durations_are_said_as_people_say_them(hours: int, fr: str, en: str) -> None:
    assert duration_text(hours) == Text(fr=fr, en=en)
