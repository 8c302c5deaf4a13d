"""The displaced appointments, with free times to move them to and the patient's telephone."""

from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.booking.displaced import Proposal
from aiguille.booking.states import StaleVersion
from aiguille.desk.clinic.words import WHYS
from aiguille.journeys.change_set_up import move_displaced
from aiguille.journeys.reads.displaced import A_PAGE, read_displaced
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.components.shapes import Tab
from aiguille.plumbing.refusals import explain


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def displaced(request: HttpRequest) -> HttpResponse:
    """List what is to be moved: `site` (code) narrows it, `page` turns the page."""
    actor = staff_of(request)
    number = request.GET.get("page", "1")
    shown = read_displaced(
        actor=actor,
        at=clock.now(),
        site_code=request.GET.get("site") or None,
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
    )
    address = reverse("desk:displaced")
    return render(
        request,
        "desk/clinic/displaced.html",
        {
            "shown": shown,
            "lines": [
                {
                    "line": line,
                    "faults": [(fault.name, WHYS[fault.why]) for fault in line.displaced.faults],
                    "proposals": [(proposal, _value(proposal)) for proposal in line.proposals],
                }
                for line in shown.lines
            ],
            "tabs": [
                Tab(
                    label=_("All sites"),
                    href=address,
                    current=shown.site is None,
                    count=sum(count for _site, count in shown.sites),
                ),
                *(
                    Tab(
                        label=site.name,
                        href=f"{address}?{urlencode({'site': site.code})}",
                        current=shown.site == site,
                        count=count,
                    )
                    for site, count in shown.sites
                ),
            ],
            "page": Paginator(range(shown.count), A_PAGE).get_page(shown.number),
            "can_manage": has_right(actor, Right.MANAGE_CLINIC),
        },
    )


@reachable_by(Who.STAFF)
@require_POST
def move_one(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Move a displaced appointment to the time chosen."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    chosen = _chosen(request.POST.get("start", ""))
    version = request.POST.get("version", "")
    if chosen is None or not (version.isascii() and version.isdigit() and len(version) < 10):
        messages.error(request, _("Choose one of the times shown."))
        return _back(request)
    site_id, starts_at, practitioner_id = chosen
    try:
        move_displaced(
            appointment_id=appointment_id,
            starts_at=starts_at,
            site_id=site_id,
            practitioner_id=practitioner_id,
            version=int(version),
            actor=actor,
            at=clock.now(),
        )
    except NotVisible:
        raise
    except StaleVersion as error:
        messages.warning(request, explain(error))
    except DomainError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, _("The appointment is moved."))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    site = request.POST.get("site", "")
    query = f"?{urlencode({'site': site})}" if site.replace("-", "").isalnum() else ""
    return redirect(reverse("desk:displaced") + query)


def _value(proposal: Proposal) -> str:
    start = proposal.start
    who = str(proposal.practitioner_id) if proposal.practitioner_id else ""
    return f"{start.site_id}/{start.starts_at.astimezone(UTC).isoformat()}/{who}"


def _chosen(value: str) -> tuple[UUID, datetime, UUID | None] | None:
    parts = value.split("/")
    if len(parts) != 3:
        return None
    try:
        site_id, starts_at = UUID(parts[0]), datetime.fromisoformat(parts[1])
        practitioner_id = UUID(parts[2]) if parts[2] else None
    except ValueError:
        return None
    return (site_id, starts_at, practitioner_id) if starts_at.tzinfo else None
