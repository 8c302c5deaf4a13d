"""What the medical director signs about the rules: the clinic's own values, and confirmations."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max

from aiguille.accounts.rights import NotAllowed
from aiguille.accounts.signing import signature_of, signed_digest
from aiguille.audit.operations import record
from aiguille.catalogue import events
from aiguille.catalogue.models import RuleValueChange, RuleValueInForce
from aiguille.catalogue.rule_values import RulesInForce, plain, rules_in_force, signed_content
from aiguille.clinics.queries import list_sites, medical_director_user_id
from aiguille.kernel.actor import SYSTEM, Actor, ActorKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.statements import Statement
from aiguille.rulebook import RuleBook, ValueRefused, load_rulebook
from aiguille.rulebook.book import spelled

LONGEST_REASON = 1000
# Beyond a year nobody remembers why a value will change.
LONGEST_WAIT = timedelta(days=366)
# A number of its own among the database's advisory locks.
_ONE_AT_A_TIME = Statement("SELECT pg_advisory_xact_lock(7230452891)")
_PLACES = Decimal("0.0001")


class OnlyTheDirector(NotAllowed):
    """Only the medical director in force changes or confirms a rule."""

    code = "only_the_director"
    default_text = Text(
        fr="Seule la direction médicale en exercice peut modifier ou confirmer une règle.",
        en="Only the medical director in force may change or confirm a rule.",
    )


class RuleReasonMissing(DomainError):
    """A change of a rule says why, in so many words and no more."""

    code = "rule_reason_missing"
    default_text = Text(
        fr="Dites pourquoi, en 1 000 caractères au plus.",
        en="Say why, in 1,000 characters at most.",
    )


class RuleDateRefused(DomainError):
    """A value applies from today or from a day of the coming year."""

    code = "rule_date_refused"
    default_text = Text(
        fr="Choisissez aujourd’hui ou un jour des douze mois à venir : une règle ne change pas le "
        "passé.",
        en="Choose today or a day of the coming twelve months: a rule does not change the past.",
    )


class RuleStale(DomainError):
    """Somebody else changed the value since the page was shown."""

    code = "rule_stale"
    default_text = Text(
        fr="Cette valeur a changé entre-temps. Relisez la règle avant de continuer.",
        en="This value changed in the meantime. Read the rule again before you go on.",
    )


class ValueContradicts(ValueRefused):
    """What is proposed would lie above what warns, or that above what is refused."""

    code = "value_contradicts"


class NothingToConfirm(DomainError):
    """The rule carries its sources, or was confirmed already."""

    code = "nothing_to_confirm"
    default_text = Text(fr="Cette règle est déjà confirmée.", en="This rule is confirmed already.")


def clinic_day(at: datetime) -> date:
    """Return the latest date that a wall of the clinic shows at an instant (one query)."""
    zones = {site.time_zone for site in list_sites()} or {"UTC"}
    return max(at.astimezone(ZoneInfo(zone)).date() for zone in zones)


def is_director(actor: Actor, *, at: datetime) -> bool:
    """Tell whether `actor` is the medical director at that instant (two queries)."""
    return (
        actor.kind is ActorKind.STAFF
        and actor.id is not None
        and medical_director_user_id(clinic_day(at)) == actor.id
    )


@transaction.atomic
def change_rule_value(
    *,
    setting: str,
    value: Decimal,
    seen: Decimal,
    reason: str,
    effective_on: date,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Give a setting a value of the clinic's own and return the key of the signed change.

    `seen` is the value in force that the page showed. The value applies at once where
    `effective_on` is today, else from `bring_into_force` on that day. The same change sent twice is
    made once.

    Raises:
        OnlyTheDirector: the actor is not the medical director in force.
        ConfirmIdentity: the director did not prove within five minutes that it is they.
        ValueRefused: the setting is unknown or fixed, or the value outside its hard limits.
        ValueContradicts: another value of the rule, on that day or a later one, would be out of
            order with it.
        RuleReasonMissing, RuleDateRefused, RuleStale.
    """
    _ONE_AT_A_TIME.run()
    signature, today = _signature(actor, at=at)
    rules = rules_in_force()
    try:
        low, high = rules.book.limits(setting)
        number = rules.book.check_value(setting, value)
    except ValueRefused as refusal:
        raise ValueRefused(refusal.text, field="value") from refusal
    if number != number.quantize(_PLACES):
        raise ValueRefused(
            Text(fr="Quatre décimales au plus.", en="Four decimal places at most."), field="value"
        )
    reason = _reason(reason)
    if not today <= effective_on <= today + LONGEST_WAIT:
        raise RuleDateRefused(field="effective_on")
    if twice := _same(setting, number, reason, effective_on, signer_id=signature["signer_id"]):
        return twice
    current = rules.book.value(setting)
    if current != seen:
        raise RuleStale(field="value")
    if number == current and not _is_planned(setting):
        raise ValueRefused(
            Text(fr="C’est déjà la valeur appliquée.", en="This is the value in force already."),
            field="value",
        )
    _refuse_contradiction(rules, setting, number, effective_on)
    row = _sign(
        setting.partition(".")[0],
        rules,
        signature,
        setting=setting,
        value=number,
        replaced_value=current,
        at_least=low,
        at_most=high,
        reason=reason,
        effective_on=effective_on,
        signed_on=today,
    )
    record(
        action=events.RULE_VALUE_CHANGED,
        actor=actor,
        at=at,
        subject_kind="rule_change",
        subject_id=row.id,
        details={
            "setting": setting,
            "before": plain(current),
            "after": plain(number),
            "effective_on": effective_on.isoformat(),
            "digest": row.content_digest,
        },
    )
    if effective_on == today:
        _bring(row, actor=actor, at=at)
    return row.id


