"""Verdict, plan and prescription through their operations: signed, superseded, within ceilings."""

from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from aiguille.accounts.rights import NotAllowed
from aiguille.accounts.signing import ConfirmIdentity
from aiguille.audit.queries import list_events_of_patient
from aiguille.care.models import Consultation, Prescription, StoredRuling, Verdict
from aiguille.care.operations import (
    InvalidContent,
    PlanRefused,
    StaleVersion,
    give_verdict,
    keep_draft,
    make_plan,
    plan_limits,
    prescribe,
    revoke_verdict,
    suspend_verdict,
    write_consultation,
)
from aiguille.care.operations.prescription import CreamQuestionsOpen, WarningUnseen
from aiguille.care.planning import Answer, Limit, PlannedPlace
from aiguille.care.prescribing import Cream
from aiguille.care.queries import (
    BirthDateMissing,
    consultation_of_appointment,
    current_verdict,
    draft_of_consultation,
    get_plan,
    get_prescription,
    get_verdict,
    list_plans,
    list_prescriptions,
    replay_ruling,
    screening,
    verdict_in_force,
)
from aiguille.care.rules import Override, PeriodRefused, ReasonMissing, RefusedByRuleBook
from aiguille.catalogue.operations import create_product
from aiguille.catalogue.queries import (
    products_for,
    protocol_versions,
    treatment_by_code,
)
from aiguille.kernel.codes import Procedure, ProductKind, ProductStatus, Side, VerdictOutcome, Zone
from aiguille.kernel.decisions import Decision
from aiguille.kernel.ids import new_id
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.patients.operations import complete_answers, create_provisional
from aiguille.patients.queries import latest_answers
from tests.course import answer_no, open_catalogue
from tests.world import World

pytestmark = pytest.mark.django_db
NEEDLING, MESOTHERAPY = Procedure.NEEDLING, Procedure.MESOTHERAPY
TREATMENT = {
    NEEDLING: "needling-acne-scar-atrophic",
    MESOTHERAPY: "mesotherapy-mesolift-ageing",
}

CREAM_FACTS = {field.name for field in fields(Cream)}
OVERRIDE = {"rule": "S27", "decision": "REVIEW", "answer": "unknown", "reason": "Vu."}


def constraint_of(error: IntegrityError) -> str | None:
    assert isinstance(error.__cause__, psycopg.Error)
    return error.__cause__.diag.constraint_name


def place(zone: str, mm: str, side: Side = Side.BOTH) -> PlannedPlace:
    return PlannedPlace(ZoneSide(Zone(zone), side), needle_mm=Decimal(mm))


def injected(technique: str = "IED", mm: str = "") -> PlannedPlace:
    return PlannedPlace(
        ZoneSide(Zone.CHEEK, Side.BOTH),
        technique=technique,
        depth_mm=Decimal(mm) if mm else None,
    )


