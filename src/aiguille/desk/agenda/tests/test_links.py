"""No page of the desk links what it would refuse to its reader, whatever their role."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from aiguille.accounts.operations import create_user
from aiguille.accounts.rights import RIGHTS, Right
from aiguille.clinics.operations import add_membership
from aiguille.journeys.run_session import begin_session
from aiguille.kernel.actor import SYSTEM, Actor, ActorKind
from aiguille.kernel.codes import Procedure, StaffRole
from aiguille.patients.queries import get_identity
from tests.after_session import end_session
from tests.session_day import go_to, ready_for_session
from tests.world import PASSWORD, Person, World

pytestmark = pytest.mark.django_db
# Other days are the same page again.
LINK = re.compile(r'href="(/fr/desk/(?![^"]*(?:day|date|start)=)[^"#]*)')
ENOUGH_PAGES = 30
# What each role finds in the navigation.
SECTIONS = {
    StaffRole.PHYSICIAN: {"day", "patients", "tasks", "stock"},
    StaffRole.NURSE: {"day", "patients", "tasks", "stock"},
    StaffRole.ASSISTANT: {"day", "patients", "tasks", "stock"},
    StaffRole.FRONT_DESK: {"day", "patients", "tasks", "clinic"},
    StaffRole.MANAGER: {"day", "patients", "tasks", "stock", "clinic"},
}


def colleague(world: World, role: StaffRole) -> Person:
    """Return somebody who has that role alone, in Lyon."""
    email = f"{role.lower()}@example.org"
    user_id = create_user(
        email=email,
        display_name=role.title(),
        kind="STAFF",
        language="fr",
        password=PASSWORD,
        actor=SYSTEM,
        at=world.at,
    )
    add_membership(
        user_id=user_id,
        site_id=world.lyon,
        role=role,
        valid_from=world.at.date() - timedelta(days=1),
        actor=SYSTEM,
        at=world.at,
    )
    actor = Actor(ActorKind.STAFF, user_id, role.title(), roles=frozenset({role}))
    return Person(user_id=user_id, email=email, actor=actor)


def links_of(client: Client, address: str) -> tuple[int, list[str]]:
    """Return how a page answers and what it links inside the desk."""
    page = client.get(address)
    is_html = page.headers.get("Content-Type", "").startswith("text/html")
    found = LINK.findall(page.content.decode()) if is_html else []
    return page.status_code, [unescape(link) for link in found]


def walk(client: Client) -> dict[str, int]:
    """Follow the links from the day on, and return how each page answered."""
    answers: dict[str, int] = {}
    ahead = [reverse("desk:day")]
    while ahead and len(answers) < ENOUGH_PAGES:
        address = ahead.pop(0)
        if address not in answers:
            answers[address], links = links_of(client, address)
            ahead += links
    return answers


@pytest.mark.parametrize("is_over", [False, True], ids=["running", "ended"])
def test_every_link_opens_for_every_role(world: World, is_over: bool) -> None:
    if is_over:
        ended = end_session(world, Procedure.NEEDLING)
        session_id, at = ended.session_id, ended.at
    else:
        day = ready_for_session(world, Procedure.NEEDLING)
        at = day.at
        session_id = begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=at)
    go_to(at)
    run = reverse("desk:run", args=[session_id])
    record = reverse("desk:patient", args=[get_identity(world.anna.patient_id).number])
    for role in SECTIONS:
        answers = walk(world.staff_client(colleague(world, role)))
        assert {page: answer for page, answer in answers.items() if answer != 200} == {}, role
        assert record in answers
        assert (run in answers) == bool({role} & RIGHTS[Right.ASSIST_SESSION])


def test_the_navigation_shows_what_the_role_may_open(world: World) -> None:
    for role, sections in SECTIONS.items():
        _, links = links_of(world.staff_client(colleague(world, role)), reverse("desk:day"))
        shown = {name for name in SECTIONS[StaffRole.MANAGER] if reverse(f"desk:{name}") in links}
        assert shown == sections
