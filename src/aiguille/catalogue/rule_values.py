"""The rules as this clinic applies them: the rule book, and the medical director's own values.

`rules_in_force` is where every area and face asks "may we?". A value applies once it came into
force (`rule_changes`); the version names the rule book's and the number of the latest such value,
so that equal versions have equal values. Whoever stores an answer stores both with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from aiguille.accounts.signing import CheckedSignature, check_signatures
from aiguille.catalogue.models import RuleValueChange, RuleValueInForce
from aiguille.clinics.setup import Setup, current_setup
from aiguille.rulebook import RuleBook, Ruling, ValueRefused, decide_by, load_rulebook, rule_by


@dataclass(frozen=True, slots=True, eq=False)
class RulesInForce:
    """The rule book with the clinic's values; one object for each version, told by its identity.

    `values` are those that differ from the shipped ones by the director's decision, by setting.
    `left_out` names the settings whose stored value a newer rule file does not allow any more: the
    shipped value applies there until the director decides again. `confirmed` are the rules that the
    director confirmed as their files stand.
    """

    version: str
    values: Mapping[str, Decimal]
    book: RuleBook
    left_out: tuple[str, ...] = ()
    confirmed: frozenset[str] = frozenset()

    def decide(self, ask: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a question, as `rulebook.decide` does."""
        return decide_by(self.book, ask)

    def rule_on(self, ask: Mapping[str, Any]) -> Ruling:
        """Return the ruling on a question. Raises `MalformedAsk`."""
        return rule_by(self.book, ask)

    def is_to_confirm(self, rule_id: str) -> bool:
        """Tell whether a rule waits for the medical director. Raises `UnknownRule`."""
        return self.book.entry(rule_id).is_to_confirm and rule_id not in self.confirmed

    def stored_values(self) -> dict[str, str]:
        """Return the values as JSON keeps them, exactly; `read_values` reads them back."""
        return {name: plain(value) for name, value in sorted(self.values.items())}


def rules_in_force(setup: Setup | None = None) -> RulesInForce:
    """Return the rules as they are in force (one query; none with the `setup` at hand)."""
    return (setup or current_setup()).read("rules in force", None, _read)


def rules_with(
    values: Mapping[str, Decimal], *, number: int, confirmed: frozenset[str] = frozenset()
) -> RulesInForce:
    """Return the rules with some values; those that the rule book does not allow are left out.

    `number` is that of the latest value in force, 0 for none.
    """
    book = load_rulebook()
    allowed: dict[str, Decimal] = {}
    left_out = []
    for name, value in values.items():
        try:
            allowed[name] = book.check_value(name, value)
        except ValueRefused:
            left_out.append(name)
    return RulesInForce(
        version=f"{book.version}+{number}" if number else book.version,
        values=allowed,
        book=book.with_values(allowed),
        left_out=tuple(sorted(left_out)),
        confirmed=confirmed,
    )


def read_values(stored: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return a clinic's values as `RulesInForce.stored_values` wrote them."""
    return {name: Decimal(str(value)) for name, value in stored.items()}


def plain(value: Decimal) -> str:
    """Return a number without trailing zeros and without an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One signed act of the medical director on a rule, as a page shows it.

    `setting` is empty, and the values None, where the rule was confirmed as its file stood at
    `rule_version`. `number` and `since` are None until a value came into force.
    """

    id: UUID
    rule_id: str
    rule_version: str
    setting: str
    value: Decimal | None
    replaced_value: Decimal | None
    reason: str
    effective_on: date
    signed_at: datetime
    signer_name: str
    signer_rpps: str
    content_digest: str
    number: int | None
    since: datetime | None

    @property
    def is_confirmation(self) -> bool:
        """Tell whether it confirms the rule instead of changing a value."""
        return self.value is None

    @property
    def is_planned(self) -> bool:
        """Tell whether it is a value that has not come into force yet."""
        return self.value is not None and self.since is None


def list_rule_changes(*, rule_id: str | None = None) -> list[RuleChange]:
    """Return what the medical director signed, latest first, of all rules or one (one query)."""
    rows = RuleValueChange.objects.select_related("force").order_by("-signed_at", "-id")
    if rule_id is not None:
        rows = rows.filter(rule_id=rule_id)
    return [_change(row) for row in rows]


def signed_content(row: RuleValueChange) -> dict[str, Any]:
    """Return exactly what the signature of a change covers, as JSON values."""
    return {
        "rule": row.rule_id,
        "rule_version": row.rule_version,
        "rulebook_version": row.rulebook_version,
        "setting": row.setting,
        "value": None if row.value is None else plain(row.value),
        "replaced_value": None if row.replaced_value is None else plain(row.replaced_value),
        "at_least": None if row.at_least is None else plain(row.at_least),
        "at_most": None if row.at_most is None else plain(row.at_most),
        "reason": row.reason,
        "effective_on": row.effective_on.isoformat(),
        "signed_on": row.signed_on.isoformat(),
    }


def check_signed() -> Iterator[CheckedSignature]:
    """Check every change of a rule's value and every confirmation (one query)."""
    rows = RuleValueChange.objects.order_by("id")
    yield from check_signatures("rule change", rows, signed_content)


def _read() -> RulesInForce:
    rows = RuleValueInForce.objects.order_by("number").values_list(
        "number", "change__setting", "change__value"
    )
    values: dict[str, Decimal] = {}
    number = 0
    for number, setting, value in rows:  # noqa: B007 -- the last one is the version's
        assert value is not None, "only values come into force, by a trigger"
        values[setting] = Decimal(plain(value))
    entries = {**load_rulebook().rules, **load_rulebook().questions}
    confirmations = RuleValueChange.objects.filter(setting="")
    confirmed = frozenset(
        rule_id
        for rule_id, version in confirmations.values_list("rule_id", "rule_version")
        if rule_id in entries and entries[rule_id].version == version
    )
    return rules_with(values, number=number, confirmed=confirmed)


def _change(row: RuleValueChange) -> RuleChange:
    force: RuleValueInForce | None = getattr(row, "force", None)
    return RuleChange(
        id=row.id,
        rule_id=row.rule_id,
        rule_version=row.rule_version,
        setting=row.setting,
        value=row.value,
        replaced_value=row.replaced_value,
        reason=row.reason,
        effective_on=row.effective_on,
        signed_at=row.signed_at,
        signer_name=row.signer_name,
        signer_rpps=row.signer_rpps,
        content_digest=row.content_digest,
        number=force.number if force else None,
        since=force.since if force else None,
    )
