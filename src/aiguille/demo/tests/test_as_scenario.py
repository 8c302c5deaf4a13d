"""The demo clinic's database as scenario files: pages, files and the slow reference say the same.

The files are written from the tables by plain SQL, not by what the pages read, so that a mistake
between the tables and the engine shows. One file for each site: a scenario has one zone, and a
site's own closure does not close a resource elsewhere.
"""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from aiguille.booking.operations import book, cancel_appointment, hold_slot, move_appointment
from aiguille.booking.placing import PatientBusy, SlotTaken
from aiguille.booking.queries import free_starts
from aiguille.catalogue.queries import ServiceView, consultation_service, list_all_services
from aiguille.clinics.operations import add_closure
from aiguille.demo.premises import Premises, open_premises
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ServiceKind
from aiguille.patients.operations import create_provisional
from aiguille.scheduling.answers import answer
from aiguille.scheduling.scenario import read_scenario
from aiguille.scheduling.tests.reference import reference_answer

# A Tuesday; the clocks go forward in the night to Sunday the 28th.
AT = datetime(2027, 3, 23, 9, 4, 30, tzinfo=UTC)
FIRST, LAST = date(2027, 3, 23), date(2027, 4, 2)
FIRST_OF_FEW, LAST_OF_FEW = date(2027, 3, 26), date(2027, 3, 30)
WISHES = 90

# What the scenario calls an answer: when, where, with whom.
Answers = list[tuple[datetime, str, list[str]]]


@pytest.fixture
def premises(db):
    return open_premises(since=AT - timedelta(days=30), today=AT.date())


@pytest.fixture
def busy_clinic(premises):
    """The demo clinic with whatever a fixed crowd got, moved, gave up, held and closed."""
    random = Random(20270323)
    booked: list[UUID] = []
    services = [consultation_service(procedure).id for procedure in Procedure]
    for number in range(WISHES):
        place = random.choice(premises.places)
        starts_at = datetime(2027, 3, 23, 6, tzinfo=UTC) + timedelta(
            days=random.randrange(11), minutes=5 * random.randrange(150)
        )
        facts = {"site_id": place.id, "starts_at": starts_at, "at": AT}
        try:
            if number % 9 == 8:
                hold_slot(browser=f"b{number}", service_id=random.choice(services), **facts)
            elif number % 7 == 6 and booked:
                move_appointment(appointment_id=booked[-1], actor=premises.desk.actor, **facts)
            else:
                booked.append(book_somebody(number, random.choice(services), premises, **facts))
        except (SlotTaken, PatientBusy):
            pass
    cancel_appointment(appointment_id=booked[0], actor=premises.desk.actor, at=AT)
    assert len(booked) > 20
    closed = {"reason": "", "actor": premises.manager.actor, "at": AT}
    add_closure(
        resource_id=premises.places[0].doctors[0].resource_id,
        from_date=date(2027, 3, 29),
        from_minute=10 * 60 + 30,
        until_date=date(2027, 3, 29),
        until_minute=15 * 60,
        **closed,
    )
    add_closure(
        site_id=premises.places[0].id,
        from_date=date(2027, 3, 31),
        until_date=date(2027, 4, 1),
        **closed,
    )
    return premises


def book_somebody(number: int, service_id: UUID, premises: Premises, **facts: Any) -> UUID:
    """Book a service for a patient of their own."""
    patient_id = create_provisional(
        birth_name="Lebrun",
        first_names="Jean",
        email=f"jean-{number}@example.net",
        phone="",
        language="fr",
        actor=SYSTEM,
        at=AT,
    )
    return book(patient_id=patient_id, service_id=service_id, actor=premises.desk.actor, **facts)


