"""Holding a time for ten minutes while a person types; one per browser."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from aiguille.booking import facts
from aiguille.booking.facts import Ignored
from aiguille.booking.models import Hold, Occupancy
from aiguille.booking.placing import Choice, SlotTaken, Wanted, occupy, place, queue_up
from aiguille.booking.queries import HoldView, hash_of, hold_view
from aiguille.booking.rules import HOLD_LASTS, HOLDS_PER_ADDRESS
from aiguille.kernel.errors import DomainError
from aiguille.kernel.intervals import in_utc
from aiguille.kernel.text import Text


class TooManyHolds(DomainError):
    """Several times are held from this network already."""

    code = "too_many_holds"
    default_text = Text(
        fr="Plusieurs horaires sont déjà gardés depuis cette connexion. Réessayez dans dix minutes,"
        " ou appelez la clinique.",
        en="Several times are kept from this connection already. Try again in ten minutes, or call"
        " the clinic.",
    )


@transaction.atomic
def hold_slot(
    *,
    browser: str,
    service_id: UUID,
    site_id: UUID,
    starts_at: datetime,
    practitioner_id: UUID | None = None,
    address: str = "",
    lasts: timedelta = HOLD_LASTS,
    at: datetime,
) -> HoldView:
    """Hold a start that is offered online for the browser, instead of what it held before.

    `browser` is a secret that the browser keeps. The same start again changes nothing: a hold is
    not made longer by asking twice. From one network `address`, where it is named, few hold.

    Raises:
        TooManyHolds: others at the same address hold as many times as may be held there.
        SlotTaken: the start is not free; what the browser held before stays.
        NotInCatalogue: there is no such service.
    """
    calendar = facts.calendar_of(service_id)
    site = calendar.site(site_id)
    if site is None:
        raise SlotTaken
    own = _own_row(browser, service_id=service_id, site_id=site_id, starts_at=starts_at, at=at)
    if _holds(own, service_id, site_id, starts_at, practitioner_id, at=at):
        return hold_view(own)
    address_hash = _expect_few_holds(address, own=own, at=at)
    wanted = Wanted(
        calendar=calendar,
        site=site,
        starts_at=in_utc(starts_at),
        practitioner_id=practitioner_id,
        patient_id=None,
        ignored=Ignored(browser_hash=own.browser_hash),
        offered_only=True,
    )

    def write(choice: Choice) -> HoldView:
        Occupancy.objects.filter(hold=own).delete()
        own.service_id, own.site_id = service_id, site_id
        own.starts_at, own.ends_at = wanted.starts_at, wanted.ends_at
        own.created_at, own.expires_at = at, at + lasts
        own.address_hash = address_hash
        own.save()
        occupy(takings=choice.takings, hold=own)
        return hold_view(own)

    return place(wanted, at=at, write=write)


@transaction.atomic
def release_hold(*, browser: str) -> None:
    """Free what the browser holds, if anything."""
    held = Hold.objects.filter(browser_hash=hash_of(browser))
    Occupancy.objects.filter(hold__in=held).delete()
    held.delete()


def sweep_holds(*, at: datetime) -> int:
    """Delete holds that expired by `at`, each in its own transaction; return how many.

    Nobody needs it for the truth, since expired holds are freed where they stand in the way.
    """
    swept = 0
    for hold_id in Hold.objects.filter(expires_at__lte=at).values_list("id", flat=True):
        with transaction.atomic():
            taken = Occupancy.objects.filter(hold_id=hold_id)
            queue_up(resource_ids=taken.values_list("resource_id", flat=True))
            expired = Hold.objects.select_for_update(skip_locked=True).filter(
                id=hold_id, expires_at__lte=at
            )
            if expired.exists():
                taken.delete()
                expired.delete()
                swept += 1
    return swept


def _own_row(
    browser: str, *, service_id: UUID, site_id: UUID, starts_at: datetime, at: datetime
) -> Hold:
    """Return the browser's row, locked; a new one holds nothing and is expired already.

    Two requests of one browser wait for each other here.
    """
    blank = Hold(
        browser_hash=hash_of(browser),
        service_id=service_id,
        site_id=site_id,
        starts_at=starts_at,
        ends_at=starts_at,
        expires_at=at,
        created_at=at,
    )
    Hold.objects.bulk_create([blank], ignore_conflicts=True)
    return Hold.objects.select_for_update().get(browser_hash=blank.browser_hash)


def _expect_few_holds(address: str, *, own: Hold, at: datetime) -> str:
    """Return under what an address is kept, nothing for none.

    Two requests at the same moment may both pass: the limit keeps a program from emptying the
    agenda, and one hold more does no harm.
    """
    if not address:
        return ""
    key = salted_hmac("booking.hold.address", address, algorithm="sha256").hexdigest()
    others = Hold.objects.filter(address_hash=key, expires_at__gt=at).exclude(id=own.id)
    if others.count() >= HOLDS_PER_ADDRESS:
        raise TooManyHolds
    return key


def _holds(
    own: Hold,
    service_id: UUID,
    site_id: UUID,
    starts_at: datetime,
    practitioner_id: UUID | None,
    *,
    at: datetime,
) -> bool:
    if own.expires_at <= at or (own.service_id, own.site_id) != (service_id, site_id):
        return False
    return own.starts_at == starts_at and practitioner_id in {
        None,
        hold_view(own).practitioner_id,
    }