class Desk:
    """Dr Bruno at work for Anna; anything may be said otherwise."""

    def __init__(self, world: World, procedure: Procedure) -> None:
        self.world, self.procedure = world, procedure
        self.today = world.at.date()
        self.treatment = treatment_by_code(TREATMENT[procedure])

    def write(self, **other: Any) -> UUID:
        facts: dict[str, Any] = {
            "patient_id": self.world.anna.patient_id,
            "procedure": self.procedure,
            "content": {"reason": "Cicatrices", "zones": ["CHEEK"], "phototype": 2},
            "actor": self.world.bruno.actor,
            "at": self.world.at,
        }
        return write_consultation(**(facts | other))

    def decide(self, consultation: UUID, **other: Any) -> UUID:
        facts: dict[str, Any] = {
            "patient_id": self.world.anna.patient_id,
            "treatment_id": self.treatment.id,
            "consultation_id": consultation,
            "outcome": VerdictOutcome.ELIGIBLE,
            "reason": "Peau saine.",
            "valid_from": self.today,
            "valid_until": self.today + timedelta(days=180),
            "today": self.today,
            "actor": self.world.bruno.actor,
            "at": self.world.at,
        }
        return give_verdict(**(facts | other))

    def plan(self, verdict: UUID, **other: Any) -> UUID:
        facts: dict[str, Any] = {
            "verdict_id": verdict,
            "protocol_version_id": protocol_versions(self.treatment.id)[0].id,
            "sessions_planned": 3,
            "interval_min_days": 28,
            "interval_default_days": 30,
            "interval_max_days": 56,
            "places": [place("CHEEK", "1.5") if self.procedure is NEEDLING else injected()],
            "actor": self.world.bruno.actor,
            "at": self.world.at,
        }
        return make_plan(**(facts | other))

    def limits(self, verdict: UUID, **other: Any) -> list[Limit]:
        """Return what stands against a plan, most severe first."""
        facts: dict[str, Any] = {
            "verdict_id": verdict,
            "protocol_version_id": protocol_versions(self.treatment.id)[0].id,
            "places": [place("CHEEK", "1.5") if self.procedure is NEEDLING else injected()],
            "at": self.world.at,
        }
        return list(plan_limits(**(facts | other)))

    def prescribe(self, consultation: UUID, **other: Any) -> UUID:
        """Prescribe a cream; `other` says otherwise of the cream or of the prescription."""
        cream: dict[str, Any] = {
            "product": "Crème Démo",
            "area_cm2": Decimal("40.5"),
            "minutes_before": 120,
            "zones": ["CHEEK"],
        }
        cream |= {name: other.pop(name) for name in CREAM_FACTS & set(other)}
        facts: dict[str, Any] = {
            "patient_id": self.world.anna.patient_id,
            "consultation_id": consultation,
            "plan_id": None,
            "site_id": self.world.lyon,
            "cream": Cream(**cream),
            "today": self.today,
            "language": "fr",
            "actor": self.world.bruno.actor,
            "at": self.world.at,
        }
        return prescribe(**(facts | other))

    def answer(self, **answers: str) -> None:
        before = latest_answers(self.world.anna.patient_id, self.procedure)
        complete_answers(
            patient_id=self.world.anna.patient_id,
            procedure=self.procedure,
            answers={name: {"answer": value} for name, value in answers.items()},
            seen_id=before.id if before else None,
            actor=self.world.bruno.actor,
            at=self.world.at,
        )


@pytest.fixture
def desk(world: World) -> Desk:
    open_catalogue(at=world.at)
    answer_no(world, procedure=NEEDLING, at=world.at)
    return Desk(world, NEEDLING)


@pytest.fixture
def meso(world: World) -> Desk:
    open_catalogue(at=world.at)
    answer_no(world, procedure=MESOTHERAPY, at=world.at)
    return Desk(world, MESOTHERAPY)


class TestConsultation:
    def test_is_corrected_by_a_new_version_that_says_why(self, desk: Desk) -> None:
        first = desk.write()
        with pytest.raises(ReasonMissing):
            desk.write(replaces_id=first)
        second = desk.write(replaces_id=first, reason="Zone oubliée")
        assert Consultation.objects.get(id=second).version == 2
        with pytest.raises(StaleVersion):
            desk.write(replaces_id=first, reason="Encore")

    def test_is_one_for_an_appointment(self, desk: Desk) -> None:
        appointment = new_id()
        first = desk.write(appointment_id=appointment)
        with pytest.raises(StaleVersion):
            desk.write(appointment_id=appointment)
        found = consultation_of_appointment(appointment)
        assert found is not None
        assert found.id == first

    def test_takes_the_place_of_its_draft(self, desk: Desk, world: World) -> None:
        appointment = new_id()
        for text in ("C", "Cica"):
            keep_draft(
                appointment_id=appointment,
                patient_id=world.anna.patient_id,
                content={"reason": text, "zones": ["CHEEK"], "phototype": "2"},
                actor=world.bruno.actor,
                at=world.at,
            )
        draft = draft_of_consultation(appointment)
        assert draft is not None
        assert draft["reason"] == "Cica"
        desk.write(appointment_id=appointment)
        assert draft_of_consultation(appointment) is None

    @pytest.mark.parametrize(
        ("content", "field"),
        [
            ({"reason": " "}, "reason"),
            ({"reason": "x" * 10_001}, "reason"),
            ({"reason": "a", "advice": "x" * 10_001}, "advice"),
            ({"reason": "a", "phototype": 7}, "phototype"),
            ({"reason": "a", "phototype": 0}, "phototype"),
            ({"reason": "a", "zones": ["ELBOW"]}, "zones"),
        ],
    )
    def test_is_refused_field_by_field(self, desk: Desk, content: Any, field: str) -> None:
        with pytest.raises(InvalidContent) as refused:
            desk.write(content=content)
        assert refused.value.field == field

    def test_is_a_physicians(self, desk: Desk, world: World) -> None:
        for person in (world.diane, world.hugo, world.carla, world.anna):
            with pytest.raises(NotAllowed):
                desk.write(actor=person.actor)


