"""Deliveries and changes of a lot, past the pages."""

from datetime import timedelta
from uuid import uuid4

import pytest

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.models import AuditEvent
from aiguille.catalogue import seed
from aiguille.catalogue.queries import list_products
from aiguille.kernel.actor import SYSTEM
from aiguille.plumbing.access import NotVisible
from aiguille.stock.models import Unit
from aiguille.stock.operations import (
    LotRefused,
    quarantine_lot,
    recall_lot,
    receive_lot,
    release_lot,
)
from aiguille.stock.queries import (
    find_unit_or_lot,
    get_lot,
    list_lots,
    movements_of,
    usable_units,
)
from aiguille.stock.rules import expires_soon, is_expired

pytestmark = pytest.mark.django_db


@pytest.fixture
def receive(world):
    seed.load(actor=SYSTEM, at=world.at)
    saline = next(p for p in list_products() if p.kind == "SALINE")

    def receive_it(**other):
        facts = {
            "product_id": saline.id,
            "site_id": world.lyon,
            "number": "S1",
            "expiry": world.at.date() + timedelta(days=90),
            "quantity": 2,
            "actor": world.hugo.actor,
            "at": world.at,
        }
        return receive_lot(**(facts | other))

    return receive_it


def test_a_second_delivery_adds_units(receive):
    lot_id = receive()
    assert receive(quantity=3) == lot_id
    assert get_lot(lot_id).units == 5
    assert [line.quantity for line in movements_of(lot_id)] == [3, 2]
    assert AuditEvent.objects.filter(action="stock:lot:received").count() == 2


def test_a_refused_delivery_leaves_nothing(world, receive):
    receive(serials=["A", "B"])
    for wrong, field in (
        ({"expiry": world.at.date()}, "expiry"),
        ({"serials": ["B", "C"]}, "serials"),
        ({"number": ""}, "number"),
        ({"number": "a\x1db"}, "number"),
        ({"quantity": -1}, "quantity"),
        ({"product_id": uuid4()}, "product"),
        ({"site_id": uuid4()}, "site"),
    ):
        with pytest.raises(LotRefused) as refused:
            receive(**wrong)
        assert refused.value.field == field
    assert Unit.objects.count() == 2


def test_a_lot_out_of_use_takes_no_delivery_and_gives_no_unit(world, receive):
    lot_id = receive()
    quarantine_lot(lot_id=lot_id, reason="Choc", actor=world.hugo.actor, at=world.at)
    with pytest.raises(LotRefused):
        receive()
    assert not usable_units(product_kinds=["SALINE"], site_id=world.lyon, on=world.at.date())
    release_lot(lot_id=lot_id, reason="Intact", actor=world.hugo.actor, at=world.at)
    assert receive() == lot_id


def test_a_status_changes_only_where_it_may(world, receive):
    lot_id = receive()
    how = {"lot_id": lot_id, "actor": world.hugo.actor, "at": world.at}
    with pytest.raises(LotRefused):
        release_lot(reason="x", **how)
    recall_lot(reason="x", **how)
    for change in (quarantine_lot, recall_lot, release_lot):
        with pytest.raises(LotRefused):
            change(reason="x", **how)
    with pytest.raises(NotVisible):
        recall_lot(reason="x", **(how | {"lot_id": uuid4()}))


def test_only_who_manages_stock_changes_it(world, receive):
    lot_id = receive()
    for person in (world.diane, world.ines, world.carla, world.anna):
        with pytest.raises(NotAllowed):
            receive(actor=person.actor)
        with pytest.raises(NotAllowed):
            recall_lot(lot_id=lot_id, reason="x", actor=person.actor, at=world.at)


def test_a_unit_and_its_lot_are_found_by_their_keys(receive):
    lot_id = receive()
    unit = Unit.objects.filter(lot_id=lot_id).first()
    assert unit is not None
    found = find_unit_or_lot(unit.id)
    assert found is not None
    assert (found.unit_id, found.lot_id) == (unit.id, lot_id)
    assert find_unit_or_lot(uuid4()) is None


def test_lots_are_listed_in_one_query(receive, django_assert_num_queries):
    for number in range(4):
        receive(number=f"N{number}")
    with django_assert_num_queries(1):
        assert len(list_lots()) == 4


def test_the_last_day_is_still_good(world):
    today = world.at.date()
    assert not is_expired(today, on=today)
    assert is_expired(today - timedelta(days=1), on=today)
    assert expires_soon(today, on=today)
    assert expires_soon(today + timedelta(days=60), on=today)
    assert not expires_soon(today + timedelta(days=61), on=today)
    assert not expires_soon(today - timedelta(days=1), on=today)
