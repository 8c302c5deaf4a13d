"""The demo clinic: filled by telling its patients' paths up to now, always the same ones."""

import random
from datetime import datetime, timedelta

from django.db import connection

from aiguille.demo.cohort import scripts
from aiguille.demo.patients import Clinic, Patient
from aiguille.demo.paths import tell
from aiguille.demo.people import invent_people
from aiguille.demo.premises import PASSWORD, ZONE, open_premises, staff_sign_ins
from aiguille.demo.shelves import Shelves, receive_stock, set_aside
from aiguille.demo.walk import Story, walk
from aiguille.messaging.operations import drop_due_before

SEED = 20_260
_HISTORY = timedelta(days=130)
# Messages of the last hours are really sent, so that the page of messages has some to show.
_MESSAGES_KEPT = timedelta(hours=18)
_RECALLED_AGO = timedelta(days=3)


def build(*, at: datetime) -> None:
    """Fill an empty installation, through operations alone, with a clinic whose present is `at`.

    The same instant gives the same clinic, but for keys and secrets.
    """
    # Nobody's data is lost by a crash here: the demo is filled again.
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    today = at.astimezone(ZONE).date()
    since = at - _HISTORY
    premises = open_premises(since=since, today=today)
    odd = receive_stock(premises, since=since, today=today)
    shelves = Shelves()
    shelves.fill([place.id for place in premises.places], since=since.date())
    clinic = Clinic(premises, shelves)
    rng = random.Random(SEED)  # noqa: S311 -- a demo's dice
    people = invent_people(rng, today=today)
    stories = [
        tell(Patient(clinic, next(people), script)) for script in scripts(rng, now=at)
    ]

    def set_lots_aside() -> Story:
        then = yield at - _RECALLED_AGO
        set_aside(odd, shelves, actor=premises.manager.actor, at=then)

    walk([*stories, set_lots_aside()], until=at)
    drop_due_before(before=at - _MESSAGES_KEPT, reason="before the demo began", at=at)


def sign_ins() -> str:
    """Return how to sign in, for the terminal."""
    people = staff_sign_ins()
    width = max(len(person.email) for person in people)
    lines = [
        f"  {person.email:<{width}}  {person.name}, {person.role.en}, {person.city}"
        for person in people
    ]
    return "\n".join(
        [
            f"Demo sign-ins (password for all: {PASSWORD}):",
            *lines,
            "Messages, patients' spaces and the clock: /fr/demo/ or /en/demo/",
        ]
    )
