"""Every shipped protocol, walked to its end on real stock with the real rule book."""

import pytest

from aiguille.protocols.library import shipped_protocols
from aiguille.treatment_sessions.operations import begin_session
from aiguille.treatment_sessions.queries import get_session
from tests.session_day import ready_for_session, run_to_the_end

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", sorted(shipped_protocols()))
def test_a_shipped_protocol_runs_to_its_end(world, name):
    protocol = shipped_protocols()[name].protocol
    day = ready_for_session(world, protocol.procedure, protocol=name)
    session_id = begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)
    run_to_the_end(world, day, session_id)
    assert get_session(session_id).state == "CLOSED"
