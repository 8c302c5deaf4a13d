"""The shelves: who sees them, what is taken in, what is taken out of use."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from aiguille.audit.models import AuditEvent
from aiguille.catalogue.queries import list_products
from aiguille.stock.models import Lot, Unit
from aiguille.stock.operations import receive_lot
from aiguille.treatment_sessions.operations import begin_session
from tests.course import open_catalogue
from tests.session_day import go_to, ready_for_session, run_to_the_end, stock_up

pytestmark = pytest.mark.django_db
GS = "\x1d"


@pytest.fixture
def hugo(world):
    open_catalogue(at=world.at)
    return world.staff_client(world.hugo)


def product(code="roller-192-0-5"):
    return next(each for each in list_products() if each.code == code)


def take_in(world, *, number="R1", days=300, quantity=10, code="roller-192-0-5", site=None):
    return receive_lot(
        product_id=product(code).id,
        site_id=site or world.lyon,
        number=number,
        expiry=world.at.date() + timedelta(days=days),
        quantity=quantity,
        actor=world.hugo.actor,
        at=world.at,
    )


def page(client, name, *args):
    return client.get(reverse(f"desk:{name}", args=args))


def delivery(world, **typed):
    facts = {
        "action": "receive",
        "code": "",
        "site": str(world.lyon),
        "product": str(product().id),
        "number": "R1",
        "expiry": (world.at.date() + timedelta(days=300)).isoformat(),
        "quantity": "3",
        "serials": "",
    }
    return facts | typed


class TestShelves:
    def test_show_what_asks_for_attention(self, world, hugo):
        stock_up(world, world.lyon, at=world.at)
        take_in(world, number="SOON", days=20, quantity=2, code="saline-10-ml")
        answer = page(hugo, "stock")
        text = answer.content.decode()
        assert "SOON" in text
        shown = answer.context["shown"]
        assert (shown.soon, shown.out, shown.shortages) == (1, 0, ())

    def test_few_units_left_are_a_shortage(self, world, hugo):
        take_in(world, quantity=5)
        shown = page(hugo, "stock").context["shown"]
        assert [(s.product_name, s.left) for s in shown.shortages] == [(product().name, 5)]

    def test_are_searched_by_lot_and_product(self, world, hugo):
        take_in(world, number="ABC-1")
        take_in(world, number="XYZ-2", code="saline-10-ml")
        address = reverse("desk:stock")
        for search, found in (("abc", 1), ("sérum", 1), ("", 2), ("<script>", 0)):
            shown = hugo.get(address, {"q": search}).context["shown"]
            assert len(shown.lines) == found

    def test_cost_as_many_queries_however_many_lots(
        self, world, hugo, django_assert_max_num_queries
    ):
        page(hugo, "stock")
        for lots in (1, 12):
            for number in range(lots):
                take_in(world, number=f"{lots}-{number}", quantity=1)
            with django_assert_max_num_queries(11):
                page(hugo, "stock")

    def test_of_a_site_where_one_does_not_work_are_not_visible(self, world, hugo):
        lot_id = take_in(world, site=world.paris)
        assert hugo.get(reverse("desk:stock"), {"site": "paris"}).status_code == 404
        assert page(hugo, "stock_lot", lot_id).status_code == 404
        assert page(hugo, "stock_lot", uuid4()).status_code == 404

    @pytest.mark.parametrize("name", ["diane", "ines"])
    def test_are_not_everybodys(self, world, hugo, name):
        lot_id = take_in(world)
        client = world.staff_client(getattr(world, name))
        assert page(client, "stock").status_code in {403, 404}
        assert page(client, "stock_lot", lot_id).status_code in {403, 404}
        assert page(client, "stock_receive").status_code in {403, 404}

    def test_are_not_for_strangers(self, world, hugo, client):
        assert page(client, "stock").status_code in {302, 403, 404}
        assert page(world.staff_client(world.carla), "stock").status_code in {302, 403, 404}
        assert page(world.space_client(world.anna), "stock").status_code in {302, 403, 404}


class TestDelivery:
    def post(self, client, typed):
        return client.post(reverse("desk:stock_receive"), typed)

    def test_is_taken_in_and_shown(self, world, hugo):
        answer = self.post(hugo, delivery(world))
        lot = Lot.objects.get()
        assert answer.url == reverse("desk:stock_lot", args=[lot.id])
        assert (lot.number, lot.site_id, lot.units.count()) == ("R1", world.lyon, 3)
        assert AuditEvent.objects.filter(action="stock:lot:received", site_id=world.lyon).exists()

    def test_reads_a_scanned_code_and_takes_nothing_in_yet(self, world, hugo):
        code = f"]d201{product().gtin}1727053110LOT-7{GS}21SER1"
        answer = self.post(hugo, delivery(world, action="read", code=code, product="", number=""))
        form = answer.context["form"]
        assert answer.status_code == 200
        assert form["product"].value() == str(product().id)
        assert form["number"].value() == "LOT-7"
        assert form["serials"].value() == "SER1"
        assert not Lot.objects.exists()

    def test_takes_from_the_code_what_is_not_typed(self, world, hugo):
        code = f"01{product().gtin}1727053110LOT-7{GS}21SER1"
        typed = delivery(world, code=code, product="", number="", expiry="", quantity="1")
        assert self.post(hugo, typed).status_code == 302
        assert Unit.objects.get().serial == "SER1"
        assert Lot.objects.get().expiry.isoformat() == "2027-05-31"

    def test_refuses_what_the_code_contradicts(self, world, hugo):
        code = f"01{product().gtin}10OTHER"
        answer = self.post(hugo, delivery(world, code=code))
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"number"}

    def test_names_a_product_that_the_catalogue_lacks(self, world, hugo):
        answer = self.post(hugo, delivery(world, action="read", code="0108806388269617"))
        assert answer.context["unknown"] == "08806388269617"

    @pytest.mark.parametrize(
        ("code", "word"),
        [
            ("+A123BJC5D6E71G", "HIBC"),
            ("=A1234", "ICCBBA"),
            ("0108806388269618", "clé de contrôle"),
            ("n’importe quoi", "lisible"),
            ("", "Scan"),
        ],
    )
    def test_says_why_a_code_is_not_read(self, world, hugo, code, word):
        answer = self.post(hugo, delivery(world, action="read", code=code))
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["code"]

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"product": ""}, "product"),
            ({"product": "garbage"}, "product"),
            ({"site": str(uuid4())}, "site"),
            ({"number": ""}, "number"),
            ({"number": "x" * 21}, "number"),
            ({"expiry": "31/31/2027"}, "expiry"),
            ({"expiry": "2020-01-01"}, "expiry"),
            ({"quantity": "0"}, "quantity"),
            ({"quantity": "many"}, "quantity"),
            ({"quantity": "501"}, "quantity"),
            ({"serials": "A\nA\nB"}, "serials"),
            ({"serials": "A\nB"}, "serials"),
            ({"serials": "A\nB\n" + "x" * 41}, "serials"),
        ],
    )
    def test_bad_input_is_named_and_kept(self, world, hugo, typed, field):
        answer = self.post(hugo, delivery(world, **typed))
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert not Lot.objects.exists()

    def test_of_another_sites_staff_does_not_land_here(self, world, hugo):
        answer = self.post(hugo, delivery(world, site=str(world.paris)))
        assert answer.status_code == 422
        assert not Lot.objects.exists()


class TestLot:
    def change(self, client, lot_id, name, **typed):
        facts = {f"{name}-reason": "Alerte du fabricant", f"{name}-confirmed": "on"}
        return client.post(
            reverse("desk:stock_change", args=[lot_id, name]),
            facts | {f"{name}-{key}": value for key, value in typed.items()},
        )

    def test_goes_in_and_out_of_use(self, world, hugo):
        lot_id = take_in(world)
        for name, status in (
            ("quarantine", "quarantined"),
            ("release", "available"),
            ("recall", "recalled"),
        ):
            assert self.change(hugo, lot_id, name).status_code == 302
            assert Lot.objects.get(id=lot_id).status == status
        assert self.change(hugo, lot_id, "release").status_code == 422
        assert Lot.objects.get(id=lot_id).status == "recalled"

    def test_changes_for_a_reason_and_on_purpose_only(self, world, hugo):
        lot_id = take_in(world)
        for typed in ({"reason": ""}, {"reason": "  "}, {"confirmed": ""}, {"reason": "x" * 1001}):
            assert self.change(hugo, lot_id, "recall", **typed).status_code == 422
        assert Lot.objects.get(id=lot_id).status == "available"

    def test_has_no_other_changes(self, world, hugo):
        assert self.change(hugo, take_in(world), "delete").status_code == 404

    def test_is_not_changed_by_others(self, world, hugo):
        lot_id = take_in(world)
        for person in (world.diane, world.paula):
            answer = self.change(world.staff_client(person), lot_id, "recall")
            assert answer.status_code in {403, 404}
        assert Lot.objects.get(id=lot_id).status == "available"

    def test_says_who_received_it(self, world):
        day = ready_for_session(world)
        session_id = begin_session(
            appointment_id=day.appointment, actor=world.bruno.actor, at=day.at
        )
        run_to_the_end(world, day, session_id)
        go_to(day.at + timedelta(hours=3))
        client = world.staff_client(world.bruno)
        lots = page(client, "stock").context["shown"].lines
        used = [
            line.lot.id for line in lots if line.left is not None and line.left < line.lot.units
        ]
        assert used
        for lot_id in used:
            answer = page(client, "stock_lot", lot_id)
            assert "Anna" in answer.content.decode()
            assert answer.context["shown"].patients == 1
        assert AuditEvent.objects.filter(action="stock:lot:traced").count() == len(used)