@transaction.atomic
def confirm_rule(*, rule_id: str, reason: str, actor: Actor, at: datetime) -> UUID:
    """Confirm a rule as its file stands, with what it rests on in the director's own words.

    A newer version of the file asks again.

    Raises:
        OnlyTheDirector: the actor is not the medical director in force.
        ConfirmIdentity: the director did not prove within five minutes that it is they.
        UnknownRule: there is none of this id.
        RuleReasonMissing: there is no reason.
        NothingToConfirm: its sources carry it, or it was confirmed at this version.
    """
    _ONE_AT_A_TIME.run()
    signature, today = _signature(actor, at=at)
    rules = rules_in_force()
    entry = rules.book.entry(rule_id)
    reason = _reason(reason)
    known = RuleValueChange.objects.filter(
        rule_id=rule_id, setting="", rule_version=entry.version
    ).first()
    if known is not None and (known.signer_id, known.reason) == (signature["signer_id"], reason):
        return known.id
    if known is not None or not entry.is_to_confirm:
        raise NothingToConfirm
    row = _sign(rule_id, rules, signature, reason=reason, effective_on=today, signed_on=today)
    record(
        action=events.RULE_CONFIRMED,
        actor=actor,
        at=at,
        subject_kind="rule_change",
        subject_id=row.id,
        details={"rule": rule_id, "version": entry.version, "digest": row.content_digest},
    )
    return row.id


@transaction.atomic
def bring_into_force(*, at: datetime) -> list[UUID]:
    """Let the planned values whose day has come apply from now on, and return those changes."""
    _ONE_AT_A_TIME.run()
    due = RuleValueChange.objects.filter(
        force=None, value__isnull=False, effective_on__lte=clinic_day(at)
    ).order_by("effective_on", "signed_at", "id")
    return [_bring(row, actor=SYSTEM, at=at) for row in due]


def _signature(actor: Actor, *, at: datetime) -> tuple[dict[str, Any], date]:
    today = clinic_day(at)
    if not is_director(actor, at=at):
        raise OnlyTheDirector
    try:
        return signature_of(actor, on=today, at=at), today
    except NotAllowed as error:
        raise OnlyTheDirector from error


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise RuleReasonMissing(field="reason")
    return reason


def _same(
    setting: str, value: Decimal, reason: str, effective_on: date, *, signer_id: UUID
) -> UUID | None:
    """Return the latest change of a setting where it is this very one, sent again."""
    latest = RuleValueChange.objects.filter(setting=setting).order_by("-signed_at", "-id").first()
    if latest is None:
        return None
    same = (latest.value, latest.reason, latest.effective_on, latest.signer_id)
    return latest.id if same == (value, reason, effective_on, signer_id) else None


def _refuse_contradiction(
    rules: RulesInForce, setting: str, value: Decimal, effective_on: date
) -> None:
    """Refuse a value that on its day, or on a later one, is out of order with another one.

    What is planned counts on its own day, and the new value after what is planned for the same one.
    """
    planned = RuleValueChange.objects.filter(force=None, value__isnull=False)
    ahead = [
        *planned.order_by("effective_on", "signed_at", "id").values_list(
            "effective_on", "setting", "value"
        ),
        (effective_on, setting, value),
    ]
    values = dict(rules.values)
    for day, changed in groupby(sorted(ahead, key=itemgetter(0)), key=itemgetter(0)):
        for _day, name, number in changed:
            assert number is not None, "the query asks for values"
            values[name] = Decimal(plain(number))
        book = load_rulebook().with_values(values)
        wrong = book.out_of_order() if day >= effective_on else None
        if wrong is not None:
            raise _contradiction(book, setting, wrong, day)


def _contradiction(
    book: RuleBook, setting: str, wrong: tuple[str, str], day: date
) -> ValueContradicts:
    low, high = wrong
    other = high if setting == low else low
    bound, unit = book.value(other), book.settings[other].unit
    is_low = setting == low
    return ValueContradicts(
        Text(
            fr=f"{'Au plus' if is_low else 'Au moins'} {spelled(bound, 'fr')}\u00a0{unit} : une "
            f"autre valeur de cette règle est à ce niveau le {day:%d/%m/%Y}, et l’ordre « proposé, "
            "alerte, maximum » doit rester vrai.",
            en=f"{'At most' if is_low else 'At least'} {spelled(bound, 'en')} {unit}: another value "
            f"of this rule stands there on {day:%d/%m/%Y}, and proposed, warning and maximum must "
            "stay in that order.",
        ),
        field="value",
    )


def _is_planned(setting: str) -> bool:
    return RuleValueChange.objects.filter(setting=setting, force=None).exists()


def _sign(
    rule_id: str, rules: RulesInForce, signature: dict[str, Any], **what: Any
) -> RuleValueChange:
    row = RuleValueChange(
        rule_id=rule_id,
        rule_version=load_rulebook().entry(rule_id).version,
        rulebook_version=rules.version,
        **signature,
        **what,
    )
    row.content_digest = signed_digest(row, signed_content(row))
    row.save(force_insert=True)
    return row


def _bring(row: RuleValueChange, *, actor: Actor, at: datetime) -> UUID:
    latest = RuleValueInForce.objects.aggregate(latest=Max("number"))["latest"] or 0
    RuleValueInForce.objects.create(change=row, number=latest + 1, since=at)
    record(
        action=events.RULE_VALUE_IN_FORCE,
        actor=actor,
        at=at,
        subject_kind="rule_change",
        subject_id=row.id,
        details={"setting": row.setting, "number": latest + 1},
    )
    return row.id
