from datetime import UTC, datetime

import pytest
from stdnum import ean

from aiguille.catalogue import queries, seed
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import INDICATIONS_OF, Procedure, ProductStatus, ServiceKind

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_loading_fills_an_empty_catalogue_and_loading_again_changes_nothing() -> None:
    assert seed.load(actor=SYSTEM, at=AT) == seed.Loaded(treatments=7, services=9, products=22)
    assert seed.load(actor=SYSTEM, at=AT) == seed.Loaded(treatments=0, services=0, products=0)


def test_every_treatment_has_a_session_and_every_procedure_a_consultation() -> None:
    seed.load(actor=SYSTEM, at=AT)
    for treatment in queries.list_treatments():
        session = queries.session_service(treatment.id)
        assert session.kind is ServiceKind.SESSION
        assert treatment.indication in INDICATIONS_OF[session.procedure]
    for procedure in Procedure:
        assert queries.consultation_service(procedure).minutes == 30


def test_only_the_treatment_itself_holds_the_doctor() -> None:
    seed.load(actor=SYSTEM, at=AT)
    for service in queries.list_services(kind=ServiceKind.SESSION):
        assert [("doctor" in phase.needs) for phase in service.phases] == [False, True, False]
        assert all("room" in phase.needs for phase in service.phases)


def test_numbing_in_the_room_lasts_at_least_the_hour_that_the_cream_needs() -> None:
    seed.load(actor=SYSTEM, at=AT)
    for service in queries.list_services(kind=ServiceKind.SESSION, procedure=Procedure.NEEDLING):
        assert service.phases[0].minutes >= 60


def test_what_pierces_the_skin_is_sterile_and_single_use() -> None:
    seed.load(actor=SYSTEM, at=AT)
    for kind in ("ROLLER", "PEN_CARTRIDGE", "NEEDLE", "SYRINGE", "INJECTABLE"):
        products = queries.products_for(kind)
        assert products
        assert all(product.is_sterile and product.is_single_use for product in products)


def test_what_is_injected_has_a_status_that_allows_it() -> None:
    seed.load(actor=SYSTEM, at=AT)
    allowed = {ProductStatus.DM_CE_CLASSE_III, ProductStatus.MEDICAMENT_AMM}
    assert {product.status for product in queries.products_for("INJECTABLE")} <= allowed


def test_no_product_can_be_taken_for_one_on_the_market() -> None:
    seed.load(actor=SYSTEM, at=AT)
    gtins = [product.gtin for product in queries.list_products()]
    assert len(set(gtins)) == len(gtins)
    assert all(gtin.startswith("02") and ean.is_valid(gtin) for gtin in gtins)
    assert all("fictif" in product.maker for product in queries.list_products())
