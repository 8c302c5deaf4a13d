"""The next free times as JSON: what the search says, and no more than seven days of it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from aiguille.booking.queries import free_starts
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.operations import add_closure, add_extra_opening, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from aiguille.plumbing import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY)


@pytest.fixture
def ask(service):
    def answer(**query):
        return Client().get(f"/en/book/{service.code}/times.json", query).json()

    return answer


def starts_of(answer):
    """Return every start as (instant, site's key, doctors' keys)."""
    return [
        (
            datetime.fromisoformat(start["start"]),
            answer["sites"][start["site"]]["id"],
            {answer["doctors"][place]["id"] for place in start["doctors"]},
        )
        for day in answer["days"]
        for start in day["starts"]
    ]


@pytest.mark.parametrize("narrowed", ["", "site", "doctor"])
def test_are_what_the_search_says_of_the_first_seven_days(world, service, ask, narrowed):
    site = world.paris if narrowed == "site" else None
    doctor = world.bruno_resource if narrowed == "doctor" else None
    said = free_starts(
        service_id=service.id,
        first_day=world.at.date(),
        last_day=world.at.date() + timedelta(days=40),
        at=clock.now(),
        site_id=site,
        practitioner_id=doctor,
    )
    days = sorted({start.local_date for start in said})[:7]
    answer = ask(site=str(site or ""), doctor=str(doctor or ""))
    assert [day["date"] for day in answer["days"]] == [day.isoformat() for day in days]
    assert starts_of(answer) == [
        (start.starts_at, str(start.site_id), {str(key) for key in start.practitioner_ids})
        for start in said
        if start.local_date in days
    ]
    assert all("+01:00" in start["start"] for day in answer["days"] for start in day["starts"])


def test_lie_behind_a_long_closure_too(world, ask):
    until = world.at.date() + timedelta(days=60)
    for site in (world.lyon, world.paris):
        add_closure(
            site_id=site,
            from_date=world.at.date(),
            until_date=until,
            reason="",
            actor=SYSTEM,
            at=world.at,
        )
    answer = ask()
    assert len(answer["days"]) == 7
    assert answer["days"][0]["date"] == until.isoformat()


def test_are_none_where_nobody_works(world, ask):
    for doctor in (world.bruno_resource, world.paula_resource):
        set_weekly_hours(resource_id=doctor, openings=[], actor=SYSTEM, at=world.at)
    assert ask()["days"] == []


def test_a_site_that_opens_on_one_date_only_is_offered(world, service, ask):
    saturday = world.at.date() + timedelta(days=5)
    set_weekly_hours(resource_id=world.paula_resource, openings=[], actor=SYSTEM, at=world.at)
    for resource in (world.paula_resource, world.paris_room):
        add_extra_opening(
            resource_id=resource,
            site_id=world.paris,
            on=saturday,
            from_minute=600,
            until_minute=660,
            actor=SYSTEM,
            at=world.at,
        )
    answer = ask(site=str(world.paris))
    assert [day["date"] for day in answer["days"]] == [saturday.isoformat()]
    page = Client().get(
        f"/en/book/{service.code}/",
        {"site": str(world.paris), "doctor": str(world.paula_resource), "day": saturday},
    )
    assert f"/{world.paris}/{world.paula_resource}" in page.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"site": "x"}, {"doctor": "11111111-1111-1111-1111-111111111111"}, {"from": "soon"}]
)
def test_what_the_address_says_wrong_counts_as_not_said(ask, wrong):
    assert ask(**wrong) == ask()


@pytest.mark.parametrize("asked", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_answered(ask, asked):
    assert ask(**{"from": asked})["service"]["minutes"] == 30


def test_begin_on_the_day_asked_for(world, ask):
    friday = world.at.date() + timedelta(days=4)
    assert ask(**{"from": friday.isoformat()})["days"][0]["date"] == friday.isoformat()


def test_are_asked_for_in_few_queries_and_linked_from_the_page(
    service, ask, django_assert_max_num_queries
):
    ask()
    with django_assert_max_num_queries(4):
        ask()
    page = Client().get(f"/en/book/{service.code}/").content.decode()
    assert f'href="/en/book/{service.code}/times.json"' in page


def test_of_a_service_that_nobody_books_online_are_not_there(service):
    assert Client().get("/en/book/nothing/times.json").status_code == 404
    assert Client().post(f"/en/book/{service.code}/times.json").status_code == 405


def test_the_page_of_times_is_read_in_few_queries(service, django_assert_max_num_queries):
    Client().get(f"/fr/book/{service.code}/")
    with django_assert_max_num_queries(4):
        Client().get(f"/fr/book/{service.code}/")
