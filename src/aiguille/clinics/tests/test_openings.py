"""Hours, extra openings, leave and closures: what is taken, what is refused, what audit keeps."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.models import AuditEvent
from aiguille.clinics.models import Closure, ExtraOpening
from aiguille.clinics.openings import MOST_HOLIDAYS, WITHOUT_END
from aiguille.clinics.operations import (
    Opening,
    OpeningUnsound,
    SetUpStale,
    SetUpUnsound,
    add_closure,
    add_extra_opening,
    close_on_days,
    create_resource,
    remove_closure,
    remove_extra_opening,
    set_resource_active,
    set_weekly_hours,
    update_resource,
)
from aiguille.clinics.queries import resources_with_hours
from aiguille.clinics.timetable import (
    closures_of_resource,
    get_resource,
    mark_of_hours,
    weekly_hours,
)
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.ids import new_id
from aiguille.plumbing.access import NotVisible
from tests.world import AT, World

pytestmark = pytest.mark.django_db
DAY = AT.date()


def latest_event(action: str) -> dict[str, Any]:
    event = AuditEvent.objects.filter(action=action).order_by("-occurred_at", "-id").first()
    assert event is not None
    details: dict[str, Any] = event.details
    return details


def minutes(world: World, what: str) -> list[tuple[int, int, int]]:
    hours = weekly_hours(getattr(world, what))
    return [(each.weekday, each.from_minute, each.until_minute) for each in hours]


class TestWeeklyHours:
    @pytest.mark.parametrize(
        ("openings", "place", "field"),
        [
            ([("lyon", 0, 600, 540)], 0, "until_minute"),
            ([("lyon", 0, 540, 540)], 0, "until_minute"),
            ([("lyon", 0, 541, 600)], 0, "from_minute"),
            ([("lyon", 0, 540, 601)], 0, "until_minute"),
            ([("lyon", 0, 540, 1445)], 0, "from_minute"),
            ([("lyon", 0, 540, 600), ("lyon", 7, 540, 600)], 1, "weekday"),
            ([("nowhere", 0, 540, 600)], 0, "site_id"),
            ([("lyon", 0, 540, 720), ("paris", 0, 700, 800)], 1, "from_minute"),
            ([("lyon", 0, 700, 800), ("lyon", 0, 540, 720)], 0, "from_minute"),
        ],
    )
    def test_name_the_opening_and_the_field_at_fault(
        self, world: World, openings: list[tuple[str, int, int, int]], place: int, field: str
    ) -> None:
        before = minutes(world, "bruno_resource")

        with pytest.raises(OpeningUnsound) as refusal:
            set_weekly_hours(
                resource_id=world.bruno_resource,
                openings=[
                    Opening(getattr(world, site, new_id()), *rest) for site, *rest in openings
                ],
                actor=world.ines.actor,
                at=AT,
            )

        assert (refusal.value.place, refusal.value.field) == (place, field)
        assert minutes(world, "bruno_resource") == before

    def test_may_be_at_two_sites_on_one_day(self, world: World) -> None:
        set_weekly_hours(
            resource_id=world.bruno_resource,
            openings=[Opening(world.paris, 0, 840, 1080), Opening(world.lyon, 0, 540, 720)],
            actor=world.ines.actor,
            at=AT,
        )

        assert [each.site_id for each in weekly_hours(world.bruno_resource)] == [
            world.lyon,
            world.paris,
        ]
        details = latest_event("clinics:hours:set")
        assert len(details["before"]) == 5
        assert details["after"] == [
            [str(world.lyon), 0, 540, 720],
            [str(world.paris), 0, 840, 1080],
        ]

    def test_of_a_room_are_where_it_stands(self, world: World) -> None:
        with pytest.raises(OpeningUnsound) as refusal:
            set_weekly_hours(
                resource_id=world.lyon_room,
                openings=[Opening(world.paris, 0, 540, 720)],
                actor=world.ines.actor,
                at=AT,
            )

        assert refusal.value.field == "site_id"

    def test_are_not_overwritten_unseen(self, world: World) -> None:
        shown = mark_of_hours(world.lyon_room)
        one = [Opening(world.lyon, 0, 540, 720)]
        for openings in (one, []):
            change: dict[str, Any] = {
                "resource_id": world.lyon_room,
                "actor": world.ines.actor,
                "at": AT,
            }
            if openings:
                set_weekly_hours(openings=openings, seen=shown, **change)
            else:
                with pytest.raises(SetUpStale):
                    set_weekly_hours(openings=openings, seen=shown, **change)

        assert minutes(world, "lyon_room") == [(0, 540, 720)]


class TestExtraOpenings:
    def test_come_beside_the_weekly_hours_and_go(self, world: World) -> None:
        sunday = DAY + timedelta(days=6)
        extra = add_extra_opening(
            resource_id=world.bruno_resource,
            site_id=world.paris,
            on=sunday,
            from_minute=600,
            until_minute=1440,
            actor=world.ines.actor,
            at=AT,
        )

        assert [each.on for each in hours_of(world, "bruno_resource").extra] == [sunday]

        remove_extra_opening(extra_id=extra, actor=world.ines.actor, at=AT)

        assert not ExtraOpening.objects.exists()
        assert latest_event("clinics:extra_opening:removed")["before"]["date"] == str(sunday)

    def test_do_not_put_somebody_in_two_places(self, world: World) -> None:
        with pytest.raises(SetUpUnsound) as refusal:
            add_extra_opening(
                resource_id=world.bruno_resource,
                site_id=world.paris,
                on=DAY,
                from_minute=1020,
                until_minute=1200,
                actor=world.ines.actor,
                at=AT,
            )

        assert refusal.value.field == "from_minute"


class TestClosures:
    def test_are_added_and_removed_and_say_no_reason_to_audit(self, world: World) -> None:
        closure = add_closure(
            resource_id=world.bruno_resource,
            from_date=DAY,
            from_minute=780,
            until_date=DAY + timedelta(days=2),
            reason="arrêt maladie",
            actor=world.bruno.actor,
            at=AT,
        )

        shown = closures_of_resource(world.bruno_resource, from_day=DAY)
        assert [(each.reason, each.is_whole_days, each.last_day) for each in shown] == [
            ("arrêt maladie", False, DAY + timedelta(days=1))
        ]
        assert "maladie" not in str(latest_event("clinics:closure:added"))

        remove_closure(closure_id=closure, actor=world.bruno.actor, at=AT)

        assert not Closure.objects.exists()
        assert latest_event("clinics:closure:removed")["before"]["from"] == f"{DAY} 780"

    def test_may_have_no_end(self, world: World) -> None:
        add_closure(
            resource_id=world.bruno_resource,
            from_date=DAY,
            until_date=WITHOUT_END,
            actor=world.ines.actor,
            at=AT,
        )

        assert closures_of_resource(world.bruno_resource, from_day=DAY)[0].is_without_end
        assert hours_of(world, "bruno_resource").closures[0].end.year == WITHOUT_END.year

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"from_minute": 1440}, "from_minute"),
            ({"until_minute": -5}, "until_minute"),
            ({"until_date": DAY - timedelta(days=1)}, "until_date"),
            ({"reason": "x" * 201}, "reason"),
        ],
    )
    def test_refuse_what_cannot_be(self, world: World, wrong: dict[str, Any], field: str) -> None:
        right: dict[str, Any] = {"from_date": DAY, "until_date": DAY + timedelta(days=1)}
        with pytest.raises(SetUpUnsound) as refusal:
            add_closure(resource_id=world.lyon_room, actor=SYSTEM, at=AT, **{**right, **wrong})

        assert refusal.value.field == field

    def test_of_public_holidays_are_made_once(self, world: World) -> None:
        days = [(date(2026, 5, 1), "Fête du Travail"), (date(2026, 4, 6), "Lundi de Pâques")]
        made = [
            close_on_days(site_id=world.lyon, days=days, actor=world.ines.actor, at=AT)
            for _ in range(2)
        ]

        assert [len(each) for each in made] == [2, 0]
        assert Closure.objects.count() == 2

    def test_of_too_many_days_are_nobodys_wish(self, world: World) -> None:
        days = [(DAY + timedelta(days=n), "x") for n in range(MOST_HOLIDAYS + 1)]
        with pytest.raises(SetUpUnsound):
            close_on_days(site_id=world.lyon, days=days, actor=SYSTEM, at=AT)


class TestPeopleAndThings:
    def test_are_renamed_with_their_skills(self, world: World) -> None:
        shown = get_resource(world.lyon_room)
        update_resource(
            resource_id=world.lyon_room,
            name=" Salle bleue ",
            skills=["treatment", "", "peeling", "treatment"],
            seen=shown.mark,
            actor=world.ines.actor,
            at=AT,
        )

        now = get_resource(world.lyon_room)
        assert (now.name, now.skills) == ("Salle bleue", ("treatment", "peeling"))
        with pytest.raises(SetUpStale):
            update_resource(
                resource_id=world.lyon_room,
                name="Salle verte",
                skills=[],
                seen=shown.mark,
                actor=world.ines.actor,
                at=AT,
            )

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": "  "}, "name"),
            ({"name": "x" * 121}, "name"),
            ({"title": "x" * 41}, "title"),
            ({"skills": ["x" * 61]}, "skills"),
        ],
    )
    def test_refuse_what_does_not_fit(
        self, world: World, wrong: dict[str, Any], field: str
    ) -> None:
        right: dict[str, Any] = {"name": "Salle", "skills": []}
        with pytest.raises(SetUpUnsound) as refusal:
            update_resource(
                resource_id=world.lyon_room, actor=world.ines.actor, at=AT, **{**right, **wrong}
            )

        assert refusal.value.field == field

    @pytest.mark.parametrize("who", ["bruno", "anna"])
    def test_have_a_staff_login_of_their_own(self, world: World, who: str) -> None:
        with pytest.raises(SetUpUnsound) as refusal:
            create_resource(
                kind=ResourceKind.PRACTITIONER,
                code="new",
                name="New",
                user_id=getattr(world, who).user_id,
                actor=world.ines.actor,
                at=AT,
            )

        assert refusal.value.field == "user_id"

    def test_leave_and_come_back(self, world: World) -> None:
        for is_active in (False, False, True):
            set_resource_active(
                resource_id=world.lyon_room, is_active=is_active, actor=world.ines.actor, at=AT
            )
            there = {resource.id for resource in resources_with_hours()}
            assert (world.lyon_room in there) is is_active

        actions = AuditEvent.objects.filter(subject_id=world.lyon_room).values_list(
            "action", flat=True
        )
        assert list(actions).count("clinics:resource:withdrawn") == 1


def changes(world: World) -> dict[str, Callable[..., object]]:
    """Return each change of the set-up, ready for an actor."""
    room: dict[str, Any] = {"resource_id": world.lyon_room, "at": AT}
    return {
        "hours": lambda **who: set_weekly_hours(openings=[], **room, **who),
        "extra": lambda **who: add_extra_opening(
            site_id=world.lyon, on=DAY, from_minute=0, until_minute=60, **room, **who
        ),
        "name": lambda **who: update_resource(name="x", skills=[], **room, **who),
        "active": lambda **who: set_resource_active(is_active=False, **room, **who),
        "days": lambda **who: close_on_days(site_id=world.lyon, days=[], at=AT, **who),
    }


@pytest.mark.parametrize("what", ["hours", "extra", "name", "active", "days"])
def test_only_who_manages_the_clinic_changes_it(world: World, what: str) -> None:
    change = changes(world)[what]
    for person in (world.bruno, world.diane, world.hugo, world.carla, world.anna):
        with pytest.raises(NotAllowed):
            change(actor=person.actor)
    change(actor=world.ines.actor)


@pytest.mark.parametrize("remove", [remove_closure, remove_extra_opening])
def test_what_is_not_there_is_not_removed(world: World, remove: Callable[..., None]) -> None:
    name = "closure_id" if remove is remove_closure else "extra_id"
    with pytest.raises(NotVisible):
        remove(actor=world.ines.actor, at=AT, **{name: new_id()})


def hours_of(world: World, what: str) -> Any:
    return next(each for each in resources_with_hours() if each.id == getattr(world, what))
