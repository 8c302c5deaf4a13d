"""What patients read of a finding: every finding has its words, and they are for a patient."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from aiguille.care.information import _texts, information_text
from aiguille.catalogue.rule_values import rules_with
from aiguille.kernel.codes import Procedure
from aiguille.kernel.decisions import Decision
from aiguille.rulebook import load_rulebook

RULES = rules_with({}, number=0)
# The words of a decision, which a patient never meets; "allergy" and the like are theirs.
DECIDES = re.compile(
    r"interdi|contre-indi|éligib|avis médical|refus|bloqu|report|autoris|dérog|risque grave"
    r"|forbid|contra-?indi|eligib|verdict|refus|block|delay|overrid|review|allowed",
    re.IGNORECASE,
)


def told() -> Iterator[tuple[str, Procedure]]:
    """Yield each finding of the questionnaire that asks to tell the patient, by procedure."""
    for question in load_rulebook().questions.values():
        for procedure, action in question.actions.items():
            then = action.after_end.then if action.after_end else None
            effects = [action.effect, *action.by_type.values(), action.otherwise, then]
            for effect in effects:
                if effect is not None and effect.decision is Decision.INFORM:
                    yield effect.rule, procedure


TOLD = sorted(set(told()))


def test_the_questionnaire_asks_to_tell_something() -> None:
    assert len(TOLD) > 15


@pytest.mark.parametrize(("rule", "procedure"), [*TOLD, ("R12", Procedure.NEEDLING)])
def test_a_finding_has_its_words_in_both_languages(rule: str, procedure: Procedure) -> None:
    found = information_text(rule, procedure, RULES)
    for text in (found.title, found.text):
        assert text.fr.strip()
        assert text.en.strip()
        assert text.fr != text.en
        for words in (text.fr, text.en):
            assert "{" not in words
            assert not DECIDES.search(words), words


def test_no_words_are_left_over() -> None:
    known = {rule for rule, _ in TOLD} | {"R12"}
    assert {rule for rule, _ in _texts()} == known
    by_procedure = {key for key in _texts() if key[1]}
    assert by_procedure <= {(rule, procedure.value) for rule, procedure in TOLD}


def test_a_finding_that_nobody_put_into_words_is_not_passed_over() -> None:
    with pytest.raises(LookupError):
        information_text("S01", Procedure.NEEDLING, RULES)


def test_a_clinics_value_makes_another_text() -> None:
    longer = rules_with({"R12.min_minutes": Decimal(75)}, number=1)
    shipped, own = (information_text("R12", Procedure.NEEDLING, r) for r in (RULES, longer))
    assert "60 minutes" in shipped.text.fr
    assert "75 minutes" in own.text.fr
    assert "75 minutes" in own.text.en
    assert shipped.digest != own.digest
