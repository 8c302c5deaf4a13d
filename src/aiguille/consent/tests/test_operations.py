"""Publishing, signing and withdrawing, through the operations."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from aiguille.audit.queries import list_events_of_patient
from aiguille.consent.models import Consent
from aiguille.consent.operations import (
    AlreadyWithdrawn,
    ReasonTooLong,
    TextReplaced,
    publish_texts,
    sign_consent,
    withdraw_consent,
)
from aiguille.consent.queries import (
    consented_treatments,
    current_consent,
    current_text,
    get_consent,
    list_consents,
)
from aiguille.consent.rules import ConsentIncomplete
from aiguille.kernel.actor import SYSTEM
from aiguille.patients.operations import create_provisional
from tests.course import open_course

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(world):
    """Anna's plan, and the texts published."""
    found = open_course(world)
    publish_texts(actor=SYSTEM, at=world.at)
    return found


@pytest.fixture
def sign(world, course):
    """Return a call by which Anna signs the current French text; anything may differ."""
    text = current_text(course.treatment, "fr")
    assert text is not None

    def call(**others):
        return sign_consent(
            **{
                "patient_id": world.anna.patient_id,
                "treatment_id": course.treatment,
                "text_id": text.id,
                "answers": {section["id"]: True for section in text.content["sections"]},
                "mention": text.content["mention"],
                "signature_kind": "TYPED",
                "signature": "Anna Martin",
                "actor": world.anna.actor,
                "at": world.at,
            }
            | others
        )

    return call


def test_texts_are_published_once_and_only_where_they_differ(world, course):
    assert publish_texts(actor=SYSTEM, at=world.at) == 0
    for language in ("fr", "en"):
        text = current_text(course.treatment, language)
        assert text is not None
        assert text.version == 1


def test_two_patients_on_one_browser_give_two_records(world, sign):
    key = uuid4()
    one = sign(request_key=key)
    marc = {
        "patient_id": world.marc.patient_id,
        "actor": world.marc.actor,
        "signature": "Marc Lefèvre",
    }
    other = sign(request_key=key, **marc)
    assert one != other
    assert get_consent(one).patient_id == world.anna.patient_id
    assert get_consent(other).patient_id == world.marc.patient_id


def test_one_form_signs_once_and_two_forms_twice(world, sign):
    key = uuid4()
    assert sign(request_key=key) == sign(request_key=key, at=world.at + timedelta(seconds=2))
    sign(request_key=uuid4())
    assert len(list_consents(patient_id=world.anna.patient_id)) == 2


def test_a_patient_without_a_birth_date_signs_nothing(world, sign):
    somebody = create_provisional(
        birth_name="Roux",
        first_names="Zoé",
        email="zoe@example.net",
        phone="",
        language="fr",
        actor=SYSTEM,
        at=world.at,
    )
    with pytest.raises(ConsentIncomplete) as refused:
        sign(patient_id=somebody, signature="Zoé Roux")
    assert refused.value.field == "identity"


@pytest.mark.parametrize(
    "others", [{"text_id": uuid4()}, {"treatment_id": uuid4()}], ids=["text", "treatment"]
)
def test_an_unknown_text_is_not_signed(sign, others):
    with pytest.raises(TextReplaced):
        sign(**others)


def test_withdrawing_ends_every_consent_to_the_treatment(world, course, sign):
    later = world.at + timedelta(minutes=1)
    first, second = sign(), sign(at=later, actor=world.anna.actor.confirmed(later))
    later = world.at + timedelta(days=1)
    withdrawn = withdraw_consent(consent_id=first, reason="", actor=world.anna.actor, at=later)
    assert set(withdrawn) == {first, second}
    treatment = course.treatment
    assert current_consent(patient_id=world.anna.patient_id, treatment_id=treatment) is None
    assert consented_treatments([world.anna.patient_id]) == set()
    for consent in (first, second):
        with pytest.raises(AlreadyWithdrawn):
            withdraw_consent(consent_id=consent, reason="", actor=world.anna.actor, at=later)
    third = sign(at=later, actor=world.anna.actor.confirmed(later))
    standing = current_consent(patient_id=world.anna.patient_id, treatment_id=treatment)
    assert standing is not None
    assert standing.id == third
    assert consented_treatments([world.anna.patient_id]) == {(world.anna.patient_id, treatment)}


def test_a_reason_has_a_length(world, sign):
    consent = sign()
    with pytest.raises(ReasonTooLong):
        withdraw_consent(consent_id=consent, reason="x" * 2001, actor=SYSTEM, at=world.at)


def test_every_act_leaves_its_trace(world, sign):
    withdraw_consent(consent_id=sign(), reason="", actor=world.anna.actor, at=world.at)
    traces = {str(line.action) for line in list_events_of_patient(patient_id=world.anna.patient_id)}
    assert {"consent:consent:signed", "consent:consent:withdrawn"} <= traces


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_consent SET signature = 'Marc'",
        "DELETE FROM consent_consent",
        "UPDATE consent_text SET content = '{}'",
        "DELETE FROM consent_withdrawal",
    ],
)
def test_the_application_cannot_rewrite_what_was_signed(sign, statement):
    sign()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("empty", [{"signature": ""}, {"mention": ""}, {"answers": {}}])
def test_the_database_refuses_an_empty_consent(sign, empty):
    row = Consent.objects.get(id=sign())
    row.id = uuid4()
    for name, value in empty.items():
        setattr(row, name, value)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)
