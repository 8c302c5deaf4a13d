"""Booking at a time that was clicked: who is found, what is booked, what is refused; and paper."""

from datetime import date, timedelta
from html import escape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aiguille.booking.queries import appointments_of_patient, get_appointment
from aiguille.catalogue.queries import consultation_service
from aiguille.clinics.printing import PrintedNames, printed_names
from aiguille.desk.agenda.tests.test_links import colleague
from aiguille.kernel.codes import Procedure, StaffRole
from aiguille.patients.models import Patient
from aiguille.patients.queries import get_identity, search
from tests.world import AT

pytestmark = pytest.mark.django_db
UNPROCESSABLE = 422
FOUR = "2026-03-04T15:00:00+00:00"


@pytest.fixture
def desk(wednesday: Any) -> Client:
    client: Client = wednesday.world.staff_client(wednesday.world.diane)
    return client


def spot(wednesday: Any, **more: str) -> str:
    """Return the address of four o'clock with Dr Bruno."""
    return str(wednesday.address("agenda_book", start=FOUR, **{"with": "bruno", **more}))


def numbers(page: Any) -> list[int]:
    return [one.number for one, _href in page.context["found"]]


@pytest.mark.parametrize(
    "typed",
    [
        "lef",
        "LEFE",
        "lefèv mar",
        "mar lefevre",
        "9876",
        "06 98 76",
        "23/11/1979",
        "23.11.79",
        "1979-11-23",
    ],
)
def test_a_patient_is_found_by_a_few_signs(wednesday: Any, desk: Client, typed: str) -> None:
    marc = get_identity(wednesday.world.marc.patient_id)
    here = spot(wednesday)
    assert marc.number in numbers(desk.get(spot(wednesday, q=typed)))
    fragment = desk.get(reverse("desk:agenda_found"), {"q": typed, "to": here})
    assert marc.number in numbers(fragment)
    assert "<html" not in fragment.content.decode()
    assert escape(f"{here}&patient={marc.number}") in fragment.content.decode()


@pytest.mark.parametrize("to", ["", "/elsewhere", "https://elsewhere.example/fr/desk/agenda/book/"])
def test_what_is_found_leads_to_pages_of_ours_alone(wednesday: Any, desk: Client, to: str) -> None:
    answer = desk.get(reverse("desk:agenda_found"), {"q": "lef", "to": to})
    assert answer.status_code == 404


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(
    ("typed", "index"),
    [("an", "patient_name_key"), ("0698", "patient_phone_part"), ("12.3.88", "patient_birth_date")],
)
def test_searching_reads_an_index(committed_db: None, typed: str, index: str) -> None:
    """PostgreSQL finds the index worth reading, where it does not read everybody."""
    Patient.objects.bulk_create(
        Patient(
            number=500_000 + count,
            birth_name="X",
            first_names="Y",
            name_key=f" {count:05}abc xyz",
            phone=f"+337{count:08}",
            birth_date=date(1950, 1, 1) + timedelta(days=count),
            created_at=AT,
        )
        for count in range(4000)
    )
    owner = connections["owner"].copy()
    try:
        with owner.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE patients_patient")
    finally:
        owner.close()
    with CaptureQueriesContext(connection) as queries:
        search(typed)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are read as fast all
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan


def test_a_consultation_is_booked_at_that_time(wednesday: Any, desk: Client) -> None:
    number = get_identity(wednesday.world.anna.patient_id).number
    address = spot(wednesday, patient=str(number))
    page = desk.get(address)
    hours = [f"{local:%H:%M}" for _value, local, _chosen in page.context["starts"]]
    assert hours[0] == "15:45"  # what is left of the free time after Marc's
    assert "16:00" in hours
    assert "17:45" in hours
    given = {
        "what": f"service:{consultation_service(Procedure.NEEDLING).id}",
        "start": FOUR,
        "request_key": str(uuid4()),
    }
    first, again = desk.post(address, given), desk.post(address, given)
    assert first.headers["Location"] == again.headers["Location"]
    assert first.headers["Location"].startswith(wednesday.address("agenda"))
    (made,) = [
        one
        for one in appointments_of_patient(wednesday.world.anna.patient_id)
        if one.id != wednesday.session
    ]
    assert f"{made.local:%H:%M}" == "16:00"
    assert made.practitioner_id == wednesday.world.bruno_resource
    assert first.headers["Location"].endswith(f"#a-{made.id}")