class TestVerdict:
    def test_is_signed_and_replaces_the_one_before(self, desk: Desk, world: World) -> None:
        consultation = desk.write()
        first, second = desk.decide(consultation), desk.decide(consultation)
        assert get_verdict(first).status == "SUPERSEDED"
        row = Verdict.objects.get(id=second)
        assert (row.signer_rpps, len(row.content_digest)) == ("10003456786", 64)
        found = current_verdict(patient_id=world.anna.patient_id, treatment_id=desk.treatment.id)
        assert found is not None
        assert found.id == second
        actions = [line.action for line in list_events_of_patient(patient_id=world.anna.patient_id)]
        assert actions.count("care:verdict:given") == 2

    def test_holds_on_its_days_only(self, desk: Desk, world: World) -> None:
        last = desk.today + timedelta(days=180)
        desk.decide(desk.write())
        for day, holds in (
            (desk.today - timedelta(days=1), False),
            (desk.today, True),
            (last, True),
            (last + timedelta(days=1), False),
        ):
            found = verdict_in_force(
                patient_id=world.anna.patient_id, treatment_id=desk.treatment.id, on=day
            )
            assert (found is not None) is holds

    def test_cannot_open_what_the_rule_book_forbids(self, desk: Desk) -> None:
        consultation = desk.write()
        desk.answer(S01="yes")
        for outcome in (VerdictOutcome.ELIGIBLE, VerdictOutcome.ELIGIBLE_IF):
            with pytest.raises(RefusedByRuleBook):
                desk.decide(
                    consultation,
                    outcome=outcome,
                    conditions="Sans",
                    overrides=[Override("S01", "Elle insiste.")],
                )
        desk.decide(consultation, outcome=VerdictOutcome.NOT_ELIGIBLE)

    def test_wants_a_reason_for_each_review(self, desk: Desk, world: World) -> None:
        consultation = desk.write()
        desk.answer(S27="unknown", S45="unknown")
        found = screening(
            patient_id=world.anna.patient_id,
            procedure=NEEDLING,
            act_date=desk.today,
            zones=["CHEEK"],
        )
        rules = [one["rule"] for one in found.findings if one["decision"] == "REVIEW"]
        assert len(rules) == 2
        with pytest.raises(ReasonMissing) as refused:
            desk.decide(consultation, overrides=[Override(rules[0], "Vu.")])
        assert refused.value.field == f"override_{rules[1]}"
        verdict = get_verdict(
            desk.decide(
                consultation,
                overrides=[*(Override(rule, "Vu.") for rule in rules), Override("S99", "Rien.")],
            )
        )
        assert {one["rule"] for one in verdict.overrides} == set(rules)

    @pytest.mark.parametrize(
        ("other", "error"),
        [
            ({"valid_from": date(2026, 3, 1)}, PeriodRefused),
            ({"valid_until": date(2027, 3, 3)}, PeriodRefused),
            ({"reason": ""}, ReasonMissing),
            ({"outcome": VerdictOutcome.ELIGIBLE_IF}, ReasonMissing),
        ],
    )
    def test_is_refused(self, desk: Desk, other: Any, error: type[Exception]) -> None:
        with pytest.raises(error):
            desk.decide(desk.write(), **other)

    def test_is_about_the_consultations_patient_and_procedure(
        self, desk: Desk, world: World
    ) -> None:
        consultation = desk.write()
        for other in (
            {"patient_id": world.marc.patient_id},
            {"treatment_id": treatment_by_code(TREATMENT[MESOTHERAPY]).id},
        ):
            with pytest.raises(InvalidContent):
                desk.decide(consultation, **other)
        with pytest.raises(InvalidContent) as refused:
            desk.decide(desk.write(content={"reason": "Avis", "phototype": 2}))
        assert refused.value.field == "zones"

    def test_needs_a_birth_date(self, desk: Desk, world: World) -> None:
        stranger = create_provisional(
            birth_name="Nouveau",
            first_names="Léa",
            email="lea@example.net",
            phone="",
            language="fr",
            actor=world.diane.actor,
            at=world.at,
        )
        with pytest.raises(BirthDateMissing):
            desk.decide(desk.write(patient_id=stranger), patient_id=stranger)

    def test_is_signed_by_nobody_else(self, desk: Desk, world: World) -> None:
        consultation = desk.write()
        for person in (world.diane, world.hugo, world.carla, world.anna):
            with pytest.raises(NotAllowed):
                desk.decide(consultation, actor=person.actor)

    @pytest.mark.parametrize("proved", [None, timedelta(minutes=5, microseconds=1)])
    def test_is_signed_by_whoever_proved_a_moment_ago_that_it_is_they(
        self, desk: Desk, world: World, proved: timedelta | None
    ) -> None:
        consultation = desk.write()
        before = StoredRuling.objects.count()
        stale = world.bruno.actor.confirmed(None if proved is None else world.at - proved)
        for sign in (desk.decide, desk.prescribe):
            with pytest.raises(ConfirmIdentity):
                sign(consultation, actor=stale)
        assert not Verdict.objects.exists()
        assert StoredRuling.objects.count() == before

    def test_is_suspended_and_revoked_once_each(self, desk: Desk, world: World) -> None:
        verdict = desk.decide(desk.write())
        with pytest.raises(ReasonMissing):
            suspend_verdict(verdict_id=verdict, reason=" ", actor=world.bruno.actor, at=world.at)
        said: Any = {"verdict_id": verdict, "reason": "Doute", "at": world.at}
        assert suspend_verdict(**said, actor=world.anna.actor)
        assert not suspend_verdict(**said, actor=world.bruno.actor)
        with pytest.raises(NotAllowed):
            revoke_verdict(**said, actor=world.anna.actor)
        assert revoke_verdict(**said, actor=world.bruno.actor)
        assert not revoke_verdict(**said, actor=world.bruno.actor)
        assert get_verdict(verdict).status_version == 3

    def test_active_twice_is_refused_by_the_database(self, desk: Desk) -> None:
        row = Verdict.objects.get(id=desk.decide(desk.write()))
        row.pk = new_id()
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)

    @pytest.mark.parametrize(
        ("answers", "change", "constraint"),
        [
            ({}, {"outcome": "NOT_ELIGIBLE"}, None),
            ({"S01": "yes"}, {"outcome": "NOT_ELIGIBLE"}, None),
            ({"S01": "yes"}, {"outcome": "ELIGIBLE"}, "verdict_never_overrides_a_block"),
            (
                {"S01": "yes"},
                {
                    "outcome": "NOT_BEFORE",
                    "overrides": [OVERRIDE | {"rule": "S01", "decision": "BLOCK"}],
                },
                "verdict_never_overrides_a_block",
            ),
            ({"S27": "unknown"}, {"outcome": "ELIGIBLE"}, "verdict_gives_its_reasons"),
            (
                {"S27": "unknown"},
                {"outcome": "ELIGIBLE_IF", "overrides": [OVERRIDE | {"reason": " "}]},
                "verdict_gives_its_reasons",
            ),
            ({"S27": "unknown"}, {"outcome": "ELIGIBLE", "overrides": [OVERRIDE]}, None),
            ({}, {"signer_id": new_id()}, "physician_signs_verdict"),
            (
                {},
                {"valid_during": DateRange(date(2026, 3, 2), date(2027, 3, 4))},
                "verdict_holds_a_year_at_most",
            ),
        ],
    )
    def test_is_held_to_its_ruling_by_the_database(
        self, desk: Desk, answers: Any, change: Any, constraint: str | None
    ) -> None:
        desk.answer(**answers)
        row = Verdict.objects.get(id=desk.decide(desk.write(), outcome=VerdictOutcome.NOT_ELIGIBLE))
        Verdict.objects.update(status="SUPERSEDED")
        row.pk, row.conditions = new_id(), "Après avis."
        for name, value in change.items():
            setattr(row, name, value)
        if constraint is None:
            row.save(force_insert=True)
            return
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            row.save(force_insert=True)
        assert constraint_of(refused.value) == constraint

    def test_rests_on_its_own_patients_ruling(self, desk: Desk, world: World) -> None:
        row = Verdict.objects.get(id=desk.decide(desk.write()))
        row.pk, row.patient_id = new_id(), world.marc.patient_id
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            row.save(force_insert=True)
        assert constraint_of(refused.value) == "verdict_rests_on_its_patients_ruling"

    def test_rests_on_a_ruling_that_gives_the_same_again(self, desk: Desk) -> None:
        desk.answer(S25="yes")
        ruling = Verdict.objects.get(
            id=desk.decide(desk.write(), outcome=VerdictOutcome.NOT_ELIGIBLE)
        ).ruling
        stored, again = replay_ruling(ruling.id)
        assert stored == again
        assert ruling.rulebook_version
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE care_ruling SET decision = 'OK'")


