"""Changing the catalogue: sound services only, protocols by the medical director."""

import json

import pytest

from aiguille.accounts.rights import NotAllowed
from aiguille.catalogue import queries
from aiguille.catalogue.operations import (
    CodeTaken,
    ProtocolNeedsKnowledge,
    ServiceUnsound,
    adopt_protocol,
    create_product,
    create_service,
    create_treatment,
)
from aiguille.catalogue.queries import NeedView, NotInCatalogue, PhaseView
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Indication, Procedure, ProductStatus, ResourceKind, ServiceKind
from aiguille.kernel.ids import new_id
from aiguille.kernel.money import Money
from aiguille.kernel.text import Text
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.model import Adoption
from aiguille.protocols.sources import ProtocolMalformed

pytestmark = pytest.mark.django_db
NAME = Text(fr="Nom", en="Name")
DOCTOR = NeedView("doctor", ResourceKind.PRACTITIONER, "", 0, 5)
ROOM = NeedView("room", ResourceKind.ROOM, "", 0, 0)
TALK = PhaseView(NAME, 30, ("doctor", "room"))


@pytest.fixture
def add_service(world):
    def add(**other):
        facts = {
            "code": "talk",
            "kind": ServiceKind.CONSULTATION,
            "procedure": Procedure.NEEDLING,
            "treatment_id": None,
            "name": NAME,
            "description": NAME,
            "needs": [DOCTOR, ROOM],
            "phases": [TALK],
            "min_notice_minutes": 60,
            "max_horizon_days": 30,
            "price": Money(6000),
            "actor": SYSTEM,
            "at": world.at,
        }
        return create_service(**(facts | other))

    return add


@pytest.fixture
def add_treatment(world):
    def add(**other):
        facts = {
            "code": "ageing",
            "procedure": Procedure.NEEDLING,
            "indication": Indication.AGEING,
            "name": NAME,
            "summary": NAME,
            "actor": SYSTEM,
            "at": world.at,
        }
        return create_treatment(**(facts | other))

    return add


class TestService:
    def test_is_read_as_it_was_made(self, add_service, django_assert_num_queries):
        service_id = add_service(phases=[TALK, PhaseView(NAME, 15, ("room",))])
        view = queries.get_service(service_id)
        with django_assert_num_queries(1):
            assert queries.get_service(service_id) == view
        assert view.needs == (DOCTOR, ROOM)
        assert [phase.minutes for phase in view.phases] == [30, 15]
        assert (view.minutes, view.price, view.name) == (45, Money(6000), NAME)
        assert queries.consultation_service(Procedure.NEEDLING) == view

    @pytest.mark.parametrize(
        "wrong",
        [
            {"phases": []},
            {"phases": [PhaseView(NAME, 32, ("doctor", "room"))]},
            {"phases": [PhaseView(NAME, 0, ("doctor", "room"))]},
            {"phases": [PhaseView(NAME, 30, ("doctor",))]},
            {"phases": [PhaseView(NAME, 30, ("doctor", "room", "nurse"))]},
            {"needs": [DOCTOR, DOCTOR]},
            {"needs": [DOCTOR, NeedView("room", ResourceKind.PRACTITIONER, "", 0, 0)]},
            {"needs": [DOCTOR, NeedView("room", ResourceKind.ROOM, "", 0, 7)]},
            {"slot_step_minutes": 0},
            {"slot_step_minutes": 7},
            {"min_notice_minutes": 61},
            {"kind": ServiceKind.SESSION},
        ],
    )
    def test_that_does_not_fit_together_is_refused(self, add_service, wrong):
        with pytest.raises(ServiceUnsound):
            add_service(**wrong)
        with pytest.raises(NotInCatalogue):
            queries.service_by_code("talk")

    def test_has_a_code_of_its_own(self, add_service):
        add_service()
        with pytest.raises(CodeTaken):
            add_service()

    def test_is_made_by_who_manages_the_clinic(self, world, add_service):
        with pytest.raises(NotAllowed):
            add_service(actor=world.bruno.actor)


class TestTreatment:
    def test_is_one_pair(self, add_treatment):
        treatment_id = add_treatment()
        assert queries.treatment_by_code("ageing").id == treatment_id
        with pytest.raises(CodeTaken):
            add_treatment(code="again")

    def test_has_an_indication_of_its_procedure(self, add_treatment):
        with pytest.raises(ValueError, match="no indication"):
            add_treatment(indication=Indication.PAIN)

    def test_that_is_unknown_is_named_so(self):
        for ask in (queries.get_treatment, queries.get_service, queries.get_product):
            with pytest.raises(NotInCatalogue):
                ask(new_id())


def test_a_product_has_a_code_of_its_own(world):
    facts = {
        "code": "saline",
        "kind": "SALINE",
        "name": "Sérum",
        "maker": "Laboratoire",
        "status": ProductStatus.MEDICAMENT_AMM,
        "actor": SYSTEM,
        "at": world.at,
    }
    product_id = create_product(**facts)
    assert [product.id for product in queries.products_for("SALINE")] == [product_id]
    with pytest.raises(CodeTaken):
        create_product(**facts)


class TestProtocol:
    @pytest.fixture
    def shipped(self):
        return min(shipped_protocols().values(), key=lambda shipped: shipped.protocol.id)

    def adopt(self, world, shipped, **other):
        facts = {
            "content": shipped.content,
            "knowingly": True,
            "actor": world.bruno.actor,
            "at": world.at,
        }
        return adopt_protocol(**(facts | other))

    def test_is_adopted_by_the_medical_director_once(self, world, shipped):
        version_id = self.adopt(world, shipped)
        assert self.adopt(world, shipped) == version_id
        view = queries.get_protocol_version(version_id)
        assert view.digest == shipped.digest
        # Equal in their order too, on which the screen and the conditions between fields depend.
        assert json.dumps(view.content) == json.dumps(shipped.content)
        with pytest.raises(NotAllowed):
            self.adopt(world, shipped, actor=world.paula.actor)

    def test_keeps_its_content_under_its_version(self, world, shipped):
        self.adopt(world, shipped)
        title = {"fr": "Autre", "en": "Other"}
        with pytest.raises(CodeTaken):
            self.adopt(world, shipped, content={**shipped.content, "title": title})

    def test_that_is_malformed_is_refused(self, world, shipped):
        with pytest.raises(ProtocolMalformed):
            self.adopt(world, shipped, content={"id": "nothing"})

    def test_that_departs_from_the_safer_reading_is_adopted_knowingly(self, world):
        found = 0
        for shipped in shipped_protocols().values():
            if shipped.protocol.adoption is Adoption.KNOWINGLY:
                found += 1
                with pytest.raises(ProtocolNeedsKnowledge):
                    self.adopt(world, shipped, knowingly=False)
        assert found
