"""From a lot to everybody who received it, and the list of who was told."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.urls import reverse

from aiguille.audit.models import AuditEvent
from aiguille.desk.stock.tests.test_stock import product, take_in
from aiguille.kernel.codes import ContactMeans
from aiguille.patients.queries import get_identity
from aiguille.treatment_sessions.models import RecallContact, UnitUse
from aiguille.treatment_sessions.operations import begin_session
from aiguille.treatment_sessions.recalls import NotConcerned, note_contact
from tests.course import open_catalogue
from tests.session_day import go_to, ready_for_session, run_to_the_end, stock_up

pytestmark = pytest.mark.django_db
GS = "\x1d"


@pytest.fixture
def hugo(world):
    open_catalogue(at=world.at)
    return world.staff_client(world.hugo)


@pytest.fixture
def used(world):
    """A lot of which a session opened a unit for Anna, and the doctor's browser afterwards."""
    day = ready_for_session(world)
    session_id = begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)
    run_to_the_end(world, day, session_id)
    go_to(day.at + timedelta(hours=3))
    use = UnitUse.objects.filter(unit__isnull=False).order_by("used_at").first()
    return use, world.staff_client(world.bruno), day.at + timedelta(hours=3)


def trace(client, search):
    return client.get(reverse("desk:stock_trace"), {"q": search})


def told(client, use, number, **typed):
    address = reverse("desk:stock_told", args=[use.lot_id, number])
    return client.post(address, {"means": "phone", "was_reached": "yes", "note": ""} | typed)


class TestTrace:
    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("R1", ["R1", "R1-B"]),
            ("r1-b", ["R1-B"]),
            (" R1-B ", ["R1-B"]),
            ("1", []),
            ("R1%", []),
            ("'; DROP TABLE stock_lot; --", []),
        ],
    )
    def test_finds_lots_by_the_beginning_of_their_number(self, world, hugo, search, found):
        take_in(world, number="R1", days=200)
        take_in(world, number="R1-B", days=300)
        take_in(world, number="X1", days=100)
        lots = trace(hugo, search).context["found"]
        assert [one.line.lot.number for one in lots] == found

    def test_a_scanned_code_finds_the_lot_of_its_own_product(self, world, hugo):
        take_in(world, number="SAME")
        take_in(world, number="SAME", code="saline-10-ml")
        code = f"]d201{product().gtin}1728013110SAME{GS}21S7"
        lots = trace(hugo, code).context["found"]
        assert [one.line.lot.product_id for one in lots] == [product().id]
        assert len(trace(hugo, "SAME").context["found"]) == 2

    def test_says_how_far_a_lot_went(self, used):
        use, client, _ = used
        (found,) = [
            one
            for one in trace(client, use.lot.number).context["found"]
            if one.line.lot.id == use.lot_id
        ]
        assert (found.reach.sessions, found.reach.patients) == (1, 1)
        assert found.line.left < found.line.lot.units

    def test_other_sites_lots_and_other_people_are_left_out(self, world, hugo):
        take_in(world, number="PARIS", site=world.paris)
        assert trace(hugo, "PARIS").context["found"] == ()
        assert trace(world.staff_client(world.diane), "PARIS").status_code in {403, 404}
        assert trace(world.space_client(world.anna), "PARIS").status_code in {302, 403, 404}

    def test_nothing_asked_asks_and_an_empty_search_is_named(self, hugo):
        assert hugo.get(reverse("desk:stock_trace")).context["found"] is None
        assert trace(hugo, "").context["form"].errors["q"]

    def test_costs_as_many_queries_however_many_lots(
        self, world, hugo, django_assert_max_num_queries
    ):
        stock_up(world, world.lyon, at=world.at)
        trace(hugo, "R")
        for number in range(12):
            take_in(world, number=f"R{number}", quantity=1)
        with django_assert_max_num_queries(14):
            assert len(trace(hugo, "R").context["found"]) >= 12


class TestContacts:
    def test_an_attempt_then_a_success_are_both_kept_and_counted(self, world, used):
        use, client, _ = used
        anna = get_identity(use.patient_id)
        lot_page = reverse("desk:stock_lot", args=[use.lot_id])
        assert client.get(lot_page).context["shown"].told == 0
        assert (
            told(client, use, anna.number, was_reached="no", note="Messagerie").status_code == 302
        )
        assert client.get(lot_page).context["shown"].told == 0
        assert told(client, use, anna.number, means="letter").status_code == 302
        shown = client.get(lot_page)
        assert shown.context["shown"].told == 1
        (recipient,) = shown.context["shown"].recipients
        assert [(c.means, c.was_reached) for c in recipient.contacts] == [
            (ContactMeans.LETTER, True),
            (ContactMeans.PHONE, False),
        ]
        assert "Messagerie" in shown.content.decode()
        assert AuditEvent.objects.filter(action="treatment_sessions:recall:told").count() == 2

    @pytest.mark.parametrize(
        "typed", [{"means": "pigeon"}, {"means": ""}, {"was_reached": ""}, {"note": "x" * 1001}]
    )
    def test_a_bad_form_is_refused_and_nothing_is_written(self, used, typed):
        use, client, _ = used
        answer = told(client, use, get_identity(use.patient_id).number, **typed)
        assert answer.status_code == 422
        assert not RecallContact.objects.exists()

    def test_a_patient_who_received_nothing_is_not_on_the_list(self, world, used):
        use, client, at = used
        assert told(client, use, 999_999).status_code == 404
        with pytest.raises(NotConcerned):
            note_contact(
                lot_id=take_in(world, number="UNUSED"),
                patient_id=use.patient_id,
                means=ContactMeans.PHONE,
                was_reached=True,
                note="",
                actor=world.bruno.actor,
                at=at,
            )

    @pytest.mark.parametrize("name", ["diane", "paula"])
    def test_others_do_not_write_it(self, world, used, name):
        use, _, _ = used
        client = world.staff_client(getattr(world, name))
        number = get_identity(use.patient_id).number
        assert told(client, use, number).status_code in {403, 404}
        assert not RecallContact.objects.exists()

    def test_what_is_written_stays(self, world, used):
        use, client, _ = used
        told(client, use, get_identity(use.patient_id).number)
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM treatment_sessions_recall_contact")
