"""What a tablet recorded without a network: nothing lost, nothing there twice, nothing hidden."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from aiguille.accounts.rights import NotAllowed
from aiguille.consent.operations import withdraw_consent
from aiguille.kernel.codes import Procedure
from aiguille.kernel.ids import new_id
from aiguille.plumbing.access import NotVisible
from aiguille.protocols.events import UnitOpened, body_as_json
from aiguille.protocols.machine import describe
from aiguille.treatment_sessions.incidents import (
    SettlementSaysNothing,
    incidents_of,
    open_incidents,
    settle_incident,
)
from aiguille.treatment_sessions.models import (
    SessionEvent,
    SessionIncident,
    TreatmentSession,
    UnitUse,
)
from aiguille.treatment_sessions.operations import IncidentsOpen, begin_session, record_event
from aiguille.treatment_sessions.queries import get_session, run_state, uses_of_lot
from aiguille.treatment_sessions.receiving import Entry, UploadRefused, receive_events
from tests.session_day import ready_for_session, whole_session

pytestmark = pytest.mark.django_db
TABLET = "tablet-1"


class Offline:
    """A session begun with the network, and all that a tablet records after it was gone."""

    def __init__(self, world, procedure=Procedure.MESOTHERAPY, **who):
        self.world = world
        self.day = ready_for_session(world, procedure, **who)
        self.id = begin_session(
            appointment_id=self.day.appointment, actor=world.bruno.actor, at=self.day.at
        )
        self.entries = [self.entry(event) for event in self.events()]
        self.back = self.entries[-1].occurred_at + timedelta(minutes=5)

    def events(self):
        """Take each unit once: the tablet shows those that were in stock when it left."""
        taken = set()
        for event in list(whole_session(self.day))[:-1]:
            if isinstance(event.body, UnitOpened) and event.body.unit in taken:
                raise AssertionError("an example opens two units of one kind")
            taken.add(getattr(event.body, "unit", None))
            yield event

    def entry(self, event):
        return Entry(
            key=UUID(int=self.id.int ^ event.seq),
            body=body_as_json(event.body),
            occurred_at=event.at,
            device_at=event.at + timedelta(hours=3),  # its clock is wrong
            acknowledged=dict(event.acknowledged),
        )

    def send(self, entries=None, **changes):
        told = {
            "session_id": self.id,
            "device": TABLET,
            "entries": self.entries if entries is None else entries,
            "actor": self.world.bruno.actor,
            "at": self.back,
        }
        return receive_events(**told | changes)

    def close(self):
        return record_event(
            session_id=self.id,
            idempotency_key=new_id(),
            body={"type": "session_closed"},
            actor=self.world.bruno.actor.confirmed(self.back),
            at=self.back,
        )

    def settle(self, note="Vérifié avec le patient."):
        for incident in incidents_of(self.id):
            settle_incident(
                session_id=self.id,
                incident_id=incident.id,
                note=note,
                actor=self.world.bruno.actor,
                at=self.back,
            )


@pytest.fixture
def offline(world):
    return Offline(world)


@pytest.mark.parametrize("procedure", list(Procedure))
def test_a_whole_session_is_received_and_closed(world, procedure):
    tablet = Offline(world, procedure)
    received = tablet.send()
    assert [one.sequence for one in received] == list(range(2, len(tablet.entries) + 2))
    assert not any(one.incidents for one in received)
    assert tablet.close().closed
    assert get_session(tablet.id).state == "CLOSED"
    opened = sum(entry.body["type"] == "unit_opened" for entry in tablet.entries)
    assert UnitUse.objects.filter(session_id=tablet.id, unit__isnull=False).count() == opened
    event = SessionEvent.objects.filter(session_id=tablet.id, sequence=2).get()
    assert event.device_at == event.occurred_at + timedelta(hours=3)
    assert (event.received_at, event.device) == (tablet.back, TABLET)


@pytest.mark.parametrize("seed", range(6))
def test_however_often_and_in_what_pieces_it_is_sent_it_is_there_once(world, seed):
    tablet, chance = Offline(world), Random(seed)
    sent = 0
    while sent < len(tablet.entries):
        first, sent = chance.randint(0, sent), min(len(tablet.entries), sent + chance.randint(1, 9))
        tablet.send(tablet.entries[first:sent])
    pieces = describe(run_state(tablet.id))
    answers = tablet.send()
    assert describe(run_state(tablet.id)) == pieces
    assert pieces["events"] == len(tablet.entries) + 1
    assert [one.sequence for one in answers] == list(range(2, len(tablet.entries) + 2))
    uses = UnitUse.objects.filter(session_id=tablet.id)
    assert uses.count() == len({use.unit_id for use in uses})
    assert not SessionIncident.objects.exists()


def test_what_changed_meanwhile_is_an_incident_and_keeps_the_session_open(world, offline):
    withdraw_consent(
        consent_id=offline.day.consent,
        reason="",
        actor=world.anna.actor,
        at=offline.day.at + timedelta(minutes=2),
    )
    received = offline.send()
    assert all(one.sequence for one in received), "what happened is in the list"
    incidents = incidents_of(offline.id)
    assert incidents
    assert {incident.guard for incident in incidents} == {"consent_current"}
    with pytest.raises(IncidentsOpen):
        offline.close()
    with pytest.raises(SettlementSaysNothing):
        offline.settle(note="  ")
    with pytest.raises(IntegrityError, match="incidents"), transaction.atomic():
        TreatmentSession.objects.filter(id=offline.id).update(state="CLOSED", ended_at=offline.back)
    assert [one.incidents for one in offline.send()] == [one.incidents for one in received]
    offline.settle()
    offline.settle(note="Une seconde fois")
    assert open_incidents(offline.id) == 0
    settled = incidents_of(offline.id)
    assert {one.note for one in settled} == {"Vérifié avec le patient."}
    assert offline.close().closed


def test_a_unit_that_somebody_else_used_is_traced_for_both(world, offline):
    place = next(i for i, e in enumerate(offline.entries) if e.body["type"] == "unit_opened")
    other = Offline(world, person=world.marc, hours_later=3)
    mine = offline.entries[place].body["unit"]
    stolen = [
        replace(entry, body={**entry.body, "unit": mine})
        if entry.body.get("field") == offline.entries[place].body["field"]
        and entry.body["type"] == "unit_opened"
        else entry
        for entry in other.entries
    ]
    other.send(stolen)
    received = offline.send(at=other.back)
    assert received[place].sequence
    assert received[place].incidents
    guards = {incident.guard for incident in incidents_of(offline.id)}
    assert "unit_used" in guards
    lot = UnitUse.objects.get(unit_id=mine).lot_id
    concerned = {use.patient_id for use in uses_of_lot(lot)}
    assert {offline.day.patient_id, other.day.patient_id} <= concerned


def test_an_entry_that_another_tablet_made_already_is_set_aside_whole(offline):
    offline.send(offline.entries[:3])
    again = [replace(entry, key=uuid4()) for entry in offline.entries[:3]]
    received = offline.send(again, device="tablet-2")
    assert [(one.sequence, one.incidents) for one in received] == [(None, 1)] * 3
    assert [dict(incident.payload) for incident in incidents_of(offline.id)] == [
        dict(entry.body) for entry in again
    ]
    assert run_state(offline.id).log[-1].seq == 4
    assert [one.incidents for one in offline.send(again, device="tablet-2")] == [1] * 3
    assert SessionIncident.objects.count() == 3


def test_what_arrives_late_keeps_its_place_after_what_is_there(offline):
    first, second = offline.entries[:2]
    late = replace(second, occurred_at=first.occurred_at - timedelta(minutes=1))
    offline.send([first])
    (received,) = offline.send([late])
    assert received.sequence == 3
    event = SessionEvent.objects.get(session_id=offline.id, sequence=3)
    assert event.occurred_at == first.occurred_at


def test_an_entry_that_cannot_be_read_is_kept_as_it_came(offline):
    broken = replace(offline.entries[0], body={"type": "zone_passed", "needle_mm": "deep"})
    (received,) = offline.send([broken])
    assert received.sequence is None
    (incident,) = incidents_of(offline.id)
    assert incident.guard == "unreadable"
    assert dict(incident.payload) == dict(broken.body)


def test_an_upload_that_no_tablet_sends_is_refused_whole(world, offline):
    entry = offline.entries[0]
    for entries, field in (
        (
            [entry, replace(entry, occurred_at=offline.back + timedelta(hours=1))],
            "events.1.occurred_at",
        ),
        ([replace(entry, body={"type": "session_closed"})], "events.0.type"),
        ([replace(entry, body={"type": "session_begun"})], "events.0.type"),
        ([replace(entry, key=uuid4())] * 501, "events"),
    ):
        with pytest.raises(UploadRefused) as refused:
            offline.send(entries)
        assert refused.value.field == field
    with pytest.raises(UploadRefused):
        offline.send(device=" ")
    with pytest.raises(NotVisible):
        offline.send(session_id=uuid4())
    with pytest.raises(NotAllowed):
        offline.send(actor=world.diane.actor)
    assert run_state(offline.id).log[-1].seq == 1
    assert not SessionIncident.objects.exists()


def test_a_key_of_another_session_is_refused(world, offline):
    other = Offline(world, person=world.marc, hours_later=3)
    other.send(other.entries[:1])
    stolen = replace(offline.entries[0], key=other.entries[0].key)
    with pytest.raises(UploadRefused) as refused:
        offline.send([stolen])
    assert refused.value.field == "key"


def test_only_who_runs_sessions_settles(world, offline):
    offline.send([replace(offline.entries[0], body={"type": "nothing"})])
    (incident,) = incidents_of(offline.id)
    for actor, error in ((world.diane.actor, NotAllowed), (world.ines.actor, NotAllowed)):
        with pytest.raises(error):
            settle_incident(
                session_id=offline.id,
                incident_id=incident.id,
                note="Vu",
                actor=actor,
                at=offline.back,
            )
    with pytest.raises(NotVisible):
        settle_incident(
            session_id=offline.id,
            incident_id=uuid4(),
            note="Vu",
            actor=world.bruno.actor,
            at=offline.back,
        )
