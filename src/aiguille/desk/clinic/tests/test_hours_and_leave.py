"""Hours, leave and closures on the pages: what is typed stays, what is displaced is shown first."""

import re
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.booking.displaced import list_displaced
from aiguille.booking.operations import book
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.access import visible_site_ids
from aiguille.clinics.models import Closure, ExtraOpening, Resource
from aiguille.clinics.operations import Opening, set_weekly_hours
from aiguille.clinics.queries import WeeklyOpening, site_by_code
from aiguille.clinics.timetable import get_resource, mark_of_hours, weekly_hours
from aiguille.clinics.weeks import weeks_of
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from tests.course import open_catalogue
from tests.world import AT, PASSWORD, World

pytestmark = pytest.mark.django_db
DAY = AT.date() + timedelta(days=1)  # a Tuesday
CONFIRMED = re.compile(r'name="confirmed" value="(\w+)"')


@pytest.fixture
def manager(world: World) -> Client:
    return world.staff_client(world.ines)


def page(name: str, *args: object) -> str:
    return reverse(f"desk:clinic_{name}", args=args)


def consult(world: World, hours: float = 1) -> UUID:
    open_catalogue(at=AT)
    return book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.MESOTHERAPY).id,
        site_id=world.lyon,
        starts_at=AT + timedelta(days=1, hours=hours),
        actor=world.diane.actor,
        at=AT,
    )


def week(world: World, **typed: str) -> dict[str, str]:
    """Return the form of a week, open from nine to six from Monday to Friday, and what is typed."""
    rows = {
        f"d{day}_0_{part}": value
        for day in range(7)
        for part, value in (
            ("from", "09:00" if day < 5 else ""),
            ("until", "18:00" if day < 5 else ""),
            ("site", str(world.lyon)),
        )
    }
    seen = {"seen": mark_of_hours(world.bruno_resource)}
    return {**rows, **seen, "action": "save", **typed}


def hours_in_the_end(world: World) -> tuple[WeeklyOpening, ...]:
    return weeks_of(weekly_hours(world.bruno_resource))[-1].openings


class TestWhoSeesWhat:
    @pytest.mark.parametrize(
        ("name", "allowed"),
        [
            ("clinic", {"diane", "ines"}),
            ("clinic_mine", {"bruno", "diane", "hugo", "ines"}),
            ("clinic_new", {"ines"}),
            ("clinic_services", {"ines"}),
            ("displaced", {"bruno", "diane", "hugo"}),
        ],
    )
    def test_pages_of_the_clinic(self, world: World, name: str, allowed: set[str]) -> None:
        for who in ("bruno", "diane", "hugo", "ines"):
            answer = world.staff_client(getattr(world, who)).get(
                reverse(f"desk:{name}"), follow=True
            )
            assert answer.status_code == (200 if who in allowed else 403), who

    @pytest.mark.parametrize(
        ("name", "allowed"),
        [
            ("resource", {"bruno", "diane", "ines"}),
            ("close", {"bruno", "diane", "ines"}),
            ("hours", {"ines"}),
            ("extra", {"ines"}),
            ("edit", {"ines"}),
            ("withdraw", {"ines"}),
        ],
    )
    def test_pages_of_a_practitioner(self, world: World, name: str, allowed: set[str]) -> None:
        for who in ("bruno", "paula", "diane", "hugo", "ines"):
            answer = world.staff_client(getattr(world, who)).get(page(name, world.bruno_resource))
            expected = {200} if who in allowed else {403, 404}
            assert answer.status_code in expected, who

    def test_a_site_is_for_who_manages_it(self, world: World, manager: Client) -> None:
        assert manager.get(page("site", "lyon")).status_code == 200
        assert manager.get(page("site", "nowhere")).status_code == 404
        assert world.staff_client(world.diane).get(page("site", "lyon")).status_code == 403

    @pytest.mark.parametrize(("who", "lands"), [("ines", "clinic"), ("diane", "day")])
    def test_whoever_signs_in_lands_on_a_page_of_theirs(
        self, world: World, client: Client, settings: Any, who: str, lands: str
    ) -> None:
        settings.STAFF_SECOND_FACTOR = False
        person = getattr(world, who)

        answer = client.post(
            reverse("account_login"),
            {"login": person.email, "password": PASSWORD},
            follow=True,
        )

        assert answer.status_code == 200
        assert answer.request["PATH_INFO"] == reverse(f"desk:{lands}")

    def test_a_practitioner_finds_their_own_hours(self, world: World) -> None:
        answer = world.staff_client(world.bruno).get(page("mine"), follow=True)

        assert answer.request["PATH_INFO"] == page("resource", world.bruno_resource)
        assert page("hours", world.bruno_resource) not in answer.content.decode()


