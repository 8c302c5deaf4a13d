"""A visitor joins the waiting list and answers an offer by its link, without a script."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from aiguille.booking.models import Appointment, Offer, WaitingEntry
from aiguille.booking.offers import offer_free_times
from aiguille.booking.operations import book
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import OutboxMessage
from aiguille.messaging.queries import latest_mail
from aiguille.patients.models import Patient
from aiguille.patients.operations.links import LINKS_ASKED_PER_ADDRESS
from aiguille.plumbing import clock

pytestmark = pytest.mark.django_db
DETAILS = {
    "first_names": "Élise",
    "birth_name": "Garnier",
    "email": "elise@example.net",
    "phone": "06 11 22 33 44",
    "language": "fr",
    "weekdays": ["2"],
    "from_minute": "10:00",
    "until_minute": "12:00",
    "first_day": "2026-03-04",
    "last_day": "2026-03-31",
    "anyway": "1",
}
CLINICAL = re.compile(
    r"aiguill|needl|m[ée]soth|inject|consult|soin|s[ée]ance|session|treat|derm|peau",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY)


class Visitor:
    """A browser that fills the form as it is, and reads the mailbox."""

    def __init__(self, service_code, language="fr"):
        self.client = Client()
        self.language = language
        self.join_page = f"/{language}/book/{service_code}/wait/"

    def key(self):
        page = self.client.get(self.join_page).content.decode()
        return re.findall(r'name="key" value="([^"]+)"', page)[0]

    def join(self, **said):
        key = said.pop("key", None) or self.key()
        return self.client.post(self.join_page, DETAILS | {"key": key} | said)

    def link(self):
        """Return where the latest message leads."""
        send_all_due(at=clock.now())
        message = latest_mail()[0]
        return re.findall(r"https?://[^/]+(/\w\w/w/[^/\s]+/)", message.text)[0]

    def answer(self, link, what, **said):
        page = self.client.get(link).content.decode()
        offers = re.findall(r'name="offer" value="([^"]+)"', page)
        offer = {"offer": offers[0]} if offers else {}
        return self.client.post(f"{link}{what}/", offer | said, follow=True)


@pytest.fixture
def visitor(service):
    return Visitor(service.code)


@pytest.fixture
def offered(world, visitor):
    """Élise is on the list, and a time is kept for her: the link of the message."""
    visitor.join()
    offer_free_times(at=clock.now())
    return visitor.link()


class TestJoining:
    def test_is_proposed_where_no_time_suits(self, visitor, service):
        page = visitor.client.get(f"/fr/book/{service.code}/").content.decode()
        assert visitor.join_page in page

    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_says_the_same_in_both_languages(self, service, language):
        response = Visitor(service.code, language).join(language=language)
        assert response.status_code == 302
        assert WaitingEntry.objects.count() == 1

    def test_puts_a_provisional_patient_on_the_list(self, visitor):
        assert visitor.join().url == "/fr/waiting/joined/"
        assert visitor.client.get("/fr/waiting/joined/").status_code == 200
        entry = WaitingEntry.objects.get()
        assert entry.patient.birth_date is None
        assert (entry.weekdays, entry.from_minute, entry.until_minute) == ([2], 600, 720)

    def test_is_shown_a_free_time_that_would_do_first(self, visitor, service):
        said = {name: value for name, value in DETAILS.items() if name != "anyway"}
        shown = visitor.client.post(visitor.join_page, said | {"key": visitor.key()})

        assert shown.status_code == 200
        assert not WaitingEntry.objects.exists()
        assert shown.context["form"]["birth_name"].value() == "Garnier"
        free = shown.context["free"]
        # At both sites.
        assert [f"{one.start.local:%a %H:%M}" for one, _value in free] == [
            "Wed 10:00",
            "Wed 10:00",
            "Wed 10:15",
        ]
        held = visitor.client.post(f"/fr/book/{service.code}/", {"start": free[0][1]})
        assert held.url == "/fr/book/details/"

    @pytest.mark.parametrize(
        "said",
        [
            {"weekdays": ["6"]},  # closed on Sundays
            {"from_minute": "06:00", "until_minute": "08:00"},
            # Sooner than the notice.
            {
                "first_day": "2026-03-02",
                "last_day": "2026-03-02",
                "weekdays": [],
                "until_minute": "10:30",
            },
        ],
    )
    def test_waits_at_once_where_nothing_is_free(self, visitor, said):
        wish = {name: value for name, value in DETAILS.items() if name != "anyway"} | said

        assert (
            visitor.client.post(visitor.join_page, wish | {"key": visitor.key()}).status_code == 302
        )
        assert WaitingEntry.objects.count() == 1

    def test_twice_with_one_form_is_once(self, visitor):
        key = visitor.key()
        visitor.join(key=key)
        assert visitor.join(key=key).status_code == 302
        assert WaitingEntry.objects.count() == 1

    def test_again_sends_a_new_link_and_gives_no_second_place(self, visitor):
        visitor.join()
        assert visitor.join(first_names="ÉLISE").url == "/fr/waiting/joined/"
        assert WaitingEntry.objects.count() == Patient.objects.filter(birth_date=None).count() == 1
        assert OutboxMessage.objects.filter(kind="waiting_joined").count() == 2

    def test_of_another_person_with_the_same_mailbox_is_another_place(self, visitor):
        visitor.join()
        visitor.join(first_names="Jeanne")
        assert WaitingEntry.objects.count() == 2

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"until_minute": "10:15"}, "until_minute"),
            ({"last_day": "2026-03-03"}, "last_day"),
            ({"email": "nobody"}, "email"),
            ({"phone": "12"}, "phone"),
            ({"weekdays": ["9"]}, "weekdays"),
            ({"from_minute": "ten"}, "from_minute"),
        ],
    )
    def test_names_the_field_at_fault_and_keeps_what_was_typed(self, visitor, said, field):
        response = visitor.join(**said)
        assert response.status_code == 422
        assert field in response.context["form"].errors
        assert "Garnier" in response.content.decode()
        assert not WaitingEntry.objects.exists()

    def test_by_a_program_changes_nothing(self, visitor):
        assert visitor.join(website="https://spam.example").status_code == 422
        assert not WaitingEntry.objects.exists()

    def test_from_one_address_has_an_end(self, visitor):
        for number in range(LINKS_ASKED_PER_ADDRESS):
            assert visitor.join(email=f"someone-{number}@example.net").status_code == 302
        response = visitor.join(email="last@example.net")
        assert response.status_code == 429
        assert WaitingEntry.objects.count() == LINKS_ASKED_PER_ADDRESS


class TestTheMessage:
    def test_names_clinic_time_and_link_and_never_what_for(self, offered):
        message = latest_mail()[0]
        assert "mercredi 4 mars 2026 à 10:00" in message.text
        assert "jusqu’au lundi 2 mars 2026 à 11:0" in message.text
        assert "12 rue des Tilleuls" in message.text
        for said in (message.subject, message.text, message.html):
            assert not CLINICAL.search(
                said.replace("Peau & Soin", "").replace("Peau &amp; Soin", "")
            )

    def test_of_joining_says_nothing_clinical_either(self, visitor):
        visitor.join()
        visitor.link()
        message = latest_mail()[0]
        assert "31 mars 2026" in message.text
        for said in (message.subject, message.text, message.html):
            assert not CLINICAL.search(
                said.replace("Peau & Soin", "").replace("Peau &amp; Soin", "")
            )

    @pytest.mark.parametrize("minutes", [0, 200])
    def test_is_not_sent_about_an_offer_that_is_over(self, visitor, minutes):
        visitor.join()
        offer_free_times(at=clock.now())
        if not minutes:
            Offer.objects.update(state="DECLINED")
        send_all_due(at=clock.now() + timedelta(minutes=minutes))
        assert "waiting_offer" not in OutboxMessage.objects.filter(state="SENT").values_list(
            "kind", flat=True
        )


class TestTheLink:
    def test_shows_the_time_and_changes_nothing(self, visitor, offered):
        for _ in range(2):
            page = visitor.client.get(offered).content.decode()
            assert "mercredi 4 mars 2026 à 10:00" in page
        assert Offer.objects.get().state == "OPEN"
        for what in ("accept", "decline", "leave"):
            assert visitor.client.get(f"{offered}{what}/").status_code == 405

    def test_accepts_with_one_click(self, visitor, offered):
        page = visitor.answer(offered, "accept").content.decode()
        assert "Cet horaire est à vous" in page
        assert Appointment.objects.get().starts_at == datetime(2026, 3, 4, 9, 0, tzinfo=UTC)

    def test_declines_and_keeps_the_place(self, visitor, offered):
        page = visitor.answer(offered, "decline").content.decode()
        assert "Vous gardez votre place" in page
        assert WaitingEntry.objects.get().state == "WAITING"

    def test_leaves_the_list(self, visitor, offered):
        page = visitor.answer(offered, "leave").content.decode()
        assert "Vous n’êtes plus sur la liste d’attente" in page
        assert Offer.objects.get().state == "WITHDRAWN"

    def test_says_when_the_time_is_not_kept_any_more(self, visitor, offered):
        Offer.objects.update(deadline=clock.now())
        response = visitor.client.get(offered)
        assert "ne vous est plus réservé" in response.content.decode()
        refused = visitor.client.post(f"{offered}accept/", {"offer": str(Offer.objects.get().id)})
        assert refused.status_code == 422
        assert not Appointment.objects.exists()

    def test_accepts_no_other_persons_offer(self, visitor, offered):
        Visitor(consultation_service(Procedure.MESOTHERAPY).code).join(
            first_names="Jeanne", email="jeanne@example.net"
        )
        offer_free_times(at=clock.now())
        other = Offer.objects.exclude(patient__email="elise@example.net").get()
        assert visitor.client.post(f"{offered}accept/", {"offer": str(other.id)}).status_code == 404
        assert not Appointment.objects.exists()

    @pytest.mark.parametrize("said", [{}, {"offer": "x"}, {"offer": "", "give_back": "1"}])
    def test_forgives_a_button_that_was_changed(self, visitor, offered, said):
        assert visitor.client.post(f"{offered}accept/", said).status_code == 404

    def test_of_nobody_is_dead(self, visitor):
        page = visitor.client.get("/fr/w/nothing/")
        assert page.status_code == 404
        assert "/fr/book/" in page.content.decode()

    def test_gives_back_the_later_appointment_in_the_same_click(self, world, visitor, service):
        visitor.join()
        entry = WaitingEntry.objects.get()
        later = book(
            patient_id=entry.patient_id,
            service_id=service.id,
            site_id=world.lyon,
            starts_at=datetime(2026, 3, 26, 9, 0, tzinfo=UTC),
            actor=world.diane.actor,
            at=world.at,
        )
        offer_free_times(at=clock.now())
        link = visitor.link()
        assert "26 mars 2026" in visitor.client.get(link).content.decode()
        visitor.answer(link, "accept", give_back=str(later))
        assert Appointment.objects.get().starts_at == datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
