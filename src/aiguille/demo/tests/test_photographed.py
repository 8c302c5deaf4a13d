"""A course of the demo that is photographed and measured, told to its follow-up."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from aiguille.demo.courses import MENUS
from aiguille.demo.paths import tell
from aiguille.demo.patients import Clinic, Patient, Script
from aiguille.demo.people import invent_people
from aiguille.demo.premises import ZONE, open_premises
from aiguille.demo.shelves import Shelves, receive_stock
from aiguille.demo.walk import walk
from aiguille.kernel.codes import Indication, ScoreMoment
from aiguille.outcomes.queries import photos_of, series_of

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)


@pytest.mark.slow
def test_a_course_is_photographed_before_each_session_and_measured_twice(db, settings, tmp_path):
    settings.VAR = tmp_path
    since = NOW - timedelta(days=90)
    today = NOW.astimezone(ZONE).date()
    premises = open_premises(since=since, today=today)
    place = premises.places[0]
    receive_stock(place, manager=premises.manager.actor, since=since, today=today)
    shelves = Shelves()
    shelves.fill(place.id, on=since.date())
    menu = next(menu for menu in MENUS if menu.indication is Indication.MESOLIFT_AGEING)
    script = Script(
        menu=menu,
        place=0,
        begins_at=NOW - timedelta(days=75),
        waits_days=4,
        sessions=1,
        is_photographed=True,
    )
    person = next(invent_people(random.Random(1), today=today, series=0))
    patient = Patient(Clinic(premises, shelves), person, script)

    walk([tell(patient)], until=NOW)

    photos = photos_of(patient_id=patient.id)
    assert len({photo.taken_on for photo in photos}) == 2
    assert len(photos) == 4
    (series,) = series_of(patient_id=patient.id)
    assert [score.moment for score in series.scores] == [ScoreMoment.START, ScoreMoment.FOLLOW_UP]
    assert series.is_better
