"""A secret that a page shows once: kept sealed in the session from the request that made it.

A form posts and leads to a page; between the two the secret is nowhere in the clear.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from aiguille.booking.feeds import Issued
from aiguille.plumbing.sealing import SealBroken, seal, unseal

_KEY, _PURPOSE = "feed-to-show", "feed address"


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a new feed, for programs that take `webcal://` and for those that do not."""

    feed_id: UUID
    https: str
    webcal: str


def keep_address(request: HttpRequest, issued: Issued) -> None:
    """Keep the address of a feed that was made just now for the page that follows."""
    if issued.secret:
        request.session[_KEY] = seal(f"{issued.feed_id} {issued.secret}", purpose=_PURPOSE)


def take_address(request: HttpRequest) -> Address | None:
    """Return the address to show, once; None where there is none."""
    sealed = request.session.pop(_KEY, None)
    if sealed is None:
        return None
    try:
        feed_id, _, secret = unseal(sealed, purpose=_PURPOSE).partition(" ")
    except SealBroken:
        return None
    address = settings.BASE_URL + reverse("calendar_feed", args=[secret])
    return Address(
        feed_id=UUID(feed_id), https=address, webcal=f"webcal{address[address.index(':') :]}"
    )
