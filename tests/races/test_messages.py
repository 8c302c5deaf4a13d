"""A message and a change of what it speaks of: one comes first, and the message tells the truth."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from aiguille.booking.models import Appointment
from aiguille.booking.operations import book
from aiguille.booking.resolver import AppointmentMessages
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure
from aiguille.messaging import resolvers
from aiguille.messaging.delivery import BUSY_DELAY, send_all_due
from aiguille.messaging.models import DemoMail, OutboxMessage
from tests.races.contenders import at_once, beside

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
]
TEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def appointment(committed_db, world, settings):
    """An appointment whose confirmation waits to be sent."""
    settings.DEMO = True
    seed.load(actor=SYSTEM, at=world.at)
    return book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.MESOTHERAPY).id,
        site_id=world.lyon,
        starts_at=TEN,
        actor=world.diane.actor,
        at=world.at,
    )


def change_meanwhile(appointment, at):
    """Change the appointment in a transaction that is still open while the worker looks.

    The change forgets to take back what is queued, as a program that writes SQL would. Returns how
    many messages left while it was open.
    """

    def slow(task):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE booking_appointment SET version = version + 1 WHERE id = %s",
                    [appointment],
                )
            task.pause()

    with beside() as start:
        change = start(slow)
        change.wait_until_paused()
        worker = start(lambda _task: send_all_due(at=at))
        sent = worker.outcome
        change.go_on()
        assert change.outcome is None
    return sent


def test_a_change_under_way_is_waited_for_and_the_old_message_dropped(world, appointment):
    assert change_meanwhile(appointment, world.at) == 0
    assert send_all_due(at=world.at + BUSY_DELAY) == 0
    assert not DemoMail.objects.exists()
    assert OutboxMessage.objects.get(kind="appointment_booked").state == "DROPPED"


def test_the_lock_is_what_does_it(world, appointment, monkeypatch):
    class Unlocked(AppointmentMessages):
        def still_true(self, message):
            row = Appointment.objects.get(id=message.subject_id)
            return row.version == message.subject_version

    monkeypatch.setitem(resolvers._resolvers, "appointment", Unlocked())
    assert change_meanwhile(appointment, world.at) == 1
    assert "10:00" in DemoMail.objects.get().text


def test_a_message_leaves_once_however_many_workers_look(world, appointment):
    sent = at_once([lambda: send_all_due(at=world.at)] * 6)
    assert Counter(sent) == {0: 5, 1: 1}
    assert DemoMail.objects.count() == 1


def test_workers_do_not_wait_for_each_other(world, appointment):
    def hold(task):
        with transaction.atomic():
            OutboxMessage.objects.select_for_update().get(kind="appointment_booked")
            task.pause()

    with beside() as start:
        other = start(hold)
        other.wait_until_paused()
        began = datetime.now(UTC)
        assert send_all_due(at=world.at) == 0
        assert datetime.now(UTC) - began < timedelta(seconds=2)
        other.go_on()
        assert other.outcome is None
