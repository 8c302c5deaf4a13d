"""A service from its draft to its end, on the pages of the clinic."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.audit.models import AuditEvent
from aiguille.booking.operations import NotBookable, book, move_appointment
from aiguille.booking.queries import free_starts, get_appointment
from aiguille.catalogue.models import Service
from aiguille.catalogue.operations import retire_service
from aiguille.catalogue.queries import get_service, list_treatments, service_by_code
from aiguille.clinics.timetable import get_resource
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from tests.course import open_catalogue, open_course
from tests.world import AT, World

pytestmark = pytest.mark.django_db
TEN = AT + timedelta(days=1, hours=1)
WORDS = {
    "name_fr": "Consultation courte",
    "name_en": "Short consultation",
    "description_fr": "Dix minutes pour une question.",
    "description_en": "Ten minutes for a question.",
    "price_display": "FROM",
    "price": "25,50",
}


@pytest.fixture
def manager(world: World) -> Client:
    open_catalogue(at=AT)
    return world.staff_client(world.ines)


def page(name: str, *args: object) -> str:
    return reverse(f"desk:clinic_{name}", args=args)


def draft(manager: Client, **typed: str) -> UUID:
    answer = manager.post(
        page("new_service"), {**WORDS, "kind": "CONSULTATION", "subject": "needling", **typed}
    )
    assert answer.status_code == 302, answer.context["form"].errors
    return Service.objects.latest("position").id


def parts(manager: Client, service_id: UUID, **typed: Any) -> dict[str, Any]:
    """Return the form of a service with one need and one phase, and what is typed."""
    form = manager.get(page("service", service_id)).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    return {
        **{name: value for name, value in sent.items() if value not in (None, False)},
        "n0_kind": "practitioner",
        "n0_skill": "needling",
        "p0_fr": "Entretien",
        "p0_en": "Talk",
        "p0_minutes": "10",
        "p0_needs": ["0"],
        "is_bookable_online": "on",
        "action": "save",
        **typed,
    }


def public(client: Client) -> str:
    return client.get("/fr/book/").content.decode()


class TestANewService:
    def test_is_a_draft_that_nobody_books_until_it_is_complete(
        self, world: World, manager: Client, client: Client
    ) -> None:
        service_id = draft(manager)
        address = page("service", service_id)
        assert (get_service(service_id).is_draft, get_service(service_id).is_active) == (
            True,
            False,
        )
        assert "Une prestation a au moins une phase" in manager.get(address).content.decode()
        assert manager.post(address, parts(manager, service_id, p0_needs=[])).status_code == 302
        assert "Aucune phase ne l’occupe" in manager.get(address).content.decode()
        assert "Consultation courte" not in public(client)
        refused = manager.post(address, parts(manager, service_id, p0_needs=[], action="offer"))
        assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["n0_kind"])

        assert manager.post(address, parts(manager, service_id, action="offer")).status_code == 302

        now = get_service(service_id)
        assert (now.is_draft, now.is_active, now.price.minor) == (False, True, 2550)
        assert "Consultation courte" in public(client)
        assert "à partir de 25,50\xa0€" in public(client)
        assert free_starts(service_id=service_id, first_day=TEN.date(), last_day=TEN.date(), at=AT)

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"name_fr": " "}, "name_fr"),
            ({"name_en": ""}, "name_en"),
            ({"description_fr": ""}, "description_fr"),
            ({"price": ""}, "price"),
            ({"price": "-1"}, "price"),
            ({"price": "dear"}, "price"),
            ({"price": "1e9"}, "price"),
            ({"price_display": "FREE"}, "price_display"),
            ({"kind": "PARTY"}, "kind"),
            ({"kind": "SESSION", "subject": "needling"}, "subject"),
            ({"subject": ""}, "subject"),
            ({"name_fr": "x" * 121}, "name_fr"),
        ],
    )
    def test_is_refused_beside_the_field(
        self, manager: Client, typed: dict[str, str], field: str
    ) -> None:
        sent = {**WORDS, "kind": "CONSULTATION", "subject": "needling", **typed}
        answer = manager.post(page("new_service"), sent)

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert answer.context["form"]["name_en"].value() == sent["name_en"]

    def test_of_a_treatment_that_has_its_session_waits_for_its_end(self, manager: Client) -> None:
        treatment = list_treatments(procedure=Procedure.NEEDLING)[0]
        service_id = draft(
            manager, kind="SESSION", subject=str(treatment.id), price_display="QUOTE"
        )
        address = page("service", service_id)
        typed = parts(manager, service_id, action="offer")

        refused = manager.post(address, typed)
        assert refused.status_code == 422
        assert "déjà proposée" in refused.content.decode()
        standing = Service.objects.get(treatment=treatment.id, is_active=True)
        retire_service(service_id=standing.id, actor=SYSTEM, at=AT)
        assert manager.post(address, typed).status_code == 302

    def test_may_need_a_skill_of_its_own_which_somebody_is_given(
        self, world: World, manager: Client
    ) -> None:
        service_id = draft(manager)
        address = page("service", service_id)
        typed = parts(manager, service_id, n0_new="peeling")
        assert manager.post(address, typed).status_code == 302
        refused = manager.post(
            address, parts(manager, service_id, n0_skill="peeling", action="offer")
        )
        assert list(refused.context["form"].errors) == ["n0_skill"]

        answer = manager.post(page("performers", service_id), {"people": [world.bruno_resource]})

        assert answer.status_code == 302
        assert "peeling" in get_resource(world.bruno_resource).skills
        assert "Bruno Delmas" in manager.get(address).content.decode()
        offered = manager.post(
            address, parts(manager, service_id, n0_skill="peeling", action="offer")
        )
        assert offered.status_code == 302

    def test_may_be_thrown_away_while_it_is_a_draft(self, manager: Client) -> None:
        service_id = draft(manager)
        kept = service_by_code("consultation-needling").id

        for each in (service_id, kept):
            assert manager.post(page("discard_draft", each)).status_code == 302

        assert not Service.objects.filter(id=service_id).exists()
        assert Service.objects.filter(id=kept).exists()
        assert AuditEvent.objects.filter(action="catalogue:service:discarded").count() == 1

    def test_is_for_who_manages_the_clinic(self, world: World, manager: Client) -> None:
        service_id = draft(manager)
        for person in (world.bruno, world.diane, world.hugo):
            client = world.staff_client(person)
            for address in (
                page("new_service"),
                *(page(n, service_id) for n in ("service_text", "performers", "retire_service")),
            ):
                assert client.get(address).status_code == 403
            assert client.post(page("discard_draft", service_id)).status_code == 403


class TestAServiceThatStands:
    @pytest.fixture
    def service_id(self, manager: Client) -> UUID:
        return service_by_code("consultation-mesotherapy").id

    @pytest.fixture
    def appointment(self, world: World, service_id: UUID) -> UUID:
        return book(
            patient_id=world.anna.patient_id,
            service_id=service_id,
            site_id=world.lyon,
            starts_at=TEN,
            actor=world.diane.actor,
            at=AT,
        )

    def test_is_renamed_and_priced(self, manager: Client, client: Client, service_id: UUID) -> None:
        form = manager.get(page("service_text", service_id)).context["form"]
        seen = form["seen"].value()
        assert (
            manager.post(
                page("service_text", service_id), {**WORDS, "price_display": "QUOTE", "seen": seen}
            ).status_code
            == 302
        )
        stale = manager.post(page("service_text", service_id), {**WORDS, "seen": seen})

        assert stale.status_code == 409
        assert "Consultation courte" in public(client)
        assert "sur devis" in public(client)

    def test_that_is_retired_keeps_what_is_booked(
        self, world: World, manager: Client, client: Client, service_id: UUID, appointment: UUID
    ) -> None:
        address = page("retire_service", service_id)
        text = manager.get(address).content.decode()
        assert "10:00" in text
        assert "Martin" not in text  # an administrator reads no names
        shown = manager.post(address, {})
        assert (shown.status_code, get_service(service_id).is_active) == (200, True)
        confirmed = shown.context["effects"].outcome.key

        assert manager.post(address, {"confirmed": confirmed}).status_code == 302

        assert not get_service(service_id).is_active
        assert get_appointment(appointment).is_ahead
        assert "mésothérapie" not in public(client).split("<main")[1].split("</main>")[0]
        with pytest.raises(NotBookable):
            book(
                patient_id=world.marc.patient_id,
                service_id=service_id,
                site_id=world.lyon,
                starts_at=TEN + timedelta(hours=1),
                actor=world.diane.actor,
                at=AT,
            )
        move_appointment(
            appointment_id=appointment,
            starts_at=TEN + timedelta(hours=2),
            actor=world.diane.actor,
            at=AT,
        )
        back = parts(manager, service_id, n0_skill="mesotherapy", action="offer", n1_kind="")
        assert manager.post(page("service", service_id), back).status_code == 302
        assert get_service(service_id).is_active

    def test_is_only_at_the_sites_chosen(
        self, world: World, manager: Client, service_id: UUID
    ) -> None:
        def sites() -> set[UUID]:
            day = TEN.date()
            found = free_starts(service_id=service_id, first_day=day, last_day=day, at=AT)
            return {start.site_id for start in found}

        address = page("service", service_id)
        typed = parts(manager, service_id, n0_skill="mesotherapy", p0_needs=["0"], n1_kind="")
        assert sites() == {world.lyon, world.paris}

        assert manager.post(address, {**typed, "sites": [str(world.paris)]}).status_code == 302

        assert sites() == {world.paris}
        assert get_service(service_id).site_ids == {world.paris}
        with pytest.raises(NotBookable):
            book(
                patient_id=world.anna.patient_id,
                service_id=service_id,
                site_id=world.lyon,
                starts_at=TEN,
                actor=world.diane.actor,
                at=AT,
            )


class TestASessionThatIsRetired:
    """Who is in the middle of a course keeps what is booked, and reads why no more is."""

    def test_leaves_every_page_of_the_course_readable_and_its_sessions_movable(
        self, world: World
    ) -> None:
        course = open_course(world)
        starts_at = TEN + timedelta(days=15)
        session = book(
            patient_id=world.anna.patient_id,
            service_id=course.session_service,
            site_id=world.lyon,
            starts_at=starts_at,
            plan_id=course.plan,
            actor=world.diane.actor,
            at=AT,
        )
        retire_service(service_id=course.session_service, actor=SYSTEM, at=AT)
        anna, diane = world.space_client(world.anna), world.staff_client(world.diane)

        for name, *args in (
            ("portal:home",),
            ("portal:appointments",),
            ("portal:course", course.plan),
            ("portal:move_appointment", session),
            ("portal:wait_for_earlier", session),
        ):
            assert anna.get(reverse(name, args=args)).status_code == 200, name
        shown = anna.get(reverse("portal:book_session", args=[course.plan])).content.decode()
        assert "ne sont plus proposées" in shown
        for name, *args in (
            ("desk:move_appointment", session),
            ("desk:agenda_card", session),
            ("desk:displaced",),
        ):
            assert diane.get(reverse(name, args=args)).status_code == 200, name
        moved = diane.post(
            reverse("desk:agenda_move", args=[session]),
            {
                "start": (starts_at + timedelta(hours=2)).isoformat(),
                "practitioner": str(world.bruno_resource),
                "version": "1",
            },
        )
        assert moved.status_code == 302
        assert get_appointment(session).starts_at == starts_at + timedelta(hours=2)
