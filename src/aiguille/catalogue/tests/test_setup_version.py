"""What a process keeps of the set-up: every change is seen by the next look, whoever makes it."""

import psycopg
import pytest
from django.db import connection, transaction

from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service, get_service
from aiguille.clinics.operations import Opening, add_closure, set_weekly_hours
from aiguille.clinics.setup import current_setup
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure

pytestmark = pytest.mark.django_db
# Each changes something that a search depends on, and nothing else.
EDITS = [
    "UPDATE clinics_site SET name = 'Elsewhere'",
    "UPDATE clinics_resource SET title = 'Pr'",
    "UPDATE clinics_opening_hours SET until_minute = until_minute - 60",
    "DELETE FROM clinics_opening_hours",
    """
    INSERT INTO clinics_extra_opening (id, resource_id, site_id, date, from_minute, until_minute)
    SELECT gen_random_uuid(), resource_id, site_id, '2026-03-07', 600, 660
      FROM clinics_opening_hours
    """,
    """
    INSERT INTO clinics_closure
      (id, site_id, from_date, from_minute, until_date, until_minute, reason)
    SELECT gen_random_uuid(), id, '2026-03-05', 0, '2026-03-06', 0, '' FROM clinics_site
    """,
    "UPDATE catalogue_service SET slot_step_minutes = 30",
    "UPDATE catalogue_service_need SET buffer_after_minutes = 20",
    "UPDATE catalogue_service_phase SET minutes = minutes + 5",
]


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return consultation_service(Procedure.MESOTHERAPY).id


def seen(service):
    """Return everything that a search knows of the set-up."""
    setup = current_setup()
    return setup.sites(), setup.resources(), get_service(service)


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_is_read_once_for_each_version(service, django_assert_num_queries):
    first = seen(service)
    with django_assert_num_queries(2):  # the version, for the set-up and for the service
        again = seen(service)
    assert all(one is other for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize("statement", EDITS)
def test_an_edit_in_sql_is_seen_at_once(service, statement):
    before = seen(service)
    run(statement)
    after = seen(service)
    assert after != before
    assert seen(service) == after


@pytest.mark.parametrize("statement", EDITS)
def test_an_edit_that_is_undone_leaves_nothing(service, statement):
    before = seen(service)
    with transaction.atomic():
        run(statement)
        assert seen(service) != before
        transaction.set_rollback(True)
    assert seen(service) == before
    # Another edit begins where the first one began, and is not taken for it.
    with transaction.atomic():
        run("UPDATE clinics_site SET name = 'Third'")
        assert {site.name for site in seen(service)[0]} == {"Third"}
        transaction.set_rollback(True)
    assert seen(service) == before


def test_an_edit_by_operation_is_seen_at_once(world, service):
    def room():
        return next(r for r in current_setup().resources() if r.id == world.lyon_room)

    assert len(room().weekly) == 5
    set_weekly_hours(
        resource_id=world.lyon_room,
        openings=[Opening(world.lyon, 0, 540, 600)],
        actor=SYSTEM,
        at=world.at,
    )
    assert len(room().weekly) == 1


def test_what_is_read_while_somebody_edits_is_not_kept(service):
    setup = current_setup()
    setup.sites()

    def read():
        run("UPDATE clinics_site SET name = 'Meanwhile'")
        return "old and new"

    assert setup.read("anything", None, read) == "old and new"
    assert setup.read("anything", None, lambda: "read again") == "read again"


def test_an_edit_of_another_connection_is_seen_when_it_commits(committed_db, world):
    sites = current_setup().sites()
    with psycopg.connect(**_address()) as other:
        other.execute("UPDATE clinics_site SET name = 'Autre'")
        assert current_setup().sites() is sites
        other.commit()
        assert {site.name for site in current_setup().sites()} == {"Autre"}


def test_a_closure_is_seen_by_the_next_look(world, service):
    def closures():
        return {c for r in current_setup().resources() for c in r.closures}

    assert closures() == set()
    add_closure(
        resource_id=None,
        site_id=world.lyon,
        from_date=world.at.date(),
        from_minute=0,
        until_date=world.at.date(),
        until_minute=600,
        reason="",
        actor=SYSTEM,
        at=world.at,
    )
    assert len(closures()) == 1


def _address():
    settings = connection.settings_dict
    return {
        name: value
        for name, value in {
            "host": settings["HOST"],
            "port": settings["PORT"],
            "user": settings["USER"],
            "password": settings["PASSWORD"],
            "dbname": settings["NAME"],
        }.items()
        if value
    }
