"""Prescribing through its operation: ceilings in force, what the record lacks, one cream, one form."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from aiguille.care.informing import information_of
from aiguille.care.mentions import MentionMissing
from aiguille.care.models import Prescription
from aiguille.care.operations import InvalidContent, StaleVersion, prescribe
from aiguille.care.operations.prescription import CreamPrescribedAlready, NothingPrescribed
from aiguille.care.prescribing import MOST_LINES, ImplausibleMeasure, Line, LineRefused, Measures
from aiguille.care.prescriptions import creams_ordered, get_prescription, list_prescriptions
from aiguille.care.queries import get_plan, get_verdict, replay_ruling
from aiguille.care.rules import ReasonMissing, RefusedByRuleBook
from aiguille.care.tests.test_operations import NEEDLING, Desk
from aiguille.catalogue.rule_changes import change_rule_value
from aiguille.clinics.models import Site
from aiguille.patients.models import Patient
from tests.course import answer_no, open_catalogue
from tests.world import World

pytestmark = pytest.mark.django_db

ANTIVIRAL = Line(
    drug="valaciclovir", dose="500 mg", frequency="matin et soir", route="ORAL", packs=1
)


def lidocaine(milligrams: str | None) -> Line:
    return Line(
        drug="Lidocaïne",
        dose="selon l’examen",
        frequency="une fois",
        route="SUBCUTANEOUS",
        duration="1 jour",
        lidocaine_mg=None if milligrams is None else Decimal(milligrams),
    )


@pytest.fixture
def desk(world: World) -> Desk:
    open_catalogue(at=world.at)
    answer_no(world, procedure=NEEDLING, at=world.at)
    return Desk(world, NEEDLING)


def change(world: World, setting: str, *, seen: str, value: str) -> None:
    change_rule_value(
        setting=setting,
        value=Decimal(value),
        seen=Decimal(seen),
        reason="Plus prudent.",
        effective_on=world.at.date(),
        actor=world.bruno.actor,
        at=world.at,
    )


@pytest.mark.parametrize(
    ("setting", "seen", "value", "cream"),
    [
        ("R11.max_area_cm2", "600", "50", {"area_cm2": Decimal("50.1")}),
        ("R12.max_minutes", "300", "240", {"minutes_before": 241}),
    ],
)
def test_the_clinics_own_ceilings_bind(
    world: World, desk: Desk, setting: str, seen: str, value: str, cream: dict[str, Any]
) -> None:
    change(world, setting, seen=seen, value=value)
    consultation = desk.write()
    with pytest.raises(RefusedByRuleBook):
        desk.prescribe(consultation, acknowledged=["R11", "R12"], **cream)
    signed = desk.prescribe(consultation)
    if setting == "R12.max_minutes":
        assert get_prescription(signed).items[0]["longest_minutes"] == 240


@pytest.mark.parametrize(
    ("weight", "milligrams", "with_cream", "error"),
    [
        ("48", "144", False, None),
        ("48", "144.1", False, RefusedByRuleBook),
        ("70", "200", False, None),
        ("70", "200.1", False, RefusedByRuleBook),
        (None, "1", False, RefusedByRuleBook),
        # 6.08 g of cream hold 152 mg: all routes are added.
        ("60", "28", True, None),
        ("60", "28.1", True, RefusedByRuleBook),
        ("60", None, False, LineRefused),
    ],
)
def test_lidocaine_stays_under_its_ceiling(
    desk: Desk,
    weight: str | None,
    milligrams: str | None,
    with_cream: bool,
    error: type[Exception] | None,
) -> None:
    consultation = desk.write()
    said: dict[str, Any] = {
        "lines": [ANTIVIRAL, lidocaine(milligrams)],
        "measures": Measures(Decimal(weight) if weight else None),
    }
    if not with_cream:
        said["cream"] = None
    if error is not None:
        with pytest.raises(error):
            desk.prescribe(consultation, **said)
        assert not Prescription.objects.exists()
        return
    row = Prescription.objects.get(id=desk.prescribe(consultation, **said))
    assert row.lidocaine_ruling is not None
    stored, again = replay_ruling(row.lidocaine_ruling.id)
    assert stored == again


def test_the_clinics_own_ceiling_of_lidocaine_binds(world: World, desk: Desk) -> None:
    change(world, "R15.max_mg", seen="200", value="100")
    with pytest.raises(RefusedByRuleBook):
        desk.prescribe(
            desk.write(),
            cream=None,
            lines=[lidocaine("100.1")],
            measures=Measures(Decimal(70)),
        )


def test_pounds_typed_as_kilograms_do_not_raise_the_ceiling(desk: Desk) -> None:
    # 50 kg are 110 pounds: 200 mg would pass at 110 kg, and 150 is the most at 50.
    with pytest.raises(ImplausibleMeasure):
        desk.prescribe(
            desk.write(), cream=None, lines=[lidocaine("200")], measures=Measures(Decimal(110))
        )


@pytest.mark.parametrize(
    ("column", "value", "missing"),
    [
        ("birth_date", None, {"patient_birth_date"}),
        ("phone", "", {"prescriber_phone"}),
        ("street", "", {"prescriber_address"}),
    ],
)
def test_what_the_law_wants_is_there_or_nothing_is_signed(
    world: World, desk: Desk, column: str, value: Any, missing: set[str]
) -> None:
    consultation = desk.write()
    rows = Patient.objects if column == "birth_date" else Site.objects
    if column == "birth_date":
        Patient.objects.update(identity_status="DECLARED")
    rows.update(**{column: value})
    with pytest.raises(MentionMissing) as refused:
        desk.prescribe(consultation, cream=None, lines=[ANTIVIRAL])
    assert set(refused.value.missing) == missing
    assert not Prescription.objects.exists()


def test_no_cream_for_somebody_under_age(world: World, desk: Desk) -> None:
    consultation = desk.write()
    Patient.objects.filter(id=world.anna.patient_id).update(birth_date="2008-03-03")
    with pytest.raises(RefusedByRuleBook):
        desk.prescribe(consultation)
    Patient.objects.filter(id=world.anna.patient_id).update(birth_date="2008-03-02")
    desk.prescribe(consultation)


@pytest.mark.parametrize(
    ("zones", "reason", "error"),
    [
        (["PERIORBITAL"], "", ReasonMissing),
        (["PERIORBITAL", "CHEEK"], "Sous surveillance.", None),
        (["EYELID"], "Sous surveillance.", InvalidContent),
    ],
)
def test_near_the_eye_a_physician_says_why(
    desk: Desk, zones: list[str], reason: str, error: type[Exception] | None
) -> None:
    consultation = desk.write()
    if error is None:
        desk.prescribe(consultation, zones=zones, override_reason=reason)
        return
    with pytest.raises(error):
        desk.prescribe(consultation, zones=zones, override_reason=reason)


def test_nothing_or_too_much_is_no_prescription(desk: Desk) -> None:
    consultation = desk.write()
    for lines in ([], [ANTIVIRAL] * (MOST_LINES + 1)):
        with pytest.raises(NothingPrescribed):
            desk.prescribe(consultation, cream=None, lines=lines)


def test_a_consultation_has_one_cream(world: World, desk: Desk) -> None:
    consultation = desk.write()
    first = desk.prescribe(consultation)
    with pytest.raises(CreamPrescribedAlready):
        desk.prescribe(consultation)
    second = desk.prescribe(consultation, replaces_id=first, reason="Plus tôt.", minutes_before=90)
    with pytest.raises(StaleVersion):
        desk.prescribe(consultation, replaces_id=first, reason="Encore.")
    with pytest.raises(ReasonMissing):
        desk.prescribe(consultation, replaces_id=second)
    (standing,) = list_prescriptions(patient_id=world.anna.patient_id)
    assert standing.id == second


def test_a_form_sent_twice_is_one_prescription(world: World, desk: Desk) -> None:
    consultation, key = desk.write(), uuid4()
    first = desk.prescribe(consultation, request_key=key)
    assert desk.prescribe(consultation, request_key=key) == first
    with pytest.raises(InvalidContent):
        prescribe(
            patient_id=world.marc.patient_id,
            consultation_id=consultation,
            plan_id=None,
            site_id=world.lyon,
            lines=[ANTIVIRAL],
            today=desk.today,
            language="fr",
            request_key=key,
            actor=world.bruno.actor,
            at=world.at,
        )


def test_it_cannot_replace_somebody_elses(world: World, desk: Desk) -> None:
    with pytest.raises(InvalidContent):
        desk.prescribe(desk.write(), replaces_id=uuid4(), reason="x")


def test_another_prescription_hides_nothing_of_the_creams(world: World, desk: Desk) -> None:
    consultation = desk.write()
    verdict = desk.decide(consultation)
    plan = desk.plan(verdict)
    # 59 minutes are too short to work well: the patient is told (R12).
    desk.prescribe(consultation, plan_id=plan, minutes_before=59)
    desk.prescribe(consultation, plan_id=plan, cream=None, lines=[ANTIVIRAL])
    told = information_of(verdict=get_verdict(verdict), plan=get_plan(plan), day=desk.today)
    assert "R12" in {one.rule for one in told}
    creams = creams_ordered([world.anna.patient_id])
    assert [one.minutes_before for one in creams.values()] == [59]
