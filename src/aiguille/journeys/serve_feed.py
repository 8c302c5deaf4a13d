"""A calendar program asks for a feed: who may, how often, and whether it has it already."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.http import parse_etags, urlencode

from aiguille.booking.feed_file import feed_file, open_feed
from aiguille.booking.feeds import note_fetch


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """What to answer; `content` is None where the program has it already, or asked too often."""

    content: bytes | None
    etag: str
    is_too_soon: bool = False


def serve_feed(*, secret: str, known: str, at: datetime) -> FeedAnswer:
    """Return the feed with this secret, as a calendar file, and note that it was asked for.

    `known` is what the program says it has (If-None-Match). At most fourteen queries, however many
    appointments there are.

    Raises:
        NotVisible: there is no such feed any more.
    """
    feed = open_feed(secret=secret, at=at)
    if not note_fetch(feed_id=feed.id, at=at):
        return FeedAnswer(content=None, etag="", is_too_soon=True)
    with translation.override(feed.language):
        content = feed_file(
            feed,
            at=at,
            day_link=_day_link,
            space_link=settings.BASE_URL + reverse("portal:appointments"),
        )
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    has_it = any(tag.removeprefix("W/") in {etag, "*"} for tag in parse_etags(known))
    return FeedAnswer(content=None if has_it else content, etag=etag)


def _day_link(site_code: str, day: date) -> str:
    query = urlencode({"site": site_code, "day": day.isoformat()})
    return f"{settings.BASE_URL}{reverse('desk:day')}?{query}"
