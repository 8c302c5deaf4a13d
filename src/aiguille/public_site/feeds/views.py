"""The one address that calendar programs ask for."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from aiguille.booking.calendar_file import MEDIA_TYPE
from aiguille.journeys.serve_feed import serve_feed
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by

# The address is the secret: kept by nobody on the way, found by no search engine, and asked for
# anew each time, so that a revoked one ends at once.
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
}
_LATER_SECONDS = "3600"


@reachable_by(Who.PROGRAM)
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Hand out a feed: 304 to whoever has it already, 429 to whoever asks too often."""
    answer = serve_feed(
        secret=secret, known=request.headers.get("If-None-Match", ""), at=clock.now()
    )
    if answer.is_too_soon:
        return HttpResponse(
            "Too many requests: ask once an hour.\n",
            status=HTTPStatus.TOO_MANY_REQUESTS,
            content_type="text/plain",
            headers=_HEADERS | {"Retry-After": _LATER_SECONDS},
        )
    headers = _HEADERS | {"ETag": answer.etag}
    if answer.content is None:
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return HttpResponse(
        answer.content,
        content_type=f"{MEDIA_TYPE}; charset=utf-8",
        headers=headers | {"Content-Disposition": 'inline; filename="calendar.ics"'},
    )