def test_a_taken_time_is_refused_with_the_nearest(wednesday: Any, desk: Client) -> None:
    number = get_identity(wednesday.world.anna.patient_id).number
    address = spot(wednesday, patient=str(number))
    taken = get_appointment(wednesday.consultation).starts_at
    what = f"service:{consultation_service(Procedure.NEEDLING).id}"
    answer = desk.post(address, {"what": what, "start": taken.isoformat()})
    assert answer.status_code == UNPROCESSABLE
    nearest = answer.context["nearest"]
    assert 0 < len(nearest) <= 3
    assert all(abs(start.starts_at - taken) < timedelta(hours=3) for start in nearest)
    assert f'value="{what}" checked' in answer.content.decode()
    start = nearest[0].starts_at.isoformat()
    assert desk.post(address, {"what": what, "start": start}).status_code == 302


def test_a_session_too_soon_is_refused_in_plain_words(wednesday: Any, desk: Client) -> None:
    number = get_identity(wednesday.world.anna.patient_id).number
    address = spot(wednesday, patient=str(number))
    page = desk.get(address)
    plan = next(value for value, *_rest in page.context["offers"] if value.startswith("plan:"))
    answer = desk.post(address, {"what": plan, "start": FOUR})
    assert answer.status_code == UNPROCESSABLE
    assert answer.context["refusal"]
    assert len(appointments_of_patient(wednesday.world.anna.patient_id)) == 1


@pytest.mark.parametrize("what", ["", "service:x", "plan:", "verdict:1"])
def test_something_must_be_chosen(wednesday: Any, desk: Client, what: str) -> None:
    number = get_identity(wednesday.world.marc.patient_id).number
    answer = desk.post(spot(wednesday, patient=str(number)), {"what": what, "start": FOUR})
    assert answer.status_code == UNPROCESSABLE


def test_a_new_patient_comes_back_to_the_booking(wednesday: Any, desk: Client) -> None:
    here = spot(wednesday)
    new = desk.get(spot(wednesday, q="nobody at all")).context["new_href"]
    answer = desk.post(
        new,
        {
            "birth_name": "Garnier",
            "first_names": "Lise",
            "phone": "06 11 22 33 44",
            "sex": "F",
            "language": "fr",
        },
    )
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{here}&patient=")
    assert desk.get(answer.headers["Location"]).status_code == 200
    elsewhere = desk.post(
        f"{reverse('desk:new_patient')}?next=https://elsewhere.example/",
        {
            "birth_name": "Garnier",
            "first_names": "Ève",
            "phone": "06 11 22 33 45",
            "sex": "F",
            "language": "fr",
        },
    )
    assert elsewhere.headers["Location"].startswith("/fr/desk/patients/")


def test_is_for_who_books(wednesday: Any) -> None:
    world = wednesday.world
    for path in (spot(wednesday), f"{reverse('desk:agenda_found')}?q=an&to={spot(wednesday)}"):
        assert world.staff_client(world.ines).get(path).status_code == 403
        assert world.staff_client(world.carla).get(path).status_code == 404
        assert world.space_client(world.anna).get(path).status_code == 404
        assert Client().get(path).status_code == 302
    desk = world.staff_client(world.diane)
    for wrong in ({"start": "soon"}, {"with": "nobody"}, {"patient": "999999"}, {"site": "paris"}):
        given = {"site": "lyon", "date": "2026-03-04", "start": FOUR, "with": "bruno", **wrong}
        assert desk.get(reverse("desk:agenda_book"), given).status_code == 404


@pytest.mark.parametrize("by", ["site", "practitioner"])
def test_paper_names_patients_as_the_clinic_chose(wednesday: Any, desk: Client, by: str) -> None:
    world = wednesday.world
    manager = world.staff_client(colleague(world, StaffRole.MANAGER))
    number = get_identity(world.marc.patient_id).number
    address = wednesday.address("agenda_print", by=by)
    said = {"FULL": "Marc Lefèvre", "SHORT": f"Marc L. (n° {number})", "NUMBER": f"n° {number}"}
    choose = wednesday.address("agenda_print_names", by=by)
    assert desk.post(choose, {"names": "FULL"}).status_code == 403
    for names, words in said.items():
        assert manager.post(choose, {"names": names}).headers["Location"] == address
        page = desk.get(address).content.decode()
        assert words in page
        assert ("Lefèvre" in page) == (names == "FULL")
    manager.post(choose, {"names": "NICKNAME"})
    assert printed_names() is PrintedNames.NUMBER