class TestTheWeek:
    def test_is_shown_with_its_words(self, world: World, manager: Client) -> None:
        text = manager.get(page("resource", world.bruno_resource)).content.decode()

        assert "09:00–18:00" in text
        assert 'role="img" aria-label="lundi 09:00–18:00; mardi' in text

    def test_overview_shows_leave_in_its_week(self, world: World, manager: Client) -> None:
        Closure.objects.create(
            resource_id=world.bruno_resource,
            from_date=DAY,
            until_date=DAY + timedelta(days=1),
        )
        text = manager.get(reverse("desk:clinic")).content.decode()
        later = manager.get(reverse("desk:clinic") + f"?week={DAY + timedelta(days=7)}")

        assert 'class="strip-usual" x' in text
        assert 'class="strip-usual" x' not in later.content.decode()

    def test_is_saved(self, world: World, manager: Client) -> None:
        answer = manager.post(
            page("hours", world.bruno_resource),
            week(
                world,
                d0_0_until="12:00",
                d0_1_from="14:00",
                d0_1_until="00:00",
                d0_1_site=str(world.paris),
                d4_0_from="",
                d4_0_until="",
            ),
        )

        assert answer.status_code == 302
        hours = hours_in_the_end(world)
        assert [(o.site_id, o.weekday, o.from_minute, o.until_minute) for o in hours[:2]] == [
            (world.lyon, 0, 540, 720),
            (world.paris, 0, 840, 1440),
        ]
        assert {o.weekday for o in hours} == {0, 1, 2, 3}

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"d0_0_until": "08:00"}, "d0_0_until"),
            ({"d1_0_from": ""}, "d1_0_from"),
            ({"d2_0_from": "09:02"}, "d2_0_from"),
            ({"d3_0_from": "noon"}, "d3_0_from"),
            ({"d4_0_site": "nowhere"}, "d4_0_site"),
            (
                {"d0_1_from": "17:00", "d0_1_until": "19:00", "d0_1_site": "paris"},
                "d0_1_from",
            ),
        ],
    )
    def test_keeps_what_was_typed_beside_what_is_wrong(
        self, world: World, manager: Client, typed: dict[str, str], field: str
    ) -> None:
        typed = {name: str(getattr(world, value, value)) for name, value in typed.items()}

        answer = manager.post(page("hours", world.bruno_resource), week(world, **typed))

        assert answer.status_code == 422
        form = answer.context["form"]
        assert list(form.errors) == [field]
        assert form[field].value() == typed[field]
        assert len(weekly_hours(world.bruno_resource)) == 5

    def test_a_day_is_copied_and_grows_without_being_saved(
        self, world: World, manager: Client
    ) -> None:
        address = page("hours", world.bruno_resource)
        typed = week(world, d0_0_until="12:00", action="copy", copy_from="0")

        copied = manager.post(address, {**typed, "copy_to": ["1", "5"]}).context["form"]
        grown = manager.post(address, week(world, action="add-2")).context["form"]

        assert [copied[f"d{day}_0_until"].value() for day in (1, 2, 5)] == [
            "12:00",
            "18:00",
            "12:00",
        ]
        assert len(grown.days[2].rows) == 2
        assert len(weekly_hours(world.bruno_resource)) == 5

    def test_is_not_saved_over_a_colleagues(self, world: World, manager: Client) -> None:
        typed = week(world, d0_0_until="12:00")
        set_weekly_hours(
            resource_id=world.bruno_resource,
            openings=[Opening(world.lyon, 0, 600, 660)],
            actor=SYSTEM,
            at=AT,
        )

        answer = manager.post(page("hours", world.bruno_resource), typed)

        assert answer.status_code == 409
        assert len(weekly_hours(world.bruno_resource)) == 1

    def test_that_displaces_is_shown_first(self, world: World, manager: Client) -> None:
        consult(world)
        address = page("hours", world.bruno_resource)
        typed = week(world, d1_0_from="14:00")

        shown = manager.post(address, typed)

        text = shown.content.decode()
        assert len(weekly_hours(world.bruno_resource)) == 5
        assert weekly_hours(world.bruno_resource)[1].from_minute == 540
        assert "10:00" in text
        assert "Martin" not in text  # an administrator reads no names
        assert shown.context["form"]["d1_0_from"].value() == "14:00"
        confirmed = CONFIRMED.findall(text)[0]

        saved = manager.post(address, {**typed, "confirmed": confirmed})

        assert saved.status_code == 302
        assert hours_in_the_end(world)[1].from_minute == 840

    def test_hold_from_a_date_and_are_shown_one_after_the_other(
        self, world: World, manager: Client
    ) -> None:
        june, july = date(2026, 6, 1), date(2026, 7, 1)
        for day, until in ((july, "16:00"), (june, "12:00")):
            answer = manager.post(
                page("hours", world.bruno_resource),
                week(world, valid_from=str(day), d0_0_until=until),
            )
            assert answer.status_code == 302
        text = manager.get(page("resource", world.bruno_resource)).content.decode()
        planned = manager.get(page("hours", world.bruno_resource) + f"?from={june}")

        assert [w.first_day for w in weeks_of(weekly_hours(world.bruno_resource))] == [
            None,
            june,
            july,
        ]
        assert "Jusqu’au 31 mai 2026" in text
        assert "Du 1 juin 2026 au 30 juin 2026" in text
        assert "Du mardi au vendredi" in text
        assert planned.context["form"]["d0_0_until"].value() == time(12)
        assert "1 juillet 2026" in planned.content.decode()

        answer = manager.post(page("drop_hours", world.bruno_resource, june))
        assert answer.status_code == 302
        assert [w.first_day for w in weeks_of(weekly_hours(world.bruno_resource))] == [None, july]
        assert manager.get(page("drop_hours", world.bruno_resource, june)).status_code == 404

    def test_from_a_date_displace_what_is_booked_from_then_on(
        self, world: World, manager: Client
    ) -> None:
        consult(world)
        address = page("hours", world.bruno_resource)
        closed = {f"d1_0_{part}": "" for part in ("from", "until")}
        later = week(world, valid_from=str(DAY + timedelta(days=1)), **closed)
        that_day = week(world, valid_from=str(DAY), **closed)

        assert "10:00" in manager.post(address, that_day).content.decode()
        assert len(weekly_hours(world.bruno_resource)) == 5
        assert manager.post(address, later).status_code == 302
        assert list_displaced(first_day=DAY, last_day=None, at=AT) == []

    @pytest.mark.parametrize("day", ["2026-03-01", "2060-01-01", "never"])
    def test_refuse_a_date_that_nobody_means(self, world: World, manager: Client, day: str) -> None:
        answer = manager.post(page("hours", world.bruno_resource), week(world, valid_from=day))

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["valid_from"]
        assert answer.context["form"]["valid_from"].value() == day

    def test_costs_few_queries(
        self, world: World, manager: Client, django_assert_max_num_queries: Any
    ) -> None:
        open_catalogue(at=AT)
        with django_assert_max_num_queries(18):
            manager.get(reverse("desk:clinic"))