def rows(sql: str, *values: datetime | UUID) -> list[dict[str, Any]]:
    """Return what a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def hour(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def scenario_of(service: ServiceView, site_id: UUID, first: date, last: date) -> dict[str, Any]:
    """Write what the tables say of a site as a scenario that asks for a service's starts."""
    (site,) = rows("SELECT time_zone FROM clinics_site WHERE id = %s", site_id)
    resources = []
    for each in rows("SELECT id, kind, skills FROM clinics_resource WHERE is_active"):
        of = (each["id"], site_id)
        resources.append(
            {
                "id": str(each["id"]),
                "kind": each["kind"].lower(),
                "skills": each["skills"],
                "hours": [
                    {
                        "weekday": one["weekday"],
                        "from": hour(one["from_minute"]),
                        "to": hour(one["until_minute"]),
                        "site": str(site_id),
                    }
                    for one in rows(
                        "SELECT * FROM clinics_opening_hours"
                        " WHERE resource_id = %s AND site_id = %s",
                        *of,
                    )
                ],
                "extra": [
                    {
                        "date": one["date"].isoformat(),
                        "from": hour(one["from_minute"]),
                        "to": hour(one["until_minute"]),
                        "site": str(site_id),
                    }
                    for one in rows(
                        "SELECT * FROM clinics_extra_opening"
                        " WHERE resource_id = %s AND site_id = %s",
                        *of,
                    )
                ],
                "closures": [
                    {
                        "from": f"{one['from_date']}T{hour(one['from_minute'])}",
                        "to": f"{one['until_date']}T{hour(one['until_minute'])}",
                    }
                    for one in rows(
                        "SELECT * FROM clinics_closure"
                        " WHERE (resource_id = %s OR resource_id IS NULL)"
                        " AND (site_id = %s OR site_id IS NULL)",
                        *of,
                    )
                ],
            }
        )
    bookings = [
        {
            "resources": [str(one["resource_id"])],
            "from": one["begins"].isoformat(),
            "to": one["ends"].isoformat(),
        }
        for one in rows(
            "SELECT o.resource_id, lower(o.period) AS begins, upper(o.period) AS ends"
            " FROM booking_occupancy o LEFT JOIN booking_hold h ON h.id = o.hold_id"
            " WHERE o.resource_id IS NOT NULL AND (h.id IS NULL OR h.expires_at > %s)"
            " AND o.period && tstzrange(%s, %s)",
            AT,
            datetime.combine(first - timedelta(days=2), datetime.min.time(), UTC),
            datetime.combine(last + timedelta(days=2), datetime.min.time(), UTC),
        )
    ]
    return {
        "timezone": site["time_zone"],
        "now": AT.isoformat(),
        "slot_step_minutes": service.slot_step_minutes,
        "sites": [str(site_id)],
        "resources": resources,
        "closures": [],
        "services": [
            {
                "id": service.code,
                "needs": {
                    need.name: {
                        "kind": need.kind.value.lower(),
                        "skill": need.skill or None,
                        "buffer_before_minutes": need.buffer_before_minutes,
                        "buffer_after_minutes": need.buffer_after_minutes,
                    }
                    for need in service.needs
                },
                "phases": [
                    {"minutes": phase.minutes, "needs": list(phase.needs)}
                    for phase in service.phases
                ],
                "min_notice_minutes": service.min_notice_minutes,
                "max_horizon_days": service.max_horizon_days,
            }
        ],
        "bookings": bookings,
        "query": {
            "type": "slots",
            "service": service.code,
            "from": first.isoformat(),
            "to": last.isoformat(),
        },
    }


def of_scenario(found: dict[str, Any]) -> Answers:
    """Return a scenario's answer by instant."""
    return sorted(
        (datetime.fromisoformat(slot["start"]), slot["site"], slot["practitioners"])
        for slot in found["slots"]
    )


def of_database(service: ServiceView, site_id: UUID, first: date, last: date) -> Answers:
    """Return what the pages offer."""
    found = free_starts(
        service_id=service.id, first_day=first, last_day=last, at=AT, site_id=site_id
    )
    return sorted(
        (start.starts_at, str(start.site_id), sorted(map(str, start.practitioner_ids)))
        for start in found
    )


def test_every_service_is_offered_as_its_file_says(busy_clinic):
    offered = 0
    for service in list_all_services():
        for place in busy_clinic.places:
            said = answer(read_scenario(scenario_of(service, place.id, FIRST, LAST)))
            wanted = of_scenario(said)
            assert of_database(service, place.id, FIRST, LAST) == wanted, service.code
            offered += len(wanted)
    assert offered > 1000


def test_and_as_the_slow_reference_says(busy_clinic):
    kinds = {service.kind: service for service in list_all_services()}
    few = FIRST_OF_FEW, LAST_OF_FEW
    for kind in (ServiceKind.CONSULTATION, ServiceKind.SESSION):
        for place in busy_clinic.places:
            wanted = of_scenario(reference_answer(scenario_of(kinds[kind], place.id, *few)))
            assert of_database(kinds[kind], place.id, *few) == wanted
            assert wanted


def test_what_is_booked_is_seen(busy_clinic):
    """Without the bookings the file says something else: the comparison can fail."""
    service = consultation_service(Procedure.MESOTHERAPY)
    scenario = scenario_of(service, busy_clinic.places[0].id, FIRST, LAST)
    assert len(scenario["bookings"]) > 40
    empty = answer(read_scenario(scenario | {"bookings": []}))
    assert of_scenario(empty) != of_database(service, busy_clinic.places[0].id, FIRST, LAST)
