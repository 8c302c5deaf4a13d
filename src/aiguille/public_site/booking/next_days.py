"""The next free times as JSON, for a program or a page elsewhere."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aiguille.booking.next_days import NextDays, next_free_days
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.public_site.booking.forms import read_day, read_key
from aiguille.public_site.booking.views import bookable


@reachable_by(Who.EVERYBODY)
@never_cache
@require_safe
def next_days(request: HttpRequest, service_code: str) -> HttpResponse:
    """Answer the free starts of the next seven days that have one.

    `site`, `doctor` and `from` narrow it as they do the page; what is wrong counts as not said.
    """
    at = clock.now()
    today, asked = at.date(), request.GET
    first = max(read_day(asked.get("from", "")) or today, today - timedelta(days=1))
    found = next_free_days(
        service=bookable(service_code),
        first_day=min(first, today + timedelta(days=3660)),
        at=at,
        site_id=read_key(asked.get("site", "")),
        practitioner_id=read_key(asked.get("doctor", "")),
    )
    answer = _as_json(found, get_language() or "fr")
    return JsonResponse(answer, json_dumps_params={"separators": (",", ":")})


def _as_json(found: NextDays, language: str) -> dict[str, object]:
    """Return days of starts; a start names its site and doctors by their place in the lists."""
    places = {site.id: number for number, site in enumerate(found.sites)}
    days: dict[str, list[dict[str, object]]] = {}
    for start in found.starts:
        days.setdefault(start.local.date().isoformat(), []).append(
            {
                "start": start.local.isoformat(),
                "site": places[start.site_id],
                "doctors": start.who,
            }
        )
    return {
        "service": {
            "code": found.service.code,
            "name": found.service.name.in_language(language),
            "minutes": found.service.minutes,
        },
        "sites": [{"id": str(site.id), "name": site.name} for site in found.sites],
        "doctors": [{"id": str(one.id), "name": one.name} for one in found.practitioners],
        "days": [{"date": day, "starts": starts} for day, starts in days.items()],
    }
