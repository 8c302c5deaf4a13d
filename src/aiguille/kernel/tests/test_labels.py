from enum import StrEnum

import pytest

from aiguille.kernel import codes
from aiguille.kernel.decisions import Decision
from aiguille.kernel.labels import label

WORDED: tuple[type[StrEnum], ...] = (
    codes.Procedure,
    codes.Zone,
    codes.Side,
    codes.Technique,
    codes.Direction,
    codes.EndPoint,
    codes.ProductKind,
    codes.ProductStatus,
    codes.Active,
    codes.ProductUse,
    codes.LotStatus,
    codes.VerdictOutcome,
    codes.StaffRole,
    codes.Triage,
    codes.Symptom,
    Decision,
)


@pytest.mark.parametrize("kind", WORDED, ids=lambda kind: kind.__name__)
def test_every_code_that_people_see_has_its_word_in_both_languages(kind: type[StrEnum]) -> None:
    for code in kind:
        words = label(code)
        assert words.fr.strip()
        assert words.en.strip()


def test_no_two_codes_of_a_kind_share_a_word() -> None:
    for kind in WORDED:
        for language in ("fr", "en"):
            words = [label(code).in_language(language) for code in kind]
            assert len(words) == len(set(words))
