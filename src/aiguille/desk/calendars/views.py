"""The page of a practitioner's calendars, and that of everybody's for who manages the clinic."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from aiguille.journeys.reads.calendars import (
    own_practitioner_id,
    read_everybody,
    read_practitioner_calendars,
)
from aiguille.journeys.shown_once import take_address
from aiguille.journeys.who import staff_of
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """Lead a practitioner to their own calendars; show the others what they may see."""
    actor = staff_of(request)
    own = own_practitioner_id(actor=actor)
    if own is not None and "all" not in request.GET:
        return redirect("desk:practitioner_calendars", own)
    return render(
        request, "desk/calendars/everybody.html", {"everybody": read_everybody(actor=actor)}
    )


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def calendars(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Show the feeds and the other calendars of a practitioner."""
    page = read_practitioner_calendars(
        resource_id=resource_id, actor=staff_of(request), at=clock.now()
    )
    address = take_address(request) if page.feeds is not None else None
    context = {"page": page, "address": address, "key": new_id()}
    return render(request, "desk/calendars/calendars.html", context)
