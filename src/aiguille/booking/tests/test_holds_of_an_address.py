"""Anonymous holds: one per browser, few per network address, of which only a digest is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from aiguille.booking.holds import TooManyHolds, hold_slot
from aiguille.booking.models import Hold
from aiguille.booking.queries import hold_of
from aiguille.booking.rules import HOLD_LASTS, HOLDS_PER_ADDRESS
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure

pytestmark = pytest.mark.django_db
ADDRESS = "192.0.2.7"
FIRST = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def hold(world):
    """Hold the n-th hour of a day for a browser at the address; anything may be said otherwise."""
    seed.load(actor=SYSTEM, at=world.at)
    service = consultation_service(Procedure.MESOTHERAPY).id

    def holding(number, **other):
        facts = {
            "browser": f"browser {number}",
            "service_id": service,
            "site_id": world.lyon,
            "starts_at": FIRST + timedelta(hours=number),
            "address": ADDRESS,
            "at": world.at,
        }
        return hold_slot(**(facts | other))

    return holding


@pytest.fixture
def full(hold):
    """Hold as many times as one address may."""
    return [hold(number) for number in range(HOLDS_PER_ADDRESS)]


class TestAnAddressThatHoldsAsManyAsItMay:
    def test_holds_no_more_in_another_browser(self, world, full, hold):
        with pytest.raises(TooManyHolds):
            hold(HOLDS_PER_ADDRESS)
        assert hold_of(browser=f"browser {HOLDS_PER_ADDRESS}", at=world.at) is None

    def test_does_not_keep_a_browser_from_changing_its_mind(self, full, hold):
        later = FIRST + timedelta(hours=HOLDS_PER_ADDRESS)
        assert hold(0, starts_at=later).starts_at == later
        assert Hold.objects.count() == HOLDS_PER_ADDRESS

    def test_does_not_touch_other_addresses(self, full, hold):
        assert hold(HOLDS_PER_ADDRESS, address="192.0.2.8")

    def test_holds_again_once_the_others_expired(self, world, full, hold):
        assert hold(HOLDS_PER_ADDRESS, at=world.at + HOLD_LASTS)


def test_an_address_is_kept_as_a_keyed_digest_only(full):
    kept = set(Hold.objects.values_list("address_hash", flat=True))
    assert len(kept) == 1
    assert ADDRESS not in kept.pop()


def test_who_is_asked_by_the_clinic_counts_for_no_address(hold):
    for number in range(HOLDS_PER_ADDRESS + 1):
        hold(number, address="")
    assert Hold.objects.count() == HOLDS_PER_ADDRESS + 1
