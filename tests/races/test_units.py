"""One unit is opened for one patient, and one appointment has one session, whoever is faster."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import transaction

from aiguille.kernel.codes import Procedure
from aiguille.stock.operations import recall_lot
from aiguille.stock.queries import usable_units
from aiguille.treatment_sessions.models import SessionEvent, TreatmentSession, UnitUse
from aiguille.treatment_sessions.operations import (
    EventRefused,
    UnitGone,
    begin_session,
    record_event,
)
from tests.races.contenders import at_once, beside, without_constraint
from tests.session_day import ready_for_session, run_to_the_end

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
ONE_UNIT_ONCE = "treatment_sessions_unit_use_unit_id_key"


@pytest.fixture
def clinic(committed_db, world):
    return world


@pytest.fixture
def openings(clinic):
    """Return two calls, for Anna and for Marc, that open the same roller in their sessions."""
    calls = []
    for person, hours in ((clinic.anna, 0), (clinic.marc, 3)):
        day = ready_for_session(clinic, Procedure.NEEDLING, person=person, hours_later=hours)
        session_id = begin_session(
            appointment_id=day.appointment, actor=clinic.bruno.actor, at=day.at
        )
        at = run_to_the_end(clinic, day, session_id, until="open_device")
        roller = usable_units(product_kinds=["ROLLER"], site_id=day.site_id, on=day.day)[0]
        calls.append(
            partial(
                record_event,
                session_id=session_id,
                idempotency_key=uuid4(),
                body={
                    "type": "unit_opened",
                    "step": "open_device",
                    "field": "device",
                    "unit": str(roller.unit_id),
                },
                actor=clinic.bruno.actor,
                at=at + timedelta(minutes=1),
            )
        )
    return calls


def slowly(opening):
    """Return a task that opens the unit, and commits when it is told to."""

    def task(contender):
        with transaction.atomic():
            state = opening()
            contender.pause()
        return state

    return task


def both(openings):
    """Let the second opening begin before the first commits; return both outcomes."""
    with beside() as start:
        first = start(slowly(openings[0]))
        first.wait_until_paused()
        second = start(lambda _contender: openings[1]())
        second.wait_until_blocked_or_done()
        first.go_on()
        return first.outcome, second.outcome


class TestUnit:
    def test_is_opened_by_the_first(self, openings):
        first, second = both(openings)
        assert not isinstance(first, Exception), first
        assert isinstance(second, UnitGone)
        opened = SessionEvent.objects.filter(kind="unit_opened", payload__step="open_device")
        assert opened.count() == 1

    def test_is_opened_once_by_a_crowd(self, openings):
        outcomes = at_once(openings)
        refused = [each for each in outcomes if isinstance(each, Exception)]
        assert len(refused) == 1
        assert isinstance(refused[0], (UnitGone, EventRefused))

    def test_would_be_opened_twice_without_the_constraint(self, openings):
        with without_constraint("treatment_sessions_unit_use", ONE_UNIT_ONCE):
            first, second = both(openings)
            assert not isinstance(first, Exception), first
            assert not isinstance(second, Exception), second
            units = [use.unit_id for use in UnitUse.objects.filter(unit__isnull=False)]
            assert len(units) > len(set(units))

    def test_is_not_opened_while_its_lot_is_being_recalled(self, clinic, openings):
        roller = usable_units(
            product_kinds=["ROLLER"],
            site_id=clinic.lyon,
            on=clinic.at.date() + timedelta(days=2),
        )[0]

        def recall(contender):
            with transaction.atomic():
                recall_lot(
                    lot_id=roller.lot_id, reason="Alerte", actor=clinic.hugo.actor, at=clinic.at
                )
                contender.pause()

        with beside() as start:
            recalling = start(recall)
            recalling.wait_until_paused()
            opening = start(lambda _contender: openings[0]())
            assert opening.wait_until_blocked_or_done()
            recalling.go_on()
            assert isinstance(opening.outcome, UnitGone)


class TestSession:
    def test_begins_once_however_many_taps(self, clinic):
        day = ready_for_session(clinic)
        tap = partial(
            begin_session, appointment_id=day.appointment, actor=clinic.bruno.actor, at=day.at
        )
        sessions = at_once([tap] * 4)
        assert {TreatmentSession.objects.get().id} == set(sessions)

    def test_an_entry_sent_twice_at_once_is_kept_once(self, clinic):
        day = ready_for_session(clinic)
        session_id = begin_session(
            appointment_id=day.appointment, actor=clinic.bruno.actor, at=day.at
        )
        send = partial(
            record_event,
            session_id=session_id,
            idempotency_key=uuid4(),
            body={"type": "step_done", "step": "explain", "values": {"explained": True}},
            actor=clinic.bruno.actor,
            at=day.at + timedelta(minutes=1),
        )
        outcomes = at_once([send] * 4)
        assert not [each for each in outcomes if isinstance(each, Exception)]
        assert SessionEvent.objects.count() == 2
