"""The demo's paths are told in the order of time, by the same dice, through every gate."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import phonenumbers
import pytest

from aiguille.booking.queries import AppointmentState, appointments_of_patient
from aiguille.demo.cohort import scripts
from aiguille.demo.courses import MENUS
from aiguille.demo.paths import tell
from aiguille.demo.patients import Clinic, Patient, Script, Until
from aiguille.demo.people import invent_people
from aiguille.demo.premises import ZONE, open_premises
from aiguille.demo.runs import happenings
from aiguille.demo.shelves import Shelves, receive_stock
from aiguille.demo.walk import walk
from aiguille.follow_up.queries import aftercare_of_patient
from aiguille.kernel.codes import ServiceKind
from aiguille.protocols.events import UnitOpened
from aiguille.treatment_sessions.queries import run_state, sessions_of_patient

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)


def _story(log, name, *hours):
    for hour in hours:
        at = yield NOW + timedelta(hours=hour)
        log.append((at, name))


def test_stories_are_told_side_by_side_and_never_beyond_now():
    log: list[tuple[datetime, str]] = []
    walk([_story(log, "a", 1, 4, 9), _story(log, "b", 2, 3)], until=NOW + timedelta(hours=5))
    assert [name for _, name in log] == ["a", "b", "b", "a"]


def test_what_follows_is_never_earlier_than_its_cause():
    log: list[tuple[datetime, str]] = []
    walk([_story(log, "a", 3, 1)], until=NOW + timedelta(hours=5))
    assert [at for at, _ in log] == [NOW + timedelta(hours=3)] * 2


def test_the_same_dice_invent_the_same_people_and_two_series_share_none():
    def invented(series):
        people = invent_people(random.Random(7), today=date(2026, 3, 4), series=series)
        return [next(people) for _ in range(80)]

    assert invented(0) == invented(0)
    both = [*invented(0), *invented(1)]
    assert len({person.email for person in both}) == len(both)
    for person in both:
        assert phonenumbers.is_valid_number(phonenumbers.parse(person.phone, "FR"))
        assert person.email.isascii()


def test_every_stage_of_the_path_is_in_the_cohort_of_the_two_sites():
    cohort = [
        script
        for place in (0, 1)
        for script in scripts(place=place, now=NOW, rng=random.Random(place))
    ]
    assert 110 <= len(cohort) <= 130
    assert {script.until for script in cohort} == set(Until)
    assert len({script.outcome for script in cohort}) == 4
    assert all(script.begins_at <= NOW for script in cohort)


@pytest.mark.parametrize("menu", MENUS, ids=lambda menu: menu.protocol_id)
def test_each_unit_that_a_session_opens_has_a_product(menu):
    opened = {h.body.kind for h in happenings(menu) if isinstance(h.body, UnitOpened)}
    assert opened
    assert opened <= set(menu.products)


@pytest.mark.slow
@pytest.mark.parametrize("menu", MENUS, ids=lambda menu: menu.protocol_id)
def test_a_path_goes_from_the_booking_to_the_aftercare(db, menu):
    since = NOW - timedelta(days=60)
    today = NOW.astimezone(ZONE).date()
    premises = open_premises(since=since, today=today)
    place = premises.places[0]
    receive_stock(place, manager=premises.manager.actor, since=since, today=today)
    shelves = Shelves()
    shelves.fill(place.id, on=since.date())
    script = Script(
        menu=menu, place=0, begins_at=NOW - timedelta(days=40), waits_days=4, sessions=2
    )
    person = next(invent_people(random.Random(1), today=today, series=0))
    patient = Patient(Clinic(premises, shelves), person, script)
    walk([tell(patient)], until=NOW)
    held = sessions_of_patient(patient.id)
    assert held
    assert run_state(held[-1].id).closed is not None
    assert aftercare_of_patient(patient.id)
    states = Counter((a.kind, a.state) for a in appointments_of_patient(patient.id))
    assert states[ServiceKind.SESSION, AppointmentState.DONE] == len(held)
