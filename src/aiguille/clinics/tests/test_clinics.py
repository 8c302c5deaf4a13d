"""The group: roles with dates, hours without overlap, everything the engine needs in one read."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from pytest_django import DjangoAssertNumQueries

from aiguille.accounts.rights import NotAllowed
from aiguille.clinics.access import staff_actor, visible_site_ids
from aiguille.clinics.operations import (
    CodeTaken,
    NotAPhysician,
    Opening,
    PeriodTaken,
    SetUpUnsound,
    add_closure,
    add_extra_opening,
    add_membership,
    appoint_medical_director,
    create_group,
    create_resource,
    create_site,
    end_membership,
    set_weekly_hours,
)
from aiguille.clinics.queries import (
    NoGroup,
    get_practitioner,
    get_site,
    list_practitioners,
    list_sites,
    medical_director_user_id,
    practitioner_of_user,
    resources_with_hours,
    site_by_code,
    the_group,
)
from aiguille.kernel.actor import SYSTEM, Actor
from aiguille.kernel.codes import ResourceKind, StaffRole
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text
from tests.world import AT, Person, World


def actor_at(person: Person, at: datetime, **where: object) -> Actor | None:
    user = get_user_model().objects.get(pk=person.user_id)
    return staff_actor(user=user, at=at, **where)  # type: ignore[arg-type]


class TestMemberships:
    def test_make_the_actor(self, world: World) -> None:
        assert actor_at(world.bruno, AT) == world.bruno.actor.confirmed(None)
        assert actor_at(world.carla, AT) is None
        assert actor_at(world.anna, AT) is None

    def test_hold_at_their_site_only(self, world: World) -> None:
        assert actor_at(world.bruno, AT, site_id=world.lyon) is not None
        assert actor_at(world.bruno, AT, site_id=world.paris) is None
        assert visible_site_ids(actor=world.bruno.actor, at=AT) == {world.lyon}
        assert visible_site_ids(actor=SYSTEM, at=AT) == frozenset()

    def test_end_at_the_sites_own_midnight(self, world: World) -> None:
        membership_id = add_membership(
            user_id=world.carla.user_id,
            site_id=world.paris,
            role=StaffRole.NURSE,
            valid_from=date(2026, 3, 29),
            actor=world.ines.actor,
            at=AT,
        )
        end_membership(
            membership_id=membership_id, on=date(2026, 3, 30), actor=world.ines.actor, at=AT
        )

        # Paris is an hour ahead of UTC until that very night, then two.
        assert actor_at(world.carla, datetime(2026, 3, 28, 22, 59, tzinfo=UTC)) is None
        assert actor_at(world.carla, datetime(2026, 3, 28, 23, 0, tzinfo=UTC)) is not None
        assert actor_at(world.carla, datetime(2026, 3, 29, 21, 59, tzinfo=UTC)) is not None
        assert actor_at(world.carla, datetime(2026, 3, 29, 22, 0, tzinfo=UTC)) is None

    def test_do_not_overlap_for_a_role_at_a_site(self, world: World) -> None:
        with pytest.raises(PeriodTaken):
            add_membership(
                user_id=world.bruno.user_id,
                site_id=world.lyon,
                role=StaffRole.PHYSICIAN,
                valid_from=AT.date(),
                actor=SYSTEM,
                at=AT,
            )

    def test_are_for_staff(self, world: World) -> None:
        for user_id in (world.anna.user_id, new_id()):
            with pytest.raises(SetUpUnsound):
                add_membership(
                    user_id=user_id,
                    site_id=world.lyon,
                    role=StaffRole.NURSE,
                    valid_from=AT.date(),
                    actor=SYSTEM,
                    at=AT,
                )

    def test_are_given_by_administrators(self, world: World) -> None:
        for person in (world.bruno, world.diane, world.carla, world.anna):
            with pytest.raises(NotAllowed):
                add_membership(
                    user_id=world.hugo.user_id,
                    site_id=world.paris,
                    role=StaffRole.NURSE,
                    valid_from=AT.date(),
                    actor=person.actor,
                    at=AT,
                )


class TestTheMedicalDirector:
    def test_is_a_physician_one_at_a_time(self, world: World) -> None:
        assert medical_director_user_id(AT.date()) == world.bruno.user_id
        with pytest.raises(PeriodTaken):
            appoint_medical_director(
                user_id=world.paula.user_id, valid_from=AT.date(), actor=SYSTEM, at=AT
            )
        with pytest.raises(NotAPhysician):
            appoint_medical_director(
                user_id=world.hugo.user_id, valid_from=AT.date(), actor=SYSTEM, at=AT
            )


class TestHours:
    @pytest.mark.parametrize(
        "openings",
        [
            [(0, 540, 540)],
            [(0, 600, 540)],
            [(0, -1, 540)],
            [(0, 540, 1441)],
            [(7, 540, 600)],
            [(-1, 540, 600)],
            [(0, 540, 720), (0, 719, 800)],
        ],
    )
    def test_refuse_what_no_week_has(
        self, world: World, openings: list[tuple[int, int, int]]
    ) -> None:
        with pytest.raises(SetUpUnsound):
            set_weekly_hours(
                resource_id=world.lyon_room,
                openings=[Opening(world.lyon, *opening) for opening in openings],
                actor=SYSTEM,
                at=AT,
            )

    def test_may_touch_and_last_until_midnight(self, world: World) -> None:
        set_weekly_hours(
            resource_id=world.lyon_room,
            openings=[Opening(world.lyon, 0, 720, 1440), Opening(world.lyon, 0, 540, 720)],
            actor=SYSTEM,
            at=AT,
        )

        room = next(r for r in resources_with_hours() if r.id == world.lyon_room)
        assert [(o.from_minute, o.until_minute) for o in room.weekly] == [(540, 720), (720, 1440)]

    def test_are_read_in_four_queries_however_many_there_are(
        self, world: World, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        on = AT.date()
        add_extra_opening(
            resource_id=world.lyon_room,
            site_id=world.lyon,
            on=on,
            from_minute=0,
            until_minute=60,
            actor=SYSTEM,
            at=AT,
        )
        for site_id, resource_id in ((world.lyon, None), (None, world.paris_room)):
            add_closure(
                from_date=on,
                until_date=on + timedelta(days=1),
                until_minute=90,
                site_id=site_id,
                resource_id=resource_id,
                actor=SYSTEM,
                at=AT,
            )

        with django_assert_num_queries(1):
            resources = {resource.id: resource for resource in resources_with_hours()}

        assert len(resources) == 5
        room = resources[world.lyon_room]
        assert room.extra[0].on == on
        assert [c.site_id for c in room.closures] == [world.lyon]
        assert len(resources[world.paris_room].closures) == 2
        assert room.closures[0].end == datetime(2026, 3, 3, 1, 30)  # noqa: DTZ001 -- wall-clock

    def test_close_something_and_not_backwards(self, world: World) -> None:
        on = AT.date()
        for wrong in (
            {"from_date": on, "until_date": on + timedelta(days=1)},
            {"from_date": on, "until_date": on, "site_id": world.lyon},
        ):
            with pytest.raises(SetUpUnsound):
                add_closure(actor=SYSTEM, at=AT, **wrong)


class TestSitesAndResources:
    def test_are_found(self, world: World) -> None:
        assert [site.city for site in list_sites()] == ["Lyon", "Paris"]
        site = get_site(world.lyon)
        assert site is not None
        assert site.address == "12 rue des Tilleuls, 69002 Lyon"
        assert site_by_code("lyon") == site
        assert get_site(new_id()) is None
        assert [p.code for p in list_practitioners()] == ["bruno", "paula"]
        assert [p.code for p in list_practitioners(world.paris)] == ["paula"]
        bruno = practitioner_of_user(world.bruno.user_id)
        assert bruno is not None
        assert bruno.full_name == "Dr Bruno Delmas"
        assert get_practitioner(world.lyon_room) is None

    def test_have_codes_of_their_own(self, world: World) -> None:
        with pytest.raises(CodeTaken):
            create_resource(
                kind=ResourceKind.ROOM,
                code="lyon-room-1",
                name="x",
                site_id=world.lyon,
                actor=SYSTEM,
                at=AT,
            )

    @pytest.mark.parametrize("kind", list(ResourceKind))
    def test_lack_nothing_they_need(self, world: World, kind: ResourceKind) -> None:
        with pytest.raises(SetUpUnsound):
            create_resource(kind=kind, code="new", name="New", actor=SYSTEM, at=AT)

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
    def test_have_a_time_zone_that_exists(self, world: World, zone: str) -> None:
        with pytest.raises(SetUpUnsound):
            create_site(
                code="mars",
                name="Mars",
                street="1",
                postcode="1",
                city="Mars",
                phone="1",
                email="m@example.org",
                access=Text(fr="x", en="x"),
                time_zone=zone,
                actor=SYSTEM,
                at=AT,
            )


class TestTheGroup:
    @pytest.mark.django_db
    def test_is_missing_at_first(self) -> None:
        with pytest.raises(NoGroup):
            the_group()

    def test_is_one(self, world: World) -> None:
        with pytest.raises(CodeTaken):
            create_group(
                name="x", legal_name="x", email="x@example.org", phone="", actor=SYSTEM, at=AT
            )