class TestPlan:
    def test_replaces_the_one_before(self, desk: Desk, world: World) -> None:
        verdict = desk.decide(desk.write())
        desk.plan(verdict)
        second = desk.plan(verdict, sessions_planned=4)
        (plan,) = list_plans(patient_id=world.anna.patient_id)
        assert (plan.id, plan.sessions_planned) == (second, 4)
        assert plan.settings["needle_mm"] == {"CHEEK": "1.5"}
        assert plan.places == (place("CHEEK", "1.5"),)

    def test_keeps_each_side_and_the_longest_needle_of_a_zone(self, desk: Desk) -> None:
        verdict = desk.decide(desk.write())
        places = [place("CHEEK", "1", Side.LEFT), place("CHEEK", "1.25", Side.RIGHT)]
        plan = get_plan(desk.plan(verdict, places=places))
        assert plan.places == tuple(places)
        assert (plan.zones, plan.settings["needle_mm"]) == (("CHEEK",), {"CHEEK": "1.25"})

    @pytest.mark.parametrize(
        ("other", "error", "field"),
        [
            ({"sessions_planned": 0}, PlanRefused, "sessions_planned"),
            ({"sessions_planned": 25}, PlanRefused, "sessions_planned"),
            ({"interval_default_days": 27}, PlanRefused, "interval_default_days"),
            ({"interval_max_days": 10_000}, PlanRefused, "interval_default_days"),
            ({"interval_min_days": 27}, PlanRefused, "interval_min_days"),
            ({"places": []}, InvalidContent, "zones"),
            ({"places": [place("CHEEK", "1")] * 2}, InvalidContent, "zones"),
            ({"places": [place("SCALP", "1")]}, PlanRefused, "zones"),
            ({"places": [injected()]}, InvalidContent, "needle_mm_CHEEK_both"),
            ({"places": [place("CHEEK", "-1")]}, InvalidContent, "needle_mm_CHEEK_both"),
            ({"places": [place("CHEEK", "NaN")]}, InvalidContent, "needle_mm_CHEEK_both"),
            ({"places": [place("CHEEK", "Infinity")]}, InvalidContent, "needle_mm_CHEEK_both"),
            ({"product_id": UUID(int=1)}, InvalidContent, "product_id"),
        ],
    )
    def test_is_refused(self, desk: Desk, other: Any, error: type[Exception], field: str) -> None:
        verdict = desk.decide(desk.write())
        with pytest.raises(error) as refused:
            desk.plan(verdict, **other)
        assert getattr(refused.value, "field", None) == field

    @pytest.mark.parametrize(
        ("length", "decision"),
        [("1.5", None), ("1.6", "WARN"), ("2", "WARN"), ("2.01", "BLOCK")],
    )
    def test_stays_within_the_depth_of_its_zone(
        self, desk: Desk, length: str, decision: str | None
    ) -> None:
        verdict = desk.decide(desk.write())
        said: Any = {"places": [place("CHEEK", length)]}
        limits = desk.limits(verdict, **said)
        worst = limits[0] if limits else None
        assert (worst and worst.decision) == decision
        assert all(limit.field == "needle_mm_CHEEK_both" for limit in limits)
        keys = [limit.key for limit in limits]
        if decision == "BLOCK":
            with pytest.raises(RefusedByRuleBook):
                desk.plan(verdict, **said, acknowledged=keys)
            return
        if decision == "WARN":
            for unseen in ([], ["needle_mm_CHEEK_both"], keys[1:]):
                with pytest.raises(WarningUnseen):
                    desk.plan(verdict, **said, acknowledged=unseen)
        plan = get_plan(desk.plan(verdict, **said, acknowledged=keys))
        kept = plan.settings.get("acknowledged", [])
        assert [one["rule"] for one in kept] == [limit.rule for limit in limits]

    def test_asks_again_when_a_warning_says_something_else(self, desk: Desk) -> None:
        verdict = desk.decide(desk.write())
        seen = desk.limits(verdict, places=[place("CHEEK", "1.6")])
        with pytest.raises(WarningUnseen):
            desk.plan(
                verdict,
                places=[place("CHEEK", "1.7")],
                acknowledged=[limit.key for limit in seen],
            )

    def test_is_less_deep_on_a_dark_skin(self, desk: Desk) -> None:
        content = {"reason": "Cicatrices", "zones": ["CHEEK"], "phototype": 5}
        verdict = desk.decide(desk.write(content=content))
        deep: Any = {"places": [place("CHEEK", "1.6")]}
        assert desk.limits(verdict, **deep)[0].decision is Decision.BLOCK
        with pytest.raises(RefusedByRuleBook):
            desk.plan(verdict, **deep)

    def test_warns_beside_what_the_protocol_proposes(self, desk: Desk, world: World) -> None:
        verdict = desk.decide(desk.write())
        (limit,) = desk.limits(verdict, sessions_planned=9)
        assert (limit.field, limit.decision) == ("sessions_planned", Decision.WARN)
        assert limit.sources == ("N11", "N32", "N33", "N34b")
        with pytest.raises(WarningUnseen):
            desk.plan(verdict, sessions_planned=9)
        plan = get_plan(desk.plan(verdict, sessions_planned=9, acknowledged=[limit.key]))
        assert plan.settings["acknowledged"] == [limit.stored]

    def test_is_no_shorter_than_the_hard_interval_and_warns_under_the_advised(
        self, meso: Desk
    ) -> None:
        verdict = meso.decide(meso.write())
        short: Any = {"interval_min_days": 8, "interval_default_days": 15, "interval_max_days": 20}
        (limit,) = meso.limits(verdict, interval_min_days=8)
        assert (limit.field, limit.decision) == ("interval_min_days", Decision.WARN)
        with pytest.raises(WarningUnseen):
            meso.plan(verdict, **short)
        meso.plan(verdict, **short, acknowledged=[limit.key])
        hard = meso.limits(verdict, interval_min_days=6)
        assert [(one.rule, one.decision) for one in hard] == [("R19", Decision.DELAY)]
        with pytest.raises(PlanRefused) as refused:
            meso.plan(
                verdict,
                **(short | {"interval_min_days": 6}),
                acknowledged=[one.key for one in hard],
            )
        assert refused.value.field == "interval_min_days"

    def test_keeps_every_answer_of_the_rule_book_to_be_replayed(
        self, desk: Desk, world: World
    ) -> None:
        verdict = desk.decide(desk.write())
        plan = get_plan(desk.plan(verdict, places=[place("CHEEK", "1.25"), place("NOSE", "0.5")]))
        rulings = StoredRuling.objects.filter(id__in=plan.settings["rulings"])
        kinds = sorted(row.kind for row in rulings)
        assert kinds == ["depth", "depth", "interval", "interval", "screening"]
        for row in rulings:
            stored, again = replay_ruling(row.id)
            assert stored == again

    def test_needs_a_verdict_that_opens(self, desk: Desk, world: World) -> None:
        refused = desk.decide(desk.write(), outcome=VerdictOutcome.NOT_ELIGIBLE)
        with pytest.raises(PlanRefused):
            desk.plan(refused)
        ended = desk.decide(desk.write())
        revoke_verdict(verdict_id=ended, reason="Doute", actor=world.bruno.actor, at=world.at)
        with pytest.raises(PlanRefused):
            desk.plan(ended)

    def test_is_held_against_the_answers_again(self, desk: Desk) -> None:
        verdict = desk.decide(desk.write())
        desk.answer(S01="yes")
        (limit,) = desk.limits(verdict)
        assert (limit.field, limit.rule, limit.stops) == ("zones", "S01", True)
        with pytest.raises(PlanRefused):
            desk.plan(verdict, acknowledged=[limit.key], reasons={limit.key: "Quand même."})

    def test_names_a_technique_and_what_its_product_contains(
        self, meso: Desk, world: World
    ) -> None:
        verdict = meso.decide(meso.write())
        product = next(one for one in products_for("INJECTABLE") if one.code == "ha-polyvitamins")
        meso.plan(verdict, product_id=product.id)
        (plan,) = list_plans(patient_id=world.anna.patient_id)
        assert plan.settings["actives"] == [active.value for active in product.actives]
        assert plan.places == (injected(),)
        for wrong in (
            {"places": [injected("GUN")]},
            {"places": [injected("")]},
            {"places": [injected(mm="-1")]},
            {"product_id": products_for("NUMBING_CREAM")[0].id},
        ):
            with pytest.raises(InvalidContent):
                meso.plan(verdict, **wrong)

    @pytest.mark.parametrize(
        ("depth", "decision"), [("0.5", None), ("0.6", "WARN"), ("1", "WARN"), ("1.1", "BLOCK")]
    )
    def test_stays_within_the_depth_of_its_technique(
        self, meso: Desk, depth: str, decision: str | None
    ) -> None:
        verdict = meso.decide(meso.write())
        limits = meso.limits(verdict, places=[injected(mm=depth)])
        assert [limit.decision for limit in limits] == ([decision] if decision else [])
        if decision == "BLOCK":
            with pytest.raises(RefusedByRuleBook):
                meso.plan(verdict, places=[injected(mm=depth)])
        else:
            keys = [limit.key for limit in limits]
            plan = get_plan(meso.plan(verdict, places=[injected(mm=depth)], acknowledged=keys))
            assert plan.places == (injected(mm=depth),)

    @pytest.mark.parametrize(
        ("status", "decision"),
        [
            (ProductStatus.DM_CE_CLASSE_III, None),
            (ProductStatus.PREPARATION_MAGISTRALE, "REVIEW"),
            (ProductStatus.COSMETIQUE_INTERDIT_INJECTION, "BLOCK"),
            (ProductStatus.SUSPENDU_ANSM, "BLOCK"),
            (ProductStatus.INCONNU, "BLOCK"),
        ],
    )
    def test_injects_what_the_rule_book_lets_pass(
        self, meso: Desk, world: World, status: ProductStatus, decision: str | None
    ) -> None:
        verdict = meso.decide(meso.write())
        product_id = create_product(
            code=f"test-{status.value.lower()}",
            kind=ProductKind.INJECTABLE,
            name="Essai",
            maker="Maison",
            status=status,
            actives=[],
            is_sterile=True,
            is_single_use=True,
            actor=world.ines.actor,
            at=world.at,
        )
        limits = meso.limits(verdict, product_id=product_id)
        assert [limit.decision for limit in limits] == ([decision] if decision else [])
        if decision is None:
            meso.plan(verdict, product_id=product_id)
            return
        (limit,) = limits
        reasons = {limit.key: "Ordonnance du jour."}
        if decision == "BLOCK":
            with pytest.raises(RefusedByRuleBook):
                meso.plan(verdict, product_id=product_id, reasons=reasons)
            return
        assert limit.answer is Answer.REASON
        for none in ({}, {limit.key: " "}):
            with pytest.raises(ReasonMissing):
                meso.plan(verdict, product_id=product_id, reasons=none)
        plan = get_plan(meso.plan(verdict, product_id=product_id, reasons=reasons))
        assert plan.settings["overridden"] == [{**limit.stored, "reason": "Ordonnance du jour."}]


