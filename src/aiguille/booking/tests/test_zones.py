"""Sites in several zones: each answers by its own walls, and the answers are merged by instant."""

import json
from datetime import UTC, date, datetime
from io import StringIO

import pytest

from aiguille.booking.models import Appointment
from aiguille.booking.operations import book, cancel_appointment
from aiguille.booking.promises import zone_data
from aiguille.booking.queries import free_starts
from aiguille.booking.zones_cli import check_zones
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.models import ClinicGroup, Site
from aiguille.clinics.operations import Opening, create_resource, create_site, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ResourceKind
from aiguille.kernel.text import Text

pytestmark = pytest.mark.django_db

# The clocks of Paris go forward in the night to Sunday the 29th; those of Réunion never.
FRIDAY, MONDAY = date(2026, 3, 27), date(2026, 3, 30)


@pytest.fixture
def island(world):
    """A site in Réunion where Dr Paula works on weekdays from 9 to 12, and a room."""
    seed.load(actor=SYSTEM, at=world.at)
    site_id = create_site(
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
        at=world.at,
    )
    room = create_resource(
        kind=ResourceKind.ROOM,
        code="reunion-room-1",
        name="Salle 1",
        skills=("consultation",),
        site_id=site_id,
        actor=SYSTEM,
        at=world.at,
    )
    for resource in (world.paula_resource, room):
        set_weekly_hours(
            resource_id=resource,
            openings=[Opening(site_id, weekday, 9 * 60, 12 * 60) for weekday in range(5)],
            actor=SYSTEM,
            at=world.at,
        )
    return site_id


def ask(world, **other):
    given = {
        "service_id": consultation_service(Procedure.MESOTHERAPY).id,
        "first_day": FRIDAY,
        "last_day": MONDAY,
        "at": world.at,
    }
    return free_starts(**(given | other))


def test_a_site_has_a_zone_and_the_group_has_none():
    assert "time_zone" in {field.name for field in Site._meta.get_fields()}
    assert not [field.name for field in ClinicGroup._meta.get_fields() if "zone" in field.name]


class TestASearchOverTwoZones:
    def test_is_the_two_answers_merged_by_instant(self, world, island):
        both = ask(world)
        apart = [*ask(world, site_id=world.lyon), *ask(world, site_id=island)]
        assert both == sorted(apart)
        assert [start.starts_at for start in both] == sorted(start.starts_at for start in apart)
        assert {start.time_zone for start in both} == {"Europe/Paris", "Indian/Reunion"}

    def test_keeps_the_hours_on_both_walls_over_a_clock_change(self, world, island):
        for day, offset in ((FRIDAY, 1), (MONDAY, 2)):
            of_day = [start for start in ask(world) if start.local_date == day]
            first = {start.site_id: start for start in reversed(of_day)}
            assert f"{first[world.lyon].local:%H:%M}" == "09:00"
            assert f"{first[island].local:%H:%M}" == "09:00"
            assert first[world.lyon].starts_at.hour == 9 - offset
            assert first[island].starts_at.hour == 5
            assert of_day[0].site_id == island

    def test_reads_the_dates_asked_for_on_each_sites_walls(self, world, island):
        days = {(start.site_id, start.local_date) for start in ask(world)}
        assert days == {(site, day) for site in (world.lyon, island) for day in (FRIDAY, MONDAY)}

    def test_leads_to_an_appointment_with_its_sites_promise(self, world, island):
        starts_at = datetime(2026, 3, 30, 5, 0, tzinfo=UTC)
        appointment_id = book(
            patient_id=world.anna.patient_id,
            service_id=consultation_service(Procedure.MESOTHERAPY).id,
            site_id=island,
            starts_at=starts_at,
            actor=world.diane.actor,
            at=world.at,
        )
        row = Appointment.objects.get(id=appointment_id)
        assert (row.local_start, row.time_zone) == ("2026-03-30T09:00", "Indian/Reunion")
        assert row.local_date == date(2026, 3, 30)
        assert starts_at not in {start.starts_at for start in ask(world)}


def consult(world, starts_at):
    return book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.MESOTHERAPY).id,
        site_id=world.lyon,
        starts_at=starts_at,
        actor=world.diane.actor,
        at=world.at,
    )


def check(world, *, as_json=False, at=None):
    out = StringIO()
    code = check_zones(out, as_json=as_json, at=at or world.at)
    return code, out.getvalue()


class TestZonesCheck:
    @pytest.fixture
    def promised(self, world):
        """Two appointments; of the first, the patient was told 11:00 where it is at 10:00."""
        seed.load(actor=SYSTEM, at=world.at)
        first = consult(world, datetime(2026, 3, 27, 9, 0, tzinfo=UTC))
        consult(world, datetime(2026, 3, 30, 9, 0, tzinfo=UTC))
        Appointment.objects.filter(id=first).update(local_start="2026-03-27T11:00")
        return Appointment.objects.get(id=first)

    def test_finds_nothing_while_every_promise_is_kept(self, world):
        seed.load(actor=SYSTEM, at=world.at)
        consult(world, datetime(2026, 3, 27, 9, 0, tzinfo=UTC))
        consult(world, datetime(2026, 3, 30, 9, 0, tzinfo=UTC))
        code, text = check(world)
        assert code == 0
        assert "Every appointment ahead is at the time that was promised." in text
        assert zone_data() in text

    def test_lists_what_would_shift_and_moves_nothing(self, world, promised):
        before = list(Appointment.objects.order_by("id").values())
        code, text = check(world)
        assert code == 1
        [line] = [line for line in text.splitlines() if line.startswith(str(promised.number))]
        assert line.split("  ")[-1] == "2026-03-27 10:00"
        for cell in ("Peau & Soin Lyon", "Europe/Paris", "2026-03-27 11:00"):
            assert cell in line
        assert "1 appointment ahead would shift. Nothing was moved." in text
        assert "Martin" not in text
        assert list(Appointment.objects.order_by("id").values()) == before

    def test_says_the_same_as_json(self, world, promised):
        code, text = check(world, as_json=True)
        assert code == 1
        told = json.loads(text)
        assert told["zone_data"] == zone_data()
        assert told["shifts"] == [
            {
                "id": str(promised.id),
                "number": promised.number,
                "site": "Peau & Soin Lyon",
                "time_zone": "Europe/Paris",
                "starts_at": "2026-03-27T09:00:00+00:00",
                "promised": "2026-03-27T11:00",
                "shown": "2026-03-27T10:00",
                "kept_at": "2026-03-27T10:00:00+00:00",
            }
        ]

    def test_names_a_zone_that_is_gone(self, world, promised):
        Appointment.objects.filter(id=promised.id).update(time_zone="Europe/Atlantis")
        [shift] = json.loads(check(world, as_json=True)[1])["shifts"]
        assert (shift["shown"], shift["kept_at"]) == (None, None)
        assert "no such zone" in check(world)[1]

    def test_looks_at_what_is_ahead_only(self, world, promised):
        assert check(world, at=promised.ends_at)[0] == 0
        cancel_appointment(
            appointment_id=promised.id, reason="", actor=world.diane.actor, at=world.at
        )
        assert check(world)[0] == 0