class TestLeave:
    @pytest.mark.parametrize(
        ("typed", "closed"),
        [
            ({}, (DAY, 0, DAY + timedelta(days=1), 0)),
            ({"last_day": str(DAY + timedelta(days=3))}, (DAY, 0, DAY + timedelta(days=4), 0)),
            ({"last_time": "13:00"}, (DAY, 0, DAY, 780)),
            ({"first_time": "13:00"}, (DAY, 780, DAY + timedelta(days=1), 0)),
            ({"first_time": "09:30", "last_time": "10:15"}, (DAY, 570, DAY, 615)),
        ],
    )
    def test_is_of_days_and_half_days(
        self, world: World, typed: dict[str, str], closed: tuple[Any, ...]
    ) -> None:
        answer = world.staff_client(world.bruno).post(
            page("close", world.bruno_resource), {"first_day": str(DAY), **typed}
        )

        assert answer.status_code == 302
        row = Closure.objects.get()
        assert (row.from_date, row.from_minute, row.until_date, row.until_minute) == closed

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"first_day": ""}, "first_day"),
            ({"last_day": str(DAY - timedelta(days=1))}, "last_day"),
            ({"first_time": "14:00", "last_time": "13:00"}, "last_time"),
            ({"first_day": "2099-01-01"}, "first_day"),
            ({"without_return": "on", "last_day": str(DAY)}, "last_day"),
            ({"reason": "x" * 201}, "reason"),
        ],
    )
    def test_says_what_is_wrong(
        self, world: World, manager: Client, typed: dict[str, str], field: str
    ) -> None:
        answer = manager.post(page("close", world.bruno_resource), {"first_day": str(DAY), **typed})

        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert not Closure.objects.exists()

    def test_without_return_is_shown_as_such(self, world: World, manager: Client) -> None:
        address = page("close", world.bruno_resource)
        typed = {"first_day": str(DAY), "without_return": "on"}
        consult(world)
        shown = manager.post(address, typed)
        manager.post(address, {**typed, "confirmed": CONFIRMED.findall(shown.content.decode())[0]})

        text = manager.get(page("resource", world.bruno_resource)).content.decode()

        assert "sans retour" in text

    def test_is_removed_and_put_back(self, world: World, manager: Client) -> None:
        address = page("resource", world.bruno_resource)
        manager.post(
            page("close", world.bruno_resource),
            {"first_day": str(DAY), "first_time": "10:00", "reason": "Congrès"},
        )
        closure = Closure.objects.get()
        removed = manager.post(page("remove_closure", closure.id), follow=True)

        assert not Closure.objects.exists()
        assert page("undo") in removed.content.decode()

        manager.post(page("undo"))

        again = Closure.objects.get()
        assert (again.from_date, again.from_minute, again.reason) == (DAY, 600, "Congrès")
        assert page("undo") not in manager.get(address).content.decode()
        assert manager.post(page("undo")).status_code == 404

    def test_of_others_is_not_theirs_to_remove(self, world: World, manager: Client) -> None:
        manager.post(page("close", world.lyon_room), {"first_day": str(DAY)})
        closure = Closure.objects.get()

        answer = world.staff_client(world.bruno).post(page("remove_closure", closure.id))

        assert answer.status_code == 403
        assert Closure.objects.exists()


