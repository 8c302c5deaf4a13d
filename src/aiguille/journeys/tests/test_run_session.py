"""What a session accepts, what it refuses and says why, and what it consumes."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.models import AuditEvent
from aiguille.booking.queries import get_appointment
from aiguille.booking.states import StateRefuses
from aiguille.care.operations import suspend_verdict
from aiguille.catalogue.queries import products_for
from aiguille.consent.operations import withdraw_consent
from aiguille.follow_up.queries import aftercare_of_patient
from aiguille.journeys.run_session import begin_session, record_session_event
from aiguille.kernel.codes import Procedure, StaffRole
from aiguille.plumbing.access import NotVisible
from aiguille.stock.operations import quarantine_lot, recall_lot, receive_lot
from aiguille.stock.queries import usable_units
from aiguille.treatment_sessions.models import SessionEvent, UnitUse
from aiguille.treatment_sessions.operations import EventRefused, EventUnreadable
from aiguille.treatment_sessions.queries import (
    get_session,
    latest_ended_session,
    run_state,
    sessions_of_patient,
    used_unit_ids,
    used_units,
)
from tests.session_day import ready_for_session, run_to_the_end

pytestmark = pytest.mark.django_db
PASS = {
    "type": "zone_passed",
    "step": "passes",
    "zone": "FOREHEAD",
    "side": "both",
    "needle_mm": "0.5",
    "passes": {"horizontal": 2, "vertical": 2, "oblique_left": 1, "oblique_right": 1},
    "pressure": "light",
}


class Room:
    """A session that runs, and what is said in it; a minute passes between two entries."""

    def __init__(self, world, procedure, *, until=""):
        self.world = world
        self.day = ready_for_session(world, procedure)
        self.id = begin_session(
            appointment_id=self.day.appointment, actor=world.bruno.actor, at=self.day.at
        )
        self.at = self.day.at
        if until:
            self.at = run_to_the_end(world, self.day, self.id, until=until)

    def record(self, body, *, actor=None, key=None, acknowledged=None):
        self.at += timedelta(minutes=1)
        return record_session_event(
            session_id=self.id,
            idempotency_key=key or uuid4(),
            body=body,
            acknowledged=acknowledged,
            actor=actor or self.world.bruno.actor.confirmed(self.at),
            at=self.at,
        )

    def refusal(self, body, **other):
        with pytest.raises(EventRefused) as refused:
            self.record(body, **other)
        return refused.value.refused

    def done(self, step, **values):
        return {"type": "step_done", "step": step, "values": values}

    def usable(self, kind):
        return usable_units(
            product_kinds=[kind],
            site_id=self.day.site_id,
            on=self.day.day,
            used_unit_ids=used_unit_ids(site_id=self.day.site_id),
        )

    def opening(self, kind, step, field, unit=None):
        unit = unit or self.usable(kind)[0].unit_id
        return {"type": "unit_opened", "step": step, "field": field, "unit": str(unit)}


@pytest.fixture
def roller(world):
    """Open a needling session, led up to the step before which the test wants to stand."""
    return lambda until="": Room(world, Procedure.NEEDLING, until=until)


@pytest.fixture
def syringe(world):
    return lambda until="": Room(world, Procedure.MESOTHERAPY, until=until)


def test_a_session_begins_with_its_appointment_once(world):
    day = ready_for_session(world)
    for _ in range(2):
        begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)
        assert get_appointment(day.appointment).state == "IN_PROGRESS"


class TestOrder:
    def test_the_needle_waits_for_the_cream_to_be_off(self, roller):
        room = roller("cream_off")
        assert room.refusal(PASS).guard == "cream_removed"
        assert room.refusal(room.done("antisepsis", method="four_step")).guard == "step_done"

    def test_the_cream_works_as_long_as_it_must(self, roller):
        room = roller("cream_on")
        put_on = room.done(
            "cream_on",
            applied="at_home",
            grams="2",
            area_cm2="20",
            zones=["FOREHEAD"],
            applied_at=(room.at - timedelta(minutes=10)).isoformat(),
        )
        room.record(put_on)
        waited = room.done("cream_wait", numb=True)
        assert room.refusal(waited).guard == "timer_elapsed"
        room.at += timedelta(minutes=50)
        room.record(waited)

    def test_a_safety_step_is_never_left_out(self, roller):
        room = roller("cream_off")
        skip = {"type": "step_skipped", "step": "cream_off", "reason": "Pressés"}
        assert room.refusal(skip).guard == "never_skipped"

    def test_no_step_is_done_before_its_turn(self, syringe):
        room = syringe()
        for step in ("antisepsis", "injections", "advice"):
            assert room.refusal(room.done(step)).guard in {"step_done", "cream_removed"}

    def test_closing_waits_for_sharps_and_advice(self, roller):
        room = roller("sharps")
        refused = room.refusal({"type": "session_closed"})
        assert (refused.guard, refused.step) == ("closing", "sharps")
        assert get_session(room.id).state == "RUNNING"

    def test_a_refusal_changes_nothing_and_leaves_its_trace(self, roller):
        room = roller("cream_off")
        before = SessionEvent.objects.count()
        room.refusal(PASS)
        assert SessionEvent.objects.count() == before
        event = AuditEvent.objects.get(action="treatment_sessions:event:refused")
        assert event.details == {"guard": "cream_removed", "kind": "zone_passed", "step": "passes"}
        assert event.patient_id == room.day.patient_id


class TestConsentAndVerdictMeanwhile:
    def test_a_withdrawal_stops_the_needle(self, world, roller):
        room = roller("passes")
        withdraw_consent(
            consent_id=room.day.consent, reason="Peur", actor=world.anna.actor, at=room.at
        )
        assert room.refusal(PASS).guard == "consent_current"

    def test_a_suspension_stops_the_needle(self, world, roller):
        room = roller("passes")
        suspend_verdict(
            verdict_id=room.day.verdict, reason="Doute", actor=world.bruno.actor, at=room.at
        )
        assert room.refusal(PASS).guard == "verdict_valid"


class TestUnit:
    def test_is_consumed_with_its_opening(self, world, roller):
        room = roller("open_device")
        unit = next(u for u in room.usable("ROLLER") if u.needle_mm == 0.5)
        room.record(room.opening("ROLLER", "open_device", "device", unit.unit_id))
        use = UnitUse.objects.get(unit_id=unit.unit_id)
        assert (use.patient_id, use.lot_id, use.session_id) == (
            room.day.patient_id,
            unit.lot_id,
            room.id,
        )
        used = used_units(room.id)[-1]
        assert (used.facts.lot_number, used.facts.expiry) == (unit.lot_number, unit.expiry)
        assert unit.unit_id not in {u.unit_id for u in room.usable("ROLLER")}
        event = AuditEvent.objects.filter(action="treatment_sessions:unit:opened").latest(
            "position"
        )
        assert event.details["step"] == "open_device"

    def test_is_used_once(self, roller):
        room = roller("open_device")
        body = room.opening("ROLLER", "open_device", "device")
        room.record(body)
        assert room.refusal(body).guard == "unit_used"

    @pytest.mark.parametrize("change", [quarantine_lot, recall_lot])
    def test_of_a_lot_taken_out_is_refused(self, world, roller, change):
        room = roller("open_device")
        unit = room.usable("ROLLER")[0]
        body = room.opening("ROLLER", "open_device", "device", unit.unit_id)
        change(lot_id=unit.lot_id, reason="Alerte", actor=world.hugo.actor, at=room.at)
        refused = room.refusal(body)
        assert refused.field == "unit"
        assert refused.text.fr
        attempt = AuditEvent.objects.get(action="treatment_sessions:event:refused")
        assert attempt.details["unit"] == str(unit.unit_id)

    def test_expired_is_refused(self, world, roller):
        room = roller("open_device")
        product = products_for("ROLLER")[0]
        receive_lot(
            product_id=product.id,
            site_id=world.lyon,
            number="OLD",
            expiry=room.day.day - timedelta(days=1),
            quantity=1,
            actor=world.hugo.actor,
            at=world.at - timedelta(days=30),
        )
        old = next(
            u
            for u in usable_units(
                product_kinds=["ROLLER"], site_id=world.lyon, on=room.day.day - timedelta(days=9)
            )
            if u.lot_number == "OLD"
        )
        body = room.opening("ROLLER", "open_device", "device", old.unit_id)
        assert room.refusal(body).field == "unit"

    def test_of_another_kind_is_refused(self, roller):
        room = roller("open_device")
        unit = room.usable("SYRINGE")[0]
        body = room.opening("", "open_device", "device", unit.unit_id)
        assert room.refusal(body).guard == "unit_kind"

    def test_elsewhere_or_unknown_or_a_whole_lot_is_unreadable(self, world, roller):
        room = roller("open_device")
        lot_id = receive_lot(
            product_id=products_for("ROLLER")[0].id,
            site_id=world.paris,
            number="PARIS",
            expiry=room.day.day + timedelta(days=100),
            quantity=1,
            actor=world.hugo.actor,
            at=world.at,
        )
        away = usable_units(product_kinds=["ROLLER"], site_id=world.paris, on=room.day.day)[0]
        here = room.usable("ROLLER")[0].lot_id
        for unit in (away.unit_id, lot_id, uuid4(), here, "garbage", ""):
            with pytest.raises(EventUnreadable) as refused:
                room.record(room.opening("", "open_device", "device", unit or "x"))
            assert refused.value.field == "unit"

    def test_is_refused_by_sql_too(self, world, roller):
        room = roller("open_device")
        unit, another = room.usable("ROLLER")[:2]
        event = SessionEvent.objects.get(session_id=room.id, sequence=1)
        facts = {
            "session_id": room.id,
            "event_id": event.id,
            "patient_id": room.day.patient_id,
            "lot_id": unit.lot_id,
            "unit_id": unit.unit_id,
            "used_at": room.at,
        }

        def insert(**other):
            with transaction.atomic():
                UnitUse.objects.create(**(facts | other))

        for wrong, name in (
            ({"patient_id": world.marc.patient_id}, "of its session"),
            ({"unit_id": None}, "unit by unit"),
            ({"lot_id": room.usable("SYRINGE")[0].lot_id}, "belongs to its lot"),
            ({"used_at": room.at + timedelta(days=400)}, "expired"),
        ):
            with pytest.raises(IntegrityError, match=name):
                insert(**wrong)
        insert()
        with pytest.raises(IntegrityError, match="unit_id"):
            insert()
        quarantine_lot(lot_id=unit.lot_id, reason="x", actor=world.hugo.actor, at=room.at)
        with pytest.raises(IntegrityError, match="quarantined"):
            insert(unit_id=another.unit_id)


class TestSentTwice:
    def test_with_one_key_is_recorded_once(self, syringe):
        room = syringe()
        key = uuid4()
        body = room.done("explain", explained=True)
        room.record(body, key=key)
        again = room.record(body, key=key)
        assert len(again.log) == 2

    def test_a_key_of_another_session_is_refused(self, world, syringe):
        room = syringe()
        key = uuid4()
        room.record(room.done("explain", explained=True), key=key)
        other = ready_for_session_of_marc(world)
        with pytest.raises(EventUnreadable):
            record_session_event(
                session_id=other,
                idempotency_key=key,
                body=room.done("explain", explained=True),
                actor=world.bruno.actor,
                at=room.at,
            )

    def test_the_closing_ends_things_once(self, world, syringe):
        room = syringe("next_date")
        room.record({"type": "step_skipped", "step": "next_date", "reason": "Par téléphone"})
        key = uuid4()
        room.record({"type": "session_closed"}, key=key)
        room.record({"type": "session_closed"}, key=key)
        assert get_appointment(room.day.appointment).state == "DONE"
        assert len(aftercare_of_patient(room.day.patient_id)) == 1
        assert get_session(room.id).state == "CLOSED"
        assert latest_ended_session(room.day.patient_id) == get_session(room.id)
        assert room.refusal({"type": "session_closed"}).guard == "closed"
        with pytest.raises(StateRefuses):
            begin_session(appointment_id=room.day.appointment, actor=world.bruno.actor, at=room.at)


def ready_for_session_of_marc(world):
    """Begin a session of Marc in the afternoon of the same day, on Anna's catalogue."""
    day = ready_for_session(world, person=world.marc, hours_later=3)
    return begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)


