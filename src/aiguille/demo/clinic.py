"""The demo clinic: filled by telling its patients' paths up to now, always the same ones."""

import gc
import random
from datetime import datetime, timedelta
from functools import partial

from django.db import connection

from aiguille.demo.cohort import scripts
from aiguille.demo.paths import tell
from aiguille.demo.patients import Clinic, Patient
from aiguille.demo.people import invent_people
from aiguille.demo.premises import PASSWORD, ZONE, Premises, open_premises, staff_sign_ins
from aiguille.demo.shelves import Shelves, receive_stock, set_aside
from aiguille.demo.side_by_side import run_side_by_side
from aiguille.demo.walk import Story, walk
from aiguille.messaging.operations import drop_due_before

SEED = 20_260
_HISTORY = timedelta(days=130)
# Messages of the last hours are really sent, so that the page of messages has some to show.
_MESSAGES_KEPT = timedelta(hours=18)
_LOTS_SET_ASIDE = timedelta(days=3)


def build(*, at: datetime) -> None:
    """Fill an empty installation, through operations alone, with a clinic whose present is `at`.

    The same instant gives the same people and appointments; keys, secrets and the order of
    patients' numbers differ.

    Raises:
        PartFailed: a site could not be filled; its reason is on standard error.
    """
    today = at.astimezone(ZONE).date()
    since = at - _HISTORY
    premises = open_premises(since=since, today=today)
    run_side_by_side(
        [partial(_fill_site, number, premises, at=at) for number in range(len(premises.places))]
    )
    _drop_messages(at - _MESSAGES_KEPT, at=at)


def _fill_site(number: int, premises: Premises, *, at: datetime) -> None:
    """Tell the paths of one site's patients."""
    # Nobody's data is lost by a crash here: the demo is filled again.
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    gc.disable()  # a process that ends in seconds need not look for garbage
    rng = random.Random(f"{SEED}-{number}")  # noqa: S311 -- a demo's dice
    today, since = at.astimezone(ZONE).date(), at - _HISTORY
    place, manager = premises.places[number], premises.manager.actor
    lots = receive_stock(place, manager=manager, since=since, today=today)
    shelves = Shelves()
    shelves.fill(place.id, on=since.date())
    clinic = Clinic(premises, shelves)
    people = invent_people(rng, today=today, series=number)
    stories = [
        tell(Patient(clinic, next(people), script))
        for script in scripts(place=number, now=at, rng=rng)
    ]

    def lots_set_aside() -> Story:
        then = yield at - _LOTS_SET_ASIDE
        set_aside(lots, shelves, manager=manager, at=then)

    def messages_dropped() -> Story:
        # Each day, because a worker may be running while the demo is filled again.
        day = since
        while True:
            day = yield day + timedelta(days=1)
            _drop_messages(min(day, at - _MESSAGES_KEPT), at=day)

    walk([*stories, lots_set_aside(), messages_dropped()], until=at)


def _drop_messages(before: datetime, *, at: datetime) -> None:
    drop_due_before(before=before, reason="before the demo began", at=at)


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
