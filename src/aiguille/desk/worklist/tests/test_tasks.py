"""The worklist: who sees what, first things first, taken and finished once."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client

from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import StaffRole
from aiguille.kernel.text import Text
from aiguille.worklist.operations import finish_tasks_about, open_task
from aiguille.worklist.queries import find_task, list_open

pytestmark = pytest.mark.django_db
TASKS = "/fr/desk/tasks/"


@pytest.fixture
def task(world):
    """Return a call that opens a task for physicians; anything may differ."""

    def make(title: str = "À voir", **others) -> UUID:
        return open_task(
            **{
                "kind": "answers_changed",
                "title": Text(fr=title, en="To see"),
                "subject_kind": "verdict",
                "subject_id": uuid4(),
                "role": StaffRole.PHYSICIAN,
                "due_at": world.at + timedelta(days=1),
                "patient_id": world.anna.patient_id,
                "actor": SYSTEM,
                "at": world.at,
            }
            | others
        )

    return make


def test_urgent_comes_first_then_the_deadline_and_late_is_said(world, task):
    task("Demain")
    task("Hier", due_at=world.at - timedelta(hours=1))
    task("Urgent", is_urgent=True, due_at=world.at + timedelta(days=3))
    page = world.staff_client(world.bruno).get(TASKS)
    lines = page.context["lines"]
    assert [line.task.title.fr for line in lines] == ["Urgent", "Hier", "Demain"]
    assert [line.is_late for line in lines] == [False, True, False]
    assert "Anna Martin" in page.content.decode()


def test_each_sees_the_tasks_of_their_roles_and_those_they_own(world, task):
    task()
    task(role=StaffRole.FRONT_DESK)
    mine = task(owner_id=world.paula.user_id)

    def seen(person, **how) -> int:
        return len(list_open(actor=person.actor, at=world.at, **how))

    assert (seen(world.bruno), seen(world.paula), seen(world.diane)) == (1, 2, 1)
    assert seen(world.bruno, everybody=True) == 2
    late = world.at + timedelta(days=2)
    assert mine in {each.id for each in list_open(actor=world.bruno.actor, at=late)}


def test_a_task_is_taken_once(world, task):
    address = f"{TASKS}{task()}/take/"
    bruno, paula = world.staff_client(world.bruno), world.staff_client(world.paula)
    assert bruno.post(address).status_code == 302
    assert "s’en occupe" in paula.post(address, follow=True).content.decode()
    assert list_open(actor=world.bruno.actor, at=world.at)[0].owner_id == world.bruno.user_id


def test_a_task_is_finished_once_with_what_came_of_it(world, task):
    task_id = task()
    address = f"{TASKS}{task_id}/finish/"
    bruno = world.staff_client(world.bruno)
    assert bruno.get(address).status_code == 200
    assert bruno.post(address, {"outcome": "x" * 1001}).status_code == 422
    assert bruno.post(address, {"outcome": "Appelée."}).status_code == 302
    assert state_of(task_id) == "DONE"
    assert bruno.post(address, {"outcome": "Encore"}).status_code == 422


def test_a_symptoms_task_ends_only_with_its_report(world, task):
    subject = uuid4()
    task_id = task(kind="symptom_report", subject_kind="symptom_report", subject_id=subject)
    bruno = world.staff_client(world.bruno)
    assert bruno.post(f"{TASKS}{task_id}/finish/", {"outcome": "Vu"}).status_code == 422
    assert state_of(task_id) == "OPEN"
    finish_tasks_about(
        kind="symptom_report", subject_id=subject, actor=world.bruno.actor, at=world.at
    )
    assert state_of(task_id) == "DONE"


def test_others_find_nothing(world, task):
    task_id = task()
    addresses = [f"{TASKS}{task_id}/take/", f"{TASKS}{task_id}/finish/"]
    for person in (world.diane, world.hugo):
        client = world.staff_client(person)
        assert client.get(TASKS).context["lines"] == []
        assert [client.post(address).status_code for address in addresses] == [404, 404]
    ines = world.staff_client(world.ines)
    assert ines.get(TASKS).status_code == 403
    assert [ines.post(address).status_code for address in addresses] == [403, 403]
    for client in (world.staff_client(world.carla), world.space_client(world.anna)):
        assert client.get(TASKS).status_code == 404
        assert [client.post(address).status_code for address in addresses] == [404, 404]
    assert Client().get(TASKS).status_code == 302
    assert world.staff_client(world.bruno).post(f"{TASKS}{uuid4()}/take/").status_code == 404
    assert state_of(task_id) == "OPEN"


def test_the_page_costs_the_same_whatever_there_is_to_do(
    world, task, django_assert_max_num_queries
):
    for _ in range(20):
        task()
    client = world.staff_client(world.bruno)
    with django_assert_max_num_queries(12):
        assert len(client.get(TASKS).context["lines"]) == 20


def test_the_same_task_is_opened_once_until_it_is_done(world, task):
    subject = uuid4()
    first = task(subject_id=subject)
    assert task(subject_id=subject) == first
    finish_tasks_about(kind="answers_changed", subject_id=subject, actor=SYSTEM, at=world.at)
    assert task(subject_id=subject) != first


def state_of(task_id: UUID) -> str:
    found = find_task(task_id)
    assert found is not None
    return found.state
