from typing import TypeVar

import pytest

from aiguille.catalogue.facts import Knowledge, facts_of
from aiguille.catalogue.guides import (
    ClaimsBlock,
    ContraindicationsBlock,
    RisksBlock,
    guide,
    procedure_of_slug,
)
from aiguille.kernel.codes import Procedure
from aiguille.rulebook.book import load_rulebook

Found = TypeVar("Found")

every_procedure = pytest.mark.parametrize("procedure", list(Procedure))

# What a visitor must find, whatever the procedure.
SECTIONS = {
    "what",
    "skin",
    "concerns",
    "session",
    "feels",
    "sessions",
    "before",
    "after",
    "risks",
    "who-not",
    "compared",
    "home",
    "questions",
}


@every_procedure
def test_a_guide_is_complete(procedure: Procedure) -> None:
    assert {section.id for section in guide(procedure).sections} >= SECTIONS
    assert len(guide(procedure).questions) >= 6


@every_procedure
def test_every_claim_of_the_facts_is_told(procedure: Procedure) -> None:
    told = {claim.id for block in blocks(procedure, ClaimsBlock) for claim in block.claims}
    spared = {"no-treatment"}  # it belongs to the consent
    assert told | spared >= set(facts_of(procedure).claims)


@every_procedure
def test_known_and_believed_never_stand_in_one_block(procedure: Procedure) -> None:
    for block in blocks(procedure, ClaimsBlock):
        assert len({claim.knowledge for claim in block.claims}) == 1
        assert block.is_believed == (block.claims[0].knowledge is Knowledge.BELIEVED)


@every_procedure
def test_every_risk_and_every_contraindication_is_told(procedure: Procedure) -> None:
    facts = facts_of(procedure)
    risks = {f.id for block in blocks(procedure, RisksBlock) for g in block.groups for f in g.facts}
    reasons = {
        fact.id
        for block in blocks(procedure, ContraindicationsBlock)
        for group in block.groups
        for fact in group.facts
    }
    assert risks == set(facts.risks)
    assert reasons == set(facts.contraindications)


@every_procedure
def test_sources_are_numbered_once_in_the_order_of_reading(procedure: Procedure) -> None:
    references = guide(procedure).references
    tags = [tag for tag, _ in references]
    assert len(set(tags)) == len(tags)
    assert guide(procedure).numbers(tags) == list(range(1, len(tags) + 1))
    assert dict(references).items() <= dict(load_rulebook().sources).items()


@every_procedure
def test_a_guide_is_found_by_its_slug_in_either_language(procedure: Procedure) -> None:
    for slug in guide(procedure).slug.as_dict().values():
        assert procedure_of_slug(slug) is procedure
    assert procedure_of_slug("botox") is None


def blocks(procedure: Procedure, kind: type[Found]) -> list[Found]:
    return [
        block
        for section in guide(procedure).sections
        for block in section.blocks
        if isinstance(block, kind)
    ]