class TestStop:
    def test_frank_bleeding_leaves_nothing_but_the_stop(self, roller):
        room = roller("passes")
        state = room.record({**PASS, "end_point": "FRANK_BLEEDING"})
        assert state.must_stop
        assert room.refusal(PASS).guard == "must_stop"
        assert room.refusal({"type": "session_closed"}).guard == "must_stop"
        room.record({"type": "stopped", "reason": "frank_bleeding", "note": "Front"})
        assert room.refusal(PASS).guard == "stopped"
        room.record(room.done("sharps", discarded=True))
        room.record(room.done("advice", leaflet_given=True, red_flags_explained=True))
        room.record({"type": "session_closed"})
        assert get_session(room.id).state == "STOPPED"
        assert AuditEvent.objects.filter(action="treatment_sessions:session:stopped").exists()

    def test_an_incident_keeps_its_note(self, syringe):
        room = syringe()
        state = room.record({"type": "stopped", "reason": "other", "note": "Coupure de courant"})
        assert state.stopped.body.note == "Coupure de courant"
        assert run_state(room.id).stopped is not None


class TestCorrection:
    def test_keeps_what_was_wrong(self, roller):
        room = roller("passes")
        state = room.record(PASS)
        wrong = state.log[-1].seq
        body = {
            "type": "corrected",
            "replaces": wrong,
            "reason": "Autre côté",
            "body": {**PASS, "side": "left"},
        }
        state = room.record(body)
        assert [event.body.side for event in state.passes] == ["left"]
        assert state.log[wrong - 1].body.side == "both"
        assert SessionEvent.objects.filter(session_id=room.id, kind="corrected").count() == 1

    def test_cannot_take_away_what_the_needle_rests_on(self, roller):
        room = roller("end_point")
        cream_off = next(
            event.seq
            for event in run_state(room.id).log
            if getattr(event.body, "step", "") == "cream_off"
        )
        undo = {"type": "corrected", "replaces": cream_off, "reason": "Erreur"}
        assert room.refusal(undo).guard == "correction_breaks"

    def test_does_not_swap_one_product_for_another(self, roller):
        room = roller("open_device")
        state = room.record(room.opening("ROLLER", "open_device", "device"))
        with pytest.raises(EventUnreadable):
            room.record(
                {
                    "type": "corrected",
                    "replaces": state.log[-1].seq,
                    "reason": "Autre unité",
                    "body": {
                        **room.opening("ROLLER", "open_device", "device"),
                        "product": "x",
                        "kind": "ROLLER",
                        "lot": "x",
                        "expiry": "2030-01-01",
                    },
                }
            )