class TestCream:
    def test_is_reckoned_signed_and_replaced(self, desk: Desk, world: World) -> None:
        consultation = desk.write()
        first = desk.prescribe(consultation)
        assert get_prescription(first).items[0]["grams"] == "6.08"
        second = desk.prescribe(
            consultation, grams=Decimal(5), replaces_id=first, reason="Moins de crème."
        )
        (standing,) = list_prescriptions(patient_id=world.anna.patient_id)
        assert standing.id == second
        ruling = Prescription.objects.get(id=second).ruling
        assert ruling is not None
        stored, again = replay_ruling(ruling.id)
        assert stored == again
        assert StoredRuling.objects.filter(kind="cream").count() == 2

    @pytest.mark.parametrize(
        ("other", "error"),
        [
            ({"grams": Decimal(60)}, None),
            ({"grams": Decimal("60.1")}, RefusedByRuleBook),
            ({"area_cm2": Decimal(400)}, None),
            ({"area_cm2": Decimal("600.1"), "grams": Decimal(10)}, RefusedByRuleBook),
            ({"minutes_before": 300}, None),
            ({"minutes_before": 301}, RefusedByRuleBook),
            ({"area_cm2": Decimal(-1)}, InvalidContent),
            ({"zones": []}, InvalidContent),
            ({"zones": ["ELBOW"]}, InvalidContent),
            ({"product": " "}, InvalidContent),
            ({"conditions": ["hiccups"]}, InvalidContent),
            ({"conditions": ["severe_hepatic_disease"]}, ReasonMissing),
            (
                {"conditions": ["severe_hepatic_disease"], "override_reason": "Bilan normal."},
                None,
            ),
            ({"plan_id": UUID(int=1)}, InvalidContent),
        ],
    )
    def test_stays_under_its_ceilings(
        self, desk: Desk, other: Any, error: type[Exception] | None
    ) -> None:
        consultation = desk.write()
        if error is None:
            desk.prescribe(consultation, acknowledged=["R11", "R12"], **other)
        else:
            with pytest.raises(error):
                desk.prescribe(consultation, **other)

    @pytest.mark.parametrize(
        ("answers", "error"),
        [
            ({"S32": "unknown"}, CreamQuestionsOpen),
            ({"S32": "yes"}, RefusedByRuleBook),
            ({"S30": "yes"}, RefusedByRuleBook),
            ({"S34": "yes"}, ReasonMissing),
        ],
    )
    def test_heeds_the_answers(self, desk: Desk, answers: Any, error: type[Exception]) -> None:
        consultation = desk.write()
        desk.answer(**answers)
        with pytest.raises(error):
            desk.prescribe(consultation)

    def test_keeps_the_warnings_that_were_seen(self, desk: Desk) -> None:
        consultation = desk.write()
        with pytest.raises(WarningUnseen) as refused:
            desk.prescribe(consultation, minutes_before=270)
        assert refused.value.field == "acknowledged"
        with pytest.raises(WarningUnseen):
            desk.prescribe(consultation, minutes_before=270, acknowledged=["R11"])
        found = desk.prescribe(consultation, minutes_before=270, acknowledged=["R12", "R11"])
        (seen,) = Prescription.objects.get(id=found).items[0]["acknowledged"]
        assert (seen["rule"], seen["decision"]) == ("R12", "WARN")

    def test_is_prescribed_by_physicians(self, desk: Desk, world: World) -> None:
        consultation = desk.write()
        for person in (world.diane, world.hugo, world.carla, world.anna):
            with pytest.raises(NotAllowed):
                desk.prescribe(consultation, actor=person.actor)
        with pytest.raises(InvalidContent):
            desk.prescribe(consultation, patient_id=world.marc.patient_id)