class TestANewSite:
    TYPED = {
        "name": "Peau & Soin Réunion",
        "street": "1 rue de la Plage",
        "postcode": "97434",
        "city": "Saint-Gilles",
        "country": "fr",
        "time_zone": "Indian/Reunion",
        "phone": "+262262000000",
        "email": "reunion@example.org",
        "access_fr": "Au bord de la mer.",
        "access_en": "By the sea.",
    }

    def test_is_added_with_the_people_of_another(self, world: World, manager: Client) -> None:
        typed = {**self.TYPED, "staff_of": str(world.lyon)}
        assert manager.post(page("new_site"), typed).status_code == 302

        site = site_by_code("saint-gilles")
        assert site is not None
        assert (site.time_zone, site.country) == ("Indian/Reunion", "FR")
        assert (
            "Peau &amp; Soin Réunion" in manager.get(page("edit_site", site.code)).content.decode()
        )
        at_work = visible_site_ids(actor=world.diane.actor, at=AT)
        assert at_work == {world.lyon, site.id}
        # Carla left: she has no role there.
        assert visible_site_ids(actor=world.carla.actor, at=AT) == frozenset()
        assert "Fête" in manager.get(page("site", site.code)).content.decode()

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"time_zone": "Mars/Olympus"}, "time_zone"),
            ({"country": "1!"}, "country"),
            ({"city": ""}, "city"),
            ({"email": "nobody"}, "email"),
            ({"staff_of": "x"}, "staff_of"),
        ],
    )
    def test_is_refused_beside_the_field(
        self, world: World, manager: Client, typed: dict[str, str], field: str
    ) -> None:
        answer = manager.post(page("new_site"), {**self.TYPED, **typed})

        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])

    def test_is_renamed_unless_somebody_else_did(self, world: World, manager: Client) -> None:
        address = page("edit_site", "lyon")
        seen = manager.get(address).context["form"]["seen"].value()
        typed = {**self.TYPED, "seen": seen}

        assert manager.post(address, typed).status_code == 302
        assert manager.post(address, typed).status_code == 409
        site = site_by_code("lyon")
        assert site is not None
        assert (site.name, site.time_zone) == ("Peau & Soin Réunion", "Europe/Paris")

    def test_is_for_who_manages_the_clinic(self, world: World) -> None:
        for address in (page("new_site"), page("edit_site", "lyon")):
            assert world.staff_client(world.diane).get(address).status_code == 403


