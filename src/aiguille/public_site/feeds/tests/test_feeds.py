"""Calendar feeds as calendar programs read them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from aiguille.audit.models import AuditEvent
from aiguille.booking.feeds import (
    FETCHES_AN_HOUR,
    MOST_FEEDS,
    FeedUnnamed,
    TooManyFeeds,
    create_patient_feed,
    create_practitioner_feed,
    feeds_of_patient,
    feeds_of_practitioner,
    replace_feed,
    revoke_feed,
)
from aiguille.booking.models import CalendarFeed
from aiguille.booking.operations import book, cancel_appointment, move_appointment
from aiguille.booking.queries import get_appointment
from aiguille.catalogue.queries import consultation_service, get_service, treatment_by_code
from aiguille.clinics.models import Membership
from aiguille.clinics.openings import WITHOUT_END
from aiguille.clinics.operations import (
    Opening,
    add_closure,
    create_resource,
    create_site,
    set_weekly_hours,
)
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ResourceKind
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text
from aiguille.patients.models import Relation
from aiguille.patients.operations import create_provisional
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible
from tests.course import TREATMENT, open_catalogue

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
TUESDAY = datetime(2026, 3, 3, 10, 0, tzinfo=PARIS)
MOST_QUERIES = 14


@pytest.fixture
def clinic(world):
    open_catalogue(at=world.at)
    return world


def consult(world, starts_at=TUESDAY, *, person=None, site=None, **other):
    given = {
        "patient_id": (person or world.anna).patient_id,
        "service_id": consultation_service(Procedure.MESOTHERAPY).id,
        "site_id": site or world.lyon,
        "starts_at": starts_at,
        "actor": world.diane.actor,
        "at": world.at,
    }
    return book(**(given | other))


def of_bruno(world, **changes):
    given = {
        "name": "Téléphone",
        "language": "fr",
        "has_initials": False,
        "actor": world.bruno.actor,
        "at": world.at,
    }
    return create_practitioner_feed(**(given | changes))


def of_anna(world, **changes):
    given = {
        "patient_id": world.anna.patient_id,
        "name": "Peau & Soin",
        "language": "fr",
        "actor": world.anna.actor,
        "at": world.at,
    }
    return create_patient_feed(**(given | changes))


def get(secret, **headers):
    return Client().get(f"/feeds/{secret}.ics", headers=headers)


def read(secret) -> Any:
    response = get(secret)
    assert response.status_code == 200
    return Calendar.from_ical(response.content)


def events(secret) -> list[Any]:
    return list(read(secret).walk("VEVENT"))


def at(instant):
    """Move the one clock, which the address reads."""
    clock.set_offset(instant - datetime.now(UTC))


class TestTheAnswer:
    def test_is_a_calendar_that_programs_understand(self, clinic):
        appointment_id = consult(clinic)
        response = get(of_anna(clinic).secret)
        assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
        calendar: Any = Calendar.from_ical(response.content)
        assert (str(calendar["VERSION"]), str(calendar["METHOD"])) == ("2.0", "PUBLISH")
        assert str(calendar["X-WR-CALNAME"]) == "Peau & Soin"
        assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
        [zone] = calendar.walk("VTIMEZONE")
        assert str(zone["TZID"]) == "Europe/Paris"
        [event] = calendar.walk("VEVENT")
        assert str(event["UID"]) == f"{appointment_id}@appointments"
        assert event["DTSTART"].dt == TUESDAY
        assert event["DTSTART"].params["TZID"] == "Europe/Paris"
        assert event["LAST-MODIFIED"].dt == event["DTSTAMP"].dt == clinic.at
        assert str(event["STATUS"]) == "CONFIRMED"
        assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))

    def test_has_a_name_of_one_line_whatever_was_sent(self, clinic):
        secret = of_anna(clinic, name=" Chez\r\nBEGIN:VEVENT; moi,\x07 là ").secret
        assert read(secret).walk("VEVENT") == []
        lines = get(secret).content.decode().split("\r\n")
        for name in ("NAME", "X-WR-CALNAME"):
            assert rf"{name}:Chez BEGIN:VEVENT\; moi\, là" in lines
        with pytest.raises(FeedUnnamed):
            of_anna(clinic, name="\r\n\x00")

    def test_is_kept_by_nobody_and_found_by_no_search_engine(self, clinic):
        response = get(of_anna(clinic).secret)
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert "noindex" in response.headers["X-Robots-Tag"]
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Cookie" not in response.headers.get("Vary", "")
        assert not response.cookies
        assert "Disallow: /feeds/" in Client().get("/robots.txt").content.decode()

    def test_is_304_until_something_changes(self, clinic):
        appointment_id = consult(clinic)
        secret = of_anna(clinic).secret
        etag = get(secret).headers["ETag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = get(secret, if_none_match=known)
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["ETag"] == etag
        at(clinic.at + timedelta(hours=3))
        assert get(secret, if_none_match=etag).status_code == 304
        cancel_appointment(
            appointment_id=appointment_id, reason="", actor=clinic.diane.actor, at=clinic.at
        )
        changed = get(secret, if_none_match=etag)
        assert changed.status_code == 200
        assert changed.headers["ETag"] != etag

    def test_to_another_method_is_a_refusal(self, clinic):
        secret = of_anna(clinic).secret
        assert Client().head(f"/feeds/{secret}.ics").content == b""
        assert Client().post(f"/feeds/{secret}.ics").status_code == 405

    def test_comes_so_often_and_then_later(self, clinic):
        secret = of_anna(clinic).secret
        assert {get(secret).status_code for _ in range(FETCHES_AN_HOUR)} == {200}
        refused = get(secret)
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "3600"
        at(clinic.at + timedelta(hours=1, minutes=1))
        assert get(secret).status_code == 200

    def test_notes_the_time_and_only_the_first_in_the_trail(self, clinic):
        issued = of_anna(clinic)
        [shown] = feeds_of_patient(patient_id=clinic.anna.patient_id, actor=clinic.anna.actor)
        assert shown.fetched_at is None
        for _ in range(5):
            get(issued.secret)
        [shown] = feeds_of_patient(patient_id=clinic.anna.patient_id, actor=clinic.anna.actor)
        assert shown.fetched_at is not None
        trail = AuditEvent.objects.filter(subject_id=issued.feed_id).order_by("position")
        assert list(trail.values_list("action", flat=True)) == [
            "booking:feed:created",
            "booking:feed:first_read",
        ]

    def test_costs_the_same_for_many_appointments(self, clinic, django_assert_max_num_queries):
        secret = of_bruno(clinic, has_initials=True).secret
        for index in range(12):  # a whole day
            patient_id = create_provisional(
                birth_name=f"Nom{chr(97 + index)}",
                first_names="Zoé",
                email=f"zoe{index}@example.net",
                phone="",
                language="fr",
                actor=clinic.diane.actor,
                at=clinic.at,
            )
            consult(clinic, TUESDAY + timedelta(minutes=35 * index), patient_id=patient_id)
        with django_assert_max_num_queries(MOST_QUERIES):
            assert len(events(secret)) == 12


class TestOfAPatient:
    def test_names_clinic_place_time_and_link_and_nothing_else(self, clinic):
        consult(clinic)
        [event] = events(of_anna(clinic).secret)
        link = f"{settings.BASE_URL}/fr/space/appointments/"
        assert str(event["SUMMARY"]) == "Rendez-vous, Peau & Soin"
        assert str(event["LOCATION"]) == "Peau & Soin Lyon, 12 rue des Tilleuls, 69002 Lyon"
        assert str(event["URL"]) == link
        assert str(event["DESCRIPTION"]) == f"Voir ou modifier\u00a0: {link}"
        assert Client().get(link.removeprefix(settings.BASE_URL)).status_code == 302
        assert set(event) == {
            "UID",
            "SEQUENCE",
            "DTSTAMP",
            "LAST-MODIFIED",
            "DTSTART",
            "DTEND",
            "SUMMARY",
            "LOCATION",
            "DESCRIPTION",
            "URL",
            "STATUS",
            "TRANSP",
            "CLASS",
        }

    def test_never_names_a_treatment_or_a_person(self, clinic):
        appointment = get_appointment(consult(clinic))
        body = get(of_anna(clinic).secret).content.decode().replace("\r\n ", "").lower()
        service = get_service(appointment.service_id)
        treatment = treatment_by_code(TREATMENT)
        for text in (service.name, treatment.name):
            assert text.fr.lower() not in body
            assert text.en.lower() not in body
        for word in ("mésothérapie", "mesotherapy", "needling", "anna", "martin", "bruno"):
            assert word not in body

    def test_speaks_the_language_asked_for(self, clinic):
        consult(clinic)
        [event] = events(of_anna(clinic, language="en").secret)
        assert str(event["SUMMARY"]) == "Appointment, Peau & Soin"
        assert "/en/space/" in str(event["URL"])

    def test_follows_a_move_and_a_cancellation(self, clinic):
        appointment_id = consult(clinic)
        secret = of_anna(clinic).secret
        [before] = events(secret)
        later = clinic.at + timedelta(minutes=5)
        moved_to = TUESDAY + timedelta(days=1)
        move_appointment(
            appointment_id=appointment_id,
            site_id=clinic.lyon,
            starts_at=moved_to,
            actor=clinic.diane.actor,
            at=later,
        )
        [moved] = events(secret)
        assert str(moved["UID"]) == str(before["UID"])
        assert moved["SEQUENCE"] > before["SEQUENCE"]
        assert (moved["DTSTART"].dt, moved["LAST-MODIFIED"].dt) == (moved_to, later)
        cancel_appointment(
            appointment_id=appointment_id, reason="", actor=clinic.diane.actor, at=later
        )
        [cancelled] = events(secret)
        assert cancelled["SEQUENCE"] > moved["SEQUENCE"]
        assert (str(cancelled["STATUS"]), str(cancelled["TRANSP"])) == ("CANCELLED", "TRANSPARENT")
        at(moved_to + timedelta(minutes=1))
        assert events(secret) == []

    def test_goes_back_thirty_days(self, clinic):
        consult(clinic)
        secret = of_anna(clinic).secret
        at(TUESDAY + timedelta(days=29))
        assert len(events(secret)) == 1
        at(TUESDAY + timedelta(days=31))
        assert events(secret) == []

    def test_shows_each_appointment_on_the_walls_of_its_site(self, clinic):
        island = create_site(
            code="reunion",
            name="Peau & Soin Réunion",
            street="1 rue de la Plage",
            postcode="97434",
            city="Saint-Gilles",
            phone="+262262000000",
            email="reunion@example.org",
            access=Text(fr="Au bord de la mer.", en="By the sea."),
            time_zone="Indian/Reunion",
            actor=SYSTEM,
            at=clinic.at,
        )
        room = create_resource(
            kind=ResourceKind.ROOM,
            code="reunion-room-1",
            name="Salle 1",
            skills=("consultation",),
            site_id=island,
            actor=SYSTEM,
            at=clinic.at,
        )
        for resource in (clinic.paula_resource, room):
            set_weekly_hours(
                resource_id=resource,
                openings=[Opening(island, 2, 9 * 60, 12 * 60)],
                actor=SYSTEM,
                at=clinic.at,
            )
        consult(clinic)
        consult(clinic, datetime(2026, 3, 4, 5, 0, tzinfo=UTC), site=island)
        calendar = read(of_anna(clinic).secret)
        zones = [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")]
        assert zones == ["Europe/Paris", "Indian/Reunion"]
        walls = [event["DTSTART"].to_ical() for event in calendar.walk("VEVENT")]
        assert walls == [b"20260303T100000", b"20260304T090000"]

    def test_is_of_that_patient_only(self, clinic):
        consult(clinic, person=clinic.marc)
        assert events(of_anna(clinic).secret) == []

    def test_ends_with_the_relation(self, clinic):
        secret = of_anna(clinic).secret
        assert get(secret).status_code == 200
        Relation.objects.filter(user_id=clinic.anna.user_id).update(
            valid_during=(date(2026, 1, 1), date(2026, 3, 2))
        )
        assert get(secret).status_code == 404

    def test_is_made_by_the_patients_login_only(self, clinic):
        for actor in (clinic.marc.actor, clinic.bruno.actor, clinic.diane.actor, SYSTEM):
            with pytest.raises(NotVisible):
                of_anna(clinic, actor=actor)


class TestOfAPractitioner:
    def test_names_the_site_and_nobody(self, clinic):
        consult(clinic)
        [event] = events(of_bruno(clinic).secret)
        assert str(event["SUMMARY"]) == "Rendez-vous"
        assert str(event["LOCATION"]) == "Peau & Soin Lyon"
        assert str(event["URL"]) == (f"{settings.BASE_URL}/fr/desk/?site=lyon&day=2026-03-03")
        assert "DESCRIPTION" not in event

    def test_names_initials_where_that_was_chosen(self, clinic):
        consult(clinic)
        [event] = events(of_bruno(clinic, has_initials=True).secret)
        assert str(event["SUMMARY"]) == "Rendez-vous A. M."

    def test_is_of_that_practitioner_only(self, clinic):
        consult(clinic, site=clinic.paris)
        assert events(of_bruno(clinic).secret) == []

    def test_shows_blocked_time_without_its_reason(self, clinic):
        for first, until, minutes in (
            (date(2026, 3, 4), date(2026, 3, 4), (14 * 60, 16 * 60)),
            (date(2026, 3, 9), date(2026, 3, 14), (0, 0)),
        ):
            add_closure(
                resource_id=clinic.bruno_resource,
                from_date=first,
                from_minute=minutes[0],
                until_date=until,
                until_minute=minutes[1],
                reason="Opération du genou",
                actor=SYSTEM,
                at=clinic.at,
            )
        secret = of_bruno(clinic).secret
        meeting, week = events(secret)
        assert str(meeting["SUMMARY"]) == "Indisponible"
        assert meeting["DTSTART"].dt == datetime(2026, 3, 4, 14, 0, tzinfo=PARIS)
        assert (week["DTSTART"].dt, week["DTEND"].dt) == (date(2026, 3, 9), date(2026, 3, 14))
        assert str(week["UID"]).endswith("@closures")
        assert b"genou" not in get(secret).content

    def test_shows_a_leave_without_end_as_far_as_appointments_go(self, clinic):
        add_closure(
            resource_id=clinic.bruno_resource,
            from_date=date(2026, 3, 9),
            until_date=WITHOUT_END,
            actor=SYSTEM,
            at=clinic.at,
        )
        [leave] = events(of_bruno(clinic).secret)
        assert (leave["DTSTART"].dt, leave["DTEND"].dt) == (date(2026, 3, 9), date(2027, 4, 6))

    def test_ends_with_the_role(self, clinic):
        secret = of_bruno(clinic).secret
        assert get(secret).status_code == 200
        Membership.objects.filter(user_id=clinic.bruno.user_id).update(
            valid_during=(date(2025, 1, 1), date(2026, 3, 2))
        )
        assert get(secret).status_code == 404

    def test_shows_the_sites_of_a_role_only(self, clinic):
        consult(clinic)
        Membership.objects.filter(user_id=clinic.bruno.user_id).update(site=clinic.paris)
        assert events(of_bruno(clinic).secret) == []

    def test_is_made_by_a_practitioner_at_work_only(self, clinic):
        for person in (clinic.diane, clinic.ines, clinic.carla, clinic.anna):
            with pytest.raises(NotVisible):
                of_bruno(clinic, actor=person.actor)


class TestTheSecret:
    def test_is_kept_as_a_digest_only(self, clinic):
        issued = of_bruno(clinic)
        assert len(issued.secret) >= 43
        kept = str(CalendarFeed.objects.filter(id=issued.feed_id).values()[0])
        trail = str(list(AuditEvent.objects.filter(subject_id=issued.feed_id).values()))
        assert issued.secret not in kept + trail

    @pytest.mark.parametrize("secret", ["x", "A" * 43, "é", "%00", "..", "a" * 3000])
    def test_that_nobody_has_is_not_found(self, clinic, secret):
        assert get(secret).status_code == 404

    def test_that_was_revoked_is_not_found(self, clinic):
        issued = of_anna(clinic)
        for _ in range(2):
            revoke_feed(feed_id=issued.feed_id, actor=clinic.anna.actor, at=clinic.at)
        assert get(issued.secret).status_code == 404
        assert feeds_of_patient(patient_id=clinic.anna.patient_id, actor=clinic.anna.actor) == []

    def test_that_was_replaced_is_not_found_and_the_new_one_works(self, clinic):
        issued = of_bruno(clinic, has_initials=True)
        new = replace_feed(feed_id=issued.feed_id, actor=clinic.bruno.actor, at=clinic.at)
        assert get(issued.secret).status_code == 404
        assert get(new.secret).status_code == 200
        [shown] = feeds_of_practitioner(resource_id=clinic.bruno_resource)
        assert (shown.id, shown.name, shown.has_initials) == (new.feed_id, "Téléphone", True)
        with pytest.raises(NotVisible):
            replace_feed(feed_id=issued.feed_id, actor=clinic.bruno.actor, at=clinic.at)

    def test_is_revoked_and_replaced_by_its_maker_only(self, clinic):
        issued = of_bruno(clinic)
        for actor in (clinic.paula.actor, clinic.ines.actor, clinic.anna.actor, SYSTEM):
            for change in (revoke_feed, replace_feed):
                with pytest.raises(NotVisible):
                    change(feed_id=issued.feed_id, actor=actor, at=clinic.at)
        assert get(issued.secret).status_code == 200

    def test_asked_for_twice_is_made_once(self, clinic):
        key = new_id()
        first, second = of_bruno(clinic, feed_id=key), of_bruno(clinic, feed_id=key)
        assert (second.feed_id, second.secret) == (first.feed_id, "")
        with pytest.raises(NotVisible):
            of_anna(clinic, feed_id=key)
        again = new_id()
        for wanted in (True, False):
            new = replace_feed(
                feed_id=key, actor=clinic.bruno.actor, at=clinic.at, new_feed_id=again
            )
            assert bool(new.secret) is wanted
        assert CalendarFeed.objects.filter(revoked_at=None).count() == 1

    def test_is_one_of_ten_at_most(self, clinic):
        for _ in range(MOST_FEEDS):
            of_bruno(clinic)
        with pytest.raises(TooManyFeeds):
            of_bruno(clinic)


def test_the_address_has_no_language(clinic):
    assert reverse("calendar_feed", args=["secret"]) == "/feeds/secret.ics"
