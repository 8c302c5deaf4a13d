"""Each page that signs waits for a fresh proof; until then nothing is stored, and nothing is lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from aiguille.accounts.signing import CONFIRMED_FOR
from aiguille.care.prescriptions import list_prescriptions
from aiguille.catalogue.models import RuleValueChange
from aiguille.desk.care.tests.test_consultation import arrive, decide, url
from aiguille.desk.care.tests.test_prescription import ANTIVIRAL, form
from aiguille.desk.rules.tests.test_rules import SETTING
from aiguille.desk.rules.tests.test_rules import typed as rule_typed
from aiguille.desk.signing.tests.test_signing_pages import sent_on
from aiguille.journeys.run_session import begin_session
from aiguille.treatment_sessions.queries import get_session
from tests.course import open_catalogue
from tests.session_day import go_to, ready_for_session, run_to_the_end
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Signing:
    """A page, what is sent from it, whether it is signed by now, and the clock when it is sent."""

    address: str
    typed: dict[str, Any]
    is_signed: Callable[[], bool]


def a_prescription(world: World, bruno: Client) -> Signing:
    appointment_id = arrive(world)
    decide(bruno, world, appointment_id)
    address = url("prescription", appointment_id)
    go_to(world.at + CONFIRMED_FOR + timedelta(minutes=1))
    return Signing(
        address,
        form(bruno.get(address), ANTIVIRAL),
        lambda: bool(list_prescriptions(patient_id=world.anna.patient_id)),
    )


def a_rules_value(world: World, bruno: Client) -> Signing:
    go_to(world.at + CONFIRMED_FOR + timedelta(minutes=1))
    return Signing(
        reverse("desk:rule_value", args=[SETTING]),
        rule_typed(world),
        RuleValueChange.objects.exists,
    )


def the_end_of_a_session(world: World, bruno: Client) -> Signing:
    day = ready_for_session(world)
    session_id = begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)
    at = run_to_the_end(world, day, session_id, until="session_closed")
    go_to(at + timedelta(minutes=1))
    return Signing(
        reverse("desk:run", args=[session_id]),
        {"action": "close", "key": str(uuid4()), "step": ""},
        lambda: get_session(session_id).ended_at is not None,
    )


@pytest.mark.parametrize("scene", [a_prescription, a_rules_value, the_end_of_a_session])
def test_a_late_signature_waits_for_the_proof_and_then_goes_on(
    world: World, settings: Settings, scene: Callable[[World, Client], Signing]
) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    open_catalogue(at=world.at)
    bruno = world.staff_client(world.bruno)
    signing = scene(world, bruno)

    refused = bruno.post(signing.address, signing.typed)

    assert refused.status_code == 302
    assert "/account/reauthenticate/" in refused["Location"]
    assert not signing.is_signed()
    confirm, back = refused["Location"], bruno.get(refused["Location"]).context
    bruno.post(
        confirm.partition("?")[0],
        {"password": PASSWORD, "next": back["redirect_field_value"]},
    )
    page = bruno.get(back["redirect_field_value"])
    assert page.context["address"] == signing.address
    assert bruno.post(signing.address, sent_on(page)).status_code == 302
    assert signing.is_signed()
