"""Calendar feeds of the patient: made, replaced, revoked."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.booking.feeds import create_patient_feed, replace_feed, revoke_feed
from aiguille.journeys.feed_form import FeedForm, key_of
from aiguille.journeys.reads.calendars import read_patient_calendars
from aiguille.journeys.shown_once import keep_address, take_address
from aiguille.journeys.who import patient_of
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def calendars(request: HttpRequest) -> HttpResponse:
    """Show the addresses that this login made for the patient."""
    actor, patient_id = patient_of(request)
    page = read_patient_calendars(patient_id=patient_id, actor=actor, at=clock.now())
    context = {"page": page, "address": take_address(request), "key": new_id()}
    return render(request, "portal/calendars/calendars.html", context)


@reachable_by(Who.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Make an address for the patient's appointments."""
    actor, patient_id = patient_of(request)
    form = FeedForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            issued = create_patient_feed(
                patient_id=patient_id,
                name=given["name"],
                language=given["language"],
                actor=actor,
                at=clock.now(),
                feed_id=given["key"],
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            keep_address(request, issued)
            return redirect("portal:calendars")
    status = 422 if form.errors else 200
    return render(request, "portal/calendars/new_feed.html", {"form": form}, status=status)


@reachable_by(Who.PATIENT)
@require_POST
def replace(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """Make a new address in the place of one."""
    actor, _patient_id = patient_of(request)
    try:
        issued = replace_feed(
            feed_id=feed_id, actor=actor, at=clock.now(), new_feed_id=key_of(request)
        )
    except DomainError as error:
        messages.error(request, explain(error))
    else:
        keep_address(request, issued)
    return redirect("portal:calendars")


@reachable_by(Who.PATIENT)
@require_POST
def revoke(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """Let an address work no more."""
    actor, _patient_id = patient_of(request)
    revoke_feed(feed_id=feed_id, actor=actor, at=clock.now())
    messages.success(request, _("The address is revoked."))
    return redirect("portal:calendars")
