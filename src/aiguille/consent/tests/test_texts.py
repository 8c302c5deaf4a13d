import json

import pytest

from aiguille.catalogue.facts import RiskKind, facts_of
from aiguille.consent.rules import fold
from aiguille.consent.texts import ConsentContent, compose
from aiguille.kernel.codes import Indication, Language, Procedure

TREATMENTS = [
    (procedure, indication) for procedure in Procedure for indication in facts_of(procedure).courses
]
every_text = pytest.mark.parametrize(
    ("procedure", "indication", "language"),
    [(*treatment, language) for treatment in TREATMENTS for language in Language],
)


def words(content: ConsentContent) -> str:
    return json.dumps(content.as_dict(), ensure_ascii=False)


@every_text
def test_the_law_s_contents_are_all_there(
    procedure: Procedure, indication: Indication, language: Language
) -> None:
    content = compose(procedure=procedure, indication=indication, language=language)
    assert content.section_ids == (
        "nature",
        "aim",
        "course",
        "contraindications",
        "frequent-risks",
        "serious-risks",
        "alternatives",
        "refusal",
        "aftercare",
        "cost",
        "your-rights",
    )
    assert all(section.paragraphs or section.items for section in content.sections)
    assert all(section.acknowledgement for section in content.sections)


@every_text
def test_every_risk_is_said_with_its_frequency(
    procedure: Procedure, indication: Indication, language: Language
) -> None:
    content = compose(procedure=procedure, indication=indication, language=language)
    said = words(content)
    for risk in facts_of(procedure).risks.values():
        assert risk.name.in_language(language) in said
        assert risk.frequency.in_language(language) in said
    serious = next(section for section in content.sections if section.id == "serious-risks")
    assert len(serious.items) == len(facts_of(procedure).risks_of(RiskKind.SERIOUS))


@every_text
def test_no_blank_is_left_open(
    procedure: Procedure, indication: Indication, language: Language
) -> None:
    content = compose(procedure=procedure, indication=indication, language=language)
    strings = [content.title, content.mention]
    for section in content.sections:
        strings += [section.title, section.acknowledgement, *section.paragraphs]
        strings += [part for item in section.items for part in (item.label, item.text)]
    assert not [text for text in strings if not text.strip() or "{" in text or "}" in text]


@every_text
def test_it_is_the_same_text_each_time_and_survives_json(
    procedure: Procedure, indication: Indication, language: Language
) -> None:
    content = compose(procedure=procedure, indication=indication, language=language)
    assert ConsentContent.from_dict(json.loads(words(content))) == content
    assert compose(procedure=procedure, indication=indication, language=language) == content


def test_each_treatment_has_a_text_of_its_own() -> None:
    texts = {
        words(compose(procedure=procedure, indication=indication, language=Language.FR))
        for procedure, indication in TREATMENTS
    }
    assert len(texts) == len(TREATMENTS)


def test_what_the_clinic_does_not_offer_has_no_text() -> None:
    with pytest.raises(KeyError):
        compose(
            procedure=Procedure.MESOTHERAPY,
            indication=Indication.CELLULITE_FAT,
            language=Language.FR,
        )


@pytest.mark.parametrize(
    ("typed", "is_right"),
    [
        ("Lu et compris, je consens librement à ce soin", True),
        ("  lu et compris je consens librement a ce soin. ", True),
        ("LU ET COMPRIS, JE CONSENS LIBREMENT À CE SOIN", True),
        ("lu et compris", False),
        ("", False),
    ],
)
def test_the_mention_is_typed_in_full(typed: str, is_right: bool) -> None:
    content = compose(
        procedure=Procedure.NEEDLING, indication=Indication.AGEING, language=Language.FR
    )
    assert (fold(typed) == fold(content.mention)) is is_right
