"""Services as forms, and the page of the appointments that a change displaced."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.booking.displaced import all_displaced
from aiguille.booking.operations import book
from aiguille.booking.queries import get_appointment
from aiguille.catalogue.queries import ServiceView, get_service, service_by_code
from aiguille.clinics.operations import add_closure, set_resource_active
from aiguille.journeys.change_set_up import look_for_displaced
from aiguille.kernel.actor import SYSTEM
from aiguille.patients.operations import create_provisional
from tests.course import open_catalogue
from tests.world import AT, World

pytestmark = pytest.mark.django_db
TEN = AT + timedelta(days=1, hours=1)
DAY = TEN.date()
PROPOSED = re.compile(r'name="start" value="([^"]+)"')


@pytest.fixture
def service(world: World) -> ServiceView:
    open_catalogue(at=AT)
    return service_by_code("session-needling-ageing")


@pytest.fixture
def manager(world: World) -> Client:
    return world.staff_client(world.ines)


def typed_of(client: Client, service: ServiceView, **typed: Any) -> dict[str, Any]:
    """Return what the page of a service would send untouched, and what is typed."""
    form = client.get(reverse("desk:clinic_service", args=[service.id])).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    filled = {name: value for name, value in sent.items() if value not in (None, False)}
    return {**filled, "action": "save", **typed}


class TestServices:
    def test_are_listed_with_the_numbing_phase_leaving_the_doctor_free(
        self, service: ServiceView, manager: Client
    ) -> None:
        groups = manager.get(reverse("desk:clinic_services")).context["groups"]
        line = next(each for each in groups[0][1] if each["service"].id == service.id)
        doctor, room = line["drawn_needs"]

        assert doctor.held[0].x > room.held[0].x == 0
        assert doctor.buffers

    def test_are_spoken_of_in_the_readers_language(
        self, service: ServiceView, manager: Client
    ) -> None:
        address = reverse("desk:clinic_service", args=[service.id])
        english = manager.get(address.replace("/fr/", "/en/", 1)).content.decode()
        # Last, for what is reversed after a request is in that request's language.
        french = manager.get(address).content.decode()

        assert "toutes les 15 minutes" in french
        assert "every 15 minutes" in english
        assert "toutes les" not in english

    def test_that_nobody_can_perform_say_so(
        self, world: World, service: ServiceView, manager: Client
    ) -> None:
        for doctor in (world.bruno_resource, world.paula_resource):
            set_resource_active(resource_id=doctor, is_active=False, actor=SYSTEM, at=AT)

        for name in ("clinic", "clinic_services"):
            assert (
                "Rien ni personne d’actif" in manager.get(reverse(f"desk:{name}")).content.decode()
            )

    def test_sent_untouched_are_unchanged(self, service: ServiceView, manager: Client) -> None:
        address = reverse("desk:clinic_service", args=[service.id])

        answer = manager.post(address, typed_of(manager, service))

        assert answer.status_code == 302
        assert get_service(service.id) == service

    def test_are_given_new_lengths_and_needs(self, service: ServiceView, manager: Client) -> None:
        address = reverse("desk:clinic_service", args=[service.id])
        grown = manager.post(address, typed_of(manager, service, action="add-phase"))
        assert len(grown.context["form"].phases) == len(service.phases) + 1
        last = len(service.phases)
        typed = typed_of(
            manager,
            service,
            p0_minutes="60",
            notice="2",
            notice_unit="days",
            slot_step_minutes="30",
            **{
                f"p{last}_fr": "Repos",
                f"p{last}_en": "Rest",
                f"p{last}_minutes": "20",
                f"p{last}_place": "1",
                f"p{last}_needs": ["1"],
            },
        )

        assert manager.post(address, typed).status_code == 302

        now = get_service(service.id)
        # The new one was put first; those with the same place keep their order.
        assert [phase.minutes for phase in now.phases[:2]] == [60, 20]
        assert now.phases[1].needs == (service.needs[1].name,)
        assert (now.min_notice_minutes, now.slot_step_minutes) == (2880, 30)

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"p0_minutes": "12"}, "p0_minutes"),
            ({"p0_minutes": "600"}, "p0_minutes"),
            ({"p0_minutes": ""}, "p0_minutes"),
            ({"p1_en": ""}, "p1_en"),
            ({"n0_after": "7"}, "n0_after"),
            ({"n0_kind": ""}, "p1_needs"),
            ({"p1_needs": ["1"]}, "n0_kind"),
            ({"n0_skill": "laser"}, "n0_skill"),
            ({"max_horizon_days": "0"}, "max_horizon_days"),
            ({"notice": "1", "notice_unit": "minutes"}, "notice"),
            ({"slot_step_minutes": "7"}, "slot_step_minutes"),
        ],
    )
    def test_show_a_refusal_beside_its_field(
        self, service: ServiceView, manager: Client, typed: dict[str, Any], field: str
    ) -> None:
        address = reverse("desk:clinic_service", args=[service.id])

        answer = manager.post(address, typed_of(manager, service, **typed))

        assert answer.status_code == 422
        form = answer.context["form"]
        assert list(form.errors) == [field]
        assert get_service(service.id) == service

    def test_are_not_saved_over_a_colleagues(self, service: ServiceView, manager: Client) -> None:
        address = reverse("desk:clinic_service", args=[service.id])
        typed = typed_of(manager, service)
        manager.post(address, {**typed, "max_horizon_days": "30"})

        assert manager.post(address, {**typed, "max_horizon_days": "60"}).status_code == 409

    def test_that_do_not_exist_are_not_found(self, world: World, manager: Client) -> None:
        address = reverse("desk:clinic_service", args=[world.lyon])
        assert manager.get(address).status_code == 404


class TestDisplaced:
    @pytest.fixture
    def consultation(self, world: World, service: ServiceView) -> UUID:
        return consult(world, world.anna.patient_id, 0)

    def test_are_none_at_first(self, world: World, consultation: UUID) -> None:
        answer = world.staff_client(world.diane).get(reverse("desk:displaced"))

        assert answer.context["lines"] == []

    def test_are_shown_with_a_telephone_and_moved_with_one_click(
        self, world: World, consultation: UUID
    ) -> None:
        leave(world)
        desk = world.staff_client(world.diane)
        text = desk.get(reverse("desk:displaced")).content.decode()
        assert "Anna Martin" in text
        assert 'href="tel:+33612345678"' in text
        address = reverse("desk:displaced_move", args=[consultation])
        start = unescape(PROPOSED.findall(text)[0])

        for _ in range(2):  # sent twice, it moves once
            answer = desk.post(address, {"start": start, "version": "1", "site": "lyon"})
            assert answer["Location"] == reverse("desk:displaced") + "?site=lyon"

        moved = get_appointment(consultation)
        assert (moved.version, moved.local_date > DAY) == (2, True)
        assert all_displaced(at=AT) == []

    @pytest.mark.parametrize("start", ["", "x/y/z", "1/2", "{site}/2026-03-04T10:00/"])
    def test_are_not_moved_by_nonsense(self, world: World, consultation: UUID, start: str) -> None:
        leave(world)

        world.staff_client(world.diane).post(
            reverse("desk:displaced_move", args=[consultation]),
            {"start": start.format(site=world.lyon), "version": "1"},
        )

        assert get_appointment(consultation).version == 1

    def test_are_for_those_who_book(self, world: World, consultation: UUID) -> None:
        leave(world)
        answer = world.staff_client(world.ines).post(
            reverse("desk:displaced_move", args=[consultation]), {"start": "", "version": "1"}
        )

        assert answer.status_code == 403

    def test_of_another_site_are_not_theirs(self, world: World, consultation: UUID) -> None:
        leave(world)
        paula = world.staff_client(world.paula)

        assert paula.get(reverse("desk:displaced")).context["lines"] == []
        assert paula.get(reverse("desk:displaced") + "?site=lyon").status_code == 404

    def test_are_linked_from_the_worklist(self, world: World, consultation: UUID) -> None:
        leave(world)
        look_for_displaced(at=AT)

        text = world.staff_client(world.diane).get(reverse("desk:tasks")).content.decode()

        assert f'href="{reverse("desk:displaced")}"' in text

    def test_come_in_pages_that_cost_little(
        self, world: World, consultation: UUID, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(1, 7):
            patient = create_provisional(
                birth_name=f"Durand-{'abcdefg'[number]}",
                first_names="Zoé",
                email=f"zoe{number}@example.net",
                phone="",
                language="fr",
                actor=SYSTEM,
                at=AT,
            )
            consult(world, patient, number)
        leave(world)
        desk = world.staff_client(world.diane)
        desk.get(reverse("desk:displaced"))

        with django_assert_max_num_queries(40):
            first = desk.get(reverse("desk:displaced"))

        assert len(first.context["lines"]) == 5
        assert len(desk.get(reverse("desk:displaced") + "?page=2").context["lines"]) == 2
        assert "Anna" in first.content.decode()


def consult(world: World, patient_id: UUID, hours: int) -> UUID:
    return book(
        patient_id=patient_id,
        service_id=service_by_code("consultation-needling").id,
        site_id=world.lyon,
        starts_at=TEN + timedelta(hours=hours),
        actor=world.diane.actor,
        at=AT,
    )


def leave(world: World) -> None:
    add_closure(
        resource_id=world.bruno_resource,
        from_date=DAY,
        until_date=DAY + timedelta(days=1),
        actor=SYSTEM,
        at=AT,
    )
