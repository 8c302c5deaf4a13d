"""`aiguille zones check`, as somebody types it after an update of the time zone data."""

from datetime import UTC, datetime
from io import StringIO

import pytest

from aiguille.booking.models import Appointment
from aiguille.booking.operations import book
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.cli import main
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure

pytestmark = pytest.mark.django_db


def test_it_fails_when_a_promise_would_shift(world):
    seed.load(actor=SYSTEM, at=world.at)
    book(
        patient_id=world.anna.patient_id,
        service_id=consultation_service(Procedure.MESOTHERAPY).id,
        site_id=world.lyon,
        starts_at=datetime(2026, 3, 27, 9, 0, tzinfo=UTC),
        actor=world.diane.actor,
        at=world.at,
    )
    out = StringIO()
    assert main(["zones", "check"], out) == 0
    Appointment.objects.update(local_start="2026-03-27T11:00")
    assert main(["zones", "check", "--json"], out) == 1
    assert "2026-03-27T11:00" in out.getvalue()