class TestAuthor:
    def test_the_needle_is_the_physicians(self, world, roller):
        room = roller("passes")
        nurse = replace(world.hugo.actor, roles=frozenset({StaffRole.NURSE}))
        assert room.refusal(PASS, actor=nurse).guard == "actor_role"
        assert room.refusal({"type": "session_closed"}, actor=nurse).guard == "closing"

    def test_an_assistant_does_what_is_theirs(self, world, syringe):
        room = syringe("photo")
        before = room.record(
            {"type": "step_skipped", "step": "photo", "reason": "Refus"}, actor=world.hugo.actor
        )
        assert before.log[-1].by == world.hugo.actor.display_name
        stored = SessionEvent.objects.filter(session_id=room.id).latest("sequence")
        assert (stored.author_id, stored.author_roles) == (world.hugo.user_id, ["assistant"])

    def test_others_record_nothing(self, world, syringe):
        room = syringe()
        for other in (world.diane, world.ines, world.carla, world.anna):
            with pytest.raises(NotAllowed):
                room.record(room.done("explain", explained=True), actor=other.actor)


class TestBadInput:
    def test_is_named(self, syringe):
        room = syringe()
        for body, field in (
            ({}, "type"),
            ({"type": "teleported"}, "type"),
            ({"type": "step_done"}, "step"),
            ({"type": "step_done", "step": 4}, "step"),
            ({"type": "session_closed", "why": "x"}, "why"),
            ({**PASS, "needle_mm": 0.5}, "needle_mm"),
            ({**PASS, "zone": "<b>"}, "zone"),
            ({"type": "corrected", "replaces": "1", "reason": "x"}, "replaces"),
        ):
            with pytest.raises(EventUnreadable) as refused:
                room.record(body)
            assert refused.value.field == field

    def test_an_unknown_session_is_not_visible(self, world, syringe):
        room = syringe()
        room.id = uuid4()
        with pytest.raises(NotVisible):
            room.record(room.done("explain", explained=True))

    def test_time_does_not_run_backwards(self, syringe):
        room = syringe()
        room.at -= timedelta(hours=1)
        assert room.refusal(room.done("explain", explained=True)).guard == "time_backwards"


class TestQueries:
    def test_cost_the_same_however_long_the_session(self, syringe, django_assert_max_num_queries):
        short = syringe()
        for _ in range(2):
            with django_assert_max_num_queries(3):
                run_state(short.id)
            with django_assert_max_num_queries(1):
                assert sessions_of_patient(short.day.patient_id)
            with django_assert_max_num_queries(3):
                used_units(short.id)
            run_to_the_end(short.world, short.day, short.id)

    def test_recording_costs_no_more_when_the_session_is_long(
        self, syringe, django_assert_max_num_queries
    ):
        room = syringe("advice")
        with django_assert_max_num_queries(45):
            room.record(room.done("advice", leaflet_given=True, red_flags_explained=True))
