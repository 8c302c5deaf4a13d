"""The clinic's own values of the rules: who may sign them, within what, from when, and how told."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiguille.accounts.rights import NotAllowed
from aiguille.accounts.signing import ConfirmIdentity, signed_digest
from aiguille.audit.models import AuditEvent
from aiguille.catalogue.models import RuleValueChange, RuleValueInForce
from aiguille.catalogue.rule_changes import (
    LONGEST_REASON,
    LONGEST_WAIT,
    NothingToConfirm,
    OnlyTheDirector,
    RuleDateRefused,
    RuleReasonMissing,
    RuleStale,
    ValueContradicts,
    bring_into_force,
    change_rule_value,
    confirm_rule,
)
from aiguille.catalogue.rule_values import (
    list_rule_changes,
    read_values,
    rules_in_force,
    rules_with,
    signed_content,
)
from aiguille.clinics.models import MedicalDirector
from aiguille.kernel.actor import SYSTEM
from aiguille.rulebook import UnknownRule, ValueRefused, load_rulebook

pytestmark = pytest.mark.django_db
DOSE = {"kind": "lidocaine", "weight_kg": 60, "mg": 150}
SETTING = "R15.max_mg"
ORDERED = [f"R16.CHEEK.{name}_mm" for name in ("default", "warn", "max", "max_scar")]


@pytest.fixture
def change(world):
    def sign(**other):
        facts = {
            "setting": SETTING,
            "value": Decimal(100),
            "seen": Decimal(200),
            "reason": "Plus prudent.",
            "effective_on": world.at.date(),
            "actor": world.bruno.actor,
            "at": world.at,
        }
        return change_rule_value(**(facts | other))

    return sign


class TestAValueOfTheClinic:
    def test_it_applies_at_once_and_makes_a_new_version(self, change):
        before = rules_in_force()
        assert (before.version, before.values) == (load_rulebook().version, {})
        change()
        after = rules_in_force()
        assert after.version == f"{load_rulebook().version}+1"
        assert after.values == {SETTING: Decimal(100)}
        assert (before.decide(DOSE)["decision"], after.decide(DOSE)["decision"]) == ("OK", "BLOCK")
        assert after.decide(DOSE)["max_mg"] == 100

    def test_the_latest_one_applies_and_every_one_counts(self, change):
        change()
        change(value=Decimal("120.5"), seen=Decimal(100))
        change(setting="S06.days", value=Decimal(200), seen=load_rulebook().value("S06.days"))
        rules = rules_in_force()
        assert rules.version.endswith("+3")
        assert rules.values == {SETTING: Decimal("120.5"), "S06.days": Decimal(200)}
        assert read_values(rules.stored_values()) == rules.values

    def test_the_same_form_twice_is_one_change(self, change):
        assert change() == change()
        assert RuleValueChange.objects.count() == RuleValueInForce.objects.count() == 1

    def test_it_is_signed_and_audited(self, change, world):
        row = RuleValueChange.objects.get(id=change())
        assert (row.signer_id, row.signer_rpps) == (world.bruno.user_id, "10003456786")
        assert row.content_digest == signed_digest(row, signed_content(row))
        actions = AuditEvent.objects.filter(subject_id=row.id).order_by("position")
        assert [event.action for event in actions] == [
            "catalogue:rule:value_changed",
            "catalogue:rule:value_in_force",
        ]

    def test_what_is_rolled_back_never_applied(self, change):
        with transaction.atomic():
            change()
            assert rules_in_force().values
            transaction.set_rollback(True)
        assert rules_in_force().values == {}

    def test_the_history_tells_it_all(self, change, world):
        change()
        change(value=Decimal(90), seen=Decimal(100), effective_on=world.at.date() + timedelta(9))
        planned, first = list_rule_changes(rule_id="R15")
        assert (planned.is_planned, planned.replaced_value) == (True, Decimal(100))
        assert (first.number, first.since) == (1, world.at)
        assert list_rule_changes(rule_id="R16") == []

    def test_reading_the_rules_costs_one_query(self, change, django_assert_num_queries):
        change()
        rules_in_force()
        with django_assert_num_queries(1):
            rules_in_force()


class TestWhatIsRefused:
    @pytest.mark.parametrize("who", ["paula", "diane", "hugo", "ines", "carla"])
    def test_nobody_but_the_director_signs(self, change, world, who):
        with pytest.raises(OnlyTheDirector):
            change(actor=getattr(world, who).actor)
        assert issubclass(OnlyTheDirector, NotAllowed)

    @pytest.mark.parametrize("proved", [None, timedelta(minutes=5, microseconds=1)])
    def test_nor_the_director_without_a_fresh_proof(self, change, world, proved):
        stale = world.bruno.actor.confirmed(None if proved is None else world.at - proved)
        with pytest.raises(ConfirmIdentity):
            change(actor=stale)
        with pytest.raises(ConfirmIdentity):
            confirm_rule(rule_id="N05", reason="Vu.", actor=stale, at=world.at)
        assert RuleValueChange.objects.count() == 0

    def test_neither_does_the_installation(self, change):
        with pytest.raises(OnlyTheDirector):
            change(actor=SYSTEM)

    def test_nor_a_director_of_another_day(self, change, world):
        period = MedicalDirector.objects.get().valid_during
        today = world.at.date()
        MedicalDirector.objects.update(valid_during=type(period)(period.lower, today))
        with pytest.raises(OnlyTheDirector):
            change()
        MedicalDirector.objects.update(
            valid_during=type(period)(period.lower, today + timedelta(1))
        )
        assert change()

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            (SETTING, "200.0001"),
            (SETTING, "-1"),
            (SETTING, "NaN"),
            (SETTING, "Infinity"),
            (SETTING, "100.00001"),
            ("R12.min_minutes", "59"),
            ("S06.days", "1"),
            ("S06.days", "200.5"),
            ("S06.days", "3651"),
            ("R11.grams_per_cm2", "0.1"),
            ("R99.none", "1"),
            ("", "1"),
        ],
    )
    def test_no_value_leaves_its_hard_limit(self, change, setting, value):
        with pytest.raises(ValueRefused) as refusal:
            change(setting=setting, value=Decimal(value))
        assert refusal.value.field == "value"
        assert rules_in_force().values == {}

    @pytest.mark.parametrize("reason", ["", "   ", "a" * (LONGEST_REASON + 1)])
    def test_a_change_says_why(self, change, reason):
        with pytest.raises(RuleReasonMissing):
            change(reason=reason)

    @pytest.mark.parametrize("days", [-1, LONGEST_WAIT.days + 1])
    def test_it_neither_changes_the_past_nor_the_far_future(self, change, world, days):
        with pytest.raises(RuleDateRefused):
            change(effective_on=world.at.date() + timedelta(days))

    def test_a_page_of_yesterday_changes_nothing(self, change):
        change()
        with pytest.raises(RuleStale):
            change(value=Decimal(150))

    def test_the_value_in_force_is_no_change(self, change):
        with pytest.raises(ValueRefused):
            change(value=Decimal(200))


class TestValuesOfOneRule:
    """What is proposed, what warns and what is refused stay in that order."""

    WARN, MOST = "R16.NOSE.warn_mm", "R16.NOSE.max_mm"  # shipped: 0.75 and 1 mm

    def test_none_contradicts_another(self, change):
        with pytest.raises(ValueContradicts) as refused:
            change(setting=self.MOST, value=Decimal("0.7"), seen=Decimal(1))
        assert refused.value.field == "value"
        assert "0,75" in refused.value.text.fr
        with pytest.raises(ValueContradicts):
            change(setting="R16.NOSE.default_mm", value=Decimal("0.8"), seen=Decimal("0.5"))
        with pytest.raises(ValueContradicts):
            change(setting="R19.scalp.days", value=Decimal(15), seen=Decimal(7))

    def test_they_are_lowered_one_after_the_other(self, change):
        change(setting=self.WARN, value=Decimal("0.6"), seen=Decimal("0.75"))
        change(setting=self.MOST, value=Decimal("0.6"), seen=Decimal(1))
        assert rules_in_force().book.out_of_order() is None

    def test_what_is_planned_counts_on_its_day(self, change, world):
        today = world.at.date()
        soon, later = today + timedelta(days=5), today + timedelta(days=9)
        change(setting=self.WARN, value=Decimal("0.6"), seen=Decimal("0.75"), effective_on=soon)
        facts = {"setting": self.MOST, "value": Decimal("0.65"), "seen": Decimal(1)}
        with pytest.raises(ValueContradicts):
            change(**facts)
        change(**facts, effective_on=later)
        # What was refused above would also break what is planned: the warning's way back up.
        with pytest.raises(ValueContradicts) as refused:
            change(setting=self.WARN, value=Decimal("0.7"), seen=Decimal("0.75"), effective_on=soon)
        assert f"{later:%d/%m/%Y}" in refused.value.text.fr

    @given(values=st.dictionaries(st.sampled_from(ORDERED), st.integers(0, 40), max_size=4))
    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def test_no_order_of_changes_leaves_one_that_contradicts_another(self, change, values):
        with transaction.atomic():
            for setting, twentieths in values.items():
                rules = rules_in_force()
                with suppress(ValueRefused):
                    change(
                        setting=setting,
                        value=Decimal(twentieths) / 20,
                        seen=rules.book.value(setting),
                    )
                assert rules_in_force().book.out_of_order() is None
            transaction.set_rollback(True)


class TestAPlannedValue:
    def test_it_waits_for_its_day(self, change, world):
        change(effective_on=world.at.date() + timedelta(2))
        assert rules_in_force().values == {}
        assert bring_into_force(at=world.at + timedelta(1)) == []
        (brought,) = bring_into_force(at=world.at + timedelta(2))
        assert RuleValueInForce.objects.get().change_id == brought
        assert rules_in_force().values == {SETTING: Decimal(100)}
        assert bring_into_force(at=world.at + timedelta(3)) == []

    def test_it_may_be_taken_back_for_the_same_day(self, change, world):
        day = world.at.date() + timedelta(2)
        change(effective_on=day)
        change(effective_on=day, value=Decimal(200), at=world.at + timedelta(minutes=1))
        bring_into_force(at=world.at + timedelta(2))
        assert rules_in_force().values == {SETTING: Decimal(200)}


class TestAConfirmation:
    def test_the_director_confirms_a_rule_as_it_stands(self, world):
        facts = {"rule_id": "R16", "actor": world.bruno.actor, "at": world.at}
        first = confirm_rule(reason="Lu.", **facts)
        assert confirm_rule(reason="Lu.", **facts) == first
        with pytest.raises(NothingToConfirm):
            confirm_rule(reason="Relu.", **facts)
        (change,) = list_rule_changes(rule_id="R16")
        assert change.is_confirmation
        assert rules_in_force().version == load_rulebook().version

    @pytest.mark.parametrize("who", ["paula", "diane", "ines"])
    def test_nobody_else_does(self, world, who):
        with pytest.raises(OnlyTheDirector):
            confirm_rule(rule_id="R16", reason="Lu.", actor=getattr(world, who).actor, at=world.at)

    @pytest.mark.parametrize(("rule", "error"), [("R99", UnknownRule), ("S57", NothingToConfirm)])
    def test_only_what_waits_is_confirmed(self, world, rule, error):
        with pytest.raises(error):
            confirm_rule(rule_id=rule, reason="Lu.", actor=world.bruno.actor, at=world.at)


class TestTheDatabaseItself:
    def refused(self, work) -> str:
        with pytest.raises(Error) as refusal, transaction.atomic():
            work()
        diag = getattr(refusal.value.__cause__, "diag", None)
        return str(getattr(diag, "constraint_name", None) or getattr(diag, "sqlstate", ""))

    @pytest.mark.parametrize(
        ("other", "constraint"),
        [
            ({"signer_id": "paula"}, "medical_director_signs_rules"),
            ({"signed_on": -3, "effective_on": 0}, "rule_change_signed_on_its_day"),
            ({"value": Decimal(201)}, "rule_value_within_its_limits"),
            ({"reason": ""}, "rule_change_has_a_reason"),
            ({"value": None}, "rule_change_has_its_value_and_limits"),
            ({"at_most": None}, "rule_change_has_its_value_and_limits"),
            ({"effective_on": -1}, "rule_change_never_of_the_past"),
        ],
    )
    def test_it_refuses_a_row_that_no_director_signed_or_may(
        self, change, world, other, constraint
    ):
        row = RuleValueChange.objects.get(id=change())
        row.id = world.anna.patient_id
        for name, value in other.items():
            if value == "paula":
                setattr(row, name, world.paula.user_id)
            elif isinstance(value, int):
                setattr(row, name, world.at.date() + timedelta(value))
            else:
                setattr(row, name, value)
        assert self.refused(lambda: row.save(force_insert=True)) == constraint

    def test_a_director_who_is_no_physician_any_more_signs_nothing(self, change, world):
        row = RuleValueChange.objects.get(id=change())
        row.id = world.anna.patient_id
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_qualification WHERE user_id = %s", [row.signer_id])
        assert self.refused(lambda: row.save(force_insert=True)) == "medical_director_signs_rules"

    def test_it_keeps_every_change_as_it_was_signed(self, change):
        change()
        for table in ("catalogue_rule_value_change", "catalogue_rule_value_in_force"):
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id"):
                with transaction.atomic(), connection.cursor() as cursor:
                    assert self.refused(lambda s=statement, c=cursor: c.execute(s)) == "42501", (
                        statement
                    )

    def test_no_value_applies_before_its_day(self, change, world):
        row = change(effective_on=world.at.date() + timedelta(30))

        def apply() -> None:
            RuleValueInForce.objects.create(change_id=row, number=1, since=world.at)

        assert self.refused(apply) == "rule_value_not_yet_due"


def test_a_value_that_a_newer_file_forbids_is_left_out_and_named():
    rules = rules_with({SETTING: Decimal(500), "S06.days": Decimal(200)}, number=4)
    assert rules.values == {"S06.days": Decimal(200)}
    assert rules.left_out == (SETTING,)
    assert rules.book.value(SETTING) == load_rulebook().value(SETTING)