class TestClosuresOfASite:
    def test_of_public_holidays_one_by_one_and_all(self, world: World, manager: Client) -> None:
        address = page("site", "lyon")
        first = manager.get(address)
        assert "Lundi de Pâques" in first.content.decode()

        manager.post(address, {"day": "2026-04-06"})
        assert Closure.objects.get().reason == "Lundi de Pâques"

        manager.post(address, {"day": "all"})
        manager.post(address, {"day": "all"})

        assert Closure.objects.filter(site_id=world.lyon).count() == 18
        assert 'value="all"' not in manager.get(address).content.decode()

    def test_of_public_holidays_are_named_in_the_readers_language(
        self, world: World, manager: Client
    ) -> None:
        address = page("site", "lyon")
        manager.post(address, {"day": "2026-04-06"})
        agenda = reverse("desk:agenda") + "?site=lyon&date=2026-04-06"
        desk = world.staff_client(world.diane)

        for language, name in (("en", "Easter Monday"), ("fr", "Lundi de Pâques")):
            for client, path in ((manager, address), (desk, agenda)):
                shown = client.get(path.replace("/fr/", f"/{language}/", 1)).content.decode()
                assert name in shown.split('id="holidays"')[0]
        kept = Closure.objects.get()
        assert (kept.reason, kept.holiday) == ("Lundi de Pâques", "FR")
        # Put back, it still is a holiday.
        manager.post(reverse("desk:clinic_remove_closure", args=[kept.id]))
        manager.post(reverse("desk:clinic_undo"))
        assert Closure.objects.get().holiday == "FR"

    def test_in_alsace_have_days_of_their_own(self, world: World, manager: Client) -> None:
        address = page("site", "lyon") + "?part=6AE"
        assert "Saint-Étienne" in manager.get(address).content.decode()

        manager.post(address, {"day": "2026-12-26"})

        assert Closure.objects.get().reason == "Saint-Étienne"

    def test_show_first_whom_they_displace(self, world: World, manager: Client) -> None:
        consult(world)

        shown = manager.post(page("close_site", "lyon"), {"first_day": str(DAY)})

        assert CONFIRMED.search(shown.content.decode())
        assert not Closure.objects.exists()


class TestThings:
    def test_a_room_is_added_then_changed_then_withdrawn_and_brought_back(
        self, world: World, manager: Client
    ) -> None:
        typed = {"kind": "room", "site": "lyon", "name": "Salle 1"}
        manager.post(page("new"), typed)
        made = manager.post(page("new"), typed)  # two rooms may have one name
        room = Resource.objects.get(code="lyon-salle-1-2")
        assert made["Location"] == page("resource", room.id)

        manager.post(
            page("edit", room.id),
            {
                "name": "Salle 9",
                "skills": ["treatment"],
                "other_skill": "Peeling",
                "seen": get_resource(room.id).mark,
            },
        )
        assert get_resource(room.id).skills == ("treatment", "Peeling")

        manager.post(page("withdraw", room.id))
        assert not get_resource(room.id).is_active
        assert "Salle 9" in manager.get(reverse("desk:clinic")).content.decode()

        manager.post(page("back", room.id))
        assert get_resource(room.id).is_active

    def test_somebody_with_an_account_becomes_a_practitioner(
        self, world: World, manager: Client
    ) -> None:
        address = page("new_practitioner")
        offered = manager.get(address).context["form"].fields["user_id"].choices
        assert str(world.bruno.user_id) not in dict(offered)
        assert manager.post(address, {"user_id": str(world.bruno.user_id)}).status_code == 422

        made = manager.post(address, {"user_id": str(world.hugo.user_id), "title": "M."})

        hugo = Resource.objects.get(user_id=world.hugo.user_id)
        assert made["Location"] == page("resource", hugo.id)
        assert (hugo.title, hugo.name, hugo.code) == ("M.", "Hugo Blanc", "dr-hugo-blanc")
        assert "Hugo Blanc" in manager.get(reverse("desk:clinic")).content.decode()

    def test_a_room_under_an_appointment_is_withdrawn_knowingly(
        self, world: World, manager: Client
    ) -> None:
        consult(world)
        address = page("withdraw", world.lyon_room)

        shown = manager.post(address)

        assert get_resource(world.lyon_room).is_active
        confirmed = CONFIRMED.findall(shown.content.decode())[0]
        assert manager.post(address, {"confirmed": confirmed}).status_code == 302
        assert not get_resource(world.lyon_room).is_active

    def test_an_extra_opening_comes_and_goes_and_comes_back(
        self, world: World, manager: Client
    ) -> None:
        typed = {
            "on": str(DAY + timedelta(days=5)),
            "from_minute": "10:00",
            "until_minute": "00:00",
            "site_id": str(world.paris),
        }
        address = page("extra", world.bruno_resource)
        assert manager.post(address, {**typed, "until_minute": "09:00"}).status_code == 422
        assert manager.post(address, {**typed, "on": "2020-01-01"}).status_code == 422
        assert manager.post(address, typed).status_code == 302
        extra = ExtraOpening.objects.get()
        assert (extra.from_minute, extra.until_minute) == (600, 1440)

        manager.post(page("remove_extra", extra.id))
        assert not ExtraOpening.objects.exists()
        manager.post(page("undo"))
        assert ExtraOpening.objects.get().date == DAY + timedelta(days=5)
